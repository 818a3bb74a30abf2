#include "cmd/rc/word.h"

#include <gtest/gtest.h>

namespace p9 {

// A pattern as rc's lexer would mark it.
static std::string
pat(std::string_view s)
{
	std::string p;
	for(char c : s) {
		if(c == '*' || c == '?' || c == '[')
			p += GLOB;
		p += c;
	}
	return p;
}

TEST(rcword, a_star_matches_any_characters)
{
	EXPECT_TRUE(match("", pat("*")));
	EXPECT_TRUE(match("abc", pat("a*c")));
	EXPECT_TRUE(match("abcbc", pat("a*bc")));
	EXPECT_TRUE(match("abc", pat("***abc***")));
	EXPECT_FALSE(match("abcd", pat("a*c")));
	EXPECT_FALSE(match("", pat("*a")));
}

TEST(rcword, a_pattern_of_many_stars_ends_soon)
{
	std::string s(3000, 'a');
	EXPECT_FALSE(match(s, pat("*a*a*a*a*a*a*a*a*a*b")));
}

TEST(rcword, a_question_mark_matches_one_rune)
{
	EXPECT_TRUE(match("é", pat("?")));
	EXPECT_TRUE(match("日本", pat("??")));
	EXPECT_FALSE(match("", pat("?")));
}

TEST(rcword, a_class_has_ranges_and_may_be_inverted)
{
	EXPECT_TRUE(match("b", pat("[a-c]")));
	EXPECT_TRUE(match("b", pat("[c-a]")));
	EXPECT_FALSE(match("d", pat("[a-c]")));
	EXPECT_TRUE(match("d", pat("[~a-c]")));
	EXPECT_FALSE(match("b", pat("[~a-c]")));
	EXPECT_TRUE(match("ü", pat("[ä-ÿ]")));
}

TEST(rcword, a_class_without_end_matches_nothing)
{
	EXPECT_FALSE(match("a", pat("[a")));
	EXPECT_FALSE(match("a", pat("[a-")));
	EXPECT_FALSE(match("a", pat("[~b")));
	EXPECT_FALSE(match("a", pat("[")));
}

TEST(rcword, what_is_not_marked_is_plain)
{
	EXPECT_TRUE(match("*", "*"));
	EXPECT_FALSE(match("a", "*"));
	EXPECT_TRUE(match("a\1b", "a\1\1b"));
}

TEST(rcword, match_stops_at_the_stop)
{
	EXPECT_TRUE(match("ab", pat("a*/c"), '/'));
	EXPECT_FALSE(match("ab", pat("a*/c")));
}

TEST(rcword, broken_utf8_matches_itself_only)
{
	EXPECT_TRUE(match("\xff", "\xff"));
	EXPECT_FALSE(match("\xff", "\xfe"));
	EXPECT_TRUE(match("\xff", pat("?")));
}

TEST(rcword, deglob_takes_the_marks_away)
{
	EXPECT_EQ(deglob(pat("a*[b]?")), "a*[b]?");
	EXPECT_EQ(deglob("\1"), "\1");
}

TEST(rcword, a_word_is_quoted_when_rc_would_take_it_apart)
{
	EXPECT_EQ(quoteword("abc"), "abc");
	EXPECT_EQ(quoteword(""), "''");
	EXPECT_EQ(quoteword("it's"), "'it''s'");
	EXPECT_EQ(quoteword("a b"), "'a b'");
	EXPECT_EQ(quoteword("é"), "é");
	EXPECT_EQ(quotelist({"a", "b c", ""}), "a 'b c' ''");
}

static Words
conc2(const Words& a, const Words& b)
{
	Words out;
	std::string_view why = conc(a, b, out);
	return why.empty() ? out : Words{"error", std::string(why)};
}

TEST(rcword, concatenation_is_pairwise_or_distributes)
{
	EXPECT_EQ(conc2({"a"}, {"x", "y"}), (Words{"ax", "ay"}));
	EXPECT_EQ(conc2({"a", "b"}, {"x"}), (Words{"ax", "bx"}));
	EXPECT_EQ(conc2({"a", "b"}, {"x", "y"}), (Words{"ax", "by"}));
	EXPECT_EQ(conc2({}, {}), Words{});
	EXPECT_EQ(conc2({}, {"x"}), (Words{"error", "null list in concatenation"}));
	EXPECT_EQ(conc2({"a", "b"}, {"x", "y", "z"}),
		(Words{"error", "mismatched list lengths in concatenation"}));
}

static Words
sub(const Words& subs)
{
	Words out;
	subscript({"a", "b", "c", "d"}, subs, out);
	return out;
}

TEST(rcword, subscripts_take_what_is_there)
{
	EXPECT_EQ(sub({"2"}), Words{"b"});
	EXPECT_EQ(sub({"4", "1"}), (Words{"d", "a"}));
	EXPECT_EQ(sub({"2-3"}), (Words{"b", "c"}));
	EXPECT_EQ(sub({"3-"}), (Words{"c", "d"}));
	EXPECT_EQ(sub({"3-9"}), (Words{"c", "d"}));
	EXPECT_EQ(sub({"0"}), Words{});
	EXPECT_EQ(sub({"5"}), Words{});
	EXPECT_EQ(sub({"3-2"}), Words{});
	EXPECT_EQ(sub({"x"}), Words{});
	EXPECT_EQ(sub({"99999999999999999999-"}), Words{});
}

static Words
cut(std::string_view s, std::string_view seps)
{
	Words out;
	split(s, seps, out);
	return out;
}

TEST(rcword, split_cuts_at_runs_of_separators_and_at_each_nul)
{
	EXPECT_EQ(cut(" a  b\n", " \n"), (Words{"a", "b"}));
	EXPECT_EQ(cut("", " "), Words{});
	EXPECT_EQ(cut("  ", " "), Words{});
	EXPECT_EQ(cut("a b\n", ""), Words{"a b\n"});
	EXPECT_EQ(cut(std::string_view("a\0\0b\0", 5), ""), (Words{"a", "", "b"}));
}

TEST(rcword, a_path_has_one_slash_between)
{
	EXPECT_EQ(makepath("", "x"), "x");
	EXPECT_EQ(makepath("/", "x"), "/x");
	EXPECT_EQ(makepath("/bin/", "/x"), "/bin/x");
	EXPECT_EQ(makepath(".", "x/y"), "./x/y");
}

TEST(rcword, names_that_are_files_are_not_searched_for)
{
	EXPECT_TRUE(searched("ls"));
	EXPECT_TRUE(searched("disk/prep"));
	EXPECT_TRUE(searched(".profile"));
	EXPECT_TRUE(searched("..."));
	for(const char* s : {"/bin/ls", "#c/cons", ".", "..", "./a", "../a", ""})
		EXPECT_FALSE(searched(s)) << s;
}
}
