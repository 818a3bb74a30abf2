// What the ( ) of a match have.  The expression runs over it character by character:
// choice by choice where it is short, else all ways at once, as Thompson and Pike do.  Both
// prefer the same.

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
	// A way that was not tried, or a slot to be put back before the next is.
	struct Todo {
		uint32_t pc;
		uint32_t slot;
		size_t p;

		static constexpr uint32_t None = ~0u;
	};

	std::vector<Reinst> prog;
	std::vector<Reclass> cls;
	uint32_t start;

	// Kept for the next time.
	std::vector<uint64_t> seen;	// a bit for an instruction at a place
	std::vector<Todo> todo;
	std::vector<size_t> slots;

	uint32_t add(Reinst::Op op, uint32_t arg, uint32_t next);
	uint32_t compile(const Retree& t, uint32_t n, uint32_t next);
	uint32_t compilekids(const Retree& t, uint32_t n, uint32_t next);
	size_t reads(const Reinst& i, std::string_view text, size_t p) const;
	bool follow(std::string_view text, Todo t, size_t begin, size_t end);
	void backtrack(std::string_view text, size_t begin, size_t end);
	void simulate(std::string_view text, size_t begin, size_t end);

	friend class Rethreads;

public:
	explicit Resim(const Retree& t);

	// m[0] is a match in text already: fills in the others.
	void submatches(std::string_view text, std::span<Submatch> m);
};
}
