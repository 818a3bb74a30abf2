// A place for one Proc to wait for a condition that a Lock guards.  The Proc
// parks on its own token, so notes and wake-ups need not know the Rendez.
// See sleep(10).

#pragma once

#include <cassert>
#include <concepts>

#include "lib9/error.h"
#include "port/proc.h"
#include "port/qlock.h"

namespace p9 {

class Rendez {
	Proc* p = nullptr;	// guarded by the lock that the caller passes in

public:
	// Waits until cond(), which is tested with l held.  A note ends it with Eintr.  l is
	// held again on return, and by Error.  what: for people who ask why it hangs.
	template<std::predicate Cond>
	void sleep(std::unique_lock<Lock>& l, const char* what, Cond cond)
	{
		while(!cond()) {
			if(up().takenote())
				error(Eintr);
			park(l, what);
		}
	}

	// As sleep, but notes do not end it: for those who hold what only the waker can free.
	template<std::predicate Cond>
	void sleepon(std::unique_lock<Lock>& l, const char* what, Cond cond)
	{
		while(!cond())
			park(l, what);
	}

	// As sleep, for at most ms milliseconds: false when the time is up first.
	template<std::predicate Cond>
	bool tsleep(std::unique_lock<Lock>& l, const char* what, int64_t ms, Cond cond)
	{
		Alarm a(ms);
		while(!cond()) {
			if(up().takenote())
				error(Eintr);
			if(a.over())
				return false;
			park(l, what);
		}
		return true;
	}

	// With the same lock held.
	void wakeup()
	{
		if(p)
			p->ready();
	}
	bool waiting() const { return p != nullptr; }

private:
	void park(std::unique_lock<Lock>& l, const char* what)
	{
		assert(!p);
		Proc& me = up();
		p = &me;
		l.unlock();
		me.block(what);
		l.lock();
		p = nullptr;
	}
};
}
