// emu: options, the host's descriptors, the first Proc and its name space.  emu(1).

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "cmd/newns.h"
#include "cmd/serve.h"
#include "emu/oserr.h"
#include "emu/signals.h"
#include "emu/std.h"
#include "emu/term.h"
#include "lib9/cleanname.h"
#include "port/boot.h"
#include "port/cmdtab.h"
#include "port/console.h"
#include "port/dev.h"
#include "port/mnt.h"
#include "port/os.h"
#include "port/osfile.h"
#include "port/sys.h"

namespace p9 {

namespace {

constexpr std::string_view Version = "emu 0.1";
constexpr std::string_view Hostmount = "/n/host";

struct Options {
	std::string text; // -c
	bool hastext = false;
	std::string nsfile; // -n
	std::string user;
	int workers = 0;
	bool transcript = false;
	bool shownamespace = false;
	bool stdio = false; // -9
	Serving serving; // -s, -9
	std::vector<std::string> args; // PROGRAM and what follows
	std::string nstext;
	bool serves() const { return stdio || !serving.addr.empty(); }
};

std::atomic<bool> served; // first has begun to

std::string_view
builtinns()
{
	for(const Rootfile& f : rootfiles())
		if(f.path == "/lib/namespace")
			return f.text;
	return {};
}

std::string
hostfile(const std::string& name)
{
	errno = 0;
	std::ifstream f(name, std::ios::binary);
	std::ostringstream s;
	s << f.rdbuf();	// fails for an empty file too
	if(!f.is_open() || (!s && errno))
		oserror(errno ? errno : EIO, name);
	return s.str();
}

// The directory that emu was started in, as a name below the host's root.
std::string
hostdir()
{
	char buf[4096];
	if(!getcwd(buf, sizeof buf) || buf[0] != '/')
		return "/";
	std::string s;
	std::istringstream elems(buf);
	for(std::string e; std::getline(elems, e, '/');)
		if(!e.empty())
			s += "/" + shownname(e);
	return s.empty() ? "/" : s;
}

std::string
hostenv(const char* name, std::string_view other)
{
	const char* v = ::getenv(name);
	return v && *v ? std::string(v) : std::string(other);
}

// Where plan9port's programs post their services: beside the display that they are used
// on.  Empty when nothing says where.
std::string
hostnamespace()
{
	std::string dir = hostenv("NAMESPACE", "");
	if(!dir.empty())
		return dir;
	std::string display = hostenv("DISPLAY", "");
	if(display.empty()) {
		std::string run = hostenv("XDG_RUNTIME_DIR", "");
		return run.empty() ? "" : run + "/ns";
	}
	// host:0.0 is host:0.
	size_t colon = display.rfind(':');
	size_t end = display.find_first_not_of("0123456789", colon + 1);
	if(colon != display.npos && end != display.npos && display.substr(end) == ".0")
		display.resize(end);
	std::ranges::replace(display, '/', '_');
	return "/tmp/ns." + hostuser() + "." + display;
}

void
environment()
{
	std::string user = getuser();
	const std::pair<std::string_view, std::string> vars[] = {
		{"cputype", "amd64"},
		{"objtype", "amd64"},
		{"service", "terminal"},
		{"sysname", sysname()},
		{"user", user},
		{"hostdir", hostdir()},
		{"home", joinname(Hostmount, hostenv("HOME", "/").substr(1))},
		{"TERM", hostenv("TERM", "dumb")},
		{"path", std::string("/bin\0.", 6)},
		{"NAMESPACE", hostnamespace()},
	};
	for(auto& [name, value] : vars)
		if(!value.empty())
			writefile("#e/" + std::string(name), value);
}

// Descriptors 0, 1 and 2: the console where it is the terminal, else the host's.
void
openstd()
{
	static constexpr std::string_view names[] = {"#c/hoststdin", "#c/hoststdout",
						     "#c/hoststderr"};
	for(int fd = 0; fd < 3; fd++) {
		std::string_view name = termis(fd) ? "#c/cons" : names[fd];
		open(name, fd == 0 ? OREAD : OWRITE).release();
	}
}

// Runs a program that posts a server, in a name space of its own.
void
startserver(Argv argv)
{
	rfork(RFNAMEG | RFFDG, [argv] {
		p9::bind("#s", "/srv", MREPL | MCREATE);
		exec("/bin/" + argv[0], argv);
	});
	Waitmsg w = wait();
	if(!w.msg.empty())
		fprint(2, "emu: " + w.msg + "\n");
}

// A program of /bin goes before a file of that name, which is run by rc.
[[noreturn]] void
runprogram(const Argv& args)
{
	const std::string& name = args[0];
	if(name.empty())
		error(Eemptyname);
	bool isfile = name.starts_with("/") || name.starts_with("./") ||
		      name.starts_with("../");
	if(!isfile && trystat("/bin/" + name))
		exec("/bin/" + name, args);
	Dir d = stat(name);
	if(d.mode & DMDIR)
		error(Eisdir, name);
	// A script may say what reads it; one that names the host's rc is ours all the same.
	if(d.mode & 0111)
		try {
			exec(name, args);
		} catch(const Error&) {
			werrstr("");
		}
	Argv rcargs = {"rc"};
	rcargs.insert(rcargs.end(), args.begin(), args.end());
	exec("/bin/rc", std::move(rcargs));
}

[[noreturn]] void
runfirst(const Options& o)
{
	if(o.hastext) {
		Argv argv = {"rc", "-c", o.text};
		argv.insert(argv.end(), o.args.begin(), o.args.end());
		exec("/bin/rc", argv);
	}
	if(!o.args.empty())
		runprogram(o.args);
	if(isatty(0))
		exec("/bin/rc", {"rc", "-i"});
	exec("/bin/rc", {"rc"});
}

// With -9, descriptors 0 and 1 are none of the program's that arranges the name space.
void
hidestd()
{
	dup(open("#c/null", ORDWR), 0).release();
	dup(2, 1).release();
}

// Runs what comes before the name space is served; that must go well.
void
arrange(const Options& o)
{
	if(!o.hastext && o.args.empty())
		return;
	rfork(RFFDG, [&o] {
		if(o.stdio)
			hidestd();
		runfirst(o);
	});
	std::string msg = wait().msg;
	size_t i = msg.find(": ");
	if(!msg.empty())
		exits(i == msg.npos ? msg : msg.substr(i + 2));
}

void
serve(const Options& o)
{
	arrange(o);
	served = true;
	if(o.stdio)
		servefds(o.serving, 0, 1);
	else
		serveat(o.serving);
}

void
first(const Options& o)
{
	setforeground(getpid());
	openstd();
	environment();
	startserver({"mntgen", "-s", "slashn"});
	startserver({"mntgen", "-s", "slashmnt"});
	startserver({"ramfs", "-S", "tmp"});
	addns(o.nstext, o.nsfile.empty() ? "/lib/namespace" : o.nsfile);
	if(o.serves())
		serve(o);
	else
		runfirst(o);
}

class Help final : public CLI::Formatter {
public:
	std::string make_usage(const CLI::App*, std::string) const override
	{
		return "Usage: emu [OPTIONS] [PROGRAM [ARG...]]\n"
		       "       emu [OPTIONS] -c TEXT [ARG...]\n"
		       "       emu -s ADDR -r DIR [OPTIONS] [PROGRAM [ARG...]]\n"
		       "       emu -9 -r DIR [OPTIONS] [PROGRAM [ARG...]]\n";
	}
};

// Programs inside take the word -insecure, so emu does: to CLI11 it would be -i.
std::vector<std::string>
arguments(int argc, char** argv)
{
	std::vector<std::string> l(argv + 1, argv + argc);
	for(size_t i = 0; i < l.size() && l[i].size() > 1 && l[i][0] == '-'; i++) {
		if(l[i] == "-insecure")
			l[i] = "--insecure";
		bool takes = l[i].size() == 2 && std::strchr("cnpurs", l[i][1]);
		if(takes || l[i] == "--limit")
			i++;	// its argument
	}
	std::ranges::reverse(l);	// as CLI11 wants them
	return l;
}

// What is missing or too much; empty when nothing is.
std::string
wrong(const Options& o)
{
	const Serving& s = o.serving;
	if(o.stdio && !s.addr.empty())
		return "-s and -9: one of them";
	if(o.serves() && s.dir.empty())
		return std::string(o.stdio ? "-9" : "-s") + " needs -r DIR: nothing is served by default";
	if(!o.serves() && (!s.dir.empty() || s.readonly || s.verbose || !s.limits.empty()))
		return "-r, -R, -v and --limit need -s ADDR or -9";
	if(s.addr.empty() && s.reach == Reach::Others)
		return "-insecure needs -s ADDR";
	if(o.stdio && (isatty(0) || isatty(1)))
		return "-9 speaks 9P on standard input and output, not to a terminal";
	return {};
}

void
servingoptions(CLI::App& app, Options& o)
{
	Serving& s = o.serving;
	app.add_option("-s", s.addr, "serve DIR at ADDR: tcp!HOST!PORT or unix!PATH")
		->type_name("ADDR");
	app.add_flag("-9", o.stdio, "serve DIR on standard input and output");
	app.add_option("-r", s.dir, "what is served, in the name space")->type_name("DIR");
	app.add_flag("-R", s.readonly, "serve it read only");
	app.add_option("--limit", s.limits,
		"of clients: connections=N, fids=N, requests=N, working=N or memory=N")
		->type_name("WHAT=N")
		->expected(1)
		->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
	app.add_flag("-v", s.verbose, "say which clients come and go");
	app.add_flag_callback("--insecure", [&s] { s.reach = Reach::Others; },
		"serve to other machines too (-insecure)");
}

// Answers an exit status, or -1 to go on.
int
parse(int argc, char** argv, Options& o)
{
	CLI::App app("A hosted Plan 9 kernel: runs PROGRAM (of /bin, else an rc script), "
		     "or rc.",
		     "emu");
	app.formatter(std::make_shared<Help>());
	app.prefix_command();
	app.set_version_flag("--version", std::string(Version));
	auto* text = app.add_option("-c", o.text, "run rc on TEXT")->type_name("TEXT");
	app.add_option("-n", o.nsfile, "the first name space, from FILE of the host")
		->type_name("FILE");
	app.add_flag("--namespace", o.shownamespace, "print the built-in name space");
	app.add_option("-p", o.workers,
		       "threads that run Procs (default: as many as CPUs)")
		->type_name("N")
		->check(CLI::Range(1, 64));
	app.add_flag("-D", o.transcript, "print all 9P messages on standard error");
	app.add_option("-u", o.user, "the owner of the machine (default: you)")
		->type_name("USER");
	servingoptions(app, o);
	try {
		app.parse(arguments(argc, argv));
		o.args = app.remaining();
		if(!o.args.empty() && o.args[0] == "--")
			o.args.erase(o.args.begin());
		else if(!o.args.empty() && o.args[0].size() > 1 && o.args[0][0] == '-')
			throw CLI::ExtrasError(std::vector<std::string>{o.args[0]});
		o.hastext = text->count() > 0;
		if(std::string why = wrong(o); !why.empty())
			throw CLI::ParseError(why, CLI::ExitCodes::ValidationError);
	} catch(const CLI::ParseError& e) {
		if(e.get_exit_code() == 0)
			return app.exit(e);
		std::fprintf(stderr, "emu: %s\n%s", e.what(), app.help().c_str());
		return 2;
	}
	return -1;
}

int
ended(const Bootend& end)
{
	if(!end.stuck.empty())
		oslog("emu: these did not end:\n" + end.stuck);
	if(!end.status.empty())
		oslog("emu: " + end.status + "\n");
	return end.status.empty() && end.stuck.empty() ? 0 : 1;
}

int
run(Options& o)
{
	try {
		o.nstext =
			o.nsfile.empty() ? std::string(builtinns()) : hostfile(o.nsfile);
	} catch(const Error& e) {
		oslog("emu: " + e.text() + "\n");
		return 1;
	}
	stdstart();
	if(o.stdio)
		consaside();
	else
		termstart();
	seteve(o.user.empty() ? hostuser() : o.user);
	transcript9p = o.serving.transcript = o.transcript;
	Bootcfg cfg;
	cfg.workers = o.workers;
	signalstart();
	Bootend end = boot(cfg, [&o] { first(o); });
	termend();
	// A server that is told to end has done what it should.
	if(served && end.status == "hangup")
		end.status.clear();
	return ended(end);
}
}
}

int
main(int argc, char** argv)
{
	p9::signalblock();
	p9::Options o;
	int status = p9::parse(argc, argv, o);
	if(status >= 0)
		return status;
	if(o.shownamespace) {
		std::fputs(std::string(p9::builtinns()).c_str(), stdout);
		return 0;
	}
	return p9::run(o);
}
