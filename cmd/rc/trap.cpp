// Notes, children and how things end.

#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

namespace {

enum { Sigexit, Sighup, Sigint, Sigquit };

struct Sort {
	std::string_view note;	// how its text begins
	std::string_view fn;	// the function that is called for it
};

constexpr std::array<Sort, 8> sorts = {{
	{"exit", "sigexit"},
	{"hangup", "sighup"},
	{"interrupt", "sigint"},
	{"quit", "sigquit"},
	{"alarm", "sigalrm"},
	{"kill", "sigkill"},
	{"sys: fp: ", "sigfpe"},
	{"term", "sigterm"},
}};
}

// The handler: only marks what came.
bool
Shell::onnote(const std::string& note)
{
	for(size_t i = 0; i < sorts.size(); i++)
		if(note.starts_with(sorts[i].note)) {
			if(note == "interrupt" && trap[i] > 0)
				return true;
			trap[i]++;
			ntrap++;
			lastnote = note;
			return true;
		}
	return false;
}

void
Shell::traps()
{
	pollnotes();
	while(ntrap > 0)
		for(size_t i = 0; i < trap.size(); i++)
			if(trap[i] > 0) {
				trap[i]--;
				ntrap--;
				dotrap(i);
			}
}

// A function that is called between commands sees no locals and no redirections.
void
Shell::calltrap(const Ref<Func>& fn)
{
	struct Hidden {
		std::vector<Redirection>& now;
		std::vector<Redirection> then;
		explicit Hidden(std::vector<Redirection>& r) : now(r) { now.swap(then); }
		~Hidden() { now.swap(then); }
	};
	Val star = vars.get("*");
	Hidden h(redirs);
	Frame f(*this);
	vars.hide();
	call(fn, words(star), No);
}

void
Shell::dotrap(size_t sort)
{
	Ref<Func> fn = vars.func(sorts[sort].fn);
	if(fn && !child)
		return calltrap(fn);
	if(truestatus())
		vars.setstatus(lastnote);
	if(!child && (sort == Sigint || sort == Sigquit))
		abandon();
	exitnow();
}

int
Shell::fork(int flag, std::function<void(Shell&)> fn)
{
	message(vars.update());
	auto body = [sub = Shell(*this), fn = std::move(fn)]() mutable {
		sub.childmain(fn);
	};
	int pid = rfork(RFFDG | RFREND | flag, std::move(body));
	kids.push_back({pid, false, false, {}});
	return pid;
}

// What a copy of the Shell is first of all in its new Proc.
void
Shell::bechild()
{
	notify([this](const std::string& note) { return onnote(note); });
	child = true;
	kids.clear();
	ninteractive = 0;
	trap = {};
	ntrap = 0;
}

void
Shell::childmain(const std::function<void(Shell&)>& fn)
{
	bechild();
	try {
		fn(*this);
	} catch(const Error& e) {
		report(e);
	}
	exitnow();
}

// A child has ended.  Its message is kept when somebody will ask for it.
void
Shell::reap(const Waitmsg& m)
{
	for(size_t i = 0; i < kids.size(); i++)
		if(kids[i].pid == m.pid) {
			kids[i].ended = true;
			kids[i].msg = m.msg;
			if(!kids[i].held)
				kids.erase(kids.begin() + ptrdiff_t(i));
			return;
		}
}

// Waits for one child, or for all (-1).  Nothing when it is none of ours, or when until
// is Noted and a note came first.
std::optional<std::string>
Shell::waitfor(int pid, Until until)
{
	for(;;) {
		size_t i = 0;
		while(i < kids.size() && kids[i].pid != pid)
			i++;
		if(pid >= 0 && i == kids.size())
			return {};
		if(pid >= 0)
			kids[i].held = true;
		if(pid >= 0 && kids[i].ended) {
			std::string msg = std::move(kids[i].msg);
			kids.erase(kids.begin() + ptrdiff_t(i));
			return msg;
		}
		try {
			reap(wait());
		} catch(const Error& e) {
			pollnotes();
			if(e.is(Eintr) && until == Ended)
				continue;
			if(!e.is(Eintr))
				kids.clear();
			return {};
		}
	}
}

void
Shell::waitstatus(int pid)
{
	if(std::optional<std::string> msg = waitfor(pid, Ended))
		vars.setstatus(*msg);
}

std::string
Shell::where() const
{
	if(file.empty())
		return "rc";
	return line ? file + ':' + std::to_string(line) : file;
}

void
Shell::fail(std::string_view why, std::string_view status)
{
	vars.setstatus(status);
	message(where() + ": " + std::string(why) + '\n');
	abandon();
}

// Goes back to the interactive loop, or ends.
void
Shell::abandon()
{
	if(ninteractive == 0)
		exitnow();
	error(Eabandon);
}

void
Shell::report(const Error& e)
{
	if(e.is(Eabandon))
		return;
	vars.setstatus(e.text());
	message(where() + ": " + e.text() + '\n');
}

void
Shell::exitnow()
{
	message(vars.update());
	exits(truestatus() ? "" : vars.status());
}

void
Shell::quit()
{
	Ref<Func> fn = vars.func(sorts[Sigexit].fn);
	if(fn && !child && !exiting) {
		exiting = true;
		calltrap(fn);
	}
	exitnow();
}
}
