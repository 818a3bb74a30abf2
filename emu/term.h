// The host's terminal as the console.  One thread edits lines with libedit while a
// Proc reads in cooked mode; what Procs write meanwhile goes above the line.

#pragma once

#include <string_view>

#include "port/console.h"

namespace p9 {

// When descriptor 0 and one of 1 and 2 are a terminal that can place its cursor: takes it
// over and answers true.  Before boot, once.
bool termstart();
bool termactive();

// Whether descriptor fd is the terminal that is the console.
bool termis(int fd);

// What consread, conswrite and consmode are when the console is the terminal.
size_t termread(Buf);
size_t termwrite(Bytes);
void termmode(Consmode);

// Puts the terminal back as it was found.  From anywhere, also from signal handlers.
void termrestore();

// When the machine has ended: puts the terminal back, on a new line.
void termend();

// ^C: throws the line that is edited away and then gives the foreground its note; false
// (and nothing done) when no line is edited.  Any thread but Procs'.
bool terminterrupt();
// The terminal has another size.
void termresized();
// emu was stopped and goes on.
void termcontinue();

// Text of the kernel for the terminal: false when the caller must write it himself.
bool termprint(std::string_view text);
}
