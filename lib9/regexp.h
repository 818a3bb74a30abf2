// Regular expressions, Plan 9's: regexp(6).  One engine serves grep, sed, mk and all
// else.  Text is UTF-8; a byte that is none of it is one character, which only `.' and
// classes that are turned round match.
//
// A match is the leftmost, and of those the longest.  The time is linear in the text,
// whatever the expression is; the memory is bounded.
//
// A Regexp remembers what it has worked out (the states of its automaton), so matching
// changes it: it belongs to one Proc at a time.  Nothing here sleeps.  regexp(2).

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace p9 {

// A part of the text that a match or one of its parentheses has: bytes begin to end.
struct Submatch {
	size_t begin = npos;
	size_t end = npos;

	static constexpr size_t npos = std::string_view::npos;
	bool taken() const { return begin != npos; }
	std::string_view of(std::string_view text) const
	{
		return taken() ? text.substr(begin, end - begin) : std::string_view{};
	}
};

class Regexp {
	struct Program;
	std::unique_ptr<Program> prog;

public:
	enum Flags : unsigned {
		None = 0,
		Dotnl = 1,	// `.' matches a newline too, [^x] does not (regcompnl)
		Literal = 2,	// all characters stand for themselves (regcomplit)
		Fold = 4,	// upper and lower case are one
		Grep = 8,	// newlines separate alternatives, and more: grep(1)
	};

	// Error: what is wrong with the expression, the whole text that regerror would get
	// (`regexp (a: no matching parenthesis', `Malformed class', ...).  It may also be too
	// large.
	explicit Regexp(std::string_view expression, unsigned flags = None);
	Regexp(Regexp&&) noexcept;
	Regexp& operator=(Regexp&&) noexcept;
	~Regexp();

	// Whether it matches anywhere in text.  ^ is the start of text and behind each
	// newline, $ is the end and before each newline.
	bool match(std::string_view text);

	// The leftmost longest match that begins at byte from or behind; what stands before
	// from is seen by ^ alone.  m[0] is the match, m[i] what the i-th ( ) matched last;
	// those that took no part, and what m has too many, are not taken().
	bool match(std::string_view text, std::span<Submatch> m, size_t from = 0);

	// Whole lines, fast: the first line at or behind from, where a line begins, that
	// matches, as bytes without its newline; not taken() when there is none.  The last
	// line need not end in one.
	Submatch matchline(std::string_view lines, size_t from = 0);

	// Gives found all lines that match, in order, until it answers false; faster than
	// matchline for each.
	void eachline(std::string_view lines, const std::function<bool(Submatch)>& found);

	// How many ( ) it has.
	size_t nparen() const;
};

// repl with \1 to \9 and & (also \0) replaced by what m took of text, \ before another
// character dropped: regsub of regexp(2).
std::string regsub(std::string_view repl, std::string_view text, std::span<const Submatch> m);
}
