#include "cmd/serve.h"

#include "cmd/calls.h"
#include "cmd/exportctl.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

// Has what fn raises say what it is about.
template<class F>
auto
about(const std::string& what, F fn)
{
	try {
		return fn();
	} catch(const Error& e) {
		error(what + ": " + e.reason());
	}
}

void
configure(const Exportctl& x, const Serving& s)
{
	about("-r " + s.dir, [&] { x.ask("root", s.dir); });
	for(const std::string& limit : s.limits) {
		size_t eq = std::min(limit.find('='), limit.size());
		std::string what = "limit " + limit.substr(0, eq);
		about("--limit " + limit, [&] { x.ask(what, limit.substr(std::min(eq + 1, limit.size()))); });
	}
	if(s.readonly)
		x.ask("readonly");
	if(s.transcript)
		x.ask("transcript");
	if(s.transcript || s.verbose)
		x.watch();
}

// The networks of the host, also where the name space has none at /net.
Announced
takecallsat(const Serving& s)
{
	bool usual = s.addr.starts_with("/") || access("/net/cs", AEXIST);
	std::string addr = usual ? s.addr : "#I/" + s.addr;
	return about("announce " + s.addr, [&] { return mayannounce(addr, s.reach); });
}

// The end of all connections, and of what is printed of them.
void
finish(const Exportctl& x, const Serving& s)
{
	x.ask("stop");
	if(s.transcript || s.verbose)
		wait();
}

void
serveone(const Exportctl& x, const Netcall& c)
{
	try {
		x.start(c.data);
	} catch(const Error& e) {
		fprint(2, "emu: " + c.dir + ": " + e.text() + "\n");
	}
}
}

void
serveat(const Serving& s)
{
	Exportctl x;
	configure(x, s);
	Announced a = takecallsat(s);
	bool stop = false;
	notify([&stop](const std::string&) { return stop = true; });
	fprint(2, "emu: serving " + s.dir + " at " + netaddr(a.dir) + "\n");
	while(!stop)
		try {
			Netcall c = nextcall(a);
			serveone(x, c);
			close(std::move(c.ctl));
			close(std::move(c.data));
		} catch(const Error& e) {
			pollnotes();
			if(!stop)
				throw;
		}
	notify({});
	finish(x, s);
}

void
servefds(const Serving& s, int infd, int outfd)
{
	Exportctl x;
	configure(x, s);
	bool stop = false;
	notify([&stop](const std::string&) { return stop = true; });
	try {
		x.serve(infd, outfd);
	} catch(const Error&) {
		pollnotes();
		if(!stop)
			throw;
	}
	notify({});
	finish(x, s);
}
}
