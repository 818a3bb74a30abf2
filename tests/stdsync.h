// Sync over the standard's threads, for tests of what is written against
// lib9/sync.h.

#pragma once

#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "lib9/sync.h"

namespace p9 {

class Stdsync final : public Sync {
	struct Mutex1 final : Mutex {
		std::mutex m;
		void lock() override { m.lock(); }
		void unlock() override { m.unlock(); }
	};
	struct RWMutex1 final : RWMutex {
		std::shared_mutex m;
		void lock() override { m.lock(); }
		void unlock() override { m.unlock(); }
		void lock_shared() override { m.lock_shared(); }
		void unlock_shared() override { m.unlock_shared(); }
	};
	struct Cond1 final : Cond {
		std::condition_variable_any c;
		void wait(std::unique_lock<Mutex>& l) override { c.wait(l); }
		void notifyone() override { c.notify_one(); }
		void notifyall() override { c.notify_all(); }
	};

	std::mutex lk;
	std::vector<std::thread> threads;

public:
	~Stdsync() override { join(); }

	std::unique_ptr<Mutex> mutex() override { return std::make_unique<Mutex1>(); }
	std::unique_ptr<RWMutex> rwmutex() override
	{
		return std::make_unique<RWMutex1>();
	}
	std::unique_ptr<Cond> cond() override { return std::make_unique<Cond1>(); }
	void spawn(std::string_view, std::function<void()> fn) override
	{
		std::scoped_lock l(lk);
		threads.emplace_back(std::move(fn));
	}

	// Waits until all that was spawned has ended.
	void join()
	{
		std::vector<std::thread> t;
		{
			std::scoped_lock l(lk);
			t.swap(threads);
		}
		for(std::thread& x : t)
			x.join();
	}
};
}
