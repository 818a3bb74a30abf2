// Regular expressions run character by character, all ways at once, as Thompson and Pike
// do.  It is slow, and finds what the ( ) of a match have.

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "lib9/regexp.h"
#include "lib9/regexptree.h"

namespace p9 {

struct Reinst {
	enum Op : uint8_t { Rune, Class, Split, Bol, Eol, Save, Match };

	Op op;
	uint32_t arg;	// the rune, the class, which end of which ( ), where a Split prefers not
	uint32_t next;
};

class Resim {
	std::vector<Reinst> prog;
	std::vector<Reclass> cls;
	uint32_t start;

	uint32_t add(Reinst::Op op, uint32_t arg, uint32_t next);
	uint32_t compile(const Retree& t, uint32_t n, uint32_t next);
	uint32_t compilekids(const Retree& t, uint32_t n, uint32_t next);

	friend class Rethreads;

public:
	explicit Resim(const Retree& t);

	// m[0] is a match in text already: fills in the others.
	void submatches(std::string_view text, std::span<Submatch> m) const;
};
}
