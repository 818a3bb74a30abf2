// Runes, quotes, path names, arguments, errors and control messages.

#include <gtest/gtest.h>

#include <random>

#include "lib9/args.h"
#include "lib9/cleanname.h"
#include "lib9/error.h"
#include "lib9/parse.h"
#include "lib9/plan9.h"
#include "lib9/quote.h"
#include "lib9/utf.h"

namespace p9 {
namespace {

using Words = std::vector<std::string>;
using Views = std::vector<std::string_view>;

// What fn raises as an Error, as text; "" when it does not.
std::string
raised(auto fn)
{
	try {
		fn();
	} catch(const Error& e) {
		return e.text();
	}
	return "";
}

// --- utf

TEST(utf, every_rune_comes_back)
{
	for(char32_t r = 0; r <= Runemax; r++) {
		if(r >= 0xD800 && r <= 0xDFFF)
			continue;
		std::string s = encode(r);
		char32_t got;
		ASSERT_EQ(decode(s, got), s.size());
		ASSERT_EQ(got, r);
		ASSERT_TRUE(fullrune(s));
		for(size_t n = 0; n < s.size(); n++)
			ASSERT_FALSE(fullrune(s.substr(0, n)));
	}
}

TEST(utf, bad_bytes_are_one_Runeerror_each)
{
	for(std::string_view s :
		{"\x80", "\xFF", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80",
			"\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xE2\x82", "\xC3"}) {
		char32_t r = 0;
		EXPECT_EQ(decode(s, r), 1u);
		EXPECT_EQ(r, Runeerror);
		EXPECT_EQ(utflen(s), s.size());
	}
	EXPECT_TRUE(fullrune("\xC3("));
	EXPECT_TRUE(fullrune("\xFF"));
	EXPECT_EQ(encode(0xD800), encode(Runeerror));
	EXPECT_EQ(encode(0x110000), encode(Runeerror));
}

TEST(utf, decoding_nothing_has_no_length)
{
	char32_t r;
	EXPECT_EQ(decode("", r), 0u);
	EXPECT_FALSE(fullrune(""));
	EXPECT_EQ(utflen(""), 0u);
}

TEST(utf, strings_turn_to_runes_and_back)
{
	EXPECT_EQ(runes("aé€😀"), U"aé€😀");
	EXPECT_EQ(utf8(U"aé€😀"), "aé€😀");
	EXPECT_EQ(utflen("aé€😀"), 4u);
}

TEST(utf, cuts_split_no_rune)
{
	std::string_view s = "aé€😀";	// 1, 2, 3 and 4 bytes
	const size_t cut[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
	const size_t front[] = {0, 0, 0, 0, 4, 4, 4, 7, 7, 9, 10, 10};
	for(size_t i = 0; i < std::size(cut); i++) {
		EXPECT_EQ(utfcut(s, i), s.substr(0, cut[i])) << i;
		EXPECT_EQ(utfcutfront(s, i), s.substr(s.size() - front[i])) << i;
	}
	EXPECT_EQ(utfcut("\x80\x80\x80\x80", 2).size(), 2u);
	EXPECT_EQ(utfcutfront("\x80\x80\x80\x80", 2).size(), 2u);
}

TEST(utf, cases_map_one_to_one)
{
	const std::u32string_view lower = U"azéÿāžάώσяёґӏ";
	const std::u32string_view upper = U"AZÉŸĀŽΆΏΣЯЁҐӀ";
	for(size_t i = 0; i < lower.size(); i++) {
		EXPECT_EQ(toupperrune(lower[i]), upper[i]) << i;
		EXPECT_EQ(tolowerrune(upper[i]), lower[i]) << i;
		EXPECT_TRUE(islowerrune(lower[i]) && !isupperrune(lower[i])) << i;
		EXPECT_TRUE(isupperrune(upper[i]) && !islowerrune(upper[i])) << i;
	}
	for(char32_t r : std::u32string_view(U"1@[`{×÷ß€"))
		EXPECT_TRUE(toupperrune(r) == r && tolowerrune(r) == r) << uint32_t(r);
	for(char32_t r = 0; r < 0x600; r++)
		if(isupperrune(r)) {
			EXPECT_EQ(toupperrune(tolowerrune(r)), r) << uint32_t(r);
		}
}

TEST(utf, kinds_of_runes)
{
	EXPECT_TRUE(isspacerune(' ') && isspacerune('\n') && isspacerune(0x3000));
	EXPECT_FALSE(isspacerune('a') || isspacerune(0) || isspacerune(0x200B));
	EXPECT_TRUE(isalpharune('x') && isalpharune(U'é') && isalpharune(U'漢'));
	EXPECT_FALSE(isalpharune('1') || isalpharune('_') || isalpharune(0xA0));
	EXPECT_TRUE(isdigitrune('7') && !isdigitrune('a'));
}

// --- quote

TEST(quote, only_what_needs_it)
{
	EXPECT_EQ(quoted("abc"), "abc");
	EXPECT_EQ(quoted("é#*$"), "é#*$");
	EXPECT_EQ(quoted(""), "''");
	EXPECT_EQ(quoted("a b"), "'a b'");
	EXPECT_EQ(quoted("a\nb"), "'a\nb'");
	EXPECT_EQ(quoted("it's"), "'it''s'");
	EXPECT_EQ(rcquoted("#s/x"), "'#s/x'");
	EXPECT_EQ(rcquoted("a-b.c/d~@!%+,:"), "a-b.c/d~@!%+,:");
	EXPECT_EQ(rcquoted("a=b"), "'a=b'");
	EXPECT_EQ(alwaysquoted("a"), "'a'");
	EXPECT_EQ(alwaysquoted("''"), "''''''");
}

TEST(quote, tokenize_takes_quotes_away)
{
	EXPECT_EQ(tokenize(" a  b\tc\r\n"), (Words{"a", "b", "c"}));
	EXPECT_EQ(tokenize("'a b' c'd 'e ''"), (Words{"a b", "cd e", ""}));
	EXPECT_EQ(tokenize("'it''s' ''''"), (Words{"it's", "'"}));
	EXPECT_EQ(tokenize("'open to the end "), (Words{"open to the end "}));
	EXPECT_EQ(tokenize(""), Words{});
	EXPECT_EQ(tokenize("a b c", 2), (Words{"a", "b"}));
}

TEST(quote, tokenize_gives_back_what_was_quoted)
{
	std::mt19937 rnd(1);
	const std::string_view alphabet = "ab' \t\n\rZ$#";
	for(int i = 0; i < 2000; i++) {
		Words w(rnd() % 5);
		std::string line, rcline;
		for(std::string& s : w) {
			for(size_t n = rnd() % 6; n > 0; n--)
				s += alphabet[rnd() % alphabet.size()];
			line += quoted(s) + ' ';
			rcline += rcquoted(s) + '\n';
		}
		ASSERT_EQ(tokenize(line), w);
		ASSERT_EQ(tokenize(rcline), w);
	}
}

TEST(quote, getfields_by_each_separator_or_runs)
{
	EXPECT_EQ(getfields("a::b:", ":", Seps::Each), (Views{"a", "", "b", ""}));
	EXPECT_EQ(getfields("::a::b:", ":", Seps::Runs), (Views{"a", "b"}));
	EXPECT_EQ(getfields("a!b.c", "!.", Seps::Each), (Views{"a", "b", "c"}));
	EXPECT_EQ(getfields("", ":", Seps::Each), (Views{""}));
	EXPECT_EQ(getfields("", ":", Seps::Runs), Views{});
	EXPECT_EQ(getfields("::", ":", Seps::Runs), Views{});
	EXPECT_EQ(getfields("a:b:c", ":", Seps::Each, 2), (Views{"a", "b:c"}));
	EXPECT_EQ(getfields(" a  b c", " ", Seps::Runs, 2), (Views{"a", "b c"}));
	EXPECT_EQ(getfields("a", ":", Seps::Each, 0), Views{});
	EXPECT_EQ(trim(" \ta b\r\n"), "a b");
	EXPECT_EQ(trim(" \n"), "");
}

// --- cleanname

TEST(cleanname, as_the_manual_says)
{
	const std::pair<std::string_view, std::string_view> tab[] = {
		{"", "."},
		{".", "."},
		{"/", "/"},
		{"//", "/"},
		{"/.", "/"},
		{"/..", "/"},
		{"./", "."},
		{"a/", "a"},
		{"a//b", "a/b"},
		{"a/./b", "a/b"},
		{"a/../b", "b"},
		{"a/..", "."},
		{"..", ".."},
		{"../..", "../.."},
		{"../a/..", ".."},
		{"/../a", "/a"},
		{"/a/b/../../..", "/"},
		{"./../", ".."},
		{"a/b/../c", "a/c"},
		{"...", "..."},
		{"a/.../b", "a/.../b"},
		{"#s/x/../y", "#s/y"},
		{"./#x", "./#x"},
		{"a/../#x", "./#x"},
		{"#x/../#y", "./#y"},
		{"/#x", "/#x"},
	};
	for(auto [in, out] : tab) {
		EXPECT_EQ(cleanname(in), out) << in;
		EXPECT_EQ(cleanname(out), out);
	}
}

TEST(cleanname, names_come_apart)
{
	EXPECT_EQ(basename("/a/b"), "b");
	EXPECT_EQ(basename("a"), "a");
	EXPECT_EQ(basename("a/b//"), "b");
	EXPECT_EQ(basename("/"), "/");
	EXPECT_EQ(basename("//"), "/");
	EXPECT_EQ(basename(""), "");
	EXPECT_EQ(dirname("/a/b"), "/a");
	EXPECT_EQ(dirname("/a"), "/");
	EXPECT_EQ(dirname("a//b/"), "a");
	EXPECT_EQ(dirname("a"), ".");
	EXPECT_EQ(dirname("/"), "/");
	EXPECT_EQ(joinname("/a", "b"), "/a/b");
	EXPECT_EQ(joinname("/a/", "b"), "/a/b");
	EXPECT_EQ(joinname("/a", "/b"), "/b");
	EXPECT_EQ(joinname("", "b"), "b");
	EXPECT_EQ(joinname("/a", ""), "/a");
}

// --- args

TEST(args, flags_alone_together_and_with_arguments)
{
	Args a({"prog", "-a", "-bc", "-ofile", "-o", "other", "x", "-y"});
	EXPECT_EQ(a.argv0, "prog");
	std::u32string seen;
	Words out;
	while(char32_t f = a.flag()) {
		seen += f;
		if(f == 'o')
			out.push_back(a.argf().value());
	}
	EXPECT_EQ(seen, U"abcoo");
	EXPECT_EQ(out, (Words{"file", "other"}));
	EXPECT_EQ(a.rest(), (Words{"x", "-y"}));
	EXPECT_EQ(a.argc(), 2u);
	EXPECT_EQ(a.flag(), 0u);
	EXPECT_EQ(a.argc(), 2u);
}

TEST(args, a_dash_alone_is_a_word_and_two_end_the_flags)
{
	Args a({"prog", "-v", "-", "x"});
	EXPECT_EQ(a.flag(), U'v');
	EXPECT_EQ(a.flag(), 0u);
	EXPECT_EQ(a.rest(), (Words{"-", "x"}));
	Args b({"prog", "--", "-v"});
	EXPECT_EQ(b.flag(), 0u);
	EXPECT_EQ(b.flag(), 0u);
	EXPECT_EQ(b.rest(), (Words{"-v"}));
	Args c({"prog", "-x--"});
	EXPECT_EQ(c.flag(), U'x');
	EXPECT_EQ(c.flag(), U'-');
}

TEST(args, nothing_is_left)
{
	Args a({"prog", "-n"});
	EXPECT_EQ(a.flag(), U'n');
	EXPECT_FALSE(a.argf());
	EXPECT_EQ(a.flag(), 0u);
	EXPECT_EQ(a.rest(), Words{});
	Args b({});
	EXPECT_EQ(b.flag(), 0u);
	EXPECT_FALSE(b.argf());
	EXPECT_EQ(b.argc(), 0u);
	EXPECT_EQ(b.rest(), Words{});
}

TEST(args, flags_are_runes)
{
	Args a({"prog", "-éb"});
	EXPECT_EQ(a.flag(), U'é');
	EXPECT_EQ(a.argf(), "b");
}

TEST(args, sizes_have_suffixes)
{
	EXPECT_EQ(parsesize("0"), 0u);
	EXPECT_EQ(parsesize("10"), 10u);
	EXPECT_EQ(parsesize("010"), 8u);
	EXPECT_EQ(parsesize("0x1F"), 31u);
	EXPECT_EQ(parsesize("1k"), 1024u);
	EXPECT_EQ(parsesize("0x10M"), 16u << 20);
	EXPECT_EQ(parsesize("3g"), 3ull << 30);
	EXPECT_EQ(parsesize("2T"), 2ull << 40);
	EXPECT_EQ(parsesize("18446744073709551615"), UINT64_MAX);
	EXPECT_EQ(parsesize("17179869183G"), 17179869183ull << 30);
	for(std::string_view s :
		{"", "k", "x", "08", "0x", "1kk", "1 k", " 1", "+1", "-1", "1.5g",
			"18446744073709551616", "17179869184g", "1b", "99999999999t"})
		EXPECT_FALSE(parsesize(s)) << s;
}

TEST(args, numbers_are_whole_or_nothing)
{
	EXPECT_EQ(parseint("-1"), -1);
	EXPECT_EQ(parseint("+0x10"), 16);
	EXPECT_EQ(parseint("-010"), -8);
	EXPECT_EQ(parseint("9223372036854775807"), INT64_MAX);
	EXPECT_EQ(parseint("-9223372036854775808"), INT64_MIN);
	for(std::string_view s : {"", "-", "--1", "1k", "9223372036854775808",
		    "-9223372036854775809"})
		EXPECT_FALSE(parseint(s)) << s;
}

// --- error

TEST(error, NS_10_reason_comes_first_and_the_name_is_quoted)
{
	Error e(Enonexist, "/a/b");
	EXPECT_EQ(e.text(), "file does not exist: '/a/b'");
	EXPECT_EQ(e.reason(), Enonexist);
	EXPECT_EQ(e.name(), "/a/b");
	EXPECT_TRUE(e.is(Enonexist));
	EXPECT_STREQ(e.what(), e.text().c_str());
	EXPECT_EQ(Error(Eperm).text(), "permission denied");
	EXPECT_EQ(Error(Eperm, "it's").text(), "permission denied: 'it''s'");
	EXPECT_EQ(raised([] { error(Eio); }), Eio);
	EXPECT_EQ(raised([] { error(Eio, "x"); }), "i/o error: 'x'");
}

TEST(error, NS_10_long_names_lose_their_front_within_ERRMAX)
{
	for(std::string_view part : {"x", "é", "'", "😀", "\x80", "a'€"})
		for(size_t n = 1; n < 200; n++) {
			std::string name = "/dir/";
			for(size_t i = 0; i < n; i++)
				name += part;
			name += "end";
			std::string t = Error(Enonexist, name).text();
			std::string whole = "file does not exist: " + alwaysquoted(name);
			if(whole.size() < ERRMAX) {
				ASSERT_EQ(t, whole);
				continue;
			}
			ASSERT_LT(t.size(), ERRMAX);
			ASSERT_GE(t.size(), ERRMAX - 5);
			ASSERT_TRUE(t.starts_with("file does not exist: '..."));
			ASSERT_TRUE(t.ends_with("end'"));
			std::string cut =
				tokenize(t.substr(t.find('\''))).at(0).substr(3);
			ASSERT_TRUE(name.ends_with(cut));
			if(part != "\x80") {
				for(char32_t r : runes(cut))
					ASSERT_NE(r, Runeerror);
			}
		}
}

TEST(error, a_reason_that_is_too_long_is_cut)
{
	std::string t = Error(std::string(126, 'x') + "é", "name").text();
	EXPECT_EQ(t, std::string(126, 'x'));
	EXPECT_LT(Error(std::string(120, 'x'), "name").text().size(), ERRMAX);
}

// --- parse

constexpr Cmdtab Tab[] = {{1, "kill", 1}, {2, "close", 2}, {3, "args", 0}};

TEST(parse, LP_31_commands_are_looked_up)
{
	Cmdbuf cb = parsecmd("close 0x10\n");
	EXPECT_EQ(lookupcmd(cb, Tab).index, 2);
	EXPECT_EQ(cb.num(1), 16);
	EXPECT_EQ(lookupcmd(parsecmd("kill"), Tab).index, 1);
	EXPECT_EQ(lookupcmd(parsecmd("args a 'b c' d"), Tab).index, 3);
	EXPECT_EQ(
		parsecmd(std::as_bytes(std::span("a 'b c'", 7))).f, (Words{"a", "b c"}));
	constexpr Cmdtab any[] = {{7, "*", 0}};
	EXPECT_EQ(lookupcmd(parsecmd("whatever"), any).index, 7);
}

TEST(parse, LP_31_what_is_wrong_is_said_with_the_message)
{
	auto look = [](std::string_view s) {
		return raised([&] { lookupcmd(parsecmd(s), Tab); });
	};
	EXPECT_EQ(look("\n"), "empty control message");
	EXPECT_EQ(look("foo 'b c'"), "unknown control message: \"foo 'b c'\"");
	EXPECT_EQ(look("kill 1"), "bad # args to command: \"kill 1\"");
	EXPECT_EQ(raised([] { parsecmd("close x").num(1); }),
		"bad arg in system call: \"close x\"");
	EXPECT_NE(raised([] { parsecmd("close").num(1); }), "");
	std::string t = look(std::string(500, 'y'));
	EXPECT_EQ(t.size(), ERRMAX - 1);
	EXPECT_TRUE(t.ends_with("y\""));
}
}
}
