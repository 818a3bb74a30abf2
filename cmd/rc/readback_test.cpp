// What rc prints it reads as the same again: words, lists, functions.  Made up at random,
// the same in every run.

#include <random>

#include "cmd/rc/syn.h"
#include "port/sys.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

class Whole : public Source {
	std::string_view s;

public:
	explicit Whole(std::string_view text) : s(text) {}
	int get() override
	{
		if(s.empty())
			return -1;
		int c = static_cast<unsigned char>(s[0]);
		s.remove_prefix(1);
		return c;
	}
	void message(std::string_view text) override { ADD_FAILURE() << text; }
};

Treeref
parsed(std::string_view s)
{
	Whole src(s);
	Lexer lex(src, "f", Unit::Lines);
	return parse(lex).tree;
}

class Maker {
	std::minstd_rand rand;

public:
	explicit Maker(unsigned seed) : rand(seed) {}
	size_t below(size_t n) { return rand() % n; }
	template<size_t N> std::string any(const char* const (&v)[N]) { return v[below(N)]; }

	// Any bytes but NUL, most of them those that rc has a use for.
	std::string word()
	{
		static constexpr const char* odd[] = {"'", "''", " ", "\t", "\n", "\\", "\\\n",
			"$", "#", "*", "[", "]", "?", "{", "}", "(", ")", "<", ">", "&", ";",
			"|", "^", "=", "`", "~", "!", "@", "\"", "\1", "\x7f", "\xff", "é", "日",
			"if", "in", "fn", "-", "/", "."};
		std::string s;
		for(size_t n = below(6); n > 0; n--)
			if(below(3) == 0)
				s += char(1 + below(255));
			else
				s += any(odd);
		return s;
	}
	Words list()
	{
		Words w(below(5));
		for(std::string& s : w)
			s = word();
		return w;
	}

	std::string argument(int depth)
	{
		switch(below(depth > 0 ? 12 : 7)) {
		case 0: return "$x";
		case 1: return "$#x";
		case 2: return "$\"x";
		case 3: return "$x(1 2-)";
		case 4: return quoteword(word());
		case 5: return "*.[a-z]?";
		case 6: return any({"a", "if", "'for'", "~", "a.b", "$$x", "$1"});
		case 7: return "(" + arguments(depth - 1) + ")";
		case 8: return "`{" + commands(depth - 1) + "}";
		case 9: return argument(depth - 1) + "^" + argument(depth - 1);
		case 10: return any({"<", ">", "<>"}) + "{" + commands(depth - 1) + "}";
		default: return "`" + quoteword(word()) + "{" + commands(depth - 1) + "}";
		}
	}
	std::string arguments(int depth)
	{
		std::string s;
		for(size_t n = below(4); n > 0; n--)
			s += argument(depth).insert(0, " ");
		return s;
	}
	std::string redirection()
	{
		return any({" >f", " <'a b'", " >>[2]f", " <>$x", " >[2=1]", " <[3=]", " >[3]$x^.c"});
	}
	std::string simple(int depth)
	{
		return any({"a", "echo", "'if'", "$x"}) + arguments(depth) +
			(below(3) ? "" : redirection());
	}

	std::string command(int depth)
	{
		if(depth <= 0)
			return simple(0);
		int d = depth - 1;
		switch(below(18)) {
		case 0: return "{" + commands(d) + "}" + (below(2) ? "" : redirection());
		case 1: return "if(" + commands(d) + ") " + command(d);
		case 2: return "{if(" + command(d) + ") " + simple(d) + "\nif not " + command(d) + "}";
		case 3: return "for(i in" + arguments(d) + ") " + command(d);
		case 4: return "for(i) " + command(d);
		case 5: return "while(" + commands(d) + ") " + command(d);
		case 6: return "switch(" + argument(d) + "){\ncase a *\n" + commands(d) + "\ncase b;" +
			command(d) + "}";
		case 7: return "fn g h {" + commands(d) + "}";
		case 8: return "~ " + argument(d) + arguments(d);
		case 9: return "! " + command(d);
		case 10: return "@ " + command(d);
		case 11: return simple(d) + any({"|", "|[2]", "|[3=4]", " | \n"}) + simple(d);
		case 12: return simple(d) + any({" && ", " || "}) + command(d);
		case 13: return any({"x=", "x=y z=", "'a b'="}) + argument(d);
		case 14: return "x=" + argument(d) + " " + command(d);
		case 15: return any({">f", "<[3]$x", ">[2=1]"}) + " " + command(d);
		case 16: return "cat <<" + any({"E", "'E'"}) + any({" | b", "", "; c"}) + "\n$x $$ " +
			quoteword("a") + "\nE\n";
		default: return simple(d);
		}
	}
	std::string commands(int depth)
	{
		std::string s = command(depth);
		for(size_t n = below(3); n > 0; n--)
			s += any({"; ", "\n", "&", " ;\n\n", "\t# said\n"}) + command(depth);
		return s;
	}

private:
	std::string any(std::initializer_list<const char*> v) { return v.begin()[below(v.size())]; }
};

bool
same(const Treeref& a, const Treeref& b)
{
	if(!a || !b)
		return !a && !b;
	if(a->op != b->op || a->rtype != b->rtype || a->quoted != b->quoted || a->fd0 != b->fd0 ||
		a->fd1 != b->fd1 || a->str != b->str || a->kid.size() != b->kid.size())
		return false;
	for(size_t i = 0; i < a->kid.size(); i++)
		if(!same(a->kid[i], b->kid[i]))
			return false;
	return true;
}

// The list as the file of /env that holds it.
std::string
nuls(const Words& w)
{
	std::string s;
	for(const std::string& x : w)
		s += x + '\0';
	return s;
}
}

TEST(rcreadback, a_quoted_word)
{
	Maker make(1);
	for(int i = 0; i < 20'000; i++) {
		std::string w = make.word();
		Treeref t = parsed("a " + quoteword(w) + "\n");
		ASSERT_TRUE(t && t->kid.size() == 2) << quoteword(w);
		const Cmdtree& got = *t->kid[1];
		ASSERT_EQ(got.op, Op::Word);
		ASSERT_FALSE(got.glob);
		ASSERT_EQ(got.str, w);
	}
}

TEST(rcreadback, a_list)
{
	Maker make(2);
	for(int i = 0; i < 5'000; i++) {
		Words w = make.list();
		std::string name = make.word() + "x";
		std::string s = quotename(name) + "=(" + quotelist(w) + ")\n";
		Treeref t = parsed(s);
		ASSERT_TRUE(t && t->op == Op::Assign) << s;
		const Cmdtree& n = *t->kid[0];
		ASSERT_EQ(n.quoted ? n.str : deglob(n.str), name);
		const Cmdtree& got = *t->kid[1];
		ASSERT_EQ(got.kid.size(), w.size()) << s;
		for(size_t k = 0; k < w.size(); k++)
			ASSERT_EQ(got.kid[k]->str, w[k]) << s;
	}
}

TEST(rcreadback, a_function)
{
	Maker make(3);
	for(int i = 0; i < 5'000; i++) {
		std::string s = "fn f {" + make.commands(3) + "\n}\n";
		Treeref t = parsed(s);
		ASSERT_TRUE(t) << s;
		Treeref again = parsed(text(t) + '\n');
		ASSERT_TRUE(again && same(t, again)) << s << "prints as\n" << text(t);
		ASSERT_EQ(text(t), text(again)) << s;
	}
}

PTEST(rcreadback, lists_that_whatis_writes)
{
	stdns();
	Maker make(4);
	for(int i = 0; i < 100; i++) {
		std::string want = nuls(make.list());
		putenv("x", want);
		Ran r = run({"rc", "-c", "whatis x >/tmp/x; x=wrong; . /tmp/x; rc -c ''"});
		EXPECT_EQ(getenv("x"), want.empty() ? std::string("wrong\0", 6) : want);
	}
}

PTEST(rcreadback, functions_that_are_exported)
{
	stdns();
	Maker make(5);
	for(int i = 0; i < 100; i++) {
		std::string s = "fn f {" + make.commands(2) + "\n}\n";
		Ran r = run({"rc", "-c", s + "whatis f >/tmp/a; rc -c 'whatis f >/tmp/b'"});
		EXPECT_EQ(r.err, "") << s;
		EXPECT_EQ(readfile("/tmp/a"), readfile("/tmp/b"));
		EXPECT_EQ(readfile("/tmp/a"), getenv("fn#f"));
		remove("#e/fn#f");
	}
}
}
