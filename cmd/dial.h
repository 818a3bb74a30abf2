// Making and taking calls over /net: dial(2).  An address is `net!host!service',
// `tcp!host!service', `unix!path', or less: see netmkaddr.  The networks of another
// directory than /net are `/net.alt/tcp!host!service'.  All of these sleep; what fails
// is an Error that names the address.

#pragma once

#include <string>
#include <string_view>

#include "port/sys.h"

namespace p9 {

// addr with the network and the service that it leaves out: "host" becomes
// "defnet!host!defservice".
std::string netmkaddr(std::string_view addr, std::string_view defnet,
	std::string_view defservice);

// A conversation; it lasts until ctl and data are closed.
struct Netcall {
	std::string dir;	// "/net/tcp/3"
	Fd ctl;
	Fd data;	// open for both
};

// Calls the first that answers of all that the address stands for.
Netcall dial(std::string_view addr);

struct Announced {
	std::string dir;
	Fd ctl;
};

// Takes calls at addr.  Reach: whether other machines may call; without it an address
// that they could reach is refused.
enum class Reach { Local, Others };
Announced announce(std::string_view addr, Reach reach = Reach::Local);

// What people give as a server: a file that is a connection, which is a name with a / and
// no !, or an address, which gets the network `net' and this service if it has none.
std::string serveraddr(const std::string& s, std::string_view defservice);
// The connection that serveraddr's answer means: opened, or dialed.
Fd connection(const std::string& addr);
// The reason, with the name unless that is addr, which messages say anyway.
std::string whynot(const Error& e, std::string_view addr);

// The address of this side of a conversation: "tcp!127.0.0.1!564".
std::string netaddr(const std::string& dir);

// The next call to it.
Netcall listen(const Announced& a);
}
