// What the cache keeps of files and how much, without a server.

#include <gtest/gtest.h>

#include "dev/mntcache.h"
#include "tests/scripted.h"
#include "tests/test.h"

namespace p9 {

namespace {

std::vector<std::byte>
filled(size_t n, char c)
{
	return std::vector<std::byte>(n, std::byte(c));
}

size_t
kept(Mntcache& m, uint64_t path, uint64_t off)
{
	std::byte b[1];
	return m.read(path, b, off);
}

void
fillfile(Mntcache& m, uint64_t path, size_t n)
{
	m.learn({path, 1, QTFILE}, n);
	auto b = filled(n, 'x');
	m.fill(path, m.state(path).stamp, b, 0);
}

PTEST(mntcache, of_each_file_the_first_8_MiB_are_kept)
{
	Ref<Mntcache> m = mk<Mntcache>();
	fillfile(*m, 1, Mntcache::Maxfile + 1000);
	EXPECT_EQ(Mntcache::live(), Mntcache::Maxfile);
	EXPECT_EQ(kept(*m, 1, Mntcache::Maxfile - 1), 1u);
	EXPECT_EQ(kept(*m, 1, Mntcache::Maxfile), 0u);
	auto b = filled(1000, 'y');
	m->fill(1, m->state(1).stamp, b, INT64_MAX - 1000);
	m->wrote(1, m->state(1).stamp, b, b.size(), INT64_MAX - 1000);
	EXPECT_EQ(Mntcache::live(), Mntcache::Maxfile);
	m = {};
	EXPECT_EQ(Mntcache::live(), 0u);
}

PTEST(mntcache, beyond_64_MiB_the_file_used_longest_ago_goes)
{
	constexpr uint64_t N = Mntcache::Maxbytes / Mntcache::Maxfile;
	Ref<Mntcache> m = mk<Mntcache>(), other = mk<Mntcache>();
	for(uint64_t i = 0; i < N; i++)
		fillfile(*m, i, Mntcache::Maxfile);
	EXPECT_EQ(kept(*m, 0, 0), 1u);	// the oldest now is 1
	fillfile(*other, 0, 100);
	EXPECT_EQ(kept(*m, 0, 0), 1u);
	EXPECT_EQ(kept(*m, 1, 0), 0u);
	EXPECT_EQ(kept(*m, 2, 0), 1u);
	EXPECT_EQ(kept(*other, 0, 0), 1u);
	EXPECT_LE(Mntcache::live(), Mntcache::Maxbytes);
}

PTEST(mntcache, of_4094_files_the_one_used_longest_ago_goes)
{
	Ref<Mntcache> m = mk<Mntcache>();
	for(uint64_t i = 0; i <= Mntcache::Maxfiles; i++)
		fillfile(*m, i, 1);
	EXPECT_EQ(kept(*m, 0, 0), 0u);
	EXPECT_EQ(kept(*m, 1, 0), 1u);
	EXPECT_EQ(kept(*m, Mntcache::Maxfiles, 0), 1u);
	EXPECT_FALSE(m->opened({0, 1, QTFILE}));
}

PTEST(mntcache, pieces_that_touch_become_one_and_others_replace)
{
	Ref<Mntcache> m = mk<Mntcache>();
	m->learn({1, 1, QTFILE}, 100);
	uint64_t stamp = m->state(1).stamp;
	m->fill(1, stamp, bytes("cd"), 2);
	m->fill(1, stamp, bytes("ab"), 0);
	m->fill(1, stamp, bytes("ef"), 4);
	std::string s(10, '-');
	Buf b = std::as_writable_bytes(std::span(s));
	EXPECT_EQ(m->read(1, b, 0), 6u);
	EXPECT_EQ(s.substr(0, 6), "abcdef");
	m->fill(1, stamp, bytes("xy"), 50);
	EXPECT_EQ(m->read(1, b, 0), 0u);
	EXPECT_EQ(m->read(1, b, 50), 2u);
	EXPECT_EQ(Mntcache::live(), 2u);
}

PTEST(mntcache, a_write_between_two_pages_is_in_both)
{
	constexpr size_t P = Mntcache::Pagesize;
	Ref<Mntcache> m = mk<Mntcache>();
	fillfile(*m, 1, 3 * P);
	m->wrote(1, m->state(1).stamp, bytes("1234"), 4, P - 2);
	std::string s(8, '-');
	Buf b = std::as_writable_bytes(std::span(s));
	EXPECT_EQ(m->read(1, b, P - 4), 8u);
	EXPECT_EQ(s, "xx1234xx");
	m->wrote(1, m->state(1).stamp, {}, 4, P - 2);
	EXPECT_EQ(m->read(1, b, P - 4), 0u);
	EXPECT_EQ(kept(*m, 1, 2 * P), 1u);
	EXPECT_EQ(Mntcache::live(), P);
}
}
}
