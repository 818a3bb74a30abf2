// The interpreter: a Shell walks trees (syn.h) and asks the kernel (port/sys.h).
//
// A subshell (@{}, the left side of a pipe, &, `{}, <{}) is a new Proc that runs a
// copy of the Shell.  Memory is shared between Procs, so what the copies share is
// immutable or copied before it is changed (Vars::own).
//
// Redirections are not done in the Shell itself but listed, oldest first, and
// carried out by the Proc that is about to exec: `>[from=to]' on descriptors that
// the list's files have been opened on.

#pragma once

#include <array>
#include <bitset>
#include <functional>
#include <map>
#include <optional>
#include <span>

#include "cmd/rc/syn.h"
#include "port/sys.h"

namespace p9 {

// The Error that ends a command whose failure has been told already.
inline constexpr std::string_view Eabandon = "command abandoned";

struct Func : Counted {
	Treeref body;
	std::string text;	// of the body
	std::string file;	// where it was defined, for messages
	bool eflag = false;	// -e held there
};

// The definition, a line of rc's.
std::string fntext(std::string_view name, const Func&);

// Variables and functions.  Locals lie on a stack above the globals and are seen by
// what is called; those below base are not seen.
class Vars {
	struct Var {
		Val val;
		Ref<Func> fn;
		bool changed = false;	// /env has another value
		bool fnchanged = false;
	};
	struct Table : Counted {
		std::map<std::string, Var, std::less<>> m;
		bool changed = false;	// one of them has
	};
	struct Local {
		std::string name;
		Val val;
		bool changed = true;
	};

	Ref<Table> table = mk<Table>();
	std::vector<Local> locals;
	size_t base = 0;
	Val stat;	// $status
	bool statchanged = false;

	void unshare();
	Var& own(std::string_view name);	// to be changed; makes it
	Local* local(std::string_view name);

public:
	enum Change { Changed, Imported };	// whether /env is to be told

	Val get(std::string_view name) const;
	void set(std::string_view name, Words w, Change = Changed);
	Ref<Func> func(std::string_view name) const;	// empty when there is none
	void setfunc(std::string_view name, Ref<Func>);	// empty: deletes

	void push(std::string_view name, Words w);
	void pop();
	size_t nlocal() const { return locals.size(); }
	// Locals below this are not seen.
	size_t scope() const { return base; }
	void setscope(size_t n) { base = n; }
	void hide() { base = locals.size(); }

	std::string status() const;
	void setstatus(std::string_view s);

	// Brings /env up to date.  Answers what could not be written, for people.
	std::string update();
};

struct Redirection {
	enum Kind { None, Open, Dup, Close } kind;
	// Open: the file's descriptor, owned.  Dup: what `to' becomes.  Close: what.
	int from;
	int to;
};

class Shell {
public:
	// Whether the Proc ends after this command: then the last one need not fork.
	enum Tail { No, Yes };
	struct Input {
		bool interactive = false;
		bool quiet = false;	// neither -e nor -v holds
	};
	enum Until { Ended, Noted };

	Vars vars;
	std::bitset<256> flags;	// by letter
	int line = 0;	// of what runs, for messages
	std::string file;
	std::string initial;	// the file of the first commands

	void start(int pid);	// of the first Shell: notes, $pid
	void import();	// variables, from /env
	void commands(Lexer&, Input, Tail);
	[[noreturn]] void toplevel(Lexer&);	// runs all of it and quits
	[[noreturn]] void quit();	// fn sigexit, then exits
	void message(std::string_view text)
	{
		if(!text.empty())
			fprint(2, text);
	}
	void traps();	// looks at pending notes

	static std::vector<std::string_view> builtinnames();

	// Runs fn in a new Proc on a copy of the Shell; answers its pid.
	int fork(int flags, std::function<void(Shell&)> fn);

private:
	struct Kid {
		int pid;
		bool held = false;	// somebody will ask for its message
		bool ended = false;
		std::string msg;
		bool async = false;	// of a command that & ended
	};
	// What a function call, a line or a `.' must put back, however it ends.
	class Frame {
		Shell& sh;
		size_t base, nlocal, varbase, nredir, npipefd;
		std::string file;
		int line;
		bool eflag;

	public:
		explicit Frame(Shell&);
		~Frame();
	};
	struct Builtin {
		std::string_view name;
		void (Shell::*fn)(Words, Tail);
	};

	std::vector<Redirection> redirs;
	size_t redirbase = 0;	// where those of the innermost Frame begin
	size_t npipefd = 0;	// of <{}, which stand first there
	std::vector<Kid> kids;
	bool child = false;	// a subshell
	bool eflag = false;	// -e holds for what runs
	bool ifnot = false;	// the last if's condition was false
	bool exiting = false;	// sigexit runs
	size_t ninteractive = 0;	// command loops that go on after an error
	std::array<int, 8> trap{};	// notes that came, by sort
	int ntrap = 0;
	std::string lastnote;

	// main.cpp
	bool step(Lexer&, Input, Tail);
	bool interact(Lexer&, Input);

	// exec.cpp
	void run(const Treeref&, Tail);
	void runall(const Treeref&, Tail);
	void trace(const Treeref&);
	void runseq(const Cmdtree&, Tail);
	void runredir(const Cmdtree&, Tail);
	void runassign(const Cmdtree&, Tail);
	void runif(const Cmdtree&, Tail);
	void runifnot(const Cmdtree&, Tail);
	void runfor(const Cmdtree&);
	void runwhile(const Cmdtree&);
	void runswitch(const Cmdtree&);
	void runmatch(const Cmdtree&);
	void runfn(const Cmdtree&);
	void runpipe(const Cmdtree&);
	void runasync(const Cmdtree&);
	void runsubshell(const Cmdtree&);
	bool cond(const Treeref&);
	bool matches(const std::string& s, const Words& pats);
	bool truestatus() const;
	void checkeflag();

	// words.cpp
	Words list(const Treeref&);	// file names found
	Words patterns(const Treeref&);	// as they are
	Words names(const Treeref&);	// patterns are plain words
	std::string one(const Treeref&, std::string_view what);
	void eval(const Cmdtree&, Words&);
	void evalgroup(const Cmdtree&, Words&);
	void evalvar(const Cmdtree&, Words&);
	void evalbackq(const Cmdtree&, Words&);
	void evalpipefd(const Cmdtree&, Words&);
	Val variable(std::string_view name);
	Words asyncpids() const;

	// here.cpp
	Fd hereopen(const Cmdtree&);
	std::string substitute(std::string_view body);

	// io.cpp
	Fd redirfile(const Cmdtree&);
	void pushredir(Redirection r) { redirs.push_back(r); }
	void popredir();
	void closepipefds(size_t keep);
	void doredirs();
	void saveopen(int fd, size_t from);
	int mapfd(int fd) const;

	// simple.cpp
	void simple(const Cmdtree&, Tail);
	static std::span<const Builtin> builtins();
	static const Builtin* builtin(std::string_view name);
	void call(const Ref<Func>&, Words args, Tail);
	[[noreturn]] void execute(const Words& argv);
	void toexec(const Words& argv, const std::function<void(const std::string&)>& tryfile);
	int forkprogram(const Words& argv);
	void external(const Words& argv, Tail);
	void dispatch(Words argv, Tail);
	Words search(std::string_view name, std::string_view var);
	void bcd(Words, Tail);
	void bdot(Words, Tail);
	void beval(Words, Tail);
	void bexec(Words, Tail);
	void bexit(Words, Tail);
	void bfinit(Words, Tail);
	void bflag(Words, Tail);
	void brfork(Words, Tail);
	void bshift(Words, Tail);
	void bwait(Words, Tail);
	void bwhatis(Words, Tail);
	void whatis(const std::string& name, int out);
	std::optional<Fd> dotopen(std::string& name);

	// trap.cpp
	bool onnote(const std::string& note);
	void dotrap(size_t sort);
	void calltrap(const Ref<Func>&);
	std::optional<std::string> waitfor(int pid, Until);
	void waitstatus(int pid);
	void reap(const Waitmsg&);
	void bechild();
	void childmain(const std::function<void(Shell&)>& fn);
	[[noreturn]] void exitnow();
	[[noreturn]] void fail(std::string_view why, std::string_view status = "error");
	[[noreturn]] void abandon();
	void report(const Error&);
	std::string where() const;

	friend class Filesource;
};

// The names that pattern word stands for, sorted; the word itself when there is none.
void glob(const std::string& word, Words& out);
}
