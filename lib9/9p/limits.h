// What the clients of a 9P server may have at a time.

#pragma once

#include <algorithm>
#include <cstddef>

namespace p9 {

// Beyond these they get an Error of Srvtexts; a Tread whose reply would go beyond memory is
// answered with less than it asked for.
struct Srvlimits {
	size_t conns = 1000;	// of one Srv
	size_t fids = 65536;	// of a connection
	size_t reqs = 512;	// of a connection, and as many flushes
	size_t memory = 64 << 20;	// bytes of a connection: requests, replies, what fids cost

	// Requests of all connections together, flushes apart.  One half is divided evenly
	// among conns, and for each it is at least one; beyond its share a connection takes
	// from the other half, while there is any.
	size_t working = 16384;
	size_t common() const { return working / 2; }
	size_t share() const { return std::max<size_t>(1, (working - common()) / conns); }
};
}
