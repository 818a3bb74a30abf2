// ns(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

// A word that rc and namespace(6) read back.
std::string
word(std::string_view s)
{
	constexpr std::string_view special = " '\\\t#$";
	return s.find_first_of(special) == s.npos ? std::string(s) : alwaysquoted(s);
}

// /net/tcp/4/data as tcp!192.168.1.2!564.
std::string
dialed(const std::string& from)
{
	auto f = getfields(from, "/", Seps::Each);
	if(f.size() != 5 || !f[0].empty() || f[1] != "net" || f[4] != "data")
		return from;
	try {
		std::string dir = "/net/" + std::string(f[2]) + "/" + std::string(f[3]);
		std::string to(trim(readfile(dir + "/remote", 256)));
		return to.empty() ? from : std::string(f[2]) + "!" + to;
	} catch(const Error&) {
		return from;
	}
}

std::string
nsline(const Cmdline& a, std::string_view line, bool raw, int number)
{
	auto w = tokenize(line, 6);
	if(w.size() == 2 && w[0] == "cd")
		return "cd " + word(w[1]) + "\n";
	if(w.size() < 3 || w.size() > 5) {
		a.warn("unrecognized format of ns file: " + std::to_string(w.size())
			+ " elements on line " + std::to_string(number));
		exits("format");
	}
	size_t i = 1;
	std::string s = w[0] + " ";
	if(w[1].starts_with('-') && w.size() > 3)
		s += w[i++] + " ";
	std::string from = w[0] == "mount" && !raw ? dialed(w[i]) : w[i];
	s += word(from) + " " + word(w[i + 1]);
	if(i + 2 < w.size())
		s += " " + word(w[i + 2]);
	return s + "\n";
}
}

void
ns(Argv argv)
{
	Cmdline a(argv, "[-r] [pid]");
	bool raw = false;
	while(char32_t f = a.flag())
		switch(f) {
		case 'r': raw = true; break;
		default: a.usage();
		}
	if(a.argc() > 1)
		a.usage();
	int64_t pid = getpid();
	if(a.argc() == 1) {
		auto n = parseint(a.rest()[0]);
		if(!n || *n <= 0)
			a.usage();
		pid = *n;
	}
	std::string file = "/proc/" + std::to_string(pid) + "/ns";
	std::string doing = "open " + file + ": ";
	try {
		Fd fd = open(file, OREAD);
		doing = "read ";
		Bin in(fd);
		Bout out(1);
		std::string line;
		for(int n = 1; in.line(line); n++)
			out.put(nsline(a, line, raw, n));
		out.flush();
	} catch(const Error& e) {
		a.warn(doing + e.text());
		exits(doing == "read " ? "read ns" : "open ns");
	}
}
}
