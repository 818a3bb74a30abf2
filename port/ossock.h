// Connections of the host: TCP, and Unix sockets.  None of these blocks a thread: a
// Proc waits in the event loop, and a note ends its wait with Eintr.  emu/ossock.cpp
// defines them for ip(3).
//
// An address is Plan 9's: "127.0.0.1!564", "::1!564", "*!564", or a path.  Names
// have been looked up before (hostlookup).

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib9/plan9.h"
#include "lib9/ref.h"

namespace p9 {

enum class Hostnet { Tcp, Unix };

class Hostconn : public Counted {
public:
	// At least one byte, or 0 at the end: the peer has gone, or hangup.
	virtual size_t read(Buf) = 0;
	// All of it, in one call of the host when there is room.  Fewer when a note came after
	// the first byte; Eintr when before.  Ehungup when the peer has gone.
	virtual size_t write(Bytes head, Bytes tail = {}) = 0;
	// Both directions end, whoever waits gets up.  Does not sleep.
	virtual void hangup() = 0;
	// Waits for the next caller of what was announced.
	virtual Ref<Hostconn> accept() = 0;
	virtual std::string local() = 0;
	virtual std::string remote() = 0;
};

// Connects.  Econrefused, Etimedout, Eintr, Ebadarg for what is no address.
Ref<Hostconn> hostdial(Hostnet net, std::string_view addr);

// Takes calls.  A Unix socket is the caller's alone (mode 0600) before anybody can see
// it; one that nobody listens on any more is replaced; it is removed at the end.
Ref<Hostconn> hostannounce(Hostnet net, std::string_view addr);

// Whether only this machine can reach what is announced so.
bool hostloopback(Hostnet net, std::string_view addr);

// The addresses of a host and a service by name or number ("localhost", "9fs"), best
// first; none when there are none.  Asks the host's resolver, on its thread pool.
std::vector<std::string> hostlookup(const std::string& host, const std::string& service);
}
