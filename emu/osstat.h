// Files of the host as Plan 9's entries.

#pragma once

#include <sys/stat.h>

#include <optional>
#include <string_view>

#include "lib9/dir.h"

namespace p9 {

// The entry, without its name.
Dir dirof(const struct statx&);

// The number of the group, by name or as a number.
std::optional<unsigned> gidof(std::string_view name);
}
