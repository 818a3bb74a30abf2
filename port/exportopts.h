// What of a name space an export shows, and how.  port/sys.h's exportfs, export(3).

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "lib9/9p/limits.h"
#include "lib9/plan9.h"

namespace p9 {

struct Exportopts {
	bool readonly = false;
	// Whether the path, "/" or "/a/b" from the root on, is there for clients; empty: all
	// are.  Called by several Procs, one at a time.
	std::function<bool(std::string_view path)> visible;
	size_t msize = MAXMSIZE;
	Srvlimits limits;
	// Instead of a tree of the name space: each attach mounts the service in this file of
	// /srv, with the client's aname.
	std::string service;
	bool transcript = false;	// every message goes to log
	std::function<void(std::string_view line)> log;	// lines for people; may be empty
};
}
