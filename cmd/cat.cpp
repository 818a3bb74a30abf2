// cat(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "cmd/progress.h"

namespace p9 {

namespace {

void
copyout(const Cmdline& a, int fd, const std::string& file)
{
	Block b = copybuf();
	Progress bar(file, 0);
	const char* doing = "error reading ";
	try {
		while(size_t n = read(fd, b.room())) {
			doing = "write error copying ";
			writeall(1, b.room().first(n));
			doing = "error reading ";
			bar.step(n);
		}
	} catch(const Error& e) {
		bar.clear();
		a.fatal(doing + file + ": " + e.text());
	}
}

Fd
openin(const Cmdline& a, const std::string& file)
{
	try {
		return open(file, OREAD);
	} catch(const Error& e) {
		a.fatal("can't open " + file + ": " + e.text());
	}
}
}

void
cat(Argv argv)
{
	Cmdline a(argv, "[file ...]");
	if(argv.size() < 2)
		copyout(a, 0, "<stdin>");
	for(size_t i = 1; i < argv.size(); i++)
		copyout(a, openin(a, argv[i]), argv[i]);
}
}
