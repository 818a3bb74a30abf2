// sed(1): the command line, and the descriptors behind a Sedio.

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "cmd/sed/sed.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

class Fdio final : public Sedio {
	Argv names;
	size_t nextname = 0;
	Fd file;
	int in = -1;
	std::vector<Fd> outs;	// file i is outs[i-1]

public:
	void files(Argv f) { names = std::move(f); }

	bool next() override
	{
		if(names.empty()) {
			in = 0;
			return nextname++ == 0;
		}
		if(nextname == names.size())
			return false;
		const std::string& name = names[nextname++];
		try {
			file = open(name, OREAD);
		} catch(const Error&) {
			error("Can't open " + name);
		}
		in = file;
		return true;
	}

	size_t read(Buf b) override { return p9::read(in, b); }

	int create(const std::string& name) override
	{
		try {
			outs.push_back(opened(name));
			seek(outs.back(), 0, 2);
		} catch(const Error&) {
			error("Cannot create " + name);
		}
		return int(outs.size());
	}

	void write(int n, std::string_view s) override
	{
		writeall(n == 0 ? 1 : int(outs[size_t(n) - 1]), std::as_bytes(std::span(s)));
	}

	void copy(const std::string& name, const Put& put) override
	{
		try {
			Fd fd = open(name, OREAD);
			Block b = copybuf();
			while(size_t n = p9::read(fd, b.room()))
				put(textof(b.room().first(n)));
		} catch(const Error&) {
			return;
		}
	}

	void step() override { pollnotes(); }

private:
	static Fd opened(const std::string& name)
	{
		try {
			return open(name, OWRITE);
		} catch(const Error&) {
			return p9::create(name, OWRITE, 0666);
		}
	}
};

std::string
scriptfile(const std::string& name)
{
	std::string s;
	try {
		Fd fd = open(name, OREAD);
		Bin in(fd);
		for(std::string_view p = in.piece(); !p.empty(); p = in.piece())
			s += p;
	} catch(const Error&) {
		error("Cannot open pattern-file: " + name);
	}
	return s;
}

struct Sedoptions : Sedflags {
	bool global = false;
	bool scripted = false;	// -e or -f was there
};

void
parseflags(Cmdline& a, Sedoptions& f, Sedscript& script)
{
	while(char32_t c = a.flag())
		switch(c) {
		case 'e':
		case 'f': {
			auto arg = a.argf();
			if(!arg)
				error(c == 'e' ? "missing pattern" : "no pattern-file");
			script.add(c == 'e' ? *arg : scriptfile(*arg), f.global);
			f.scripted = true;
			break;
		}
		case 'g': f.global = true; break;
		case 'n': f.quiet = true; break;
		case 'u': f.flush = true; break;
		case 'E':
		case 'r': break;
		default: error("Unknown flag: " + encode(c));
		}
}
}

void
sed(Argv argv)
{
	Cmdline a(argv, "[-gnu] [-e script] [-f sfile] [file ...]");
	if(argv.size() == 1)
		exits();
	Fdio io;
	Sedscript script(io);
	std::unique_ptr<Sed> s;
	try {
		Sedoptions f;
		parseflags(a, f, script);
		Argv rest = a.rest();
		if(!f.scripted) {
			if(rest.empty())
				error("missing pattern");
			script.add(rest[0], f.global);
			rest.erase(rest.begin());
		}
		script.finish();
		io.files(rest);
		s = std::make_unique<Sed>(io, script, f);
		s->run();
	} catch(const Error& e) {
		a.warn(e.name().empty() ? e.reason() : e.text());
		if(s)
			s->flush();	// what was printed before
		exits("error");
	}
}
}
