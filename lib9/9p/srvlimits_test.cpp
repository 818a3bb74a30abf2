// What one connection, and all of a server's together, may have: 9p/limits.h; and what
// people can see of it.

#include "lib9/9p/srv.h"

#include "tests/test.h"
#include "tests/treesrv.h"

namespace p9 {

namespace {

// Its reads are kept; fids cost what their number says, in KiB.
struct Costly : Keepsrv {
	void walk(Req& r) override
	{
		r.newfid->memory = size_t(r.newfid->fid) << 10;
		Keepsrv::walk(r);
	}
};

size_t
used(Srv& s)
{
	std::vector<Srvstat> l = s.status();
	EXPECT_EQ(l.size(), 1u);
	return l.empty() ? 0 : l[0].memory;
}
}

TEST(lib9p, a_connection_too_many_is_told_and_ended)
{
	Treesrv s;
	s.limits.conns = 2;
	Attached a(s);
	{
		Attached b(s);
		Testclient c(s);
		c.send(Tversion{.msize = 8192, .version = "9P2000"}, NOTAG);
		EXPECT_EQ(c.next(), "Rerror tag 65535 ename too many connections");
		EXPECT_EQ(c.next(), "end");
		EXPECT_EQ(s.status().size(), 2u);
	}
	Attached d(s);
	EXPECT_EQ(d.walk(0, 1, {}), "");
}

// Those that were there first had all that there was.
TEST(lib9p, what_others_have_leaves_a_connection_its_share_of_the_requests)
{
	Keepsrv s;
	s.limits.conns = 2;
	s.limits.working = 8;
	auto ask = [](Attached& c, uint16_t tag) {
		c.send(Tread{.fid = 1, .offset = 0, .count = 10}, tag);
	};
	Attached a(s), b(s);
	for(Attached* c : {&a, &b}) {
		c->walk(0, 1, {"7"});
		c->walk(0, 2, {"8"});
		c->err(Topen{.fid = 1, .mode = OREAD});
	}
	for(uint16_t t = 10; t < 16; t++)
		ask(a, t);
	s.wait(6);
	EXPECT_EQ(a.err(Tstat{.fid = 0}), "too many requests");
	EXPECT_EQ(a.err(Tclunk{.fid = 2}), "");
	for(uint16_t t = 10; t < 12; t++)
		ask(b, t);
	s.wait(8);
	EXPECT_EQ(b.err(Tstat{.fid = 0}), "too many requests");
	EXPECT_EQ(b.err(Tremove{.fid = 2}), "remove prohibited");
	a.rpc(Tflush{.oldtag = 10});
	EXPECT_EQ(a.next(), "Rflush tag 1");
	EXPECT_EQ(b.err(Tstat{.fid = 0}), "stat prohibited");
	s.answer("x");
	for(int i = 0; i < 5; i++)
		a.next();
	for(int i = 0; i < 2; i++)
		b.next();
	// All is given back.
	for(uint16_t t = 10; t < 16; t++)
		ask(b, t);
	s.wait(6);
	s.answer("x");
	for(int i = 0; i < 6; i++)
		b.next();
}

TEST(lib9p, every_connection_may_have_one_request)
{
	Srvlimits l;
	EXPECT_LE(l.common() + l.conns * l.share(), 16384u);
	EXPECT_EQ(l.share(), 8u);
	l.working = 1;
	EXPECT_EQ(l.share(), 1u);
	EXPECT_EQ(l.common(), 0u);
}

TEST(lib9p, what_fids_cost_is_limited)
{
	Costly s;
	s.limits.memory = 1 << 20;
	Attached c(s);
	EXPECT_EQ(c.walk(0, 400, {"1"}), "");
	EXPECT_EQ(c.walk(0, 500, {"2"}), "");
	EXPECT_EQ(c.walk(0, 300, {"3"}), "too much memory");
	EXPECT_EQ(c.err(Tstat{.fid = 300}), "unknown fid");
	EXPECT_EQ(c.err(Tclunk{.fid = 500}), "");
	EXPECT_EQ(c.walk(0, 300, {"3"}), "");
	EXPECT_EQ(c.err(Tclunk{.fid = 300}), "");
	EXPECT_EQ(c.err(Tclunk{.fid = 400}), "");
	c.err(Tstat{.fid = 0});	// the one before it is over
	EXPECT_LT(used(s), 4096u);
}

// A client chooses how long it is, and each fid has a copy.
TEST(lib9p, what_the_name_of_the_user_costs_is_limited)
{
	Keepsrv s;
	s.limits.memory = 100 << 10;
	Testclient c(s);
	c.version(MAXMSIZE);
	std::string name(30 << 10, 'u');
	EXPECT_EQ(c.err(Tattach{.fid = 0, .uname = name}), "");
	EXPECT_EQ(c.walk(0, 1, {}), "");
	EXPECT_EQ(c.walk(0, 2, {}), "");
	EXPECT_EQ(c.walk(0, 3, {}), "too much memory");
	EXPECT_EQ(c.err(Tattach{.fid = 3, .uname = name}), "too much memory");
	EXPECT_EQ(c.err(Tstat{.fid = 3}), "unknown fid");
	EXPECT_EQ(c.err(Tclunk{.fid = 2}), "");
	EXPECT_EQ(c.walk(0, 3, {}), "");
}

// It was made, and then refused.
TEST(lib9p, a_file_whose_fid_costs_too_much_is_not_made)
{
	struct Maker : Treesrv {
		int made = 0;
		void create(Req& r) override
		{
			made++;
			Treesrv::create(r);
		}
	} s;
	s.limits.memory = 8 << 10;
	Attached c(s);
	uint32_t fid = 1;
	while(c.walk(0, fid, {}).empty())
		fid++;
	EXPECT_EQ(c.err(Tcreate{.fid = 1, .name = "f", .perm = 0644}), "too much memory");
	EXPECT_EQ(s.made, 0);
	EXPECT_EQ(c.err(Tclunk{.fid = 2}), "");
	EXPECT_EQ(c.err(Tcreate{.fid = 1, .name = "f", .perm = 0644}), "");
	EXPECT_EQ(s.made, 1);
}

// It gets on, and does not fail.
TEST(lib9p, reads_become_short_when_memory_is)
{
	Keepsrv s;
	s.limits.memory = 100 << 10;
	Attached c(s, MAXMSIZE);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	for(uint16_t t = 0; t < 3; t++)
		c.send(Tread{.fid = 1, .offset = 0, .count = 64 << 10}, t);
	s.wait(3);
	EXPECT_EQ(s.kept[0]->ifcall.count, uint32_t(64 << 10));
	EXPECT_LT(s.kept[1]->ifcall.count, uint32_t(40 << 10));
	EXPECT_EQ(s.kept[2]->ifcall.count, 8192u);
	s.answer("x");
	for(int i = 0; i < 3; i++)
		EXPECT_NE(c.next().find("count 1 'x'"), std::string::npos);
	EXPECT_LT(used(s), 4096u);
}

TEST(lib9p, a_write_that_memory_does_not_hold_is_refused)
{
	struct Slow : Keepsrv {
		void write(Req& r) override { read(r); }
		void done()
		{
			wait(1);
			Req* r = kept.front();
			kept.clear();
			r->respond();
		}
	} s;
	s.limits.memory = 100 << 10;
	Attached c(s, MAXMSIZE);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = ORDWR});
	std::vector<std::byte> data(60 << 10);
	c.send(Twrite{.fid = 1, .data = data}, 5);
	s.wait(1);
	EXPECT_EQ(c.err(Twrite{.fid = 1, .data = data}, 6), "too much memory");
	EXPECT_EQ(c.err(Tstat{.fid = 0}, 7), "stat prohibited");
	s.done();
	EXPECT_EQ(c.next(), "Rwrite tag 5 count 0");
	c.send(Twrite{.fid = 1, .data = data}, 6);
	s.done();
	EXPECT_EQ(c.next(), "Rwrite tag 6 count 0");
}

TEST(lib9p, people_see_what_a_connection_does)
{
	Keepsrv s;
	s.clock = [] { return int64_t(42); };
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 6);
	s.wait(2);
	Srvstat st = s.status()[0];
	EXPECT_EQ(st.fids, 2u);
	EXPECT_EQ(st.reqs, 2u);
	EXPECT_EQ(st.oldest, "Tread");
	EXPECT_EQ(st.tag, 5);
	EXPECT_EQ(st.since, 42);
	EXPECT_GT(st.in, 100u);
	EXPECT_GT(st.out, 50u);
	s.answer("x");
	c.next();
	c.next();
}

// The hook of a Tremove that waits runs beside the others; it goes on when the last of
// them has let go.
TEST(lib9p, a_hook_waits_until_it_has_the_fid_alone)
{
	struct Alone : Keepsrv {
		std::atomic<bool> removed{false};
		void remove(Req& r) override
		{
			srvrelease(r);
			srvalone(r);
			removed = true;
			r.respond();
		}
	} s;
	{
		Attached c(s);
		c.walk(0, 1, {"7"});
		c.err(Topen{.fid = 1, .mode = OREAD});
		for(uint16_t t = 5; t < 7; t++)
			c.send(Tread{.fid = 1, .offset = 0, .count = 10}, t);
		s.wait(2);
		c.send(Tremove{.fid = 1}, 8);
		EXPECT_EQ(c.err(Tstat{.fid = 1}, 9), "unknown fid");
		EXPECT_EQ(c.rpc(Tflush{.oldtag = 5}, 9), "Rerror tag 5 ename interrupted");
		EXPECT_EQ(c.next(), "Rflush tag 9");
		EXPECT_EQ(c.err(Tstat{.fid = 1}, 9), "unknown fid");
		EXPECT_FALSE(s.removed);
		s.answer("x");
		c.next();
		EXPECT_EQ(c.next(), "Rremove tag 8");
		// With nobody beside it there is no wait.
		c.walk(0, 2, {"8"});
		EXPECT_EQ(c.err(Tremove{.fid = 2}), "");
	}
	gsync.join();
}

TEST(lib9p, a_session_whose_start_fails_is_none)
{
	struct Badsrv : Gensrv {
		void start() override { error("no start"); }
	} s;
	Memconn conn;
	EXPECT_ERROR(s.serve(conn), "no start");
	EXPECT_EQ(s.status().size(), 0u);
	s.hangup();
}
}
