// Control messages: a line of words, checked against a table.  See parsecmd in
// 9p(2).

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib9/plan9.h"

namespace p9 {

struct Cmdbuf {
	std::vector<std::string> f;	// the fields, unquoted

	// cb.f[i] as a number (base 0), or Error Ebadarg.
	int64_t num(size_t i) const;
};

struct Cmdtab {
	int index;	// the caller's own
	std::string_view cmd;	// "*" matches any
	size_t narg;	// fields with the command itself; 0 is any
};

// The words of a message, quotes undone.
Cmdbuf parsecmd(Bytes msg);
Cmdbuf parsecmd(std::string_view msg);

// The row that cb asks for.  Errors: an empty message, an unknown command, a wrong number
// of fields, each by way of cmderror.
const Cmdtab& lookupcmd(const Cmdbuf& cb, std::span<const Cmdtab> tab);

// `reason: "the message"', cut to ERRMAX; and raised as an Error.
std::string cmderrtext(const Cmdbuf& cb, std::string_view reason);
[[noreturn]] void cmderror(const Cmdbuf& cb, std::string_view reason);
}
