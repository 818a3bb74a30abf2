// ps(1) and kill(1).

#include <fmt/format.h>

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

// What /proc/n/status says, as proc(3) orders it.
struct Status {
	int64_t pid;
	std::string text;
	std::string user;
	std::string state;
	int64_t time[3];	// user, system, real: seconds
	int64_t size;	// kilobytes
	int64_t basepri;
	int64_t pri;
};

std::optional<std::string>
procfile(int64_t pid, std::string_view file)
{
	try {
		return readfile(fmt::format("/proc/{}/{}", pid, file), 64 * 1024);
	} catch(const Error&) {
		return {};	// it has ended meanwhile
	}
}

std::optional<Status>
status(int64_t pid)
{
	auto s = procfile(pid, "status");
	auto w = s ? tokenize(*s, 16) : Argv{};
	if(w.size() < 12)
		return {};
	auto num = [&w](size_t i) { return parseint(w[i]).value_or(0); };
	return Status{pid,
		      w[0],
		      w[1],
		      w[2],
		      {num(3) / 1000, num(4) / 1000, num(5) / 1000},
		      num(9),
		      num(10),
		      num(11)};
}

std::vector<Status>
allprocs()
{
	std::vector<Status> l;
	for(const Dir& d : dirreadall("/proc"))
		if(auto pid = parseint(d.name); pid && d.qid.type & QTDIR)
			if(auto s = status(*pid))
				l.push_back(std::move(*s));
	std::ranges::sort(l, {}, &Status::pid);
	return l;
}

struct Flags {
	bool args = false;
	bool note = false;
	bool pri = false;
	bool real = false;
};

std::string
clock(int64_t t)
{
	if(t >= 86400)
		return fmt::format("{}:{:02}:{:02}:{:02}", t / 86400, t / 3600 % 24,
				   t / 60 % 60, t % 60);
	if(t >= 3600)
		return fmt::format("{}:{:02}:{:02}", t / 3600, t / 60 % 60, t % 60);
	return fmt::format("{}:{:02}", t / 60, t % 60);
}

// The arguments on one line, or the program's name.
std::string
command(Flags f, const Status& s)
{
	if(!f.args)
		return s.text;
	auto args = procfile(s.pid, "args");
	if(!args)
		return s.text + " ?";
	if(args->empty())
		return s.text;
	std::ranges::replace(*args, '\n', ' ');
	return *args;
}

std::string
psline(Flags f, const Status& s)
{
	std::string l = fmt::format("{:<10} {:>8}", s.user, s.pid);
	if(f.note)
		l += fmt::format(" {:>8}", trim(procfile(s.pid, "noteid").value_or("?")));
	if(f.real)
		l += fmt::format("{:>12}", " " + clock(s.time[2]));
	l += fmt::format(" {:4}:{:02} {:3}:{:02} ", s.time[0] / 60, s.time[0] % 60,
		s.time[1] / 60, s.time[1] % 60);
	if(f.pri)
		l += fmt::format(" {:2} {:2}", s.basepri, s.pri);
	return l + fmt::format(" {:7}K {:<8.8} {}\n", s.size, s.state, command(f, s));
}
}

void
ps(Argv argv)
{
	Cmdline a(argv, "[-apnr]");
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'a': f.args = true; break;
		case 'n': f.note = true; break;
		case 'p': f.pri = true; break;
		case 'r': f.real = true; break;
		default: a.usage();
		}
	try {
		Bout out(1);
		for(const Status& s : allprocs())
			out.put(psline(f, s));
		out.flush();
	} catch(const Error& e) {
		a.fatal("/proc: " + e.text());
	}
}

// Prints what rc would have to run, and kills nobody.
void
kill(Argv argv)
{
	Cmdline a(argv, "name ...");
	while(a.flag())
		a.usage();
	Bout out(1);
	std::string me = getuser();
	for(const std::string& name : a.rest())
		for(const Status& s : allprocs())
			if(s.text == name && s.user == me)
				out.put(fmt::format("echo kill>/proc/{}/note # {}\n",
						    s.pid, s.text));
	out.flush();
}
}
