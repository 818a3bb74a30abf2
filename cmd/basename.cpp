// basename(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

// Not as the library's basename: a slash at the end is one too.  A string may look like a
// flag.
void
basename(Argv argv)
{
	Cmdline a(argv, "[-d] string [suffix]");
	bool dir = argv.size() > 1 && argv[1] == "-d";
	argv.erase(argv.begin(), argv.begin() + (dir ? 2 : 1));
	if(argv.empty() || argv.size() > 2)
		a.usage();
	std::string_view s = argv[0];
	size_t slash = s.rfind('/');
	if(dir)
		s = slash == s.npos ? "." : s.substr(0, slash);
	else
		s = s.substr(slash + 1);
	if(!dir && argv.size() == 2 && s.ends_with(argv[1]))
		s.remove_suffix(argv[1].size());
	Bout out(1);
	out.put(std::string(s) + "\n");
	out.flush();
}
}
