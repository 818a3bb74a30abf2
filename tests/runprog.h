// Runs programs inside a PTEST, as rc would.

#pragma once

#include <string>

#include "lib9/args.h"

namespace p9 {

struct Ran {
	std::string out;	// of descriptor 1
	std::string err;	// of descriptor 2
	std::string status;	// as exits gave it
};

// Runs /bin/argv[0] in a child with in as its standard input.  What it prints must fit in
// the pipes.
Ran run(Argv argv, std::string_view in = {});

// A name space as the first program's: devices, mntgen on /n and /mnt, ramfs on /tmp.
void stdns();
// The same with the network at /net.
void netns();

// A line of fd with its newline, which is read no further.
std::string readline(int fd);
}
