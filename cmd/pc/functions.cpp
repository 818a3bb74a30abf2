// The functions of pc(1).

#include "cmd/pc/calc.h"

#include <algorithm>
#include <fmt/format.h>

#include "lib9/error.h"

namespace p9::calc {

namespace {

using Host = Calchost;

[[noreturn]] void
badarg()
{
	error("invalid argument");
}

size_t
count(const Num& n)
{
	if(n.n.negative() || n.n.bits() > 31)
		badarg();
	return size_t(*n.n.small());
}

// A number of bits that a result may have.
size_t
width(const Host& h, size_t n)
{
	if(n > h.maxbits)
		error("number too large");
	return n;
}

template<unsigned base>
Num
based(const Host&, const Nums& a)
{
	return {a[0].n, {base, true}};
}

Num
inbase(const Host&, const Nums& a)
{
	switch(unsigned base = unsigned(count(a[1]))) {
	case 0: return {a[0].n, {}};
	case 2:
	case 8:
	case 10:
	case 16: return {a[0].n, {base, true}};
	}
	error("unsupported base");
}

Num
absolute(const Host&, const Nums& a)
{
	return {a[0].n.abs(), a[0].radix};
}

// What n is above a multiple of m, and that multiple's number.
std::pair<Big, Big>
above(const Big& n, const Big& m)
{
	if(m.iszero() || m.negative())
		badarg();
	auto [q, r] = divide(n, m);
	if(r.negative())
		return {q - 1, r + m};
	return {q, r};
}

Num
rounded(const Host&, const Nums& a)
{
	const Big& m = a[1].n;
	auto [q, r] = above(a[0].n, m);
	Big twice = r + r;
	bool up = twice > m || (twice == m && !q.even());
	return {a[0].n - r + (up ? m : Big()), a[0].radix};
}

Num
floored(const Host&, const Nums& a)
{
	return {a[0].n - above(a[0].n, a[1].n).second, a[0].radix};
}

Num
ceiled(const Host&, const Nums& a)
{
	Big r = above(a[0].n, a[1].n).second;
	return {r.iszero() ? a[0].n : a[0].n - r + a[1].n, a[0].radix};
}

Num
truncated(const Host& h, const Nums& a)
{
	size_t n = count(a[1]);
	return {a[0].n.low(a[0].n.negative() ? width(h, n) : n), a[0].radix};
}

Num
extended(const Host&, const Nums& a)
{
	return {extend(a[0].n, count(a[1])), a[0].radix};
}

Num
reversed(const Host& h, const Nums& a)
{
	return {a[0].n.reversed(width(h, count(a[1]))), a[0].radix};
}

Num
unsignedbits(const Host&, const Nums& a)
{
	if(a[0].n.negative())
		badarg();
	return {int64_t(a[0].n.bits()), {}};
}

Num
signedbits(const Host&, const Nums& a)
{
	const Big& n = a[0].n;
	return {int64_t((n.negative() ? ~n : n).bits()) + 1, {}};
}

Num
bitsset(const Host&, const Nums& a)
{
	if(a[0].n.negative())
		badarg();
	return {int64_t(a[0].n.ones()), {}};
}

Num
concatenated(const Host& h, const Nums& a)
{
	if(a.size() % 2 != 0)
		error("cat: odd number of arguments");
	Num r;
	size_t total = 0;
	for(size_t i = 0; i < a.size(); i += 2) {
		size_t w = count(a[i + 1]);
		total = width(h, total + w);
		r.n = r.n.shl(w) | a[i].n.low(w);
		r.radix = join(r.radix, a[i].radix);
	}
	return r;
}

Num
commondivisor(const Host& h, const Nums& a)
{
	Big x = a[0].n.abs();
	Big y = a[1].n.abs();
	while(!y.iszero()) {
		h.poll();
		x = std::exchange(y, divide(x, y).second);
	}
	return {x, join(a[0].radix, a[1].radix)};
}

// Euclid's algorithm, with the factor f of n: r = f * n, modulo m.
Num
inverse(const Host& h, const Nums& a)
{
	const Big& m = a[1].n;
	if(m.iszero() || m.negative())
		error("no modular inverse");
	Big r = above(a[0].n, m).second;
	Big f = 1;
	Big oldr = m;
	Big oldf;
	while(!r.iszero()) {
		h.poll();
		auto [q, rest] = divide(oldr, r);
		oldr = std::exchange(r, rest);
		Big next = oldf - q * f;
		oldf = std::exchange(f, next);
	}
	if(oldr != 1)
		error("no modular inverse");
	return {oldf.negative() ? oldf + m : oldf, a[0].radix};
}

// The smallest r with a <= b**r, by way of the powers b**1, b**2, b**4, ...
Num
ceilinglog(const Host& h, const Nums& a)
{
	if(a.size() != 1 && a.size() != 2)
		error("clog: wrong number of arguments");
	const Big b = a.size() == 2 ? a[1].n : 2;
	const Big& n = a[0].n;
	if(n <= 0 || b <= 1)
		badarg();
	std::vector<Big> powers{b};
	while(powers.back() < n) {
		h.poll();
		powers.push_back(powers.back() * powers.back());
	}
	// The largest r with b**r < n: those of its bits that keep the product below n.
	Big have = 1;
	int64_t r = 0;
	for(size_t i = powers.size(); i-- > 0;) {
		h.poll();
		Big p = have * powers[i];
		if(p >= n)
			continue;
		have = p;
		r += int64_t(1) << i;
	}
	return {n == 1 ? 0 : r + 1, {}};
}

Num
random(const Host& h, const Nums& a)
{
	const Big& n = a[0].n;
	if(n <= 0)
		badarg();
	std::vector<std::byte> v((n.bits() + 7) / 8);
	for(;;) {
		h.random(v);
		std::string s;
		for(std::byte b : v)
			s += fmt::format("{:02x}", unsigned(b));
		Big r = Big::parse(s, 16)->low(n.bits());
		if(r < n)
			return {r, a[0].radix};
		h.poll();
	}
}

constexpr Function Functions[] = {
	{"abs", 1, absolute},
	{"bin", 1, based<2>},
	{"cat", -1, concatenated},
	{"ceil", 2, ceiled},
	{"clog", -1, ceilinglog},
	{"dec", 1, based<10>},
	{"floor", 2, floored},
	{"gcd", 2, commondivisor},
	{"hex", 1, based<16>},
	{"minv", 2, inverse},
	{"nsa", 1, bitsset},
	{"oct", 1, based<8>},
	{"pb", 2, inbase},
	{"rand", 1, random},
	{"rev", 2, reversed},
	{"round", 2, rounded},
	{"sbits", 1, signedbits},
	{"trunc", 2, truncated},
	{"ubits", 1, unsignedbits},
	{"xtend", 2, extended},
};
}

const Function*
findfunction(std::string_view name)
{
	const auto* f = std::ranges::find(Functions, name, &Function::name);
	return f == std::end(Functions) ? nullptr : f;
}
}
