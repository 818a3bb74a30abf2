// What cp and mv share: copying one file to another.

#pragma once

#include <string>

#include "cmd/prog.h"

namespace p9 {

// The same file by its qid, device and version, as far as both can be seen.
bool samefile(const Dir& a, const Dir& b);

// Copies from fdf, which is the file of entry d, to fdt.  False when it failed and that
// has been said.
bool copydata(const Cmdline& a, int fdf, int fdt, const std::string& from,
	const std::string& to, uint64_t length);

// The name of from's last element in the directory to.
std::string intodir(const std::string& from, const std::string& to);
}
