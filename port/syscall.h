// The border of every system call.  An Error that leaves it is remembered as the
// Proc's errstr; notes that came meanwhile are delivered, so that a fatal one
// ends the program here and not in its own error handling.

#pragma once

#include <type_traits>

#include "lib9/error.h"
#include "port/proc.h"

namespace p9 {

void pollnotes();	// sys.h

template<class F>
auto
syscall(F f) -> std::invoke_result_t<F>
{
	try {
		if constexpr(std::is_void_v<std::invoke_result_t<F>>) {
			f();
			if(up().noted()) [[unlikely]]
				pollnotes();
		} else {
			auto r = f();
			if(up().noted()) [[unlikely]]
				pollnotes();
			return r;
		}
	} catch(const Error& e) {
		up().errstr = e.text();
		pollnotes();
		throw;
	}
}
}
