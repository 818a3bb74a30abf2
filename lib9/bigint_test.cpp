// Whole numbers against arithmetic as children learn it: figures in strings.

#include "lib9/bigint.h"

#include <gtest/gtest.h>

#include <random>

namespace p9 {
namespace {

using Random = std::mt19937_64;

// Decimal figures without sign and leading zeros, "" is 0.
std::string
slowadd(std::string a, std::string b)
{
	std::string r;
	int carry = 0;
	while(!a.empty() || !b.empty() || carry) {
		for(std::string* s : {&a, &b})
			if(!s->empty()) {
				carry += s->back() - '0';
				s->pop_back();
			}
		r.insert(r.begin(), char('0' + carry % 10));
		carry /= 10;
	}
	return r;
}

std::string
slowmul(const std::string& a, const std::string& b)
{
	std::string r;
	for(char c : b) {
		if(!r.empty())
			r += '0';
		for(int i = 0; i < c - '0'; i++)
			r = slowadd(r, a);
	}
	return r;
}

std::string
figures(Random& g, size_t max)
{
	std::string s;
	for(size_t n = g() % max; n > 0; n--)
		s += char('0' + g() % 10);
	size_t i = s.find_first_not_of('0');
	return i == s.npos ? "" : s.substr(i);
}

Big
big(const std::string& s)
{
	return s.empty() ? Big() : *Big::parse(s, 10);
}

std::string
text(const Big& b)
{
	return b.iszero() ? "" : b.text(10);
}

// Numbers whose digits are all ones, all zeros, or one bit: where carries go wrong.
Big
rough(Random& g)
{
	std::string s;
	for(size_t n = g() % 8; n > 0; n--)
		switch(g() % 5) {
		case 0: s += "ffffffffffffffff"; break;
		case 1: s += "0000000000000000"; break;
		case 2: s += "8000000000000000"; break;
		case 3: s += "0000000000000001"; break;
		case 4:
			for(int i = 0; i < 16; i++)
				s += "0123456789abcdef"[g() % 16];
		}
	Big b = s.empty() ? Big() : *Big::parse(s, 16);
	return g() % 2 ? -b : b;
}

TEST(bigint, sums_and_products_are_those_of_figures)
{
	Random g(1);
	for(int i = 0; i < 3000; i++) {
		std::string a = figures(g, 120);
		std::string b = figures(g, 120);
		ASSERT_EQ(text(big(a)), a);
		ASSERT_EQ(text(big(a) + big(b)), slowadd(a, b));
		if(i % 10 == 0) {
			ASSERT_EQ(text(big(a) * big(b)), slowmul(a, b));
		}
	}
}

TEST(bigint, a_difference_undoes_a_sum)
{
	Random g(2);
	for(int i = 0; i < 5000; i++) {
		Big a = rough(g);
		Big b = rough(g);
		ASSERT_EQ(a + b - b, a);
		ASSERT_EQ(a - b, -(b - a));
		ASSERT_EQ(a < b, (a - b).negative());
		ASSERT_EQ((a + b) * (a - b), a * a - b * b);
	}
}

TEST(bigint, division_is_undone_by_multiplication)
{
	Random g(3);
	for(int i = 0; i < 20000; i++) {
		Big a = rough(g);
		Big b = rough(g);
		if(b.iszero())
			continue;
		auto [q, r] = divide(a, b);
		ASSERT_EQ(q * b + r, a);
		ASSERT_LT(r.abs(), b.abs());
		ASSERT_TRUE(r.iszero() || r.negative() == a.negative());
		auto [p, s] = divide(a * b, b);
		ASSERT_EQ(p, a);
		ASSERT_TRUE(s.iszero());
	}
}

TEST(bigint, every_base_reads_back)
{
	Random g(4);
	for(int i = 0; i < 3000; i++) {
		Big a = rough(g).abs();
		for(unsigned base : {2, 8, 10, 16})
			ASSERT_EQ(*Big::parse(a.text(base), base), a);
	}
	EXPECT_EQ(Big(-255).text(16), "-ff");
	EXPECT_EQ(Big(8).text(8), "10");
	EXPECT_EQ(Big().text(2), "0");
	EXPECT_EQ(Big::parse("DeadBeef", 16), Big(0xdeadbeef));
	for(std::string_view s : {"", "-1", "1g", "1 "})
		EXPECT_FALSE(Big::parse(s, 16));
	EXPECT_FALSE(Big::parse("8", 8));
}

TEST(bigint, bits_are_those_of_the_machine_and_repeat_the_sign)
{
	Random g(5);
	for(int i = 0; i < 5000; i++) {
		int64_t a = int64_t(g()) >> g() % 63;
		int64_t b = int64_t(g()) >> g() % 63;
		ASSERT_EQ(Big(a) & Big(b), Big(a & b));
		ASSERT_EQ(Big(a) | Big(b), Big(a | b));
		ASSERT_EQ(Big(a) ^ Big(b), Big(a ^ b));
		ASSERT_EQ(~Big(a), Big(~a));
		ASSERT_EQ(Big(a).shr(unsigned(b) % 63), Big(a >> unsigned(b) % 63));
		Big x = rough(g);
		Big y = rough(g);
		ASSERT_EQ((x & y) + (x | y), x + y);
		ASSERT_EQ(x ^ y, (x | y) - (x & y));
		ASSERT_EQ(~(x & y), ~x | ~y);
	}
}

TEST(bigint, shifts_are_powers_of_two)
{
	Random g(6);
	for(int i = 0; i < 3000; i++) {
		Big a = rough(g);
		size_t n = g() % 200;
		Big p = Big(1).shl(n);
		ASSERT_EQ(p.bits(), n + 1);
		ASSERT_EQ(a.shl(n), a * p);
		ASSERT_EQ(a.shl(n).shr(n), a);
		ASSERT_EQ(a.shr(n).shl(n) + a.low(n), a);
		ASSERT_LT(a.low(n), p);
		ASSERT_FALSE(a.low(n).negative());
		ASSERT_EQ(a.reversed(n).reversed(n), a.low(n));
		ASSERT_EQ(a.reversed(n).ones(), a.low(n).ones());
	}
	EXPECT_EQ(Big(6).reversed(4), Big(6));
	EXPECT_EQ(Big(1).reversed(70), Big(1).shl(69));
}

TEST(bigint, small_numbers_are_known)
{
	for(int64_t n : {INT64_MIN + 1, INT64_MAX, int64_t(0), int64_t(-1)})
		EXPECT_EQ(Big(n).small(), n);
	EXPECT_EQ(Big(INT64_MIN).text(10), "-9223372036854775808");
	EXPECT_FALSE((Big(INT64_MAX) + 1).small());
	EXPECT_TRUE((Big(5) - 5).iszero());
	EXPECT_FALSE((-Big()).negative());
}
}
}
