// exportfs of port/sys.h.

#include "lib9/error.h"
#include "port/exportfs.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/sys.h"
#include "port/syscall.h"
#include "port/sysfile.h"

namespace p9 {

namespace {

// No descriptors for the time that strangers are served: #d would show them.
class Nofds {
	Ref<Fgrp> mine;

public:
	Nofds() : mine(up().poke(&Proc::fgrp, mk<Fgrp>())) {}
	~Nofds() { up().poke(&Proc::fgrp, std::move(mine)); }
	Nofds(const Nofds&) = delete;
};
}

void
exportfs(int infd, int outfd, std::string_view dir, Exportopts opts)
{
	syscall([&] {
		Ref<Chan> root;
		if(opts.service.empty())
			root = namedir(dir);
		Export x(std::move(root), std::move(opts));
		std::unique_ptr<Transport> t = exportconn(infd, outfd);
		Nofds none;
		x.serve(*t);
	});
}
}
