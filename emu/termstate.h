// What the two halves of the terminal share: term.cpp, called by Procs and signals, and
// termedit.cpp, the thread that edits lines.

#pragma once

#include <histedit.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "emu/history.h"
#include "emu/hostreader.h"
#include "emu/tab.h"
#include "port/console.h"
#include "port/qlock.h"

namespace p9 {

struct Term {
	int out = 1; // the terminal
	int in = 0;
	int tty = -1;  // the same, non-blocking and ours alone
	int wake = -1; // an eventfd: look at what follows
	EditLine* el = nullptr;
	HistoryW* hist = nullptr;
	std::unique_ptr<Hostreader> reader;
	std::unique_ptr<Asking> asking;
	Historyfile file{Historyfile::place()};

	// The editing thread's.
	std::wstring prompt;  // of the line that is edited
	std::string tabbed;   // what a Tab has left before the cursor
	std::string lastkept; // in the history file
	bool pasting = false; // the terminal says that it is

	std::atomic<bool> marks{false}; // pastemarks is on

	QLock turn; // of Procs that write

	std::mutex lk; // guards what follows; nobody sleeps with it held
	std::condition_variable written;
	bool writing = false; // a Proc writes to the terminal
	bool editing = false;
	std::string pending;	  // to be written by the editing thread
	std::string partial;	  // what stands on the last line
	bool calloff = false;	  // the line is to be thrown away
	bool interrupted = false; // by ^C
	bool resized = false;
	bool redraw = false;
	bool eof = false;     // the terminal has hung up
	bool command = false; // the line is for a Proc that completes: a command
	Consmode mode = Consmode::Cooked;
};

// Has the editing thread look at what is new.  Any thread.
void wakeeditor(Term& t);

// Writes all of s; may block, and is for the editing thread and where nothing else will
// do.
void ttywrite(int fd, std::string_view s);

// Asks the terminal to mark what is pasted (bracketed paste), or no more.
enum class Marks { Off, On };
void pastemarks(Term& t, Marks m);

// Notes that s was written to the terminal.  Requires: t.lk held.
void track(Term& t, std::string_view s);

// Reads a line, on the editing thread; answers as a Hostreader's Fetch.
std::optional<std::string> editline(Term& t);
}
