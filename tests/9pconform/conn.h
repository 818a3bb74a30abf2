// A connection to a 9P server from a program of the host: dialled, or to a command
// that speaks on its standard input and output.  It carries bytes; client.h has
// messages.  Nothing waits for ever: what has not come after a minute fails.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lib9/plan9.h"

namespace p9 {

// Why a check failed, or could not be made.
struct Failed : std::runtime_error {
	using runtime_error::runtime_error;
};
struct Skipped : std::runtime_error {
	using runtime_error::runtime_error;
};

// tcp!HOST!PORT, unix!PATH, or a command for the shell.
struct Target {
	enum Kind { Tcp, Unix, Command } kind = Command;
	std::string where = {};
	std::string port = {};
	int pid = -1; // the server's, if it is known

	// Throws Failed of what is no dial string.
	static Target dialstring(std::string_view s);
};

using Message = std::vector<std::byte>;

class Conn {
	int in = -1; // what the server says
	int out = -1;
	int pid = -1; // of the command
	int watched = -1; // whose memory counts
	int errors = -1; // a file with what it wrote on descriptor 2
	Message got; // bytes that are no whole message yet

	void start(const Target& t);
	void dial(const Target& t);
	void dialtcp(const Target& t);
	bool more(int ms);
	bool ready(short how, int ms);
	bool take(Message& m);

public:
	// Throws Failed when nobody answers.
	explicit Conn(const Target& t);
	~Conn();
	Conn(const Conn&) = delete;

	// Writes all, and reads meanwhile, so that neither side waits for the other.  False
	// when the server has hung up.
	bool write(Bytes b);
	// The same, but reads nothing, and stops when the server takes no more for ms;
	// answers the bytes that it took.
	size_t push(Bytes b, int ms);
	// The server reads an end now, and may still answer.
	void endwrite();
	// The next message, whatever is in it; empty at the end.
	Message read();
	// All that comes until the end is thrown away.
	void drain();
	// Hangs up in the middle of everything: what was not read is lost, and the server
	// learns of it by an error where there is one.
	void die();
	// Ends the session, which is over when this returns.  A command must end then, of
	// its own and with no sanitizer's report; answers what is wrong, or "".
	std::string finish();
	// What a command wrote on descriptor 2 so far.
	std::string said() const;
	// The memory of the server in KiB; 0 when it is not known who it is.
	size_t memory() const;
};
}
