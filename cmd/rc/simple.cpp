// Simple commands: functions, builtins, programs.

#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

// Where to look for a command or a file: "" for the name as it is.
Words
Shell::search(std::string_view name, std::string_view var)
{
	Val path;
	if(searched(name))
		path = vars.get(var);
	return path ? path->w : Words{""};
}

void
Shell::simple(const Cmdtree& t, Tail tail)
{
	traps();
	size_t npipe = npipefd;
	Words argv;
	eval(t, argv);
	if(t.glob) {
		Words found;
		for(const std::string& w : argv)
			if(w.find(GLOB) == w.npos)
				found.push_back(w);
			else
				glob(w, found);
		argv = std::move(found);
	}
	line = t.line;
	if(argv.empty())
		fail("empty argument list");
	if(flags['x'])
		message(quotelist(argv) + '\n');
	dispatch(std::move(argv), tail);
	closepipefds(npipe);
	checkeflag();
}

void
Shell::dispatch(Words argv, Tail tail)
{
	if(Ref<Func> fn = vars.func(argv[0])) {
		argv.erase(argv.begin());
		call(fn, std::move(argv), tail);
		return;
	}
	if(argv[0] == "builtin") {
		argv.erase(argv.begin());
		if(argv.empty())
			fail("builtin: empty argument list");
	}
	if(const Builtin* b = builtin(argv[0]))
		(this->*b->fn)(std::move(argv), tail);
	else
		external(argv, tail);
}

void
Shell::call(const Ref<Func>& fn, Words args, Tail tail)
{
	Frame f(*this);
	vars.push("*", std::move(args));
	file = fn->file;
	eflag = fn->eflag;
	runall(fn->body, tail);
}

// Runs a program.  The last command of a Proc needs no other, but fn sigexit does.
void
Shell::external(const Words& argv, Tail tail)
{
	if(tail == Yes && (child || !vars.func("sigexit")))
		execute(argv);
	waitstatus(forkprogram(argv));
}

// A Proc that will only be the program: there is nothing to unwind to get there, and
// unwinding is what costs most.
int
Shell::forkprogram(const Words& argv)
{
	message(vars.update());
	auto body = [sub = std::optional<Shell>(*this), argv]() mutable {
		sub->bechild();
		std::function<void()> program;
		sub->toexec(argv, [&](const std::string& name) {
			program = resolveexec(name, argv);
		});
		notify({});
		sub.reset();
		program();
	};
	int pid = rfork(RFFDG | RFREND, std::move(body));
	kids.push_back({pid, false, false, {}});
	return pid;
}

// Prepares for an exec and tries file after file, until one does not fail.  When all do,
// this Proc ends.
void
Shell::toexec(const Words& argv, const std::function<void(const std::string&)>& tryfile)
{
	message(vars.update());
	doredirs();
	std::string why(Enonexist);
	for(const std::string& dir : search(argv[0], "path"))
		try {
			return tryfile(makepath(dir, argv[0]));
		} catch(const Error& e) {
			why = e.text();
		}
	vars.setstatus(why);
	message(where() + ": " + argv[0] + ": " + why + '\n');
	quit();
}

// Becomes the program: this Proc goes on with it, or ends.
void
Shell::execute(const Words& argv)
{
	toexec(argv, [&](const std::string& name) { exec(name, argv); });
	exitnow();	// not reached
}

void
Shell::bcd(Words argv, Tail)
{
	vars.setstatus("can't cd");
	if(argv.size() > 2) {
		message("Usage: cd [directory]\n");
		return;
	}
	Words path{""};
	if(argv.size() == 2) {
		path = search(argv[1], "cdpath");
	} else {
		Val home = vars.get("home");
		if(!home) {
			message("Can't cd -- $home empty\n");
			return;
		}
		argv.push_back(home->w[0]);
	}
	std::string why;
	for(const std::string& p : path) {
		std::string dir = makepath(p, argv[1]);
		try {
			chdir(dir);
			if(!p.empty() && p != ".")
				message(dir + '\n');
			vars.setstatus("");
			return;
		} catch(const Error& e) {
			why = e.text();
		}
	}
	message("Can't cd " + argv[1] + ": " + why + '\n');
}

void
Shell::bexec(Words argv, Tail)
{
	argv.erase(argv.begin());
	if(argv.empty())
		fail("exec: empty argument list");
	execute(argv);
}

void
Shell::bexit(Words argv, Tail)
{
	if(argv.size() > 2)
		message("Usage: exit [status]\nExiting anyway\n");
	if(argv.size() > 1)
		vars.setstatus(argv[1]);
	quit();
}

void
Shell::bflag(Words argv, Tail)
{
	if(argv.size() == 2 || (argv.size() == 3 && argv[1].size() == 1)) {
		size_t f = argv[1].empty() ? 0 : static_cast<unsigned char>(argv[1][0]);
		if(argv.size() == 2) {
			vars.setstatus(flags[f] ? "" : "flag not set");
			return;
		}
		if(argv[2] == "+" || argv[2] == "-") {
			flags[f] = argv[2] == "+";
			vars.setstatus("");
			return;
		}
	}
	fail("Usage: flag [letter] [+-]");
}

void
Shell::brfork(Words argv, Tail)
{
	static constexpr std::pair<char, int> letters[] = {
		{'n', RFNAMEG},
		{'N', RFCNAMEG},
		{'m', RFNOMNT},
		{'e', RFENVG},
		{'E', RFCENVG},
		{'s', RFNOTEG},
		{'f', RFFDG},
		{'F', RFCFDG},
	};
	int how = argv.size() == 1 ? RFENVG | RFNAMEG | RFNOTEG : 0;
	bool ok = argv.size() <= 2;
	for(char c : argv.size() == 2 ? argv[1] : "") {
		int bit = 0;
		for(auto [letter, flag] : letters)
			if(letter == c)
				bit = flag;
		how |= bit;
		ok = ok && bit;
	}
	if(!ok) {
		message("Usage: " + argv[0] + " [fnesFNEm]\n");
		vars.setstatus("rfork usage");
		return;
	}
	try {
		rfork(how);
	} catch(const Error&) {
		message("rc: " + argv[0] + " failed\n");
		vars.setstatus("rfork failed");
		return;
	}
	if(how & RFCFDG)
		for(Redirection& r : redirs)
			r.kind = Redirection::None;
	vars.setstatus("");
}

void
Shell::bshift(Words argv, Tail)
{
	if(argv.size() > 2) {
		message("Usage: shift [n]\n");
		vars.setstatus("shift usage");
		return;
	}
	int n = argv.size() == 2 ? leadingnumber(argv[1]) : 1;
	Val star = vars.get("*");
	Words w = words(star);
	if(n > 0) {
		w.erase(w.begin(), w.begin() + ptrdiff_t(std::min(size_t(n), w.size())));
		vars.set("*", std::move(w));
	}
	vars.setstatus("");
}

void
Shell::bwait(Words argv, Tail)
{
	if(argv.size() > 2)
		fail("Usage: wait [pid]");
	std::optional<std::string> msg;
	if(argv.size() == 1)
		waitfor(-1, Noted);
	else
		msg = waitfor(leadingnumber(argv[1]), Noted);
	if(msg)
		vars.setstatus(*msg);
	traps();
}

static bool
executable(const std::string& name)
{
	std::optional<Dir> d = trystat(name);
	return d && d->mode & 0111 && !(d->mode & DMDIR);
}

void
Shell::whatis(const std::string& name, int out)
{
	Val v = vars.get(name);
	if(v && v->w.size() == 1)
		fprint(out, quotename(name) + '=' + quoteword(v->w[0]) + '\n');
	else if(v)
		fprint(out, quotename(name) + "=(" + quotelist(v->w) + ")\n");
	if(Ref<Func> fn = vars.func(name)) {
		fprint(out, fntext(name, *fn));
		return;
	}
	if(builtin(name)) {
		fprint(out, "builtin " + name + '\n');
		return;
	}
	for(const std::string& p : search(name, "path")) {
		std::string f = makepath(p, name);
		if(executable(f)) {
			fprint(out, f + '\n');
			return;
		}
	}
	if(!v) {
		message(name + ": not found\n");
		vars.setstatus("not found");
	}
}

void
Shell::bwhatis(Words argv, Tail)
{
	if(argv.size() == 1)
		fail("Usage: whatis name ...");
	vars.setstatus("");
	int out = mapfd(1);
	for(size_t i = 1; i < argv.size(); i++)
		whatis(argv[i], out);
}

std::span<const Shell::Builtin>
Shell::builtins()
{
	static constexpr Builtin table[] = {
		{"cd", &Shell::bcd},
		{"whatis", &Shell::bwhatis},
		{"eval", &Shell::beval},
		{"exec", &Shell::bexec},
		{"exit", &Shell::bexit},
		{"shift", &Shell::bshift},
		{"wait", &Shell::bwait},
		{".", &Shell::bdot},
		{"flag", &Shell::bflag},
		{"finit", &Shell::bfinit},
		{"rfork", &Shell::brfork},
	};
	return table;
}

const Shell::Builtin*
Shell::builtin(std::string_view name)
{
	for(const Builtin& b : builtins())
		if(b.name == name)
			return &b;
	return nullptr;
}

std::vector<std::string_view>
Shell::builtinnames()
{
	std::vector<std::string_view> names{"builtin"};
	for(const Builtin& b : builtins())
		names.push_back(b.name);
	return names;
}
}
