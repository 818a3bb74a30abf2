// The engine against a scripted client: the rows LP-1 to LP-27 and the faults BL-1
// to BL-12, on a tree server, a server that computes its files, and one that keeps
// its requests.

#include "lib9/9p/srv.h"

#include <algorithm>

#include "tests/treesrv.h"

namespace p9 {

namespace {

// /n is a file for every number n; its text is n.  Directories go to any depth under d.
class Gensrv : public Srv {
public:
	Gensrv() : Srv(gsync) { name = "gensrv"; }

	std::optional<Qid> walk1(Fid& f, std::string_view elem) override
	{
		if(elem == "..")
			return Qid{.path = 0, .vers = 0, .type = QTDIR};
		if(elem == "d")
			return Qid{.path = f.qid.path + 1000, .vers = 0, .type = QTDIR};
		if(elem == "broken")
			error("is broken");
		if(elem.size() > 3 || elem.find_first_not_of("0123456789") != elem.npos)
			return {};
		return Qid{.path = uint64_t(std::stoi(std::string(elem))), .vers = 0, .type = 0};
	}
	void read(Req& r) override
	{
		if(r.fid->isdir())
			dirread9p(r, [](size_t n) -> std::optional<Dir> {
				if(n >= 100)
					return {};
				Dir d;
				d.name = std::to_string(n);
				return d;
			});
		else
			readstr(r, std::to_string(r.fid->qid.path));
		r.respond();
	}
};

// Keeps its reads until it is told to answer.
class Keepsrv : public Gensrv {
public:
	std::mutex m;
	std::condition_variable c;
	std::vector<Req*> kept;
	std::vector<Req*> flushes;
	bool holdflush = false;
	bool cancels = true;

	void read(Req& r) override
	{
		std::scoped_lock l(m);
		kept.push_back(&r);
		c.notify_all();
	}
	void flush(Req& r) override
	{
		std::unique_lock l(m);
		auto it = std::ranges::find(kept, r.oldreq.get());
		if(it != kept.end() && cancels) {
			Req* old = *it;
			kept.erase(it);
			old->responderror(Eintr);
		}
		if(holdflush) {
			flushes.push_back(&r);
			c.notify_all();
			return;
		}
		l.unlock();
		r.respond();
	}
	void wait(size_t n)
	{
		std::unique_lock l(m);
		c.wait(l, [&] { return kept.size() >= n; });
	}
	void waitflushes(size_t n)
	{
		std::unique_lock l(m);
		c.wait(l, [&] { return flushes.size() >= n; });
	}
	void answer(std::string_view s)
	{
		std::vector<Req*> v;
		{
			std::scoped_lock l(m);
			v.swap(kept);
		}
		for(Req* r : v) {
			readstr(*r, s);
			r->respond();
		}
	}
};

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
	c.sendraw(raw({24, 0, 0, 0, 116, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
	EXPECT_EQ(c.next(), "end");
	c.end();
	ASSERT_EQ(s.lines.size(), 1u);	// BL-9: but not in silence
	EXPECT_EQ(s.lines[0], "treesrv: bad Tread from client");
}

TEST(lib9p, LP_1_BL_9_a_bad_size_ends_the_session_with_a_line)
{
	for(Block* b : {new Block(raw({6, 0, 0, 0, 100, 0})), new Block(raw({9, 0, 0, 0, 120, 1, 0}))}) {
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
	c.sendraw(raw({7, 0, 0, 0, 200, 3, 0}));
	EXPECT_EQ(c.next(), "Rerror tag 3 ename unknown message");
}

TEST(lib9p, LP_4_tversion_settles_the_message_size)
{
	Treesrv s;
	Testclient c(s);
	auto ask = [&](uint32_t msize, std::string_view v) {
		return c.rpc(Tversion{.msize = msize, .version = v}, NOTAG);
	};
	EXPECT_EQ(ask(8216, "9P2000"), "Rversion tag 65535 msize 8216 version '9P2000'");
	EXPECT_EQ(ask(1 << 30, "9P2000.L"), "Rversion tag 65535 msize 1048600 version '9P2000'");
	EXPECT_EQ(c.conn.max, size_t(MAXMSIZE));
	EXPECT_EQ(ask(255, "9P2000"),
		"Rerror tag 65535 ename version: message size too small");
	EXPECT_EQ(ask(256, "9P2000"), "Rversion tag 65535 msize 256 version '9P2000'");
	EXPECT_EQ(ask(8216, "Styx"), "Rversion tag 65535 msize 256 version 'unknown'");
	EXPECT_EQ(c.conn.max, 8216u);	// BL-6: an unknown version does not shrink what we read
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
	c.send(Tflush{.oldtag = 8}, 6);	// a flush of a flush comes behind it
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
	EXPECT_EQ(c.walk(2, 2, {"6"}), "");	// it had stayed where it was
}

TEST(lib9p, LP_11_open_checks_state_kind_and_permission)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f", 0640);
	EXPECT_EQ(c.err(Topen{.fid = 9, .mode = OREAD}), "unknown fid");
	EXPECT_EQ(c.err(Topen{.fid = 1, .mode = OREAD}), "9P protocol botch");
	EXPECT_EQ(c.err(Topen{.fid = 0, .mode = OWRITE}), "file is a directory");
	EXPECT_EQ(c.err(Topen{.fid = 0, .mode = OREAD | OTRUNC}), "file is a directory");
	c.attach(10, "eve");
	EXPECT_EQ(c.walk(10, 11, {"f"}), "");
	EXPECT_EQ(c.err(Topen{.fid = 11, .mode = OREAD}), "permission denied");
	EXPECT_EQ(c.err(Topen{.fid = 11, .mode = OREAD | OTRUNC}), "permission denied");
	EXPECT_EQ(c.walk(0, 2, {"f"}), "");
	EXPECT_EQ(c.err(Topen{.fid = 2, .mode = OEXEC}), "permission denied");
	EXPECT_EQ(c.err(Topen{.fid = 2, .mode = ORDWR}), "");
	EXPECT_EQ(c.err(Topen{.fid = 0, .mode = OREAD | ORCLOSE}), "permission denied");
	EXPECT_EQ(c.err(Topen{.fid = 0, .mode = OREAD}), "");
}

TEST(lib9p, LP_12_create_checks_its_directory_and_name)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f");
	EXPECT_EQ(c.err(Tcreate{.fid = 9, .name = "x"}), "unknown fid");
	EXPECT_EQ(c.err(Tcreate{.fid = 1, .name = "x"}), "9P protocol botch");
	EXPECT_EQ(c.walk(0, 2, {"f"}), "");
	EXPECT_EQ(c.err(Tcreate{.fid = 2, .name = "x"}), "create in non-directory");
	EXPECT_EQ(c.walk(0, 3, {}), "");
	EXPECT_EQ(c.err(Tcreate{.fid = 3, .name = "f"}), "file already exists");
	for(std::string_view bad : {"", ".", ".."})
		EXPECT_EQ(c.err(Tcreate{.fid = 3, .name = bad}), "file name syntax");
	EXPECT_EQ(c.err(Tcreate{.fid = 3, .name = "a/b"}), "bad character in file name");
	c.attach(10, "eve");
	EXPECT_EQ(c.err(Tcreate{.fid = 10, .name = "x"}), "permission denied");
	EXPECT_EQ(c.err(Tcreate{.fid = 3, .name = "ok", .perm = 0777}), "");
	EXPECT_EQ(c.stat(3).mode, 0775u);	// no more than its directory
}

TEST(lib9p, LP_13_iounit_is_clamped_and_the_qid_is_kept)
{
	struct Iosrv : Gensrv {
		void open(Req& r) override
		{
			r.ofcall.iounit = 1 << 20;
			r.ofcall.qid.vers = 7;
			r.respond();
		}
	} s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	Ropen r = c.call<Ropen>(Topen{.fid = 1, .mode = OREAD});
	EXPECT_EQ(r.iounit, 8192u);
	EXPECT_EQ(r.qid.vers, 7u);
}

TEST(lib9p, LP_14_BL_10_read_checks_mode_and_offset_and_clamps_the_count)
{
	Treesrv s;
	Attached c(s, 1024 + IOHDRSZ);
	c.make(1, "f");
	EXPECT_EQ(c.write(1, 0, std::string(1000, 'a')), 1000u);
	EXPECT_EQ(c.write(1, 1000, std::string(1000, 'b')), 1000u);
	EXPECT_EQ(c.read(1, 0, 100000).size(), 1024u);
	EXPECT_EQ(c.read(1, 1990, 100), "bbbbbbbbbb");
	EXPECT_EQ(c.read(1, 2000, 100), "");
	EXPECT_EQ(c.read(1, uint64_t(1) << 62, 100), "");
	EXPECT_EQ(c.err(Tread{.fid = 1, .offset = ~uint64_t(0), .count = 1}), "bad offset");
	EXPECT_EQ(c.err(Tread{.fid = 1, .offset = 0, .count = 1u << 31}), "9P protocol botch");
	EXPECT_EQ(c.err(Tread{.fid = 9, .count = 1}), "unknown fid");
	EXPECT_EQ(c.walk(0, 2, {"f"}), "");
	EXPECT_EQ(c.err(Tread{.fid = 2, .count = 1}), "9P protocol botch");
	EXPECT_EQ(c.err(Topen{.fid = 2, .mode = OWRITE}), "");
	EXPECT_EQ(c.err(Tread{.fid = 2, .count = 1}), "9P protocol botch");
}

TEST(lib9p, LP_14_a_directory_is_read_from_its_start_or_where_it_ended)
{
	Treesrv s;
	Attached c(s);
	for(int i = 0; i < 50; i++)
		c.make(uint32_t(10 + i), "file" + std::to_string(i));
	EXPECT_EQ(c.err(Topen{.fid = 0, .mode = OREAD}), "");
	std::vector<std::string> names;
	uint64_t off = 0;
	for(;;) {
		std::string got = c.read(0, off, 300);
		if(got.empty())
			break;
		EXPECT_EQ(c.err(Tread{.fid = 0, .offset = off + 1, .count = 300}), "bad offset");
		off += got.size();
		Bytes b = std::as_bytes(std::span(got));
		while(!b.empty())
			names.push_back(convM2D(takeentry(b))->name);
		if(names.size() == 8) {	// files that go and come disturb nobody
			EXPECT_EQ(c.err(Tremove{.fid = 12}), "");
		}
	}
	EXPECT_EQ(names.size(), 50u);
	EXPECT_EQ(names[49], "file49");
	EXPECT_FALSE(c.read(0, 0, 300).empty());
}

TEST(lib9p, LP_15_write_checks_mode_and_kind)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f");
	EXPECT_EQ(c.write(1, 0, "hello"), 5u);
	EXPECT_EQ(c.write(1, 3, "p me"), 4u);
	EXPECT_EQ(c.read(1), "help me");
	uint32_t vers = c.stat(1).qid.vers;
	c.write(1, 0, "");
	EXPECT_EQ(c.stat(1).qid.vers, vers + 1);
	EXPECT_EQ(c.stat(1).muid, "glenda");	// BL-7
	EXPECT_EQ(c.stat(1).length, 7u);
	EXPECT_EQ(c.err(Twrite{.fid = 9}), "unknown fid");
	EXPECT_EQ(c.err(Twrite{.fid = 1, .offset = ~uint64_t(0)}), "9P protocol botch");
	c.walk(0, 2, {"f"});
	EXPECT_EQ(c.err(Twrite{.fid = 2}), "9P protocol botch");
	c.err(Topen{.fid = 2, .mode = OREAD});
	EXPECT_EQ(c.err(Twrite{.fid = 2}), "9P protocol botch");
	c.err(Topen{.fid = 0, .mode = OREAD});
	EXPECT_EQ(c.err(Twrite{.fid = 0}), "9P protocol botch");
	EXPECT_EQ(c.err(Twrite{.fid = 1, .offset = 1 << 30}), "too far");
}

TEST(lib9p, LP_16_a_clunked_fid_is_unknown)
{
	Treesrv s;
	Attached c(s);
	EXPECT_EQ(c.err(Tclunk{.fid = 5}), "unknown fid");
	c.walk(0, 5, {});
	EXPECT_EQ(c.err(Tclunk{.fid = 5}), "");
	EXPECT_EQ(c.err(Tclunk{.fid = 5}), "unknown fid");
	EXPECT_EQ(c.walk(0, 5, {}), "");
}

TEST(lib9p, LP_16_what_was_opened_orclose_is_removed_at_its_clunk)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f", 0664, ORDWR | ORCLOSE);
	EXPECT_EQ(c.walk(0, 2, {"f"}), "");
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "");
	EXPECT_EQ(c.walk(0, 3, {"f"}), "file not found");
	c.make(4, "g", 0664, ORDWR | ORCLOSE);
	c.end();	// and when its client dies
	EXPECT_FALSE(s.tree->walkfile(*s.tree->root, "g"));
}

TEST(lib9p, LP_17_remove_always_clunks)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "d", DMDIR | 0775, OREAD);
	c.walk(0, 2, {"d"});
	c.err(Tcreate{.fid = 2, .name = "x", .perm = 0664, .mode = ORDWR});
	EXPECT_EQ(c.err(Tremove{.fid = 1}), "remove d: has children");
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "unknown fid");
	c.attach(10, "eve");
	c.walk(10, 11, {"d"});
	EXPECT_EQ(c.err(Tremove{.fid = 11}), "permission denied");
	EXPECT_EQ(c.err(Tremove{.fid = 2}), "");
	c.walk(0, 3, {"d"});
	EXPECT_EQ(c.err(Tremove{.fid = 3}), "");
	EXPECT_EQ(c.err(Tremove{.fid = 3}), "unknown fid");
	EXPECT_EQ(c.err(Tremove{.fid = 0}), "remove /: cannot remove root");
}

TEST(lib9p, LP_18_stat_shows_the_tree)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f", 0640);
	Dir d = c.stat(1);
	EXPECT_EQ(d.name, "f");
	EXPECT_EQ(d.uid, "glenda");
	EXPECT_EQ(d.gid, "sys");
	EXPECT_EQ(d.mode, 0640u);
	EXPECT_EQ(c.stat(0).name, "/");
	EXPECT_EQ(c.err(Tstat{.fid = 9}), "unknown fid");
}

TEST(lib9p, LP_19_wstat_checks_what_it_is_sent)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f");
	auto change = [&](auto set) {
		Dir d = Dir::dontcare();
		set(d);
		return c.wstat(1, d);
	};
	std::byte junk[4] = {};
	EXPECT_EQ(c.err(Twstat{.fid = 1, .stat = junk}), "bad directory in wstat");
	EXPECT_EQ(change([](Dir& d) { d.qid.path = 99; }),
		"wstat -- attempt to change qid.path");
	EXPECT_EQ(change([](Dir& d) { d.qid.vers = 99; }),
		"wstat -- attempt to change qid.vers");
	EXPECT_EQ(change([](Dir& d) { d.qid.type = QTDIR; }),
		"wstat -- attempt to change qid.type");
	EXPECT_EQ(change([](Dir& d) { d.mode = DMAUTH; }), "wstat -- unknown bits in mode");
	EXPECT_EQ(change([](Dir& d) { d.mode = DMDIR | 0777; }),
		"wstat -- qid.type/mode mismatch");
	EXPECT_EQ(change([](Dir& d) { d.name = "a/b"; }), "bad character in file name");
	EXPECT_EQ(change([](Dir& d) { d.mode = 0600; }), "");
	EXPECT_EQ(c.stat(1).mode, 0600u);
	EXPECT_EQ(change([](Dir& d) { d.name = "g"; }), "");
	EXPECT_EQ(c.walk(0, 2, {"g"}), "");
	EXPECT_EQ(c.walk(0, 3, {"f"}), "file not found");
}

TEST(lib9p, LP_19_wstat_checks_permissions_in_a_tree)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f", 0644);
	c.make(2, "g", 0644);
	c.attach(10, "eve");
	c.walk(10, 11, {"f"});
	auto change = [&](uint32_t fid, auto set) {
		Dir d = Dir::dontcare();
		set(d);
		return c.wstat(fid, d);
	};
	EXPECT_EQ(change(11, [](Dir& d) { d.mode = 0666; }), "not owner");
	EXPECT_EQ(change(11, [](Dir& d) { d.mtime = 5; }), "not owner");
	EXPECT_EQ(change(11, [](Dir& d) { d.gid = "eve"; }), "not owner");
	EXPECT_EQ(change(11, [](Dir& d) { d.name = "h"; }), "permission denied");
	EXPECT_EQ(change(11, [](Dir& d) { d.length = 0; d.mode = 0644; }), "");
	EXPECT_EQ(change(11, [](Dir& d) { d.length = 7; }), "permission denied");
	EXPECT_EQ(change(1, [](Dir& d) { d.uid = "eve"; }), "permission denied");
	EXPECT_EQ(change(1, [](Dir& d) { d.name = "g"; }), "file already exists");
	EXPECT_EQ(change(1, [](Dir& d) { d.gid = "eve"; }), "");
	EXPECT_EQ(change(11, [](Dir& d) { d.mode = 0600; }), "");	// now its leader
}

TEST(lib9p, LP_20_a_tag_is_free_as_soon_as_its_reply_is_there)
{
	Treesrv s;
	Attached c(s);
	for(int i = 0; i < 2000; i++)
		ASSERT_EQ(c.err(Tstat{.fid = 0}, 7), "");
}

TEST(lib9p, LP_21_a_fid_lives_while_a_request_uses_it)
{
	struct Countsrv : Keepsrv {
		std::atomic<int> gone{0};
		void destroyfid(Fid&) override { gone++; }
	} s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "");
	EXPECT_EQ(s.gone, 0);
	s.answer("x");
	EXPECT_EQ(c.next(), "Rread tag 5 count 1 'x'");
	c.end();
	EXPECT_EQ(s.gone, 2);
}

TEST(lib9p, LP_22_start_comes_first_and_end_last)
{
	struct Endsrv : Treesrv {
		std::string log2;
		void start() override { log2 += "start "; }
		void end() override { log2 += "end"; }
		void destroyfid(Fid& f) override
		{
			Treesrv::destroyfid(f);
			log2 += "fid ";
		}
	} s;
	Attached c(s);
	c.end();
	EXPECT_EQ(s.log2, "start fid end");
}

TEST(lib9p, LP_22_the_end_flushes_what_is_outstanding)
{
	Keepsrv s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	c.end();
	EXPECT_EQ(c.next(), "Rerror tag 5 ename interrupted");
}

TEST(lib9p, LP_23_a_released_hook_sleeps_while_others_are_served)
{
	struct Relsrv : Gensrv {
		std::mutex m;
		std::condition_variable c;
		int go = 0;
		std::atomic<int> inside{0};

		void read(Req& r) override
		{
			srvrelease(r);
			{
				std::unique_lock l(m);
				c.wait(l, [&] { return go > 0 || r.flushed(); });
			}
			srvacquire(r);
			EXPECT_EQ(++inside, 1);
			readstr(r, "x");
			inside--;
			r.respond();
		}
		void flush(Req& r) override
		{
			{
				std::scoped_lock l(m);
				c.notify_all();
			}
			r.respond();
		}
	} s;
	{
		Attached c(s);
		for(uint32_t i = 1; i <= 20; i++) {
			c.walk(0, i, {"7"});
			c.err(Topen{.fid = i, .mode = OREAD});
			c.send(Tread{.fid = i, .offset = 0, .count = 10}, uint16_t(100 + i));
		}
		EXPECT_EQ(c.walk(0, 30, {}), "");	// all twenty sleep
		EXPECT_EQ(c.rpc(Tflush{.oldtag = 101}, 2), "Rread tag 101 count 1 'x'");
		EXPECT_EQ(c.next(), "Rflush tag 2");
		{
			std::scoped_lock l(s.m);
			s.go = 1;
			s.c.notify_all();
		}
		for(int i = 2; i <= 20; i++)
			EXPECT_NE(c.next().find("Rread tag 1"), std::string::npos);
		s.go = 0;
		c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
		EXPECT_EQ(c.walk(0, 31, {}), "");
	}	// the end flushes the one that sleeps
	gsync.join();
}

TEST(lib9p, LP_24_readbuf_clips_to_what_is_there)
{
	Gensrv s;
	Attached c(s);
	c.walk(0, 1, {"123"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	EXPECT_EQ(c.read(1, 0, 2), "12");
	EXPECT_EQ(c.read(1, 2, 2), "3");
	EXPECT_EQ(c.read(1, 3, 2), "");
	EXPECT_EQ(c.read(1, 4, 2), "");
}

TEST(lib9p, LP_25_dirread9p_never_splits_an_entry)
{
	Gensrv s;
	Attached c(s);
	c.err(Topen{.fid = 0, .mode = OREAD});
	uint64_t off = 0;
	size_t n = 0;
	for(;;) {
		std::string got = c.read(0, off, 333);
		if(got.empty())
			break;
		off += got.size();
		Bytes b = std::as_bytes(std::span(got));
		while(!b.empty())
			EXPECT_EQ(convM2D(takeentry(b))->name, std::to_string(n++));
	}
	EXPECT_EQ(n, 100u);
}

TEST(lib9p, LP_25_BL_8_an_entry_larger_than_the_count_is_an_error)
{
	Gensrv s;
	Attached c(s);
	c.err(Topen{.fid = 0, .mode = OREAD});
	EXPECT_EQ(c.err(Tread{.fid = 0, .offset = 0, .count = 20}), "i/o count too small");
	Treesrv t;
	Attached c2(t);
	c2.make(1, "f");
	c2.err(Topen{.fid = 0, .mode = OREAD});
	EXPECT_EQ(c2.err(Tread{.fid = 0, .offset = 0, .count = 20}), "i/o count too small");
}

TEST(lib9p, LP_26_permissions_add_up)
{
	Dir d;
	d.uid = "glenda";
	d.gid = "sys";
	d.mode = 0421;
	EXPECT_TRUE(hasperm(d, "eve", AEXEC));
	EXPECT_FALSE(hasperm(d, "eve", AREAD));
	EXPECT_TRUE(hasperm(d, "glenda", AREAD | AEXEC));
	EXPECT_FALSE(hasperm(d, "glenda", AWRITE));
	EXPECT_TRUE(hasperm(d, "sys", AWRITE | AEXEC));	// leads the group of his name
	EXPECT_FALSE(hasperm(d, "sys", AREAD));
}

TEST(lib9p, LP_27_file_trees_refuse_what_cannot_be)
{
	Tree t("a", "a", 0777);
	Ref<File> d = t.createfile(*t.root, "d", "a", DMDIR | 0777);
	Ref<File> f = t.createfile(*d, "f", "a", 0666);
	EXPECT_NE(t.qidof(*d).path, t.qidof(*f).path);
	auto why = [](auto fn) {
		try {
			fn();
		} catch(const Error& e) {
			return e.text();
		}
		return std::string();
	};
	EXPECT_EQ(why([&] { t.createfile(*d, "f", "a", 0666); }), "file already exists");
	EXPECT_EQ(why([&] { t.removefile(*t.root); }), "cannot remove root");
	EXPECT_EQ(why([&] { t.removefile(*d); }), "has children");
	EXPECT_EQ(t.walkfile(*d, ".."), t.root);
	EXPECT_EQ(t.walkfile(*t.root, ".."), t.root);
	t.removefile(*f);
	EXPECT_EQ(why([&] { t.removefile(*f); }), "no parent");
	t.removefile(*d);
	EXPECT_EQ(why([&] { t.createfile(*d, "g", "a", 0666); }), "create in deleted directory");
	EXPECT_FALSE(t.walkfile(*d, ".."));
}

TEST(lib9p, LP_32_a_chatty_server_tells_every_message)
{
	Treesrv s;
	s.chatty = 1;
	{
		Testclient c(s);
		c.version();
	}
	ASSERT_EQ(s.lines.size(), 2u);
	EXPECT_EQ(s.lines[0], "<- Tversion tag 1 msize 8216 version '9P2000'");
	EXPECT_EQ(s.lines[1], "-> Rversion tag 1 msize 8216 version '9P2000'");
}

TEST(lib9p, BL_2_a_reply_that_does_not_fit_is_an_error)
{
	struct Bigsrv : Gensrv {
		void stat(Req& r) override
		{
			r.d.name = std::string(300, 'x');
			r.respond();
		}
	} s;
	Attached c(s, 256);
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "reply does not fit in a message");
	Twalk m{.fid = 0, .newfid = 1};
	for(int i = 0; i < 16; i++)
		m.wname.add("d");
	EXPECT_EQ(c.err(m), "");	// 16 qids are 217 bytes
	struct Longsrv : Gensrv {
		void stat(Req& r) override { r.responderror(std::string(99999, 'e')); }
	} l;
	Attached c2(l, 256);
	EXPECT_EQ(c2.err(Tstat{.fid = 0}).size(), size_t(ERRMAX - 1));
}

TEST(lib9p, BL_11_a_client_that_goes_away_harms_nobody)
{
	Keepsrv s;
	{
		Attached c(s);
		c.walk(0, 1, {"7"});
		c.err(Topen{.fid = 1, .mode = OREAD});
		c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
		s.wait(1);
		c.conn.out.close();
		s.answer("x");
	}
	Attached c(s);
	EXPECT_EQ(c.walk(0, 1, {"7"}), "");
}

TEST(lib9p, at_most_512_requests_are_outstanding)
{
	Keepsrv s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	for(uint16_t i = 0; i < 512; i++)
		c.send(Tread{.fid = 1, .offset = 0, .count = 10}, uint16_t(1000 + i));
	s.wait(512);
	EXPECT_EQ(c.err(Tstat{.fid = 1}, 7), "too many requests");
	EXPECT_EQ(c.rpc(Tflush{.oldtag = 1000}, 7), "Rerror tag 1000 ename interrupted");
	EXPECT_EQ(c.next(), "Rflush tag 7");
	EXPECT_EQ(c.walk(0, 9, {}), "");
}

TEST(lib9p, at_most_65536_fids_are_known)
{
	Gensrv s;
	Attached c(s);
	for(uint32_t i = 1; i < 65536; i++)
		ASSERT_EQ(c.walk(0, i * 77, {}), "");
	EXPECT_EQ(c.walk(0, 5, {}), "too many fids");
	EXPECT_EQ(c.err(Tclunk{.fid = 77}), "");
	EXPECT_EQ(c.walk(0, 5, {}), "");
}

TEST(lib9p, a_lent_buffer_is_read_into_and_written_from)
{
	for(bool direct : {false, true}) {
		Treesrv s;
		s.direct = direct;
		Attached c(s);
		c.make(1, "f");
		std::string text = "from elsewhere";
		Twrite w{.fid = 1, .offset = 0, .data = {}};
		Block b = Block::alloc(64);
		b.produced(packM(w, 3, b.room(), text.size()));
		b.loan = mk<Loan>(std::as_writable_bytes(std::span(text)));
		b.lent = text.size();
		c.sendraw(std::move(b));
		EXPECT_EQ(c.next(), "Rwrite tag 3 count 14");
		std::string into(20, '-');
		Block rb = Block::alloc(64);
		rb.produced(packM(Tread{.fid = 1, .offset = 5, .count = 20}, 3, rb.room()));
		Ref<Loan> loan = mk<Loan>(std::as_writable_bytes(std::span(into)));
		rb.loan = loan;
		c.sendraw(std::move(rb));
		Block reply = c.recvblock();
		EXPECT_EQ(reply.own(), size_t(RREADHDR));
		EXPECT_EQ(reply.lent, 9u);
		EXPECT_TRUE(reply.loan == loan);
		EXPECT_EQ(into, "elsewhere-----------");
	}
}

TEST(lib9p, a_lent_write_that_was_taken_back_is_interrupted)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f");
	std::string text = "gone";
	Block b = Block::alloc(64);
	b.produced(packM(Twrite{.fid = 1, .offset = 0, .data = {}}, 3, b.room(), text.size()));
	b.loan = mk<Loan>(std::as_writable_bytes(std::span(text)));
	b.lent = text.size();
	b.loan->revoke();
	c.sendraw(std::move(b));
	EXPECT_EQ(c.next(), "Rerror tag 3 ename interrupted");
	EXPECT_EQ(c.read(1), "");
}

TEST(lib9p, a_read_whose_room_was_taken_back_gets_its_own)
{
	for(bool direct : {false, true}) {
		Treesrv s;
		s.direct = direct;
		Attached c(s);
		c.make(1, "f");
		c.write(1, 0, "text");
		std::string into(20, '-');
		Block rb = Block::alloc(64);
		rb.produced(packM(Tread{.fid = 1, .offset = 0, .count = 20}, 3, rb.room()));
		rb.loan = mk<Loan>(std::as_writable_bytes(std::span(into)));
		rb.loan->revoke();
		c.sendraw(std::move(rb));
		EXPECT_EQ(c.next(), "Rread tag 3 count 4 'text'");
		EXPECT_EQ(into, std::string(20, '-'));
	}
}
}
