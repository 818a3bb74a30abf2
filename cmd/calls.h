// Taking calls: what listen, listen1 and others that wait for callers have in common.

#pragma once

#include <functional>
#include <string>

#include "cmd/dial.h"
#include "lib9/args.h"

namespace p9 {

class Cmdline;

// Takes the word -insecure off the front of a command line; it is no flag, for -i would
// be one.
Reach takeinsecure(Argv& argv);

// As announce, but the Error says what the user can do about it.
Announced mayannounce(const std::string& addr, Reach reach);
// The same, where a failure ends the program.
Announced mustannounce(const Cmdline& a, const std::string& addr, Reach reach);

// As listen, and goes on when the host has no room for one more caller at the moment.
Netcall nextcall(const Announced& a);

// What a caller is served by.
struct Callee {
	Argv cmd;
	bool wantsdir = false;	// the conversation's directory is its last argument
	std::string what;	// for messages
	int maxprocs = 0;	// at a time; 0: no limit
	std::function<void(const Netcall& c)> welcome;	// first, in the Proc of the call
};

// Serves callers for ever, each in a Proc of its own: descriptors 0 and 1 and the file
// /dev/cons are the connection, $net is its directory.  An Error ends it: Ehungup when
// the announcement has gone.
void takecalls(const Announced& a, const Callee& to);
// Serves the next one in this Proc.  Returns by exec, or with an Error.
[[noreturn]] void takecall(Announced a, const Callee& to);

// The caller's host.
std::string remotehost(const Netcall& c);
}
