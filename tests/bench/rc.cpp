// rc against 9base's: programs started in a loop, and a long list read.

#include <fstream>

#include "tests/bench/command.h"

namespace p9 {

namespace {

// Starts a program 10 to the power n times.
std::string
loop(int n)
{
	std::string s = "d=(0 1 2 3 4 5 6 7 8 9)\n";
	for(; n > 0; n--)
		s += "for(x" + std::to_string(n) + " in $d) ";
	return s + "test -e /dev/null\n";
}
}

// Microseconds a program of 10,000; 9base's rc is asked for 100 only.
Figure
rcloop()
{
	Tempdir dir;
	std::vector<double> ours, peers;
	for(int i = 0; i < 5; i++) {
		ours.push_back(seconds(emucommand({"-c", loop(4)}), dir.name) / 1e4);
		peers.push_back(seconds(peercommand({"rc", "-c", loop(2)}), dir.name) / 1e2);
	}
	double p = median(peers) * 1e6;
	return {median(ours) * 1e6, p, p / 50};
}

// Milliseconds for x=`{cat FILE}, of 10,000 words, with the shell's start.
Figure
rcbackquote()
{
	Tempdir dir;
	{
		std::ofstream f(dir.name + "/words");
		for(int i = 1; i <= 10'000; i++)
			f << "word" << i << '\n';
	}
	std::string script = "x=`{cat words}; ~ $#x 10000";
	Figure f = against(emucommand({"-c", script}), peercommand({"rc", "-c", script}),
		dir.name, 31, 1);
	return {f.ours * 1e3, f.peers * 1e3, f.goal * 1e3};
}
}
