// /env to variables and back.

#include "cmd/mk/mk.h"
#include "lib9/error.h"

namespace p9 {

namespace {

constexpr std::string_view Envdir = "/env";

// A list as env(3) has it: a word alone, or each with a NUL behind.
std::string
encode(const Wordlist& w)
{
	if(w.size() == 1)
		return w[0].empty() ? std::string(1, '\0') : w[0];
	std::string s;
	for(const std::string& one : w)
		s.append(one).push_back('\0');
	return s;
}

Wordlist
decode(std::string_view s)
{
	Wordlist w;
	while(!s.empty()) {
		size_t n = std::min(s.find('\0'), s.size());
		w.emplace_back(s.substr(0, n));
		s.remove_prefix(std::min(n + 1, s.size()));
	}
	return w;
}

std::string
envname(const std::string& name)
{
	return std::string(Envdir) + '/' + name;
}
}

// What is no name of a shell's is left alone, and so are empty lists.
void
Mkenv::import(Mkvars& vars)
{
	rfork(RFENVG);
	std::vector<Dir> dir;
	try {
		dir = dirreadall(Envdir);
	} catch(const Error&) {
		return;
	}
	for(const Dir& d : dir) {
		if(d.length == 0 || namelength(d.name) != d.name.size())
			continue;
		auto value = getenv(d.name);
		if(!value || value->empty())
			continue;
		Wordlist w = decode(*value);
		now[d.name] = encode(w);
		if(!vars.isinner(d.name))
			vars.set(d.name, std::move(w));
	}
}

void
Mkenv::write(const std::string& name, const Wordlist& w)
{
	auto old = now.find(name);
	std::string value = encode(w);
	if(old == now.end() ? value.empty() : old->second == value)
		return;
	try {
		if(value.empty())
			remove(envname(name));
		else
			putenv(name, value);
		now[name] = std::move(value);
	} catch(const Error& e) {
		fprint(2, "mk: can't write " + envname(name) + ": " + e.reason() + "\n");
		now.erase(name);
	}
}

void
Mkenv::update(const Mkvars& vars)
{
	vars.exported(
		[this](const std::string& name, const Wordlist& w) { write(name, w); });
}
}
