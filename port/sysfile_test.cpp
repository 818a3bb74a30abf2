#include "port/sysfile.h"

#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "tests/memdev.h"
#include "tests/test.h"

namespace p9 {

namespace {
std::string
text(const std::vector<Dir>& v)
{
	std::string s;
	for(const Dir& d : v)
		s += d.name + " ";
	return s;
}

// One read of at most n bytes of the directory fd.
std::vector<Dir>
readsome(int fd, size_t n)
{
	std::string s(n, 0);
	Buf buf = std::as_writable_bytes(std::span(s));
	Bytes b = buf.first(read(fd, buf));
	std::vector<Dir> v;
	while(!b.empty())
		v.push_back(convM2D(takeentry(b)).value());
	return v;
}

std::string
readtext(int fd, size_t n)
{
	std::string s(n, 0);
	s.resize(read(fd, std::as_writable_bytes(std::span(s))));
	return s;
}
}

PTEST(sysfile, NS_39_a_union_reads_as_its_elements_and_skips_those_that_fail)
{
	Memdev& m = memworld();
	m.mkfile("/a/one");
	m.mkfile("/b/two");
	m.mkdir("/x");
	Memdev& broken = freshmem(1);
	broken.mkfile("/never");
	bind("/a", "/x", MREPL);
	cmount(*up().pgrp, broken.attach({}), namemount("/x"), {}, MAFTER, {});
	bind("/b", "/x", MAFTER);
	broken.failopen = Eperm;
	EXPECT_EQ(text(dirreadall("/x")), "one two ");
	broken.failopen = "";
	EXPECT_EQ(text(dirreadall("/x")), "one never two ");
}

PTEST(sysfile, NS_39_a_union_can_be_read_in_small_pieces)
{
	Memdev& m = memworld();
	std::string all;
	for(const char* dir : {"/a/", "/b/"})
		for(int i = 0; i < 20; i++) {
			std::string name = dir[1] + std::string(size_t(i) * 5, 'x');
			m.mkfile(dir + name);
			all += name + " ";
		}
	bind("/b", "/a", MAFTER);
	Fd fd = open("/a", OREAD);
	std::string got;
	for(size_t room = 40;;) { // more when it has to be
		std::vector<Dir> v;
		try {
			v = readsome(fd, room);
		} catch(const Error& e) {
			EXPECT_EQ(e.text(), "i/o count too small");
			room += 40;
			continue;
		}
		if(v.empty())
			break;
		got += text(v);
	}
	EXPECT_EQ(got, all);
}

PTEST(sysfile, NS_39_reading_at_0_begins_again)
{
	Memdev& m = memworld();
	m.mkfile("/a/one");
	m.mkfile("/b/two");
	bind("/b", "/a", MAFTER);
	Fd fd = open("/a", OREAD);
	EXPECT_EQ(text(dirread(fd)), "one ");
	EXPECT_EQ(text(dirread(fd)), "two ");
	EXPECT_EQ(seek(fd, 0, 0), 0);
	EXPECT_EQ(text(dirread(fd)), "one ");
	std::string s(1000, 0);
	EXPECT_GT(pread(fd, std::as_writable_bytes(std::span(s)), 0), 0u);
	EXPECT_EQ(text(dirread(fd)), "two ");
	EXPECT_EQ(text(dirread(fd)), "");
}

PTEST(sysfile, NS_40_a_mount_point_in_a_directory_shows_what_is_mounted)
{
	Memdev& m = memworld();
	m.mkdir("/d/on");
	m.mkfile("/d/z", "z");
	m.mkfile("/file", "longer text");
	Memdev& tree = freshmem(1);
	cmount(*up().pgrp, tree.attach({}), namemount("/d/on"), {}, MREPL, {});
	bind("/file", "/d/z", MREPL);
	auto v = dirreadall("/d");
	ASSERT_EQ(v.size(), 2u);
	EXPECT_EQ(v[0].name, "on");
	EXPECT_EQ(v[0].dev, 1u);
	EXPECT_EQ(v[1].name, "z");
	EXPECT_EQ(v[1].length, 11u);
}

PTEST(sysfile, NS_40_nothing_changes_when_the_original_is_in_the_union)
{
	Memdev& m = memworld();
	m.mkdir("/d/on");
	Memdev& tree = freshmem(1);
	cmount(*up().pgrp, tree.attach({}), namemount("/d/on"), {}, MBEFORE, {});
	EXPECT_EQ(dirreadall("/d")[0].dev, 0u);
}

PTEST(sysfile, NS_40_what_cannot_be_asked_keeps_its_entry)
{
	Memdev& m = memworld();
	m.mkdir("/d/on");
	Memdev& tree = freshmem(1);
	cmount(*up().pgrp, tree.attach({}), namemount("/d/on"), {}, MREPL, {});
	tree.failstat = Ehungup;
	auto v = dirreadall("/d");
	ASSERT_EQ(v.size(), 1u);
	EXPECT_EQ(v[0].dev, 0u);
}

// Entries of /d grow when they are rewritten, for the owner's name is longer there.
PTEST(sysfile, NS_40_entries_that_no_longer_fit_come_with_the_next_read)
{
	struct Longdev final : Memdev {
		using Memdev::Memdev;
		Dir stat(Chan& c) override
		{
			Dir d = Memdev::stat(c);
			d.uid = "somebody with a long name";
			return d;
		}
	};
	static Longdev tree(9);
	Memdev& m = memworld();
	std::string all;
	for(char ch = 'a'; ch <= 'h'; ch++) {
		std::string name(1, ch);
		m.mkdir("/d/" + name);
		cmount(*up().pgrp, tree.attach({}), namemount("/d/" + name), {}, MREPL,
		       {});
		all += name + " ";
	}
	Fd fd = open("/d", OREAD);
	std::string got;
	for(;;) {
		auto v = readsome(fd, 260);
		if(v.empty())
			break;
		for(const Dir& d : v)
			EXPECT_EQ(d.dev, 9u);
		got += text(v);
	}
	EXPECT_EQ(got, all);
	seek(fd, 0, 0);
	readsome(fd, 260);
	EXPECT_ERROR(readsome(fd, 60), Eshort);
}

PTEST(sysfile, NS_41_a_directory_is_read_from_its_start_or_where_it_stands)
{
	Memdev& m = memworld();
	for(char ch = 'a'; ch <= 'f'; ch++)
		m.mkfile(std::string("/d/") + ch);
	Fd fd = open("/d", OREAD);
	std::string s(1000, 0);
	Buf buf = std::as_writable_bytes(std::span(s));
	size_t n = read(fd, buf.first(200));
	EXPECT_ERROR(pread(fd, buf, 7), Edirseek);
	EXPECT_GT(pread(fd, buf.first(100), int64_t(n)), 0u);
	EXPECT_ERROR(pread(fd, buf, int64_t(n)), Edirseek);
	EXPECT_ERROR(pread(fd, buf, -2), Enegoff);
	EXPECT_GT(pread(fd, buf, 0), n);
}

PTEST(sysfile, NS_42_what_can_be_sought)
{
	Memdev& m = memworld();
	m.mkfile("/f", "0123456789");
	m.mkdir("/d");
	Fd fd = open("/f", ORDWR);
	EXPECT_EQ(seek(fd, 3, 0), 3);
	EXPECT_EQ(readtext(fd, 2), "34");
	EXPECT_EQ(seek(fd, -1, 1), 4);
	EXPECT_EQ(seek(fd, -2, 2), 8);
	EXPECT_EQ(readtext(fd, 9), "89");
	EXPECT_ERROR(seek(fd, -1, 0), Enegoff);
	EXPECT_ERROR(seek(fd, -11, 2), Enegoff);
	EXPECT_ERROR(seek(fd, INT64_MAX, 1), Enegoff);
	EXPECT_ERROR(seek(fd, 0, 3), Ebadarg);
	Fd dir = open("/d", OREAD);
	EXPECT_EQ(seek(dir, 0, 0), 0);
	EXPECT_ERROR(seek(dir, 1, 0), Eisdir);
	EXPECT_ERROR(seek(dir, 0, 2), Eisdir);
	auto [a, b] = pipe();
	EXPECT_ERROR(seek(a, 0, 0), Eisstream);
}

PTEST(sysfile, NS_43_a_descriptor_is_used_as_it_was_opened)
{
	Memdev& m = memworld();
	m.mkfile("/f", "text");
	m.mkdir("/d");
	Fd r = open("/f", OREAD), w = open("/f", OWRITE), both = open("/f", ORDWR);
	EXPECT_ERROR(write(r, "x"), Ebadusefd);
	EXPECT_ERROR(readtext(w, 1), Ebadusefd);
	EXPECT_EQ(readtext(both, 4), "text");
	EXPECT_EQ(write(both, "!"), 1u);
	EXPECT_ERROR(fdtochan(r, OREAD | OTRUNC, Chkmnt::Yes), Ebadusefd);
	EXPECT_ERROR(write(open("/d", OREAD), "x"), Ebadusefd);
	EXPECT_ERROR(readtext(77, 1), Ebadfd);
	EXPECT_ERROR(readtext(-1, 1), Ebadfd);
	fdtochan(both, -1, Chkmnt::Yes)->flag |= CMSG;
	EXPECT_ERROR(readtext(both, 1), Ebadusefd);
	EXPECT_EQ(fstat(both).name, "f");
}

PTEST(sysfile, offsets_move_by_what_was_read_and_written)
{
	Memdev& m = memworld();
	Fd fd = create("/f", ORDWR, 0666);
	EXPECT_EQ(write(fd, "hello"), 5u);
	EXPECT_EQ(write(fd, " world"), 6u);
	EXPECT_EQ(pwrite(fd, std::as_bytes(std::span("J", 1)), 0), 1u);
	EXPECT_EQ(m.text("/f"), "Jello world");
	EXPECT_EQ(seek(fd, 0, 1), 11);
	EXPECT_ERROR(pwrite(fd, {}, -2), Enegoff);
	seek(fd, int64_t{1} << 40, 0);
	EXPECT_ERROR(write(fd, "x"), Enospace);
	EXPECT_EQ(seek(fd, 0, 1), int64_t{1} << 40);
}

PTEST(sysfile, a_wstat_with_a_bad_name_never_reaches_the_server)
{
	Memdev& m = memworld();
	m.mkfile("/f");
	Dir d = Dir::dontcare();
	d.name = "a/b";
	EXPECT_ERROR(wstat("/f", d), "bad character in file name: 'a/b'");
	d.name = std::string(70000, 'x');
	EXPECT_ERROR(wstat("/f", d), Etoolong);
	d.name = "g";
	wstat("/f", d);
	EXPECT_TRUE(m.has("/g"));
}

PTEST(sysfile, removed_files_are_gone_and_their_chans_too)
{
	Memdev& m = memworld();
	m.mkfile("/d/f");
	EXPECT_ERROR(remove("/d"), Enotempty);
	remove("/d/f");
	remove("/d");
	EXPECT_ERROR(remove("/d"), "file does not exist: '/d'");
	drainclose();
	EXPECT_EQ(Chan::live(), 1); // the root
}

PTEST(sysfile, files_are_read_and_written_whole)
{
	Memdev& m = memworld();
	std::string big(100000, 'b');
	writefile("/f", big);
	EXPECT_EQ(m.text("/f"), big);
	EXPECT_EQ(readfile("/f"), big);
	EXPECT_EQ(readfile("/f", big.size()), big);
	EXPECT_ERROR(readfile("/f", big.size() - 1), "read or write too large: '/f'");
	EXPECT_FALSE(trystat("/none"));
	EXPECT_EQ(errstr(), "file does not exist: '/none'");
	EXPECT_TRUE(access("/f", AREAD));
	EXPECT_TRUE(access("/", AREAD | AEXEC));
	EXPECT_FALSE(access("/none", AEXIST));
}

PTEST(sysfile, the_environment_is_in_its_files)
{
	bind("#e", "/env", MREPL | MCREATE);
	EXPECT_FALSE(getenv("x"));
	putenv("x", "value");
	EXPECT_EQ(getenv("x").value(), "value");
	putenv("x", "");
	EXPECT_EQ(getenv("x").value(), "");
	EXPECT_FALSE(getenv("a/b"));
}

// What a program had open is closed when its parent hears that it ended, whichever way.
PRACE(sysfile, exits_closes_before_the_parent_hears_of_it)
{
	memworld();
	rfork(RFPROC | RFFDG, [] {
		Fd fd = create("/f", ORDWR | ORCLOSE, 0666);
		exits("tired");
	});
	wait();
	EXPECT_FALSE(access("/f", AEXIST));
}
}
