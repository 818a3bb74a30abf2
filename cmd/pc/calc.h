// The calculator of pc(1): lines in, what they print out.  It knows no descriptors.
// Whatever is wrong with a line is an Error; what its statements have set before stays.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib9/bigint.h"
#include "lib9/plan9.h"

namespace p9::calc {

// In which base a number is printed: the one that it was typed in, unless another was
// asked for.
struct Radix {
	unsigned base = 0;	// 0: that of the output
	bool fixed = false;	// whatever that of the output is

	bool operator==(const Radix&) const = default;
};

struct Num {
	Big n;
	Radix radix;
};

// The radix of what is computed from numbers of a and b.
Radix join(Radix a, Radix b);

struct Calcsettings {
	unsigned inbase = 10;
	unsigned outbase = 0;	// 0: each number in its own
	bool truncating = false;	// division; else Euclid's
	size_t separate = 0;	// figures between two _; 0: none
	bool heads = false;	// the numbers of bits stand above
};

// What the calculator asks of its surroundings.
struct Calchost {
	std::function<void(Buf)> random = [](Buf) {};
	// Called in what takes long or goes deep; its Errors end the line.
	std::function<void()> poll = [] {};
	size_t maxbits = 1 << 20;	// of any number
};

class Calc {
	Calchost host;
	Calcsettings set;
	std::map<std::string, Num, std::less<>> vars;
	std::optional<Num> printed;	// the last one: @

	friend class Calcline;

public:
	explicit Calc(Calchost h = {}) : host(std::move(h)) {}
	// A line without its newline; answers what it prints, whole lines or nothing.
	std::string line(std::string_view text);
};

// A number as the settings want it, with newlines.
std::string show(const Num& n, const Calcsettings& set);

// The operators of two operands.  A higher prec binds tighter.
struct Operator {
	std::string_view text;
	int prec;
	bool right;	// groups from the right
	Num (*fn)(const Calchost&, const Calcsettings&, const Num&, const Num&);
};
enum : int { Anyprec = 0, Ternaryprec = 1, Unaryprec = 11, Extendprec = 14 };

const Operator* findoperator(std::string_view text);

using Nums = std::vector<Num>;

struct Function {
	std::string_view name;
	int nargs;	// -1: it looks itself
	Num (*fn)(const Calchost&, const Nums&);
};
const Function* findfunction(std::string_view name);

// n truncated to bits, the highest of which is a sign.
Big extend(const Big& n, size_t bits);
}
