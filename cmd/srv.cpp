// srv(4): posts the connection to a file server, and mounts it.

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

struct Options {
	int flag = MREPL;
	bool command = false;
	bool mount = false;
	bool quiet = false;	// nothing to say when it is posted already
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
		case 'n':
		case 'N': break;	// there is no authentication
		case 'q': o.quiet = true; break;
		case 'r': break;
		case 's': a.eint(); break;
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

Fd
connect(const Cmdline& a, const Options& o)
{
	try {
		if(o.command)
			return connectcommand(o.dest);
		if(access(o.dest, AEXIST))	// a file that is a connection
			return open(o.dest, ORDWR);
		error("networks are not supported yet");
	} catch(const Error& e) {
		a.warn("dial " + o.dest + ": " + e.text());
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
		fprint(2, "srv " + o.dest + ": " + doing + ": " + e.text() + "\n");
		exits("srv: error");
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
	Fd fd;
	if(!access(o.file, AEXIST)) {
		fd = connect(a, o);
		if(!o.quiet)
			fprint(2, "post...\n");
		post(o, fd);
	} else if(o.mount) {
		fd = open(o.file, ORDWR);
	} else {
		if(!o.quiet)
			a.warn(o.file + " already exists");
		exits();
	}
	if(!o.mount)
		return;
	try {
		mount(fd, -1, o.mtpt, o.flag, "");
	} catch(const Error& e) {
		fprint(2, "srv " + o.dest + ": mount failed: " + e.text() + "\n");
		exits("mount");
	}
}
}
