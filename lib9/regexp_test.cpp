#include "lib9/regexp.h"

#include <gtest/gtest.h>

#include "lib9/error.h"

namespace p9 {

namespace {

// The match and its ( ), `begin-end' each, - alone for one that is not taken.
std::string
found(std::string_view re, std::string_view text, size_t from = 0,
	unsigned flags = Regexp::None)
{
	Regexp e(re, flags);
	std::vector<Submatch> m(e.nparen() + 1);
	if(!e.match(text, m, from))
		return "none";
	std::string s;
	for(const Submatch& x : m) {
		s += s.empty() ? "" : " ";
		s += x.taken() ? std::to_string(x.begin) + "-" + std::to_string(x.end) : "-";
	}
	return s;
}

std::string
refused(std::string_view re, unsigned flags = Regexp::None)
{
	try {
		Regexp e(re, flags);
		return "";
	} catch(const Error& e) {
		return e.text();
	}
}

bool
matches(std::string_view re, std::string_view text, unsigned flags = Regexp::None)
{
	return Regexp(re, flags).match(text);
}
}

TEST(regexp, the_match_is_the_leftmost_and_of_those_the_longest)
{
	EXPECT_EQ(found("b+", "abbbcbbbb"), "1-4");
	EXPECT_EQ(found("a|ab|abc", "xabcd"), "1-4");
	EXPECT_EQ(found("abcd|c", "abcd"), "0-4");
	EXPECT_EQ(found("abcx|c", "abcd"), "2-3");
	EXPECT_EQ(found("x*", "aaa"), "0-0");
	EXPECT_EQ(found("x*", "aaax", 3), "3-4");
	EXPECT_EQ(found("a*b|ac", "aaac"), "2-4");
	EXPECT_EQ(found("abc", "ababab"), "none");
}

TEST(regexp, parentheses_have_what_they_matched_last)
{
	EXPECT_EQ(found("(a)(b)?", "a"), "0-1 0-1 -");
	EXPECT_EQ(found("(a|b)*", "abab"), "0-4 3-4");
	EXPECT_EQ(found("((a*)b)*c", "aabbc"), "0-5 3-4 3-3");
	EXPECT_EQ(found("(a*)(a*)", "aaa"), "0-3 0-3 3-3");
	EXPECT_EQ(found("(a|ab)(c|bcd)(d*)", "abcd"), "0-4 0-1 1-4 4-4");
	EXPECT_EQ(found("(a*)*", "b"), "0-0 -");
	EXPECT_EQ(found("(a*)+", "b"), "0-0 0-0");
	EXPECT_EQ(found("(.*)/(.*)", "a/b/c"), "0-5 0-3 4-5");
}

TEST(regexp, lines_begin_and_end_at_newlines)
{
	EXPECT_EQ(found("^b$", "a\nb\nc"), "2-3");
	EXPECT_EQ(found("^", "ab", 1), "none");
	EXPECT_EQ(found("^b", "a\nb", 2), "2-3");
	EXPECT_EQ(found("$", "ab\n"), "2-2");
	EXPECT_EQ(found("^$", "ab\n"), "3-3");
	EXPECT_EQ(found("$^", "a\n\nb"), "2-2");
	EXPECT_EQ(found("a$\n^b", "a\nb"), "0-3");
	EXPECT_EQ(found("a.b", "a\nb"), "none");
	EXPECT_EQ(found("a.b", "a\nb", 0, Regexp::Dotnl), "0-3");
	EXPECT_EQ(found("a[^x]b", "a\nb", 0, Regexp::Dotnl), "none");
	EXPECT_EQ(found("a[\n]b", "a\nb"), "0-3");
}

TEST(regexp, classes)
{
	EXPECT_EQ(found("[a-cx]+", "zabcxd"), "1-5");
	EXPECT_EQ(found("[c-a]+", "zabcxd"), "1-4");
	EXPECT_EQ(found("[^a-c]", "abcd"), "3-4");
	EXPECT_EQ(found("[\\]\\-\\\\]+", "a-]\\"), "1-4");
	EXPECT_EQ(found("[*.$^]+", "a*.$^"), "1-5");
	EXPECT_EQ(found("[ä-ü]+", "aöüz"), "1-5");
	EXPECT_EQ(found("[^ä]+", "äx"), "2-3");
	EXPECT_EQ(found("[^\xC3]+", "\xC3x\xC4"), "1-3");
}

TEST(regexp, a_backslash_takes_the_meaning_away)
{
	EXPECT_EQ(found("\\.\\*", "a.*"), "1-3");
	EXPECT_EQ(found("\\n", "\nn"), "1-2");
	EXPECT_EQ(found("a\\", "a\\"), "0-1");
	EXPECT_EQ(found("a(*", "xa(*", 0, Regexp::Literal), "1-4");
	EXPECT_EQ(found("a\\", "xa\\", 0, Regexp::Literal), "1-3");
}

TEST(regexp, what_is_not_utf8_is_a_character_that_dot_matches)
{
	EXPECT_EQ(found("a.b", "a\xFF" "b"), "0-3");
	EXPECT_EQ(found("^...$", "\xC3\xE2\x82"), "0-3");
	EXPECT_EQ(found(".b", "\xC3\xA4" "b"), "0-3");
	EXPECT_EQ(found("[^ä]b", "\xC3\xA4" "b"), "none");
	EXPECT_EQ(found("\xA4", "\xC3\xA4\xA4"), "2-3");
	EXPECT_EQ(found("\xC3", "\xC3\xA4"), "none");
	EXPECT_EQ(found("ä", "\xC3\xC3\xA4"), "1-3");
	EXPECT_EQ(found("\xEF\xBF\xBD", "\xFF"), "none");
}

TEST(regexp, case_folds)
{
	EXPECT_TRUE(matches("straßE", "STRAßE", Regexp::Fold));
	EXPECT_TRUE(matches("äÖ", "Äö", Regexp::Fold));
	EXPECT_TRUE(matches("[a-c]+x", "ABCX", Regexp::Fold));
	EXPECT_FALSE(matches("[^a]", "A", Regexp::Fold));
	EXPECT_TRUE(matches("σ", "ς", Regexp::Fold));
	EXPECT_FALSE(matches("a", "A"));
}

TEST(regexp, what_is_no_expression_is_refused)
{
	EXPECT_EQ(refused(""), "regexp : parsing error");
	EXPECT_EQ(refused("a|"), "regexp a|: parsing error");
	EXPECT_EQ(refused("|a"), "regexp |a: syntax error: |");
	EXPECT_EQ(refused("*a"), "regexp *a: syntax error: *");
	EXPECT_EQ(refused("a(b"), "regexp a(b: no matching parenthesis");
	EXPECT_EQ(refused("a()"), "regexp a(): syntax error: )");
	EXPECT_EQ(refused("a)b"), "regexp a)b: syntax error: )");
	EXPECT_EQ(refused("[]"), "Malformed class");
	EXPECT_EQ(refused("[-a]"), "Malformed class");
	EXPECT_EQ(refused("[a-]"), "Malformed class");
	EXPECT_EQ(refused("[a-c"), "No closing ] for class");
	EXPECT_EQ(refused("[a\\]"), "No closing ] for class");
	EXPECT_EQ(refused("a**"), "");
	EXPECT_EQ(refused("^*"), "");
}

TEST(regexp, greps_variety_has_alternatives_on_lines)
{
	auto grep = [](std::string_view re, std::string_view text) {
		return found(re, text, 0, Regexp::Grep);
	};
	EXPECT_EQ(grep("b\nc\n\nd\n", "xd"), "1-2");
	EXPECT_EQ(grep("*a*b", "a*b"), "0-3");
	EXPECT_EQ(grep("*(\nb+", "abb("), "1-3");
	EXPECT_EQ(grep("[-a]+", "b-a"), "1-3");
	EXPECT_EQ(grep("[a-]+", "b-a"), "2-3");
	EXPECT_EQ(grep("[^]", "b"), "0-1");
	EXPECT_EQ(grep("[z-a]", "b"), "none");
	EXPECT_EQ(grep("[]", "b"), "none");
	EXPECT_NE(refused("\na", Regexp::Grep), "");
	EXPECT_NE(refused("(a\nb)", Regexp::Grep), "");
	EXPECT_NE(refused("*", Regexp::Grep), "");
}

TEST(regexp, matchline_finds_lines)
{
	std::string text = "one\ntwo\n\nthree";
	auto line = [&](std::string_view re, size_t from) {
		Submatch m = Regexp(re).matchline(text, from);
		return m.taken() ? std::to_string(m.begin) + "-" + std::to_string(m.end) : "none";
	};
	EXPECT_EQ(line("w", 0), "4-7");
	EXPECT_EQ(line("w", 8), "none");
	EXPECT_EQ(line("^$", 0), "8-8");
	EXPECT_EQ(line("e$", 4), "9-14");
	EXPECT_EQ(line("e$", 0), "0-3");
	EXPECT_EQ(line("x*", 14), "none");
	EXPECT_EQ(line("one\ntwo", 0), "none");
}

TEST(regexp, regsub_puts_the_parts_in)
{
	std::string text = "key=value";
	Regexp e("(.*)=(.*)");
	Submatch m[3];
	ASSERT_TRUE(e.match(text, m));
	EXPECT_EQ(regsub("\\2 is \\1", text, m), "value is key");
	EXPECT_EQ(regsub("<&> \\& \\0 \\\\ \\x \\9\\", text, m), "<key=value> & key=value \\ x ");
}
}
