// 9p(1): reads and writes files of a 9P server without mounting it for others.

#include <fmt/format.h>

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/dial.h"
#include "cmd/nsdir.h"
#include "cmd/prog.h"
#include "cmd/tm.h"
#include "lib9/cleanname.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

// What the program's own name space has the server on.
constexpr std::string_view Mtpt = "/mnt";

constexpr std::string_view Usage =
	"[-n] [-a address] [-A aname] cmd args...\n"
	"possible cmds:\n"
	"\tread name\n"
	"\treadfd name\n"
	"\twrite [-l] name\n"
	"\twritefd name\n"
	"\tstat name\n"
	"\trdwr name\n"
	"\tls [-ldnt] name...\n"
	"\trm name...\n"
	"\tcreate name...\n"
	"without -a, name elem/path means /path on the service elem, of /srv or $NAMESPACE";

class Ninep {
	Cmdline& a;
	std::string addr;	// -a; empty: the first element of the name is a service
	std::string aname;

	std::string file(const std::string& name);
	Fd open(const std::string& name, int mode);
	std::string connect(const std::string& name);

public:
	explicit Ninep(Cmdline& line) : a(line) {}
	[[noreturn]] void usage() { a.usage(); }
	void options();
	void run();

	void read(const Argv& w);
	void write(const Argv& w);
	void stat(const Argv& w);
	void rdwr(const Argv& w);
	void ls(const Argv& w);
	void rm(const Argv& w);
	void create(const Argv& w);
};

void
Ninep::options()
{
	while(char32_t f = a.flag())
		switch(f) {
		case 'a':
			addr = a.argf().value_or("");
			if(addr.empty())
				usage();
			if(addr.find_first_of("!/") == addr.npos)
				addr = netmkaddr(addr, "tcp", "9fs");
			break;
		case 'A': aname = a.argf().value_or(""); break;
		case 'n': break;	// there is no authentication
		default: usage();
		}
}

// Mounts the server that name is of, and answers the name there.
std::string
Ninep::connect(const std::string& name)
{
	std::string to = addr;
	std::string path = name;
	if(addr.empty()) {
		size_t slash = name.find('/');
		std::string service = name.substr(0, slash);
		path = slash == name.npos ? "" : name.substr(slash + 1);
		to = "/srv/" + service;
		if(service.empty() || !access(to, AEXIST))
			to = nsaddr(service);
	}
	Fd fd = connection(to);
	mount(fd, -1, Mtpt, MREPL | MCREATE, aname);
	return std::string(Mtpt) + "/" + path;
}

std::string
Ninep::file(const std::string& name)
{
	try {
		return connect(name);
	} catch(const Error& e) {
		a.fatal("mount: " + e.text());
	}
}

Fd
Ninep::open(const std::string& name, int mode)
{
	std::string f = file(name);
	try {
		return p9::open(f, mode);
	} catch(const Error& e) {
		a.fatal("fsopen " + name + ": " + e.reason());
	}
}

// The one name that is left of the words, once the flags have gone.
std::string
onename(Ninep& p, Args& args)
{
	if(args.argc() != 1)
		p.usage();
	return args.rest()[0];
}

// The server's root has no name of its own here, but that of the mount point.
Dir
entry(const std::string& file)
{
	Dir d = stat(file);
	if(cleanname(file) == Mtpt)
		d.name = "/";
	return d;
}

// Raises an Error with what was being done before the reason.
template<class F>
auto
doing(std::string_view what, F fn)
{
	try {
		return fn();
	} catch(const Error& e) {
		error(std::string(what) + " error: " + e.reason());
	}
}

void
copy(int from, int to)
{
	Block b = copybuf();
	for(;;) {
		Buf room = b.room();
		size_t n = doing("read", [&] { return read(from, room); });
		if(n == 0)
			return;
		doing("write", [&] { writeall(to, room.first(n)); });
	}
}

void
Ninep::read(const Argv& w)
{
	Args args(w);
	if(args.flag())
		usage();
	Fd fd = open(onename(*this, args), OREAD);
	copy(fd, 1);
}

// Line for line; what fails is told, and the next is tried.
void
writelines(int fd)
{
	Bin in(0);
	std::string s;
	bool did = false;
	while(in.line(s)) {
		if(in.whole())
			s += '\n';
		did = true;
		try {
			write(fd, s);
		} catch(const Error& e) {
			fprint(2, "write: " + e.reason() + "\n");
		}
	}
	if(!did)
		doing("write", [&] { write(fd, ""); });
}

void
Ninep::write(const Argv& w)
{
	Args args(w);
	bool lines = false;
	while(char32_t f = args.flag())
		switch(f) {
		case 'l': lines = w[0] == "write"; break;
		default: usage();
		}
	Fd fd = open(onename(*this, args), OWRITE | OTRUNC);
	if(lines)
		return writelines(fd);
	Block b = copybuf();
	Buf room = b.room();
	bool did = false;
	while(size_t n = doing("read", [&] { return p9::read(0, room); })) {
		doing("write", [&] { writeall(fd, room.first(n)); });
		did = true;
	}
	// A server may do something when nothing is written.
	if(!did)
		doing("write", [&] { p9::write(fd, ""); });
	close(std::move(fd));
}

void
Ninep::stat(const Argv& w)
{
	Args args(w);
	if(args.flag())
		usage();
	std::string name = onename(*this, args);
	std::string f = file(name);
	try {
		Dir d = entry(f);
		std::vector<std::byte> b(sizeD2M(d));
		convD2M(d, b);
		fprint(1, fmtdir(*viewM2D(b)) + "\n");
	} catch(const Error& e) {
		a.fatal("dirstat: " + e.reason());
	}
}

void
Ninep::rdwr(const Argv& w)
{
	Args args(w);
	if(args.flag())
		usage();
	Fd fd = open(onename(*this, args), ORDWR);
	Bin in(0);
	for(std::string s;;) {
		seek(fd, 0, 0);
		try {
			std::array<std::byte, 8192> buf;
			size_t n = p9::read(fd, buf);
			p9::write(1, std::string(textof(Bytes(buf).first(n))) + "\n");
		} catch(const Error& e) {
			fprint(2, "read: " + e.reason() + "\n");
		}
		if(!in.line(s))
			return;
		try {
			p9::write(fd, s);
		} catch(const Error& e) {
			fprint(2, "write: " + e.reason() + "\n");
		}
	}
}

struct Lsflags {
	bool dir = false;
	bool longform = false;
	bool unsorted = false;
	bool bytime = false;
};

void
list(const std::vector<Dir>& l, Lsflags f)
{
	Bout out(1);
	Zone zone = Zone::local();
	int64_t now = nsec() / 1'000'000'000;
	size_t uid = 0, gid = 0, length = 0;
	for(const Dir& d : l) {
		uid = std::max(uid, d.uid.size());
		gid = std::max(gid, d.gid.size());
		length = std::max(length, std::to_string(d.length).size());
	}
	for(const Dir& d : l) {
		if(f.longform)
			out.put(fmt::format("{} M 0 {:{}} {:{}} {:{}} {} ", fmtmode(d.mode), d.uid,
				uid, d.gid, gid, d.length, length, lsdate(zone, d.mtime, now)));
		out.put(rcquoted(d.name) + "\n");
	}
	out.flush();
}

void
Ninep::ls(const Argv& w)
{
	Args args(w);
	Lsflags fl;
	while(char32_t f = args.flag())
		switch(f) {
		case 'd': fl.dir = true; break;
		case 'l': fl.longform = true; break;
		case 'n': fl.unsorted = true; break;
		case 't': fl.bytime = true; break;
		default: usage();
		}
	Argv names = args.rest();
	if(names.empty())
		names = {"."};
	bool ok = true;
	for(const std::string& name : names) {
		std::string f = file(name);
		std::string doing = "dirstat ";
		try {
			std::vector<Dir> l{entry(f)};
			if(l[0].mode & DMDIR && !fl.dir) {
				doing = "open ";
				l = dirreadall(f);
				if(fl.bytime)
					std::ranges::sort(l, {}, &Dir::mtime);
				else if(!fl.unsorted)
					std::ranges::sort(l, {}, &Dir::name);
			}
			list(l, fl);
		} catch(const Error& e) {
			fprint(2, doing + name + ": " + e.reason() + "\n");
			ok = false;
		}
	}
	if(!ok)
		exits("errors");
}

// Does fn to each name; what fails is told.
template<class F>
void
each(const Argv& w, std::string_view what, F fn)
{
	bool ok = true;
	for(size_t i = 1; i < w.size(); i++)
		try {
			fn(w[i]);
		} catch(const Error& e) {
			fprint(2, std::string(what) + " " + w[i] + ": " + e.reason() + "\n");
			ok = false;
		}
	if(!ok)
		exits("errors");
}

void
Ninep::rm(const Argv& w)
{
	if(w.size() < 2)
		usage();
	each(w, "remove", [&](const std::string& name) { p9::remove(file(name)); });
}

void
Ninep::create(const Argv& w)
{
	if(w.size() < 2)
		usage();
	each(w, "create", [&](const std::string& name) {
		close(p9::create(file(name), OREAD, 0666));
	});
}

void
Ninep::run()
{
	static constexpr std::pair<std::string_view, void (Ninep::*)(const Argv&)> tab[] = {
		{"create", &Ninep::create}, {"ls", &Ninep::ls}, {"rdwr", &Ninep::rdwr},
		{"read", &Ninep::read}, {"readfd", &Ninep::read}, {"rm", &Ninep::rm},
		{"stat", &Ninep::stat}, {"write", &Ninep::write}, {"writefd", &Ninep::write},
	};
	Argv w = a.rest();
	rfork(RFNAMEG);
	for(auto [name, fn] : tab)
		if(!w.empty() && w[0] == name)
			return (this->*fn)(w);
	usage();
}
}

void
ninep(Argv argv)
{
	Cmdline a(argv, Usage);
	Ninep p(a);
	p.options();
	p.run();
}
}
