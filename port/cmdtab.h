// What the machine holds from its start: the programs, which are functions, and
// the files of #/ that are built in.  root(3) shows both.

#pragma once

#include <span>
#include <string_view>

#include "lib9/args.h"

namespace p9 {

// A program: /bin/NAME holds the line `#!emu NAME'.  A name may have a directory:
// disk/prep.
struct Program {
	std::string_view name;
	void (*fn)(Argv);
};

// Every program, in any order (cmd/cmdtab.cpp).
std::span<const Program> cmdtab();

// A file of #/: its path from / on, and its text.
struct Rootfile {
	std::string_view path;
	std::string_view text;
};

// The manual and the like, made at build time by emu/mkrootfiles.
std::span<const Rootfile> rootfiles();
}
