// Reading from what can make its reader wait: sockets, FIFOs, terminals.
//
// A peer that is awake answers within microseconds, and then to look again is cheaper than
// to sleep in the loop: that, and being woken, costs 5 us, and ten times as much where a CPU
// sleeps too.  So a reader whose last waits were short looks again for a while, as long as
// its worker has nothing else to do, and offers the CPU to other processes at each look.
// What a vain look cost, or one that lost the CPU, is earned back by sleeps before the next,
// so that a slow peer or a busy machine costs next to nothing.

#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>

#include "emu/oserr.h"
#include "port/os.h"

namespace p9 {

// Whether the next wait begins with looks.  Several Procs may ask at once: what they spoil
// of each other is only a guess.
class Patience {
	std::atomic<bool> hopeful{false};	// the last sleep was short
	std::atomic<int64_t> rest{0};	// waits before the next look

public:
	static constexpr int64_t Look = 100'000;	// ns: for so long it is looked
	static constexpr int64_t Soon = 200'000;	// ns: what comes so soon could be looked for
	static constexpr int64_t Spared = 2'000;	// ns: what a good look is worth, at least

	// One wait begins: is it to look?
	bool look();
	// It has been looked for ns.
	void looked(bool found, int64_t ns);
	// It has been slept for ns.
	void slept(int64_t ns);
};

class Streamread {
	std::atomic<bool> drained{false};	// the last read left nothing behind
	std::atomic<bool> amid{false};	// the last read got a part of something large
	Patience patience;
	static constexpr size_t Small = 4096;

	bool undisturbed();
	void hostyield();
	void sleep(int fd);

	template<class F>
	int64_t look(F get)
	{
		int64_t n = -EAGAIN;
		if(!patience.look() || !undisturbed())
			return n;
		int64_t began = osnow(), took;
		do {
			hostyield();
			n = get();
			took = osnow() - began;
		} while(n == -EAGAIN && took < Patience::Look && nobodywaits());
		patience.looked(n != -EAGAIN, took);
		return n;
	}

public:
	// What call answers, a count or -errno, once there is something to read.  It reads at
	// most room bytes of fd, as read(2) does, and does not wait.  A note ends it with Eintr.
	// After a small message that was all there was, the next is waited for at once: to ask
	// in vain is a call of the host for each message.  In the middle of a large one there
	// is no look: who sleeps finds more of it at a time.
	template<class F>
	int64_t read(int fd, size_t room, F call)
	{
		auto get = [&] {
			int64_t n;
			do
				n = hostcall(call);
			while(n == -EINTR);
			return n;
		};
		int64_t n = drained.exchange(false, std::memory_order_relaxed) ? -EAGAIN : get();
		while(n == -EAGAIN) {
			if(!amid.load(std::memory_order_relaxed))
				n = look(get);
			if(n == -EAGAIN) {
				sleep(fd);
				n = get();
			}
		}
		if(n > 0) {
			bool small = size_t(n) < Small;
			drained.store(small && size_t(n) < room, std::memory_order_relaxed);
			amid.store(!small && size_t(n) < room, std::memory_order_relaxed);
		}
		return n;
	}
};
}
