#include "lib9/bigint.h"

#include <algorithm>
#include <bit>

namespace p9 {

namespace {

using Digits = Big::Digits;
using Wide = unsigned __int128;

constexpr unsigned W = 64;	// bits of a digit

constexpr uint64_t
lowhalf(Wide x)
{
	return uint64_t(x);
}

constexpr uint64_t
highhalf(Wide x)
{
	return uint64_t(x >> W);
}

void
trim(Digits& d)
{
	while(!d.empty() && d.back() == 0)
		d.pop_back();
}

std::strong_ordering
compare(const Digits& a, const Digits& b)
{
	if(a.size() != b.size())
		return a.size() <=> b.size();
	return std::lexicographical_compare_three_way(
		a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

// a + b.
Digits
sum(const Digits& a, const Digits& b)
{
	if(a.size() < b.size())
		return sum(b, a);
	Digits r = a;
	uint64_t carry = 0;
	for(size_t i = 0; i < r.size() && (carry || i < b.size()); i++) {
		Wide s = Wide(r[i]) + (i < b.size() ? b[i] : 0) + carry;
		r[i] = lowhalf(s);
		carry = highhalf(s);
	}
	if(carry)
		r.push_back(carry);
	return r;
}

// a - b.  Requires: a >= b.
Digits
difference(const Digits& a, const Digits& b)
{
	Digits r = a;
	uint64_t borrow = 0;
	for(size_t i = 0; i < r.size() && (borrow || i < b.size()); i++) {
		Wide s = Wide(r[i]) - (i < b.size() ? b[i] : 0) - borrow;
		r[i] = lowhalf(s);
		borrow = highhalf(s) != 0;
	}
	trim(r);
	return r;
}

// d * by + add, in place.
void
scale(Digits& d, uint64_t by, uint64_t add)
{
	uint64_t carry = add;
	for(uint64_t& x : d) {
		Wide s = Wide(x) * by + carry;
		x = lowhalf(s);
		carry = highhalf(s);
	}
	if(carry)
		d.push_back(carry);
}

Digits
shiftedleft(const Digits& d, size_t n)
{
	if(d.empty())
		return {};
	size_t skip = n / W;
	unsigned s = n % W;
	Digits r(d.size() + skip + 1);
	for(size_t i = 0; i < d.size(); i++) {
		r[i + skip] |= d[i] << s;
		if(s != 0)
			r[i + skip + 1] = d[i] >> (W - s);
	}
	trim(r);
	return r;
}

Digits
shiftedright(const Digits& d, size_t n)
{
	size_t skip = n / W;
	unsigned s = n % W;
	if(skip >= d.size())
		return {};
	Digits r(d.begin() + ptrdiff_t(skip), d.end());
	if(s != 0)
		for(size_t i = 0; i < r.size(); i++)
			r[i] = r[i] >> s | (i + 1 < r.size() ? r[i + 1] << (W - s) : 0);
	trim(r);
	return r;
}

// Divides two digits by one by way of a reciprocal, which costs two multiplications
// where the machine's division costs ten: Moeller and Granlund, "Improved division by
// invariant integers".  Requires: the divisor's highest bit is set.
class Divisor {
	uint64_t d;
	uint64_t v;

public:
	explicit Divisor(uint64_t by)
	    : d(by), v(lowhalf((Wide(~by) << W | ~uint64_t(0)) / by))
	{
	}

	// Requires: high < divisor.
	uint64_t divide(uint64_t high, uint64_t low, uint64_t& rem) const
	{
		Wide q = Wide(v) * high + (Wide(high) << W | low);
		uint64_t q1 = highhalf(q) + 1;
		uint64_t r = low - q1 * d;
		if(r > lowhalf(q)) {
			q1--;
			r += d;
		}
		if(r >= d) {
			q1++;
			r -= d;
		}
		rem = r;
		return q1;
	}
};

// What v goes into the n+1 digits that end at u[n], or one or two more.
uint64_t
guess(const Divisor& top, const uint64_t* u, const Digits& v)
{
	size_t n = v.size();
	uint64_t q = ~uint64_t(0);
	uint64_t r;
	if(u[n] < v[n - 1]) {
		q = top.divide(u[n], u[n - 1], r);
	} else {
		r = u[n - 1] + v[n - 1];
		if(r < v[n - 1])
			return q;
	}
	while(n > 1 && Wide(q) * v[n - 2] > (Wide(r) << W | u[n - 2])) {
		q--;
		r += v[n - 1];
		if(r < v[n - 1])
			break;
	}
	return q;
}

// Takes q times v away from u; true when that was too much.
bool
takeaway(uint64_t* u, const Digits& v, uint64_t q)
{
	uint64_t carry = 0;
	uint64_t borrow = 0;
	for(size_t i = 0; i < v.size(); i++) {
		Wide p = Wide(q) * v[i] + carry;
		carry = highhalf(p);
		Wide s = Wide(u[i]) - lowhalf(p) - borrow;
		u[i] = lowhalf(s);
		borrow = highhalf(s) != 0;
	}
	Wide s = Wide(u[v.size()]) - carry - borrow;
	u[v.size()] = lowhalf(s);
	return highhalf(s) != 0;
}

void
giveback(uint64_t* u, const Digits& v)
{
	uint64_t carry = 0;
	for(size_t i = 0; i < v.size(); i++) {
		Wide s = Wide(u[i]) + v[i] + carry;
		u[i] = lowhalf(s);
		carry = highhalf(s);
	}
	u[v.size()] += carry;
}

// Quotient and remainder, as on paper: Knuth, volume 2, 4.3.1, algorithm D.
std::pair<Digits, Digits>
quotient(const Digits& a, const Digits& b)
{
	if(compare(a, b) < 0)
		return {{}, a};
	unsigned s = unsigned(std::countl_zero(b.back()));
	Digits v = shiftedleft(b, s);
	Digits u = shiftedleft(a, s);
	u.resize(a.size() + 1);
	Divisor top(v.back());
	Digits q(u.size() - v.size());
	for(size_t j = q.size(); j-- > 0;) {
		q[j] = guess(top, &u[j], v);
		if(takeaway(&u[j], v, q[j])) {
			q[j]--;
			giveback(&u[j], v);
		}
	}
	trim(q);
	trim(u);
	return {q, shiftedright(u, s)};
}

constexpr uint64_t Ten19 = 10'000'000'000'000'000'000u;

std::string
decimal(Digits d)
{
	std::string s;	// the least digit first
	const Divisor by(Ten19);
	while(!d.empty()) {
		uint64_t r = 0;
		// Only the first digit may be as large as the divisor.
		if(d.back() >= Ten19) {
			r = d.back() - Ten19;
			for(size_t i = d.size() - 1; i-- > 0;)
				d[i] = by.divide(r, d[i], r);
			d.back() = 1;
		} else {
			for(size_t i = d.size(); i-- > 0;)
				d[i] = by.divide(r, d[i], r);
		}
		trim(d);
		for(int i = 0; i < 19; i++, r /= 10)
			s += char('0' + r % 10);
	}
	s.resize(s.find_last_not_of('0') + 1);
	std::ranges::reverse(s);
	return s;
}

constexpr std::string_view Figures = "0123456789abcdef";

// Bits of a figure of base; 0 of base 10.
unsigned
width(unsigned base)
{
	return base == 10 ? 0 : unsigned(std::countr_zero(base));
}

std::string
binary(const Digits& d, size_t bits, unsigned base)
{
	unsigned w = width(base);
	std::string s;
	for(size_t n = (bits + w - 1) / w; n-- > 0;) {
		size_t i = n * w / W;
		unsigned at = n * w % W;
		uint64_t x = d[i] >> at;
		if(at + w > W && i + 1 < d.size())
			x |= d[i + 1] << (W - at);
		s += Figures[x & (base - 1)];
	}
	return s;
}

std::optional<unsigned>
figure(char c, unsigned base)
{
	if(c >= 'A' && c <= 'F')
		c = char(c - 'A' + 'a');
	size_t v = Figures.find(c);
	if(v >= base)
		return std::nullopt;
	return unsigned(v);
}
}

Big::Big(bool negative, Digits d) : mag(std::move(d))
{
	trim(mag);
	neg = negative && !mag.empty();
}

Big::Big(int64_t n) : neg(n < 0)
{
	if(n != 0)
		mag.push_back(neg ? -uint64_t(n) : uint64_t(n));
}

std::optional<Big>
Big::parse(std::string_view s, unsigned base)
{
	if(s.empty())
		return std::nullopt;
	unsigned w = width(base);
	Digits d(s.size() * w / W + 1);
	uint64_t part = 0;
	uint64_t unit = 1;
	if(w == 0)
		d.clear();
	for(size_t i = 0; i < s.size(); i++) {
		auto f = figure(s[i], base);
		if(!f)
			return std::nullopt;
		if(w != 0) {
			size_t at = (s.size() - 1 - i) * w;
			d[at / W] |= uint64_t(*f) << at % W;
			if(at % W + w > W)
				d[at / W + 1] |= uint64_t(*f) >> (W - at % W);
			continue;
		}
		part = part * 10 + *f;
		unit *= 10;
		if(unit == Ten19 || i + 1 == s.size()) {
			scale(d, unit, part);
			part = 0;
			unit = 1;
		}
	}
	return Big(false, std::move(d));
}

std::string
Big::text(unsigned base) const
{
	if(mag.empty())
		return "0";
	return (neg ? "-" : "") + (base == 10 ? decimal(mag) : binary(mag, bits(), base));
}

size_t
Big::bits() const
{
	return mag.empty() ? 0 : mag.size() * W - unsigned(std::countl_zero(mag.back()));
}

size_t
Big::ones() const
{
	size_t n = 0;
	for(uint64_t x : mag)
		n += unsigned(std::popcount(x));
	return n;
}

std::optional<int64_t>
Big::small() const
{
	if(bits() > 63)
		return std::nullopt;
	int64_t n = mag.empty() ? 0 : int64_t(mag[0]);
	return neg ? -n : n;
}

// In two's complement, n digits of it.
Big::Digits
Big::twos(size_t n) const
{
	Digits d = mag;
	d.resize(n);
	if(!neg)
		return d;
	uint64_t carry = 1;
	for(uint64_t& x : d) {
		x = ~x + carry;
		carry = carry && x == 0;
	}
	return d;
}

// The highest bit is the sign.
Big
Big::fromtwos(Digits d)
{
	if(d.empty() || d.back() >> (W - 1) == 0)
		return Big(false, std::move(d));
	Big b;
	b.mag = std::move(d);
	b.neg = true;
	return Big(true, b.twos(b.mag.size()));
}

template<class Op>
Big
Big::bitwise(const Big& a, const Big& b, Op op)
{
	size_t n = std::max(a.mag.size(), b.mag.size()) + 1;
	Digits x = a.twos(n);
	Digits y = b.twos(n);
	for(size_t i = 0; i < n; i++)
		x[i] = op(x[i], y[i]);
	return fromtwos(std::move(x));
}

Big
Big::operator~() const
{
	return -*this - 1;
}

Big
Big::shl(size_t n) const
{
	return Big(neg, shiftedleft(mag, n));
}

Big
Big::shr(size_t n) const
{
	if(neg)
		return ~(~*this).shr(n);
	return Big(false, shiftedright(mag, n));
}

Big
Big::low(size_t n) const
{
	if(!neg && bits() <= n)
		return *this;
	Digits d = twos((n + W - 1) / W);
	if(n % W != 0)
		d.back() &= (uint64_t(1) << n % W) - 1;
	return Big(false, std::move(d));
}

Big
Big::reversed(size_t n) const
{
	Big x = low(n);
	Digits d((n + W - 1) / W);
	for(size_t i = 0, end = x.bits(); i < end; i++)
		if(x.mag[i / W] >> i % W & 1)
			d[(n - 1 - i) / W] |= uint64_t(1) << (n - 1 - i) % W;
	return Big(false, std::move(d));
}

Big
operator+(const Big& a, const Big& b)
{
	if(a.neg == b.neg)
		return Big(a.neg, sum(a.mag, b.mag));
	if(compare(a.mag, b.mag) < 0)
		return Big(b.neg, difference(b.mag, a.mag));
	return Big(a.neg, difference(a.mag, b.mag));
}

Big
operator*(const Big& a, const Big& b)
{
	Digits r(a.mag.size() + b.mag.size());
	for(size_t i = 0; i < a.mag.size(); i++) {
		uint64_t carry = 0;
		for(size_t j = 0; j < b.mag.size(); j++) {
			Wide s = Wide(a.mag[i]) * b.mag[j] + r[i + j] + carry;
			r[i + j] = lowhalf(s);
			carry = highhalf(s);
		}
		r[i + b.mag.size()] = carry;
	}
	return Big(a.neg != b.neg, std::move(r));
}

Big
operator&(const Big& a, const Big& b)
{
	return Big::bitwise(a, b, [](uint64_t x, uint64_t y) { return x & y; });
}

Big
operator|(const Big& a, const Big& b)
{
	return Big::bitwise(a, b, [](uint64_t x, uint64_t y) { return x | y; });
}

Big
operator^(const Big& a, const Big& b)
{
	return Big::bitwise(a, b, [](uint64_t x, uint64_t y) { return x ^ y; });
}

std::strong_ordering
operator<=>(const Big& a, const Big& b)
{
	if(a.neg != b.neg)
		return b.neg <=> a.neg;
	return a.neg ? compare(b.mag, a.mag) : compare(a.mag, b.mag);
}

std::pair<Big, Big>
divide(const Big& a, const Big& b)
{
	auto [q, r] = quotient(a.mag, b.mag);
	return {Big(a.neg != b.neg, std::move(q)), Big(a.neg, std::move(r))};
}
}
