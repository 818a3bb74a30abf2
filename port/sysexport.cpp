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

// Makes the connection a message channel, as mount does: nobody else reads or writes it.
// Both descriptors may be one channel.
void
claim(int infd, int outfd)
{
	Ref<Chan> in = fdtochan(infd, -1, Chkmnt::Yes);
	Ref<Chan> out = fdtochan(outfd, -1, Chkmnt::Yes);
	in->flag |= CMSG;
	out->flag |= CMSG;
	close(std::move(in));
	close(std::move(out));
}

// The channel itself: strangers are served without descriptors.
std::function<void(std::string_view)>
logto(int fd)
{
	return [c = fdtochan(fd, OWRITE, Chkmnt::Yes)](std::string_view line) {
		std::string s = std::string(line) + "\n";
		try {
			chanwrite(*c, std::as_bytes(std::span(s)));
		} catch(const Error&) {
			return;	// who was to read it has gone
		}
	};
}

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
		if(opts.logfd >= 0)
			opts.log = logto(opts.logfd);
		Export x(std::move(root), std::move(opts));
		std::unique_ptr<Transport> t = fdtransport(infd, outfd);
		claim(infd, outfd);
		Nofds none;
		x.serve(*t);
	});
}
}
