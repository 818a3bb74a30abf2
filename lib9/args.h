// Command lines of programs, parsed as arg(2) does:
//
//	Args a(argv);
//	while(char32_t f = a.flag())
//		switch(f) {
//		case 'v': verbose = true; break;
//		case 'o': out = a.argf(); if(!out) usage(); break;
//		default: usage();
//		}
//	for(const std::string& s : a.rest()) ...
//
// Nothing here fails or sleeps.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p9 {

using Argv = std::vector<std::string>;	// [0] is the program's name

class Args {
	Argv v;
	size_t next = 1;	// the first word not begun
	size_t pos = 0;	// where in v[next-1] the next flag stands; 0: in none
	bool ended = false;

public:
	std::string argv0;

	explicit Args(Argv argv);

	// The next flag's letter; 0 at the end, which is the first word that does not
	// begin with - or is - alone, or stands behind --.
	char32_t flag();

	// The flag's argument: the rest of its word, or the next word; nothing if none is
	// left.
	std::optional<std::string> argf();

	// The words that are left, and how many.
	Argv rest() const;
	size_t argc() const { return v.size() > next ? v.size() - next : 0; }
};

// A size: digits (0x.. is hexadecimal, 0.. octal) with at most one of k m g t (powers of
// 1024, either case) behind.  Nothing for junk, signs, blanks and what overflows.
std::optional<uint64_t> parsesize(std::string_view s);

// A number as strtoll with base 0 would read it, but whole or nothing.
std::optional<int64_t> parseint(std::string_view s);
}
