// What the host's error numbers are called in Plan 9.  emu/ reads errno in functions
// that do not switch, and passes it on as -errno.

#pragma once

#include <cstdint>
#include <string_view>

#include "port/proc.h"

namespace p9 {

// err is positive, as errno.  Unknown ones: the host's own words.
std::string_view oserrtext(int err);

// Raises Error with that text.
[[noreturn]] void oserror(int err);
[[noreturn]] void oserror(int err, std::string_view name);

// r, or -errno when it is negative.  Not inlined: a compiler keeps errno's address, and
// the caller may go on in another thread.
int64_t neg(int64_t r);

// A call into the host that may take long: what it answers, or -errno.
template <class F>
int64_t
hostcall(F f)
{
	Oscall o;
	return neg(f());
}

// The same, but an Error when it fails.
template <class F>
int64_t
mustcall(F f)
{
	int64_t r = hostcall(f);
	if(r < 0)
		oserror(int(-r));
	return r;
}
}
