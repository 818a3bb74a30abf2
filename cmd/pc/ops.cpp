// The operators of pc(1).  None makes a number of more bits than the host allows, and
// that is known before the work begins.

#include "cmd/pc/calc.h"

#include <algorithm>

#include "lib9/error.h"

namespace p9::calc {

namespace {

using Set = Calcsettings;
using Host = Calchost;

constexpr size_t Countbits = 31;	// what shifts and lengths may have

void
bound(const Host& h, size_t bits)
{
	if(bits > h.maxbits)
		error("number too large");
}

Num
sum(const Host& h, const Set&, const Num& a, const Num& b)
{
	Num r{a.n + b.n, join(a.radix, b.radix)};
	bound(h, r.n.bits());
	return r;
}

Num
difference(const Host& h, const Set& s, const Num& a, const Num& b)
{
	return sum(h, s, a, {-b.n, b.radix});
}

Big
multiply(const Host& h, const Big& a, const Big& b)
{
	bound(h, a.bits() + b.bits() - (a.iszero() || b.iszero() ? 0 : 1));
	Big r = a * b;
	bound(h, r.bits());
	return r;
}

Num
product(const Host& h, const Set&, const Num& a, const Num& b)
{
	return {multiply(h, a.n, b.n), join(a.radix, b.radix)};
}

// Euclid's remainder is never negative.
std::pair<Big, Big>
divided(const Set& s, const Big& a, const Big& b)
{
	if(b.iszero())
		error("division by zero");
	auto [q, r] = divide(a, b);
	if(!s.truncating && r.negative()) {
		q = b.negative() ? q + 1 : q - 1;
		r = r + b.abs();
	}
	return {q, r};
}

Num
quotient(const Host&, const Set& s, const Num& a, const Num& b)
{
	return {divided(s, a.n, b.n).first, join(a.radix, b.radix)};
}

Num
remainder(const Host&, const Set& s, const Num& a, const Num& b)
{
	return {divided(s, a.n, b.n).second, join(a.radix, b.radix)};
}

Num
bitand_(const Host&, const Set&, const Num& a, const Num& b)
{
	return {a.n & b.n, join(a.radix, b.radix)};
}

Num
bitor_(const Host&, const Set&, const Num& a, const Num& b)
{
	return {a.n | b.n, join(a.radix, b.radix)};
}

Num
bitxor(const Host&, const Set&, const Num& a, const Num& b)
{
	return {a.n ^ b.n, join(a.radix, b.radix)};
}

Big
power(const Host& h, Big a, const Big& e)
{
	if(e.negative())
		error("negative exponent");
	if(a.bits() <= 1)	// 0, 1 and -1 take any exponent
		return e.iszero() ? Big(1) : e.even() ? a * a : a;
	auto n = e.small();
	if(!n || uint64_t(*n) > h.maxbits)
		error("number too large");
	bound(h, (a.bits() - 1) * size_t(*n) + 1);
	Big r = 1;
	for(uint64_t left = uint64_t(*n);;) {
		h.poll();
		if(left & 1)
			r = multiply(h, r, a);
		left >>= 1;
		if(left == 0)
			return r;
		a = multiply(h, a, a);
	}
}

Num
exponent(const Host& h, const Set&, const Num& a, const Num& b)
{
	return {power(h, a.n, b.n), join(a.radix, b.radix)};
}

// All bits of a shifted out to the right: its sign is left.
Big
signof(const Big& a)
{
	return a.negative() ? -1 : 0;
}

// To the left by n, which may be negative.
Big
shifted(const Host& h, const Big& a, int64_t n)
{
	if(n <= 0)
		return a.shr(size_t(-n));
	if(!a.iszero() && a.bits() + size_t(n) > h.maxbits)
		error("left shift overflow");
	return a.shl(size_t(n));
}

Num
leftshift(const Host& h, const Set&, const Num& a, const Num& b)
{
	Radix r = join(a.radix, b.radix);
	if(b.n.bits() < Countbits)
		return {shifted(h, a.n, *b.n.small()), r};
	if(!b.n.negative())
		error("left shift overflow");
	return {signof(a.n), r};
}

Num
rightshift(const Host& h, const Set&, const Num& a, const Num& b)
{
	Radix r = join(a.radix, b.radix);
	if(b.n.bits() < Countbits)
		return {shifted(h, a.n, -*b.n.small()), r};
	if(b.n.negative())
		error("right shift overflow");
	return {signof(a.n), r};
}

template<class Cmp>
Num
compared(const Host&, const Set&, const Num& a, const Num& b)
{
	return {Cmp()(a.n, b.n) ? 1 : 0, {}};
}

// Both operands have been computed; the second is the result where it decides.
Num
both(const Host&, const Set&, const Num& a, const Num& b)
{
	return {a.n.iszero() ? a.n : b.n, b.radix};
}

Num
either(const Host&, const Set&, const Num& a, const Num& b)
{
	return {a.n.iszero() ? b.n : Big(1), b.radix};
}

Num
extended(const Host&, const Set&, const Num& a, const Num& b)
{
	if(a.n.negative())
		error("invalid argument");
	// What is beyond all bits of b changes nothing.
	size_t n = std::min(b.n.bits() + 1, size_t(a.n.small().value_or(INT64_MAX)));
	return {extend(b.n, n), b.radix};
}

constexpr Operator Operators[] = {
	{"||", 2, false, either},
	{"&&", 3, false, both},
	{"|", 4, false, bitor_},
	{"^", 5, false, bitxor},
	{"&", 6, false, bitand_},
	{"==", 7, false, compared<std::equal_to<>>},
	{"!=", 7, false, compared<std::not_equal_to<>>},
	{"<", 8, false, compared<std::less<>>},
	{">", 8, false, compared<std::greater<>>},
	{"<=", 8, false, compared<std::less_equal<>>},
	{">=", 8, false, compared<std::greater_equal<>>},
	{"<<", 9, false, leftshift},
	{">>", 9, false, rightshift},
	{"+", 10, false, sum},
	{"-", 10, false, difference},
	{"*", 12, false, product},
	{"/", 12, false, quotient},
	{"%", 12, false, remainder},
	{"**", 13, true, exponent},
	{"$", Extendprec, true, extended},
};
}

const Operator*
findoperator(std::string_view text)
{
	const auto* o = std::ranges::find(Operators, text, &Operator::text);
	return o == std::end(Operators) ? nullptr : o;
}

// What was fixed wins; else 10 gives way, and the larger base stays.
Radix
join(Radix a, Radix b)
{
	if(a.fixed != b.fixed)
		return a.fixed ? a : b;
	if(a.base == 10)
		return b;
	if(b.base == 10)
		return a;
	return a.base < b.base ? b : a;
}

Big
extend(const Big& n, size_t bits)
{
	if(bits == 0)
		return 0;
	if(bits > n.bits())
		return n;
	Big r = n.low(bits);
	return r.bits() == bits ? r - Big(1).shl(bits) : r;
}
}
