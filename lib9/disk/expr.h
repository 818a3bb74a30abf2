// The expressions that partition editors take for a place on the disk: numbers,
// `.', `$', + - * / with the usual ranks, a unary minus, parentheses, and a % behind a
// value, which is so many hundredths of the disk.  See prep(8).

#pragma once

#include <cstdint>
#include <string_view>

namespace p9 {

struct Exprvars {
	int64_t dot = 0;	// .
	int64_t dollar = 0;	// $
	int64_t size = 0;	// of which % takes a part
	int64_t unit = 512;	// bytes: what k, m, g, t are divided by; above 0
};

// The value of the expression that s begins with; as in Plan 9, what stands behind a
// whole expression is not looked at.  A number is as strtoull's with base 0; behind it k
// m g t (either case) make it bytes, cut to whole units.  Errors: syntax error, division
// by zero, expression too deep, number out of range.
int64_t evalexpr(std::string_view s, const Exprvars& v);
}
