// The scheduler's own structures, for port/sched.cpp and those who show them.
//
// Each worker (a host thread) has a next slot and a queue of ready Procs, under a
// spin lock that is nearly always free; a woken Proc goes to its waker's next
// slot, so that a call and its answer stay on one worker.  Ready Procs of other
// threads go to the global queue, which workers look at now and then.  An idle
// worker runs the event loop; another waits.  The monitor, asleep while all is
// idle, moves the ready Procs of a worker that is stuck in the host to others.

#pragma once

#include <array>
#include <memory>
#include <random>

#include "port/os.h"
#include "port/proc.h"

namespace p9 {

constexpr size_t Maxworkers = 64;

// Where a Proc stands.  Only ready() leaves Parked; Token is a ready() that came while it
// was running, or had yielded: its next block() returns at once.
enum Runstate : int { Running, Parked, Queued, Token };

struct Proc::Sched {
	Context ctx;
	std::atomic<int> state{Queued};	// new: start() queues it
	Proc* next = nullptr;	// in a queue of ready Procs
	std::atomic<const char*> what{nullptr};	// why it is parked
	std::function<void()> fn;
	int64_t born = 0;	// ticks
};

// Ready Procs, first come first served; borrowed.
struct Runq {
	Proc* head = nullptr;
	Proc* tail = nullptr;
	size_t n = 0;

	void put(Proc&);
	void putall(Runq&);
	Proc* get();
	Proc* getnth(size_t i);	// test mode: any of them
};

struct alignas(64) Worker {
	int index = 0;
	Proc* cur = nullptr;	// who runs here; only this thread looks
	Context home;	// the thread's own stack
	unsigned nswitch = 0;

	// Who was switched away from, and what becomes of it: seen to by who comes next.
	enum How { Park, Yield, Dead };
	Proc* prev = nullptr;
	How how = Park;

	// Only this worker fills the slot; whoever empties it exchanges.
	std::atomic<Proc*> next{nullptr};
	Spin lk;	// guards ready
	Runq ready;
	std::atomic<size_t> nready{0};	// of ready, for glances without the lock

	std::atomic<uint64_t> progress{0};	// switches, for the monitor
	std::atomic<bool> inhost{false};
	std::atomic<bool> running{false};	// a Proc, not idle
	std::atomic<bool> detached{false};	// the monitor replaced it
	Event wake;

	// The monitor's memory.
	uint64_t seen = 0;
	int64_t since = 0;

	bool hasready() const { return nready > 0 || next != nullptr; }
};

// All workers, and what they share.
struct Scheduler {
	std::vector<std::unique_ptr<Worker>> store;
	std::array<std::atomic<Worker*>, Maxworkers> workers{};
	std::atomic<size_t> nworkers{0};
	int want = 1;	// how many may run Procs at once
	std::atomic<int> awake{0};	// how many do, or look for one
	std::atomic<bool> stopping{false};
	bool pinned = false;

	Spin lk;	// guards what follows
	Runq ready;
	std::vector<Worker*> parked;	// wait on their wake

	std::atomic<size_t> nready{0};	// of the global queue
	std::atomic<size_t> nparked{0};
	std::atomic<bool> inloop{false};	// a worker waits in the event loop
	std::atomic<bool> poll{false};	// somebody should look at the loop
	std::atomic<int64_t> polled{0};	// when somebody did; osnow()
	Event monitor;
	std::atomic<bool> monasleep{false};

	std::minstd_rand rand;	// test mode
	int held = 0;	// test mode: Locks held
	std::function<void(const std::string&)> deadlock;
};

Scheduler& sched();

// The worker that this thread is, or nullptr.
Worker* worker();
void beworker(Worker* w);

// The next Proc to run at w, or nullptr.
Proc* pick(Worker& w);
// Leaves from and runs to there (nullptr: the thread's own stack).  final: from has ended.
void run(Worker& w, Context& from, Proc* to, bool final = false);

// Wakes a worker that waits, for work that lies where it can find it.
void wakeone(Scheduler& s);
void wakemonitor(Scheduler& s);
// Moves all that is ready at w to the global queue.
void giveaway(Scheduler& s, Worker& w);

// Gives p a stack (0: a kproc's) and what to run there.
void procstart(Proc& p, std::function<void()> fn, size_t stack);
// Puts p where others find it: start's.
void listproc(Proc& p);

// Switches of all workers since boot: for progress and for tests.
uint64_t nswitches();
// How many workers run Procs at once.
int schedworkers();

// port/boot.cpp calls: workers start, run until stop, and end.
void schedstart(int nworkers, bool pinned);
void schedstop();
// Test mode: the calling thread is the worker; returns when no Proc is left.
void schedtest(uint64_t seed, std::function<void(const std::string&)> deadlock);
}
