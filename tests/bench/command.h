// Whole commands of the host, timed: emu's programs against Debian's 9base.

#pragma once

#include <string>
#include <vector>

#include "tests/bench/bench.h"

namespace p9 {

// A directory of the host that goes with all that is in it.
struct Tempdir {
	std::string name;

	Tempdir() : Tempdir("") {}
	explicit Tempdir(std::string where);	// there; "": where temporary files go
	~Tempdir();
	Tempdir(const Tempdir&) = delete;
};

using Command = std::vector<std::string>;	// [0] is a path; no shell

Command emucommand(Command rest);	// emu itself with these arguments
Command peercommand(Command rest);	// rest[0] is a program of 9base

// Runs it in dir, its input and output /dev/null, and answers the seconds it took.
// A command that cannot be run or fails ends the benchmarks, with what it was.
double seconds(const Command&, const std::string& dir);

// Both in turn, rounds times each: medians in seconds; the goal is that ours takes at
// most share of the peer's time.
Figure against(const Command& ours, const Command& peers, const std::string& dir, int rounds,
	double share);
}
