// What a line that is being typed may become when somebody presses Tab.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace p9 {

// text replaces the last drop bytes before the cursor: as much as is certain, which may
// be what stands there.  With more than one possibility, choices are their names.
struct Completion {
	size_t drop = 0;
	std::string text;
	std::vector<std::string> choices;
};

// Answers for the line up to the cursor.
using Completer = Completion (*)(std::string_view line);
}
