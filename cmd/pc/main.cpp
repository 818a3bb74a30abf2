// pc(1).

#include <fmt/format.h>

#include "cmd/cmds.h"
#include "cmd/pc/calc.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

bool
interactive()
{
	try {
		return fd2path(0).find("/dev/cons") != std::string::npos;
	} catch(const Error&) {
		return false;
	}
}

void
random(Buf b)
{
	if(readn(open("#c/random", OREAD), b) < b.size())
		error(Eshort);
}

void
poll()
{
	pollnotes();
	stackcheck();
}
}

void
pc(Argv argv)
{
	Cmdline a(argv, "");
	if(a.flag() || a.argc() > 0)
		a.usage();
	const bool prompt = interactive();
	calc::Calc calculator({random, poll});
	Bin in(0);
	Bout out(1);
	std::string_view s;
	bool ok = true;
	for(uint64_t n = 1;; n++) {
		if(prompt)
			out.put("; ");
		out.flush();
		if(!in.line(s))
			break;
		pollnotes();
		std::string result;
		try {
			result = calculator.line(s);
		} catch(const Error& e) {
			ok = false;
			// Who types sees the line.
			if(prompt)
				fprint(2, e.text() + "\n");
			else
				a.warn(fmt::format("line {}: {}", n, e.text()));
		}
		out.put(result);
	}
	if(!ok)
		exits("error");
}
}
