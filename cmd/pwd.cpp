// pwd(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

void
pwd(Argv argv)
{
	Cmdline a(argv, "");
	try {
		std::string dir = getwd();
		writeall(1, std::as_bytes(std::span(dir += "\n")));
	} catch(const Error& e) {
		a.fatal(e.text());
	}
}
}
