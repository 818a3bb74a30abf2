// Directory entries on the wire and as text.

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "lib9/dir.h"

namespace p9 {
namespace {

using Raw = std::vector<std::byte>;

std::string
anystring(std::mt19937_64& rnd, size_t max)
{
	std::string s(rnd() % (max + 1), 0);
	for(char& c : s)
		c = char(1 + rnd() % 255);
	return s;
}

Dir
anydir(std::mt19937_64& rnd)
{
	Dir d;
	d.type = uint16_t(rnd());
	d.dev = uint32_t(rnd());
	d.qid = {rnd(), uint32_t(rnd()), uint8_t(rnd())};
	d.mode = uint32_t(rnd());
	d.atime = uint32_t(rnd());
	d.mtime = uint32_t(rnd());
	d.length = rnd();
	for(std::string* s : {&d.name, &d.uid, &d.gid, &d.muid})
		*s = anystring(rnd, 20);
	return d;
}

Raw
raw(const Dir& d)
{
	Raw b(sizeD2M(d));
	EXPECT_EQ(convD2M(d, b), b.size());
	return b;
}

TEST(dir, layout_is_that_of_stat_5)
{
	Dir d;
	d.type = 0x0102;
	d.dev = 0x03040506;
	d.qid = {0x1112131415161718, 0x21222324, 0x80};
	d.mode = 0x31323334;
	d.atime = 0x41424344;
	d.mtime = 0x51525354;
	d.length = 0x6162636465666768;
	d.name = "n";
	d.uid = "uu";
	d.gid = "";
	d.muid = "m";
	const unsigned char want[] = {0x33, 0, 2, 1, 6, 5, 4, 3, 0x80, 0x24, 0x23, 0x22,
		0x21, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x34, 0x33, 0x32,
		0x31, 0x44, 0x43, 0x42, 0x41, 0x54, 0x53, 0x52, 0x51, 0x68, 0x67, 0x66,
		0x65, 0x64, 0x63, 0x62, 0x61, 1, 0, 'n', 2, 0, 'u', 'u', 0, 0, 1, 0, 'm'};
	Raw b = raw(d);
	ASSERT_EQ(b.size(), sizeof want);
	EXPECT_EQ(std::memcmp(b.data(), want, b.size()), 0);
}

TEST(dir, random_entries_come_back_and_no_part_of_one_passes)
{
	std::mt19937_64 rnd(9);
	for(int i = 0; i < 300; i++) {
		Dir d = anydir(rnd);
		Raw b = raw(d);
		ASSERT_TRUE(statcheck(b));
		ASSERT_EQ(convM2D(b), d);
		for(size_t n = 0; n < b.size(); n++)
			ASSERT_FALSE(statcheck(Bytes(b).first(n)));
		b.push_back({});
		ASSERT_FALSE(statcheck(b));
	}
}

TEST(dir, DM_21_wrong_sizes_are_malformed)
{
	Dir d;
	d.name = "name";
	const Raw good = raw(d);
	for(size_t at : {0, 41, 43 + 4, 43 + 6, 43 + 8}) {
		Raw b = good;
		b[at] = std::byte(unsigned(b[at]) + 1);
		EXPECT_FALSE(statcheck(b)) << at;
		b[at] = std::byte{0xFF};
		EXPECT_FALSE(statcheck(b)) << at;
	}
	Raw b = good;
	b[44] = {};	// a NUL in the name
	EXPECT_FALSE(convM2D(b));
	EXPECT_FALSE(statcheck({}));
}

TEST(dir, DM_17_what_does_not_fit_leaves_its_size)
{
	Dir d;
	d.name = "some name";
	Raw b(sizeD2M(d), std::byte{0xEE});
	EXPECT_EQ(convD2M(d, Buf(b).first(1)), 0u);
	EXPECT_EQ(b[0], std::byte{0xEE});
	for(size_t n = 2; n < b.size(); n++) {
		EXPECT_EQ(convD2M(d, Buf(b).first(n)), 0u);
		EXPECT_EQ(size_t(b[0]) + 2, b.size());
		EXPECT_EQ(b.back(), std::byte{0xEE});
	}
	EXPECT_EQ(convD2M(d, b), b.size());
}

TEST(dir, the_longest_entry_and_one_byte_more)
{
	Dir d;
	d.name = std::string(65535 - (STATFIXLEN - 2), 'x');
	Raw b(STATMAX + 1);
	EXPECT_EQ(convD2M(d, b), STATMAX);
	EXPECT_TRUE(statcheck(Bytes(b).first(STATMAX)));
	d.uid = "y";
	b[0] = std::byte{0xEE};
	EXPECT_EQ(convD2M(d, b), 0u);
	EXPECT_EQ(b[0], std::byte{0xEE});
}

TEST(dir, entries_are_taken_one_by_one)
{
	std::mt19937_64 rnd(2);
	std::vector<Dir> dirs;
	Raw all;
	for(int i = 0; i < 10; i++) {
		dirs.push_back(anydir(rnd));
		Raw b = raw(dirs.back());
		all.insert(all.end(), b.begin(), b.end());
	}
	Bytes rest = all;
	for(const Dir& d : dirs)
		EXPECT_EQ(convM2D(takeentry(rest)), d);
	EXPECT_TRUE(takeentry(rest).empty());
	Bytes part = Bytes(all).first(30);
	EXPECT_TRUE(takeentry(part).empty());
	EXPECT_EQ(part.size(), 30u);
	Bytes one = Bytes(all).first(1);
	EXPECT_TRUE(takeentry(one).empty());
}

TEST(dir, dontcare_is_all_ones)
{
	Dir d = Dir::dontcare();
	EXPECT_TRUE(d.isdontcare());
	EXPECT_EQ(d.qid.type, 0xFF);
	EXPECT_EQ(d.length, UINT64_MAX);
	d.mtime = 0;
	EXPECT_FALSE(d.isdontcare());
	EXPECT_TRUE(convM2D(raw(Dir::dontcare()))->isdontcare());
}

TEST(dir, modes_have_eleven_letters)
{
	EXPECT_EQ(fmtmode(DMDIR | 0755), "d-rwxr-xr-x");
	EXPECT_EQ(fmtmode(0644), "--rw-r--r--");
	EXPECT_EQ(fmtmode(DMAPPEND | DMEXCL | 0600), "alrw-------");
	EXPECT_EQ(fmtmode(DMAUTH | 0111), "A---x--x--x");
}

TEST(dir, text_is_that_of_fcallfmt)
{
	Dir d;
	d.name = "x";
	d.uid = "glenda";
	d.gid = "sys";
	d.qid = {0x2A, 3, QTDIR | QTAPPEND | QTEXCL | QTAUTH};
	d.mode = 0644;
	d.atime = 1;
	d.mtime = 2;
	d.length = 3;
	d.type = 'M';
	d.dev = 7;
	EXPECT_EQ(fmtdir(*viewM2D(raw(d))),
		"'x' 'glenda' 'sys' '' q (000000000000002a 3 dalA) m 0644 at 1 mt 2 l 3 "
		"t 77 d 7");
}
}
}
