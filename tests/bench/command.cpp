#include "tests/bench/command.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "port/os.h"

namespace p9 {

Tempdir::Tempdir(std::string where)
{
	const char* t = std::getenv("TMPDIR");
	if(where.empty())
		where = t && *t ? t : "/tmp";
	name = where + "/emubench.XXXXXX";
	if(!mkdtemp(name.data())) {
		perror("bench: no temporary directory");
		std::exit(1);
	}
}

Tempdir::~Tempdir()
{
	std::error_code failed;
	std::filesystem::remove_all(name, failed);
}

Command
emucommand(Command rest)
{
	const char* emu = std::getenv("EMU");
	rest.insert(rest.begin(), std::filesystem::absolute(emu ? emu : "build/bin/emu"));
	return rest;
}

Command
peercommand(Command rest)
{
	rest[0] = "/usr/lib/plan9/bin/" + rest[0];
	return rest;
}

double
seconds(const Command& c, const std::string& dir)
{
	std::vector<char*> argv;
	for(const std::string& s : c)
		argv.push_back(const_cast<char*>(s.c_str()));
	argv.push_back(nullptr);
	int64_t t = osnow();
	pid_t pid = fork();
	if(pid == 0) {
		int null = ::open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		setenv("PATH", "/usr/lib/plan9/bin:/usr/bin:/bin", 1);
		if(chdir(dir.c_str()) == 0)
			execv(argv[0], argv.data());
		_exit(127);
	}
	int status = 0;
	waitpid(pid, &status, 0);
	double s = double(osnow() - t) / 1e9;
	if(status != 0) {
		fprintf(stderr, "bench: %s failed\n", c[0].c_str());
		std::exit(1);
	}
	return s;
}

Figure
against(const Command& ours, const Command& peers, const std::string& dir, int rounds,
	double share)
{
	std::vector<double> o, p;
	for(int i = 0; i < rounds; i++) {
		o.push_back(seconds(ours, dir));
		p.push_back(seconds(peers, dir));
	}
	return {median(o), median(p), share * median(p)};
}
}
