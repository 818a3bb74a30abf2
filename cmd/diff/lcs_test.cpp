// Longest common subsequences, against the plainest way to find their length.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "cmd/diff/lcs.h"

namespace p9 {

namespace {

using Lines = std::vector<uint32_t>;

size_t
longest(const Lines& a, const Lines& b)
{
	std::vector<size_t> above(b.size() + 1);
	for(uint32_t x : a) {
		std::vector<size_t> row(b.size() + 1);
		for(size_t j = 1; j <= b.size(); j++)
			row[j] = x == b[j - 1] ? above[j - 1] + 1
					       : std::max(above[j], row[j - 1]);
		above = row;
	}
	return above.back();
}

// The length of what commonlines finds, which must be a common subsequence.
size_t
found(const Lines& a, const Lines& b)
{
	Lines j = commonlines(a, b, [] {});
	EXPECT_EQ(j.size(), a.size());
	size_t n = 0;
	uint32_t last = 0;
	for(size_t i = 0; i < j.size(); i++) {
		if(j[i] == 0)
			continue;
		EXPECT_GT(j[i], last);
		EXPECT_EQ(a[i], b[j[i] - 1]);
		last = j[i];
		n++;
	}
	return n;
}

Lines
randomlines(std::mt19937& r, size_t n, uint32_t classes)
{
	Lines v(n);
	std::ranges::generate(v, [&] { return uint32_t(r() % classes); });
	return v;
}
}

TEST(lcs, nothing_is_common_to_nothing)
{
	EXPECT_EQ(found({}, {}), 0u);
	EXPECT_EQ(found({1}, {}), 0u);
	EXPECT_EQ(found({}, {1}), 0u);
	EXPECT_EQ(found({UINT32_MAX, 7}, {0, 1}), 0u);
}

TEST(lcs, it_is_as_long_as_any)
{
	std::mt19937 r(1);
	for(int i = 0; i < 400; i++) {
		uint32_t classes = 1 + r() % 12;
		Lines a = randomlines(r, r() % 120, classes);
		Lines b = randomlines(r, r() % 120, classes);
		EXPECT_EQ(found(a, b), longest(a, b));
	}
}

TEST(lcs, lines_that_came_and_went_are_found)
{
	std::mt19937 r(2);
	Lines a = randomlines(r, 300, 40);
	Lines b = a;
	for(int i = 0; i < 30; i++) {
		b.erase(b.begin() + r() % b.size());
		b.insert(b.begin() + r() % b.size(), r() % 40);
	}
	EXPECT_EQ(found(a, b), longest(a, b));
}

TEST(lcs, candidates_out_of_use_go)
{
	// Two kinds of lines make many more candidates than are kept.
	std::mt19937 r(3);
	Lines a = randomlines(r, 4000, 2);
	Lines b = randomlines(r, 4000, 2);
	EXPECT_EQ(found(a, b), longest(a, b));
}

TEST(lcs, equal_lines_without_number_are_fast)
{
	// Each line of a has 100,000 mates, but all that betters anything is the next.
	Lines a(100000, 0);
	Lines b(100000, 0);
	a[100] = 1;
	EXPECT_EQ(found(a, b), 99999u);
}

TEST(lcs, a_step_may_end_it)
{
	EXPECT_THROW(commonlines(Lines(1000), Lines(1000), [] { throw 1; }), int);
}
}
