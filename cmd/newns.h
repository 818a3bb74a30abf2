// Name spaces from text: namespace(6).

#pragma once

#include <string_view>

namespace p9 {

// Does what text says to the caller's name space, line by line; file is what messages
// call it.  A line that fails is reported on descriptor 2 (bind -q is not) and the next
// is done.  Answers how many failed.  Sleeps.
int addns(std::string_view text, std::string_view file);
}
