// tee(1).  A file that cannot be written is left out from then on; the others get all.

#include <vector>

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

struct Output {
	std::string name;
	Fd fd;
};

Output
openout(const std::string& name, bool append)
{
	if(!append)
		return {name, create(name, OWRITE, 0666)};
	bool there = trystat(name).has_value();
	Fd fd = there ? open(name, OWRITE) : create(name, OWRITE | OEXCL, 0666);
	if(there)
		seek(fd, 0, 2);
	return {name, std::move(fd)};
}

// What there is to read; with -i an interrupt is no end.
Bytes
input(Block& b, bool ignore)
{
	for(;;)
		try {
			return b.room().first(read(0, b.room()));
		} catch(const Error& e) {
			if(!ignore || e.text() != Eintr)
				throw;
		}
}
}

void
tee(Argv argv)
{
	Cmdline a(argv, "[-ai] [file ...]");
	bool append = false;
	bool ignore = false;
	while(char32_t c = a.flag())
		switch(c) {
		case 'a': append = true; break;
		case 'i': ignore = true; break;
		case 'u': break;	// Unix had it
		default: a.usage();
		}
	if(ignore)
		notify([](const std::string& note) { return note == "interrupt"; });
	std::string status;
	std::vector<Output> outs;
	for(const std::string& s : a.rest())
		try {
			outs.push_back(openout(s, append));
		} catch(const Error& e) {
			a.warn("cannot open " + s + ": " + e.text());
			status = "open";
		}
	outs.push_back({"<stdout>", dup(1)});
	Block b = copybuf();
	for(;;) {
		Bytes got = input(b, ignore);
		if(got.empty())
			break;
		std::erase_if(outs, [&](const Output& o) {
			try {
				writeall(o.fd, got);
				return false;
			} catch(const Error& e) {
				a.warn("cannot write " + o.name + ": " + e.text());
				status = "write";
				return true;
			}
		});
	}
	exits(status);
}
}
