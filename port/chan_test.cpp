#include "port/chan.h"

#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "tests/memdev.h"
#include "tests/test.h"

namespace p9 {

namespace {
// Its close sleeps until it is told, and counts.
class Slowdev final : public Memdev {
	Lock wlk;
	bool stuck = true;
	std::vector<Proc*> waiting;

public:
	std::atomic<int> closing{0}, closed{0};

	using Memdev::Memdev;
	void close(Chan&) override
	{
		closing++;
		std::unique_lock l(wlk);
		waiting.push_back(&up());
		while(stuck) {
			l.unlock();
			up().block("a slow close");
			l.lock();
		}
		std::erase(waiting, &up());
		closed++;
	}
	void letgo()
	{
		std::scoped_lock l(wlk);
		stuck = false;
		for(Proc* p : waiting)
			p->ready();
	}
};
}

PTEST(chan, close_tells_the_device_in_the_callers_proc)
{
	Memdev& m = memworld();
	m.mkfile("/f");
	close(nameopen("/f", OREAD | ORCLOSE));
	EXPECT_FALSE(m.has("/f"));
}

PTEST(chan, a_last_drop_does_not_sleep_and_is_closed_by_others)
{
	static Slowdev slow(50);
	slow.clear();
	for(int i = 0; i < 5; i++)
		slow.attach({});
	EXPECT_EQ(slow.closed, 0);
	rfork(RFPROC, [] {
		while(slow.closing < 5)
			yield();
		slow.letgo();
	});
	drainclose();
	EXPECT_EQ(slow.closed, 5);
	wait();
}

PTEST(chan, one_dead_server_does_not_hold_up_the_close_queue)
{
	static Slowdev slow(51);
	slow.clear();
	Memdev& m = memworld();
	m.mkfile("/f");
	slow.attach({});
	slow.attach({});
	nameopen("/f", OREAD | ORCLOSE);
	for(int i = 0; i < 1000 && m.has("/f"); i++)
		yield();
	EXPECT_FALSE(m.has("/f"));
	slow.letgo();
	drainclose();
}

PTEST(chan, connections_upon_connections_are_closed_without_recursion)
{
	Memdev& m = freshmem(1);
	Ref<Chan> c = m.attach({});
	for(int i = 0; i < 100000; i++) {
		Ref<Chan> over = m.attach({});
		over->mchan = std::move(c);
		c = std::move(over);
	}
	close(std::move(c));
	drainclose();
	EXPECT_EQ(Chan::live(), 1); // the root
}

PTEST(chan, a_descriptor_that_goes_out_of_scope_is_closed_soon)
{
	Memdev& m = memworld();
	m.mkfile("/f");
	{
		Fd fd = open("/f", OREAD | ORCLOSE);
	}
	drainclose();
	EXPECT_FALSE(m.has("/f"));
}

PRACE(chan, a_descriptor_that_another_closes_during_a_read_is_closed_once)
{
	Memdev& m = memworld();
	m.mkfile("/f", "text");
	Fd fd = open("/f", OREAD | ORCLOSE);
	int n = fd.release();
	rfork(RFPROC, [n] { close(n); });
	try {
		std::byte b[4];
		for(int i = 0; i < 5; i++)
			EXPECT_EQ(pread(n, b, 0), 4u);
		close(n);
	} catch(const Error& e) {
		EXPECT_EQ(e.text(), Ebadfd);
	}
	wait();
	EXPECT_FALSE(m.has("/f"));
}

PRACE(chan, what_several_procs_drop_is_all_closed)
{
	Memdev& m = memworld();
	auto drop = [&m] {
		for(int i = 0; i < 3; i++)
			m.attach({});
	};
	rfork(RFPROC, drop);
	rfork(RFPROC, drop);
	drop();
	wait();
	wait();
	drainclose();
	EXPECT_EQ(Chan::live(), 1); // the root
}

PTEST(chan, NS_34_files_are_the_same_whatever_their_version)
{
	Memdev& m = memworld();
	m.mkfile("/f");
	Ref<Chan> a = nameaccess("/f"), b = nameaccess("/f");
	b->qid.vers = 99;
	EXPECT_TRUE(eqchan(*a, *b));
	EXPECT_FALSE(eqchan(*a, *up().slash));
}

// One server of a union never answers.  Those who do not walk on it work on; who does
// waits until a note comes; and it can be unmounted.
PREAL(chan, a_dead_server_in_a_union_freezes_only_those_who_walk_on_it)
{
	Memdev& m = memworld();
	Stuckdev& dead = freshstuck();
	for(std::string d : {"a", "b", "c", "u"})
		m.mkfile("/" + d + "/f", d);
	Ref<Chan> root = dead.attach({});
	cmount(*up().pgrp, root, namemount("/u"), {}, MBEFORE, {});
	dead.die();
	int stuck = rfork(RFPROC, [] {
		notify([](const std::string&) { return true; });
		EXPECT_ERROR(open("/u/f", OREAD), "interrupted: '/u/f'");
	});
	while(dead.nwaiting() == 0)
		sleep(1);
	for(int i = 0; i < 4; i++)
		rfork(RFPROC, [i] {
			std::string dir(1, char('a' + i % 3));
			for(int n = 0; n < 10000; n++) {
				EXPECT_EQ(readfile("/" + dir + "/f"), dir);
				if(n % 10 == 0)
					p9::bind("/" + dir, "/" + dir, MREPL);
			}
		});
	for(int i = 0; i < 4; i++)
		EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(dead.nwaiting(), 1u);
	cunmount(*up().pgrp, namemount("/u"), root);
	EXPECT_EQ(readfile("/u/f"), "u");
	EXPECT_EQ(dead.nwaiting(), 1u);
	postnote(stuck, "interrupt");
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(dead.nwaiting(), 0u);
}
}
