// exportfs(4) and srvfs(4): a tree of the name space as a 9P service.

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/dial.h"
#include "cmd/prog.h"
#include "lib9/regexp.h"

namespace p9 {

namespace {

// What -P FILE says: a path is there if every + matches it and no - does.
class Patterns {
	std::vector<Regexp> must;
	std::vector<Regexp> mustnot;

public:
	explicit Patterns(const Cmdline& a, const std::string& file)
	{
		Fd fd = open(file, OREAD);
		Bin in(fd);
		std::string line;
		for(int n = 1; in.line(line); n++) {
			if(line.empty() || line[0] == '#')
				continue;
			std::string_view re = std::string_view(line).substr(1);
			re.remove_prefix(std::min(re.find_first_not_of(" \t"), re.size()));
			if(line[0] != '+' && line[0] != '-')
				a.fatal(file + ":" + std::to_string(n) + ": no + or -");
			(line[0] == '+' ? must : mustnot).emplace_back(re);
		}
	}
	bool operator()(std::string_view path)
	{
		auto matches = [&](Regexp& e) { return e.match(path); };
		return std::ranges::all_of(must, matches) &&
			std::ranges::none_of(mustnot, matches);
	}
};

struct Exporting {
	Exportopts opts;
	std::string root;
	std::string program = "/bin/exportfs";
	uint32_t perm = 0600;
	std::vector<std::string> passed;	// srvfs: to the program
};

void
patterns(const Cmdline& a, Exportopts& o, const std::string& file)
{
	auto p = std::make_shared<Patterns>(a, file);
	o.visible = [p](std::string_view path) { return (*p)(path); };
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
	Exporting x;
	x.opts.logfd = 2;
	while(char32_t f = a.flag())
		switch(f) {
		case 'd': x.opts.transcript = true; break;
		case 'R': x.opts.readonly = true; break;
		case 'm': x.opts.msize = size_t(a.esize()); break;
		case 'P': patterns(a, x.opts, a.earg()); break;
		case 'r': x.root = a.earg(); break;
		case 's': x.root = "/"; break;
		case 'S': x.opts.service = a.earg(); break;
		default: a.usage();
		}
	// Nobody gives all away by leaving something out.
	if(a.argc() > 0 || x.root.empty() == x.opts.service.empty())
		a.usage();
	if(!x.opts.service.empty())
		mustopen(a, x.opts.service);
	exportfs(0, 1, x.root, std::move(x.opts));
}

void
srvfs(Argv argv)
{
	Cmdline a(std::move(argv),
		"[-dR] [-p perm] [-P patternfile] [-e exportprog] name path");
	Exporting x;
	while(char32_t f = a.flag())
		switch(f) {
		case 'd': x.passed.push_back("-d"); break;
		case 'R': x.passed.push_back("-R"); break;
		case 'P':
			x.passed.push_back("-P");
			x.passed.push_back(a.earg());
			break;
		case 'e': x.program = a.earg(); break;
		case 'p': {
			auto p = parseint("0" + a.earg());
			if(!p)
				a.usage();
			x.perm = uint32_t(*p) & 0777;
			break;
		}
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() != 2)
		a.usage();
	Argv cmd{x.program};
	cmd.insert(cmd.end(), x.passed.begin(), x.passed.end());
	cmd.insert(cmd.end(), {"-r", w[1]});
	stat(w[1]);	// it must be there
	resolveexec(cmd[0], cmd);	// and so must that
	auto [mine, its] = pipe();
	// The server has it open, so that it goes with the server whatever ends that.
	Fd post = create("/srv/" + w[0], OWRITE | ORCLOSE, x.perm);
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
