// EBCDIC, as the conversions of dd(1) have it.  Every byte has one of its own.

#pragma once

#include <cstddef>

namespace p9 {

std::byte toebcdic(std::byte ascii);
// The characters as IBM's printers had them; not all have a code of their own.
std::byte toibm(std::byte ascii);
std::byte fromebcdic(std::byte code);
}
