// Work that waits for quiet: fn runs in a Proc of its own once nobody has called
// touch() for ms milliseconds.  There is no Proc before the first touch and no timer
// while there is nothing to do, so a machine that ends, or a clock that jumps, does not
// wait for it once stop() was called.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace p9 {

class Sync;

class Idle {
	struct State;
	std::shared_ptr<State> s;	// shared with the Proc

public:
	// fn lets no Error out.  The Proc is spawned by of (a server's Sync, so that it has
	// the server's descriptors), else it is the kernel's own.
	Idle(std::string_view name, int64_t ms, std::function<void()> fn, Sync* of = nullptr);
	~Idle();
	Idle(const Idle&) = delete;
	Idle& operator=(const Idle&) = delete;

	// There is something to do.  Cheap; does not sleep.
	void touch();
	// Waits for an fn that runs; there is none after it.  To be called before the end of
	// what fn uses, with no lock held that fn takes; more than once is right.  May sleep.
	void stop();
};
}
