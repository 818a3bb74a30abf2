// rm(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/cleanname.h"

namespace p9 {

namespace {

class Remover {
	const Cmdline& a;

public:
	bool quiet = false;
	bool deep = false;
	std::string last;	// the last Error

	explicit Remover(const Cmdline& line) : a(line) {}
	void run(const std::string& file);

private:
	void failed(const std::string& file, const Error& e);
	void tree(const std::string& dir);
};

void
Remover::failed(const std::string& file, const Error& e)
{
	if(quiet)
		return;
	last = e.text();
	a.warn(file + ": " + last);
}

// A directory that is not empty.  Files go first, so that few names are kept.
void
Remover::tree(const std::string& dir)
{
	stackcheck();
	std::vector<std::string> sub;
	try {
		for(const Dir& d : dirreadall(dir)) {
			std::string file = joinname(dir, d.name);
			try {
				remove(file);
			} catch(const Error& e) {
				if(d.qid.type & QTDIR)
					sub.push_back(file);
				else
					failed(file, e);
			}
		}
		for(const std::string& s : sub)
			tree(s);
		remove(dir);
	} catch(const Error& e) {
		failed(dir, e);
	}
}

void
Remover::run(const std::string& file)
{
	try {
		remove(file);
	} catch(const Error& e) {
		auto d = deep ? trystat(file) : std::nullopt;
		if(d && d->qid.type & QTDIR)
			tree(file);
		else
			failed(file, e);
	}
}
}

void
rm(Argv argv)
{
	Cmdline a(argv, "[-fr] file ...");
	Remover r(a);
	while(char32_t f = a.flag())
		switch(f) {
		case 'f': r.quiet = true; break;
		case 'r': r.deep = true; break;
		default: a.usage();
		}
	for(const std::string& s : a.rest())
		r.run(s);
	exits(r.last);
}
}
