// The interface of regular expressions.  regexp(2).

#include "lib9/regexp.h"

#include <algorithm>
#include <optional>

#include "lib9/regexpdfa.h"
#include "lib9/regexplit.h"
#include "lib9/regexpsub.h"

namespace p9 {

// What an expression has become; the machines are made when they are needed.
struct Regexp::Program {
	using Found = std::function<bool(Submatch)>;	// false: no more lines are wanted

	// Whether a text must be looked at for what is no UTF-8.
	enum Text { Raw, Good };

	const Retree tree;
	const Reliteral lit;
	const Text raw;
	const Rebytes forward;
	std::optional<Rebytes> backward;
	std::optional<Redfa> line;
	std::optional<Redfa> any;
	std::optional<Redfa> longest;
	std::optional<Redfa> back;
	std::optional<Resim> sim;

	Program(std::string_view e, unsigned flags)
		: tree(reparse(e, flags)), lit(tree), raw(rebadbytes(tree) ? Raw : Good),
		  forward(tree, Rebytes::Forward)
	{
	}
	bool match(std::string_view s);
	bool matchdfa(Redfa& d, std::string_view s);
	Submatch find(std::string_view s, size_t from);
	std::optional<Submatch> finddfa(std::string_view s, size_t from, Text t);
	size_t bylit(std::string_view s, size_t from, const Found& found);
	Submatch matchline(std::string_view s, size_t from);
	void eachline(std::string_view s, const Found& found);
	void lines(std::string_view s, size_t from, size_t end, std::vector<Submatch>& v);
};

namespace {

constexpr size_t Piece = 256 * 1024;	// of lines, at a time

template<class T, class... A>
T&
made(std::optional<T>& o, A&&... a)
{
	return o ? *o : o.emplace(std::forward<A>(a)...);
}

bool
atbol(std::string_view s, size_t p)
{
	return p == 0 || s[p - 1] == '\n';
}

// The line that position p is in; it begins at from or behind.
Submatch
lineof(std::string_view s, size_t from, size_t p)
{
	Submatch l{p, std::min(s.find('\n', p), s.size())};
	if(p - from < 128) {
		// Mostly it is the first line, and no newline is found.
		for(size_t nl; (nl = s.substr(0, p).find('\n', from)) != s.npos;)
			from = nl + 1;
		l.begin = from;
	}
	while(l.begin > from && s[l.begin - 1] != '\n')
		l.begin--;
	return l;
}

// Behind the line that is n bytes behind p.
size_t
behindline(std::string_view s, size_t p, size_t n)
{
	return s.size() - p <= n ? s.size() : std::min(s.find('\n', p + n - 1), s.size() - 1) + 1;
}

// The end of a piece of s from p on of about n bytes, which divides no rune.
size_t
piece(std::string_view s, size_t p, size_t n)
{
	if(s.size() - p <= n)
		return s.size();
	size_t end = p + n;
	for(int i = 0; i < 3 && end < s.size() && (uint8_t(s[end]) & 0xC0) == 0x80; i++)
		end++;
	return end;
}

// Reads s from from on.  False if it came to what is no UTF-8; then c is no good.
bool
scan(Redfa& d, Redfa::Cursor& c, std::string_view s, size_t from, bool check)
{
	for(size_t n = 256; check && from < s.size() && !c.done; n *= 2) {
		size_t end = piece(s, from, n);
		if(!isutf8(s.substr(from, end - from)))
			return false;
		d.read(c, s, from, end);
		from = end;
	}
	d.read(c, s, from, s.size());
	d.finish(c, s.size(), Redfa::Eof);
	return true;
}
}

bool
Regexp::Program::matchdfa(Redfa& d, std::string_view s)
{
	Redfa::Cursor c = d.start(true);
	if(!scan(d, c, s, 0, raw == Raw)) {
		c = d.start(true);
		scan(d, c, reescaped(s), 0, false);
	}
	return c.match != s.npos;
}

bool
Regexp::Program::match(std::string_view s)
{
	if(!lit.empty()) {
		size_t p = lit.find(s);
		if(p == s.npos || lit.whole)
			return p != s.npos;
	}
	return matchdfa(forward.newline ? made(any, forward, Redfa::Any) :
		made(line, forward, Redfa::Lines), s);
}

// The leftmost longest match; not taken() if there is none, nothing if s is not good.
std::optional<Submatch>
Regexp::Program::finddfa(std::string_view s, size_t from, Text t)
{
	Redfa& d = made(longest, forward, Redfa::Longest);
	Redfa::Cursor c = d.start(atbol(s, from));
	if(!scan(d, c, s, from, t == Raw))
		return {};
	if(c.match == s.npos)
		return Submatch{};
	size_t end = c.match;
	if(!backward)
		backward.emplace(tree, Rebytes::Backward);
	Redfa& b = made(back, *backward, Redfa::Anchored);
	c = b.start(end == s.size() || s[end] == '\n');
	b.readback(c, s, end, from);
	b.finish(c, from, from == 0 ? Redfa::Eof : uint8_t(s[from - 1]));
	return Submatch{c.match, end};
}

Submatch
Regexp::Program::find(std::string_view s, size_t from)
{
	if(!lit.empty()) {
		size_t p = lit.find(s, from);
		if(p == s.npos)
			return {};
		if(lit.whole)
			return {p, p + lit.get().size()};
	}
	if(auto m = finddfa(s, from, raw))
		return *m;
	// In another text, whose first byte stands for what is before from.
	std::string e = atbol(s, from) ? "\n" : " ";
	e += reescaped(s.substr(from));
	Submatch m = *finddfa(e, 1, Good);
	if(!m.taken())
		return m;
	return {from + unescapedlen(e, m.begin) - 1, from + unescapedlen(e, m.end) - 1};
}

// The lines from from on to which the literal leads, to its last, or to where it is in too
// many lines that do not match.  Answers where found knows no line yet.
size_t
Regexp::Program::bylit(std::string_view s, size_t from, const Found& found)
{
	if(lit.empty())
		return from;
	Redfa& d = made(line, forward, Redfa::Lines);
	size_t p = from;
	for(size_t misses = 0; p < s.size() && 512 * misses < 4096 + (p - from);) {
		size_t q = lit.find(s, p);
		if(q == s.npos)
			return s.size();
		Submatch l = lineof(s, p, q);
		p = l.end + 1;
		if(!lit.whole && !matchdfa(d, l.of(s)))
			misses++;
		else if(!found(l))
			return s.size();
	}
	return p;
}

// The lines that match from from to end; there a line begins, or the text ends.
void
Regexp::Program::lines(std::string_view s, size_t from, size_t end, std::vector<Submatch>& v)
{
	Redfa& d = made(line, forward, Redfa::Lines);
	size_t whole = end;
	if(raw == Raw && !isutf8(s.substr(from, end - from)))
		whole = from;
	while(whole > from && s[whole - 1] != '\n')
		whole--;
	size_t had = v.size();
	d.readlines(s.substr(from, whole - from), v);
	for(size_t i = had; i < v.size(); i++)
		v[i] = {v[i].begin + from, v[i].end + from};
	// One by one: the lines of a text that is not good, or the last, that is not whole.
	while(whole < end) {
		Submatch l = lineof(s, whole, whole);
		if(matchdfa(d, l.of(s)))
			v.push_back(l);
		whole = l.end + 1;
	}
}

Submatch
Regexp::Program::matchline(std::string_view s, size_t from)
{
	if(lit.get().find('\n') != s.npos)
		return {};
	Submatch first;
	from = bylit(s, from, [&first](Submatch l) {
		first = l;
		return false;
	});
	if(first.taken())
		return first;
	// In small pieces, that not too much is read for one line.
	std::vector<Submatch> v;
	for(size_t n = 1024; from < s.size() && v.empty(); n = std::min(2 * n, Piece)) {
		size_t end = behindline(s, from, n);
		lines(s, from, end, v);
		from = end;
	}
	return v.empty() ? Submatch{} : v[0];
}

void
Regexp::Program::eachline(std::string_view s, const Found& found)
{
	if(lit.get().find('\n') != s.npos)
		return;
	std::vector<Submatch> v;
	for(size_t p = bylit(s, 0, found); p < s.size();) {
		size_t end = behindline(s, p, Piece);
		v.clear();
		lines(s, p, end, v);
		for(Submatch l : v)
			if(!found(l))
				return;
		p = end;
	}
}

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
	return prog->match(text);
}

bool
Regexp::match(std::string_view text, std::span<Submatch> m, size_t from)
{
	std::ranges::fill(m, Submatch{});
	if(from > text.size())
		return false;
	Submatch all = prog->find(text, from);
	if(all.taken() && !m.empty()) {
		m[0] = all;
		m = m.first(std::min(m.size(), nparen() + 1));
		if(m.size() > 1)
			made(prog->sim, prog->tree).submatches(text, m);
	}
	return all.taken();
}

Submatch
Regexp::matchline(std::string_view lines, size_t from)
{
	return prog->matchline(lines, from);
}

void
Regexp::eachline(std::string_view lines, const std::function<bool(Submatch)>& found)
{
	prog->eachline(lines, found);
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
