// sed(1) in two halves: Sedscript compiles commands, Sed runs them over text.  Neither knows
// descriptors: what they read and write goes through a Sedio, so that tests and fuzzers
// run them in memory.
//
// What is wrong is an Error whose reason is Plan 9's text, without the program's name.

#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib9/plan9.h"
#include "lib9/regexp.h"

namespace p9 {

// The world of a script.
class Sedio {
public:
	using Put = std::function<void(std::string_view)>;

	virtual ~Sedio() = default;
	// Goes on to the next input file; false when there is none.  An Error ends all.
	virtual bool next() = 0;
	// Bytes of the input file, 0 at its end.
	virtual size_t read(Buf) = 0;
	// The number of a file that `w' names; 0 is the standard output.
	virtual int create(const std::string& name) = 0;
	virtual void write(int file, std::string_view) = 0;
	// All of a file that `r' names; nothing when it cannot be read.
	virtual void copy(const std::string& name, const Put&) = 0;
	// Called now and then, and whenever the script goes back: may throw to end it.
	virtual void step() = 0;
};

struct Sedaddr {
	enum Kind { None, Line, Last, Re };

	Kind kind = None;
	uint64_t line = 0;
	size_t re = 0;	// of Sedscript::regexps; Norex when `//' came before any
};

inline constexpr size_t Norex = size_t(-1);

// A piece of a replacement: text, and what the ( ) behind it matched.
struct Sedpiece {
	std::string text;
	int sub = -1;	// 0 is all of the match, -1 nothing
};

// What y does to characters.
struct Sedmap {
	std::array<char32_t, 128> ascii;
	std::map<char32_t, char32_t> others;
	bool narrow = true;	// ASCII to ASCII only
};

// A function of a script.  `{' is a branch behind its `}' for lines not selected.
struct Sedcmd {
	Sedaddr a1;
	Sedaddr a2;
	bool negated = false;
	char name = 0;
	size_t target = 0;	// b, t: the command to go to
	std::string text;	// of a, c, i; the file of r
	int file = -1;	// of w, and of s with w
	size_t re = 0;	// s
	bool caret = false;	// whether it has a ^: what stands before matters
	bool global = false;
	uint64_t nth = 1;	// the first match to be replaced
	char print = 0;	// p or P
	std::vector<Sedpiece> pieces;
	size_t nsub = 1;	// Submatches that they need
	std::unique_ptr<Sedmap> map;

	// While it runs: within its range, and whether this is the range's first line.
	bool active = false;
	bool first = false;
};

// A compiled script, of one or more pieces of text (-e and -f).
class Sedscript {
	friend class Sedparser;

	struct Label {
		size_t at = npos;
		std::vector<size_t> users;
	};
	static constexpr size_t npos = size_t(-1);

	std::map<std::string, Label> labels;
	std::vector<size_t> braces;	// { that are open
	std::map<std::string, int> files;	// of w
	std::string pending;	// a last line whose newline is hidden
	Sedio& io;

public:
	std::vector<Sedcmd> cmds;
	std::vector<std::unique_ptr<Regexp>> regexps;
	std::vector<std::string> sources;	// of the regexps

	explicit Sedscript(Sedio& s) : io(s) { files[""] = 0; }
	// Compiles a piece; allglobal is -g.
	void add(std::string_view text, bool allglobal);
	// After the last piece.
	void finish();
};

// The input: lines of all files, one after another.
class Sedinput {
	static constexpr size_t Piece = 256 * 1024;

	Sedio& io;
	const std::function<void()> beforeread;
	std::string buf;
	size_t at = 0;	// what was taken
	size_t have = 0;	// what is in buf
	size_t whole = 0;	// the end of the last whole line in buf
	bool open = false;
	std::string late;	// why the next file did not open

	bool nextfile();
	bool fill();

public:
	uint64_t reads = 0;	// what was ready moves with each

	Sedinput(Sedio& i, std::function<void()> before) : io(i), beforeread(std::move(before))
	{
	}
	// The next line without its newline, good until the next call; false at the end.
	bool line(std::string_view& s);
	// Whether more is known to come; last() finds out, and then the last line is no
	// longer good.
	bool more() const { return at < have; }
	bool last();

	// The whole lines that lie ready, with their newlines; skip takes n bytes of them.
	std::string_view lines() const
	{
		return std::string_view(buf).substr(at, at < whole ? whole - at : 0);
	}
	void skip(size_t n) { at += n; }
	// Reads until a whole line lies ready; false when none comes in this file.
	bool refill();
};

// The lines at which a script does anything.  If every command is held by a regular
// expression, lines that match none of them are copied or dropped in large pieces.
class Sedplan {
	struct Trigger {
		Regexp* re;
		uint64_t seen = 0;	// Sedinput::reads when left was found
		size_t left = 0;	// from its next line to the end of what lies ready
	};

	std::vector<Trigger> triggers;
	std::vector<const Sedcmd*> ranges;
	bool usable = false;
	int vain = 0;	// searches in a row that found the very next line
	int pause = 0;	// lines to go until the next search

	void trigger(Regexp* re);
	bool walk(const Sedscript&);

public:
	bool drops = false;	// the lines of no interest are not printed

	Sedplan(const Sedscript&, bool quiet);
	// Whether it is worth to ask skip() now.
	bool works();
	// How many bytes of lines, all whole, are of no interest.
	size_t skip(std::string_view lines, uint64_t reads);
};

struct Sedflags {
	bool quiet = false;	// -n
	bool flush = false;	// -u
	size_t max = size_t(1) << 30;	// bytes that a substitution may make
};

class Sed {
	Sedio& io;
	Sedscript& script;
	const Sedflags flags;
	Sedinput in;
	Sedplan plan;
	std::vector<std::string> out;	// by file: what is not yet written
	std::vector<const Sedcmd*> queue;	// a and r of this cycle
	uint64_t lnum = 0;
	bool substituted = false;	// for t

	// The pattern space: a line in the input's buffer until something changes it, then
	// in space.
	std::string_view ps;
	std::string space;
	std::string hold;
	std::string scratch;
	std::vector<Submatch> sub;

	enum class Then { Next, Jump, Again, Delete, Quit };

	void put(int file, std::string_view s);
	void putline(int file, std::string_view s);
	void flushall();
	void flush(size_t file);
	void skiplines();
	bool readline();
	void own();
	void grow(std::string& s, std::string_view more);
	bool islast();
	bool matches(size_t re, std::string_view text);
	bool within(const Sedaddr&);
	bool inrange(Sedcmd&);
	bool selected(Sedcmd&);
	Then cycle();
	Then run(const Sedcmd&);
	Then editspace(const Sedcmd&);
	Then input(const Sedcmd&);
	bool substitute(const Sedcmd&);
	bool nextmatch(const Sedcmd&, size_t from, bool linestart);
	void replace(const Sedcmd&);
	void translate(const Sedmap&);
	void list();
	void appended();

public:
	Sed(Sedio&, Sedscript&, Sedflags);
	// Runs the script over the whole input.  When it throws, flush() still writes what
	// was printed before.
	void run();
	void flush() { flushall(); }
};
}
