// echo(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

// One write for all, so that what goes to a control file is one message.
void
echo(Argv argv)
{
	size_t i = 1;
	bool newline = !(argv.size() > 1 && argv[1] == "-n");
	if(!newline)
		i++;
	std::string s;
	for(; i < argv.size(); i++) {
		s += argv[i];
		if(i + 1 < argv.size())
			s += ' ';
	}
	if(newline)
		s += '\n';
	try {
		write(1, s);
	} catch(const Error& e) {
		fprint(2, "echo: write error: " + e.text() + "\n");
		exits("write error");
	}
}
}
