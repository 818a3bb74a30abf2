// Where commands come from: the command line, files, strings; and the loop that runs
// them.

#include "cmd/prog.h"
#include "cmd/rc/complete.h"
#include "cmd/rc/rc.h"
#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

// What every rc runs first; -m names another.
static constexpr std::string_view rcmain = "/rc/lib/rcmain";

// Text in memory.
class Textsource : public Source {
	std::string s;
	size_t at = 0;

public:
	explicit Textsource(std::string text) : s(std::move(text)) {}
	int get() override
	{
		return at < s.size() ? static_cast<unsigned char>(s[at++]) : -1;
	}
	void message(std::string_view text) override { fprint(2, text); }
};

// A file, with prompts when somebody types it.
class Filesource : public Source {
	static constexpr size_t Iounit = 8192;

	Shell& sh;
	int fd;
	bool interactive;
	std::vector<std::byte> buf;	// not on the stack: files may read files
	size_t at = 0, n = 0;
	size_t nprompt = 0;	// of this command

	void fill();

public:
	Filesource(Shell& s, int f, bool inter) : sh(s), fd(f), interactive(inter)
	{
		if(interactive)
			completer(tabcomplete);
	}
	int get() override
	{
		if(at >= n)
			fill();
		return at < n ? int(buf[at++]) : -1;
	}
	void message(std::string_view text) override { sh.message(text); }
	void prompt() override;
	void newcommand() override { nprompt = 0; }
};

void
Filesource::fill()
{
	at = n = 0;
	buf.resize(Iounit);
	for(;;) {
		try {
			n = read(fd, buf);
			return;
		} catch(const Error& e) {
			if(!e.is(Eintr))
				return;
			if(interactive)
				throw;
			sh.traps();
		}
	}
}

// $prompt(1) for a command, $prompt(2) for its further lines.
void
Filesource::prompt()
{
	if(!interactive)
		return;
	sh.message(sh.vars.update()); // what Tab completes is looked for in /env
	Val p = sh.vars.get("prompt");
	const Words& w = words(p);
	std::string_view dflt = nprompt == 0 ? "% " : "\t";
	size_t i = nprompt++ == 0 ? 0 : 1;
	sh.message(i < w.size() ? std::string_view(w[i]) : dflt);
}

// Reads a command and runs it.  False when there are no more.
bool
Shell::step(Lexer& lex, Input in, Tail tail)
{
	if(flags['s'] && !truestatus()) {
		Val st = vars.get("status");
		message("status=" + quotelist(words(st)) + '\n');
	}
	lex.begin((flags['v'] && !in.quiet) || flags['V']);
	Parsed p = parse(lex);
	if(p.what == Parsed::Bad)
		vars.setstatus(p.why);
	if(p.what != Parsed::Command)
		return p.what == Parsed::Bad && in.interactive && !lex.ateof();
	Frame f(*this);
	file = lex.file;
	eflag = flags['e'] && !in.quiet;
	runall(p.tree, lex.ateof() ? tail : No);
	traps();
	return !lex.ateof();
}

// The same for a person: what fails or is interrupted leads to the next prompt.
bool
Shell::interact(Lexer& lex, Input in)
{
	try {
		traps();
		return step(lex, in, No);
	} catch(const Error& e) {
		if(e.is(Eintr) || e.is(Eabandon))
			message(e.is(Eintr) ? "\n" : "");
		else
			report(e);
		lex.reset();
		return true;
	}
}

void
Shell::commands(Lexer& lex, Input in, Tail tail)
{
	if(!in.interactive) {
		while(step(lex, in, tail))
			;
		return;
	}
	ninteractive++;
	while(interact(lex, in))
		;
	ninteractive--;
}

void
Shell::beval(Words argv, Tail tail)
{
	argv.erase(argv.begin());
	if(argv.empty())
		fail("Usage: eval cmd ...");
	std::string text = joined(argv);
	// rcmain's eval of the command line: to the user that is -c.
	Val cflag = vars.get("cflag");
	bool isc = file == initial && words(cflag) == Words{text};
	Textsource src(text + '\n');
	Lexer lex(src, isc ? "rc -c" : where() + " *eval*", Unit::Whole);
	commands(lex, {}, tail);
}

// The functions of /env, each a definition.
void
Shell::bfinit(Words, Tail)
{
	std::vector<Dir> dir;
	try {
		dir = dirreadall("/env");
	} catch(const Error&) {
		return;
	}
	for(const Dir& d : dir) {
		if(!d.name.starts_with("fn#"))
			continue;
		Textsource src(getenv(d.name).value_or(""));
		Lexer lex(src, "/env/" + d.name, Unit::Whole);
		commands(lex, {false, true}, No);
	}
}

// The file of a `.', looked for along $path; name becomes where it was found.
std::optional<Fd>
Shell::dotopen(std::string& name)
{
	std::string why(Enonexist);
	for(const std::string& p : search(name, "path")) {
		std::string f = makepath(p, name);
		if(!access(f, AEXIST) && f != "/fd/0")
			continue;
		try {
			Fd fd = f == "/fd/0" ? dup(0) : open(f, OREAD);
			name = f;
			return fd;
		} catch(const Error& e) {
			why = e.reason();
		}
	}
	werrstr(why);
	return {};
}

void
Shell::bdot(Words argv, Tail tail)
{
	Args a(argv);
	Input in;
	bool whole = flags['b'], bad = false;
	while(char32_t f = a.flag())
		switch(f) {
		case 'b': whole = true; break;
		case 'i': in.interactive = true; break;
		case 'q': in.quiet = true; break;
		default: bad = true; break;
		}
	argv = a.rest();
	if(bad || argv.empty())
		fail("Usage: . [-biq] file [arg ...]");
	std::string name = argv[0];
	std::optional<Fd> fd = dotopen(name);
	if(!fd) {
		if(!in.quiet)
			fail(". can't open: " + argv[0] + ": " + errstr(), errstr());
		return;
	}
	Frame f(*this);
	vars.hide();
	vars.push("*", Words(argv.begin() + 1, argv.end()));
	vars.push("0", {argv[0]});
	int n = *fd;
	pushredir({Redirection::Close, n, -1});
	Filesource src(*this, n, in.interactive);
	Lexer lex(src, name, whole && !in.interactive ? Unit::Whole : Unit::Lines);
	commands(lex, in, tail);
	close(std::move(*fd));
}

void
Shell::toplevel(Lexer& lex)
{
	try {
		commands(lex, {false, true}, Yes);
	} catch(const Error& e) {
		traps();
		report(e);
	}
	quit();
}

void
Shell::start(int pid)
{
	notify([this](const std::string& note) { return onnote(note); });
	import();
	vars.set("pid", {std::to_string(pid)});
}

static bool
isterminal0()
{
	try {
		return fd2path(0).ends_with("/dev/cons");
	} catch(const Error&) {
		return false;
	}
}

namespace {

struct Options {
	std::bitset<256> flags;
	std::optional<std::string> command;	// -c
	std::optional<std::string> initial;	// -m
	Words rest;
};

Options
options(const Argv& argv)
{
	Options o;
	Cmdline a(argv, "[-srdiIlxebpvV] [-c command] [-m initial] [file [arg ...]]");
	while(char32_t f = a.flag()) {
		if(f >= 128 || std::string_view("srdiIlxebpvVcm").find(char(f)) ==
				       std::string_view::npos)
			a.usage();
		o.flags[f] = true;
		if(f == 'c')
			o.command = a.earg();
		if(f == 'm')
			o.initial = a.earg();
	}
	o.rest = a.rest();
	if(!argv.empty() && argv[0].starts_with('-'))
		o.flags['l'] = true;
	if(o.flags['I'])
		o.flags['i'] = false;
	else if(o.rest.empty() && !o.command && isterminal0())
		o.flags['i'] = true;
	return o;
}

// The text of the first commands, or the end of all.
std::string
firstcommands(const std::string& name)
{
	try {
		return readfile(name);
	} catch(const Error& e) {
		fprint(2, "rc: can't open: " + e.text() + '\n');
		exits(e.text());
	}
}
}

void
rc(Argv argv)
{
	Options o = options(argv);
	Shell sh;
	sh.flags = o.flags;
	sh.start(getpid());
	sh.vars.set("cflag", o.command ? Words{*o.command} : Words{});
	sh.vars.set("rcname", {argv.empty() ? "rc" : argv[0]});
	sh.vars.set("*", o.rest);
	sh.initial = o.initial.value_or(std::string(rcmain));
	sh.vars.push("0", {sh.initial});	// as the . of it would
	Textsource src(firstcommands(sh.initial));
	Lexer lex(src, sh.initial, Unit::Whole);
	sh.toplevel(lex);
}
}
