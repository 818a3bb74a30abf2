// The text that every match of an expression has, and the search for it.

#pragma once

#include <string>
#include <string_view>

#include "lib9/regexptree.h"

namespace p9 {

class Reliteral {
	std::string text;
	// Which of its bytes are the least common ones, and what they are.
	size_t rare[2] = {};
	uint8_t byte[2] = {};

	template<size_t n> size_t findblock(const char* s) const;

public:
	bool whole = false;	// it is all that the expression matches, and matches everywhere

	// Empty if there is none.
	explicit Reliteral(const Retree& t);

	std::string_view get() const { return text; }
	bool empty() const { return text.empty(); }
	// As string_view::find, but fast.
	size_t find(std::string_view s, size_t from = 0) const;
};
}
