// A regular expression as a machine that reads bytes, forwards or backwards.  It takes
// UTF-8 for granted: a byte that is none (Rebadbyte) it wants as two, which no UTF-8
// begins with.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib9/regexptree.h"

namespace p9 {

class Rebytes {
public:
	enum Dir { Forward, Backward };
	enum Op : uint8_t { Bytes, Split, Bol, Eol, Match };

	struct Range {
		uint8_t lo, hi;
		uint32_t next;
	};
	struct Inst {
		Op op;
		uint32_t a = 0;	// next; of Bytes the first of its ranges
		uint32_t b = 0;	// of Split the other next; of Bytes how many ranges it has
	};

	std::vector<Inst> inst;
	std::vector<Range> ranges;
	uint32_t start = 0;
	bool newline = false;	// a newline can be part of a match

	// Error: too large.  Backward, Bol is where a line ends, as that is read first.
	Rebytes(const Retree& t, Dir d);
};

// Whether it could match a byte that is no UTF-8, or is one.
bool rebadbytes(const Retree& t);

// Whether s is all UTF-8.
bool isutf8(std::string_view s);

// s with all that is no UTF-8 as Rebytes wants it; and how long the part of s is of which
// the first n bytes of that were made.
std::string reescaped(std::string_view s);
size_t unescapedlen(std::string_view escaped, size_t n);
}
