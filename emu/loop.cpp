// The event loop: libuv, run by whichever idle worker holds it.  Only the holder
// calls libuv; others leave requests on a list, which the holder applies before
// it waits.  A watcher stays registered while its descriptor is in use, because
// starting and stopping one for each call is dear; it is stopped when an event
// comes that nobody waits for.

#include <unistd.h>
#include <uv.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lib9/error.h"
#include "port/os.h"
#include "port/proc.h"
#include "port/rendez.h"

namespace p9 {

namespace {

// One descriptor that Procs wait for.
struct Watch {
	int fd = -1;
	uv_poll_t poll{};
	int events = 0;	// that the poll is started for
	bool open = false;	// the holder's, as poll and events

	Proc* reader = nullptr;	// guarded by Loop::lk, as the rest
	Proc* writer = nullptr;
	bool readable = false;	// an event came since the waiter asked
	bool writable = false;
	bool gone = false;	// closingfd was called
};

struct Work {
	uv_work_t req{};
	std::function<void()> fn;
	Ref<Proc> p;
	std::atomic<bool> done{false};
};

struct Loop {
	uv_loop_t uv{};
	uv_async_t async{};
	uv_timer_t timer{};
	std::atomic<bool> held{false};
	std::atomic<int> waiting{0};	// Procs that wait for something of the loop

	Spin lk;	// guards what follows
	std::unordered_map<int, Watch*> watches;
	std::vector<Watch*> changed;	// to be started
	std::vector<Watch*> closing;
	std::vector<int> closingfds;	// the descriptors to close with them
	std::vector<Work*> work;
	std::atomic<bool> requests{false};
};

Loop&
loop()
{
	static Loop& l = [] () -> Loop& {
		Loop& n = *new Loop;
		if(uv_loop_init(&n.uv) != 0 || uv_async_init(&n.uv, &n.async, nullptr) != 0
			|| uv_timer_init(&n.uv, &n.timer) != 0)
			ospanic("no event loop");
		return n;
	}();
	return l;
}

void
onevent(uv_poll_t* h, int status, int events)
{
	Loop& l = loop();
	auto* w = static_cast<Watch*>(h->data);
	bool in = status < 0 || events & (UV_READABLE | UV_DISCONNECT);
	bool out = status < 0 || events & UV_WRITABLE;
	int wanted = 0;
	{
		std::scoped_lock g(l.lk);
		if(in) {
			w->readable = true;
			if(w->reader)
				w->reader->ready();
		}
		if(out) {
			w->writable = true;
			if(w->writer)
				w->writer->ready();
		}
		if(status >= 0)
			wanted = (w->reader ? UV_READABLE : 0) |
				(w->writer ? UV_WRITABLE : 0);
	}
	// What nobody waits for is asked no more; another's wait in the other direction goes on.
	if((in && !(wanted & UV_READABLE)) || (out && !(wanted & UV_WRITABLE))) {
		w->events = wanted;
		if(wanted)
			uv_poll_start(h, wanted, onevent);
		else
			uv_poll_stop(h);
	}
}

// Starts what w's waiters need and is not started.
void
apply(Loop& l, Watch& w)
{
	int want = 0;
	{
		std::scoped_lock g(l.lk);
		if(w.gone)
			return;
		want = (w.reader ? UV_READABLE : 0) | (w.writer ? UV_WRITABLE : 0);
	}
	if(!w.open) {
		if(uv_poll_init(&l.uv, &w.poll, w.fd) != 0) {
			onevent(&w.poll, -1, 0);	// not pollable: always ready
			return;
		}
		w.poll.data = &w;
		w.open = true;
	}
	if((w.events | want) != w.events) {
		w.events |= want;
		uv_poll_start(&w.poll, w.events, onevent);
	}
}

void
discard(Watch* w)
{
	if(!w->open) {
		delete w;
		return;
	}
	uv_close(reinterpret_cast<uv_handle_t*>(&w->poll),
		[](uv_handle_t* h) { delete static_cast<Watch*>(h->data); });
}

void
queuework(Loop& l, Work* k)
{
	k->req.data = k;
	uv_queue_work(&l.uv, &k->req, [](uv_work_t* r) { static_cast<Work*>(r->data)->fn(); },
		[](uv_work_t* r, int) {
			auto* work = static_cast<Work*>(r->data);
			Ref<Proc> p = work->p;
			work->done = true;	// work's frame may go now
			p->ready();
		});
}

void
applyall(Loop& l)
{
	if(!l.requests.exchange(false))
		return;
	std::vector<Watch*> changed, closing;
	std::vector<Work*> work;
	std::vector<int> fds;
	{
		std::scoped_lock g(l.lk);
		changed.swap(l.changed);
		closing.swap(l.closing);
		work.swap(l.work);
		fds.swap(l.closingfds);
	}
	for(Watch* w : changed)
		apply(l, *w);
	for(Watch* w : closing)
		discard(w);
	for(int fd : fds)
		::close(fd);
	for(Work* k : work)
		queuework(l, k);
}

// Something stands on a list: the holder must look, or the next one will.
void
request(Loop& l)
{
	l.requests = true;
	if(l.held)
		uv_async_send(&l.async);
}

Watch&
watchof(Loop& l, int fd)
{
	auto [it, isnew] = l.watches.try_emplace(fd, nullptr);
	if(isnew) {
		it->second = new Watch;
		it->second->fd = fd;
		it->second->poll.data = it->second;
	}
	return *it->second;
}
}

bool
loophold()
{
	Loop& l = loop();
	return !l.held.load(std::memory_order_relaxed) && !l.held.exchange(true);
}

void
looprun(int64_t ns)
{
	Loop& l = loop();
	applyall(l);
	uv_timer_stop(&l.timer);
	if(ns > 0) {
		// It may run out before libuv starts to wait, and must then keep it from that.
		uv_update_time(&l.uv);
		uv_timer_start(&l.timer, [](uv_timer_t* t) { uv_stop(t->loop); },
			uint64_t(ns + 999'999) / 1'000'000, 0);
	}
	uv_run(&l.uv, ns == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	applyall(l);
}

void
looprelease()
{
	loop().held = false;
}

void
loopwake()
{
	Loop& l = loop();
	uv_async_send(&l.async);
}

bool
loopbusy()
{
	return loop().waiting.load(std::memory_order_relaxed) > 0;
}

void
waitfd(int fd, bool write)
{
	Loop& l = loop();
	Proc& me = up();
	std::unique_lock g(l.lk);
	Watch* w = &watchof(l, fd);
	Proc*& slot = write ? w->writer : w->reader;
	if(slot)
		error(Einuse);
	slot = &me;
	bool& flag = write ? w->writable : w->readable;
	flag = false;
	l.changed.push_back(w);
	l.waiting++;
	bool noted = false;
	while(!flag && !w->gone && !(noted = me.takenote())) {
		g.unlock();
		request(l);
		me.block(write ? "host: write" : "host: read");
		g.lock();
	}
	slot = nullptr;
	bool gone = w->gone;
	l.waiting--;
	g.unlock();
	if(gone)
		error(Ehungup);
	if(noted)
		error(Eintr);
}

void
closingfd(int fd)
{
	Loop& l = loop();
	{
		std::scoped_lock g(l.lk);
		auto it = l.watches.find(fd);
		if(it == l.watches.end()) {
			::close(fd);
			return;
		}
		Watch* w = it->second;
		l.watches.erase(it);
		w->gone = true;
		std::erase(l.changed, w);
		l.closing.push_back(w);
		l.closingfds.push_back(fd);
	}
	request(l);
}

void
inpool(std::function<void()> fn)
{
	Loop& l = loop();
	Work k;
	k.fn = std::move(fn);
	k.p = Ref<Proc>(up());
	l.waiting++;
	{
		std::scoped_lock g(l.lk);
		l.work.push_back(&k);
	}
	request(l);
	while(!k.done)
		up().block("host: pool");
	l.waiting--;
}
}
