// A regular expression as a tree, which regexp.cpp's engines are made from.

#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace p9 {

// A byte that is no UTF-8 is a character of its own, Rebadbyte + its value, behind all
// runes.
inline constexpr char32_t Rebadbyte = 0x110000;
inline constexpr char32_t Recharmax = Rebadbyte + 0xFF;

// The first character of s, which is not empty; answers its length in bytes.
size_t rechar(std::string_view s, char32_t& r);

// Characters as ranges that are in order and do not touch.
struct Reclass {
	using Span = std::pair<char32_t, char32_t>;
	std::vector<Span> spans;
	std::bitset<128> ascii;	// the first of them once more, by tidy and invert

	void add(char32_t lo, char32_t hi) { spans.emplace_back(lo, hi); }
	void tidy();	// after add
	void invert();
	void fold();	// adds the other case of all that is in it
	bool has(char32_t r) const { return r < ascii.size() ? ascii[r] : inspans(r); }

private:
	void index();
	bool inspans(char32_t r) const;
};

struct Renode {
	enum Op : uint8_t { Rune, Class, Bol, Eol, Cat, Alt, Star, Plus, Ques, Sub };

	Op op;
	uint32_t arg = 0;	// the rune, the class's index, which ( ) it is
	uint32_t kid = 0;	// the first of the nodes below
	uint32_t next = 0;	// the node's right sibling
};

struct Retree {
	std::vector<Renode> node{Renode{Renode::Cat}};	// [0] stands for none
	std::vector<Reclass> cls;
	uint32_t root = 0;
	uint32_t nsub = 0;

	const Renode& operator[](uint32_t n) const { return node[n]; }
};

// Flags are Regexp's.  Errors as it says.
Retree reparse(std::string_view expression, unsigned flags);
}
