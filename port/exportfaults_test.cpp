// The faults of the original export devices, BX, and limits, by a client that speaks for
// itself.

#include "port/exportfs.h"

#include <set>

#include "tests/exportclient.h"
#include "tests/runprog.h"

namespace p9 {

PRACE(exportfaults, BX_3_a_fid_is_not_there_before_its_reply)
{
	bind("#|", "/n", MREPL);
	Client c(exported("/n"));
	c.rpc(Tversion{.msize = 8192, .version = "9P2000"}, NOTAG);
	c.send(Tattach{.fid = 1, .uname = "x"}, 1);
	c.send(Twalk{.fid = 1, .newfid = 2, .wname = path({"data"})}, 2);
	c.send(Topen{.fid = 2, .mode = OREAD}, 3);
	c.send(Tstat{.fid = 2}, 4);
	for(int i = 0; i < 4; i++)
		c.next();
	EXPECT_EQ(c.err(Tstat{.fid = 1}), "none");
	unmount("", "/n");
}

// BX-14 too: one of two opens wins, and reads that share a fid share the file.
PRACE(exportfaults, BX_14_requests_on_one_fid_at_a_time)
{
	Sleeper s;
	Client c(exported("/n"));
	c.session();
	c.walk(1, {"data"});
	c.send(Topen{.fid = 1, .mode = ORDWR}, 5);
	c.send(Topen{.fid = 1, .mode = ORDWR}, 6);
	c.send(Tstat{.fid = 1}, 7);
	std::set<std::string> got{c.next().substr(0, 6), c.next().substr(0, 6),
		c.next().substr(0, 6)};
	EXPECT_EQ(got, (std::set<std::string>{"Ropen ", "Rerror", "Rstat "}));
	c.send(Tread{.fid = 1, .count = 1}, 8);
	c.send(Tread{.fid = 1, .count = 1}, 9);
	write(s.other, "a");
	write(s.other, "b");
	got = {c.next().substr(0, 6), c.next().substr(0, 6)};
	EXPECT_EQ(got, (std::set<std::string>{"Rread "}));
}

// What a rename leaves must not take the place of the open file.
PRACE(exportfaults, BX_14_a_file_is_opened_while_it_is_renamed)
{
	stdns();
	writefile("/tmp/f", "text");
	Client c(exported("/tmp"));
	c.session();
	c.walk(1, {"f"});
	c.send(renaming(1, "g"), 5);
	c.send(Topen{.fid = 1, .mode = OREAD}, 6);
	int opened = 0;
	for(int i = 0; i < 2; i++)
		opened += c.next().starts_with("Ropen");
	EXPECT_EQ(c.read(1), opened ? "text" :
		"error: read/write -- not open in suitable mode");
	EXPECT_EQ(readfile("/tmp/g"), "text");
}

// BX-14's worst: the file goes when the last that reads it has.
PRACE(exportfaults, BX_14_a_remove_waits_for_the_reads_of_its_fid)
{
	Atpipe at;
	Client& c = at.c;
	c.send(Tread{.fid = 1, .count = 10}, 5);
	c.send(Tremove{.fid = 1}, 6);
	EXPECT_EQ(c.err(Tstat{.fid = 1}), "no such fid");
	c.send(Tflush{.oldtag = 5}, 7);
	std::set<std::string> got{c.next(), c.next()};
	EXPECT_EQ(got, (std::set<std::string>{"Rflush tag 7", "Rerror tag 6 ename permission denied"}));
}

// BX-7: the lock of a mount point is not lost.
PTEST(exportfaults, BX_7_BX_18_an_error_in_a_walk_keeps_nothing)
{
	stdns();
	auto [mine, its] = pipe();
	// A server that dies when it is walked in.
	rfork(RFPROC | RFFDG, [fd = int(its), other = int(mine)] {
		close(other);
		exportfs(fd, fd, "/tmp");
	});
	close(std::move(its));
	mount(mine, -1, "/n/dead", MREPL, "");
	unmount("", "/n/dead");
	wait();
	Client c(exported("/n"));
	c.session();
	for(int i = 0; i < 3; i++) {
		c.walk(1, {"dead", "x"});
		bind("/tmp", "/n/dead", MREPL);
		EXPECT_EQ(c.walk(2, {"dead"}), "none");
		EXPECT_EQ(c.err(Tclunk{.fid = 2}), "none");
		unmount("", "/n/dead");
	}
}

PRACE(exportfaults, BX_8_a_new_version_is_a_new_session)
{
	Atpipe at;
	Client& c = at.c;
	c.send(Tread{.fid = 1, .count = 10}, 5);
	EXPECT_EQ(c.text(Tversion{.msize = 1000, .version = "9P2000"}, NOTAG),
		"Rversion tag 65535 msize 1000 version '9P2000'");
	EXPECT_EQ(c.err(Tstat{.fid = 1}), "no such fid");
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "no such fid");
	EXPECT_EQ(c.err(Tattach{.fid = 0}), "none");
}

PTEST(exportfaults, BX_10_the_first_message_after_the_version_may_be_large)
{
	stdns();
	Client c(exported("/tmp"));
	c.send(Tversion{.msize = 100000, .version = "9P2000"}, NOTAG);
	c.send(Tattach{.fid = 0, .uname = std::string(20000, 'u')}, 1);
	EXPECT_NE(c.next().find("msize 100000"), std::string::npos);
	EXPECT_EQ(c.next().substr(0, 13), "Rattach tag 1");
}

PRACE(exportfaults, BX_31_of_two_requests_with_one_tag_the_second_is_refused)
{
	Atpipe at;
	Client& c = at.c;
	c.send(Tread{.fid = 1, .count = 10}, 5);
	EXPECT_EQ(c.text(Tstat{.fid = 0}, 5), "Rerror tag 5 ename duplicate tag");
	EXPECT_EQ(c.text(Tflush{.oldtag = 5}, 5), "Rerror tag 5 ename duplicate tag");
	EXPECT_EQ(c.text(Tflush{.oldtag = 5}, 6), "Rflush tag 6");
}

PTEST(exportfaults, requests_of_all_connections_are_limited_together)
{
	bind("#|", "/n", MREPL);
	Fd hold = open("/n/data1", ORDWR);
	Exportopts o;
	o.limits.conns = 1;
	o.limits.working = 3;
	Client c(exported("/n", o));
	c.session();
	c.walk(1, {"data"});
	c.open(1, OREAD);
	for(uint16_t t = 10; t < 13; t++)
		c.send(Tread{.fid = 1, .count = 10}, t);
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "too many requests");
	c.send(Tflush{.oldtag = 10}, 5);
	EXPECT_EQ(c.next(), "Rflush tag 5");
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "none");
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "none");
	unmount("", "/n");
}

// What a device keeps of an open directory is the client's to pay for.
PTEST(exportfaults, open_directories_count_as_memory)
{
	stdns();
	Exportopts o;
	o.limits.memory = 512 << 10;
	Client c(exported("/tmp", o));
	c.session();
	uint32_t fid = 1;
	for(; fid < 100; fid++) {
		EXPECT_EQ(c.walk(fid, {}), "none");
		if(c.open(fid, OREAD) != "none")
			break;
	}
	EXPECT_EQ(fid, 8u);
	EXPECT_EQ(c.open(fid, OREAD), "too much memory");
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "none");
	EXPECT_EQ(c.open(fid, OREAD), "none");
	EXPECT_EQ(c.read(fid), "");
	EXPECT_EQ(c.err(Tcreate{.fid = 0, .name = "d", .perm = DMDIR | 0755, .mode = OREAD}),
		"too much memory");
	EXPECT_FALSE(access("/tmp/d", AEXIST));
}

// It was made, and then refused.
PTEST(exportfaults, a_file_whose_fid_costs_too_much_is_not_made)
{
	stdns();
	for(size_t more = 0; more < 1000; more += 50) {
		Exportopts o;
		o.limits.memory = (16 << 10) + more;
		Client c(exported("/tmp", o));
		c.session();
		for(uint32_t fid = 1; c.walk(fid, {}) == "none"; fid++)
			continue;
		Tcreate t{.fid = 1, .name = "f", .perm = 0644, .mode = OREAD};
		EXPECT_EQ(c.err(t), "too much memory");
		EXPECT_FALSE(access("/tmp/f", AEXIST)) << more;
		for(uint32_t fid = 2; fid < 5; fid++)
			c.err(Tclunk{.fid = fid});
		EXPECT_EQ(c.err(t), "none");
		EXPECT_EQ(c.err(Tremove{.fid = 1}), "none");
	}
}

// A server that hashes its files into all 64 bits.
PTEST(exportfaults, EX_26_many_kinds_of_qids_are_told_apart)
{
	Qidmap m;
	std::set<uint64_t> got;
	constexpr uint64_t N = 80000;
	auto path = [](uint64_t i) { return i * 0x9E3779B97F4A7C15u; };
	for(uint64_t i = 0; i < N; i++)
		got.insert(m.map(U'M', 1, {path(i), 0, 0}).path);
	EXPECT_EQ(got.size(), N);
	for(uint64_t i : {uint64_t(0), N - 1})
		EXPECT_TRUE(got.contains(m.map(U'M', 1, {path(i), 0, 0}).path));
	EXPECT_FALSE(got.contains(m.map(U'M', 2, {path(N - 1), 0, 0}).path));
}
}
