// gzip streams, whole and broken.

#include "lib9/gzip.h"

#include <gtest/gtest.h>

#include <random>

#include "lib9/error.h"

namespace p9 {
namespace {

std::string
text(Bytes b)
{
	return {reinterpret_cast<const char*>(b.data()), b.size()};
}

std::string
packed(std::string_view s, const Gzhead& h = {}, int level = 6)
{
	std::string out;
	Gzwriter z(h, level, [&out](Bytes b) { out += text(b); });
	z.write(std::as_bytes(std::span(s)));
	z.end();
	EXPECT_EQ(z.in, s.size());
	EXPECT_EQ(z.out, out.size());
	return out;
}

// What comes out of s, read in pieces, up to the Error if there is one.
struct Unpacked {
	std::string out;
	std::string error;
	std::vector<Gzhead> heads;
	uint64_t in = 0;
};

Unpacked
unpacked(std::string_view s, size_t piece = 1000)
{
	Unpacked u;
	Gzreader z([&s, piece] {
		std::string_view p = s.substr(0, piece);
		s.remove_prefix(p.size());
		return std::as_bytes(std::span(p));
	});
	try {
		for(Gzhead h; z.member(h);) {
			u.heads.push_back(h);
			for(Bytes b = z.read(); !b.empty(); b = z.read())
				u.out += text(b);
		}
	} catch(const Error& e) {
		u.error = e.text();
	}
	u.in = z.in;
	return u;
}

std::string
sample(size_t n)
{
	std::mt19937 g(7);
	std::string s;
	while(s.size() < n)
		s += g() % 3 ? std::string("the quick brown fox ") : std::to_string(g());
	return s;
}

TEST(gzip, what_goes_in_comes_out_at_every_level)
{
	const std::string big = sample(400'000);
	for(int level = 1; level <= 9; level++)
		for(std::string_view s : {std::string_view(), std::string_view("x"),
			    std::string_view(big)}) {
			Unpacked u = unpacked(packed(s, {}, level));
			EXPECT_EQ(u.error, "");
			EXPECT_EQ(u.out, s);
		}
	EXPECT_LT(packed(big, {}, 9).size(), packed(big, {}, 1).size());
}

TEST(gzip, the_header_has_the_name_and_the_time)
{
	Unpacked u = unpacked(packed("x", {1234567890, "dir/näme"}) + packed("y"));
	ASSERT_EQ(u.heads.size(), 2u);
	EXPECT_EQ(u.heads[0].name, "dir/näme");
	EXPECT_EQ(u.heads[0].mtime, 1234567890u);
	EXPECT_EQ(u.heads[1].name, "");
	EXPECT_EQ(u.heads[1].mtime, 0u);
	EXPECT_EQ(u.out, "xy");
}

TEST(gzip, all_of_an_optional_header_is_skipped)
{
	std::string s = packed("hello");
	const std::string extra("\x05\x00" "abcde", 7);
	const std::string name("n\0", 2);
	const std::string comment("comment\0", 8);
	s[3] = 0x1F;	// everything there is
	s.insert(10, extra + name + comment + "\x12\x34");
	for(size_t piece : {1, 2, 3, 1000}) {
		Unpacked u = unpacked(s, piece);
		EXPECT_EQ(u.error, "");
		EXPECT_EQ(u.out, "hello");
		EXPECT_EQ(u.heads[0].name, "n");
		EXPECT_FALSE(u.heads[0].reserved);
	}
	s[3] = char(0x9F);
	EXPECT_TRUE(unpacked(s).heads[0].reserved);
}

TEST(gzip, a_stream_that_ends_early_is_an_Error_wherever_it_ends)
{
	const std::string s = packed(sample(3000), {1, "name"});
	for(size_t n = 1; n < s.size(); n++) {
		Unpacked u = unpacked(s.substr(0, n), 64);
		ASSERT_NE(u.error.find("unexpected eof"), std::string::npos) << n;
	}
	EXPECT_EQ(unpacked("").error, "");
}

TEST(gzip, a_changed_byte_is_an_Error_or_changes_nothing)
{
	const std::string in = sample(2000);
	const std::string good = packed(in);
	for(size_t i = 0; i < good.size(); i++)
		for(unsigned bit = 0; bit < 8; bit++) {
			std::string s = good;
			s[i] = char(s[i] ^ 1 << bit);
			Unpacked u = unpacked(s);
			ASSERT_TRUE(u.error != "" || u.out == in) << i;
		}
	std::string s = good;
	s[good.size() - 8] ^= 1;
	EXPECT_EQ(unpacked(s).error, "crc mismatch");
	s = good;
	s[good.size() - 4] ^= 1;
	EXPECT_TRUE(unpacked(s).error.starts_with("bad output length: expected"));
	s = good;
	s[2] = 7;
	EXPECT_EQ(unpacked(s).error, "unknown compression type");
}

TEST(gzip, what_stands_behind_the_last_member_is_told_from_a_broken_one)
{
	const std::string good = packed("one");
	std::string junk = good + "junk";
	Gzreader z([s = std::string_view(junk)]() mutable {
		return std::as_bytes(std::span(std::exchange(s, {})));
	});
	Gzhead h;
	ASSERT_TRUE(z.member(h));
	while(!z.read().empty())
		EXPECT_TRUE(z.inmember());
	EXPECT_EQ(z.in, good.size());
	EXPECT_THROW(z.member(h), Error);
	EXPECT_FALSE(z.inmember());
}

TEST(gzip, looking_at_the_start_takes_nothing)
{
	const std::string s = packed("hello");
	for(size_t piece : {1, 2, 5, 100}) {
		std::string_view rest = s;
		Gzreader z([&] {
			std::string_view p = rest.substr(0, piece);
			rest.remove_prefix(p.size());
			return std::as_bytes(std::span(p));
		});
		EXPECT_TRUE(z.isgzip());
		Gzhead h;
		ASSERT_TRUE(z.member(h));
		std::string out;
		for(Bytes b = z.read(); !b.empty(); b = z.read())
			out += text(b);
		EXPECT_EQ(out, "hello");
		EXPECT_FALSE(z.member(h));
	}
	for(std::string_view bad : {"", "\x1f", "\x1f\x8b", "text"}) {
		Gzreader z(
			[&] { return std::as_bytes(std::span(std::exchange(bad, {}))); });
		EXPECT_FALSE(z.isgzip());
	}
}
}
}
