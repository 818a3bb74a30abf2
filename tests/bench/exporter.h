// Another emu that exports a tree on a socket, for benchmarks of the way to it; and
// bare connections to it, or to a plain process.

#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace p9 {

class Exporter {
	pid_t pid = -1;
	std::string at;

public:
	// Exports dir, a name of emu's, at address; with so many workers, on the first CPU if
	// pinned.  Ends the benchmarks when it cannot.
	enum class Cpu { Any, First };
	Exporter(const std::string& address, const std::string& dir, int workers, Cpu cpu = Cpu::Any);
	~Exporter();
	Exporter(const Exporter&) = delete;

	// Where it listens: the address with its port.
	const std::string& address() const { return at; }
	size_t residentkib() const;
};

// A connected TCP socket of the host to its Exporter's address.
int rawdial(const std::string& address);

// Both ends of a TCP connection on the loopback.
std::pair<int, int> tcppair();

// Ends the benchmarks with what failed.
[[noreturn]] void benchfails(const std::string& what);

// Kibibytes in memory of a process.
size_t residentkib(pid_t pid);
}
