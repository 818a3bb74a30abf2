// A lock for a few instructions, in code that runs with or without a kernel: who
// holds it neither sleeps nor switches, nor drops a reference that could.

#pragma once

#include <atomic>
#include <thread>

namespace p9 {

class Spin {
	std::atomic<bool> held{false};

	void contend()
	{
		for(int i = 0; held.exchange(true, std::memory_order_acquire); i++)
			if(i > 64)
				std::this_thread::yield();
	}

public:
	void lock()
	{
		if(held.exchange(true, std::memory_order_acquire)) [[unlikely]]
			contend();
	}
	bool try_lock() { return !held.exchange(true, std::memory_order_acquire); }
	void unlock() { held.store(false, std::memory_order_release); }
};
}
