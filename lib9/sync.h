// Waiting and locking for libraries that must not know who runs them.  The
// kernel gives them QLock and Rendez (port/sync.cpp), a plain program the
// standard's (tests/stdsync.h).  All of these may sleep.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string_view>

namespace p9 {

class Sync {
public:
	class Mutex {
	public:
		virtual ~Mutex() = default;
		virtual void lock() = 0;
		virtual void unlock() = 0;
	};

	// First come, first served: a writer is not starved by readers.
	class RWMutex {
	public:
		virtual ~RWMutex() = default;
		virtual void lock() = 0;
		virtual void unlock() = 0;
		virtual void lock_shared() = 0;
		virtual void unlock_shared() = 0;
	};

	class Cond {
	public:
		virtual ~Cond() = default;
		// Gives m up, waits for a notify, takes m again; wakes without one too.
		virtual void wait(std::unique_lock<Mutex>& l) = 0;
		virtual void notifyone() = 0;
		virtual void notifyall() = 0;
	};

	virtual ~Sync() = default;
	virtual std::unique_ptr<Mutex> mutex() = 0;
	virtual std::unique_ptr<RWMutex> rwmutex() = 0;
	virtual std::unique_ptr<Cond> cond() = 0;

	// Runs fn beside the caller; name is shown to people.
	virtual void spawn(std::string_view name, std::function<void()> fn) = 0;
};
}
