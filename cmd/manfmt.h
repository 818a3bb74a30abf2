// Manual pages for the eye: the part of man(7) that this manual is written in.

#pragma once

#include <string>
#include <string_view>

namespace p9 {

enum class Manstyle {
	Plain,
	Terminal,	// bold and underlined by escape sequences
};

// The page, in lines of at most 80 columns where words allow it.  Never fails: what it
// does not know is left out.
std::string manfmt(std::string_view page, Manstyle style);
}
