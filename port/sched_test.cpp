// The scheduler: switching, sleeping, locks, timers, notes, test mode.

#include <numeric>

#include "port/os.h"
#include "port/proc.h"
#include "port/rendez.h"
#include "port/sched.h"
#include "tests/test.h"

namespace p9 {

namespace {

// A place to meet: one waits, another says that it has come.
struct Flag {
	Lock lk;
	Rendez r;
	bool set = false;

	void wait()
	{
		std::unique_lock l(lk);
		r.sleep(l, "flag", [this] { return set; });
	}
	void raise()
	{
		std::scoped_lock l(lk);
		set = true;
		r.wakeup();
	}
};

void
waitchildren(int n)
{
	for(int i = 0; i < n; i++)
		wait();
}
}

PTEST(sched, a_child_runs_and_its_status_reaches_wait)
{
	int pid = rfork(RFPROC, [] { exits("tired"); });
	Waitmsg w = wait();
	EXPECT_EQ(w.pid, pid);
	EXPECT_EQ(w.msg, "init " + std::to_string(pid) + ": tired");
	EXPECT_ERROR(wait(), Enochild);
}

PTEST(sched, a_long_status_is_cut_between_runes)
{
	std::string status;
	for(int i = 0; i < 100; i++)
		status += "\xc3\xa9";
	rfork(RFPROC, [&] { exits(status); });
	std::string msg = wait().msg;
	EXPECT_LT(msg.size(), size_t(ERRMAX));
	EXPECT_GE(msg.size(), size_t(ERRMAX) - 2);
	EXPECT_EQ(msg.substr(msg.size() - 2), "\xc3\xa9");
}

PTEST(sched, NS_50_flags_that_contradict_are_refused)
{
	for(int f : {RFFDG | RFCFDG, RFNAMEG | RFCNAMEG, RFENVG | RFCENVG}) {
		EXPECT_ERROR(rfork(f), Ebadarg);
		EXPECT_ERROR(rfork(f | RFPROC, [] {}), Ebadarg);
	}
	EXPECT_ERROR(rfork(RFMEM), Ebadarg);
	EXPECT_ERROR(rfork(RFNOWAIT), Ebadarg);
}

PTEST(sched, NS_57_nowait_leaves_no_record)
{
	Flag f;
	rfork(RFPROC | RFNOWAIT, [&] { f.raise(); });
	f.wait();
	EXPECT_ERROR(wait(), Enochild);
}

PRACE(sched, a_ready_that_comes_before_the_sleep_is_kept)
{
	Flag f;
	rfork(RFPROC, [&] { f.raise(); });
	f.wait();
	waitchildren(1);
}

PRACE(sched, a_qlock_is_held_by_one_and_overtakes_nobody)
{
	QLock q;
	int inside = 0, most = 0;
	for(int i = 0; i < 4; i++)
		rfork(RFPROC, [&] {
			for(int k = 0; k < 5; k++) {
				std::scoped_lock l(q);
				most = std::max(most, ++inside);
				yield();
				inside--;
			}
		});
	waitchildren(4);
	EXPECT_EQ(most, 1);
}

PRACE(sched, an_rwlock_lets_readers_in_together_and_a_writer_alone)
{
	RWLock rw;
	int readers = 0, writers = 0;
	for(int i = 0; i < 4; i++)
		rfork(RFPROC, [&, i] {
			for(int k = 0; k < 3; k++)
				if(i == 0) {
					std::scoped_lock l(rw);
					EXPECT_EQ(readers + writers, 0);
					writers++;
					yield();
					writers--;
				} else {
					std::shared_lock l(rw);
					EXPECT_EQ(writers, 0);
					readers++;
					yield();
					readers--;
				}
		});
	waitchildren(4);
}

PRACE(sched, a_note_ends_a_sleep_and_an_elock)
{
	Flag never;
	QLock q;
	q.lock();
	int pid[2];
	std::string got[2];
	for(int i = 0; i < 2; i++)
		pid[i] = rfork(RFPROC, [&, i] {
			notify([](const std::string&) { return true; });
			try {
				if(i == 0)
					never.wait();
				else
					q.elock();
			} catch(const Error& e) {
				got[i] = e.text();
			}
		});
	postnote(pid[0], "wake");
	postnote(pid[1], "wake");
	waitchildren(2);
	EXPECT_EQ(got[0], Eintr);
	EXPECT_EQ(got[1], Eintr);
	q.unlock();
}

PTEST(sched, a_note_without_a_handler_ends_the_program)
{
	int pid = rfork(RFPROC, [] {
		sleep(1'000'000);
		ADD_FAILURE() << "slept on";
	});
	sleep(10);
	postnote(pid, "interrupt");
	EXPECT_EQ(wait().msg, "init " + std::to_string(pid) + ": interrupt");
}

PTEST(sched, an_alarm_is_a_note)
{
	std::string got;
	notify([&](const std::string& n) {
		got = n;
		return true;
	});
	EXPECT_EQ(alarm(500), 0);
	EXPECT_EQ(alarm(1000), 500);
	int64_t t = ticks();
	EXPECT_ERROR(sleep(100'000), Eintr);
	EXPECT_EQ(got, "alarm");
	EXPECT_EQ(ticks() - t, 1000);
}

PTEST(sched, virtual_time_jumps_and_timers_keep_their_order)
{
	std::vector<int> order;
	int64_t t = ticks();
	for(int ms : {3000, 1000, 2000})
		rfork(RFPROC, [&order, ms] {
			sleep(ms);
			order.push_back(ms);
		});
	waitchildren(3);
	EXPECT_EQ(order, (std::vector{1000, 2000, 3000}));
	EXPECT_EQ(ticks() - t, 3000);
}

PRACE(sched, tsleep_says_whether_the_time_was_up)
{
	Lock lk;
	Rendez r;
	bool come = false;
	std::unique_lock l(lk);
	EXPECT_FALSE(r.tsleep(l, "nobody", 20, [] { return false; }));
	l.unlock();
	rfork(RFPROC, [&] {
		std::scoped_lock g(lk);
		come = true;
		r.wakeup();
	});
	l.lock();
	EXPECT_TRUE(r.tsleep(l, "somebody", 20, [&] { return come; }));
	l.unlock();
	waitchildren(1);
}

PRACE(sched, rendezvous_swaps_values)
{
	int tag = 0, a = 1, b = 2;
	void* got = nullptr;
	rfork(RFPROC, [&] { got = rendezvous(&tag, &a); });
	EXPECT_EQ(rendezvous(&tag, &b), &a);
	waitchildren(1);
	EXPECT_EQ(got, &b);
}

// The C++ runtime keeps the exceptions in flight by thread; each Proc has its own.
static void
throwandswitch(int procs, int rounds)
{
	std::atomic<int> wrong{0};
	for(int k = 0; k < procs; k++)
		rfork(RFPROC, [&wrong, k, rounds] {
			struct Switches {
				~Switches() { yield(); }
			};
			for(int i = 0; i < rounds; i++)
				try {
					Switches s;
					error(std::to_string(k));
				} catch(const Error& e) {
					yield();
					wrong += e.reason() != std::to_string(k);
					try {
						throw;
					} catch(const Error& again) {
						wrong += again.reason() !=
							 std::to_string(k);
					}
				}
		});
	waitchildren(procs);
	EXPECT_EQ(wrong, 0);
}

PTEST(sched, exceptions_stay_with_their_proc_when_handlers_and_destructors_switch)
{
	throwandswitch(16, 50);
}

PREAL(sched, exceptions_stay_with_their_proc_on_two_workers)
{
	throwandswitch(64, 100);
}

PREAL(sched, two_procs_that_loop_stop_neither_timers_nor_others)
{
	std::atomic<bool> stop{false};
	for(int i = 0; i < 2; i++)
		rfork(RFPROC, [&] {
			while(!stop)
				;
		});
	for(int i = 0; i < 3; i++)
		sleep(5);
	stop = true;
	waitchildren(2);
}

PREAL(sched, a_proc_that_is_long_in_the_host_lets_others_run)
{
	Flag f;
	Event held[2];
	for(Event& e : held)
		rfork(RFPROC, [&e] {
			Oscall host;
			e.wait();
		});
	rfork(RFPROC, [&] { f.raise(); });
	f.wait();
	for(Event& e : held)
		e.post();
	waitchildren(3);
}

PREAL(sched, ten_thousand_procs_come_and_go)
{
	std::atomic<int> ran{0};
	for(int i = 0; i < 100; i++) {
		for(int k = 0; k < 100; k++)
			rfork(RFPROC, [&] {
				yield();
				ran++;
			});
		waitchildren(100);
	}
	EXPECT_EQ(ran, 10000);
}

static void
deeper(int n) // until Estack
{
	char use[1000];
	use[n % 1000] = char(n);
	stackcheck();
	if(n < 1000000)
		deeper(n + use[n % 1000] * 0 + 1);
	asm volatile("" ::"r"(use) : "memory");
}

PTEST(sched, deep_recursion_is_an_error)
{
	EXPECT_ERROR(deeper(0), Estack);
}

TEST(sched, a_deadlock_is_reported_with_what_each_waits_for)
{
	std::string who;
	Bootcfg cfg;
	cfg.test = true;
	cfg.deadlock = [&](const std::string& report) { who = report; };
	// What hangs is left behind, on purpose: in a process of its own.
	EXPECT_EXIT(
		{
			boot(cfg, [] {
				Flag never;
				never.wait();
			});
			fputs(who.c_str(), stderr);
			_Exit(7);
		},
		testing::ExitedWithCode(7), "init Wakeme: waits for flag");
}

TEST(sched, the_same_seed_gives_the_same_order)
{
	auto order = [](uint64_t seed) {
		std::vector<int> got;
		Bootcfg cfg;
		cfg.test = true;
		cfg.seed = seed;
		boot(cfg, [&] {
			for(int i = 0; i < 6; i++)
				rfork(RFPROC, [&, i] { got.push_back(i); });
			waitchildren(6);
		});
		return got;
	};
	EXPECT_EQ(order(3), order(3));
	bool differ = false;
	for(uint64_t s = 1; s < 10; s++)
		differ |= order(s) != order(s + 1);
	EXPECT_TRUE(differ);
}
}
