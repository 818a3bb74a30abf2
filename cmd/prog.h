// What the programs have in common: usage, fatal errors, buffered output, copying.

#pragma once

#include <string>
#include <string_view>

#include "port/sys.h"

namespace p9 {

// A command line whose program says how it is used.  `--help' prints that and exits.
class Cmdline : public Args {
	std::string_view text;

public:
	const std::string name;	// the last element of argv[0], for messages

	// how: what stands behind the name in the usage message.
	Cmdline(Argv argv, std::string_view how);

	// Prints the usage message on descriptor 2 and exits "usage".
	[[noreturn]] void usage() const;
	// The flag's argument; usage when there is none.
	std::string earg();
	// A size or number that must be one: `name: bad size: x' and exits.
	uint64_t esize();
	int64_t eint();

	// Prints `name: text' on descriptor 2; fatal exits with text too.
	void warn(std::string_view what) const;
	[[noreturn]] void fatal(std::string_view what) const;
};

// Text for a descriptor, written in large pieces and at flush.  Errors of the write
// come from put and flush; the destructor writes nothing.
class Bout {
	int fd;
	std::string buf;

public:
	explicit Bout(int n) : fd(n) {}
	void put(std::string_view s)
	{
		buf += s;
		if(buf.size() >= 32 * 1024)
			flush();
	}
	void put(char c)
	{
		buf += c;
		if(buf.size() >= 32 * 1024)
			flush();
	}
	void flush();
};

// Lines and bytes of a descriptor, in any lengths, read in large pieces.  What it reads
// ahead is lost to others that have the descriptor.
class Bin {
	static constexpr size_t Piece = 64 * 1024;

	int fd;
	std::string buf;
	size_t at = 0;	// what was taken
	size_t have = 0;	// what is in buf
	bool ended = false;
	bool newline = false;

	bool fill();

public:
	explicit Bin(int n) : fd(n) {}
	// The next line without its newline, good until the next call; false at the end.
	bool line(std::string_view& s);
	bool line(std::string& s);
	// Whether the last line() ended in a newline: false for a file's unfinished end.
	bool whole() const { return newline; }
	// The next bytes, as many as there are, good until the next call; empty at the end.
	std::string_view piece();
	// The next byte, or -1.
	int get();
	// Gives the last byte of get() back.
	void unget() { at--; }
};

// Whether fd leads to the terminal of the machine.
bool isterminal(int fd);

// The buffer that copies go through: a good size for from.
Block copybuf();

// Writes all of b.
void writeall(int fd, Bytes b);

// The text that bytes are.
inline std::string_view
textof(Bytes b)
{
	return {static_cast<const char*>(static_cast<const void*>(b.data())), b.size()};
}
}
