// A file server of lib9/9p that takes calls: listensrv of 9p(2), over dial(2).

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/dial.h"
#include "lib9/9p/srv.h"

namespace p9 {

// Serves all who call addr (as in dial(2)), each in a Proc of its own and all with this
// one srv, so its hooks guard what its sessions share.  Returns when calls are taken, and
// answers where: "tcp!127.0.0.1!5640".  It goes on until the machine ends.  The Procs have
// a copy of the descriptors keep, by the same numbers, and of the caller's 2.  May sleep;
// what is wrong with addr is an Error.
std::string listensrv(std::unique_ptr<Srv> srv, std::string_view addr,
	Reach reach = Reach::Local, std::vector<int> keep = {});
}
