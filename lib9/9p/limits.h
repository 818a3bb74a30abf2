// What the clients of a 9P server may have at a time.

#pragma once

#include <cstddef>

namespace p9 {

// Beyond these they get an Error of Srvtexts; a Tread whose reply would go beyond memory is
// answered with less than it asked for.
struct Srvlimits {
	size_t conns = 1000;	// of one Srv
	size_t fids = 65536;	// of a connection
	size_t reqs = 512;	// of a connection, and as many flushes
	size_t memory = 64 << 20;	// bytes of a connection: requests, replies, what fids cost
};
}
