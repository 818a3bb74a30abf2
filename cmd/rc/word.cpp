#include "cmd/rc/word.h"

#include <algorithm>
#include <bitset>

#include "lib9/utf.h"

namespace p9 {

Val
value(Words w)
{
	return w.empty() ? Val() : mk<List>(std::move(w));
}

const Words&
words(const Val& v)
{
	static const Words none;
	return v ? v->w : none;
}

std::string
deglob(std::string_view s)
{
	std::string d;
	d.reserve(s.size());
	for(size_t i = 0; i < s.size(); i++) {
		if(s[i] == GLOB && i + 1 < s.size())
			i++;
		d += s[i];
	}
	return d;
}

// The rune at the front of s, taken off it.
static char32_t
take(std::string_view& s)
{
	char32_t r = 0;
	s.remove_prefix(decode(s, r));
	return r;
}

// Whether the class that p begins with (behind its [) holds c.  Takes the class and its ]
// off p; a class without end holds nothing.
static bool
inclass(char32_t c, std::string_view& p)
{
	bool negate = !p.empty() && p[0] == '~';
	if(negate)
		p.remove_prefix(1);
	bool hit = false;
	while(!p.empty() && p[0] != ']') {
		char32_t lo = take(p), hi = lo;
		if(!p.empty() && p[0] == '-') {
			p.remove_prefix(1);
			if(p.empty())
				return false;
			hi = take(p);
		}
		if(std::min(lo, hi) <= c && c <= std::max(lo, hi))
			hit = true;
	}
	if(p.empty())
		return false;
	p.remove_prefix(1);
	return hit != negate;
}

// Matches one element of p that is no star; takes it and its rune off both.
static bool
matchone(std::string_view& s, std::string_view& p)
{
	if(p[0] != GLOB || p.size() < 2) {
		std::string_view os = s, op = p;
		if(s.empty() || take(s) != take(p))
			return false;
		// Broken UTF-8 all decodes to the same rune.
		return os.substr(0, os.size() - s.size()) ==
			op.substr(0, op.size() - p.size());
	}
	char meta = p[1];
	p.remove_prefix(2);
	if(s.empty())
		return false;
	char32_t c = take(s);
	switch(meta) {
	case '?':
		return true;
	case '[':
		return inclass(c, p);
	}
	return c == char32_t(meta);
}

// A failed match goes back to the last star only: earlier ones cannot help.
bool
match(std::string_view s, std::string_view p, char stop)
{
	std::string_view starp, stars;
	bool star = false;
	for(;;) {
		if(p.empty() || (stop != '\0' && p[0] == stop)) {
			if(s.empty())
				return true;
		} else if(p[0] == GLOB && p.size() >= 2 && p[1] == '*') {
			p.remove_prefix(2);
			star = true;
			starp = p;
			stars = s;
			continue;
		} else if(matchone(s, p))
			continue;
		if(!star || stars.empty())
			return false;
		take(stars);
		s = stars;
		p = starp;
	}
}

static bool
isin(std::string_view set, int c)
{
	return set.find(char(c)) != set.npos;
}

bool
wordchr(int c)
{
	return c > 0 && !isin("\n \t#;&|^$=`'{}()<>", c);
}

bool
idchr(int c)
{
	return c > ' ' && !isin("!\"#$%&'()+,-./:;<=>?@[\\]^`{|}~", c);
}

std::string
alwaysquote(std::string_view s)
{
	std::string q = "'";
	for(char c : s) {
		if(c == '\'')
			q += c;
		q += c;
	}
	return q + '\'';
}

std::string
quoteword(std::string_view s)
{
	auto odd = [](char c) {
		return (c >= 0 && c <= ' ') || isin("`^#*[]=|\\?${}()'<>&;", c);
	};
	if(s.empty() || std::ranges::any_of(s, odd))
		return alwaysquote(s);
	return std::string(s);
}

std::string
quotelist(const Words& w)
{
	std::string s;
	for(size_t i = 0; i < w.size(); i++)
		s += (i ? " " : "") + quoteword(w[i]);
	return s;
}

std::string
joined(const Words& w)
{
	std::string s;
	for(size_t i = 0; i < w.size(); i++) {
		if(i)
			s += ' ';
		s += w[i];
	}
	return s;
}

std::string_view
conc(const Words& a, const Words& b, Words& out)
{
	if(a.empty() && b.empty())
		return "";
	if(a.empty() || b.empty())
		return "null list in concatenation";
	if(a.size() != 1 && b.size() != 1 && a.size() != b.size())
		return "mismatched list lengths in concatenation";
	size_t n = std::max(a.size(), b.size());
	for(size_t i = 0; i < n; i++)
		out.push_back(a[a.size() == 1 ? 0 : i] + b[b.size() == 1 ? 0 : i]);
	return "";
}

// The digits at the front of s, taken off it.
static int
takenumber(std::string_view& s)
{
	int n = 0;
	for(; !s.empty() && '0' <= s[0] && s[0] <= '9'; s.remove_prefix(1))
		if(n < 100000000)
			n = n * 10 + (s[0] - '0');
	return n;
}

int
number(std::string_view s)
{
	if(s.empty())
		return -1;
	int n = takenumber(s);
	return s.empty() ? n : -1;
}

int
leadingnumber(std::string_view s)
{
	return takenumber(s);
}

void
subscript(const Words& v, const Words& subs, Words& out)
{
	int len = int(v.size());
	for(std::string_view s : subs) {
		int n = takenumber(s);
		int last = n;
		if(s.starts_with('-')) {
			s.remove_prefix(1);
			last = s.empty() ? len : takenumber(s);
		}
		if(n < 1)
			continue;
		for(last = std::min(last, len); n <= last; n++)
			out.push_back(v[size_t(n) - 1]);
	}
}

void
split(std::string_view s, std::string_view seps, Words& out)
{
	std::bitset<256> sep;
	for(char c : seps)
		sep[static_cast<unsigned char>(c)] = true;
	auto issep = [&](char c) { return sep[static_cast<unsigned char>(c)]; };
	size_t i = 0;
	for(;;) {
		while(i < s.size() && s[i] != '\0' && issep(s[i]))
			i++;
		if(i >= s.size())
			return;
		size_t from = i;
		while(i < s.size() && s[i] != '\0' && !issep(s[i]))
			i++;
		out.emplace_back(s.substr(from, i - from));
		i++;
	}
}

std::string
makepath(std::string_view dir, std::string_view file)
{
	if(dir.empty())
		return std::string(file);
	while(dir.ends_with('/'))
		dir.remove_suffix(1);
	while(file.starts_with('/'))
		file.remove_prefix(1);
	return std::string(dir) + '/' + std::string(file);
}

bool
searched(std::string_view name)
{
	return !name.empty() && name[0] != '/' && name[0] != '#' && name != "." &&
		name != ".." && !name.starts_with("./") && !name.starts_with("../");
}
}
