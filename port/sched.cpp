// The scheduler: see sched.h for its parts and proc(10) for its rules.

#include "port/sched.h"

#include <cassert>
#include <memory>
#include <random>

#include "lib9/error.h"
#include "port/timer.h"

namespace p9 {

bool testmode;

namespace {

constexpr size_t Kstack = 256 << 10;
constexpr int64_t Pollage = 200'000;	// ns: how old a look at the loop may be
constexpr unsigned Globalevery = 61;	// switches between looks at the global queue

thread_local Worker* thisworker;

// From a thread that is no worker.
void
readyglobal(Proc& p)
{
	Scheduler& s = sched();
	{
		std::scoped_lock l(s.lk);
		s.ready.put(p);
		s.nready = s.ready.n;
	}
	if(testmode) {
		loopwake();
		return;
	}
	wakeone(s);
	wakemonitor(s);
}

// To the end of the queue, behind all that are ready here.
void
enqueuelast(Worker& w, Proc& p)
{
	std::scoped_lock l(w.lk);
	w.ready.put(p);
	w.nready.store(w.ready.n, std::memory_order_relaxed);
}

// To the next slot; who was there goes to the queue.  w is this thread.
void
readylocal(Worker& w, Proc& p)
{
	if(!w.next.load(std::memory_order_relaxed)) {
		w.next.store(&p, std::memory_order_release);
		return;
	}
	if(Proc* old = w.next.exchange(&p, std::memory_order_acq_rel))
		enqueuelast(w, *old);
}

void
enqueue(Proc& p)
{
	Worker* w = worker();
	if(w)
		readylocal(*w, p);
	else
		readyglobal(p);
}

Proc*
getglobal(Scheduler& s, Worker& w)
{
	if(s.nready.load(std::memory_order_relaxed) == 0)
		return nullptr;
	std::scoped_lock l(s.lk);
	Proc* p = s.ready.get();
	// Take a share along, so that the lock is rarely asked for.
	size_t share = std::min<size_t>(s.ready.n / size_t(s.want), 32);
	std::scoped_lock wl(w.lk);
	while(share-- > 0)
		w.ready.put(*s.ready.get());
	s.nready = s.ready.n;
	w.nready = w.ready.n;
	return p;
}

Proc*
getqueued(Worker& w)
{
	if(w.nready.load(std::memory_order_relaxed) == 0)
		return nullptr;
	std::scoped_lock l(w.lk);
	Proc* p = w.ready.get();
	w.nready.store(w.ready.n, std::memory_order_relaxed);
	return p;
}

Proc*
getnext(Worker& w)
{
	if(!w.next.load(std::memory_order_relaxed))
		return nullptr;
	return w.next.exchange(nullptr, std::memory_order_acq_rel);
}

Proc*
picktest(Scheduler& s, Worker& w)
{
	std::scoped_lock l(w.lk);
	if(Proc* p = getnext(w))
		w.ready.put(*p);
	if(s.nready > 0) {
		std::scoped_lock gl(s.lk);
		w.ready.putall(s.ready);
		s.nready = 0;
	}
	if(w.ready.n == 0)
		return nullptr;
	Proc* p = w.ready.getnth(s.rand() % w.ready.n);
	w.nready = w.ready.n;
	return p;
}

// The monitor gave this worker's Procs to another while it was stuck; it counts again.
// False when all places are taken by now.
bool
reattach(Scheduler& s, Worker& w)
{
	return w.detached.exchange(false) && s.awake.fetch_add(1) < s.want;
}

void
poll(Scheduler& s)
{
	s.poll = false;
	if(loophold()) {
		looprun(0);
		looprelease();
	}
	s.polled = osnow();
	timersrun();
}

// Sees to the one that was switched away from.
void
finish(Worker& w)
{
	Proc* p = std::exchange(w.prev, nullptr);
	if(!p)
		return;
	switch(w.how) {
	case Worker::Park: {
		int expect = Running;
		if(p->sched->state.compare_exchange_strong(expect, Parked, std::memory_order_acq_rel))
			break;
		p->sched->state.exchange(Queued, std::memory_order_acq_rel);	// a token came
		readylocal(w, *p);
		break;
	}
	case Worker::Yield:
		enqueuelast(w, *p);
		break;
	case Worker::Dead:
		ctxfree(p->sched->ctx);
		stackfree(p->sched->ctx.stack);
		p->sched->ctx.stack = {};
		Ref<Proc>::adopt(p);
		break;
	}
}

void
leave(Worker::How how)
{
	Worker& w = *worker();
	Proc* me = w.cur;
	Proc* to = pick(w);
	if(!to && how == Worker::Yield)
		return;
	w.prev = me;
	w.how = how;
	run(w, me->sched->ctx, to, how == Worker::Dead);
}

// The first thing on a new stack.
void
proctop(void* arg)
{
	finish(*worker());
	Proc& p = *static_cast<Proc*>(arg);
	std::function<void()> fn = std::move(p.sched->fn);
	while(fn) {
		std::string status;
		std::function<void()> then;
		try {
			fn();
		} catch(Unwind& u) {
			status = std::move(u.status);
			then = std::move(u.then);
		} catch(const Error& e) {
			status = e.text();
			if(p.kernel)
				oslog(p.text + ": " + status + "\n");
		} catch(const std::bad_alloc&) {
			status = Enomem;
		}
		fn = std::move(then);
		if(!fn)
			pexit(status);
	}
	leave(Worker::Dead);
}
}

Scheduler&
sched()
{
	static Scheduler& s = *new Scheduler;
	return s;
}

// Not inlined: a compiler would keep the thread's address across a switch.
[[gnu::noinline]] Worker*
worker()
{
	asm volatile("" ::: "memory");
	return thisworker;
}

void
beworker(Worker* w)
{
	thisworker = w;
}

Proc*
pick(Worker& w)
{
	Scheduler& s = sched();
	if(testmode) [[unlikely]]
		return picktest(s, w);
	w.nswitch++;
	if(s.poll.load(std::memory_order_relaxed)) [[unlikely]]
		poll(s);
	if(w.detached.load(std::memory_order_relaxed)) [[unlikely]]
		reattach(s, w);
	if(w.nswitch % Globalevery == 0) [[unlikely]] {
		if(s.awake > s.want) {
			giveaway(s, w);	// one too many run: this one waits at home
			return nullptr;
		}
		if(Proc* p = getglobal(s, w))
			return p;
		if(Proc* p = getqueued(w))
			return p;
	}
	if(Proc* p = getnext(w))
		return p;
	if(Proc* p = getqueued(w))
		return p;
	return getglobal(s, w);
}

void
run(Worker& w, Context& from, Proc* to, bool final)
{
	w.cur = to;
	w.progress.store(w.progress.load(std::memory_order_relaxed) + 1,
		std::memory_order_relaxed);
	if(to) {
		// Queued, or it had yielded and keeps a token that came.  An exchange and no store:
		// what it looks at next without a Lock (a note) must not be older than a ready()
		// that found it Queued and changed nothing.
		int expect = Queued;
		to->sched->state.compare_exchange_strong(expect, Running, std::memory_order_acq_rel);
	}
	ctxswitch(from, to ? to->sched->ctx : w.home, final);
	// Another thread, perhaps.
	finish(*worker());
}

void
Runq::put(Proc& p)
{
	p.sched->next = nullptr;
	(tail ? tail->sched->next : head) = &p;
	tail = &p;
	n++;
}

void
Runq::putall(Runq& q)
{
	while(Proc* p = q.get())
		put(*p);
}

Proc*
Runq::get()
{
	Proc* p = head;
	if(p) {
		if((head = p->sched->next) == nullptr)
			tail = nullptr;
		n--;
	}
	return p;
}

Proc*
Runq::getnth(size_t i)
{
	for(; i > 0; i--)
		put(*get());
	return get();
}

Proc&
up()
{
	return *worker()->cur;
}

bool
hasup()
{
	Worker* w = worker();
	return w && w->cur;
}

void
Proc::ready()
{
	int s = sched->state.load(std::memory_order_relaxed);
	int to;
	do
		to = s == Parked ? Queued : s == Running ? Token : s;
	while(!sched->state.compare_exchange_weak(s, to, std::memory_order_acq_rel));
	if(s == Parked)
		enqueue(*this);
}

void
Proc::block(const char* what)
{
	int expect = Token;	// a store could hide a second ready(), as in run()
	if(sched->state.load(std::memory_order_relaxed) == Token &&
		sched->state.compare_exchange_strong(expect, Running, std::memory_order_acq_rel))
		return;
	sched->what.store(what, std::memory_order_relaxed);
	leave(Worker::Park);
	sched->what.store(nullptr, std::memory_order_relaxed);
}

size_t
Proc::stackleft() const
{
	auto* here = static_cast<std::byte*>(__builtin_frame_address(0));
	return size_t(here - sched->ctx.stack.base);
}

void
yield()
{
	leave(Worker::Yield);
}

void
forcedswitch()
{
	Scheduler& s = sched();
	if(hasup() && s.held == 0 && s.rand() % 4 == 0)
		yield();
}

void
lockheld(int delta)
{
	if(worker())
		sched().held += delta;
}

bool
nobodywaits()
{
	Scheduler& s = sched();
	Worker& w = *worker();
	if(testmode)
		return false;
	// Who never parks would keep others' events from being seen.
	if(!s.inloop && loopbusy() && osnow() - s.polled > Pollage)
		s.poll = true;
	return !w.hasready() && !w.detached && s.nready == 0 && !s.poll && !s.stopping;
}

Oscall::Oscall()
{
	if(Worker* w = worker())
		w->inhost.store(true, std::memory_order_relaxed);
}

Oscall::~Oscall()
{
	Worker* w = worker();
	if(!w)
		return;
	w->inhost.store(false, std::memory_order_relaxed);
	if(w->detached.load(std::memory_order_relaxed)) [[unlikely]]
		if(!reattach(sched(), *w) && w->cur)
			yield();
}

void
procstart(Proc& p, std::function<void()> fn, size_t stack)
{
	p.sched->fn = std::move(fn);
	p.sched->ctx.stack = stackalloc(stack ? stack : Kstack);
	p.sched->born = ticks();
	ctxmake(p.sched->ctx, proctop, &p);
}

void
start(Proc& p)
{
	listproc(p);
	enqueue(p);
	if(!testmode)
		wakemonitor(sched());
}

uint64_t
nswitches()
{
	Scheduler& s = sched();
	uint64_t n = 0;
	for(size_t i = 0; i < s.nworkers; i++)
		n += s.workers[i].load()->progress;
	return n;
}
}
