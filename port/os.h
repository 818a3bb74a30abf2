// All that the scheduler asks of a host: threads to run on, stacks to switch,
// clocks, descriptors that become ready.  emu/ defines it.  Host files are in
// port/osfile.h.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace p9 {

// A stack with a guard page below it, zeroed lazily by the host.
struct Stack {
	std::byte* base = nullptr;	// lowest usable byte
	size_t size = 0;
};
Stack stackalloc(size_t size);	// Enomem
void stackfree(Stack);

// Somewhere to switch to: a suspended stack, and what the sanitizers and the C++ runtime
// must be told of it.
struct Context {
	void* sp = nullptr;
	Stack stack;
	void* eh[2] = {};	// the C++ runtime's exceptions in flight
	void* fake = nullptr;	// AddressSanitizer's
	void* fiber = nullptr;	// ThreadSanitizer's
	void (*fn)(void*) = nullptr;	// what it runs first
	void* arg = nullptr;
};
// Makes c ready to run fn(arg) on its stack; fn never returns.
void ctxmake(Context& c, void (*fn)(void*), void* arg);
// Frees what ctxmake took, but the stack.
void ctxfree(Context& c);
// The host's own stack of this thread, to come back to.
void ctxthread(Context& c);
// Leaves `from' (saved there) and continues `to'; returns when somebody switches back,
// perhaps on another thread.  final: from never runs again.
void ctxswitch(Context& from, Context& to, bool final = false);

// Host threads.  osthread's runs until fn returns; osjoinall waits for all of them.
void osthread(const char* name, std::function<void()> fn);
void osjoinall();
void osyield();	// of the host's thread
// How many CPUs this process may use.
int oscpus();
// Worker i keeps to the i-th CPU that this process may use.
void ospin(int i);

// A place for one host thread to wait; a post before the wait is kept.
class Event {
	struct Impl;
	std::unique_ptr<Impl> impl;

public:
	Event();
	~Event();
	void post();	// any thread
	// At most ns nanoseconds; -1 for ever.  False when the time is up.
	bool wait(int64_t ns = -1);
};

// Nanoseconds: monotonic, and since 1970.
int64_t osnow();
int64_t oswall();
// Nanoseconds of CPU time of this process.
int64_t oscputime();
void osrandom(void* p, size_t n);

// The event loop.  One thread at a time holds it.  looprun waits at most ns (-1 for
// ever, 0 polls) for descriptors, posted work and the wake-up, and runs their callbacks,
// which may ready Procs.  loopwake ends the wait of whoever holds it.
bool loophold();	// try to; false when another has it
void looprun(int64_t ns);
void looprelease();
void loopwake();
// Some Proc waits for the loop, so that a machine in test mode is not deadlocked.
bool loopbusy();

// Waits, as up(), until fd can be read (or written); a note ends it with Eintr.
void waitfd(int fd, bool write);
// Closes fd, which nobody waits for any more, once the loop has forgotten it.
void closingfd(int fd);
// Runs fn on the host's thread pool, parked meanwhile; fn must not touch Procs.
void inpool(std::function<void()> fn);

// Text for people on the host's standard error, whole; never blocks a Proc for long.
void oslog(std::string_view text);
[[noreturn]] void ospanic(std::string_view text);
}
