// The life of Chans.  See chan(10).

#include "port/chan.h"

#include "lib9/error.h"
#include "port/dev.h"
#include "port/mount.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/rendez.h"

namespace p9 {

namespace {
std::atomic<long> nlive{0};
}

// Chans that wait to be closed, and the kprocs that do it.  While any wait there is one
// kproc that is about to look, for the others may be stuck with a dead server.
class Closeq {
	enum : int { Maxprocs = 64 };

	Lock lk;
	Chan* head = nullptr; // guarded by lk, as the rest
	Chan* tail = nullptr;
	int procs = 0;
	int fresh = 0; // started, have not looked yet
	Rendez idle;
	QLock drainer; // who sleeps in idle

	bool wantproc();
	void start() noexcept;
	Chan* get();
	void serve();

public:
	void put(Chan* c) noexcept;
	void drain();
};

namespace {
Closeq closeq;
}

// Whether to start another; it is then counted.  Requires: lk held.
bool
Closeq::wantproc()
{
	if(!head || fresh > 0 || procs >= Maxprocs)
		return false;
	procs++;
	fresh++;
	return true;
}

void
Closeq::start() noexcept
{
	try {
		kproc("closeproc", [this] { serve(); });
	} catch(const Error&) {
		// They stay queued until the next one comes.
		std::scoped_lock l(lk);
		procs--;
		fresh--;
	}
}

void
Closeq::put(Chan* c) noexcept
{
	std::unique_lock l(lk);
	(tail ? tail->nextclose : head) = c;
	tail = c;
	bool want = wantproc();
	l.unlock();
	if(want)
		start();
}

// The next to close.  Nothing when there is none: the caller must then end.
Chan*
Closeq::get()
{
	std::unique_lock l(lk);
	Chan* c = head;
	if(!c) {
		if(--procs == 0)
			idle.wakeup();
		return nullptr;
	}
	head = c->nextclose;
	if(!head)
		tail = nullptr;
	c->nextclose = nullptr;
	bool want = wantproc();
	l.unlock();
	if(want)
		start();
	return c;
}

// Keeps nothing of the name space of whoever happened to start it.
void
Closeq::serve()
{
	Proc& me = up();
	me.poke(&Proc::pgrp, mk<Pgrp>());
	me.poke(&Proc::slash, Ref<Chan>());
	me.poke(&Proc::dot, Ref<Chan>());
	{
		std::scoped_lock l(lk);
		fresh--;
	}
	while(Chan* c = get())
		close(Ref<Chan>::adopt(c));
}

void
Closeq::drain()
{
	std::scoped_lock one(drainer);
	std::unique_lock l(lk);
	if(wantproc()) {
		l.unlock();
		start();
		l.lock();
	}
	idle.sleepon(l, "close queue", [&] { return procs == 0; });
}

Chan::Chan(Dev& d) : dev(d)
{
	nlive.fetch_add(1, std::memory_order_relaxed);
}

Chan::~Chan()
{
	assert(ref == 1 && !nextclose);
	nlive.fetch_sub(1, std::memory_order_relaxed);
}

long
Chan::live()
{
	return nlive.load();
}

void
Chan::lastdrop() noexcept
{
	ref = 1;
	closeq.put(this);
}

// Requires: c's one reference is the caller's.  The connection that a file was on may be
// of a file on another connection, and so on: not by recursion.
void
Chan::finish(Chan* c)
{
	while(c) {
		if(!(c->flag & CREMOVED)) {
			try {
				c->dev.close(*c);
			} catch(const Error&) {
				// close(2) answers none.
			}
		}
		Ref<Chan> element = std::move(c->umc);
		Chan* conn = c->mchan.release();
		delete c;
		close(std::move(element));
		c = nullptr;
		if(conn && conn->ref.fetch_sub(1) == 1) {
			conn->ref = 1;
			c = conn;
		}
	}
}

void
close(Ref<Chan> r)
{
	Chan* c = r.release();
	if(!c || c->ref.fetch_sub(1, std::memory_order_acq_rel) != 1)
		return;
	// A device may take and give back references while it closes.
	c->ref = 1;
	if(hasup())
		Chan::finish(c);
	else
		closeq.put(c);
}

void
drainclose()
{
	closeq.drain();
}

bool
eqchan(const Chan& a, const Chan& b)
{
	return Mkey(a) == Mkey(b);
}

Ref<Chan>
cclone(Chan& c)
{
	Ref<Chan> nc = c.dev.walk(c, {}).clone;
	if(!nc)
		error(Enonexist);
	nc->path = c.path;
	return nc;
}
}
