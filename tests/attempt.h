// For those who try what may fail, and go on whatever comes of it.

#pragma once

#include "lib9/error.h"

namespace p9 {

template<class F>
void
attempt(F f)
{
	try {
		f();
	} catch(const Error&) {
	}
}
}
