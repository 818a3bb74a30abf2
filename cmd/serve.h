// emu -s and emu -9: a tree of this Proc's name space, served to who calls or to who
// started emu.  emu(1).

#pragma once

#include <string>
#include <vector>

#include "cmd/dial.h"

namespace p9 {

struct Serving {
	std::string dir;	// what is served
	bool readonly = false;
	bool verbose = false;	// clients that come and go are told on descriptor 2
	bool transcript = false;	// and each message
	std::vector<std::string> limits;	// "connections=100", as export(3) has them
	std::string addr;	// where calls are taken
	Reach reach = Reach::Local;
};

// Takes calls, says so on descriptor 2 when it does, and serves them until a note comes.
// All connections together are one export, with its limits.  Error: dir or addr cannot
// be served, with what is to blame in its text.
void serveat(const Serving& s);

// Serves the connection that these descriptors are, until its client goes or a note comes.
void servefds(const Serving& s, int infd, int outfd);
}
