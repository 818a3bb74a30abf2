#include "lib9/regexpbytes.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "lib9/error.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr size_t Maxprogram = 2 << 20;	// instructions and ranges
constexpr size_t Maxshared = 64;	// characters, of all alternations in each other

// A byte that is no UTF-8 is one of these and a byte 80 to BF: the first stands for
// bytes below C0, the second for the others.
constexpr uint8_t Badlow = 0xFE;
constexpr uint8_t Badhigh = 0xFF;

// Characters whose sequences differ in the ranges of their bytes only.
struct Byteseq {
	size_t n = 0;
	std::array<std::pair<uint8_t, uint8_t>, UTFmax> byte{};
};

using Byteseqs = std::vector<Byteseq>;

void
addsequence(char32_t lo, char32_t hi, Byteseqs& v)
{
	std::string a = encode(lo);
	std::string b = encode(hi);
	Byteseq q;
	q.n = a.size();
	for(size_t i = 0; i < q.n; i++)
		q.byte[i] = {uint8_t(a[i]), uint8_t(b[i])};
	v.push_back(q);
}

// Runes lo to hi, which have sequences of one length.
void
splitsequences(char32_t lo, char32_t hi, int len, Byteseqs& v)
{
	for(int i = 1; i < len; i++) {
		char32_t m = (1u << (6 * i)) - 1;
		if((lo & ~m) == (hi & ~m))
			break;
		if((lo & m) != 0) {
			splitsequences(lo, lo | m, len, v);
			splitsequences((lo | m) + 1, hi, len, v);
			return;
		}
		if((hi & m) != m) {
			splitsequences(lo, (hi & ~m) - 1, len, v);
			splitsequences(hi & ~m, hi, len, v);
			return;
		}
	}
	addsequence(lo, hi, v);
}

void
addbad(char32_t lo, char32_t hi, uint8_t mark, Byteseqs& v)
{
	char32_t by = mark == Badlow ? Rebadbyte : Rebadbyte + 0x40;
	lo = std::max<char32_t>(lo, by + 0x80);
	hi = std::min<char32_t>(hi, by + 0xBF);
	if(lo > hi)
		return;
	Byteseq q;
	q.n = 2;
	q.byte[0] = {mark, mark};
	q.byte[1] = {uint8_t(lo - by), uint8_t(hi - by)};
	v.push_back(q);
}

void
sequences(char32_t lo, char32_t hi, Byteseqs& v)
{
	struct {
		char32_t lo, hi;
		int len;
	} constexpr Parts[] = {
		{0, 0x7F, 1},
		{0x80, 0x7FF, 2},
		{0x800, 0xD7FF, 3},
		{0xE000, 0xFFFF, 3},
		{0x10000, Runemax, 4},
	};
	for(auto p : Parts)
		if(lo <= p.hi && hi >= p.lo)
			splitsequences(std::max(lo, p.lo), std::min(hi, p.hi), p.len, v);
	addbad(lo, hi, Badlow, v);
	addbad(lo, hi, Badhigh, v);
}

// Makes a program from its end to its start: each part is told what comes behind it.
class Rebuilder {
	const Retree& t;
	const Rebytes::Dir dir;
	Rebytes& p;
	std::unordered_map<uint64_t, uint32_t> made;	// of one range, by range and next
	size_t shared = 0;	// characters that alternatives() is behind

	using Nodes = std::vector<uint32_t>;	// in the order in which they are read
	struct Rest {
		uint32_t first;	// what tells its first character from others
		const Nodes* v;
		size_t at;
	};

	uint32_t add(Rebytes::Op op, uint32_t a, uint32_t b);
	uint32_t byte(std::pair<uint8_t, uint8_t> r, uint32_t next);
	uint32_t bytes(const std::vector<Rebytes::Range>& r);
	Rebytes::Range sequence(const Byteseq& q, uint32_t next);
	uint32_t charset(const Reclass& c, uint32_t next);
	uint32_t rune(char32_t r, uint32_t next);
	uint32_t either(const std::vector<uint32_t>& pcs);
	Nodes parts(uint32_t n) const;
	uint32_t concat(const Nodes& v, size_t from, uint32_t next);
	uint32_t alternatives(std::vector<Rest> v, uint32_t next);
	uint32_t alternation(uint32_t n, uint32_t next);

public:
	Rebuilder(const Retree& tree, Rebytes::Dir d, Rebytes& prog) : t(tree), dir(d), p(prog)
	{
	}
	uint32_t build(uint32_t n, uint32_t next);
	void all() { p.start = build(t.root, add(Rebytes::Match, 0, 0)); }
};

uint32_t
Rebuilder::add(Rebytes::Op op, uint32_t a, uint32_t b)
{
	if(p.inst.size() + p.ranges.size() > Maxprogram)
		error("regexp too large");
	p.inst.push_back({op, a, b});
	return uint32_t(p.inst.size() - 1);
}

uint32_t
Rebuilder::bytes(const std::vector<Rebytes::Range>& r)
{
	for(const Rebytes::Range& q : r)
		p.newline |= q.lo <= '\n' && q.hi >= '\n';
	p.ranges.insert(p.ranges.end(), r.begin(), r.end());
	return add(Rebytes::Bytes, uint32_t(p.ranges.size() - r.size()), uint32_t(r.size()));
}

uint32_t
Rebuilder::byte(std::pair<uint8_t, uint8_t> r, uint32_t next)
{
	uint64_t key = uint64_t(next) << 16 | unsigned(r.first) << 8 | r.second;
	auto [i, fresh] = made.try_emplace(key);
	if(fresh)
		i->second = bytes({{r.first, r.second, next}});
	return i->second;
}

// All but the byte that is read first, which is a range that leads here.
Rebytes::Range
Rebuilder::sequence(const Byteseq& q, uint32_t next)
{
	bool forward = dir == Rebytes::Forward;
	for(size_t i = 1; i < q.n; i++)
		next = byte(q.byte[forward ? q.n - i : i - 1], next);
	auto first = q.byte[forward ? 0 : q.n - 1];
	return {first.first, first.second, next};
}

uint32_t
Rebuilder::charset(const Reclass& c, uint32_t next)
{
	Byteseqs v;
	for(const Reclass::Span& s : c.spans)
		sequences(s.first, s.second, v);
	std::vector<Rebytes::Range> r;
	for(const Byteseq& q : v)
		r.push_back(sequence(q, next));
	return bytes(r);
}

uint32_t
Rebuilder::rune(char32_t r, uint32_t next)
{
	Byteseqs v;
	sequences(r, r, v);
	if(v.empty())
		return bytes({});
	Rebytes::Range q = sequence(v[0], next);
	return byte({q.lo, q.hi}, q.next);
}

// All of pcs at once: those that read bytes become one instruction.
uint32_t
Rebuilder::either(const std::vector<uint32_t>& pcs)
{
	if(pcs.size() == 1)
		return pcs[0];
	std::vector<Rebytes::Range> r;
	std::vector<uint32_t> others;
	for(uint32_t pc : pcs) {
		Rebytes::Inst i = p.inst[pc];
		if(i.op != Rebytes::Bytes) {
			others.push_back(pc);
			continue;
		}
		auto first = p.ranges.begin() + i.a;
		r.insert(r.end(), first, first + i.b);
	}
	if(!r.empty() || others.empty())
		others.push_back(bytes(r));
	uint32_t pc = others.back();
	for(size_t i = others.size() - 1; i-- > 0;)
		pc = add(Rebytes::Split, others[i], pc);
	return pc;
}

Rebuilder::Nodes
Rebuilder::parts(uint32_t n) const
{
	if(t[n].op != Renode::Cat)
		return {n};
	Nodes v;
	for(uint32_t k = t[n].kid; k != 0; k = t[k].next)
		v.push_back(k);
	if(dir == Rebytes::Backward)
		std::ranges::reverse(v);
	return v;
}

uint32_t
Rebuilder::concat(const Nodes& v, size_t from, uint32_t next)
{
	for(size_t i = v.size(); i-- > from;)
		next = build(v[i], next);
	return next;
}

// What alternatives begin with in common is built once: thousands of words are a tree.
uint32_t
Rebuilder::alternatives(std::vector<Rest> v, uint32_t next)
{
	constexpr uint32_t None = ~0u;
	for(Rest& r : v) {
		r.first = None;
		if(r.at < r.v->size()) {
			const Renode& e = t[(*r.v)[r.at]];
			if(e.op == Renode::Rune || e.op == Renode::Class)
				r.first = e.arg << 1 | (e.op == Renode::Class);
		}
	}
	std::ranges::stable_sort(v, {}, &Rest::first);
	std::vector<uint32_t> pcs;
	for(size_t i = 0, n; i < v.size(); i += n) {
		for(n = 1; i + n < v.size() && v[i + n].first == v[i].first; n++)
			;
		if(v[i].first == None || n == 1 || shared == Maxshared) {
			n = 1;
			pcs.push_back(concat(*v[i].v, v[i].at, next));
			continue;
		}
		std::vector<Rest> same(v.begin() + ptrdiff_t(i), v.begin() + ptrdiff_t(i + n));
		for(Rest& r : same)
			r.at++;
		shared++;
		pcs.push_back(build((*v[i].v)[v[i].at], alternatives(std::move(same), next)));
		shared--;
	}
	return either(pcs);
}

uint32_t
Rebuilder::alternation(uint32_t n, uint32_t next)
{
	std::vector<Nodes> all;
	for(uint32_t k = t[n].kid; k != 0; k = t[k].next)
		all.push_back(parts(k));
	std::vector<Rest> v;
	for(const Nodes& a : all)
		v.push_back({0, &a, 0});
	return alternatives(std::move(v), next);
}

uint32_t
Rebuilder::build(uint32_t n, uint32_t next)
{
	const Renode& e = t[n];
	bool forward = dir == Rebytes::Forward;
	switch(e.op) {
	case Renode::Rune: return rune(e.arg, next);
	case Renode::Class: return charset(t.cls[e.arg], next);
	case Renode::Bol: return add(forward ? Rebytes::Bol : Rebytes::Eol, next, 0);
	case Renode::Eol: return add(forward ? Rebytes::Eol : Rebytes::Bol, next, 0);
	case Renode::Cat: return concat(parts(n), 0, next);
	case Renode::Alt: return alternation(n, next);
	case Renode::Ques: return add(Rebytes::Split, build(e.kid, next), next);
	case Renode::Sub: return build(e.kid, next);
	case Renode::Star:
	case Renode::Plus: break;
	}
	uint32_t loop = add(Rebytes::Split, 0, next);
	uint32_t body = build(e.kid, loop);
	p.inst[loop].a = body;
	return e.op == Renode::Star ? loop : body;
}
}

Rebytes::Rebytes(const Retree& t, Dir d)
{
	Rebuilder(t, d, *this).all();
}

bool
rebadbytes(const Retree& t)
{
	for(const Renode& n : t.node)
		if(n.op == Renode::Rune && n.arg >= Rebadbyte)
			return true;
	for(const Reclass& c : t.cls)
		if(!c.spans.empty() && c.spans.back().second >= Rebadbyte)
			return true;
	return false;
}

bool
isutf8(std::string_view s)
{
	constexpr uint64_t high = 0x8080808080808080;
	while(!s.empty()) {
		uint64_t w[4];
		while(s.size() >= sizeof w) {
			std::memcpy(w, s.data(), sizeof w);
			if((w[0] | w[1] | w[2] | w[3]) & high)
				break;
			s.remove_prefix(sizeof w);
		}
		for(size_t n = std::min(s.size(), sizeof w); n > 0;) {
			char32_t r;
			size_t k = rechar(s, r);
			if(r >= Rebadbyte)
				return false;
			s.remove_prefix(k);
			n -= std::min(n, k);
		}
	}
	return true;
}

std::string
reescaped(std::string_view s)
{
	std::string e;
	for(char32_t r; !s.empty();) {
		size_t n = rechar(s, r);
		uint8_t c = uint8_t(s[0]);
		if(r < Rebadbyte) {
			e += s.substr(0, n);
		} else {
			e += char(c < 0xC0 ? Badlow : Badhigh);
			e += char(c < 0xC0 ? c : c - 0x40);
		}
		s.remove_prefix(n);
	}
	return e;
}

size_t
unescapedlen(std::string_view escaped, size_t n)
{
	auto mark = [](char c) { return uint8_t(c) >= Badlow; };
	return n - size_t(std::ranges::count_if(escaped.substr(0, n), mark));
}
}
