// The console and what the kernel says: for cons(3) and those who print.
//
// The console is the host's terminal when emu runs on one: cooked, it delivers
// lines that were edited there; raw, every key.  Else it is the host's standard
// input and output.  emu/term.cpp and emu/std.cpp define the host's side.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib9/completion.h"
#include "lib9/plan9.h"
#include "lib9/ref.h"

namespace p9 {

class Proc;

// Reads the console; 0 is the end of the file (^D, after which it goes on).  Sleeps; a
// note ends it with Eintr.  The caller's note group becomes the foreground.
size_t consread(Buf);
// Writes all of it, in one piece between others' pieces.  Sleeps.
size_t conswrite(Bytes);
enum class Consmode { Cooked, Raw };
void consmode(Consmode);

// Runs up()'s completer (sys.h) on line in a Proc of its own and gives done, once, what
// it finds; nothing when it fails or is interrupted.  Answers the Proc; empty, and done is
// not called, when up() has no completer.  Does not sleep.
using Completed = std::function<void(std::optional<Completion>)>;
Ref<Proc> complete(std::string line, Completed done);

// The host's descriptors 0, 1 and 2, as they are.  Sleep as above.
size_t stdread(Buf);
size_t stdwrite(int fd, Bytes);

// Gives the note to all Procs of the foreground: the note group that last read the
// console, at first that of the first program.  Any thread.
void setforeground(int noteid);
void noteforeground(std::string_view note);

// Prints for people: on the host's standard error (or for the reader of kprint) and
// into kmesg.  Any thread; does not sleep.
void print(std::string_view text);
// What was printed, from the off'th byte that is still kept.
size_t kmesgread(Buf, int64_t off);
// Diverts what is printed to kprintread, while there is such a reader: Einuse for a
// second one.
void kprintopen();
void kprintclose();
size_t kprintread(Buf);

struct Hostmem {
	uint64_t total = 0; // bytes
	uint64_t used = 0;
};
Hostmem hostmem();
}
