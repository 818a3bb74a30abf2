// Laws that the calculator keeps; its answers to single lines are in
// tests/peer/pc.cases.

#include "cmd/pc/calc.h"

#include <gtest/gtest.h>

#include <random>

#include "lib9/error.h"

namespace p9::calc {
namespace {

std::string
said(Calc& c, const std::string& line)
{
	try {
		std::string s = c.line(line);
		return s.empty() ? s : s.substr(0, s.size() - 1);
	} catch(const Error& e) {
		return e.text();
	}
}

std::string
said(const std::string& line)
{
	Calc c;
	return said(c, line);
}

TEST(pc, what_it_prints_it_reads_in_every_base)
{
	std::mt19937_64 g(1);
	for(int i = 0; i < 500; i++) {
		std::string n = (g() % 2 ? "-" : "") + std::to_string(g() >> g() % 63) +
				"**" + std::to_string(g() % 9);
		for(const char* fn : {"hex", "dec", "oct", "bin"})
			for(const char* out : {"0", "2", "8", "10", "16"}) {
				Calc c;
				c.line(std::string("_ 3; > ") + out + "; x = " + n);
				std::string shown = said(c, std::string(fn) + "(x)");
				EXPECT_EQ(said(c, "x == " + shown),
					  out == std::string("2")    ? "0b1"
					  : out == std::string("8")  ? "01"
					  : out == std::string("16") ? "0x1"
								     : "1");
			}
	}
}

TEST(pc, both_divisions_are_undone)
{
	std::mt19937_64 g(2);
	for(int i = 0; i < 500; i++) {
		auto n = [&g] { return std::to_string(int64_t(g()) >> g() % 63); };
		std::string set = "a = (" + n() + ") * (" + n() + "); b = " + n();
		Calc c;
		c.line(set);
		if(said(c, "b") == "0")
			continue;
		EXPECT_EQ(said(c, "(a / b) * b + a % b == a"), "1");
		EXPECT_EQ(said(c, "a % b >= 0 && a % b < abs(b)"), "1");
		c.line("/ 1");
		EXPECT_EQ(said(c, "(a / b) * b + a % b == a"), "1");
		EXPECT_EQ(said(c, "abs(a % b) < abs(b) && (a % b) * a >= 0"), "1");
		EXPECT_EQ(said(c, "abs(a / b) == abs(a) / abs(b)"), "1");
	}
}

TEST(pc, functions_agree_with_each_other)
{
	std::mt19937_64 g(3);
	Calc c;
	for(int i = 0; i < 500; i++) {
		c.line("n = " + std::to_string(int64_t(g()) >> g() % 63) + "; m = " +
			std::to_string(1 + (g() >> g() % 63) % 1000000) + "; k = " +
			std::to_string(g() % 100));
		EXPECT_EQ(said(c, "floor(n, m) <= n && n < floor(n, m) + m"), "1");
		EXPECT_EQ(said(c, "ceil(n, m) >= n && n > ceil(n, m) - m"), "1");
		EXPECT_EQ(said(c, "ceil(n, m) == -floor(-n, m)"), "1");
		EXPECT_EQ(
			said(c, "2 * abs(round(n, m) - n) <= m && round(n, m) % m == 0"),
			"1");
		EXPECT_EQ(said(c, "trunc(n, k) == (n & (1 << k) - 1)"), "1");
		EXPECT_EQ(said(c, "rev(rev(n, k), k) == trunc(n, k)"), "1");
		EXPECT_EQ(said(c, "xtend(n, k) == k$n && trunc(xtend(n, k), k) == "
				  "trunc(n, k)"),
			  "1");
		EXPECT_EQ(said(c, "sbits(n)$n == n"), "1");
		EXPECT_EQ(said(c, "gcd(n, m) * (n / gcd(n, m)) == n && gcd(n, m) > 0"),
			  "1");
		EXPECT_EQ(said(c, "gcd(n, m) != 1 ? 1 : (minv(n * m + 1, m) * (n * m + "
				  "1) - 1) % m == 0"),
			  "1");
		EXPECT_EQ(said(c, "m + 1 <= 7 ** clog(m + 1, 7) && m >= 7 ** (clog(m + "
				  "1, 7) - 1)"),
			  "1");
		EXPECT_EQ(said(c, "clog(m) == clog(m, 2) && clog(m) == ubits(m - 1)"),
			  "1");
		EXPECT_EQ(said(c, "nsa(m) + nsa(trunc(~m, 64)) == 64"), "1");
		EXPECT_EQ(said(c, "cat(m, 32, n, k) == (m << k | trunc(n, k))"), "1");
	}
}

TEST(pc, random_numbers_are_below_the_bound_and_reach_it)
{
	std::mt19937_64 g(4);
	Calchost h;
	h.random = [&g](Buf b) {
		for(std::byte& x : b)
			x = std::byte(g());
	};
	Calc c(std::move(h));
	int seen[10] = {};
	for(int i = 0; i < 1000; i++)
		seen[std::stoi(c.line("rand(10)"))]++;
	for(int n : seen)
		EXPECT_GT(n, 50);
	EXPECT_EQ(said(c, "rand(1 << 1000) < 1 << 1000"), "1");
	EXPECT_EQ(said(c, "rand(0)"), "invalid argument");
}

TEST(pc, no_number_grows_beyond_the_bound)
{
	Calchost h;
	h.maxbits = 1000;
	Calc c(std::move(h));
	EXPECT_EQ(said(c, "ubits(2 ** 999)"), "1000");
	const std::string toolarge = "number too large";
	for(const char* s :
	    {"2 ** 1000", "10 ** 10 ** 10", "(1 << 999) + (1 << 999)",
	     "-(1 << 999) - (1 << 999) - 1", "(1 << 500) * (1 << 500)", "trunc(-1, 1001)",
	     "cat(0, 500, 0, 501)", "rev(1, 2000)", "3 ** 1000"})
		EXPECT_EQ(said(c, s), toolarge) << s;
	EXPECT_EQ(said(c, "1 << 1000"), "left shift overflow");
	EXPECT_EQ(said(c, std::string(1001, '1')), toolarge);
	EXPECT_EQ(said(c, "0x" + std::string(251, 'f')), toolarge);
	EXPECT_EQ(said(c, "0 << 2000"), "0");
	EXPECT_EQ(said(c, "xtend(-5, 2000) + trunc(5, 2000)"), "0");
	EXPECT_EQ(said(c, "1 ** 10 ** 20 + (-1) ** (10 ** 20 + 1) + 0 ** 10 ** 20"), "0");
	EXPECT_EQ(said(c, "(1 << 500) >> 10 ** 20"), "0");
}

TEST(pc, depth_is_bounded)
{
	EXPECT_EQ(said(std::string(150, '(') + "1" + std::string(150, ')')), "1");
	EXPECT_EQ(said(std::string(100'000, '(')), "expression too deep");
	EXPECT_EQ(said(std::string(100'000, '-') + "1"), "expression too deep");
	std::string names;
	for(int i = 0; i < 100'000; i++)
		names += "x=";
	EXPECT_EQ(said(names), "expression too deep");
	std::string sum = "1";
	for(int i = 0; i < 100'000; i++)
		sum += "+1";
	EXPECT_EQ(said(sum), "100001");
}

TEST(pc, an_error_leaves_settings_and_the_last_result)
{
	Calc c;
	c.line("5");
	EXPECT_EQ(said(c, "< 16 +"), "syntax error");
	EXPECT_EQ(said(c, "10"), "10");
	EXPECT_EQ(said(c, "> 3"), "no.");
	EXPECT_EQ(said(c, "x = 6; 1 / 0; x = 7"), "division by zero");
	EXPECT_EQ(said(c, "@ + x"), "16");
}
}
}
