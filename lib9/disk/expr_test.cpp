#include "lib9/disk/expr.h"

#include <gtest/gtest.h>

#include "lib9/error.h"

namespace p9 {

namespace {

constexpr Exprvars Vars{.dot = 1000, .dollar = 5000, .size = 8000, .unit = 512};

int64_t
value(std::string_view s)
{
	return evalexpr(s, Vars);
}

std::string
why(std::string_view s)
{
	try {
		return std::to_string(evalexpr(s, Vars));
	} catch(const Error& e) {
		return e.text();
	}
}
}

TEST(expr, numbers_have_the_bases_of_C)
{
	EXPECT_EQ(value("0"), 0);
	EXPECT_EQ(value("42"), 42);
	EXPECT_EQ(value("0x1F"), 31);
	EXPECT_EQ(value("0Xff"), 255);
	EXPECT_EQ(value("010"), 8);
	EXPECT_EQ(value("08"), 0) << "the 8 begins another word, which is not looked at";
}

TEST(expr, k_m_g_t_are_bytes_cut_to_whole_units)
{
	EXPECT_EQ(value("1k"), 2);
	EXPECT_EQ(value("1K"), 2);
	EXPECT_EQ(value("3m"), 6144);
	EXPECT_EQ(value("1G"), 2097152);
	EXPECT_EQ(value("1t"), 2147483648);
	Exprvars cyl = Vars;
	cyl.unit = 4128768;
	EXPECT_EQ(evalexpr("4M", cyl), 1);
	EXPECT_EQ(evalexpr("100M", cyl), 25);
	EXPECT_EQ(evalexpr("4128767k", cyl), 1023);
	EXPECT_EQ(evalexpr("1k", cyl), 0);
}

TEST(expr, dot_dollar_and_hundredths)
{
	EXPECT_EQ(value("."), 1000);
	EXPECT_EQ(value("$"), 5000);
	EXPECT_EQ(value(".+20%"), 2600);
	EXPECT_EQ(value("100%"), 8000);
	EXPECT_EQ(value("$-1"), 4999);
	EXPECT_EQ(value("50%%"), 320000) << "a hundredth of the disk, 4000 times";
	EXPECT_EQ(value("-5%"), -400);
	EXPECT_EQ(value("2*5%"), 800);
}

TEST(expr, operators_have_the_usual_ranks_and_go_from_the_left)
{
	EXPECT_EQ(value("2+3*4"), 14);
	EXPECT_EQ(value("(2+3)*4"), 20);
	EXPECT_EQ(value("20-5-3"), 12);
	EXPECT_EQ(value("100/10/5"), 2);
	EXPECT_EQ(value("7/2"), 3);
	EXPECT_EQ(value("-7/2"), -3);
	EXPECT_EQ(value("--5"), 5);
	EXPECT_EQ(value("2*-3"), -6);
	EXPECT_EQ(value(" 1 +\t2 "), 3);
}

TEST(expr, what_stands_behind_a_whole_expression_is_not_looked_at)
{
	EXPECT_EQ(value("100MB"), 204800);
	EXPECT_EQ(value("5)"), 5);
	EXPECT_EQ(value("10 20"), 10);
	EXPECT_EQ(value("1.5"), 1);
}

TEST(expr, faults_have_names)
{
	for(const char* s : {"", " ", "+", "1+", "(1", "(1 2)", "*3", "k", "()", "-"})
		EXPECT_EQ(why(s), "syntax error") << s;
	EXPECT_EQ(why("1/0"), "division by zero");
	EXPECT_EQ(why("1/(2-2)"), "division by zero");
}

TEST(expr, nothing_overflows)
{
	for(const char* s :
	    {"99999999999999999999", "9223372036854775808", "0x8000000000000000",
	     "9223372036854775807+1", "-9223372036854775807-2", "9223372036854775807*2",
	     "9223372036854775807%", "99999999999t", "(-9223372036854775807-1)/-1",
	     "-(-9223372036854775807-1)"})
		EXPECT_EQ(why(s), "number out of range") << s;
	EXPECT_EQ(why("9223372036854775807"), "9223372036854775807");
}

TEST(expr, depth_has_an_end)
{
	EXPECT_EQ(why(std::string(100000, '(')), "expression too deep");
	EXPECT_EQ(why(std::string(100000, '-') + "1"), "expression too deep");
	EXPECT_EQ(why(std::string(100, '(') + "7" + std::string(100, ')')), "7");
	EXPECT_EQ(why("1" + std::string(100000, '%')), "number out of range");
}
}
