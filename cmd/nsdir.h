// $NAMESPACE as plan9port has it: a directory of the host where services are posted as
// Unix sockets, each by its name.  linux.md 5.2.

#pragma once

#include <string>

namespace p9 {

// Its path on the host, from /env; it is made if it is not there, with mode 0700.  Error:
// there is none, or another user has it or could write in it.  Sleeps.
std::string nsdir();

// The address of the service name there.
std::string nsaddr(const std::string& name);
}
