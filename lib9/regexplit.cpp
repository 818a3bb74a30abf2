#include "lib9/regexplit.h"

#include <algorithm>
#include <cstring>

#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr size_t Maxlit = 64;	// a longer one is found no faster

// What is known of all that a node matches.
struct Lit {
	bool exact = false;	// it is before, the others are empty
	std::string before;	// what it begins with
	std::string behind;	// what it ends with
	std::string in;	// the longest text that is known to be in it

	std::string_view begin() const { return before; }
	std::string_view end() const { return exact ? before : behind; }
	std::string_view best() const { return exact ? before : in; }
};

Lit
exactly(char32_t r)
{
	Lit l;
	if(r >= Rebadbyte)
		return l;
	l.exact = true;
	encode(r, l.before);
	return l;
}

// How common a byte is in most texts, up to 130.
int
commonness(char c)
{
	constexpr std::string_view order = "zqjxkvbywgpfmucdlhrsnioate ";
	size_t i = order.find(c);
	if(i != order.npos)
		return 100 + int(i);
	if(c >= '0' && c <= '9')
		return 90;
	if((c >= 'A' && c <= 'Z') || uint8_t(c) >= 0x80)
		return 60;
	return c == '\n' || c == '\t' ? 110 : c == '\0' ? 120 : uint8_t(c) < ' ' ? 0 : 70;
}

using Vec = uint8_t __attribute__((vector_size(16)));

bool
nonzero(Vec v)
{
	uint64_t w[2];
	std::memcpy(w, &v, sizeof w);
	return (w[0] | w[1]) != 0;
}

int
worth(std::string_view s)
{
	int n = 0;
	for(char c : s.substr(0, Maxlit))
		n += 130 - commonness(c);
	return n;
}

void
improve(std::string& s, std::string_view other)
{
	if(worth(other) > worth(s))
		s = other;
}

// l with k behind it.
void
append(Lit& l, const Lit& k)
{
	if(l.exact && k.exact) {
		l.before += k.before;
		return;
	}
	std::string joint(l.end());
	joint += k.begin();
	improve(l.in, l.best());
	improve(l.in, k.best());
	improve(l.in, joint);
	l.behind = k.exact ? l.behind + k.before : k.behind;
	if(l.behind.size() > Maxlit)
		l.behind.erase(0, l.behind.size() - Maxlit);
	if(l.exact)
		l.before += k.begin();
	l.exact = false;
}

std::string
common(std::string_view a, std::string_view b)
{
	auto n = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
	return std::string(a.substr(0, size_t(n)));
}

std::string
commonend(std::string_view a, std::string_view b)
{
	auto n = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first - a.rbegin();
	return std::string(a.substr(a.size() - size_t(n)));
}

Lit literal(const Retree& t, uint32_t n);

Lit
alternatives(const Retree& t, uint32_t first)
{
	Lit l = literal(t, first);
	for(uint32_t k = t[first].next; k != 0; k = t[k].next) {
		Lit o = literal(t, k);
		std::string end = commonend(l.end(), o.end());
		std::string in(l.best() == o.best() ? l.best() : "");
		l = {false, common(l.begin(), o.begin()), end, in};
		improve(l.in, l.before);
		improve(l.in, l.behind);
	}
	return l;
}

Lit
literal(const Retree& t, uint32_t n)
{
	const Renode& e = t[n];
	switch(e.op) {
	case Renode::Rune: return exactly(e.arg);
	case Renode::Bol:
	case Renode::Eol: {
		Lit l;
		l.exact = true;
		return l;
	}
	case Renode::Class: {
		const Reclass& c = t.cls[e.arg];
		bool one = c.spans.size() == 1 && c.spans[0].first == c.spans[0].second;
		return one ? exactly(c.spans[0].first) : Lit{};
	}
	case Renode::Cat: {
		Lit l;
		l.exact = true;
		for(uint32_t k = e.kid; k != 0; k = t[k].next)
			append(l, literal(t, k));
		return l;
	}
	case Renode::Alt: return alternatives(t, e.kid);
	case Renode::Sub: return literal(t, e.kid);
	case Renode::Plus: {
		Lit l = literal(t, e.kid);
		if(l.exact)
			l.behind = l.in = l.before;
		l.exact = false;
		return l;
	}
	case Renode::Star:
	case Renode::Ques: break;
	}
	return {};
}
}

Reliteral::Reliteral(const Retree& t)
{
	Lit l = literal(t, t.root);
	text = l.best();
	whole = l.exact && std::ranges::none_of(t.node, [](const Renode& n) {
		return n.op == Renode::Bol || n.op == Renode::Eol;
	});
	auto rarest = [this](size_t but) {
		size_t best = but == 0 ? 1 : 0;
		for(size_t i = 0; i < text.size(); i++)
			if(i != but && commonness(text[i]) < commonness(text[best]))
				best = i;
		return best;
	};
	if(text.empty())
		return;
	rare[0] = rarest(text.npos);
	rare[1] = text.size() > 1 ? rarest(rare[0]) : rare[0];
	byte[0] = uint8_t(text[rare[0]]);
	byte[1] = uint8_t(text[rare[1]]);
}

// Whether and where text is at n * 16 places from s on; s.npos if it is not.
template<size_t n>
size_t
Reliteral::findblock(const char* s) const
{
	Vec hit[n];
	Vec any{};
	for(size_t k = 0; k < n; k++) {
		Vec x, y;
		std::memcpy(&x, s + 16 * k + rare[0], sizeof x);
		std::memcpy(&y, s + 16 * k + rare[1], sizeof y);
		hit[k] = Vec(x == byte[0]) & Vec(y == byte[1]);
		any |= hit[k];
	}
	if(!nonzero(any))
		return text.npos;
	for(size_t i = 0; i < 16 * n; i++)
		if(i % 16 == 0 && !nonzero(hit[i / 16]))
			i += 15;
		else if(hit[i / 16][i % 16] &&
			std::memcmp(s + i, text.data(), text.size()) == 0)
			return i;
	return text.npos;
}

size_t
Reliteral::find(std::string_view s, size_t from) const
{
	if(text.size() > s.size() || from > s.size() - text.size())
		return s.npos;
	if(text.size() == 1)
		return s.find(text[0], from);
	// Where it could begin, as far as there are bytes enough behind.
	const size_t end = s.size() - text.size() + 1;
	size_t i = from;
	for(; end - i >= 64; i += 64)
		if(size_t at = findblock<4>(s.data() + i); at != s.npos)
			return i + at;
	for(; end - i >= 16; i += 16)
		if(size_t at = findblock<1>(s.data() + i); at != s.npos)
			return i + at;
	for(; i < end; i++)
		if(uint8_t(s[i + rare[0]]) == byte[0] && s.substr(i, text.size()) == text)
			return i;
	return s.npos;
}
}
