// The Proc that listens is a program's, so that it gets the note hangup at the end of the
// machine; those that serve are servers, which end with their clients.

#include "cmd/listensrv.h"

#include <algorithm>

#include "cmd/calls.h"
#include "lib9/args.h"

namespace p9 {

namespace {

// The descriptor that reads the directory is in it, too.
void
closeothers(const std::vector<int>& keep)
{
	for(const Dir& d : dirreadall("#d")) {
		std::optional<int64_t> n = parseint(d.name);
		if(!n || std::ranges::find(keep, int(*n)) != keep.end())
			continue;
		try {
			close(int(*n));
		} catch(const Error& e) {
			if(!e.is(Ebadfd))
				throw;
		}
	}
}

void
servecall(const std::shared_ptr<Srv>& srv, Netcall c, std::vector<int> fds)
{
	std::string peer = remotehost(c);
	fds.insert(fds.end(), {int(c.data), 2});
	spawnserver(srv->name, fds, [srv, peer, fd = int(c.data)] {
		std::unique_ptr<Transport> t = fdtransport(fd, fd);
		t->peer = peer;
		srv->serve(*t);
	});
	close(std::move(c.ctl));
	close(std::move(c.data));
}

void
servecalls(const std::shared_ptr<Srv>& srv, const Announced& a, const std::vector<int>& keep)
{
	for(;;) {
		Netcall c = nextcall(a);
		try {
			servecall(srv, std::move(c), keep);
		} catch(const Error& e) {
			srv->log(srv->name + ": " + e.text());
		}
	}
}
}

std::string
listensrv(std::unique_ptr<Srv> own, std::string_view addr, Reach reach, std::vector<int> keep)
{
	Announced a = announce(addr, reach);
	std::string where = netaddr(a.dir);
	std::shared_ptr<Srv> srv = std::move(own);
	if(!srv->log)
		srv->log = [](std::string_view line) {
			fprint(2, std::string(line) + "\n");
		};
	std::vector<int> fds = keep;
	fds.insert(fds.end(), {int(a.ctl), 2});
	rfork(RFFDG | RFNAMEG | RFNOTEG | RFNOWAIT,
	      [srv, keep, fds, dir = a.dir, ctl = int(a.ctl)] {
		      procsetname(srv->name);
		      closeothers(fds);
		      servecalls(srv, Announced{dir, Fd(ctl)}, keep);
	      });
	close(std::move(a.ctl));
	return where;
}
}
