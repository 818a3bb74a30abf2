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

	void trim();

public:
	static constexpr size_t Maxlines = 1000;
	static constexpr size_t Maxline = 4096; // bytes; longer ones are not kept

	explicit Historyfile(std::string name) : path(std::move(name)) {}

	// The newest lines, oldest first, without what is not UTF-8 in them.
	std::vector<std::string> load();
	// A line without its newline.  Makes the file, and the directories it lies in.
	void append(std::string_view line);

	// Where it is: $XDG_STATE_HOME/emu/history, or that of $HOME; empty without both.
	static std::string place();
};
}
