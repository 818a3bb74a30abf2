// What stands on the engine: queues of requests, authentication, control messages.

#include "lib9/9p/auth9p.h"
#include "lib9/9p/reqqueue.h"
#include "lib9/parse.h"

#include "tests/treesrv.h"

namespace p9 {

namespace {

// One file, slow: reads of it go through a queue and wait for go.
class Slowsrv : public Srv {
	std::mutex m;
	std::condition_variable c;
	int ngo = 0;
	int nin = 0;

public:
	Reqqueue q;
	int ninterrupt = 0;

	Slowsrv()
	    : Srv(gsync), q(gsync, "slow", [this](Req&) {
		      std::scoped_lock l(m);
		      ninterrupt++;
		      c.notify_all();
	      })
	{
		tree = std::make_unique<Tree>("glenda", "glenda", 0777);
		tree->createfile(*tree->root, "slow", "glenda", 0666);
	}
	void read(Req& r) override
	{
		q.push(r, [this](Req& s) {
			std::unique_lock l(m);
			nin++;
			c.notify_all();
			c.wait(l, [&] { return ngo > 0 || s.flushed(); });
			if(ngo == 0)
				error(Eintr);
			ngo--;
			l.unlock();
			readstr(s, "slowly");
			s.respond();
		});
	}
	void flush(Req& r) override { q.flush(r); }
	void end() override { q.end(); }
	void go(int n)
	{
		std::scoped_lock l(m);
		ngo += n;
		c.notify_all();
	}
	void waitin(int n)
	{
		std::unique_lock l(m);
		c.wait(l, [&] { return nin >= n; });
	}
};
}

TEST(lib9p, LP_28_a_queue_serves_in_order_and_flushes_what_waits_or_runs)
{
	Slowsrv s;
	{
		Attached c(s);
		c.walk(0, 1, {"slow"});
		c.err(Topen{.fid = 1, .mode = OREAD});
		for(uint16_t tag = 1; tag <= 3; tag++)
			c.send(Tread{.fid = 1, .offset = 0, .count = 10}, tag);
		s.waitin(1);
		EXPECT_EQ(c.err(Tstat{.fid = 1}, 9), "");
		c.send(Tflush{.oldtag = 2}, 9); // waits in the queue
		EXPECT_EQ(c.next(), "Rerror tag 2 ename interrupted");
		EXPECT_EQ(c.next(), "Rflush tag 9");
		EXPECT_EQ(s.ninterrupt, 0);
		c.send(Tflush{.oldtag = 1}, 9); // runs
		EXPECT_EQ(c.next(), "Rerror tag 1 ename interrupted");
		EXPECT_EQ(c.next(), "Rflush tag 9");
		EXPECT_EQ(s.ninterrupt, 1);
		s.go(1);
		EXPECT_EQ(c.next(), "Rread tag 3 count 6 'slowly'");
		c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 4);
	}
	gsync.join();
}

namespace {

// The client must send the password that it was asked for.
struct Password final : Authconv {
	std::string said;
	bool asked = false;

	Step read(std::string& out, size_t) override
	{
		if(said == "swordfish")
			return Done;
		if(!said.empty())
			return Failed;
		out = "password?";
		asked = true;
		return Ok;
	}
	Step write(Bytes b) override
	{
		if(!asked)
			return Phase;
		said.assign(reinterpret_cast<const char*>(b.data()), b.size());
		return Ok;
	}
	std::string user() override { return "glenda"; }
	std::string why() override { return "wrong password"; }
};

struct Authsrv final : Treesrv {
	void auth(Req& r) override { auth9p(r, mk<Password>()); }
	void attach(Req& r) override
	{
		if(authattach(r))
			Treesrv::attach(r);
	}
	void read(Req& r) override { authread(r); }
	void write(Req& r) override { authwrite(r); }
	~Authsrv() override { nfid = 0; } // failed attaches were not counted
};
}

TEST(lib9p, LP_30_an_auth_fid_proves_who_attaches)
{
	Authsrv s;
	Testclient c(s);
	c.version();
	EXPECT_EQ(c.err(Tattach{.fid = 0, .uname = "glenda"}), "not authenticated");
	EXPECT_EQ(c.err(Tauth{.afid = 1, .uname = "glenda"}), "");
	Tattach at{.fid = 0, .afid = 1, .uname = "glenda"};
	auto say = [&](uint32_t fid, std::string_view text) {
		return c.err(Twrite{.fid = fid, .data = std::as_bytes(std::span(text))});
	};
	EXPECT_EQ(say(1, "x"), "authrpc botch");
	EXPECT_EQ(c.err(Tread{.fid = 1, .count = 3}), "authread count too small");
	EXPECT_EQ(c.read(1), "password?");
	EXPECT_EQ(c.err(at), "not authenticated");
	EXPECT_EQ(say(1, "swordfish"), "");
	EXPECT_EQ(c.err(Tattach{.fid = 0, .afid = 1, .uname = "eve"}),
		  "auth uname mismatch");
	EXPECT_EQ(c.err(Tattach{.fid = 0, .afid = 1, .uname = "glenda", .aname = "x"}),
		  "auth aname mismatch");
	EXPECT_EQ(c.err(at), "");
	EXPECT_EQ(c.err(Tattach{.fid = 5, .afid = 0, .uname = "glenda"}),
		  "not an auth fid");
	EXPECT_EQ(c.err(Tauth{.afid = 2, .uname = "glenda"}), "");
	EXPECT_EQ(c.read(2), "password?");
	EXPECT_EQ(say(2, "guess"), "");
	EXPECT_EQ(c.err(Tread{.fid = 2, .count = 100}), "wrong password");
}

TEST(lib9p, what_an_auth_fid_keeps_is_limited)
{
	Authsrv s;
	s.limits.memory = 150 << 10;	// the message counts, too, while it lasts
	Testclient c(s);
	c.version(MAXMSIZE);
	std::string aname(60 << 10, 'a');
	EXPECT_EQ(c.err(Tauth{.afid = 1, .uname = "glenda", .aname = aname}), "");
	EXPECT_EQ(c.err(Tauth{.afid = 2, .uname = "glenda", .aname = aname}), "too much memory");
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "");
	EXPECT_EQ(c.err(Tauth{.afid = 2, .uname = "glenda", .aname = aname}), "");
}

TEST(lib9p, LP_31_a_ctl_file_looks_its_messages_up)
{
	struct Ctlsrv : Treesrv {
		void write(Req& r) override
		{
			static constexpr Cmdtab tab[] = {{1, "add", 2}, {2, "clear", 1}};
			Cmdbuf cb = parsecmd(r.data());
			if(lookupcmd(cb, tab).index == 1)
				cb.num(1);
			r.ofcall.count = r.ifcall.count;
			r.respond();
		}
	} s;
	Attached c(s);
	c.make(1, "ctl");
	auto say = [&](std::string_view text) {
		return c.err(Twrite{.fid = 1, .data = std::as_bytes(std::span(text))});
	};
	EXPECT_EQ(say("add 0x10\n"), "");
	EXPECT_EQ(say("clear"), "");
	EXPECT_EQ(say("add x"), "bad arg in system call: \"add x\"");
	EXPECT_EQ(say("drop 'all of it'"),
		  "unknown control message: \"drop 'all of it'\"");
	EXPECT_EQ(say("add 1 2"), "bad # args to command: \"add 1 2\"");
	EXPECT_EQ(say(" \n"), "empty control message");
	std::string long1 = say("drop " + std::string(1000, 'x'));
	EXPECT_EQ(long1.size(), size_t(ERRMAX - 1));
	EXPECT_TRUE(long1.ends_with("xxx\""));
}

TEST(lib9p, LP_31_respondcmderror_answers_with_the_message)
{
	struct Ctlsrv : Treesrv {
		void write(Req& r) override
		{
			respondcmderror(r, parsecmd(r.data()), "not now");
		}
	} s;
	Attached c(s);
	c.make(1, "ctl");
	std::string_view text = "hang 'up'\n";
	EXPECT_EQ(c.err(Twrite{.fid = 1, .data = std::as_bytes(std::span(text))}),
		  "not now: \"hang up\"");
}

// The flags order nothing, so that TSan sees what the engine does not order either.
TEST(lib9p, a_fid_that_is_being_opened_is_used_beside_that)
{
	struct Opensrv : Gensrv {
		std::atomic<bool> used{false};
		std::atomic<bool> opened{false};

		static void await(std::atomic<bool>& b)
		{
			while(!b.load(std::memory_order_relaxed))
				std::this_thread::yield();
		}
		void open(Req& r) override
		{
			srvrelease(r);
			await(used);
			r.ofcall.qid.vers = 1;
			Ref<Req> hold(r);
			r.respond();
			opened.store(true, std::memory_order_relaxed);
		}
		void wstat(Req& r) override
		{
			used.store(true, std::memory_order_relaxed);
			await(opened);
			r.respond();
		}
	} s;
	{
		Attached c(s);
		c.walk(0, 1, {"7"});
		Dir d = Dir::dontcare();
		std::vector<std::byte> stat(sizeD2M(d));
		convD2M(d, stat);
		c.send(Topen{.fid = 1, .mode = OREAD}, 5);
		c.send(Twstat{.fid = 1, .stat = stat}, 6);
		EXPECT_EQ(c.next(), "Ropen tag 5 qid (0000000000000007 1 ) iounit 0 ");
		EXPECT_EQ(c.next(), "Rwstat tag 6");
	}
	gsync.join();
}

TEST(lib9p, BL_4_stat_replies_are_freed_once)
{
	Treesrv s;
	Attached c(s);
	c.make(1, std::string(200, 'n'));
	c.make(2, "short");
	for(int i = 0; i < 100; i++) {
		EXPECT_EQ(c.stat(1).name.size(), 200u);
		EXPECT_EQ(c.stat(2).name, "short");
	}
}
}
