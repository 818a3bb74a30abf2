// bind(1), mount(1) and unmount(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

// The name that is to blame, and why.
std::string
bindfailed(const std::string& from, const std::string& on, const Error& e)
{
	for(const std::string& s : {from, on})
		try {
			stat(s);
		} catch(const Error& why) {
			return "bind: " + s + ": " + why.text();
		}
	return "bind " + from + " " + on + ": " + e.text();
}

bool
bothends(int flag)
{
	return flag & MBEFORE && flag & MAFTER;
}

void
becomenone(const Cmdline& a, bool quiet)
{
	try {
		write(open("#c/user", OWRITE), "none");
	} catch(const Error& e) {
		if(quiet)
			exits();
		a.warn("can't become none: " + e.text());
		exits("becomenone");
	}
}

Fd
openserver(const Cmdline& a, const std::string& name, bool quiet)
{
	try {
		return open(name, ORDWR);
	} catch(const Error& e) {
		if(quiet)
			exits();
		a.warn("can't open " + name + ": " + e.text());
		exits("open");
	}
}
}

void
bind(Argv argv)
{
	Cmdline a(argv, "[-b|-a|-c|-bc|-ac] new old");
	int flag = MREPL;
	bool quiet = false;
	while(char32_t f = a.flag())
		switch(f) {
		case 'a': flag |= MAFTER; break;
		case 'b': flag |= MBEFORE; break;
		case 'c': flag |= MCREATE; break;
		case 'q': quiet = true; break;
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() != 2 || bothends(flag))
		a.usage();
	try {
		p9::bind(w[0], w[1],
			 flag); // not std::bind, which its arguments would find
	} catch(const Error& e) {
		if(quiet)
			exits();
		fprint(2, bindfailed(w[0], w[1], e) + "\n");
		exits("bind");
	}
}

// There is no authentication: -n is always so, and -k has nobody to ask.
void
mount(Argv argv)
{
	Cmdline a(argv, "[-a|-b] [-cCnNq] [-k keypattern] /srv/service dir [spec]");
	int flag = MREPL;
	bool quiet = false;
	bool none = false;
	while(char32_t f = a.flag())
		switch(f) {
		case 'a': flag |= MAFTER; break;
		case 'b': flag |= MBEFORE; break;
		case 'c': flag |= MCREATE; break;
		case 'C': flag |= MCACHE; break;
		case 'k': a.earg(); break;
		case 'N': none = true; break;
		case 'n': break;
		case 'q': quiet = true; break;
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() < 2 || w.size() > 3 || bothends(flag))
		a.usage();
	Fd fd = openserver(a, w[0], quiet);
	if(none)
		becomenone(a, quiet);
	try {
		mount(fd, -1, w[1], flag, w.size() == 3 ? w[2] : "");
	} catch(const Error& e) {
		if(quiet)
			exits();
		a.warn("mount " + w[1] + ": " + e.text());
		exits("mount");
	}
}

void
unmount(Argv argv)
{
	Cmdline a(argv, "mountpoint\n       unmount mounted mountpoint");
	if(argv.size() != 2 && argv.size() != 3)
		a.usage();
	try {
		unmount(argv.size() == 3 ? argv[1] : "", argv.back());
	} catch(const Error& e) {
		a.fatal(argv.back() + ": " + e.text());
	}
}
}
