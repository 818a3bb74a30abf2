// import(4): a tree of another machine, mounted here.

#include "cmd/cmds.h"
#include "cmd/dial.h"
#include "cmd/prog.h"
#include "lib9/cleanname.h"

namespace p9 {

namespace {

struct Options {
	int flag = MREPL;
	bool quiet = false;
	std::string posted;	// -s: the name in /srv
	std::string addr;
	std::string tree;
	std::string mtpt;
};

Options
options(Cmdline& a)
{
	Options o;
	while(char32_t f = a.flag())
		switch(f) {
		case 'a': o.flag |= MAFTER; break;
		case 'b': o.flag |= MBEFORE; break;
		case 'c': o.flag |= MCREATE; break;
		case 'C': o.flag |= MCACHE; break;
		case 'A':
		case 'n': break;	// there is no authentication
		case 'q': o.quiet = true; break;
		case 's': o.posted = a.earg(); break;
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() < 2 || w.size() > 3 || (o.flag & MAFTER && o.flag & MBEFORE))
		a.usage();
	o.addr = serveraddr(w[0], "exportfs");
	o.tree = cleanname("/" + w[1]);
	o.mtpt = w.back();
	return o;
}

[[noreturn]] void
fail(const Cmdline& a, const Options& o, const std::string& what, std::string_view status)
{
	if(o.quiet)
		exits(status);
	a.warn(what);
	exits(status);
}

Fd
call(const Cmdline& a, const Options& o)
{
	try {
		return connection(o.addr);
	} catch(const Error& e) {
		fail(a, o, "dial " + o.addr + ": " + whynot(e, o.addr), "dial");
	}
}

void
post(const Cmdline& a, const Options& o, int fd)
{
	std::string file = "/srv/" + o.posted.substr(o.posted.rfind('/') + 1);
	try {
		write(create(file, OWRITE, 0600), std::to_string(fd));
	} catch(const Error& e) {
		fail(a, o, "create(" + file + "): " + e.text(), "srv");
	}
}

// A place to stand while a part of what is served is bound: mntgen(4) has it as soon as
// it is asked for.
class Foothold {
	const std::string dir = "/mnt/import." + std::to_string(getpid());

public:
	Foothold(Fd& fd, int flag) { mount(fd, -1, dir, MREPL | (flag & MCACHE), ""); }
	Foothold(const Foothold&) = delete;
	std::string path(const std::string& below) const { return dir + below; }
	void leave() { unmount("", dir); }
};

// All that is served is mounted as it is; a part is a directory or a file of that.
void
mounttree(const Cmdline& a, const Options& o, Fd fd)
{
	std::string doing = "mount " + o.mtpt;
	try {
		if(o.tree == "/") {
			mount(fd, -1, o.mtpt, o.flag, "");
			return;
		}
		Foothold at(fd, o.flag);
		try {
			doing = o.addr;
			stat(at.path(o.tree));
			doing = "mount " + o.mtpt;
			p9::bind(at.path(o.tree), o.mtpt, o.flag & ~MCACHE);
		} catch(const Error&) {
			at.leave();
			throw;
		}
		at.leave();
	} catch(const Error& e) {
		bool itsname = e.name().starts_with("/mnt/import.");
		std::string why = e.text();
		if(itsname)
			why = e.reason() + ": '" + o.tree + "'";
		fail(a, o, doing + ": " + why, "mount");
	}
}
}

void
import(Argv argv)
{
	Cmdline a(argv, "[-abcACnq] [-s srvname] host tree [mountpoint]");
	Options o = options(a);
	Fd fd = call(a, o);
	if(!o.posted.empty())
		post(a, o, fd);
	mounttree(a, o, std::move(fd));
}
}
