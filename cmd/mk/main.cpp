// mk(1): the command line, the mkfiles, the targets.

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/mk/mk.h"
#include "cmd/prog.h"
#include "lib9/error.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

constexpr std::string_view Defaultfile = "mkfile";

struct Options {
	Mkflags flags;
	Wordlist files;
	Wordlist whatif;
	Wordlist mkflags;	// the words that are options
	Wordlist rest;
};

void
debugflags(Mkflags& f, const std::string& letters)
{
	if(letters.empty())
		f.dparse = f.dgraph = f.dexec = true;
	for(char c : letters)
		switch(c) {
		case 'p': f.dparse = true; break;
		case 'g': f.dgraph = true; break;
		case 'e': f.dexec = true; break;
		}
}

// What stands behind the flag at hand in its word: not the next word.
std::string
restofword(Cmdline& a, const Argv& argv, char flag)
{
	const std::string& word = argv[argv.size() - 1 - a.argc()];
	return word.find(flag) + 1 == word.size() ? "" : a.earg();
}

Options
options(const Argv& argv)
{
	Cmdline a(argv,
		  "[-f file] [-n] [-a] [-e] [-t] [-k] [-i] [-s] [-u] [-w target,...] "
		  "[-d[egp]] [targets ...]");
	Options o;
	Mkflags& f = o.flags;
	while(char32_t c = a.flag())
		switch(c) {
		case 'a': f.all = f.intermediate = true; break;
		case 'd': debugflags(f, restofword(a, argv, 'd')); break;
		case 'e': f.explain = true; break;
		case 'f': o.files.push_back(a.earg()); break;
		case 'i': f.intermediate = true; break;
		case 'k': f.keep = true; break;
		case 'n': f.dry = true; break;
		case 's': f.sequential = true; break;
		case 't': f.touch = true; break;
		case 'u': f.usage = true; break;
		case 'w': o.whatif.push_back(a.earg()); break;
		default: a.usage();
		}
	if(std::ranges::find(o.files, "") != o.files.end())
		a.usage();
	o.rest = a.rest();
	o.mkflags.assign(argv.begin() + 1, argv.end() - std::ssize(o.rest));
	return o;
}

class Mkkernel final : public Mkhost {
	static constexpr size_t Maxfile = 64 << 20;
	Mkstate& s;

public:
	explicit Mkkernel(Mkstate& state) : s(state) {}

	std::string read(const std::string& name) override
	{
		if(stat(name).mode & DMDIR)
			error(Eisdir);
		return readfile(name, Maxfile);
	}
	Output command(const std::string& text) override
	{
		s.vars.clearinner();
		s.env.update(s.vars);
		s.out.flush();
		return s.commands.output(text);
	}
	void message(std::string_view text) override { s.out.complain(text); }
};

// The targets among the arguments, when the assignments are made.
Wordlist
arguments(Mkstate& s, Mkparser& parser, Options& o)
{
	Wordlist targets;
	for(const std::string& w : o.rest) {
		if(w.find('=') == w.npos) {
			if(!w.empty())
				targets.push_back(w);
			continue;
		}
		if(std::ranges::find(o.mkflags, w) != o.mkflags.end())
			continue;
		o.mkflags.push_back(w);
		parser.argument(w);
	}
	s.vars.set("MKFLAGS", o.mkflags);
	s.vars.set("MKARGS", targets);
	return targets;
}

void
readmkfiles(Mkstate& s, Mkparser& parser, const Options& o)
{
	for(const std::string& f : o.files)
		parser.parse(f);
	if(o.files.empty() && trystat(Defaultfile))
		parser.parse(std::string(Defaultfile));
	if(s.flags.dparse)
		s.out.put("default targets " + quotewords(s.rules.first) + "\n" +
			  dumprules(s.rules, false) + dumprules(s.rules, true) +
			  dumpvars(s.vars));
	for(const std::string& w : o.whatif)
		for(std::string_view f : getfields(w, " ,\n", Seps::Runs))
			s.times.pretend(std::string(f));
}

void
makeall(Mkstate& s, Maker& maker, Wordlist targets)
{
	if(targets.empty()) {
		targets = s.rules.first;
		if(targets.empty()) {
			s.out.complain("mk: nothing to mk\n");
			error(Emkstop);
		}
	} else if(targets.size() > 1 && !s.flags.sequential) {
		Rulehead all;
		all.targets = {"command line args"};
		all.tail = std::move(targets);
		all.attr = Avirtual;
		all.file = "command line args";
		s.rules.add(all, "");
		targets = all.targets;
	}
	for(const std::string& t : targets)
		maker.make(t);
}

// Makes what the arguments ask for.
void
run(Mkstate& s, Maker& maker, Options& o)
{
	Mkkernel host(s);
	Mkparser parser(s.vars, s.rules, host);
	s.env.import(s.vars);
	Wordlist targets = arguments(s, parser, o);
	readmkfiles(s, parser, o);
	s.commands.catchnotes();
	makeall(s, maker, std::move(targets));
	if(s.flags.usage)
		maker.usage();
}
}

void
mk(Argv argv)
{
	Options o = options(argv);
	Mkstate s;
	s.flags = o.flags;
	s.commands.debug = s.flags.dexec;
	Maker maker(s);
	try {
		run(s, maker, o);
		exits();
	} catch(const Error& e) {
		if(e.is(Emknote)) {
			std::string note = s.commands.noted();
			maker.kill(note);
			s.out.put("mk: " + note + "\n");
		} else if(!e.is(Emkstop)) {
			s.out.complain("mk: " + e.text() + "\n");
		}
		maker.finish();
		s.out.flush();
	}
	exits(Emkstop);
}
}
