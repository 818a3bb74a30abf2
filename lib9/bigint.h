// Whole numbers of any size.  Bitwise operations see two's complement with endless
// sign bits.  The costs are those of school arithmetic and the memory is what the
// numbers need: the caller bounds their sizes.  Nothing here sleeps; what asks for the
// impossible (division by zero) is the caller's fault.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace p9 {

class Big {
public:
	using Digits = std::vector<uint64_t>;	// the least first

private:
	bool neg = false;	// never of 0
	Digits mag;	// the last is not 0

	Big(bool negative, Digits d);
	Digits twos(size_t n) const;
	static Big fromtwos(Digits d);
	template<class Op> static Big bitwise(const Big& a, const Big& b, Op op);

public:
	Big() = default;
	Big(int64_t n);	// a number is a Big without saying so

	// Digits of base 2, 8, 10 or 16, without sign or prefix; nothing when there are
	// none, or others.
	static std::optional<Big> parse(std::string_view digits, unsigned base);
	// Lower-case digits of such a base, behind a - when it is negative.
	std::string text(unsigned base) const;

	bool iszero() const { return mag.empty(); }
	bool negative() const { return neg; }
	bool even() const { return mag.empty() || mag[0] % 2 == 0; }
	size_t bits() const;	// of the magnitude: 0 of 0
	size_t ones() const;	// bits set in the magnitude
	std::optional<int64_t> small() const;	// when it is one

	Big operator-() const { return Big(!neg, mag); }
	Big operator~() const;
	Big abs() const { return Big(false, mag); }
	Big shl(size_t n) const;
	Big shr(size_t n) const;	// rounds down
	Big low(size_t n) const;	// the last n bits, never negative
	Big reversed(size_t n) const;	// those in the opposite order

	friend Big operator+(const Big& a, const Big& b);
	friend Big operator-(const Big& a, const Big& b) { return a + -b; }
	friend Big operator*(const Big& a, const Big& b);
	friend Big operator&(const Big& a, const Big& b);
	friend Big operator|(const Big& a, const Big& b);
	friend Big operator^(const Big& a, const Big& b);
	friend std::strong_ordering operator<=>(const Big& a, const Big& b);
	friend bool operator==(const Big& a, const Big& b) = default;

	// The quotient, rounded towards 0, and the remainder, which has the sign of a.
	// Requires: b is not 0.
	friend std::pair<Big, Big> divide(const Big& a, const Big& b);
};
}
