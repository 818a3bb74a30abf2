// Programs that read 100 MB of text: prose of words common and rare, names, numbers, and a
// few letters beyond ASCII.

#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/bench/command.h"

namespace p9 {

namespace {

// Words, the common ones first: word i comes up about 1/i as often as the first.
std::vector<std::string>
vocabulary(std::minstd_rand& dice)
{
	std::vector<std::string> v{"the", "of", "and", "to", "a", "in", "is", "that", "it",
		"was", "for", "on", "with", "file", "name", "server", "system", "read", "write",
		"process", "error", "failed", "open", "reading", "writes", "für", "naïve"};
	constexpr std::string_view letters = "eeeeaaiioouttnnsshhrrddllcmfwypvbgkqjxz";
	while(v.size() < 5000) {
		std::string w;
		for(size_t n = 3 + dice() % 8; n > 0; n--)
			w += letters[dice() % letters.size()];
		v.push_back(w);
	}
	return v;
}

// A file `text' of 100 MB in a directory that goes with it.
struct Textfile {
	Tempdir dir;

	Textfile()
	{
		std::minstd_rand dice(1);
		std::vector<std::string> words = vocabulary(dice);
		std::string s;
		while(s.size() < 100'000'000) {
			for(size_t n = 2 + dice() % 16; n > 0; n--) {
				double x = double(dice()) / double(dice.max());
				s += words[size_t(double(words.size()) * x * x * x * x * 0.9999)];
				s += dice() % 20 == 0 ? ", " : " ";
				if(dice() % 30 == 0)
					s += std::to_string(dice() % 10000) + " ";
			}
			s.back() = '\n';
		}
		s += "a word that is here once: zygomorphic\n";
		FILE* f = fopen((dir.name + "/text").c_str(), "w");
		bool good = f && fwrite(s.data(), 1, s.size(), f) == s.size();
		if(!good || fclose(f) != 0) {
			perror("bench: the text cannot be written");
			std::exit(1);
		}
	}
};

// The same command, ours and 9base's.
Figure
both(const Textfile& t, const Command& c, int rounds, double share)
{
	return against(emucommand(c), peercommand(c), t.dir.name, rounds, share);
}

// The sum of several commands.
Figure
together(const std::vector<Command>& commands, int rounds)
{
	Textfile t;
	Figure sum;
	for(const Command& c : commands) {
		Figure f = both(t, c, rounds, 1.0);
		if(getenv("BENCH_PARTS"))
			fprintf(stderr, "%s %s %s: %.3f %.3f\n", c[0].c_str(), c[1].c_str(),
				c[2].c_str(), f.ours, f.peers);
		sum.ours += f.ours;
		sum.peers += f.peers;
		sum.goal += f.goal;
	}
	return sum;
}
}

// A rare word, alternatives and classes, and a letter that most lines have.
Figure
greptext()
{
	return together({{"grep", "-c", "zygomorphic", "text"},
				{"grep", "-c", "(read|writ)(ing|e[sr]) [a-z]*ed [0-9]+", "text"},
				{"grep", "-c", "e", "text"}},
		5);
}

// A word replaced everywhere, parts of a match exchanged, lines dropped, and lines chosen.
Figure
sedtext()
{
	return together({{"sed", "s/the/THE/g", "text"},
				{"sed", "s/([a-z]+) ([0-9]+)/\\2 \\1/", "text"},
				{"sed", "/[0-9][0-9][0-9][0-9]/d", "text"},
				{"sed", "-n", "/(read|writ)(ing|e[sr])/p", "text"}},
		3);
}
}
