// What mkfiles say, without a kernel.

#include "cmd/mk/mkfile.h"

#include <gtest/gtest.h>

#include "lib9/error.h"

namespace p9 {

namespace {

// Files and commands by table; messages are kept.
class Fakehost final : public Mkhost {
public:
	std::map<std::string, std::string> files;
	std::map<std::string, Output> commands;
	std::string said;
	std::vector<std::string> ran;

	std::string read(const std::string& name) override
	{
		auto f = files.find(name);
		if(f == files.end())
			error(Enonexist, name);
		return f->second;
	}
	Output command(const std::string& text) override
	{
		ran.push_back(text);
		return commands[text];
	}
	void message(std::string_view text) override { said += text; }
};

struct Reading {
	Fakehost host;
	Mkvars vars;
	Rules rules;
	Mkparser parser{vars, rules, host};

	explicit Reading(std::string text) { host.files["mkfile"] = std::move(text); }

	// What it said when it could not go on; empty when it could.
	std::string parse()
	{
		try {
			parser.parse("mkfile");
			return "";
		} catch(const Error& e) {
			EXPECT_TRUE(e.is(Emkstop)) << e.text();
			return host.said;
		}
	}
	Wordlist get(std::string_view name) { return vars.get(name); }
};

Wordlist
value(const std::string& text)
{
	Reading r("A=a1 a2\nE=\nS='x y' z\nC=a.c b.c c.h\nX=" + text + "\n");
	EXPECT_EQ(r.parse(), "");
	return r.get("X");
}

std::string
fault(const std::string& text)
{
	return Reading(text).parse();
}
}

TEST(mkwords, variables_join_at_their_ends)
{
	EXPECT_EQ(value("p$A^q"), (Wordlist{"pa1", "a2^q"}));
	EXPECT_EQ(value("${A}$A"), (Wordlist{"a1", "a2a1", "a2"}));
	EXPECT_EQ(value("$E"), Wordlist{});
	EXPECT_EQ(value("p$E q"), (Wordlist{"p", "q"}));
	EXPECT_EQ(value("$E$E''"), Wordlist{""});
	EXPECT_EQ(value("$S$S"), (Wordlist{"x y", "zx y", "z"}));
}

TEST(mkwords, quotes)
{
	EXPECT_EQ(value("'a b'c'd'"), Wordlist{"a bcd"});
	EXPECT_EQ(value("'it''s' ''"), (Wordlist{"it's", ""}));
	EXPECT_EQ(value("'$A' \"$A\""), (Wordlist{"$A", "\"a1", "a2\""}));
	EXPECT_EQ(value("'\\' \\x"), (Wordlist{"\\", "\\x"}));
}

TEST(mkwords, bytes_that_are_not_utf8_stay)
{
	EXPECT_EQ(value("\xff\xc3 \x80$A"), (Wordlist{"\xff\xc3",
						      "\x80"
						      "a1",
						      "a2"}));
}

TEST(mkwords, substitutions)
{
	EXPECT_EQ(value("${C:%.c=%.o}"), (Wordlist{"a.o", "b.o", "c.h"}));
	EXPECT_EQ(value("${C:a%=b%}"), (Wordlist{"b.c", "b.c", "c.h"}));
	EXPECT_EQ(value("${C:%=d/%}"), (Wordlist{"d/a.c", "d/b.c", "d/c.h"}));
	EXPECT_EQ(value("${C:%.c=1 %.o 2}"), (Wordlist{"1a.o", "2", "1b.o", "2", "c.h"}));
	EXPECT_EQ(value("${C:a.c=x}"), (Wordlist{"x", "b.c", "c.h"}));
	EXPECT_EQ(value("${C:%$E.c=$A%}"), (Wordlist{"a1", "a2a", "a1", "a2b", "c.h"}));
	EXPECT_EQ(value("${E:%=x%}"), Wordlist{});
	// What begins and ends in the same byte does not match twice.
	EXPECT_EQ(value("${A:a1%a1=x}"), (Wordlist{"a1", "a2"}));
}

TEST(mkwords, faults_are_told)
{
	EXPECT_EQ(fault("X=${A:%=%\n"),
		  "mk: mkfile:1: syntax error; missing closing } in pattern generator\n"
		  "mk: mkfile:1: syntax error; missing '}': {A:%=%\n");
	Reading r("A=1\nX=a$ b ${A/}\n");
	EXPECT_EQ(r.parse(), "");
	EXPECT_EQ(r.host.said,
		  "mk: mkfile:2: syntax error; missing variable name < b ${A/}>\n"
		  "mk: mkfile:2: syntax error; bad variable name <A>\n");
}

TEST(mkwords, values_have_a_limit)
{
	std::string text = "X=" + std::string(10'000, 'x') + "\n";
	for(int i = 0; i < 40; i++)
		text += "X=$X $X\n";
	EXPECT_TRUE(fault(text).ends_with("syntax error; value too large\n"));
}

TEST(mkparse, lines_and_their_numbers)
{
	Reading r("# one\n\nX=a\\\nb \\\n  c # d\n\nfoo\n");
	EXPECT_EQ(r.parse(), "mk: mkfile:7: syntax error; expected one of :<=\n");
	EXPECT_EQ(r.get("X"), (Wordlist{"ab", "c"}));
	EXPECT_EQ(fault("a:V:\n\t1\n\t2\n# 3\n\t4\n:\n"),
		  "mk: mkfile:6: syntax error; no var on left side of assignment/rule\n");
	EXPECT_EQ(fault("X=1 \\\n\\\n'a"),
		  "mk: mkfile:3: syntax error; missing closing '\n");
	EXPECT_EQ(fault("X=`{a\n}\n"),
		  "mk: mkfile:1: syntax error; missing closing } after `\n");
	EXPECT_EQ(fault("a\\\nb\\\nc\nX=1\n"),
		  "mk: mkfile:1: syntax error; expected one of :<=\n");
}

TEST(mkparse, a_rule_and_its_recipe)
{
	Reading r("a b:VDPcmp -s: $X c\n\tone\n  two\n#three\n\n\tX=1\nd:\n");
	EXPECT_EQ(r.parse(), "");
	EXPECT_EQ(r.rules.first, (Wordlist{"a", "b"}));
	ASSERT_EQ(r.rules.of("b").size(), 1u);
	const Rule& b = *r.rules.of("b")[0];
	EXPECT_EQ(*b.recipe, "one\n two\n#three\n");
	EXPECT_EQ(b.tail, Wordlist{"c"});
	EXPECT_EQ(b.prog, "cmp -s");
	EXPECT_EQ(b.attr, Avirtual | Adelete);
	EXPECT_EQ(b.where(), "mkfile:1");
	EXPECT_EQ(b.recipe, r.rules.of("a")[0]->recipe);
	EXPECT_TRUE(r.rules.of("d")[0]->noeffect());
	EXPECT_EQ(r.get("X"), Wordlist{"1"});
}

TEST(mkparse, the_later_of_two_equal_rules)
{
	Reading r("a: b\n\t1\na: c\na: d\na: b\n\t2\na: e\n");
	EXPECT_EQ(r.parse(), "");
	std::string order;
	for(const Rule* rule : r.rules.of("a"))
		order += rule->tail[0] + *rule->recipe;
	EXPECT_EQ(order, "b2\nedc");
	EXPECT_EQ(r.rules.size(), 4u);
}

TEST(mkparse, metarules_are_told_by_their_targets)
{
	Reading r("%.o: %.c\n\t1\nx&y z: a\n(a+)b:R: \\1\n(a+)b:R: \\1\n\t2\nlast: b\n");
	EXPECT_EQ(r.parse(), "");
	std::string names;
	for(const Rule* rule : r.rules.metarules())
		names += rule->target + " ";
	EXPECT_EQ(names, "%.o x&y (a+)b ");
	EXPECT_EQ(r.rules.first, Wordlist{"last"});
	EXPECT_TRUE(r.rules.metarules()[2]->pattern->match("xaab"));
	EXPECT_EQ(*r.rules.metarules()[2]->recipe, "2\n");
}

TEST(mkparse, commands_are_run_as_they_are_read)
{
	Reading r("X=a`{echo '}' {b} \\\n c}d\nY=`sh form`\n<|list $X 'e f'\n");
	r.host.commands["echo '}' {b}   c\n"] = {"1 2\n3\n", true};
	r.host.commands["sh form\n"] = {"", false};
	r.host.commands["list a1 2 3d 'e f'"] = {"Z=$X", true};
	EXPECT_EQ(r.parse(), "");
	EXPECT_EQ(r.get("X"), (Wordlist{"a1", "2", "3d"}));
	EXPECT_EQ(r.get("Y"), Wordlist{});
	EXPECT_EQ(r.get("Z"), (Wordlist{"a1", "2", "3d"}));
	EXPECT_EQ(r.host.ran.size(), 3u);
}

TEST(mkparse, a_command_that_fails_or_has_NULs_is_not_included)
{
	Reading r("\n<|fail\n");
	EXPECT_EQ(r.parse(), "mk: mkfile:2: bad include program status\n");
	Reading nul("<zero\n");
	nul.host.files["zero"] = std::string("a\0b", 3);
	EXPECT_EQ(nul.parse(), "mk: zero: not a mkfile: it has NUL bytes\n");
}

TEST(mkparse, includes_know_where_they_are)
{
	Reading bad("<a\n");
	bad.host.files["a"] = "X=1\n<b\nX=$X 2\n";
	bad.host.files["b"] = "Y=$X\nfoo\n";
	EXPECT_EQ(bad.parse(), "mk: b:2: syntax error; expected one of :<=\n");
	Reading r("<a\nX=$X 3\n<nosuch\n");
	r.host.files["a"] = "X=1\n<b\nX=$X 2\n";
	r.host.files["b"] = "Y=$X\n";
	EXPECT_EQ(r.parse(), "");
	EXPECT_EQ(
		r.host.said,
		"warning: skipping missing include file: nosuch: file does not exist\n");
	EXPECT_EQ(r.get("X"), (Wordlist{"1", "2", "3"}));
}

TEST(mkparse, a_loop_of_includes_is_refused)
{
	Reading r("<a\n");
	r.host.files["a"] = "\n<b\n";
	r.host.files["b"] = "<a\n";
	EXPECT_EQ(r.parse(), "mk: a:2: syntax error; include loop: b\n");
}

TEST(mkparse, arguments_win)
{
	Reading r("X=1\nY=U=2\nZ=3\n");
	r.parser.argument("X=a b");
	EXPECT_EQ(r.parse(), "");
	EXPECT_EQ(r.get("X"), (Wordlist{"a", "b"}));
	std::string exported;
	r.vars.exported([&exported](const std::string& name, const Wordlist& w) {
		if(!w.empty())
			exported += name + "=" + quotewords(w) + ";";
	});
	EXPECT_EQ(exported, "X=a b;Z=3;");
}

TEST(mkparse, attributes_that_are_none)
{
	EXPECT_EQ(fault("a:€: b\n"),
		  "mk: mkfile:1: syntax error; unknown attribute '€'\n");
	EXPECT_EQ(fault("a:b\n"), "mk: mkfile:1: syntax error; unknown attribute 'b'\n");
	EXPECT_EQ(fault("a:Pb\n"), "mk: mkfile:1: syntax error; missing trailing :\n");
	EXPECT_EQ(fault("a=-D=1\n"),
		  "mk: mkfile:1: syntax error; unknown attribute '-'\n");
	EXPECT_EQ(fault("(:R:\n").substr(0, 43),
		  "mk: mkfile:1: regular expression error; reg");
}

TEST(mkmatch, stems)
{
	EXPECT_EQ(matchstem("x.o", "%.o"), "x");
	EXPECT_EQ(matchstem("a/b.o", "%.o"), "a/b");
	EXPECT_EQ(matchstem("a/b.o", "&.o"), std::nullopt);
	EXPECT_EQ(matchstem("a.b.o", "&.o"), std::nullopt);
	EXPECT_EQ(matchstem("ab.o", "a&.o"), "b");
	EXPECT_EQ(matchstem(".o", "%.o"), "");
	EXPECT_EQ(matchstem("aa", "a%aa"), std::nullopt);
	EXPECT_EQ(matchstem("x", "y%"), std::nullopt);
	EXPECT_EQ(matchstem("a%c", "a%%"), std::nullopt);
	EXPECT_EQ(matchstem("abc%", "a%%"), "bc");
	EXPECT_EQ(matchstem("plain", "plain"), std::nullopt);
	EXPECT_EQ(substem("s", "a%b&c"), "asbsc");
}

TEST(mkshow, what_mk_set_is_expanded)
{
	Mkvars v;
	v.set("ENV", {"no"});
	v.assign("X", {"a b", "c"}, Mkvars::By::Mkfile);
	v.setinner("target", {"t"});
	EXPECT_EQ(showrecipe("echo $X ${X} $ENV $target.$X2 '$X' `{a '}' $X} $X", v),
		  "echo 'a b' c 'a b' c $ENV t.$X2 '$X' `{a '}' $X} 'a b' c");
	EXPECT_EQ(showrecipe("${X:%=%} ${X", v), "${X:%=%} 'a b' c");
	EXPECT_EQ(showrecipe("'$X", v), "'$X");
	EXPECT_EQ(showrecipe("`{$X", v), "`{$X");
	EXPECT_EQ(showrecipe("$$", v), "$$");
}

TEST(mkshow, the_front_of_a_recipe)
{
	EXPECT_EQ(recipefront("false\n"), "false  ");
	EXPECT_EQ(recipefront("a b c d\n"), "a b c d  ");
	EXPECT_EQ(recipefront("a b c d e f g\n"), "a b c ...  ");
	EXPECT_EQ(recipefront("a b c d e f g"), "a b c ... g ");
	EXPECT_EQ(recipefront(""), " ");
}
}
