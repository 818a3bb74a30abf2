// Any bytes as rc commands: they are parsed or refused, and what was parsed prints to
// what parses to the same tree and prints the same.

#include <cstdlib>
#include <string>

#include "cmd/rc/syn.h"

using namespace p9;

namespace {

class Bytesource : public Source {
	std::string_view s;

public:
	explicit Bytesource(std::string_view text) : s(text) {}
	int get() override
	{
		if(s.empty())
			return -1;
		int c = static_cast<unsigned char>(s[0]);
		s.remove_prefix(1);
		return c;
	}
	void message(std::string_view) override {}
};

bool
same(const Treeref& a, const Treeref& b)
{
	if(!a || !b)
		return !a && !b;
	if(a->op != b->op || a->rtype != b->rtype || a->quoted != b->quoted ||
		a->glob != b->glob || a->fd0 != b->fd0 || a->fd1 != b->fd1 ||
		a->str != b->str || a->kid.size() != b->kid.size())
		return false;
	for(size_t i = 0; i < a->kid.size(); i++)
		if(!same(a->kid[i], b->kid[i]))
			return false;
	return true;
}

Treeref
again(const std::string& s)
{
	Bytesource src(s);
	Lexer lex(src, "again", Unit::Lines);
	Parsed p = parse(lex);
	if(p.what != Parsed::Command)
		std::abort();
	return p.tree;
}

void
lines(std::string_view s)
{
	Bytesource src(s);
	Lexer lex(src, "fuzz", Unit::Lines);
	for(;;) {
		Parsed p = parse(lex);
		if(p.what == Parsed::End || lex.ateof())
			return;
	}
}

void
whole(std::string_view s)
{
	Bytesource src(s);
	Lexer lex(src, "fuzz", Unit::Whole);
	Parsed p = parse(lex);
	if(p.what != Parsed::Command)
		return;
	// In a group, as a function is, a newline does not end it.
	Treeref group = again("{" + text(p.tree) + " \n}\n");
	if(group->op != Op::Brace || !same(p.tree, group->kid[0]))
		std::abort();
	std::string once = text(group);
	if(text(again(once + '\n')) != once)
		std::abort();
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	std::string s(data, data + size);
	lines(s);
	whole(s);
	match(s.substr(0, size / 2), s.substr(size / 2));
	return 0;
}
