// touch(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

// Seconds since 1970, as many as a Dir holds; the last would change nothing.
int64_t
time(Cmdline& a)
{
	auto n = parseint(a.earg());
	if(!n || *n < 0 || *n >= UINT32_MAX)
		a.usage();
	return *n;
}

bool
touchfile(const Cmdline& a, const std::string& file, bool nocreate, int64_t when)
{
	std::string doing = "cannot wstat";
	try {
		if(trystat(file)) {
			Dir d = Dir::dontcare();
			d.mtime = uint32_t(when);
			wstat(file, d);
			return true;
		}
		if(nocreate) {
			a.warn(file + ": cannot wstat: file does not exist");
			return false;
		}
		doing = "cannot create";
		Fd fd = create(file, OREAD | OEXCL, 0666);
		Dir d = Dir::dontcare();
		d.mtime = uint32_t(when);
		doing = "cannot wstat";
		fwstat(fd, d);
		return true;
	} catch(const Error& e) {
		a.warn(file + ": " + doing + ": " + e.text());
		return false;
	}
}
}

void
touch(Argv argv)
{
	Cmdline a(argv, "[-c] [-t time] files");
	int64_t when = nsec() / 1'000'000'000;
	bool nocreate = false;
	while(char32_t f = a.flag())
		switch(f) {
		case 't': when = time(a); break;
		case 'c': nocreate = true; break;
		default: a.usage();
		}
	if(a.argc() == 0)
		a.usage();
	bool ok = true;
	for(const std::string& s : a.rest())
		ok &= touchfile(a, s, nocreate, when);
	if(!ok)
		exits("touch");
}
}
