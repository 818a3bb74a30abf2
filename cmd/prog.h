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
	void flush();
};

// Lines of a descriptor, in any lengths.
class Bin {
	int fd;
	std::string buf;
	size_t at = 0;
	bool ended = false;

public:
	explicit Bin(int n) : fd(n) {}
	// The next line without its newline; false at the end.
	bool line(std::string& s);
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
