#include "cmd/nsdir.h"

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

// Who made the files of this process, by the host's name, which -u does not change.
std::string
hostowner()
{
	return stat("#U/proc/self").uid;
}
}

std::string
nsdir()
{
	std::string dir = getenv("NAMESPACE").value_or("");
	if(dir.empty())
		error("$NAMESPACE not set");
	std::string here = "#U" + dir;
	std::optional<Dir> d = trystat(here);
	if(!d) {
		close(create(here, OREAD, DMDIR | 0700));
		return dir;
	}
	if(!(d->mode & DMDIR) || d->mode & 022 || d->uid != hostowner())
		error("bad name space dir", dir);
	return dir;
}

std::string
nsaddr(const std::string& name)
{
	return "unix!" + nsdir() + "/" + name;
}

void
nspace(Argv argv)
{
	Cmdline a(argv, "");
	if(a.flag() || a.argc() > 0)
		a.usage();
	fprint(1, nsdir() + "\n");
}
}
