// listen(8) and listen1: programs for callers.

#include <map>

#include "cmd/calls.h"
#include "cmd/cmds.h"
#include "cmd/newns.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

constexpr int64_t Scanms = 60'000;	// between looks at the services that there are

struct Options {
	std::string proto = "tcp";
	std::string protodir;	// as it was given: with a path perhaps
	std::string host;
	Reach reach = Reach::Local;
	int maxprocs = 0;
	bool quiet = false;
	bool once = false;	// looks at the directories once only
};

// The services of one directory.
class Services {
	const Options& o;
	const std::string dir;
	std::map<std::string, int> procs;	// by name: the Proc, 0 when it has none

	void say(const std::string& what) { fprint(2, "listen: " + what + "\n"); }
	void scan();
	bool begin(const std::string& serv);
	Callee callee(const std::string& serv);
	void reap(int64_t ms);

public:
	Services(const Options& opts, std::string d) : o(opts), dir(std::move(d)) {}
	// Those that are there and are not announced yet.  Answers how many are now.
	int start();
	[[noreturn]] void keep();
};

// What is a service and was none; one that is gone takes no more calls.
void
Services::scan()
{
	std::map<std::string, int> now;
	for(const Dir& d : dirreadall(dir)) {
		if(d.mode & DMDIR || d.length == 0 || !d.name.starts_with(o.proto))
			continue;
		if(d.name.size() == o.proto.size() || d.name.ends_with(".namespace"))
			continue;
		now[d.name] = procs.contains(d.name) ? procs[d.name] : 0;
	}
	procs.swap(now);
	for(auto [name, pid] : now)
		if(pid != 0 && !procs.contains(name))
			postnote(pid, "die");
}

Callee
Services::callee(const std::string& serv)
{
	Callee to;
	std::string prog = dir + "/" + serv;
	to.what = prog;
	to.maxprocs = o.maxprocs;
	to.cmd = {prog, serv, o.proto};
	to.wantsdir = true;
	to.welcome = [o = o, serv, prog](const Netcall& c) {
		if(!o.quiet)
			fprint(2, o.proto + " call for " + serv + " on chan " + c.dir + " (" +
					  remotehost(c) + ")\n");
	};
	return to;
}

bool
Services::begin(const std::string& serv)
{
	std::string addr = o.protodir + "!" + o.host + "!" + serv.substr(o.proto.size());
	try {
		Announced a = mayannounce(addr, o.reach);
		std::string ns = dir + "/" + serv + ".namespace";
		auto body = [to = callee(serv), ns, d = a.dir, ctl = int(a.ctl)] {
			if(access(ns, AEXIST)) {
				std::string text = readfile(ns);
				rfork(RFCNAMEG);
				addns(text, ns);
			}
			takecalls({d, Fd(ctl)}, to);
		};
		procs[serv] = rfork(RFFDG | RFNAMEG | RFNOTEG, body);
		close(std::move(a.ctl));
		return true;
	} catch(const Error& e) {
		say("giving up on " + addr + ": " + whynot(e, addr));
		return false;
	}
}

int
Services::start()
{
	scan();
	int n = 0;
	for(auto& [serv, pid] : procs)
		if(pid != 0 || begin(serv))
			n++;
	return n;
}

// Waits for ms and sees which services have ended.
void
Services::reap(int64_t ms)
{
	int64_t until = nsec() / 1'000'000 + ms;
	for(;;) {
		int64_t left = until - nsec() / 1'000'000;
		if(left <= 0)
			return;
		try {
			alarm(left);
			Waitmsg w = wait();
			alarm(0);
			for(auto& [serv, pid] : procs)
				if(pid == w.pid)
					pid = 0;
		} catch(const Error& e) {
			alarm(0);
			pollnotes();
			if(e.is(Enochild))
				sleep(left);
		}
	}
}

void
Services::keep()
{
	notify([](const std::string& note) { return note == "alarm"; });
	for(;;) {
		reap(Scanms);
		if(!o.once)
			start();
	}
}

// Serves what is in dir, from a Proc of its own.  Returns when it does; answers how many
// services it found.
int
listendir(const Options& o, const std::string& dir)
{
	if(dir.empty())
		return 0;
	auto [mine, its] = pipe();
	rfork(RFNOTEG | RFFDG | RFNOWAIT | RFENVG | RFNAMEG, [o, dir, out = int(its), in = int(mine)] {
		close(in);
		Services s(o, dir);
		write(out, std::to_string(s.start()));
		close(out);
		s.keep();
	});
	close(std::move(its));
	std::array<std::byte, 16> buf;
	size_t n = read(mine, buf);
	return int(parseint(textof(Bytes(buf).first(n))).value_or(0));
}

// The limit of -p.
int
emax(Cmdline& a)
{
	return int(std::clamp<int64_t>(a.eint(), 0, 1'000'000));
}
}

void
listen1(Argv argv)
{
	Reach reach = takeinsecure(argv);
	Cmdline a(argv, "[-insecure] [-1tv] [-p maxprocs] address cmd args...");
	bool oneshot = false, verbose = false;
	Callee to;
	while(char32_t f = a.flag())
		switch(f) {
		case '1': oneshot = true; break;
		case 'p': to.maxprocs = emax(a); break;
		case 't': break;	// there are no others to run as
		case 'v': verbose = true; break;
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() < 2)
		a.usage();
	to.cmd.assign(w.begin() + 1, w.end());
	to.what = a.name;
	if(verbose)
		to.welcome = [addr = w[0]](const Netcall& c) {
			fprint(2, "incoming call for " + addr + " from " + remotehost(c) +
					  " in " + c.dir + "\n");
		};
	Announced at = mustannounce(a, w[0], reach);
	fprint(2, "listen started at " + netaddr(at.dir) + "\n");
	if(oneshot)
		takecall(std::move(at), to);
	takecalls(at, to);
}

void
listen(Argv argv)
{
	Options o;
	o.reach = takeinsecure(argv);
	o.host = o.reach == Reach::Others ? "*" : "";
	Cmdline a(argv, "[-insecure] [-iq] [-d srvdir] [-t trustsrvdir] [-p maxprocs] "
		"[-a addr] [proto]");
	std::string dirs[2];
	while(char32_t f = a.flag())
		switch(f) {
		case 'a': o.host = a.earg(); break;
		case 'd': dirs[0] = a.earg(); break;
		case 'i': o.once = true; break;
		case 'p': o.maxprocs = emax(a); break;
		case 'q': o.quiet = true; break;
		case 't': dirs[1] = a.earg(); break;
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() > 1)
		a.usage();
	o.protodir = w.empty() ? o.proto : w[0];
	o.proto = o.protodir.substr(o.protodir.rfind('/') + 1);
	if(dirs[0].empty() && dirs[1].empty())
		dirs[0] = "/bin/service";
	int n = 0;
	for(std::string& d : dirs) {
		if(!d.empty())
			dirreadall(d);	// it must be there
		n += listendir(o, d);
	}
	if(n == 0)
		a.fatal("no services");
}
}
