// The export device row by row, EX-2 to EX-27, by a client that speaks for itself.

#include "port/exportfs.h"

#include <set>

#include "tests/exportclient.h"
#include "tests/runprog.h"

namespace p9 {

namespace {

std::string
list(const std::vector<Dir>& l)
{
	std::string s;
	for(const Dir& d : l)
		s += (s.empty() ? "" : " ") + d.name;
	return s;
}
}

// EX-2, BX-33.
PTEST(exportrows, EX_2_BX_33_what_is_no_request_ends_the_session_or_is_refused)
{
	stdns();
	{
		Client c(exported("/tmp"));
		c.session();
		EXPECT_EQ(c.err(Rversion{.msize = 100, .version = "9P2000"}), "unknown message");
		EXPECT_EQ(c.err(Rerror{.ename = "x"}), "unknown message");
		EXPECT_EQ(c.err(Tstat{.fid = 0}), "none");
	}
	constexpr uint8_t bad[][8] = {
		{4, 0, 0, 0}, {6, 0, 0, 0, 100, 1}, {0, 0, 0, 0x80, 100, 1, 0},
		{7, 0, 0, 0, 116, 1, 0},
	};
	constexpr size_t len[] = {4, 6, 7, 7};
	for(size_t i = 0; i < std::size(bad); i++) {
		auto lines = std::make_shared<std::string>();
		Exportopts o;
		o.log = [lines](std::string_view s) { *lines += s; };
		Client c(exported("/tmp", o));
		c.session();
		c.raw(std::as_bytes(std::span(bad[i])).first(len[i]));
		EXPECT_EQ(c.next(), "end") << i;
		EXPECT_EQ(*lines, i < 3 ? "export: malformed 9P message" :
			"export: bad Tread from client") << i;
	}
}

// Each request has its own room, whatever others have.
PRACE(exportrows, EX_3_EX_6_BX_30_any_number_of_requests_sleeps_and_others_are_served)
{
	Atpipe at(ORDWR);
	Client& c = at.c;
	for(uint16_t t = 10; t < 50; t++)
		c.send(Tread{.fid = 1, .count = 10}, t);
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "none");
}

PRACE(exportrows, EX_5_EX_9_EX_11_EX_13_flushes_are_answered_at_once_unless_they_wait)
{
	Atpipe at;
	Client& c = at.c;
	EXPECT_EQ(c.text(Tflush{.oldtag = 99}, 3), "Rflush tag 3");
	EXPECT_EQ(c.text(Tflush{.oldtag = 3}, 3), "Rflush tag 3");
	c.send(Tread{.fid = 1, .count = 10}, 5);
	c.send(Tflush{.oldtag = 5}, 6);
	EXPECT_EQ(c.next(), "Rflush tag 6");
	EXPECT_EQ(c.text(Tflush{.oldtag = 5}, 7), "Rflush tag 7");
	EXPECT_EQ(c.text(Tflush{.oldtag = 6}, 7), "Rflush tag 7");
}

// BX-1: nothing stays locked; BX-2: nor is one lost that comes after.
PRACE(exportrows, EX_7_BX_1_BX_2_a_flush_at_any_moment_leaves_the_export_alive)
{
	stdns();
	writefile("/tmp/f", "text");
	Client c(exported("/tmp"));
	c.session();
	c.walk(1, {"f"});
	c.open(1, OREAD);
	for(int i = 0; i < 8; i++) {
		c.send(Tread{.fid = 1, .count = 10}, 5);
		c.send(Tflush{.oldtag = 5}, 6);
		c.send(Tstat{.fid = 1}, 7);
		bool flushed = false;
		bool stat = false;
		while(!flushed || !stat) {
			uint16_t tag = 0;
			Fcall f = c.recv(tag);
			flushed |= std::holds_alternative<Rflush>(f);
			stat |= std::holds_alternative<Rstat>(f);
			// EX-12: never behind its flush.
			EXPECT_FALSE(tag == 5 && flushed);
		}
	}
}

// EX-8, BX-27: with the name space and the user of who exports, for each request.
PTEST(exportrows, EX_8_BX_27_requests_see_the_name_space_of_who_exports)
{
	stdns();
	writefile("/tmp/f", "outside");
	close(create("/tmp/d", OREAD, DMDIR | 0755));
	rfork(RFPROC | RFNAMEG | RFFDG, [] {
		bind("/tmp", "/tmp/d", MREPL);
		Client c(exported("/tmp"));
		c.session();
		EXPECT_EQ(c.walk(1, {"d", "f"}), "none");
		EXPECT_EQ(c.stat(1).uid, getuser());
	});
	wait();
	Client c(exported("/tmp"));
	c.session();
	EXPECT_EQ(c.walk(1, {"d", "f"}), "none");	// as far as it goes
	EXPECT_EQ(c.err(Tstat{.fid = 1}), "no such fid");
	EXPECT_EQ(names("/fd"), "0 0ctl 1 1ctl 2 2ctl 3 3ctl 4 4ctl");
}

// And no descriptors.
PTEST(exportrows, EX_1_clients_reach_no_descriptor)
{
	stdns();
	Client c(exported("/fd"));
	c.session();
	c.open(0, OREAD);
	EXPECT_EQ(c.read(0), "");
}

PTEST(exportrows, EX_15_a_reply_that_does_not_fit_is_an_error)
{
	stdns();
	std::string longname(250, 'n');
	writefile("/tmp/" + longname, "");
	Client c(exported("/tmp"));
	c.session(256);
	EXPECT_EQ(c.walk(1, {longname.substr(0, 200)}), "file not found");
	c.open(0, OREAD);
	EXPECT_EQ(c.read(0, 0, 232), "error: " + std::string(Eshort));
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "none");
}

PTEST(exportrows, EX_16_the_version_settles_the_msize)
{
	stdns();
	Exportopts o;
	o.msize = 4096;
	Client c(exported("/tmp", o));
	auto version = [&](uint32_t msize, std::string_view v) {
		return c.text(Tversion{.msize = msize, .version = v}, NOTAG);
	};
	EXPECT_EQ(version(8192, "9P2000"), "Rversion tag 65535 msize 4096 version '9P2000'");
	EXPECT_EQ(version(1000, "9P2000.u"), "Rversion tag 65535 msize 1000 version '9P2000'");
	EXPECT_EQ(version(255, "9P2000"), "Rerror tag 65535 ename message size too small");
	EXPECT_EQ(version(8192, "8P"), "Rversion tag 65535 msize 256 version 'unknown'");
	EXPECT_EQ(c.err(Tattach{.fid = 0}), "Tversion not seen");
	EXPECT_EQ(version(~0u, "9P2000"), "Rversion tag 65535 msize 4096 version '9P2000'");
}

PTEST(exportrows, EX_17_EX_18_nobody_is_asked_who_he_is)
{
	stdns();
	Client c(exported("/tmp"));
	c.session();
	EXPECT_EQ(c.err(Tauth{.afid = 5, .uname = "y"}), "authentication not required");
	EXPECT_EQ(c.err(Tattach{.fid = 0, .uname = "y"}), "fid in use");
	EXPECT_EQ(c.err(Tattach{.fid = 1, .afid = 5, .uname = "y"}), "no such fid");
	EXPECT_EQ(c.err(Tattach{.fid = 1, .uname = "y", .aname = "any"}), "none");
	EXPECT_EQ(c.stat(1).qid.path, c.stat(0).qid.path);
}

PTEST(exportrows, EX_19_BX_13_a_fid_is_clunked_once)
{
	stdns();
	Client c(exported("/tmp"));
	c.session();
	c.walk(1, {});
	c.send(Tclunk{.fid = 1}, 5);
	c.send(Tclunk{.fid = 1}, 6);
	std::set<std::string> got{c.next(), c.next()};
	EXPECT_EQ(got, (std::set<std::string>{"Rclunk tag 5", "Rerror tag 6 ename no such fid"}));
}

// BX-3, BX-5, BX-6, BX-26: what failed holds nothing, and says why it did.
PTEST(exportrows, EX_20_BX_5_BX_6_BX_26_a_walk_is_whole_or_leaves_no_fid)
{
	stdns();
	close(create("/tmp/d", OREAD, DMDIR | 0755));
	writefile("/tmp/d/f", "text");
	Client c(exported("/tmp"));
	c.session();
	EXPECT_EQ(c.text(Twalk{.fid = 0, .newfid = 1, .wname = path({"none", "x"})}),
		"Rerror tag 1 ename file not found");
	EXPECT_NE(c.text(Twalk{.fid = 0, .newfid = 1, .wname = path({"d", "none"})})
			.find("Rwalk tag 1 nwqid 1 "), std::string::npos);
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "no such fid");
	EXPECT_EQ(c.walk(1, {"d", "f"}), "none");
	EXPECT_EQ(c.walk(1, {"d"}), "fid in use");
	EXPECT_EQ(c.err(Twalk{.fid = 1, .newfid = 2, .wname = path({"x"})}), "not a directory");
	EXPECT_EQ(c.err(Twalk{.fid = 1, .newfid = 2, .wname = path({".."})}), "not a directory");
	// newfid is fid.
	EXPECT_EQ(c.walk(3, {"d"}), "none");
	EXPECT_EQ(c.err(Twalk{.fid = 3, .newfid = 3, .wname = path({"f"})}), "none");
	EXPECT_EQ(c.stat(3).name, "f");
	EXPECT_EQ(c.err(Twalk{.fid = 3, .newfid = 3}), "none");
	for(uint32_t fid : {1u, 3u})
		EXPECT_EQ(c.err(Tclunk{.fid = fid}), "none");
}

// The root is reached inside of itself too: there .. leads back to where one came from.
PTEST(exportrows, EX_20_BX_21_the_root_is_known_by_position)
{
	stdns();
	close(create("/tmp/d", OREAD, DMDIR | 0755));
	close(create("/tmp/d/in", OREAD, DMDIR | 0755));
	bind("/tmp", "/tmp/d/in", MREPL);
	Client c(exported("/tmp"));
	c.session();
	EXPECT_EQ(c.walk(1, {"d", "in", ".."}), "none");
	EXPECT_EQ(c.stat(1).name, "d");
	EXPECT_EQ(c.walk(2, {"d", "in", "..", "..", "..", "..", "d"}), "none");
	EXPECT_EQ(c.stat(2).name, "d");
	EXPECT_EQ(c.walk(3, {"", "d"}), "none");	// as .. does, at the root
	unmount("", "/tmp/d/in");
}

PTEST(exportrows, EX_21_BX_11_open_gives_an_iounit_that_fits)
{
	stdns();
	writefile("/tmp/f", std::string(20000, 'f'));
	Client c(exported("/tmp"));
	c.session(4096);
	c.walk(1, {"f"});
	Fcall f = c.rpc(Topen{.fid = 1, .mode = OREAD});
	EXPECT_LE(std::get<Ropen>(f).iounit, 4096u - IOHDRSZ);
	EXPECT_EQ(c.read(1, 0, 4096 - IOHDRSZ).size(), 4096u - IOHDRSZ);
	EXPECT_EQ(c.open(1, OREAD), "open/create -- unknown mode");
	c.walk(2, {"f"});
	EXPECT_EQ(c.open(2, ORDWR | ORCLOSE), "none");
	EXPECT_EQ(c.err(Tclunk{.fid = 2}), "none");
	EXPECT_FALSE(access("/tmp/f", AEXIST));
}

PTEST(exportrows, EX_21_EX_23_BX_17_a_union_is_read_whole_and_again)
{
	stdns();
	for(std::string_view d : {"/tmp/a", "/tmp/b"})
		close(create(d, OREAD, DMDIR | 0755));
	writefile("/tmp/a/1", "");
	writefile("/tmp/b/2", "");
	writefile("/tmp/b/3", "");
	bind("/tmp/b", "/tmp/a", MAFTER);
	Client c(exported("/tmp"));
	c.session();
	c.walk(1, {"a"});
	c.open(1, OREAD);
	for(int round = 0; round < 2; round++) {
		std::vector<Dir> all;
		uint64_t off = 0;
		// From the middle back to the start, the second time.
		for(int reads = 0; reads < (round == 0 ? 1 : 10); reads++) {
			std::string s = c.read(1, off, 100);
			off += s.size();
			for(Dir& d : Client::entries(s))
				all.push_back(std::move(d));
		}
		EXPECT_EQ(list(all), round == 0 ? "1" : "1 2 3");
	}
	unmount("", "/tmp/a");
}

PTEST(exportrows, EX_22_a_file_is_made_where_the_union_lets_it)
{
	stdns();
	for(std::string_view d : {"/tmp/a", "/tmp/b"})
		close(create(d, OREAD, DMDIR | 0755));
	bind("/tmp/b", "/tmp/a", MAFTER | MCREATE);
	bind("/tmp/b", "/n/none", MREPL);	// without MCREATE
	Client c(exported("/tmp"));
	c.session();
	auto create = [&](uint32_t fid, std::string_view name) {
		return c.err(Tcreate{.fid = fid, .name = name, .perm = 0644, .mode = OWRITE});
	};
	c.walk(1, {"a"});
	EXPECT_EQ(create(1, "."), Efilename);
	EXPECT_EQ(create(1, ".."), Efilename);
	EXPECT_EQ(create(1, "x/y"), Ebadchar);
	EXPECT_EQ(create(1, "new"), "none");
	EXPECT_EQ(names("/tmp/b"), "new");
	EXPECT_EQ(c.stat(1).name, "new");
	unmount("", "/tmp/a");
	Client d(exported("/n"));
	d.session();
	d.walk(1, {"none"});
	EXPECT_EQ(d.err(Tcreate{.fid = 1, .name = "x", .perm = 0644, .mode = OWRITE}),
		Enocreate);
	unmount("", "/n/none");
}

PTEST(exportrows, EX_23_EX_24_what_may_be_read_and_written)
{
	stdns();
	writefile("/tmp/f", "text");
	Client c(exported("/tmp"));
	c.session();
	c.walk(1, {"f"});
	auto write = [&](uint32_t fid, uint64_t off) {
		return c.err(Twrite{.fid = fid, .offset = off,
			.data = std::as_bytes(std::span("x", 1))});
	};
	constexpr std::string_view mode = "read/write -- not open in suitable mode";
	EXPECT_EQ(c.read(1), "error: " + std::string(mode));
	EXPECT_EQ(write(1, 0), mode);
	c.open(1, OREAD);
	EXPECT_EQ(write(1, 0), mode);
	EXPECT_EQ(c.read(1, 0, 8193), "error: read/write -- count too big");
	EXPECT_EQ(c.read(1, uint64_t(1) << 63), "error: " + std::string(Enegoff));
	c.walk(2, {"f"});
	c.open(2, OWRITE);
	EXPECT_EQ(c.read(2), "error: " + std::string(mode));
	EXPECT_EQ(write(2, uint64_t(1) << 63), Enegoff);
	EXPECT_EQ(write(2, 0), "none");
	EXPECT_EQ(c.read(1), "xext");
	c.open(0, OREAD);
	EXPECT_EQ(write(0, 0), mode);
	EXPECT_EQ(c.read(0, 7), "error: can't seek on a directory");
}

// BX-16: an entry shows what is mounted there, as a walk does.
PTEST(exportrows, EX_25_BX_16_BX_28_names_that_are_mounted_on)
{
	stdns();
	run({"ramfs", "-m", "/n/ram"});
	close(create("/tmp/m", OREAD, DMDIR | 0700));
	writefile("/n/ram/in", "");
	Dir d = Dir::dontcare();
	d.mode = DMDIR | 0751;
	wstat("/n/ram", d);
	bind("/n/ram", "/tmp/m", MREPL | MCREATE);
	Client c(exported("/tmp"));
	c.session();
	c.walk(2, {});
	c.open(2, OREAD);
	std::vector<Dir> l = Client::entries(c.read(2));
	ASSERT_EQ(list(l), "m");
	EXPECT_EQ(l[0].mode, DMDIR | 0751);
	c.walk(1, {"m"});
	EXPECT_EQ(c.stat(1).mode, DMDIR | 0751);
	EXPECT_EQ(c.stat(1).qid.path, l[0].qid.path);
	EXPECT_EQ(c.err(Tremove{.fid = 1}), Eismtpt);
	EXPECT_EQ(c.err(Tstat{.fid = 1}), "no such fid");	// always
	unmount("", "/tmp/m");
	unmount("", "/n/ram");
}

PTEST(exportrows, EX_26_two_servers_of_equal_qids_are_told_apart)
{
	stdns();
	run({"ramfs", "-m", "/n/a"});
	run({"ramfs", "-m", "/n/b"});
	Client c(exported("/n"));
	c.session();
	c.walk(1, {"a"});
	c.walk(2, {"b"});
	EXPECT_NE(c.stat(1).qid.path, c.stat(2).qid.path);
	uint64_t a = c.stat(1).qid.path;
	c.err(Tclunk{.fid = 1});
	c.walk(1, {"a"});
	EXPECT_EQ(c.stat(1).qid.path, a);
	unmount("", "/n/a");
	unmount("", "/n/b");
}

// EX-27, BX-12: the number is free at once, the file stays open for the read.
PRACE(exportrows, EX_27_BX_12_BX_14_a_fid_that_is_clunked_while_it_is_read)
{
	Atpipe at;
	Client& c = at.c;
	c.send(Tread{.fid = 1, .count = 10}, 5);
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "none");
	EXPECT_EQ(c.walk(1, {"data"}), "none");
	EXPECT_EQ(c.open(1, OREAD), "none");
	write(at.s.other, "hello");
	EXPECT_EQ(c.next(), "Rread tag 5 count 5 'hello'");
}

PTEST(exportrows, EX_20_BX_19_BX_34_BX_36_names_are_checked_and_paths_are_as_long_as_they_are)
{
	stdns();
	Client c(exported("/tmp"));
	c.session();
	EXPECT_EQ(c.walk(1, {"a/../../x"}), Ebadchar);
	std::string at = "/tmp";
	std::string name(255, 'n');
	Few<std::string_view> step;
	c.walk(1, {});
	for(int i = 0; i < 300; i++) {
		EXPECT_EQ(c.err(Tcreate{.fid = 1, .name = i % 100 ? "d" : name,
			.perm = DMDIR | 0755, .mode = OREAD}), "none") << i;
		// The same again, not open.
		c.err(Tclunk{.fid = 1});
		at += '/';
		at += i % 100 ? "d" : name;
		c.walk(1, {});
		size_t slash = 4;
		while(slash != at.npos) {
			Twalk w{.fid = 1, .newfid = 1};
			while(slash != at.npos && w.wname.size() < MAXWELEM) {
				size_t end = at.find('/', slash + 1);
				w.wname.add(std::string_view(at).substr(slash + 1,
					end == at.npos ? end : end - slash - 1));
				slash = end;
			}
			ASSERT_EQ(c.err(w), "none");
		}
	}
	// And back.
	for(int i = 0; i < 300; i++)
		ASSERT_EQ(c.err(Twalk{.fid = 1, .newfid = 1, .wname = path({".."})}), "none");
	EXPECT_EQ(c.stat(1).name, "/");
}

PTEST(exportrows, EX_4_BX_22_read_only_holds_for_every_mode)
{
	stdns();
	writefile("/tmp/f", "text");
	Client c(exported("/tmp", readonly()));
	c.session();
	c.walk(1, {"f"});
	constexpr std::string_view no = "file system read only";
	for(int mode : std::initializer_list<int>{OWRITE, ORDWR, OEXEC, OREAD | OTRUNC, OREAD | ORCLOSE})
		EXPECT_EQ(c.open(1, uint8_t(mode)), no) << mode;
	EXPECT_EQ(c.err(renaming(1, "g")), no);
	EXPECT_EQ(c.err(Tcreate{.fid = 0, .name = "g", .perm = 0644, .mode = OREAD}), no);
	EXPECT_EQ(c.open(1, OREAD), "none");
	EXPECT_EQ(c.read(1), "text");
	EXPECT_EQ(c.err(Tremove{.fid = 1}), no);
	EXPECT_EQ(readfile("/tmp/f"), "text");
}
}
