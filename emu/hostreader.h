// Reading what blocks a host thread: a line that is being edited, a descriptor that
// cannot be made non-blocking.  A thread of its own fetches, when a Proc asks; a
// Proc that is interrupted goes, and what comes later is the next reader's.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lib9/plan9.h"
#include "port/os.h"
#include "port/qlock.h"
#include "port/rendez.h"

namespace p9 {

class Hostreader {
public:
	// Runs on the thread, and may block it: some bytes; none when it was called off;
	// nothing at the end of the file.
	using Fetch = std::function<std::optional<std::string>()>;

	// Lives as long as the process: its thread is never joined.
	explicit Hostreader(Fetch fetch);
	Hostreader(const Hostreader&) = delete;

	// As read(2), at most a line at a time in the order that fetch gave them; nothing
	// when a fetch was called off.  A note ends it with Eintr.
	std::optional<size_t> read(Buf);

	// Has the Proc that waits in read, or the next one that does, run fn and go on
	// waiting; in place of an earlier fn that has not been run.  fn lets no Error out
	// and does not sleep.
	void call(std::function<void()> fn);

private:
	const Fetch fetch;
	Event wanted;
	QLock turn; // one Proc waits at a time

	Lock lk; // guards what follows
	Rendez r;
	std::string data;
	bool eof = false;   // told once
	bool asked = false; // the thread fetches
	std::function<void()> wish;

	void serve();
};
}
