// Regular expressions read: regexp(6), and grep(1)'s variety of them.

#include "lib9/regexptree.h"

#include <algorithm>
#include <map>

#include "lib9/error.h"
#include "lib9/plan9.h"
#include "lib9/regexp.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr size_t Maxexpression = 1 << 20;	// bytes
constexpr size_t Maxdepth = 100;	// parentheses in each other
constexpr char32_t Foldmax = 0x600;	// no letter behind it has another case

struct Retoken {
	enum Kind { End, Newline, Or, Lpar, Rpar, Rep, Bol, Eol, Class, Rune };

	Kind kind = End;
	char32_t rune = 0;	// as it stands in the expression; 0 at the end
	uint32_t cls = 0;
};

class Reparser {
	const std::string_view whole;
	const unsigned flags;
	std::string_view s;	// what was not read
	Retoken tok;	// the first that was not parsed
	bool literal;	// up to the end, or in grep's variety the newline
	// Classes that come up often, by what is in them but for case.
	std::map<char32_t, uint32_t> shared;

	bool grep() const { return flags & Regexp::Grep; }
	[[noreturn]] void fail(std::string_view why) const;
	[[noreturn]] void syntax() const;

	char32_t get();
	bool eat(char c);
	void next();
	uint32_t addclass(Reclass c);
	uint32_t dot();
	char32_t classchar();
	uint32_t brackets();
	uint32_t grepbrackets();

	uint32_t add(Renode::Op op, uint32_t arg, uint32_t kid);
	uint32_t rune(char32_t r);
	uint32_t atom(size_t depth);
	uint32_t repeated(uint32_t n);
	uint32_t concat(size_t depth);
	uint32_t alternation(size_t depth);
	uint32_t lines();

public:
	Retree t;

	Reparser(std::string_view expression, unsigned f)
		: whole(expression), flags(f), s(expression), literal(f & Regexp::Literal)
	{
	}
	void parse();
};

// Siblings, collected from left to right.
struct Relist {
	std::vector<Renode>& node;
	uint32_t first = 0;
	uint32_t last = 0;

	void add(uint32_t n)
	{
		if(first == 0)
			first = n;
		else
			node[last].next = n;
		last = n;
	}
	bool one() const { return first == last; }
};

void
Reparser::fail(std::string_view why) const
{
	constexpr std::string_view form = "regexp : ";
	size_t room = ERRMAX - 1 - form.size() - why.size();
	std::string e(whole);
	if(e.size() > room)
		e = std::string(utfcut(whole, room - 3)) + "...";
	error("regexp " + e + ": " + std::string(why));
}

void
Reparser::syntax() const
{
	if(tok.rune == 0)
		fail("parsing error");
	std::string c;
	if(tok.rune < Rebadbyte)
		encode(tok.rune, c);
	else
		c += char(tok.rune - Rebadbyte);
	fail("syntax error: " + c);
}

// The next character, 0 at the end.
char32_t
Reparser::get()
{
	if(s.empty())
		return 0;
	char32_t r;
	s.remove_prefix(rechar(s, r));
	return r;
}

bool
Reparser::eat(char c)
{
	if(s.empty() || s[0] != c)
		return false;
	s.remove_prefix(1);
	return true;
}

void
Reparser::next()
{
	tok = {};
	if(s.empty())
		return;
	char32_t r = get();
	tok.rune = r;
	tok.kind = Retoken::Rune;
	if(grep() && r == '\n') {
		tok.kind = Retoken::Newline;
		literal = flags & Regexp::Literal;
		return;
	}
	if(literal)
		return;
	switch(r) {
	case '\\':
		// One that ends the expression is nothing.
		tok.kind = s.empty() ? Retoken::End : Retoken::Rune;
		tok.rune = get();
		if(grep() && tok.rune == '\n')
			tok.kind = Retoken::Newline;
		break;
	case '|': tok.kind = Retoken::Or; break;
	case '(': tok.kind = Retoken::Lpar; break;
	case ')': tok.kind = Retoken::Rpar; break;
	case '*':
	case '+':
	case '?': tok.kind = Retoken::Rep; break;
	case '^': tok.kind = Retoken::Bol; break;
	case '$': tok.kind = Retoken::Eol; break;
	case '.':
		tok.kind = Retoken::Class;
		tok.cls = dot();
		break;
	case '[':
		tok.kind = Retoken::Class;
		tok.cls = grep() ? grepbrackets() : brackets();
		break;
	}
}

uint32_t
Reparser::addclass(Reclass c)
{
	t.cls.push_back(std::move(c));
	return uint32_t(t.cls.size() - 1);
}

uint32_t
Reparser::dot()
{
	auto [i, fresh] = shared.try_emplace(Recharmax + 1);
	if(!fresh)
		return i->second;
	Reclass c;
	if(!(flags & Regexp::Dotnl))
		c.add('\n', '\n');
	c.invert();
	return i->second = addclass(std::move(c));
}

// A character in brackets, which may stand behind a \.
char32_t
Reparser::classchar()
{
	eat('\\');
	if(s.empty())
		error("No closing ] for class");
	return get();
}

uint32_t
Reparser::brackets()
{
	Reclass c;
	bool inverted = eat('^');
	while(!eat(']')) {
		if(eat('-'))
			error("Malformed class");
		char32_t lo = classchar();
		char32_t hi = lo;
		if(eat('-')) {
			if(!s.empty() && (s[0] == ']' || s[0] == '-'))
				error("Malformed class");
			hi = classchar();
		}
		c.add(std::min(lo, hi), std::max(lo, hi));
	}
	if(c.spans.empty())
		error("Malformed class");
	if(flags & Regexp::Fold)
		c.fold();
	if(inverted)
		c.add('\n', '\n');
	c.tidy();
	if(inverted)
		c.invert();
	return addclass(std::move(c));
}

// As grep(1) reads them: a - that is not between two characters is one itself, but for
// the last, which is nothing; a range that runs backwards is empty.
uint32_t
Reparser::grepbrackets()
{
	Reclass c;
	bool inverted = eat('^');
	while(!eat(']')) {
		char32_t lo = classchar();
		char32_t hi = lo;
		if(!s.empty() && s[0] == '-') {
			eat('-');
			if(!s.empty() && s[0] != ']')
				hi = classchar();
		}
		if(lo <= hi)
			c.add(lo, hi);
	}
	if(flags & Regexp::Fold)
		c.fold();
	if(inverted)
		c.add('\n', '\n');
	c.tidy();
	if(inverted)
		c.invert();
	return addclass(std::move(c));
}

uint32_t
Reparser::add(Renode::Op op, uint32_t arg, uint32_t kid)
{
	t.node.push_back({op, arg, kid});
	return uint32_t(t.node.size() - 1);
}

uint32_t
Reparser::rune(char32_t r)
{
	if(!(flags & Regexp::Fold) || r >= Foldmax)
		return add(Renode::Rune, r, 0);
	auto [i, fresh] = shared.try_emplace(r);
	if(fresh) {
		Reclass c;
		c.add(r, r);
		c.fold();
		c.tidy();
		i->second = addclass(std::move(c));
	}
	return add(Renode::Class, i->second, 0);
}

uint32_t
Reparser::atom(size_t depth)
{
	uint32_t n;
	switch(tok.kind) {
	case Retoken::Rune: n = rune(tok.rune); break;
	case Retoken::Class: n = add(Renode::Class, tok.cls, 0); break;
	case Retoken::Bol: n = add(Renode::Bol, 0, 0); break;
	case Retoken::Eol: n = add(Renode::Eol, 0, 0); break;
	case Retoken::Lpar: {
		if(depth == Maxdepth)
			fail("too many parentheses in each other");
		uint32_t sub = ++t.nsub;
		next();
		n = add(Renode::Sub, sub, alternation(depth + 1));
		if(tok.kind != Retoken::Rpar)
			fail("no matching parenthesis");
		break;
	}
	default: syntax();
	}
	next();
	return n;
}

// n with the operators behind it.  Of those the first counts if all are the same, else
// together they are a *.
uint32_t
Reparser::repeated(uint32_t n)
{
	if(tok.kind != Retoken::Rep)
		return n;
	char32_t op = tok.rune;
	for(; tok.kind == Retoken::Rep; next())
		if(tok.rune != op)
			op = '*';
	return add(op == '*' ? Renode::Star : op == '+' ? Renode::Plus : Renode::Ques, 0, n);
}

uint32_t
Reparser::concat(size_t depth)
{
	Relist l{t.node};
	do
		l.add(repeated(atom(depth)));
	while(tok.kind != Retoken::End && tok.kind != Retoken::Or &&
		tok.kind != Retoken::Rpar && tok.kind != Retoken::Newline);
	return l.one() ? l.first : add(Renode::Cat, 0, l.first);
}

uint32_t
Reparser::alternation(size_t depth)
{
	Relist l{t.node};
	l.add(concat(depth));
	while(tok.kind == Retoken::Or) {
		next();
		l.add(concat(depth));
	}
	return l.one() ? l.first : add(Renode::Alt, 0, l.first);
}

// grep(1)'s: alternatives on lines; one that begins with * is literal.
uint32_t
Reparser::lines()
{
	Relist l{t.node};
	do {
		if(tok.kind == Retoken::Rep && tok.rune == '*') {
			literal = true;
			next();
		}
		l.add(alternation(0));
		if(tok.kind != Retoken::End && tok.kind != Retoken::Newline)
			syntax();
		while(tok.kind == Retoken::Newline)
			next();
	} while(tok.kind != Retoken::End);
	return l.one() ? l.first : add(Renode::Alt, 0, l.first);
}

void
Reparser::parse()
{
	if(whole.size() > Maxexpression)
		fail("too large");
	next();
	t.root = grep() ? lines() : alternation(0);
	if(tok.kind != Retoken::End)
		syntax();
}
}

size_t
rechar(std::string_view s, char32_t& r)
{
	uint8_t c = uint8_t(s[0]);
	if(c < 0x80) {
		r = c;
		return 1;
	}
	size_t n = decode(s, r);
	if(n == 1)
		r = Rebadbyte + c;
	return n;
}

void
Reclass::tidy()
{
	std::ranges::sort(spans);
	size_t n = 0;
	for(const Span& p : spans)
		if(n > 0 && p.first <= spans[n - 1].second + 1)
			spans[n - 1].second = std::max(spans[n - 1].second, p.second);
		else
			spans[n++] = p;
	spans.resize(n);
	index();
}

void
Reclass::index()
{
	for(char32_t r = 0; r < ascii.size(); r++)
		ascii[r] = inspans(r);
}

void
Reclass::invert()
{
	std::vector<Span> v;
	char32_t lo = 0;
	for(const Span& p : spans) {
		if(p.first > lo)
			v.emplace_back(lo, p.first - 1);
		lo = p.second + 1;
	}
	if(lo <= Recharmax)
		v.emplace_back(lo, Recharmax);
	spans = std::move(v);
	index();
}

void
Reclass::fold()
{
	auto key = [](char32_t r) { return tolowerrune(toupperrune(r)); };
	std::vector<bool> lower(Foldmax);
	char32_t most = 0;
	for(const Span& p : spans)
		for(char32_t r = p.first; r <= p.second && r < Foldmax; r++) {
			lower.at(key(r)) = true;
			most = std::max(most, r);
		}
	// No letter of ASCII has its other case beyond.
	char32_t end = most < 0x80 ? 0x80 : Foldmax;
	for(char32_t r = 0; r < end; r++)
		if(lower[key(r)])
			add(r, r);
}

bool
Reclass::inspans(char32_t r) const
{
	auto p = std::ranges::upper_bound(spans, r, {}, &Span::first);
	return p != spans.begin() && r <= p[-1].second;
}

Retree
reparse(std::string_view expression, unsigned flags)
{
	Reparser p(expression, flags);
	p.parse();
	return std::move(p.t);
}
}
