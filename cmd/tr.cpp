// tr(1).  A string of the command line is a list of ranges of runes, in which a rune has
// a place; nothing is as long as what it stands for, so that -c is no more than the gaps.

#include <algorithm>
#include <array>
#include <vector>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

struct Span {
	char32_t lo;
	char32_t hi;
	uint64_t at;	// the place of lo in the string
};

using Spans = std::vector<Span>;

// Reads a string of the command line.
class Spec {
	const Cmdline& a;
	std::string_view s;

	char32_t digits(int64_t base, size_t most, char32_t none);
	char32_t rune();

public:
	Spec(const Cmdline& cmd, std::string_view text) : a(cmd), s(text) {}
	Spans spans();
};

int
digit(char c)
{
	if(c >= '0' && c <= '9')
		return c - '0';
	if(c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

// The number of up to most digits, or none when there are no digits.
char32_t
Spec::digits(int64_t base, size_t most, char32_t none)
{
	char32_t n = 0;
	size_t i = 0;
	for(; i < most && i < s.size() && digit(s[i]) < base; i++)
		n = n * char32_t(base) + char32_t(digit(s[i]));
	s.remove_prefix(i);
	return i == 0 ? none : n;
}

// The next rune, which may be quoted.
char32_t
Spec::rune()
{
	char32_t r;
	s.remove_prefix(decode(s, r));
	if(r != '\\' || s.empty())
		return r;
	if(s[0] == 'x') {
		s.remove_prefix(1);
		return digits(16, 4, 'x');
	}
	if(digit(s[0]) >= 8) {
		s.remove_prefix(decode(s, r));
		return r;
	}
	r = digits(8, 3, 0);
	if(r > 0377)
		a.fatal("character > 0377");
	return r;
}

Spans
Spec::spans()
{
	Spans v;
	uint64_t at = 0;
	auto add = [&](char32_t lo, char32_t hi) {
		v.push_back({lo, hi, at});
		at += hi - lo + 1;
	};
	std::optional<char32_t> last;
	while(!s.empty()) {
		bool range = s[0] == '-' && last && s.size() > 1;
		if(range)
			s.remove_prefix(1);
		char32_t r = rune();
		if(!range)
			add(r, r);
		else if(r < *last)
			a.fatal("invalid range specification");
		else if(r > *last)
			add(*last + 1, r);
		last = r;
	}
	return v;
}

// The span of a list in order that holds r.
const Span*
find(const Spans& v, char32_t r)
{
	auto i = std::ranges::upper_bound(v, r, {}, &Span::lo);
	return i != v.begin() && (--i)->hi >= r ? &*i : nullptr;
}

// The runes of v in order.  One that stands there again is dropped, and twice is called
// with both of its places.
template<typename F>
Spans
inorder(Spans v, F twice)
{
	std::ranges::stable_sort(v, {}, &Span::lo);
	Spans d;
	for(const Span& s : v) {
		char32_t next = d.empty() ? 0 : d.back().hi + 1;
		for(char32_t r = s.lo; r < next && r <= s.hi; r++) {
			const Span& f = *find(d, r);
			twice(f.at + (r - f.lo), s.at + (r - s.lo));
		}
		char32_t lo = std::max(s.lo, next);
		if(lo <= s.hi)
			d.push_back({lo, s.hi, s.at + (lo - s.lo)});
	}
	return d;
}

Spans
inorder(Spans v)
{
	return inorder(std::move(v), [](uint64_t, uint64_t) {});
}

// All other runes.
Spans
complement(const Spans& v)
{
	Spans c;
	uint64_t at = 0;
	char32_t next = 0;
	auto upto = [&](char32_t end) {
		if(end > next) {
			c.push_back({next, end - 1, at});
			at += end - next;
		}
	};
	for(const Span& s : inorder(v)) {
		upto(s.lo);
		next = s.hi + 1;
	}
	upto(Runemax + 1);
	return c;
}

// The rune at a place; the last one stands behind the end too.
char32_t
runeat(const Spans& v, uint64_t at)
{
	if(v.empty())
		return 0;
	auto i = std::ranges::upper_bound(v, at, {}, &Span::at);
	const Span& s = *--i;
	return std::min(s.hi, char32_t(s.lo + std::min<uint64_t>(at - s.at, Runemax)));
}

class Translator {
	static constexpr char32_t None = Runemax + 1;

	struct What {
		char32_t to;	// None: deleted
		bool squeeze;
	};
	Spans from;	// in order, as is squeezed
	Spans to;
	Spans squeezed;
	const bool deletes;
	std::array<What, 256> fast;
	bool simple = true;	// ASCII becomes ASCII, rune by rune
	std::string part;	// the start of a rune whose rest has not come
	char32_t last = None;
	Bout out{1};

	What look(char32_t r) const;
	void ascii(std::string_view& s);
	void runes(std::string_view s, bool end);

public:
	Translator(const Cmdline& a, bool c, bool d, bool s, Spans f, Spans t);
	void run();
};

Translator::Translator(const Cmdline& a, bool c, bool d, bool s, Spans f, Spans t)
    : to(std::move(t)), squeezed(s ? inorder(to) : Spans()), deletes(d)
{
	from = c ? complement(f) : inorder(std::move(f), [&](uint64_t x, uint64_t y) {
		if(!d && runeat(to, x) != runeat(to, y))
			a.fatal("ambiguous translation");
	});
	for(char32_t r = 0; r < fast.size(); r++) {
		fast[r] = look(r);
		simple &= r >= 0x80 || (fast[r].to < 0x80 && squeezed.empty());
	}
}

// The ASCII that s begins with, taken off it.
void
Translator::ascii(std::string_view& s)
{
	std::array<char, 512> t;
	size_t n = 0;
	for(; n < std::min(s.size(), t.size()) && uint8_t(s[n]) < 0x80; n++)
		t[n] = char(fast[uint8_t(s[n])].to);
	out.put(std::string_view(t.data(), n));
	s.remove_prefix(n);
}

Translator::What
Translator::look(char32_t r) const
{
	if(const Span* f = find(from, r))
		r = deletes ? None : runeat(to, f->at + (r - f->lo));
	return {r, r != None && find(squeezed, r)};
}

void
Translator::runes(std::string_view s, bool end)
{
	std::string joined;
	if(!part.empty()) {
		joined = std::exchange(part, {}).append(s);
		s = joined;
	}
	while(!s.empty()) {
		char32_t r = uint8_t(s[0]);
		size_t n = 1;
		if(simple && r < 0x80) {
			ascii(s);
			continue;
		}
		if(r >= 0x80) {
			if(!end && s.size() < UTFmax && !fullrune(s)) {
				part = s;
				return;
			}
			n = decode(s, r);
		}
		What w = r < fast.size() ? fast[r] : look(r);
		if(w.to != None && !(w.squeeze && w.to == last)) {
			last = w.to;
			if(w.to < 0x80)
				out.put(char(w.to));
			else	// a byte that is no rune stays what it is
				out.put(w.to == r ? s.substr(0, n) : encode(w.to));
		}
		s.remove_prefix(n);
	}
}

void
Translator::run()
{
	Block b = copybuf();
	while(size_t n = read(0, b.room())) {
		runes(textof(b.room().first(n)), false);
		out.flush();
	}
	runes({}, true);
	out.flush();
}
}

void
tr(Argv argv)
{
	Cmdline a(argv, "[-cds] [string1 [string2]]");
	bool c = false;
	bool d = false;
	bool s = false;
	while(char32_t f = a.flag())
		switch(f) {
		case 'c': c = true; break;
		case 'd': d = true; break;
		case 's': s = true; break;
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() != (d && !s ? 1 : 2))
		a.usage();
	w.resize(2);
	Translator(a, c, d, s, Spec(a, w[0]).spans(), Spec(a, w[1]).spans()).run();
}
}
