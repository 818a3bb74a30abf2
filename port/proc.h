// Procs: what runs.  A Proc is a coroutine with a stack of its own; N worker
// threads run the ready ones.  It parks on its token: a ready() that comes
// before it is off its stack is kept.  Every block() stands in a loop that tests
// its condition.  See proc(10), sleep(10), kproc(10).
//
// References: the process table holds a Ref on each Proc until it has ended; the
// scheduler's queues borrow.

#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib9/args.h"
#include "lib9/completion.h"
#include "lib9/ref.h"
#include "port/qlock.h"

namespace p9 {

class Chan;
class Pgrp;
class Fgrp;
class Egrp;
class Rgrp;
class Proc;
struct Context;	// port/os.h

// The Proc that runs here.  Not inlined: the answer must not be kept across a
// switch, for a Proc moves from worker to worker.
Proc& up();
bool hasup();	// false on the host's own threads

// A single note is at most this long (notify(2)).
inline constexpr size_t MAXNOTE = 128;

struct Waitrec {
	int pid = 0;
	unsigned long time[3] = {};
	std::string msg;
};

// What a parked Proc waits for, beyond the word that block() is given: pushed
// around a wait by those who know more (a mount's server, tag and fid).
class Waitfor final {
public:
	// Others call text() while this one is parked: a const function object that answers a
	// string, the caller's, which outlives this.  No virtual function, for whoever looks
	// must not meet an object that is half made or half gone.
	template<class F>
	explicit Waitfor(const F& text)
	    : fn([](const void* f) { return std::string((*static_cast<const F*>(f))()); }), arg(&text)
	{
		push();
	}
	~Waitfor();
	Waitfor(const Waitfor&) = delete;

private:
	friend class Proc;
	std::string (*const fn)(const void*);
	const void* const arg;
	Waitfor* outer;

	void push();
	std::string text() const { return fn(arg); }
};

class Proc final : public Counted {
public:
	const int pid;

	// What is its own; only the Proc itself changes these, others read under lk.
	Ref<Pgrp> pgrp;
	Ref<Fgrp> fgrp;
	Ref<Egrp> egrp;
	Ref<Rgrp> rgrp;
	Ref<Chan> slash;
	Ref<Chan> dot;
	bool kernel = false;	// a kproc
	bool nowait = false;	// RFNOWAIT: leaves no wait record
	bool server = false;	// serves 9P: lives past the first program, until its clients go
	bool confined = false;	// acts for another machine: see Dev::becomeroot
	bool newprog = false;
	std::string errstr;	// of the last system call that failed
	std::string syserrstr;
	std::function<bool(const std::string&)> notify;	// notify(2)
	Completer completer = nullptr;	// of the lines it reads; only up() looks

	Lock lk;	// guards what follows
	std::string text;	// the program's name
	std::string user;
	Argv args;
	bool setargs = false;	// args is one text, written to /proc/n/args
	std::vector<std::string> notes;
	int noteid = 0;	// note group
	Ref<Proc> parent;	// who gets the wait record; empty when nobody
	std::vector<Waitrec> waitq;
	bool dead = false;	// its groups are gone and it takes no note
	int nchild = 0;	// children that will leave a record

	// A member as it is now, and a change of one where others may look.
	template<class T> T peek(T Proc::*member)
	{
		std::scoped_lock l(lk);
		return this->*member;
	}
	template<class T> T poke(T Proc::*member, T value)
	{
		std::scoped_lock l(lk);
		return std::exchange(this->*member, std::move(value));
	}

	// Makes it ready to run, or lets its next block() return at once.  Any thread.
	void ready();

	// Parks until ready().  Only up() blocks.  what: a word for people.
	void block(const char* what);

	// True when a note came since the last call: a sleep then ends with Eintr.  The note
	// itself stays queued until it is delivered.
	bool takenote()
	{
		return notepending.load(std::memory_order_relaxed) && notepending.exchange(false);
	}
	// True while notes wait to be delivered (sys.h's pollnotes).
	bool noted() const { return undelivered.load(std::memory_order_relaxed); }

	// Queues a note and interrupts the sleep that it is in.  Any thread.  Answers false
	// when the Proc has ended or has too many pending.
	bool post(std::string_view note);

	// Ends the sleep that it is in, or its next one, with Eintr, without a note.
	void interrupt()
	{
		notepending = true;
		ready();
	}

	// What it waits for, innermost; and who looks at one now, which keeps its end waiting.
	std::atomic<Waitfor*> waitfor{nullptr};
	std::atomic<Waitfor*> looked{nullptr};

	// The wait in words, "" when it runs: for /proc/n/status and hang reports.
	std::string waittext();
	const char* statename();	// Running Ready Wakeme Broken ... as ps shows

	// Bytes of stack left to the caller; only of up().
	size_t stackleft() const;

	// The next note to deliver, taken from the queue; nothing when there is none.
	std::optional<std::string> nextnote();
	bool innote = false;	// its handler runs; only up() looks
	bool exiting = false;	// unwinds for good: pexit closes its descriptors
	int64_t alarmid = 0;	// alarm(2)'s timer; only up() looks
	int64_t alarmat = 0;

	struct Sched;	// the scheduler's (port/sched.h)
	Sched* const sched;

private:
	friend class Waitfor;
	friend Proc& newproc(std::string_view, std::function<void()>, size_t);

	Proc(int id, Sched* s);
	~Proc() override;
	std::atomic<bool> notepending{false};
	std::atomic<bool> undelivered{false};
};

// How a Proc ends early: exits(2), exec(2) and a fatal note throw it and only the
// Proc's top catches it.  Not an std::exception.
struct Unwind {
	std::string status;
	std::function<void()> then;	// exec: what to run next on the same Proc, or empty
};

// Makes a Proc that will run fn; stack in bytes, 0 for a kproc's.  It does not run
// before start().  The caller fills its groups.
Proc& newproc(std::string_view text, std::function<void()> fn, size_t stack = 0);
void start(Proc&);

// A Proc of the kernel: eve's, with the caller's name space and no descriptors when
// there is a caller.  An Error out of fn is printed on the console.
Proc& kproc(std::string_view text, std::function<void()> fn);

// Lets others run; the caller stays ready.
void yield();

// The living Procs, by pid.
std::vector<Ref<Proc>> procs();
Ref<Proc> procbypid(int pid);	// empty when there is none

// Ends up(): called by the top of the Proc with its status (sysproc.cpp).
void pexit(std::string_view status);

// Milliseconds that passed since boot; virtual in test mode.  nsec: since 1970.
int64_t ticks();
int64_t todget();

// Readies up() after ms milliseconds, until it is destroyed.
class Alarm {
	Proc& p;
	int64_t when;
	int64_t id;

public:
	explicit Alarm(int64_t ms);
	~Alarm();
	bool over() const { return ticks() >= when; }
};

// Calls fn once, from a worker, after ms milliseconds; fn does not sleep.  Answers an
// id for timercancel, which answers false when it has run or runs.
int64_t timerset(int64_t ms, std::function<void()> fn);
bool timercancel(int64_t id);

// Around a call into the host that may take long: the worker's other Procs can be
// run by another worker meanwhile.  Costs a few nanoseconds.
class Oscall {
public:
	Oscall();
	~Oscall();
};

// Whether up()'s worker has nothing to do but to go on with it: no other Proc is ready, and
// the loop has been looked at lately.  When it is false, yield() does what is due.  Always
// false in test mode.
bool nobodywaits();

// Raises Estack when less than 24 KiB of up()'s stack is left.
void stackcheck();

// Sleeps; a note ends it with Eintr.
void tsleep(int64_t ms);

// Every Proc with what it waits for, one a line.
std::string hangreport();
}
