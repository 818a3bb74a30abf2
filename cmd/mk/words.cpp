// Text to words: quotes, $name, ${name} and ${name:a%b=c%d}.

#include <algorithm>
#include <iterator>

#include "cmd/mk/mkfile.h"
#include "lib9/error.h"

namespace p9 {

namespace {

constexpr int Maxdepth = 100;	// ${} in ${}
constexpr size_t Maxvalue = 16 << 20;	// bytes that a list may have

// Where the quote that begins s ends, '' being one character of it; npos if it does not.
size_t
quoteend(std::string_view s)
{
	for(size_t i = 1; i < s.size(); i++)
		if(s[i] == '\'') {
			if(i + 1 >= s.size() || s[i + 1] != '\'')
				return i;
			i++;
		}
	return s.npos;
}

bool
ispercent(std::string_view s)
{
	return !s.empty() && (s[0] == '%' || s[0] == '&');
}
}

void
Expander::complain(std::string_view what)
{
	host.message("mk: " + file + ":" + std::to_string(line) + ": syntax error; " +
		     std::string(what) + "\n");
}

void
Expander::fail(std::string_view what)
{
	complain(what);
	error(Emkstop);
}

size_t
Expander::find(std::string_view s, std::string_view set)
{
	bool braces = false;
	for(size_t i = 0; i < s.size(); i++) {
		if(s[i] == '\'') {
			size_t end = quoteend(s.substr(i));
			if(end == s.npos)
				return s.npos;
			i += end;
		} else if(s.substr(i).starts_with("${")) {
			braces = true;
		} else if(s[i] == '}' && braces) {
			braces = false;
		} else if(!braces && set.find(s[i]) != set.npos) {
			return i;
		}
	}
	if(braces)
		complain("missing closing } in pattern generator");
	return s.npos;
}

Wordlist
Expander::words(std::string_view s)
{
	Wordlist w;
	if(++depth > Maxdepth)
		fail("substitutions nested too deep");
	while(word(s, w))
		;
	depth--;
	size_t total = 0;
	for(const std::string& one : w)
		total += one.size() + 1;
	if(total > Maxvalue)
		fail("value too large");
	return w;
}

// The text in quotes at the start of s, which loses it.
std::string
Expander::quote(std::string_view& s, std::string_view whole)
{
	size_t end = quoteend(s);
	if(end == s.npos)
		fail("missing closing quote: " + std::string(whole));
	std::string text;
	for(size_t i = 1; i < end; i++) {
		text += s[i];
		if(s[i] == '\'')
			i++;
	}
	s.remove_prefix(end + 1);
	return text;
}

// The next word, which is more than one when a variable is: a$x b is the first word of
// $x with a before it, and so on.  False at the end.
bool
Expander::word(std::string_view& s, Wordlist& out)
{
	constexpr std::string_view Blanks = " \t\n";
	s.remove_prefix(std::min(s.find_first_not_of(Blanks), s.size()));
	std::string_view whole = s;
	Wordlist w;
	bool some = false;	// something stands there, if only ''
	auto join = [&w, &some](std::string_view text) {
		if(w.empty())
			w.emplace_back();
		w.back() += text;
		some = true;
	};
	while(!s.empty() && Blanks.find(s[0]) == Blanks.npos) {
		if(s[0] == '\'') {
			join(quote(s, whole));
			continue;
		}
		char c = s[0];
		s.remove_prefix(1);
		if(c != '$') {
			join({&c, 1});
			continue;
		}
		Wordlist v = variable(s);
		for(size_t i = 0; i < v.size(); i++)
			if(i == 0)
				join(v[i]);
			else
				w.push_back(std::move(v[i]));
	}
	std::ranges::move(w, std::back_inserter(out));
	return some || !s.empty();
}

// A variable's name at the start of s, which loses it.
std::string_view
Expander::name(std::string_view& s)
{
	std::string_view n = s.substr(0, namelength(s));
	if(n.empty())
		complain("missing variable name <" + std::string(s) + ">");
	s.remove_prefix(n.size());
	return n;
}

// What stands behind a $.
Wordlist
Expander::variable(std::string_view& s)
{
	if(s.starts_with('{'))
		return braced(s);
	std::string_view n = name(s);
	return n.empty() ? Wordlist{} : vars.get(n);
}

Wordlist
Expander::braced(std::string_view& s)
{
	std::string_view whole = s;
	s.remove_prefix(1);
	std::string_view n = name(s);
	if(n.empty())
		return {};
	if(s.starts_with('}')) {
		s.remove_prefix(1);
		return vars.get(n);
	}
	if(!s.starts_with(':')) {
		complain("bad variable name <" + std::string(n) + ">");
		return {};
	}
	s.remove_prefix(1);
	size_t end = find(s, "}");
	if(end == s.npos)
		fail("missing '}': " + std::string(whole));
	std::string_view how = s.substr(0, end);
	s.remove_prefix(end + 1);
	return substitute(vars.get(n), how);
}

// What stands before a byte of ends; s is left at that byte.
std::string_view
Expander::part(std::string_view& s, std::string_view ends)
{
	size_t n = std::min(find(s, ends), s.size());
	std::string_view p = s.substr(0, n);
	s.remove_prefix(n);
	return p;
}

// a%b=c%d, each a list: one of a and one of b must fit; no list fits all.
struct Expander::Pattern {
	Wordlist a, b, c, d;
	bool middle = false;	// there is a % behind the =

	// What stands between, when w begins and ends so.
	std::optional<std::string_view> match(std::string_view w) const;
	// The words that become of one; none when it stays.
	Wordlist result(std::string_view mid) const;
};

std::optional<std::string_view>
Expander::Pattern::match(std::string_view w) const
{
	if(!a.empty()) {
		auto p = std::ranges::find_if(a,
					      [w](auto& s) { return w.starts_with(s); });
		if(p == a.end())
			return {};
		w.remove_prefix(p->size());
	}
	if(!b.empty()) {
		auto p = std::ranges::find_if(b, [w](auto& s) { return w.ends_with(s); });
		if(p == b.end())
			return {};
		w.remove_suffix(p->size());
	}
	return w;
}

Wordlist
Expander::Pattern::result(std::string_view mid) const
{
	Wordlist w = c;
	auto join = [&w](std::string_view text) {
		if(w.empty())
			w.emplace_back();
		w.back() += text;
	};
	if(middle && !mid.empty())
		join(mid);
	if(!d.empty() && !d[0].empty()) {
		join(d[0]);
		w.insert(w.end(), d.begin() + 1, d.end());
	}
	return w;
}

Wordlist
Expander::substitute(const Wordlist& v, std::string_view how)
{
	Pattern p;
	p.a = words(part(how, "=%&"));
	if(ispercent(how)) {
		how.remove_prefix(1);
		p.b = words(part(how, "="));
	}
	if(how.starts_with('=')) {
		how.remove_prefix(1);
		p.c = words(part(how, "%&"));
	}
	p.middle = ispercent(how);
	if(p.middle)
		p.d = words(how.substr(1));
	Wordlist out;
	for(const std::string& w : v) {
		Wordlist r;
		if(auto mid = p.match(w))
			r = p.result(*mid);
		if(r.empty())
			r.push_back(w);
		std::ranges::move(r, std::back_inserter(out));
	}
	return out;
}
}
