// The engine against a scripted client: what is done to files (LP-11 to LP-19, BL-7,
// BL-10).

#include "lib9/9p/srv.h"

#include "tests/treesrv.h"

namespace p9 {

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
	c.make(3, "r", 0644); // to be read by all
	EXPECT_EQ(c.walk(10, 13, {"r"}), "");
	EXPECT_EQ(c.err(Topen{.fid = 13, .mode = OREAD | OTRUNC}), "permission denied");
	EXPECT_EQ(c.err(Topen{.fid = 13, .mode = OREAD | ORCLOSE}), "permission denied");
	EXPECT_EQ(c.err(Topen{.fid = 13, .mode = OREAD | OCEXEC}), "");
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
	EXPECT_EQ(c.stat(3).mode, 0775u); // no more than its directory
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

TEST(lib9p, LP_13_the_fid_is_what_open_or_create_made_of_it)
{
	struct Iosrv : Gensrv {
		void open(Req& r) override
		{
			r.ofcall.qid.vers = 7;
			r.respond();
		}
		void create(Req& r) override
		{
			r.ofcall.iounit = 100;
			r.ofcall.qid = {.path = 5, .vers = 2, .type = 0};
			r.respond();
		}
		void stat(Req& r) override
		{
			r.d.qid = r.fid->qid;
			r.d.length = uint64_t(r.fid->omode);
			r.respond();
		}
	} s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = ORDWR | OTRUNC});
	EXPECT_EQ(c.stat(1).qid.vers, 7u);
	EXPECT_EQ(c.stat(1).length, uint64_t(ORDWR | OTRUNC));
	c.walk(0, 2, {});
	Rcreate r = c.call<Rcreate>(Tcreate{.fid = 2, .name = "x", .mode = OWRITE});
	EXPECT_EQ(r.iounit, 100u);
	EXPECT_EQ(c.stat(2).qid, (Qid{.path = 5, .vers = 2, .type = 0}));
	EXPECT_EQ(c.stat(2).length, uint64_t(OWRITE));
	EXPECT_EQ(c.err(Tread{.fid = 2, .count = 1}), "9P protocol botch");
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
	EXPECT_EQ(c.err(Tread{.fid = 1, .offset = ~uint64_t(0), .count = 1}),
		  "bad offset");
	EXPECT_EQ(c.err(Tread{.fid = 1, .offset = 0, .count = 1u << 31}),
		  "9P protocol botch");
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
		EXPECT_EQ(c.err(Tread{.fid = 0, .offset = off + 1, .count = 300}),
			  "bad offset");
		off += got.size();
		Bytes b = std::as_bytes(std::span(got));
		while(!b.empty())
			names.push_back(convM2D(takeentry(b))->name);
		if(names.size() == 8) { // files that go and come disturb nobody
			EXPECT_EQ(c.err(Tremove{.fid = 12}), "");
		}
	}
	EXPECT_EQ(names.size(), 50u);
	EXPECT_EQ(names[49], "file49");
	EXPECT_FALSE(c.read(0, 0, 300).empty());
}

TEST(lib9p, LP_15_BL_7_write_checks_mode_and_kind_and_leaves_its_mark)
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
	EXPECT_EQ(c.stat(1).muid, "glenda");
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

TEST(lib9p, LP_15_LP_19_without_a_hook_nothing_is_written_or_changed)
{
	Gensrv s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	EXPECT_EQ(c.wstat(1, Dir::dontcare()), "wstat prohibited");
	c.err(Topen{.fid = 1, .mode = ORDWR});
	EXPECT_EQ(c.err(Twrite{.fid = 1}), "write prohibited");
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
	c.end(); // and when its client dies
	EXPECT_FALSE(s.tree->walkfile(*s.tree->root, "g"));
}

TEST(lib9p, LP_16_orclose_without_a_tree_is_for_the_remove_hook)
{
	struct Removesrv : Gensrv {
		std::vector<std::string> gone;
		void create(Req& r) override
		{
			r.ofcall.qid = {.path = 77, .vers = 0, .type = 0};
			r.respond();
		}
		void remove(Req& r) override
		{
			gone.push_back(std::to_string(r.fid->qid.path));
			r.responderror("too late");
		}
	} s;
	Attached c(s);
	c.walk(0, 1, {"5"});
	c.err(Topen{.fid = 1, .mode = OREAD | ORCLOSE});
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), ""); // what the hook answers is nothing to it
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "unknown fid");
	c.walk(0, 2, {});
	c.err(Tcreate{.fid = 2, .name = "x", .mode = OWRITE | ORCLOSE});
	c.walk(0, 3, {"6"});
	c.err(Topen{.fid = 3, .mode = OREAD});
	EXPECT_EQ(c.err(Tclunk{.fid = 3}), "");
	c.end(); // its death is a clunk too
	EXPECT_EQ(s.gone, (std::vector<std::string>{"5", "77"}));
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

TEST(lib9p, LP_18_a_hook_changes_what_stat_shows)
{
	struct Hidesrv : Treesrv {
		void stat(Req& r) override
		{
			EXPECT_EQ(r.d.name, "f");
			r.d.uid = "nobody";
			r.d.length = 12;
			r.respond();
		}
	} s;
	Attached c(s);
	c.make(1, "f", 0640);
	EXPECT_EQ(c.stat(1).uid, "nobody");
	EXPECT_EQ(c.stat(1).length, 12u);
	EXPECT_EQ(c.stat(1).mode, 0640u);
	EXPECT_EQ(s.tree->statfile(*s.tree->walkfile(*s.tree->root, "f")).uid, "glenda");
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
	EXPECT_EQ(change([](Dir& d) { d.mode = DMAUTH; }),
		  "wstat -- unknown bits in mode");
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
	EXPECT_EQ(change(11,
			 [](Dir& d) {
				 d.length = 0;
				 d.mode = 0644;
			 }),
		  "");
	EXPECT_EQ(change(11, [](Dir& d) { d.length = 7; }), "permission denied");
	EXPECT_EQ(change(1, [](Dir& d) { d.uid = "eve"; }), "permission denied");
	EXPECT_EQ(change(1, [](Dir& d) { d.name = "g"; }), "file already exists");
	EXPECT_EQ(change(1, [](Dir& d) { d.gid = "eve"; }), "");
	EXPECT_EQ(change(11, [](Dir& d) { d.mode = 0600; }), ""); // now its leader
	EXPECT_EQ(change(11, [](Dir& d) { d.mtime = 5; }), "");
	EXPECT_EQ(c.stat(1).mtime, 5u);
	EXPECT_EQ(change(11, [](Dir& d) { d.gid = "sys"; }), "not owner"); // leads it not
	EXPECT_EQ(change(1, [](Dir& d) { d.muid = "eve"; }), "permission denied");
}

TEST(lib9p, LP_19_wstat_of_a_length_or_a_directory)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f", 0666);
	c.make(2, "d", DMDIR | 0777, OREAD);
	c.attach(10, "eve");
	c.walk(10, 11, {"f"});
	c.walk(10, 12, {"d"});
	c.walk(10, 13, {});
	auto change = [&](uint32_t fid, auto set) {
		Dir d = Dir::dontcare();
		set(d);
		return c.wstat(fid, d);
	};
	EXPECT_EQ(change(1, [](Dir& d) { d.mode = 0666; }), "");
	EXPECT_EQ(change(11, [](Dir& d) { d.length = 7; }), ""); // may write it
	EXPECT_EQ(change(12, [](Dir& d) { d.length = 7; }), "permission denied");
	EXPECT_EQ(change(12, [](Dir& d) { d.length = 0; }), ""); // what it is
	EXPECT_EQ(change(12, [](Dir& d) { d.mode = 0777; }),
		  "wstat -- qid.type/mode mismatch");
	EXPECT_EQ(change(2, [](Dir& d) { d.mode = DMDIR | 0700; }), "");
	EXPECT_EQ(change(13, [](Dir& d) { d.name = "root"; }), "permission denied");
	EXPECT_EQ(change(0, [](Dir& d) { d.name = "root"; }), "permission denied");
	EXPECT_EQ(c.err(Tremove{.fid = 2}), "");
	EXPECT_EQ(change(12, [](Dir& d) { d.name = "e"; }), "permission denied"); // gone
	EXPECT_EQ(change(11, [](Dir&) {}), ""); // of nothing: sync
}

// Linux's client renames so.
TEST(lib9p, LP_19_who_makes_a_change_may_say_so)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f");
	Dir d = Dir::dontcare();
	d.name = "g";
	d.muid = "eve";
	EXPECT_EQ(c.wstat(1, d), "permission denied");
	d.muid = "glenda";
	EXPECT_EQ(c.wstat(1, d), "");
	EXPECT_EQ(c.stat(1).name, "g");
}

// stat(5): all of the changes, or none.
TEST(lib9p, LP_19_a_wstat_that_fails_changes_nothing)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f", 0644);
	c.make(2, "g", 0644);
	Dir was = c.stat(1);
	Dir d = Dir::dontcare();
	d.mode = 0600;
	d.mtime = 5;
	d.gid = "eve";
	d.name = "g";
	EXPECT_EQ(c.wstat(1, d), "file already exists");
	d.name = "h";
	d.uid = "eve";
	EXPECT_EQ(c.wstat(1, d), "permission denied");
	Dir is = c.stat(1);
	EXPECT_EQ(is.name, was.name);
	EXPECT_EQ(is.mode, was.mode);
	EXPECT_EQ(is.mtime, was.mtime);
	EXPECT_EQ(is.gid, was.gid);
}
}
