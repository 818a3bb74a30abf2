// cp(1).

#include "cmd/cmds.h"
#include "cmd/copy.h"

namespace p9 {

namespace {

struct Flags {
	bool gid = false;
	bool uid = false;
	bool times = false;	// and the mode

	bool any() const { return gid || uid || times; }
};

void
keepstat(const Cmdline& a, Flags f, int fd, const Dir& d, const std::string& to)
{
	Dir nd = Dir::dontcare();
	if(f.times) {
		nd.mtime = d.mtime;
		nd.mode = d.mode;
	}
	if(f.uid)
		nd.uid = d.uid;
	if(f.gid)
		nd.gid = d.gid;
	try {
		fwstat(fd, nd);
	} catch(const Error& e) {
		a.warn("warning: can't wstat " + to + ": " + e.text());
	}
}

// False when it failed, which has been said.
bool
copy(const Cmdline& a, Flags f, const std::string& from, const std::string& to)
{
	std::string doing = "can't stat " + from;
	try {
		Dir d = stat(from);
		if(d.mode & DMDIR) {
			a.warn(from + " is a directory");
			return false;
		}
		auto td = trystat(to);
		if(td && samefile(d, *td)) {
			a.warn(from + " and " + to + " are the same file");
			return false;
		}
		doing = "can't open " + from;
		Fd fdf = open(from, OREAD);
		doing = "can't create " + to;
		Fd fdt = create(to, OWRITE, d.mode & 0777);
		if(!copydata(a, fdf, fdt, from, to, d.length))
			return false;
		if(f.any())
			keepstat(a, f, fdt, d, to);
		close(std::move(fdt));
		return true;
	} catch(const Error& e) {
		a.warn(doing + ": " + e.text());
		return false;
	}
}
}

void
cp(Argv argv)
{
	Cmdline a(argv, "[-gux] fromfile tofile\n\tcp [-x] fromfile ... todir");
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'g': f.gid = true; break;
		case 'u': f.uid = f.gid = true; break;
		case 'x': f.times = true; break;
		default: a.usage();
		}
	if(a.argc() < 2)
		a.usage();
	Argv from = a.rest();
	std::string to = from.back();
	from.pop_back();
	auto d = trystat(to);
	bool todir = d && d->mode & DMDIR;
	if(from.size() > 1 && !todir) {
		a.warn(to + " not a directory");
		exits("bad usage");
	}
	bool ok = true;
	for(const std::string& s : from)
		ok &= copy(a, f, s, todir ? intodir(s, to) : to);
	if(!ok)
		exits("errors");
}
}
