#include "lib9/regexp.h"

#include <gtest/gtest.h>

#include <random>

#include "lib9/error.h"
#include "tests/regexpref.h"

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

using Dice = std::mt19937;

size_t
roll(Dice& d, size_t n)
{
	return d() % n;
}

// Any of the letters, or of the bytes that some of them are made of.
std::string
somechar(Dice& d)
{
	static const char* chars[] = {"a", "b", "a", "b", "A", "ä", "Ä", "\n", "\xC3", "\xA4",
		"\xFF", "€", "\xE2\x82", "c"};
	return chars[roll(d, std::size(chars))];
}

std::string
someclass(Dice& d)
{
	std::string s = roll(d, 2) ? "[" : "[^";
	for(size_t n = 1 + roll(d, 3); n > 0; n--) {
		s += somechar(d);
		if(roll(d, 4) == 0)
			s += "-" + somechar(d);
	}
	return s + "]";
}

std::string
someexpression(Dice& d, size_t size)
{
	if(size <= 1) {
		size_t n = roll(d, 12);
		return n == 0 ? "^" : n == 1 ? "$" : n < 4 ? "." : n < 6 ? someclass(d) :
			somechar(d);
	}
	size_t left = 1 + roll(d, size - 1);
	switch(roll(d, 6)) {
	case 0: return someexpression(d, left) + "|" + someexpression(d, size - left);
	case 1: return "(" + someexpression(d, size - 1) + ")" + "*+?"[roll(d, 3)];
	case 2: return "(" + someexpression(d, size - 1) + ")";
	case 3: return someexpression(d, 1) + "*+?"[roll(d, 3)] + someexpression(d, size - 1);
	}
	return someexpression(d, left) + someexpression(d, size - left);
}

std::string
sometext(Dice& d)
{
	std::string s;
	for(size_t n = roll(d, 12); n > 0; n--)
		s += somechar(d);
	return s;
}

std::string
shown(std::span<const Submatch> v)
{
	std::string s;
	for(const Submatch& m : v)
		s += m.taken() ? std::to_string(m.begin) + "-" + std::to_string(m.end) + " " : "- ";
	return s;
}

std::vector<Submatch>
each(Regexp& re, std::string_view text)
{
	std::vector<Submatch> v;
	re.eachline(text, [&v](Submatch m) {
		v.push_back(m);
		return true;
	});
	return v;
}

// Everything that re can say about text, beside what ref says.
void
compare(Regexp& re, Regexpref& ref, const std::string& text)
{
	std::vector<Submatch> m(re.nparen() + 1);
	EXPECT_EQ(re.match(text), ref.find(text, 0).taken());
	for(size_t from = 0; from <= text.size(); from += 1 + from / 2) {
		Submatch all = ref.find(text, from);
		ASSERT_EQ(re.match(text, m, from), all.taken()) << from;
		if(!all.taken())
			continue;
		ASSERT_EQ(shown(std::span(m).first(1)), shown(std::span(&all, 1))) << from;
		auto subs = ref.submatches(text, all);
		if(!subs.empty()) {
			ASSERT_EQ(shown(m), shown(subs)) << from;
		}
	}
	std::vector<Submatch> lines;
	for(size_t p = 0; p < text.size();) {
		size_t end = std::min(text.find('\n', p), text.size());
		if(ref.find(std::string_view(text).substr(p, end - p), 0).taken())
			lines.push_back({p, end});
		p = end + 1;
	}
	EXPECT_EQ(shown(each(re, text)), shown(lines));
	lines.emplace_back();
	Submatch first = re.matchline(text);
	EXPECT_EQ(shown(std::span(&first, 1)), shown(std::span(lines).first(1)));
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
	EXPECT_EQ(grep("[]|[]|[z-a]b", "b"), "none");
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

TEST(regexp, any_expression_matches_what_trying_everything_finds)
{
	constexpr unsigned flags[] = {Regexp::None, Regexp::None, Regexp::Fold, Regexp::Dotnl};
	for(unsigned seed = 0; seed < 2000 && !::testing::Test::HasFailure(); seed++) {
		Dice d(seed);
		std::string e = someexpression(d, 1 + roll(d, 8));
		unsigned f = flags[roll(d, std::size(flags))];
		// Bytes in brackets may join to a character, and leave a - where none may be.
		if(refused(e, f) == "Malformed class")
			continue;
		Regexp re(e, f);
		Regexpref ref(e, f);
		for(int i = 0; i < 8; i++) {
			std::string text = sometext(d);
			SCOPED_TRACE(::testing::PrintToString(e) + " in " +
				::testing::PrintToString(text));
			compare(re, ref, text);
		}
	}
}

TEST(regexp, long_matches_have_the_same_parentheses_as_short_ones)
{
	constexpr size_t Short = 9, Long = 60000;
	for(unsigned seed = 0; seed < 60 && !::testing::Test::HasFailure(); seed++) {
		Dice d(seed);
		std::string e = "^z*(" + someexpression(d, 1 + roll(d, 6)) + ")";
		std::string text = sometext(d);
		Regexp re(e);
		std::vector<Submatch> a(re.nparen() + 1), b(re.nparen() + 1);
		bool matched = re.match(std::string(Short, 'z') + text, a);
		EXPECT_EQ(re.match(std::string(Long, 'z') + text, b), matched);
		auto inshort = [](size_t p) { return p < Long / 2 ? p : p - (Long - Short); };
		for(Submatch& m : b)
			if(m.taken())
				m = {inshort(m.begin), inshort(m.end)};
		EXPECT_EQ(shown(b), shown(a)) << ::testing::PrintToString(e) << " in " <<
			::testing::PrintToString(text);
	}
}

TEST(regexp, more_states_than_there_is_memory_for)
{
	std::string e = "a";
	for(int i = 0; i < 17; i++)
		e += "(a|b)";
	Regexp re(e + "x");
	Dice d(1);
	std::string text;
	for(int i = 0; i < 300000; i++)
		text += roll(d, 2) ? 'a' : 'b';
	text += "abbbbbbbbbbbbbbbbbx\n";
	std::string last = text.substr(text.size() - 20);
	for(size_t i = 0; i < 1000; i++)
		text[i * 100] = '\n';
	Submatch m = re.matchline(text);
	ASSERT_TRUE(m.taken());
	EXPECT_TRUE(text.substr(m.begin).ends_with(last));
	EXPECT_EQ(each(re, text).size(), 1u);
	e = "a(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)";
	Regexp shorter(e);
	EXPECT_EQ(each(shorter, text).size(), 1000u);
	std::vector<Submatch> v(2);
	EXPECT_TRUE(re.match(text, v));
	EXPECT_EQ(v[0].begin, text.size() - 20);
	EXPECT_EQ(v[0].end, text.size() - 1);
}

TEST(regexp, nothing_takes_more_than_linear_time)
{
	std::string text(300000, 'a');
	EXPECT_FALSE(matches("(a*)*b", text));
	EXPECT_EQ(found("(a|aa)*(a|aa)*$", text), "0-300000 299999-300000 -");
	EXPECT_EQ(found("(x+x+)+y|a*", text), "0-300000 -");
	EXPECT_EQ(found("a((b)|a)*(a)a$", text), "0-300000 299997-299998 - 299998-299999");
}

TEST(regexp, what_is_too_large_is_refused)
{
	std::string deep(100, '(');
	EXPECT_EQ(refused(deep + "a" + std::string(100, ')')), "");
	EXPECT_NE(refused("(" + deep + "a" + std::string(101, ')')), "");
	EXPECT_NE(refused(std::string((1 << 20) + 1, 'a')), "");
	EXPECT_EQ(refused(std::string(1 << 17, 'a')), "");
	EXPECT_EQ(refused(std::string(10000, '.')), "");
	EXPECT_NE(refused(std::string(1 << 20, '.')), "");
	EXPECT_EQ(refused("a" + std::string(100000, '*')), "");
}

TEST(regexp, thousands_of_words)
{
	std::string words;
	for(int i = 0; i < 20000; i++)
		words += "w" + std::to_string(i * 7919 % 1000003) + "\n";
	Regexp re(words, Regexp::Grep);
	EXPECT_TRUE(re.match("x w7919 x"));
	EXPECT_TRUE(re.match("w15838"));
	EXPECT_FALSE(re.match("w"));
	EXPECT_FALSE(re.match("x7919"));
	Regexp folded(words, Regexp::Grep | Regexp::Fold);
	EXPECT_TRUE(folded.match("x W7919"));
	EXPECT_FALSE(folded.match("W"));
	std::vector<Submatch> m(1);
	EXPECT_TRUE(re.match("a w7919", m));
	EXPECT_EQ(m[0].begin, 2u);
	EXPECT_EQ(m[0].end, 7u);
}

TEST(regexp, large_texts_with_bytes_that_are_no_utf8)
{
	std::string text;
	for(int i = 0; i < 20000; i++)
		text += "line " + std::to_string(i) + (i % 100 == 99 ? " \xE2\x82 é\n" : " é ok\n");
	Regexp odd("[^ -~é]$|^line 19990.[^x] ok");
	EXPECT_EQ(odd.matchline(text).of(text), "line 19990 é ok");
	Regexp two("9 ..? é");
	EXPECT_EQ(two.matchline(text, text.find("line 199 ")).of(text), "line 199 \xE2\x82 é");
	std::vector<Submatch> m(1);
	ASSERT_TRUE(two.match(text, m));
	EXPECT_EQ(m[0].of(text), "9 \xE2\x82 é");
}

TEST(regexp, all_lines_of_a_large_text_are_found_once_and_in_order)
{
	Dice d(7);
	std::string text;
	for(int i = 0; i < 60000; i++) {
		text += std::to_string(d() % 100000);
		text += std::string(roll(d, 500) == 0 ? 9000 : roll(d, 40), 'x');
		text += i % 1000 == 0 ? "\xFF.\n" : "\n";
	}
	text += "5x";
	// Rare and common, with a literal and without, with bytes that matter and without.
	for(auto e : {"5", "5[0-9]?x", "1[2-4]+x$", "^$|^7", "9.?9.?9x", "x*", ".\\.$",
			"^([0-9][0-9])*x+$", "1234"}) {
		Regexp re(e);
		Regexp one(e);
		std::vector<Submatch> lines;
		for(size_t p = 0, end; p < text.size(); p = end + 1) {
			end = std::min(text.find('\n', p), text.size());
			if(one.match(std::string_view(text).substr(p, end - p)))
				lines.push_back({p, end});
		}
		EXPECT_EQ(shown(each(re, text)), shown(lines)) << e;
		size_t p = 0;
		for(size_t i = 0; i < lines.size() && i < 500; i++) {
			Submatch m = re.matchline(text, p);
			ASSERT_EQ(m.begin, lines[i].begin) << e;
			p = m.end + 1;
		}
	}
}
}
