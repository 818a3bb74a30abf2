// Locks that sleep.  The holder passes the lock straight to the first that waits,
// so nobody is overtaken and a woken waiter finds it its own.

#include "port/qlock.h"

#include <cassert>

#include "lib9/error.h"
#include "port/os.h"
#include "port/proc.h"

namespace p9 {

// Not inlined, where g++ would warn of the waiter's address: remove or grant take it out
// before its frame ends.
[[gnu::noinline]] void
Qwaiters::put(Qwaiter& w)
{
	w.next = nullptr;
	(tail ? tail->next : head) = &w;
	tail = &w;
}

Qwaiter*
Qwaiters::get()
{
	Qwaiter* w = head;
	if(w && (head = w->next) == nullptr)
		tail = nullptr;
	return w;
}

void
Qwaiters::remove(Qwaiter& w)
{
	Qwaiter* prev = nullptr;
	for(Qwaiter* q = head; q; prev = q, q = q->next)
		if(q == &w) {
			(prev ? prev->next : head) = w.next;
			if(tail == &w)
				tail = prev;
			return;
		}
}

void
QLock::lock()
{
	std::unique_lock l(lk);
	if(!held) {
		held = true;
		return;
	}
	Qwaiter w{&up()};
	waiting.put(w);
	while(!w.granted) {
		l.unlock();
		up().block("qlock");
		l.lock();
	}
}

void
QLock::elock()
{
	std::unique_lock l(lk);
	if(!held) {
		held = true;
		return;
	}
	Qwaiter w{&up()};
	waiting.put(w);
	while(!w.granted) {
		if(up().takenote()) {
			waiting.remove(w);
			l.unlock();
			error(Eintr);
		}
		l.unlock();
		up().block("qlock");
		l.lock();
	}
}

bool
QLock::try_lock()
{
	std::scoped_lock l(lk);
	return held ? false : (held = true);
}

void
QLock::unlock()
{
	std::scoped_lock l(lk);
	assert(held);
	Qwaiter* w = waiting.get();
	if(!w) {
		held = false;
		return;
	}
	// The waiter's frame is gone as soon as it sees granted, which needs lk.
	w->granted = true;
	w->p->ready();
}

void
RWLock::acquire(bool shared)
{
	std::unique_lock l(lk);
	if(!writer && !waiting.head && (shared || readers == 0)) {
		if(shared)
			readers++;
		else
			writer = true;
		return;
	}
	Qwaiter w{&up()};
	w.shared = shared;
	waiting.put(w);
	while(!w.granted) {
		l.unlock();
		up().block(shared ? "rlock" : "wlock");
		l.lock();
	}
}

// Gives the lock to as many of the first as may have it together.  Requires lk.
void
RWLock::grant()
{
	while(Qwaiter* w = waiting.head) {
		if(writer || (!w->shared && readers > 0))
			return;
		waiting.get();
		if(w->shared)
			readers++;
		else
			writer = true;
		w->granted = true;
		w->p->ready();
	}
}

void
RWLock::unlock()
{
	std::scoped_lock l(lk);
	assert(writer);
	writer = false;
	grant();
}

void
RWLock::unlock_shared()
{
	std::scoped_lock l(lk);
	assert(readers > 0);
	readers--;
	grant();
}
}
