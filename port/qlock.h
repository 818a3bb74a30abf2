// Lock is held for a few instructions and never over a sleep; QLock and RWLock
// are held as long as it takes, and who waits for them sleeps, first come first
// served.  All meet the standard's Lockable requirements: use std::scoped_lock,
// unique_lock, shared_lock.  See sleep(10).
//
// Lock order: Pgrp::ns, Chan::lock, Mnt::lk, Queue::lk, Proc::lk.
// No Ref<Chan> is dropped under any.

#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "lib9/spin.h"

namespace p9 {

class Proc;

// In test mode: perhaps switches to another Proc, as the seed says.  Every Lock calls it
// before it is taken, and so do all that are made of Locks: QLock, Rendez, Queue.
extern bool testmode;
void forcedswitch();

// Locks that this worker holds: nothing may sleep or switch while it is not 0.
// Kept in test mode only.
void lockheld(int delta);

// The scheduler's own locks are Spins, without test mode's switches.
class Lock {
	Spin spin;

public:
	void lock()
	{
		if(testmode) [[unlikely]] {
			forcedswitch();
			lockheld(1);
		}
		spin.lock();
	}
	void unlock()
	{
		spin.unlock();
		if(testmode) [[unlikely]]
			lockheld(-1);
	}
	bool try_lock()
	{
		if(!spin.try_lock())
			return false;
		if(testmode) [[unlikely]]
			lockheld(1);
		return true;
	}
};

// A Proc that waits for a QLock or an RWLock; lies on its stack.
struct Qwaiter {
	Proc* p;
	Qwaiter* next = nullptr;
	bool shared = false;
	bool granted = false;	// guarded by the lock's lk
};

struct Qwaiters {
	Qwaiter* head = nullptr;
	Qwaiter* tail = nullptr;

	void put(Qwaiter&);
	Qwaiter* get();
	void remove(Qwaiter&);
};

class QLock {
	Lock lk;
	bool held = false;	// guarded by lk, as the rest
	Qwaiters waiting;

public:
	void lock();	// sleeps; notes do not end it
	void elock();	// the same, but a note ends it with Eintr
	bool try_lock();
	void unlock();	// passes it to the first that waits
};

// Holds q until it goes; a note ends the wait with Eintr.
inline std::unique_lock<QLock>
elocked(QLock& q)
{
	q.elock();
	return {q, std::adopt_lock};
}

class RWLock {
	Lock lk;
	int readers = 0;	// guarded by lk, as the rest
	bool writer = false;
	Qwaiters waiting;

	void acquire(bool shared);
	void grant();

public:
	void lock() { acquire(false); }
	void unlock();
	void lock_shared() { acquire(true); }
	void unlock_shared();
};
}
