// Variables, and names of them.

#include "cmd/mk/mkfile.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

constexpr std::string_view innernames[] = {
	"target", "stem", "prereq", "pid", "nproc", "newprereq", "alltarget", "newmember",
	"stem0", "stem1", "stem2", "stem3", "stem4", "stem5", "stem6", "stem7", "stem8",
	"stem9",
};
}

std::string
quotewords(std::span<const std::string> w)
{
	std::string s;
	for(size_t i = 0; i < w.size(); i++) {
		if(i > 0)
			s += ' ';
		s += rcquoted(w[i]);
	}
	return s;
}

bool
iswordchar(char c)
{
	constexpr std::string_view Special = "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~";
	return static_cast<unsigned char>(c) > ' ' && Special.find(c) == Special.npos;
}

size_t
namelength(std::string_view s)
{
	size_t n = 0;
	while(n < s.size() && iswordchar(s[n]))
		n++;
	return n;
}

Mkvars::Mkvars()
{
	for(std::string_view name : innernames)
		inner.try_emplace(std::string(name));
}

Mkvars::Var&
Mkvars::at(std::string_view name)
{
	Var& v = vars[std::string(name)];
	v.defined = true;
	return v;
}

const Wordlist&
Mkvars::get(std::string_view name) const
{
	static const Wordlist none;
	auto v = vars.find(name);
	return v == vars.end() ? none : v->second.value;
}

void
Mkvars::assign(std::string_view name, Wordlist value, By by)
{
	auto old = vars.find(name);
	if(by == By::Mkfile && old != vars.end() && old->second.fixed)
		return;
	Var& v = at(name);
	v.value = std::move(value);
	v.ours = true;
	v.fixed |= by == By::Argument;
}

void
Mkvars::setinner(std::string_view name, Wordlist value)
{
	inner.find(name)->second = std::move(value);
}

void
Mkvars::clearinner()
{
	for(auto& [name, w] : inner)
		w.clear();
}

const Wordlist*
Mkvars::shown(std::string_view name) const
{
	if(auto w = inner.find(name); w != inner.end())
		return &w->second;
	auto v = vars.find(name);
	return v != vars.end() && v->second.ours ? &v->second.value : nullptr;
}
}
