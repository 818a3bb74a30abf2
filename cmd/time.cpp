// time(1).

#include <fmt/format.h>

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

constexpr size_t Maxshown = 5;	// words of the command that are repeated

// Becomes the command: the file of that name, or the one in /bin.
[[noreturn]] void
become(const Cmdline& a, const Argv& cmd)
{
	const std::string& name = cmd[0];
	std::string why;
	try {
		exec(name, cmd);
	} catch(const Error& e) {
		why = e.text();
	}
	if(!name.starts_with('/') && !name.starts_with("./") && !name.starts_with("../"))
		try {
			exec("/bin/" + name, cmd);
		} catch(const Error& e) {
			why = e.text();
		}
	a.warn(name + ": " + why);
	exits(name.empty() ? "exec" : name);
}

Waitmsg
waitfor(int pid)
{
	for(;;)
		try {
			Waitmsg w = wait();
			if(w.pid == pid)
				return w;
		} catch(const Error& e) {
			if(!e.is(Eintr))
				throw;
		}
}

std::string
report(const Waitmsg& w, const Argv& cmd)
{
	std::string s;
	for(size_t i = 0; i < 3; i++)
		s += fmt::format("{}.{:02}{} ", w.time[i] / 1000, w.time[i] % 1000 / 10,
				 "usr"[i]);
	s += '\t';
	for(size_t i = 0; i < cmd.size() && i < Maxshown; i++)
		s += " " + cmd[i];
	if(cmd.size() >= Maxshown)
		s += " ...";
	if(!w.msg.empty()) {
		// What the command said, without its name and pid.
		size_t colon = w.msg.find(':');
		bool named = colon != w.msg.npos && colon + 1 < w.msg.size();
		s += " # status=" + (named ? w.msg.substr(colon + 1) : w.msg);
	}
	return s + "\n";
}
}

void
time(Argv argv)
{
	Cmdline a(argv, "command");
	if(argv.size() <= 1)
		a.usage();
	Argv cmd(argv.begin() + 1, argv.end());
	// An interrupt is the command's affair; what it used is still reported.
	int pid = rfork(RFPROC | RFFDG | RFREND, [a, cmd] { become(a, cmd); });
	notify([](const std::string& note) { return note == "interrupt"; });
	Waitmsg w = waitfor(pid);
	fprint(2, report(w, cmd));
	exits(w.msg);
}
}
