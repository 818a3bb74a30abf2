// Tab at rc's prompt.  target() finds out what the cursor stands behind and fill() makes
// text of what was found, quoted as rc needs it; neither needs a kernel.  What a line
// goes on from lines before is not known.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib9/completion.h"

namespace p9 {

// The word before the cursor: a directory, with its slash, and the element that is to be
// completed.
struct Tabtarget {
	enum Kind { None, Command, Function, File, Dir, Variable };
	struct Part {
		bool var; // the value of a variable, else text
		std::string s;
	};

	Kind kind = None;
	std::vector<Part> dir;
	std::string elem;
	size_t start = 0;     // where in the line the element begins
	bool inquote = false; // the text there is inside of quotes
	bool quoted = false;  // the element has quotes of its own
};
Tabtarget tabtarget(std::string_view line);

struct Tabchoice {
	std::string name;
	bool dir;
};
// found: names that begin with the target's element, in any order.
Completion tabfill(const Tabtarget& t, std::string_view line,
	std::vector<Tabchoice> found);

// The Completer (port/sys.h): looks for commands along $path, for functions and
// variables in /env, and for files.
Completion tabcomplete(std::string_view line);
}
