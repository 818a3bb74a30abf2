// The engine against a scripted client: sessions, tags, flushes and walks (LP-1 to
// LP-10, BL-1 to BL-6).

#include "lib9/9p/srv.h"

#include "tests/treesrv.h"

namespace p9 {

namespace {

Block
raw(std::initializer_list<int> b)
{
	Block m = Block::alloc(b.size());
	for(int x : b) {
		m.room()[0] = std::byte(x);
		m.produced(1);
	}
	return m;
}
}

TEST(lib9p, LP_1_a_message_that_cannot_be_converted_ends_the_session)
{
	Treesrv s;
	Testclient c(s);
	c.version();
	// A Tread that says it is longer than its fields.
	c.sendraw(raw({24, 0, 0, 0, 116, 1, 0, 0, 0, 0, 0, 0,
		       0,  0, 0, 0, 0,	 0, 0, 0, 0, 0, 0, 0}));
	EXPECT_EQ(c.next(), "end");
	c.end();
	ASSERT_EQ(s.lines.size(), 1u); // BL-9: but not in silence
	EXPECT_EQ(s.lines[0], "treesrv: bad Tread from client");
}

TEST(lib9p, LP_1_BL_9_a_bad_size_ends_the_session_with_a_line)
{
	for(Block* b : {new Block(raw({6, 0, 0, 0, 100, 0})),
			new Block(raw({9, 0, 0, 0, 120, 1, 0}))}) {
		Treesrv s;
		Testclient c(s);
		c.sendraw(std::move(*b));
		delete b;
		EXPECT_EQ(c.next(), "end");
		c.end();
		EXPECT_EQ(s.lines.size(), 1u);
	}
}

TEST(lib9p, LP_1_a_message_above_msize_ends_the_session)
{
	Treesrv s;
	Attached c(s, 300);
	std::string name(400, 'x');
	c.send(Tcreate{.fid = 0, .name = name, .perm = 0, .mode = 0});
	EXPECT_EQ(c.next(), "end");
}

TEST(lib9p, LP_1_a_connection_that_cannot_be_read_has_ended)
{
	struct Cut final : Transport {
		int nwritten = 0;
		Block read() override { error(Ehungup); }
		void write(Block) override { nwritten++; }
	} cut;
	struct Endsrv : Treesrv {
		int nended = 0;
		void end() override { nended++; }
	} s;
	s.serve(cut);
	EXPECT_EQ(s.nended, 1);
	EXPECT_EQ(cut.nwritten, 0);
}

TEST(lib9p, LP_2_BL_5_a_duplicate_tag_is_refused_and_the_first_request_lives)
{
	Keepsrv s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	EXPECT_EQ(c.err(Tstat{.fid = 1}, 5), "duplicate tag");
	s.answer("x");
	EXPECT_EQ(c.next(), "Rread tag 5 count 1 'x'");
}

TEST(lib9p, BL_1_a_Tflush_with_a_duplicate_tag_harms_nobody)
{
	Keepsrv s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	EXPECT_EQ(c.err(Tflush{.oldtag = 5}, 5), "duplicate tag");
	EXPECT_EQ(c.rpc(Tflush{.oldtag = 6}, 6), "Rflush tag 6");
	s.answer("x");
	EXPECT_EQ(c.next(), "Rread tag 5 count 1 'x'");
}

TEST(lib9p, LP_3_an_unknown_message_gets_an_error)
{
	Treesrv s;
	Testclient c(s);
	c.version();
	c.sendraw(raw({7, 0, 0, 0, 121, 3, 0}));
	EXPECT_EQ(c.next(), "Rerror tag 3 ename unknown message");
	c.sendraw(raw({7, 0, 0, 0, Rclunk::type, 3, 0})); // no request either
	EXPECT_EQ(c.next(), "Rerror tag 3 ename unknown message");
	c.sendraw(raw({7, 0, 0, 0, 200, 3, 0}));
	EXPECT_EQ(c.next(), "Rerror tag 3 ename unknown message");
}

TEST(lib9p, LP_4_BL_6_tversion_settles_the_message_size)
{
	Treesrv s;
	Testclient c(s);
	auto ask = [&](uint32_t msize, std::string_view v) {
		return c.rpc(Tversion{.msize = msize, .version = v}, NOTAG);
	};
	EXPECT_EQ(ask(8216, "9P2000"), "Rversion tag 65535 msize 8216 version '9P2000'");
	EXPECT_EQ(ask(1 << 30, "9P2000.L"),
		  "Rversion tag 65535 msize 1048600 version '9P2000'");
	EXPECT_EQ(c.conn.max, size_t(MAXMSIZE));
	EXPECT_EQ(ask(255, "9P2000"),
		  "Rerror tag 65535 ename version: message size too small");
	EXPECT_EQ(ask(256, "9P2000"), "Rversion tag 65535 msize 256 version '9P2000'");
	EXPECT_EQ(ask(8216, "Styx"), "Rversion tag 65535 msize 256 version 'unknown'");
	EXPECT_EQ(c.conn.max, 8216u); // an unknown version does not shrink what we read
}

TEST(lib9p, EX_16_a_client_is_not_answered_with_a_later_version_than_its_own)
{
	Treesrv s;
	Testclient c(s);
	auto ask = [&](std::string_view v) {
		return std::string(
			c.call<Rversion>(Tversion{.msize = 8216, .version = v}).version);
	};
	for(auto v : {"9P", "9P1", "9P1999", "9P1999.x", "9", "", "8P2000", ".9P2000"})
		EXPECT_EQ(ask(v), "unknown") << v;
	for(auto v : {"9P2000", "9P2000.", "9P2000.u", "9P2000.x.y", "9P2050", "9P3"})
		EXPECT_EQ(ask(v), "9P2000") << v;
}

TEST(lib9p, LP_4_a_server_may_set_a_smaller_limit)
{
	Treesrv s;
	s.maxmsize = 1000;
	Testclient c(s);
	EXPECT_EQ(c.rpc(Tversion{.msize = 8216, .version = "9P2000"}, NOTAG),
		  "Rversion tag 65535 msize 1000 version '9P2000'");
	EXPECT_EQ(c.conn.max, 1000u);
}

TEST(lib9p, BL_3_tversion_clunks_all_fids_and_aborts_what_is_outstanding)
{
	Keepsrv s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	c.send(Tversion{.msize = 8216, .version = "9P2000"}, NOTAG);
	EXPECT_EQ(c.next(), "Rerror tag 5 ename interrupted");
	EXPECT_EQ(c.next(), "Rversion tag 65535 msize 8216 version '9P2000'");
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "unknown fid");
	c.attach(0);
	EXPECT_EQ(c.walk(0, 1, {"8"}), "");
}

TEST(lib9p, LP_5_auth_without_a_hook_is_refused_and_the_fid_is_free)
{
	Treesrv s;
	Testclient c(s);
	c.version();
	EXPECT_EQ(c.err(Tauth{.afid = 9, .uname = "glenda"}),
		  "treesrv: authentication not required");
	c.attach(9);
	EXPECT_EQ(c.err(Tauth{.afid = 9, .uname = "glenda"}), "duplicate fid");
}

TEST(lib9p, LP_5_an_auth_fid_can_be_read_and_written)
{
	struct Authsrv : Gensrv {
		void auth(Req& r) override
		{
			r.ofcall.qid.path = 77;
			r.respond();
		}
		void read(Req& r) override
		{
			readstr(r, r.fid->qid.type & QTAUTH ? "challenge" : "file");
			r.respond();
		}
	} s;
	Testclient c(s);
	c.version();
	EXPECT_EQ(c.call<Rauth>(Tauth{.afid = 9}).aqid.path, 77u);
	EXPECT_EQ(c.read(9), "challenge");
	EXPECT_EQ(c.err(Tattach{.fid = 0, .afid = 9}), "");
}

TEST(lib9p, LP_5_an_auth_fid_is_open_as_its_hook_says_or_for_both)
{
	struct Authsrv : Gensrv {
		std::string said;
		void auth(Req& r) override
		{
			if(r.ifcall.aname == "readonly")
				r.afid->omode = OREAD;
			if(r.ifcall.aname == "no")
				error("no such tree");
			r.respond();
		}
		void write(Req& r) override
		{
			r.ofcall.count = uint32_t(r.data().size());
			r.respond();
		}
	} s;
	Testclient c(s);
	c.version();
	EXPECT_EQ(c.err(Tauth{.afid = 1, .uname = "glenda"}), "");
	EXPECT_EQ(c.write(1, 0, "answer"), 6u);
	EXPECT_EQ(c.err(Tauth{.afid = 2, .aname = "readonly"}), "");
	EXPECT_EQ(c.err(Twrite{.fid = 2}), "9P protocol botch");
	EXPECT_EQ(c.err(Tauth{.afid = 3, .aname = "no"}), "no such tree");
	EXPECT_EQ(c.err(Tclunk{.fid = 3}), "unknown fid");
}

TEST(lib9p, LP_6_attach_has_the_root_and_the_user_before_its_hook)
{
	struct Seesrv : Treesrv {
		void attach(Req& r) override
		{
			EXPECT_EQ(r.fid->uid, "eve");
			EXPECT_EQ(r.fid->file, tree->root);
			EXPECT_EQ(r.ofcall.qid, tree->qidof(*tree->root));
			EXPECT_FALSE(r.afid);
			Treesrv::attach(r);
		}
	} s;
	s.tree->written(*s.tree->root, "glenda"); // vers is not 0
	Testclient c(s);
	c.version();
	EXPECT_EQ(c.attach(0, "eve").vers, 1u);
}

TEST(lib9p, LP_6_attach_knows_its_fids)
{
	Treesrv s;
	Testclient c(s);
	c.version();
	EXPECT_EQ(c.attach(0).type, QTDIR);
	EXPECT_EQ(c.err(Tattach{.fid = 0}), "duplicate fid");
	EXPECT_EQ(c.err(Tattach{.fid = 1, .afid = 7}), "unknown fid");
	EXPECT_EQ(c.err(Tattach{.fid = 1}), "");
}

TEST(lib9p, LP_6_a_failed_attach_frees_its_fid)
{
	struct Nosrv : Gensrv {
		void attach(Req& r) override
		{
			if(r.ifcall.aname == "no")
				error("not here", "x");
			r.respond();
		}
	} s;
	Testclient c(s);
	c.version();
	EXPECT_EQ(c.err(Tattach{.fid = 1, .aname = "no"}), "not here");
	EXPECT_EQ(c.err(Tattach{.fid = 1, .aname = "yes"}), "");
}

TEST(lib9p, LP_7_a_flush_of_nothing_is_answered_at_once)
{
	Treesrv s;
	Attached c(s);
	EXPECT_EQ(c.rpc(Tflush{.oldtag = 99}, 3), "Rflush tag 3");
	EXPECT_EQ(c.rpc(Tflush{.oldtag = 3}, 3), "Rflush tag 3");
}

TEST(lib9p, LP_7_flushes_wait_for_the_request_and_come_in_order)
{
	Keepsrv s;
	s.cancels = false;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	c.send(Tflush{.oldtag = 5}, 8);
	c.send(Tflush{.oldtag = 5}, 7);
	c.send(Tflush{.oldtag = 8}, 6); // a flush of a flush comes behind it
	EXPECT_TRUE(c.conn.out.waits(30));
	s.answer("x");
	EXPECT_EQ(c.next(), "Rread tag 5 count 1 'x'");
	EXPECT_EQ(c.next(), "Rflush tag 8");
	EXPECT_EQ(c.next(), "Rflush tag 7");
	EXPECT_EQ(c.next(), "Rflush tag 6");
}

TEST(lib9p, LP_7_a_flush_hook_that_answers_late_keeps_the_order)
{
	Keepsrv s;
	s.holdflush = true;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	s.cancels = false;
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	c.send(Tflush{.oldtag = 5}, 8);
	c.send(Tflush{.oldtag = 5}, 7);
	s.waitflushes(2);
	s.answer("x");
	EXPECT_EQ(c.next(), "Rread tag 5 count 1 'x'");
	s.flushes[1]->respond();
	EXPECT_TRUE(c.conn.out.waits(30));
	s.flushes[0]->respond();
	EXPECT_EQ(c.next(), "Rflush tag 8");
	EXPECT_EQ(c.next(), "Rflush tag 7");
	s.holdflush = false;
}

TEST(lib9p, LP_7_a_chain_of_flushes_as_long_as_may_be)
{
	Keepsrv s;
	s.cancels = false;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 0);
	s.wait(1);
	for(uint16_t i = 1; i <= 512; i++)
		c.send(Tflush{.oldtag = uint16_t(i - 1)}, i);
	EXPECT_EQ(c.err(Tflush{.oldtag = 0}, 999), "too many requests");
	s.answer("x");
	EXPECT_EQ(c.next(), "Rread tag 0 count 1 'x'");
	for(int i = 1; i <= 512; i++)
		EXPECT_EQ(c.next(), "Rflush tag " + std::to_string(i));
}

TEST(lib9p, LP_8_walk_checks_its_fids)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f");
	EXPECT_EQ(c.walk(8, 2, {"f"}), "unknown fid");
	EXPECT_EQ(c.walk(1, 2, {}), "cannot clone open fid");
	EXPECT_EQ(c.walk(0, 1, {"f"}), "duplicate fid");
	EXPECT_EQ(c.walk(0, 2, {"f"}), "");
	EXPECT_EQ(c.walk(2, 3, {"x"}), "walk in non-directory");
}

TEST(lib9p, LP_8_a_server_that_cannot_walk_says_so_and_lives)
{
	Srv s(gsync);
	Attached c(s);
	EXPECT_EQ(c.walk(0, 1, {"x"}), "no walk function, no file trees");
	EXPECT_EQ(c.walk(0, 1, {}), "");
	EXPECT_EQ(c.err(Tstat{.fid = 1}), "stat prohibited");
	EXPECT_EQ(c.err(Tcreate{.fid = 1, .name = "x"}), "create prohibited");
	EXPECT_EQ(c.err(Topen{.fid = 1, .mode = OREAD}), "");
	EXPECT_EQ(c.err(Tread{.fid = 1, .count = 1}), "no srv->read");
	EXPECT_EQ(c.err(Tremove{.fid = 1}), "remove prohibited");
}

TEST(lib9p, LP_9_a_short_walk_answers_what_it_walked)
{
	Gensrv s;
	Attached c(s);
	Twalk m{.fid = 0, .newfid = 1};
	for(std::string_view n : {"d", "d", "none", "d"})
		m.wname.add(n);
	EXPECT_EQ(c.call<Rwalk>(m).wqid.size(), 2u);
	EXPECT_EQ(c.err(Tstat{.fid = 1}), "unknown fid");
	EXPECT_EQ(c.walk(0, 1, {"none"}), "file not found");
	EXPECT_EQ(c.walk(0, 1, {"broken"}), "is broken");
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "unknown fid");
	Twalk half{.fid = 0, .newfid = 1}; // only the first name's error counts
	half.wname.add("d");
	half.wname.add("broken");
	EXPECT_EQ(c.call<Rwalk>(half).wqid.size(), 1u);
	EXPECT_EQ(c.walk(0, 1, {"d", "d", "5"}), "");
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "");
}

TEST(lib9p, LP_9_BL_12_an_error_of_the_walk_hook_is_not_turned_to_success)
{
	struct Halfsrv : Gensrv {
		void walk(Req& r) override
		{
			r.ofcall.wqid.add(Qid{.path = 1, .vers = 0, .type = QTDIR});
			r.responderror("clone failed");
		}
	} s;
	Attached c(s);
	EXPECT_EQ(c.walk(0, 1, {"d", "d"}), "clone failed");
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "unknown fid");
}

TEST(lib9p, LP_10_a_fid_can_walk_itself_by_many_names)
{
	Gensrv s;
	Attached c(s);
	EXPECT_EQ(c.walk(0, 1, {}), "");
	EXPECT_EQ(c.walk(1, 1, {"d", "d", "5"}), "");
	EXPECT_EQ(c.err(Topen{.fid = 1, .mode = OREAD}), "");
	EXPECT_EQ(c.read(1), "5");
	EXPECT_EQ(c.walk(0, 2, {}), "");
	Twalk m{.fid = 2, .newfid = 2};
	m.wname.add("d");
	m.wname.add("none");
	EXPECT_EQ(c.call<Rwalk>(m).wqid.size(), 1u);
	EXPECT_EQ(c.walk(2, 2, {"6"}), ""); // it had stayed where it was
}
}
