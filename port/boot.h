// Starting and ending the machine.  See proc(10).

#pragma once

#include <functional>
#include <string>

namespace p9 {

struct Bootcfg {
	int workers = 0;	// 0: one for each CPU
	bool pinned = false;	// each worker to a CPU of its own, for benchmarks
	// Test mode: one worker, the next Proc chosen by the seed, a switch forced at lock
	// operations, time that jumps when all sleep, a report when nothing can run.
	bool test = false;
	uint64_t seed = 0;
	// What happens when nothing can run any more in test mode; default: report and abort.
	std::function<void(const std::string&)> deadlock;
	// In the first Proc's end: seconds without progress until those left are named.
	int endms = 10000;
};

struct Bootend {
	std::string status;	// of the first Proc
	std::string stuck;	// those that did not end, with what they wait for; "" when none
};

// Boots: resets the devices, runs first in a Proc of eve's with an empty name space, no
// descriptors and slash and dot at #/, and returns when it and all others have ended (see
// "The end" in the README).  One machine at a time.
Bootend boot(const Bootcfg& cfg, std::function<void()> first);

// From a signal or another thread: ends the machine as if the first Proc had ended.
void endmachine(const char* why);
bool ending();
void procgone();	// pexit's: one Proc less
}
