// The parts of sort(1).  Key says by which bytes lines are compared; Run holds lines in
// memory and puts them in order; Merge does so with sorted files.

#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/prog.h"

namespace p9 {

// What a field is compared by.  The bits are those that Plan 9's message about a bad
// combination shows.
enum Sortflag : unsigned {
	Sortb = 1 << 0,	// blanks before the end are skipped
	Sortb1 = 1 << 1,	// blanks before the beginning are skipped
	Sortd = 1 << 2,
	Sortf = 1 << 3,
	Sortg = 1 << 4,
	Sorti = 1 << 5,
	SortM = 1 << 6,
	Sortn = 1 << 7,
	Sortr = 1 << 8,
	Sortw = 1 << 9,
};

// A place in a line: fields and then runes to skip.  A field of -1 was not given.
struct Sortpos {
	int64_t field = -1;
	int64_t rune = -1;
};

struct Sortfield {
	Sortpos beg;
	Sortpos end;
	unsigned flags = 0;
};

struct Sortspec {
	Sortfield global;	// only its flags count
	std::vector<Sortfield> fields;
	char32_t tab = 0;	// 0: fields are parted by blanks
	bool unique = false;

	// Whether lines are compared byte by byte, perhaps in reverse.
	bool plain() const { return fields.empty() && !(global.flags & ~(Sortr | Sortb)); }
	bool reverse() const { return global.flags & Sortr; }
};

// Appends the bytes by which line is compared.  Keys are compared as memcmp does, and a
// key that is the beginning of another comes first.
void sortkey(const Sortspec& spec, std::string_view line, std::string& key);

// Lines in memory.
class Run {
	struct Text {
		size_t at;
		size_t len;
	};
	const Sortspec& spec;
	std::string text;
	std::string keys;	// none when the lines are their own
	std::vector<Text> line;
	std::vector<Text> key;

	std::string_view part(const std::string& s, Text t) const
	{
		return std::string_view(s).substr(t.at, t.len);
	}

public:
	explicit Run(const Sortspec& s) : spec(s) {}
	void add(std::string_view l);
	void clear();
	size_t size() const { return line.size(); }
	// The memory it takes.
	size_t cost() const;
	// Gives the lines in order, those that compare equal in the order in which they
	// came; with unique only the first of them.
	void sorted(const std::function<void(std::string_view)>& put) const;
};

// The order of texts by their bytes; equal ones stay in their order.
std::vector<uint32_t> textorder(std::span<const std::string_view> texts, bool reverse);

// Files of sorted lines, removed when they are closed.
class Sorttemps {
	struct Temp {
		Fd fd;
		int level;	// how often its lines were merged
	};
	const Cmdline& a;
	const Sortspec& spec;
	const std::string dir;
	std::vector<Temp> temps;	// in the order of their lines
	unsigned ordinal = 0;

	Fd make();
	void mergeout(size_t from, Bout& out);
	void drop(size_t from);

public:
	Sorttemps(const Cmdline& cmd, const Sortspec& s, std::string where)
	    : a(cmd), spec(s), dir(std::move(where))
	{
	}
	bool empty() const { return temps.empty(); }
	// The lines of r become a file.
	void add(Run& r);
	// All of them in order; then they are gone.
	void merge(Bout& out)
	{
		mergeout(0, out);
		drop(0);
	}
};
}
