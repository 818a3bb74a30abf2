#include "cmd/rc/syn.h"

#include <gtest/gtest.h>

namespace p9 {

namespace {

class Text : public Source {
	std::string s;
	size_t at = 0;

public:
	std::string messages;
	int prompts = 0;

	explicit Text(std::string_view text) : s(text) {}
	int get() override
	{
		return at < s.size() ? static_cast<unsigned char>(s[at++]) : -1;
	}
	void prompt() override { prompts++; }
	void message(std::string_view m) override { messages += m; }
	size_t used() const { return at; }
};

// What is printed for the first command of s.
std::string
printed(std::string_view s)
{
	Text src(s);
	Lexer lex(src, "f", Unit::Lines);
	Parsed p = parse(lex);
	return p.what == Parsed::Command ? text(p.tree) : "bad: " + src.messages;
}

// The same for all of s, as one.
std::string
whole(std::string_view s)
{
	Text src(s);
	Lexer lex(src, "f", Unit::Whole);
	Parsed p = parse(lex);
	return p.what == Parsed::Command ? text(p.tree) : "bad: " + src.messages;
}

// Commands whose printed form is what was read.
constexpr const char* same[] = {
	"echo a b 'c d' ''",
	"x=(a b) y=1",
	"x=1 cmd a",
	"a && b || c",
	"! a|b",
	"@ a",
	"a|b|[2]c|[3=4]d",
	"if(~ $x a b)echo",
	"if(a; b)echo",
	"if(a){\n\tb\n}",
	"for(i in a $b)c",
	"for(i)c",
	"while (a)b",
	"switch ($x) {\n\tcase a\n\tb\n}",
	"fn f g {\n\ta; b\n}",
	"fn f",
	"~ $x *.c [a-b]?",
	"a >f <g",
	"a >>[2]f <>h|b >[2=1] >[3=]",
	" >f a|b",
	"echo $x(1 2-)^.c $#x $\"x $$x",
	"`{\n\ta b\n}",
	"`:{\n\ta\n}",
	"echo  <{\n\ta\n}",
	"a&",
};
}

TEST(rcsyn, what_is_printed_is_what_was_read)
{
	for(const char* s : same)
		EXPECT_EQ(printed(std::string(s) + "\n"), s);
}

TEST(rcsyn, what_is_printed_reads_as_the_same_again)
{
	for(const char* s :
	    {"a; b& c; d\n", "echo a$b.c'd'`{e}\n", "{ a; b } >f | c\n",
	     "if(a) b; if not c\n", "x = y z\n", "cat <<E <<'F' | b; c\n$x\nE\nb\nF\n",
	     "fn f { cat <<E | b\n$x\nE\n c }\n", "a && if(b) c && d\n", "> f { a }\n",
	     "echo if for\n", "fn a{b;fn c {d}}\n"}) {
		std::string once = printed(s);
		EXPECT_FALSE(once.starts_with("bad")) << s << once;
		EXPECT_EQ(printed(once + "\n"), once);
	}
}

TEST(rcsyn, free_carets_go_between_words)
{
	EXPECT_EQ(printed("echo a$b'c'`{d}$e.f\n"), "echo a^$b^'c'^`{\n\td\n} $e^.f");
	EXPECT_EQ(printed("echo a $b\n"), "echo a $b");
	EXPECT_EQ(printed("echo $x-$y/z\n"), "echo $x^-^$y^/z");
}

TEST(rcsyn, operators_bind_as_they_should)
{
	// The body of an if takes in what follows it, an assignment only pipes.
	EXPECT_EQ(printed("if(a) {b} && c\n"), "if(a){\n\tb\n} && c");
	Text src("x=1 a | b && c\n");
	Lexer lex(src, "f", Unit::Lines);
	Parsed p = parse(lex);
	ASSERT_EQ(p.what, Parsed::Command);
	EXPECT_EQ(p.tree->op, Op::And);
	EXPECT_EQ(p.tree->kid[0]->op, Op::Assign);
	EXPECT_EQ(p.tree->kid[0]->kid[2]->op, Op::Pipe);
}

TEST(rcsyn, an_error_names_file_line_and_token)
{
	EXPECT_EQ(printed("echo ) a\n"), "bad: f:1: token ')': syntax error\n");
	EXPECT_EQ(printed("if\n"), "bad: f:1: syntax error\n");
	EXPECT_EQ(printed("echo ("), "bad: f:1: token EOF: syntax error\n");
	EXPECT_EQ(printed("a b=c\n"), "bad: f:1: token '=': syntax error\n");
	EXPECT_EQ(printed("a >[x]\n"), "bad: f:1: token '>[x': redirection syntax\n");
	EXPECT_EQ(printed("a |[1=] b\n"), "bad: f:1: token '|[1=]': pipe syntax\n");
	EXPECT_EQ(printed("cat <<$x\n"), "bad: f:1: Bad here tag\n");
	// What is put around the input is not named.
	EXPECT_EQ(whole("if("), "bad: f:1: token EOF: syntax error\n");
	EXPECT_EQ(whole("a\n{ b\n"), "bad: f:2: token EOF: syntax error\n");
	EXPECT_EQ(whole("a\necho 'b"), "bad: f:2: token EOF: syntax error\n");
}

TEST(rcsyn, after_an_error_the_next_line_is_read)
{
	Text src("echo ) a\nb\n");
	Lexer lex(src, "f", Unit::Lines);
	EXPECT_EQ(parse(lex).what, Parsed::Bad);
	EXPECT_EQ(text(parse(lex).tree), "b");
	EXPECT_EQ(parse(lex).what, Parsed::End);
}

TEST(rcsyn, if_not_follows_an_if)
{
	EXPECT_EQ(printed("if not a\n"),
		  "bad: f:1: `if not' does not follow `if(...)'\n");
	EXPECT_EQ(whole("if(a) b\nif not if(c) d\nif not e"),
		"{\n\tif(a)b\n\tif not if(c)d\n\tif not e\n}");
	EXPECT_EQ(whole("x; if(a) b\nif not c"), "{\n\tx; if(a)b\n\tif not c\n}");
	EXPECT_TRUE(whole("if(a) b\nc\nif not d").starts_with("bad"));
}

TEST(rcsyn, a_switch_begins_with_a_case)
{
	EXPECT_EQ(printed("switch(a){b}\n"), "bad: f:1: case missing in switch\n");
	EXPECT_EQ(printed("switch(a){}\n"), "bad: f:1: case missing in switch\n");
	EXPECT_EQ(whole("\nx; switch(a){'case' b;c}\n"),
		  "bad: f:2: case missing in switch\n");
}

TEST(rcsyn, nothing_is_read_beyond_the_line)
{
	Text src("echo a\nb\n");
	Lexer lex(src, "f", Unit::Lines);
	parse(lex);
	EXPECT_EQ(src.used(), 7u);
	EXPECT_EQ(src.prompts, 1);
}

TEST(rcsyn, further_lines_are_prompted_for)
{
	Text src("for(i in a)\n{\necho \\\na\n}\n");
	Lexer lex(src, "f", Unit::Lines);
	EXPECT_EQ(parse(lex).what, Parsed::Command);
	EXPECT_EQ(src.prompts, 5);
}

TEST(rcsyn, here_documents_come_after_the_line)
{
	Text src("cat <<A <<B; x\n1\nA\n2\n3\nB\ny\n");
	Lexer lex(src, "f", Unit::Lines);
	Parsed p = parse(lex);
	const Cmdtree& a = *p.tree->kid[0];
	EXPECT_EQ(a.str, "1\n");
	EXPECT_EQ(a.kid[1]->str, "2\n3\n");
	EXPECT_EQ(text(parse(lex).tree), "y");
}

TEST(rcsyn, a_last_line_needs_no_newline)
{
	EXPECT_EQ(printed("echo a"), "echo a");
	EXPECT_EQ(printed("a; b"), "a; b");
}

TEST(rcsyn, a_quote_that_is_open_at_the_end_is_an_error)
{
	EXPECT_EQ(printed("rm 'b"), "bad: f:1: token EOF: syntax error\n");
	EXPECT_EQ(printed("rm '"), "bad: f:1: token EOF: syntax error\n");
	EXPECT_EQ(printed("a ''''\n"), "a ''''");
}

TEST(rcsyn, nesting_is_bounded)
{
	std::string s(100000, '{');
	EXPECT_NE(printed(s).find("nested too deeply"), std::string::npos);
	EXPECT_NE(printed(std::string(100000, '(')).find("bad"), std::string::npos);
	EXPECT_NE(printed(std::string(100000, '!')).find("!!!"), std::string::npos);
	std::string bangs, ands = "a";
	for(int i = 0; i < 5000; i++) {
		bangs += "! ";
		ands += "&&a";
	}
	EXPECT_NE(printed(bangs + "a\n").find("nested too deeply"), std::string::npos);
	EXPECT_NE(printed(ands + "\n").find("nested too deeply"), std::string::npos);
}

TEST(rcsyn, a_long_script_is_no_deep_tree)
{
	std::string s;
	for(int i = 0; i < 20000; i++)
		s += "echo a; echo b\n";
	Text src(s);
	Lexer lex(src, "f", Unit::Whole);
	Parsed p = parse(lex);
	ASSERT_EQ(p.what, Parsed::Command);
	EXPECT_LT(p.tree->depth, 10);
}
}
