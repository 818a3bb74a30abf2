// Walks command trees.

#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

Shell::Frame::Frame(Shell& s)
	: sh(s), base(s.redirbase), nlocal(s.vars.nlocal()), varbase(s.vars.scope()),
	  nredir(s.redirs.size()), npipefd(std::exchange(s.npipefd, 0)), file(s.file),
	  line(s.line), eflag(s.eflag)
{
	sh.redirbase = nredir;
}

// Errors and exits come this way too: nothing here may sleep.
Shell::Frame::~Frame()
{
	while(sh.redirs.size() > nredir) {
		Redirection r = sh.redirs.back();
		sh.redirs.pop_back();
		if(r.kind == Redirection::Open)
			Fd(r.from).isopen();	// and away
	}
	sh.vars.setscope(varbase);
	while(sh.vars.nlocal() > nlocal)
		sh.vars.pop();
	sh.redirbase = base;
	sh.npipefd = npipefd;
	sh.file = std::move(file);
	sh.line = line;
	sh.eflag = eflag;
}

bool
Shell::truestatus() const
{
	return vars.status().find_first_not_of("0|") == std::string::npos;
}

void
Shell::checkeflag()
{
	if(eflag && !truestatus())
		quit();
}

// Runs what decides about others: -e does not hold in it.
bool
Shell::cond(const Treeref& t)
{
	bool e = std::exchange(eflag, false);
	run(t, No);
	eflag = e;
	return truestatus();
}

void
Shell::runseq(const Cmdtree& t, Tail tail)
{
	// Behind an if whose command ran, each `if not' does nothing.
	auto islast = [&](size_t i) {
		const Cmdtree& c = *t.kid[i];
		if(i + 1 == t.kid.size())
			return true;
		bool isif = c.op == Op::If ||
			(c.op == Op::Ifnot && c.kid[0] && c.kid[0]->op == Op::If);
		for(size_t j = i + 1; j < t.kid.size(); j++)
			isif = isif && t.kid[j]->op == Op::Ifnot;
		return isif;
	};
	for(size_t i = 0; i < t.kid.size(); i++)
		run(t.kid[i], tail == Yes && islast(i) ? Yes : No);
}

void
Shell::runredir(const Cmdtree& t, Tail tail)
{
	if(t.op == Op::Dup)
		pushredir({Redirection::Dup, t.fd0, t.fd1});
	else if(t.op == Op::Close)
		pushredir({Redirection::Close, t.fd0, -1});
	else
		pushredir({Redirection::Open, redirfile(t).release(), t.fd0});
	run(t.kid[1], tail);
	popredir();
}

// x=1 y=2 cmd makes locals, x=1 y=2 alone sets.
void
Shell::runassign(const Cmdtree& t, Tail tail)
{
	size_t n = 0;
	const Cmdtree* last = &t;
	while(last->kid[2] && last->kid[2]->op == Op::Assign)
		last = last->kid[2].get();
	bool islocal = bool(last->kid[2]);
	for(const Cmdtree* a = &t;; a = a->kid[2].get()) {
		Words val = list(a->kid[1]);
		if(islocal) {
			std::string name = one(a->kid[0],
				"local variable name must be singleton");
			vars.push(name, std::move(val));
			n++;
		} else {
			std::string name =
				one(a->kid[0], "= variable name not singleton!");
			vars.set(name, std::move(val));
		}
		if(a == last)
			break;
	}
	if(islocal)
		run(last->kid[2], tail);
	for(; n > 0; n--)
		vars.pop();
}

void
Shell::runif(const Cmdtree& t, Tail tail)
{
	bool yes = cond(t.kid[0]);
	ifnot = true;
	if(!yes)
		return;
	run(t.kid[1], tail);
	ifnot = false;
}

void
Shell::runifnot(const Cmdtree& t, Tail tail)
{
	if(ifnot)
		run(t.kid[0], tail);
}

void
Shell::runfor(const Cmdtree& t)
{
	Words w;
	if(t.kid[1]) {
		w = list(t.kid[1]);
	} else {
		Val star = vars.get("*");
		w = words(star);
	}
	std::string name = one(t.kid[0], "local variable name must be singleton");
	vars.push(name, {});
	for(std::string& s : w) {
		traps();
		vars.set(name, {std::move(s)});
		run(t.kid[2], No);
	}
	vars.pop();
}

void
Shell::runwhile(const Cmdtree& t)
{
	for(;;) {
		traps();
		if(!t.kid[0]->kid[0])
			vars.setstatus("");
		else if(!cond(t.kid[0]))
			return;
		run(t.kid[1], No);
	}
}

bool
Shell::matches(const std::string& s, const Words& pats)
{
	for(const std::string& p : pats)
		if(match(s, p))
			return true;
	return false;
}

void
Shell::runmatch(const Cmdtree& t)
{
	Words pats = patterns(t.kid[1]);
	std::string s = joined(list(t.kid[0]));
	vars.setstatus(matches(s, pats) ? "" : "no match");
	checkeflag();
}

void
Shell::runswitch(const Cmdtree& t)
{
	std::string s = joined(list(t.kid[0]));
	const std::vector<Treeref>& cmds = t.kid[1]->kid[0]->kid;
	size_t i = 0;
	for(;; i++) {
		if(i == cmds.size())
			return;
		if(!iscase(cmds[i]))
			continue;
		Words pats = patterns(cmds[i]);
		pats.erase(pats.begin());
		if(matches(s, pats))
			break;
	}
	for(i++; i < cmds.size() && !iscase(cmds[i]); i++)
		run(cmds[i], No);
}

void
Shell::runfn(const Cmdtree& t)
{
	Words w = names(t.kid[0]);
	Ref<Func> fn;
	if(t.kid[1]) {
		fn = mk<Func>();
		fn->body = t.kid[1];
		fn->text = text(t.kid[1]);
		fn->file = file;
		fn->eflag = eflag;
	}
	for(const std::string& name : w)
		vars.setfunc(name, fn);
}

static std::string
joinstatus(std::string left, const std::string& right)
{
	if(!left.empty())
		left += '|';
	return left + right;
}

// The right side runs here: what it sets stays.
void
Shell::runpipe(const Cmdtree& t)
{
	auto [r, w] = pipe();
	int pid = fork(
		0, [left = t.kid[0], rfd = int(r), wfd = int(w), to = t.fd0](Shell& sh) {
			close(rfd);
			sh.pushredir({Redirection::Open, wfd, to});
			sh.run(left, Yes);
		});
	kids.back().held = true;
	close(std::move(w));
	sleep(0);	// who writes little is done before a reader that does not read
	pushredir({Redirection::Open, r.release(), t.fd1});
	run(t.kid[1], No);
	popredir();
	std::string right = vars.status();
	std::optional<std::string> left = waitfor(pid, Ended);
	vars.setstatus(joinstatus(left.value_or(""), right));
}

void
Shell::runasync(const Cmdtree& t)
{
	int pid = fork(RFNOTEG, [cmd = t.kid[0]](Shell& sh) {
		if(access("/dev/null", AREAD)) {
			int fd = open("/dev/null", OREAD).release();
			sh.pushredir({Redirection::Open, fd, 0});
		}
		sh.run(cmd, Yes);
	});
	kids.back().async = true;
	vars.set("apid", {std::to_string(pid)});
}

void
Shell::runsubshell(const Cmdtree& t)
{
	int pid = fork(0, [cmd = t.kid[0]](Shell& sh) { sh.run(cmd, Yes); });
	waitstatus(pid);
	checkeflag();
}

// Runs what a Frame is for.  An Error of the system is told here, where file and line
// are still those of the command.
void
Shell::runall(const Treeref& t, Tail tail)
{
	try {
		run(t, tail);
	} catch(const Error& e) {
		if(e.is(Eabandon) || e.is(Eintr))
			throw;
		fail(e.text(), e.text());
	}
}

// -r: each step, by the first line of its text.
void
Shell::trace(const Treeref& t)
{
	std::string s = text(t);
	message(where() + " pid " + std::to_string(getpid()) + ' ' +
		s.substr(0, s.find('\n')) + '\n');
}

void
Shell::run(const Treeref& t, Tail tail)
{
	if(!t)
		return;
	if(t->op != Op::Brace)
		line = t->line;
	stackcheck();
	if(flags['r'])
		trace(t);
	switch(t->op) {
	case Op::Simple: return simple(*t, tail);
	case Op::Redir:
	case Op::Dup:
	case Op::Close: return runredir(*t, tail);
	case Op::Assign: return runassign(*t, tail);
	case Op::Async: return runasync(*t);
	case Op::Seq: return runseq(*t, tail);
	case Op::Brace:
	case Op::Pcmd: return run(t->kid[0], tail);
	case Op::And:
		if(cond(t->kid[0]))
			run(t->kid[1], tail);
		return;
	case Op::Or:
		if(!cond(t->kid[0]))
			run(t->kid[1], tail);
		return;
	case Op::Bang:
		vars.setstatus(cond(t->kid[0]) ? "false" : "");
		return;
	case Op::Subshell: return runsubshell(*t);
	case Op::Pipe: return runpipe(*t);
	case Op::If: return runif(*t, tail);
	case Op::Ifnot: return runifnot(*t, tail);
	case Op::For: return runfor(*t);
	case Op::While: return runwhile(*t);
	case Op::Switch: return runswitch(*t);
	case Op::Match: return runmatch(*t);
	case Op::Fn: return runfn(*t);
	default: return;	// words: never commands
	}
}
}
