// Quoting as Plan 9 does it: 'in single quotes', with ' doubled inside.  See
// quote(2) and tokenize in getfields(2).  Nothing here fails or sleeps.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace p9 {

// %q: s as it is, or quoted when it is empty or holds a blank, a control character or a
// quote.  tokenize gives it back.
std::string quoted(std::string_view s);
// What is not a string_view: else std::quoted is preferred where <iomanip> is seen.
inline std::string quoted(const std::string& s) { return quoted(std::string_view(s)); }
inline std::string quoted(std::string& s) { return quoted(std::string_view(s)); }
inline std::string quoted(const char* s) { return quoted(std::string_view(s)); }

// As quoted, but also when rc would take a character of s for its own.
std::string rcquoted(std::string_view s);

// %#q: always in quotes.
std::string alwaysquoted(std::string_view s);

// The fields of s that blanks (space, tab, return, newline) part; quotes join and go
// away.  At most max, and the rest is dropped.
std::vector<std::string> tokenize(std::string_view s, size_t max = size_t(-1));

// The fields of s that any byte of seps parts, without quoting; they point into s.
// Each: every separator ends a field, so fields may be empty.  Runs: many separators are
// one, and those at the ends do not count.  The max'th field holds all the rest.
enum class Seps { Each, Runs };
std::vector<std::string_view> getfields(
	std::string_view s, std::string_view seps, Seps, size_t max = size_t(-1));

// s without the blanks at its ends; points into s.
std::string_view trim(std::string_view s);
}
