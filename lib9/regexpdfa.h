// A Rebytes run fast: a state stands for all threads that there could be, and is made when
// the text first leads to it.  When they take too much memory all states are thrown away.
//
// A match that ends before a byte is found when that byte (or the text's end) is read,
// since $ depends on it.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "lib9/regexp.h"
#include "lib9/regexpbytes.h"

namespace p9 {

class Redfa {
public:
	enum Kind {
		Lines,	// a match in any line; it never has the newline
		Any,	// a match anywhere
		Longest,	// the leftmost longest
		Anchored,	// the longest that begins with the text
	};

	// How far a text has been read.
	struct Cursor {
		uint32_t state;
		size_t match;	// where the match ends that is best so far, or npos
		bool done;	// more text changes nothing
	};

	static constexpr int Eof = 256;

private:
	static constexpr uint32_t Mark = ~0u;	// in a state between threads that began apart
	// In the table, with the state that comes next.
	static constexpr uint32_t Matched = 1u << 31;
	static constexpr uint32_t Stop = 1u << 30;
	static constexpr uint32_t Unknown = 1u << 29;
	static constexpr size_t Budget = 4 << 20;	// bytes

	enum : uint8_t { Atbol = 1, Nostart = 2 };
	struct State {
		size_t begin, end;	// its threads, in pool
		uint64_t hash;
		uint8_t flags;
	};

	const Rebytes& prog;
	const Kind kind;
	uint8_t cls[256];
	uint32_t stride;	// classes of bytes, and Eof
	std::vector<uint32_t> table;
	std::vector<State> states;
	std::vector<uint32_t> pool;
	std::vector<uint32_t> index;	// of states, + 1, by hash
	uint32_t first[2];	// the start inside a line and at its beginning
	size_t cleared = 0;	// how often

	// What the making of a state needs.
	std::vector<uint32_t> seen;	// by instruction: gen when it is in then
	uint32_t gen = 0;
	std::vector<uint32_t> todo;
	std::vector<uint32_t> now;
	std::vector<uint32_t> then;
	size_t group = 0;	// where in then the last group begins
	bool ended = false;	// then has a match: what begins later does not count

	void classes();
	void clear();
	bool full() const;
	void begin();
	void expand(uint32_t from, bool bol, bool eol);
	void closegroup();
	void ends(bool bol);
	bool follow(int c);
	uint32_t& slot(uint64_t h, uint8_t flags);
	uint32_t intern(uint8_t flags);
	uint32_t step(uint32_t state, int c);
	template<int Way> void run(Cursor& c, const char* s, size_t p, size_t end);

	// Parts of a text that are read in turn: regexplines.cpp.
	struct Lane {
		const char* at;	// what is read next
		const char* end;
		size_t part;
		uint32_t state;
	};
	std::vector<std::vector<Submatch>> found;	// by part
	size_t parts = 0;

	Lane take(std::string_view s, size_t& p);
	void together(Lane* l, size_t n) const;
	void matched(Lane& l, std::string_view s, size_t p);
	void finishline(Lane& l, std::string_view s);
	void finish(Lane& l, std::string_view s);
	void restart(Lane& l, std::string_view s);

public:
	// prog stays where it is.
	Redfa(const Rebytes& p, Kind k);

	// bol: a line begins there.
	Cursor start(bool bol);
	// Reads s from p up to end.
	void read(Cursor& c, std::string_view s, size_t p, size_t end);
	// All lines of s that match, behind those in v.  s is whole lines, and this Lines.
	void readlines(std::string_view s, std::vector<Submatch>& v);
	// Reads s from p back to end.
	void readback(Cursor& c, std::string_view s, size_t p, size_t end);
	// What stands at p, where reading ended: a byte or Eof.
	void finish(Cursor& c, size_t p, int byte);
};
}
