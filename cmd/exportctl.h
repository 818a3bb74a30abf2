// An export of the export device, by its ctl: export(3).  It lasts until that is closed
// and its connections are over.  All of these sleep, and fail as export(3) says.

#pragma once

#include <string_view>

#include "port/sys.h"

namespace p9 {

class Exportctl {
	Fd ctl;

public:
	Exportctl();

	// A message without an argument, or with one that is quoted.
	void ask(std::string_view what) const;
	void ask(std::string_view what, std::string_view arg) const;

	// Serves the connection of these descriptors: serve returns at its end, start at once.
	void serve(int infd, int outfd) const;
	void start(int fd) const;

	// Starts a Proc that prints the log on descriptor 2, until the end of the export; it
	// is a child of this one.
	void watch() const;
};
}
