// A bar on the terminal for copies that take more than two seconds; nothing when
// descriptor 2 is not the terminal.  Never fails.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace p9 {

class Progress {
	const std::string what;
	const int64_t total;	// bytes; 0 is unknown
	const int64_t begin;	// ns, as last
	int64_t last = 0;
	int64_t done = 0;
	bool enabled;
	bool shown = false;

	void draw(int64_t now);

public:
	Progress(std::string_view name, int64_t bytes);
	~Progress() { clear(); }
	Progress(const Progress&) = delete;

	// n more bytes have been copied.
	void step(size_t n)
	{
		done += int64_t(n);
		if(enabled)
			look();
	}
	void look();
	// Takes the bar away, before messages.
	void clear();
};
}
