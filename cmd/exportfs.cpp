// exportfs(4) and srvfs(4): a tree of the name space as a 9P service.

#include "cmd/cmds.h"
#include "cmd/dial.h"
#include "cmd/exportctl.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

// -P FILE: a path is there if every + matches it and none with - does.
void
patterns(const Cmdline& a, const Exportctl& x, const std::string& file)
{
	Fd fd = open(file, OREAD);
	Bin in(fd);
	std::string line;
	for(int n = 1; in.line(line); n++) {
		if(line.empty() || line[0] == '#')
			continue;
		if(line[0] != '+' && line[0] != '-')
			a.fatal(file + ":" + std::to_string(n) + ": no + or -");
		size_t re = line.find_first_not_of(" \t", 1);
		x.ask("pattern", line[0] + (re == line.npos ? "" : line.substr(re)));
	}
}

// A service that is not there is told now, not to each client.
void
mustopen(const Cmdline& a, const std::string& service)
{
	try {
		close(open(service, ORDWR));
	} catch(const Error& e) {
		a.fatal("open " + service + ": " + whynot(e, service));
	}
}
}

void
exportfs(Argv argv)
{
	Cmdline a(std::move(argv),
		"[-dRs] [-m msize] [-P patternfile] [-r root]\n"
		"    or exportfs [-dR] [-m msize] [-P patternfile] -S srvfile");
	Exportctl x;
	std::string root;
	std::string service;
	bool transcript = false;
	while(char32_t f = a.flag())
		switch(f) {
		case 'd': transcript = true; break;
		case 'R': x.ask("readonly"); break;
		case 'm': x.ask("msize", std::to_string(a.esize())); break;
		case 'P': patterns(a, x, a.earg()); break;
		case 'r': root = a.earg(); break;
		case 's': root = "/"; break;
		case 'S': service = a.earg(); break;
		default: a.usage();
		}
	// Nobody gives all away by leaving something out.
	if(a.argc() > 0 || root.empty() == service.empty())
		a.usage();
	if(!service.empty())
		mustopen(a, service);
	x.ask(root.empty() ? "service" : "root", root.empty() ? service : root);
	if(transcript) {
		x.ask("transcript");
		x.watch();
	}
	x.serve(0, 1);
	if(transcript) {
		x.ask("stop");	// the end of the log
		wait();
	}
}

void
srvfs(Argv argv)
{
	Cmdline a(std::move(argv),
		"[-dR] [-p perm] [-P patternfile] [-e exportprog] name path");
	std::string program = "/bin/exportfs";
	uint32_t perm = 0600;
	Argv passed;
	while(char32_t f = a.flag())
		switch(f) {
		case 'd': passed.push_back("-d"); break;
		case 'R': passed.push_back("-R"); break;
		case 'P':
			passed.push_back("-P");
			passed.push_back(a.earg());
			break;
		case 'e': program = a.earg(); break;
		case 'p': {
			auto p = parseint("0" + a.earg());
			if(!p)
				a.usage();
			perm = uint32_t(*p) & 0777;
			break;
		}
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() != 2)
		a.usage();
	Argv cmd{program};
	cmd.insert(cmd.end(), passed.begin(), passed.end());
	cmd.insert(cmd.end(), {"-r", w[1]});
	stat(w[1]);	// it must be there
	resolveexec(cmd[0], cmd);	// and so must that
	auto [mine, its] = pipe();
	// The server has it open, so that it goes with the server whatever ends that.
	Fd post = create("/srv/" + w[0], OWRITE | ORCLOSE, perm);
	write(post, std::to_string(int(mine)));
	spawnserver("exportfs", {its, post, 2}, [cmd, fd = int(its)] {
		dup(fd, 0).release();
		dup(fd, 1).release();
		close(fd);
		exec(cmd[0], cmd);
	});
	close(std::move(post));
}
}
