// What 9phostile has at hand: one good message of each type, and whether the server
// lives after a bad one.

#pragma once

#include "tests/9pconform/check.h"

namespace p9 {

// Fids that every session of ours has: the root, the work directory, an open file and an
// open directory.
enum : uint32_t { Openfile = 2, Opendir = 3 };

// Those fids on a new connection; the file goes with it.  Where none can be made, Work and
// Openfile are others that are there.
class Attacker : public Client {
public:
	explicit Attacker(const Options& opt, uint32_t size = 8192 + IOHDRSZ);
};

// A request of every type that a session would answer, and what a log calls it.
std::vector<std::pair<std::string, Message>> requests(const Options& o);

// The bytes of a session from its first message on, with files open, one of them to be
// removed, and reads that wait if the server has a file for that.
Message recorded(const Options& o);

// A new client must find the server as ever, or Failed says after what it did not.
void alive(const Options& o, const std::string& after);

// Sends b on a session of its own and the end after it; whatever is answered, the
// connection must end.
void provoke(const Options& o, Bytes b, const std::string& what);
}
