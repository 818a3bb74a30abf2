// Tab: what the line may become is asked of the Proc that reads the console, whose
// completer (port/sys.h) runs in a Proc of its own.  The editing thread waits for the
// answer no longer than somebody likes to.

#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib9/completion.h"
#include "lib9/ref.h"
#include "port/proc.h"

namespace p9 {

class Hostreader;

class Asking {
	Hostreader& reader;
	const std::function<void()> news;

	std::mutex lk;	     // guards what follows; nobody sleeps with it held
	uint64_t serial = 0; // of the last question
	std::optional<Completion> got;
	Ref<Proc> who; // works on it

	void begin(uint64_t n, const std::string& line);
	void settle(uint64_t n, std::optional<Completion> c);

public:
	// Lives as long as r.  tell is called when there is an answer, by a Proc.
	Asking(Hostreader& r, std::function<void()> tell) : reader(r), news(std::move(tell))
	{
	}

	// Asks for the line up to the cursor; the question before is forgotten.
	void ask(std::string line);
	// The answer, once; nothing while there is none.  A tab when the Proc that reads has
	// no completer, empty when the completer failed.
	std::optional<Completion> answer();
	// Nobody waits any more: the Proc that works on it is interrupted.
	void drop();
};

// Names in columns for a terminal of that size, read downwards; what would fill more
// than the screen is left out and counted.
std::string columns(const std::vector<std::string>& names, size_t width, size_t height);
}
