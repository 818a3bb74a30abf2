// Path names as text, without asking any file system.  See cleanname(2).

#pragma once

#include <string>
#include <string_view>

namespace p9 {

// name with runs of / made one, . removed and .. applied to what stands before it; never
// empty ("." then).  What was no device's name does not become one: ./#x stays.
std::string cleanname(std::string_view name);

// What stands behind the last / of name, without slashes at its end; "/" of "/".
std::string_view basename(std::string_view name);

// What stands before that: "." when there is none, "/" of what lies in the root.
std::string_view dirname(std::string_view name);

// dir and name with one / between; name alone when it is rooted or dir is empty.
std::string joinname(std::string_view dir, std::string_view name);
}
