// mk where nothing is to be done: a directory with 10,000 sources and what was made from
// them, by a metarule.

#include <utime.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/bench/bench.h"
#include "tests/bench/command.h"

namespace p9 {

namespace {

constexpr int Targets = 10'000;
constexpr int Rounds = 5;
constexpr time_t Then = 1'000'000'000;

// An empty file that was changed at t.
void
file(const std::string& name, time_t t)
{
	std::ofstream{name};
	utimbuf times = {t, t};
	if(utime(name.c_str(), &times) < 0) {
		perror(name.c_str());
		std::exit(1);
	}
}
}

Figure
mkuptodate()
{
	Tempdir dir;
	std::ofstream mkfile(dir.name + "/mkfile");
	mkfile << "OBJ=";
	for(int i = 0; i < Targets; i++) {
		std::string name = "source" + std::to_string(i);
		file(dir.name + "/" + name + ".c", Then);
		file(dir.name + "/" + name + ".o", Then + 10);
		mkfile << " " << name << ".o";
	}
	file(dir.name + "/program", Then + 20);
	mkfile << "\nprogram: $OBJ\n\texit never\n%.o: %.c\n\texit never\n";
	mkfile.close();
	return against(emucommand({"mk"}), peercommand({"mk"}), dir.name, Rounds, 0.5);
}
}
