// 9pconform: whether a server speaks 9P2000 as section 5 of the manual says.
//
//	9pconform [-ls] [-a aname] [-u uname] [-w dir] [-b file[,feed]] [-x skip,list]
//		[-o only,list] [-t lib9p|exportfs] tcp!HOST!PORT | unix!PATH | -e COMMAND
//
// Each check has a connection of its own; with -e it runs COMMAND, which speaks 9P on
// its standard input and output and must end with them.  -w names a directory of the
// server in which files may be made, -b a file of which a read waits until something is
// written to feed, -t whose texts errors must have; -x and -o take beginnings of names of checks.  -l adds those
// that take long, -s prints failures and skipped ones alone.  Prints a line for each
// check, and then `N passed, N failed'.
//
// 9phostile, of the same form, does to a server what a hostile client would; the server
// must serve on.  -p names its process, whose memory must stay within bounds.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

std::vector<std::string>
split(std::string_view s, char at)
{
	std::vector<std::string> v;
	while(!s.empty()) {
		size_t n = std::min(s.find(at), s.size());
		if(n > 0)
			v.emplace_back(s.substr(0, n));
		s.remove_prefix(std::min(n + 1, s.size()));
	}
	return v;
}

[[noreturn]] void
usage()
{
	std::fprintf(stderr, "usage: %s [-ls] [-a aname] [-u uname] [-w dir] [-b file[,feed]]\n"
		"\t[-t lib9p|exportfs] [-p pid] [-x skip,list] [-o only,list]\n"
		"\ttcp!HOST!PORT | unix!PATH | -e COMMAND\n", program_invocation_short_name);
	std::exit(2);
}

struct Run {
	Options o;
	std::vector<std::string> skip, only;
	bool silent = false;
	int passed = 0, failed = 0, skipped = 0;

	void options(int argc, char** argv);
	void blocking(std::string_view files);
	bool wanted(std::string_view name) const;
	void one(const Check& c);
};

void
Run::blocking(std::string_view files)
{
	std::vector<std::string> two = split(files, ',');
	if(two.empty() || two.size() > 2)
		usage();
	o.blocking = split(two[0], '/');
	if(two.size() == 2)
		o.feeding = split(two[1], '/');
}

void
Run::options(int argc, char** argv)
{
	bool given = false;
	int pid = -1;
	for(int f; (f = ::getopt(argc, argv, "a:b:e:lo:p:st:u:w:x:")) != -1;)
		switch(f) {
		case 'a': o.aname = optarg; break;
		case 'b': blocking(optarg); break;
		case 'e':
			o.target.where = optarg;
			given = true;
			break;
		case 'l': o.slow = true; break;
		case 'o': only = split(optarg, ','); break;
		case 'p': pid = std::atoi(optarg); break;
		case 's': silent = true; break;
		case 't': o.texts = optarg; break;
		case 'u': o.uname = optarg; break;
		case 'w': o.dir = split(optarg, '/'); break;
		case 'x': skip = split(optarg, ','); break;
		default: usage();
		}
	if(given != (optind == argc) || optind + 1 < argc)
		usage();
	if(!o.texts.empty() && o.texts != "lib9p" && o.texts != "exportfs")
		usage();
	try {
		if(!given)
			o.target = Target::dialstring(argv[optind]);
		o.target.pid = pid;
	} catch(const Failed& e) {
		std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, e.what());
		std::exit(2);
	}
}

bool
Run::wanted(std::string_view name) const
{
	auto begins = [&](const std::string& s) { return name.starts_with(s); };
	return (only.empty() || std::ranges::any_of(only, begins)) &&
		std::ranges::none_of(skip, begins);
}

void
Run::one(const Check& c)
{
	if(!wanted(c.name))
		return;
	try {
		c.run(o);
		passed++;
		if(!silent)
			std::printf("ok %s\n", c.name);
	} catch(const Skipped& e) {
		skipped++;
		std::printf("skip %s: %s\n", c.name, e.what());
	} catch(const Failed& e) {
		failed++;
		std::printf("FAIL %s: %s\n", c.name, e.what());
	}
	std::fflush(stdout);
}
}
}

int
main(int argc, char** argv)
{
	::signal(SIGPIPE, SIG_IGN);
	p9::Run run;
	run.options(argc, argv);
	for(const p9::Check& c : p9::checks())
		run.one(c);
	std::printf("%d passed, %d failed\n", run.passed, run.failed);
	return run.failed == 0 ? 0 : 1;
}
