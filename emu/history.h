// The lines of earlier sessions, in a file of the host: text, a line each, the newest
// last.  Several emus may use it at a time: each appends whole lines, and who cuts
// the file to its newest lines writes another and renames it.  Whatever is wrong
// with the file, nothing here fails: then there is no history.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace p9 {

class Historyfile {
	std::string path; // empty: there is no file
	size_t nlines = 0; // about as many as it has
	int patience; // ms

	struct Locked;
	bool lock(int fd);
	Locked openlocked(int flags);
	void trim();

public:
	static constexpr size_t Maxlines = 1000;
	static constexpr size_t Maxline = 4096; // bytes; longer ones are not kept

	// Waits for another's lock so many milliseconds at most; when that was not enough,
	// nothing waits any more, and a line may be lost.
	static constexpr int Patience = 2000;
	explicit Historyfile(std::string name, int ms = Patience)
	    : path(std::move(name)), patience(ms)
	{
	}

	// The newest lines, oldest first, without what is not UTF-8 in them.
	std::vector<std::string> load();
	// A line without its newline.  Makes the file, and the directories it lies in.
	void append(std::string_view line);

	// Where it is: $XDG_STATE_HOME/emu/history, or that of $HOME; empty without both.
	static std::string place();
};
}
