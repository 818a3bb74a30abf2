// cleanname(1).

#include "lib9/cleanname.h"

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

void
cleanname(Argv argv)
{
	Cmdline a(argv, "[-d pwd] name...");
	std::string dir;
	while(char32_t c = a.flag())
		switch(c) {
		case 'd': dir = a.earg() + "/"; break;
		default: a.usage();
		}
	if(a.argc() == 0)
		a.usage();
	Bout out(1);
	for(const std::string& s : a.rest())
		out.put(cleanname(s.starts_with('/') ? s : dir + s) + "\n");
	out.flush();
}
}
