// The interface of regular expressions.  regexp(2).

#include "lib9/regexp.h"

#include <algorithm>

#include "lib9/regexpsub.h"
#include "lib9/regexptree.h"

namespace p9 {

struct Regexp::Program {
	Retree tree;
	Resim sim;

	Program(std::string_view e, unsigned flags) : tree(reparse(e, flags)), sim(tree) {}
};

Regexp::Regexp(std::string_view expression, unsigned flags)
	: prog(std::make_unique<Program>(expression, flags))
{
}

Regexp::Regexp(Regexp&&) noexcept = default;
Regexp& Regexp::operator=(Regexp&&) noexcept = default;
Regexp::~Regexp() = default;

size_t
Regexp::nparen() const
{
	return prog->tree.nsub;
}

bool
Regexp::match(std::string_view text)
{
	return match(text, {});
}

bool
Regexp::match(std::string_view text, std::span<Submatch> m, size_t from)
{
	std::ranges::fill(m, Submatch{});
	if(from > text.size())
		return false;
	return prog->sim.match(text, m.first(std::min(m.size(), nparen() + 1)), from);
}

Submatch
Regexp::matchline(std::string_view lines, size_t from)
{
	while(from < lines.size()) {
		size_t end = std::min(lines.find('\n', from), lines.size());
		if(match(lines.substr(from, end - from)))
			return {from, end};
		from = end + 1;
	}
	return {};
}

std::string
regsub(std::string_view repl, std::string_view text, std::span<const Submatch> m)
{
	std::string s;
	auto put = [&](size_t i) {
		if(i < m.size())
			s += m[i].of(text);
	};
	for(size_t i = 0; i < repl.size(); i++) {
		char c = repl[i];
		if(c == '&') {
			put(0);
			continue;
		}
		if(c == '\\') {
			if(++i == repl.size())
				break;
			c = repl[i];
			if(c >= '0' && c <= '9') {
				put(size_t(c - '0'));
				continue;
			}
		}
		s += c;
	}
	return s;
}
}
