// srv(4): posts the connection to a file server, and mounts it.

#include "cmd/cmds.h"
#include "cmd/dial.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

constexpr int64_t Patience = 10'000;	// ms to make a connection in

struct Options {
	int flag = MREPL;
	bool command = false;
	bool mount = false;
	bool none = false;	// mount as the user none
	bool quiet = false;	// nothing to say when it is posted already
	int64_t wait = 0;	// seconds, after the connection is made
	std::string dest;
	std::string file;	// in /srv
	std::string mtpt;
};

// What the address or command is called: behind its last / and its first !.
std::string
shortname(const std::string& dest, bool cutnet)
{
	std::string s = dest.substr(dest.rfind('/') + 1);
	size_t bang = s.find('!');
	return cutnet && bang != s.npos ? s.substr(bang + 1) : s;
}

Options
options(Cmdline& a)
{
	Options o;
	while(char32_t f = a.flag())
		switch(f) {
		case 'a': o.flag |= MAFTER; o.mount = true; break;
		case 'b': o.flag |= MBEFORE; o.mount = true; break;
		case 'c': o.flag |= MCREATE; o.mount = true; break;
		case 'C': o.flag |= MCACHE; o.mount = true; break;
		case 'e': o.command = true; break;
		case 'm': o.mount = true; break;
		case 'N': o.none = true; break;
		case 'n': break;	// there is no authentication
		case 'q': o.quiet = true; break;
		case 'r': break;	// as Plan 9's, of old
		case 's': o.wait = a.eint(); break;
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() > 3 || (o.flag & MAFTER && o.flag & MBEFORE))
		a.usage();
	if(w.empty())
		return o;
	o.dest = w[0];
	o.file = "/srv/" + (w.size() > 1 ? w[1] : shortname(o.dest, false));
	o.mtpt = w.size() > 2 ? w[2] : "/n/" + shortname(o.dest, true);
	o.mount |= w.size() > 2;
	return o;
}

// `srv DEST: what', and the end.
[[noreturn]] void
fail(const Options& o, const std::string& what, std::string_view status)
{
	fprint(2, "srv " + o.dest + ": " + what + "\n");
	exits(status);
}

// Runs rc -c with a pipe as its standard input and output; answers the other side.
Fd
connectcommand(const std::string& cmd)
{
	auto [mine, its] = pipe();
	rfork(RFFDG | RFNOTEG | RFNOWAIT, [cmd, fd = int(its), other = int(mine)] {
		dup(fd, 0).release();
		dup(fd, 1).release();
		close(fd);
		close(other);
		exec("/bin/rc", {"rc", "-c", cmd});
	});
	// The new Proc has copies; ours would keep the pipe from its end.
	close(std::move(its));
	return std::move(mine);
}

void
listposted()
{
	Bout out(1);
	for(const Dir& d : dirreadall("/srv"))
		out.put(d.name + "\n");
	out.flush();
}

// As connection, but not for ever.
Fd
callintime(const Cmdline& a, const std::string& dest)
{
	bool late = false;
	notify([&late](const std::string& note) {
		late |= note == "alarm";
		return note == "alarm";
	});
	alarm(Patience);
	try {
		Fd fd = connection(dest);
		alarm(0);
		notify({});
		return fd;
	} catch(const Error& e) {
		alarm(0);
		pollnotes();
		if(late) {
			a.warn("timeout establishing connection to " + dest);
			exits("timeout");
		}
		a.warn("dial " + dest + ": " + whynot(e, dest));
		exits("dial");
	}
}

void
post(const Options& o, int fd)
{
	std::string doing = "create(" + o.file + ")";
	try {
		Fd f = create(o.file, OWRITE, 0666);
		doing = "write";
		write(f, std::to_string(fd));
	} catch(const Error& e) {
		fail(o, doing + ": " + e.text(), "srv: error");
	}
}

// Makes the connection and posts it.
Fd
start(const Cmdline& a, Options& o)
{
	Fd fd;
	if(o.command) {
		fd = connectcommand(o.dest);
	} else {
		o.dest = serveraddr(o.dest, "9fs");
		fd = callintime(a, o.dest);
	}
	if(o.wait > 0) {
		fprint(2, "sleep...");
		sleep(o.wait * 1000);
	}
	fprint(2, "post...\n");
	post(o, fd);
	return fd;
}

// What is posted already; closed when there is none, or none that can be opened.
Fd
posted(const Options& o)
{
	if(!access(o.file, AEXIST))
		return {};
	try {
		return open(o.file, ORDWR);
	} catch(const Error&) {
		remove(o.file);
		return {};
	}
}

void
becomenone(const Options& o)
{
	try {
		write(open("#c/user", OWRITE), "none");
	} catch(const Error& e) {
		fail(o, "can't become none: " + e.text(), "becomenone");
	}
}

// Whether the connection that was posted is one no more.
bool
isdead(const Error& e)
{
	for(std::string_view s : {"hungup", "timed out", "EOF"})
		if(e.text().find(s) != std::string::npos)
			return true;
	return false;
}

// Answers false when fd is a connection whose server has gone.
bool
trymount(const Options& o, Fd& fd, bool again)
{
	try {
		mount(fd, -1, o.mtpt, o.flag, "");
		return true;
	} catch(const Error& e) {
		if(isdead(e) && again)
			return false;
		fail(o, "mount failed: " + e.text(), "mount");
	}
}
}

void
srv(Argv argv)
{
	Cmdline a(argv, "[-abcCmnNq] [net!]host [srvname [mtpt]]\n"
		"    or srv -e [-abcCmnNq] command [srvname [mtpt]]");
	Options o = options(a);
	if(o.dest.empty())
		return listposted();
	if(!o.mount && !o.quiet && access(o.file, AEXIST)) {
		a.warn(o.file + " already exists");
		return;
	}
	Fd fd = posted(o);
	bool found = fd.isopen();
	if(!found)
		fd = start(a, o);
	if(!o.mount)
		return;
	if(o.none)
		becomenone(o);
	if(trymount(o, fd, found && !o.none))
		return;
	remove(o.file);
	close(std::move(fd));
	fd = start(a, o);
	trymount(o, fd, false);
}
}
