// Servers that do what no server may: the client's session ends, or its request
// fails, and the process and its other sessions go on.

#include <stdexcept>

#include "lib9/9p/reqqueue.h"

#include "tests/treesrv.h"

namespace p9 {

namespace {

// Its stat hook is fn.
class Badsrv : public Gensrv {
	std::function<void(Req&)> fn;

public:
	std::vector<std::string> lines;

	explicit Badsrv(std::function<void(Req&)> f) : fn(std::move(f))
	{
		log = [this](std::string_view s) { lines.emplace_back(s); };
	}
	void stat(Req& r) override { fn(r); }
};

// What a Tstat gets, and what is in the log when its session has ended.
void
expectend(std::function<void(Req&)> fn, std::string_view reply, std::string_view line)
{
	Badsrv s(std::move(fn));
	{
		Attached c(s);
		EXPECT_EQ(c.rpc(Tstat{.fid = 0}).substr(0, reply.size()), reply);
		EXPECT_EQ(c.next(), "end");
	}
	gsync.join();
	ASSERT_EQ(s.lines.size(), 1u);
	EXPECT_EQ(s.lines[0], line);
	Attached other(s); // the Srv is still good
}
}

TEST(lib9p, LP_20_an_answer_too_many_ends_the_session_alone)
{
	expectend(
		[](Req& r) {
			r.respond();
			r.respond();
		},
		"Rstat", "gensrv: a request was answered twice");
	expectend(
		[](Req& r) {
			r.responderror("no");
			r.responderror("no!");
		},
		"Rerror tag 1 ename no", "gensrv: a request was answered twice");
	expectend(
		[](Req& r) {
			srvrelease(r);
			r.respond();
			r.respond();
		},
		"Rstat", "gensrv: a request was answered twice");
}

TEST(lib9p, LP_20_a_flush_that_is_answered_twice_harms_nobody)
{
	struct Twicesrv : Keepsrv {
		void flush(Req& r) override
		{
			Ref<Req> hold(r);
			r.respond();
			r.respond();
			answer("x");
			r.respond(); // it has gone out
		}
	} s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	EXPECT_EQ(c.rpc(Tflush{.oldtag = 5}, 6), "Rread tag 5 count 1 'x'");
	EXPECT_EQ(c.next(), "Rflush tag 6");
	EXPECT_EQ(c.next(), "end");
}

TEST(lib9p, LP_9_a_walk_that_answers_too_much_ends_the_session_alone)
{
	struct Farsrv : Gensrv {
		void walk(Req& r) override
		{
			for(int i = 0; i < 20; i++)
				r.ofcall.wqid.add(Qid{.path = 1, .vers = 0, .type = 0});
			r.respond();
		}
	} s;
	Attached c(s);
	EXPECT_EQ(c.walk(0, 1, {"a"}), "i/o error");
	EXPECT_EQ(c.next(), "end");
}

TEST(lib9p, LP_23_release_and_acquire_that_do_not_pair_end_the_session_alone)
{
	expectend([](Req& r) { srvacquire(r); }, "Rerror tag 1 ename i/o error",
		  "gensrv: srvacquire without srvrelease");
	expectend(
		[](Req& r) {
			srvrelease(r);
			srvrelease(r);
		},
		"Rerror tag 1 ename i/o error", "gensrv: srvrelease without srvacquire");
	expectend(
		[](Req& r) {
			srvrelease(r);
			srvacquire(r);
			srvacquire(r);
		},
		"Rerror tag 1 ename i/o error", "gensrv: srvacquire without srvrelease");
}

TEST(lib9p, LP_24_a_hook_of_another_message_gets_no_room_to_read_into)
{
	expectend([](Req& r) { r.readroom(); }, "Rerror tag 1 ename i/o error",
		  "gensrv: readroom of a request that is no Tread");
	expectend([](Req& r) { r.data(); }, "Rerror tag 1 ename i/o error",
		  "gensrv: data of a request that is no Twrite");
	expectend([](Req& r) { readstr(r, "x"); }, "Rerror tag 1 ename i/o error",
		  "gensrv: readbuf of a request that is no Tread");
}

TEST(lib9p, a_hook_that_throws_what_is_no_Error_fails_its_request_alone)
{
	Badsrv s([](Req&) { throw std::out_of_range("index 7"); });
	Attached c(s);
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "i/o error");
	EXPECT_EQ(c.walk(0, 1, {}), "");
	c.end();
	ASSERT_EQ(s.lines.size(), 1u);
	EXPECT_EQ(s.lines[0], "gensrv: index 7");
}

TEST(lib9p, LP_28_so_does_what_a_queue_serves)
{
	struct Qsrv : Gensrv {
		Reqqueue q{gsync, "q"};
		void stat(Req& r) override
		{
			q.push(r, [](Req&) { throw std::bad_alloc(); });
		}
		void flush(Req& r) override { q.flush(r); }
		void end() override { q.end(); }
	} s;
	{
		Attached c(s);
		EXPECT_EQ(c.err(Tstat{.fid = 0}), "i/o error");
		EXPECT_EQ(c.walk(0, 1, {}), "");
	}
	gsync.join();
}
}
