// The system calls about Procs: fork(2), exec(2), exits(2), wait(2), notify(2),
// rendezvous(2), sleep(2).

#include <algorithm>

#include "lib9/quote.h"
#include "port/cmdtab.h"
#include "port/dev.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/sched.h"
#include "port/sys.h"
#include "port/sysfile.h"
#include "port/syscall.h"

namespace p9 {

namespace {

constexpr size_t Progstack = 1 << 20;
constexpr int Maxinterp = 4;	// #! lines that name #! files

// NS-50: the flags that contradict each other.
void
checkflags(int flags)
{
	constexpr int pairs[] = {RFFDG | RFCFDG, RFNAMEG | RFCNAMEG, RFENVG | RFCENVG};
	for(int pair : pairs)
		if((flags & pair) == pair)
			error(Ebadarg);
	if(!(flags & RFPROC) && flags & (RFMEM | RFNOWAIT))
		error(Ebadarg);
}

Ref<Pgrp>
newpgrp(const Ref<Pgrp>& from, int flags)
{
	Ref<Pgrp> g = from;
	if(flags & RFNAMEG)
		g = g->copy();
	if(flags & RFCNAMEG)
		g = g->cleared();
	if(flags & RFNOMNT)
		g->devkeep(U"|decp");
	return g;
}

Ref<Fgrp>
newfgrp(const Ref<Fgrp>& from, int flags)
{
	if(flags & RFCFDG)
		return mk<Fgrp>();
	return flags & RFFDG ? from->copy() : from;
}

Ref<Egrp>
newegrp(const Ref<Egrp>& from, int flags)
{
	if(flags & RFCENVG)
		return mk<Egrp>();
	return flags & RFENVG ? from->copy() : from;
}

// The child's groups, and whose child it is.
void
inherit(Proc& p, Proc& from, int flags)
{
	p.pgrp = newpgrp(from.pgrp, flags);
	p.fgrp = newfgrp(from.fgrp, flags);
	p.egrp = newegrp(from.egrp, flags);
	p.rgrp = flags & RFREND ? mk<Rgrp>() : from.rgrp;
	p.slash = from.slash;
	p.dot = from.dot;
	p.user = from.user;
	p.args = from.args;
	p.notify = from.notify;
	p.server = from.server;
	p.nowait = flags & RFNOWAIT;
	p.noteid = flags & RFNOTEG ? p.pid : from.noteid;
	if(p.nowait)
		return;
	p.parent = Ref<Proc>(from);
	std::scoped_lock l(from.lk);
	from.nchild++;
}

// What a file of /bin says that it is: the words of its first line after #!.
std::vector<std::string>
interpline(std::string_view name)
{
	Ref<Chan> c = nameopen(name, OEXEC);
	std::array<std::byte, 512> buf;
	size_t n = chanread(*c, buf, 0);
	close(std::move(c));
	std::string_view s(reinterpret_cast<const char*>(buf.data()), n);
	if(!s.starts_with("#!"))
		error(Ebadexec, name);
	s.remove_prefix(2);
	size_t end = s.find('\n');
	if(end == s.npos)
		error(Ebadexec, name);
	std::vector<std::string> w = tokenize(s.substr(0, end));
	if(w.empty())
		error(Ebadexec, name);
	return w;
}

const Program*
findprogram(std::string_view name)
{
	for(const Program& p : cmdtab())
		if(p.name == name)
			return &p;
	return nullptr;
}

void
setprog(std::string_view text, const Argv& argv)
{
	Proc& p = up();
	std::scoped_lock l(p.lk);
	p.text = text;
	p.args = argv;
	p.setargs = false;
}

std::string_view
lastelem(std::string_view name)
{
	size_t i = name.rfind('/');
	return i == name.npos ? name : name.substr(i + 1);
}
}

std::function<void()>
resolveexec(std::string_view name, Argv argv)
{
	std::string file(name);
	for(int depth = 0; depth < Maxinterp; depth++) {
		std::vector<std::string> w = interpline(file);
		if(w[0] == "emu" && w.size() > 1) {
			const Program* prog = findprogram(w[1]);
			if(!prog)
				error(Ebadexec, name);
			if(argv.empty())
				argv.emplace_back(lastelem(prog->name));
			return [prog, argv = std::move(argv)] {
				setprog(lastelem(prog->name), argv);
				prog->fn(argv);
			};
		}
		Argv next(w.begin(), w.end());
		next.push_back(file);
		if(!argv.empty())
			next.insert(next.end(), argv.begin() + 1, argv.end());
		argv = std::move(next);
		file = argv[0];
	}
	error(Ebadexec, name);
}

void
exec(std::string_view name, Argv argv)
{
	Unwind u;
	u.then = syscall([&] {
		auto fn = resolveexec(name, std::move(argv));
		up().fgrp->closeexec();
		return fn;
	});
	up().notify = nullptr;
	up().completer = nullptr;
	throw u;
}

void
exits(std::string_view status)
{
	up().exiting = true;
	throw Unwind{std::string(status), {}};
}

void
rfork(int flags)
{
	syscall([&] {
		if(flags & RFPROC)
			error(Ebadarg);
		checkflags(flags);
		Proc& p = up();
		if(flags & RFNOMNT && !(flags & (RFNAMEG | RFCNAMEG)))
			p.pgrp->devkeep(U"|decp");
		if(flags & (RFNAMEG | RFCNAMEG))
			p.poke(&Proc::pgrp, newpgrp(p.pgrp, flags));
		if(flags & (RFFDG | RFCFDG)) {
			Ref<Fgrp> old = p.poke(&Proc::fgrp, newfgrp(p.fgrp, flags));
			if(old->ref == 1)
				old->closeall();
		}
		if(flags & (RFENVG | RFCENVG))
			p.egrp = newegrp(p.egrp, flags);
		if(flags & RFREND)
			p.rgrp = mk<Rgrp>();
		if(flags & RFNOTEG) {
			std::scoped_lock l(p.lk);
			p.noteid = p.pid;
		}
	});
}

int
rfork(int flags, std::function<void()> fn)
{
	return syscall([&] {
		checkflags(flags | RFPROC);
		Proc& me = up();
		Proc& p = newproc(me.text, std::move(fn), Progstack);
		inherit(p, me, flags | RFPROC);
		int pid = p.pid;
		start(p);
		return pid;
	});
}

int
spawnserver(std::string_view name, std::vector<int> fds, std::function<void()> fn)
{
	return syscall([&] {
		Proc& me = up();
		Ref<Fgrp> f = me.fgrp->copy();
		for(auto& [fd, c] : f->all())
			if(std::ranges::find(fds, fd) == fds.end())
				close(f->take(fd));
		Proc& p = newproc(name, std::move(fn), Progstack);
		inherit(p, me, RFPROC | RFNAMEG | RFNOTEG | RFNOWAIT);
		p.fgrp = std::move(f);
		p.server = true;
		p.notify = nullptr;
		int pid = p.pid;
		start(p);
		return pid;
	});
}

Waitmsg
wait()
{
	return syscall([] {
		Proc& p = up();
		std::unique_lock l(p.lk);
		while(p.waitq.empty()) {
			if(p.nchild == 0)
				error(Enochild);
			if(p.takenote())
				error(Eintr);
			l.unlock();
			p.block("await");
			l.lock();
		}
		Waitrec r = std::move(p.waitq.front());
		p.waitq.erase(p.waitq.begin());
		return Waitmsg{r.pid, {r.time[0], r.time[1], r.time[2]}, std::move(r.msg)};
	});
}

int
getpid()
{
	return up().pid;
}

int
getppid()
{
	Proc& p = up();
	std::scoped_lock l(p.lk);
	return p.parent ? p.parent->pid : 0;
}

std::string
getuser()
{
	Proc& p = up();
	std::scoped_lock l(p.lk);
	return p.user;
}

void
procsetname(std::string_view text)
{
	Proc& p = up();
	std::scoped_lock l(p.lk);
	p.text = text;
}

void
completer(Completer fn)
{
	up().completer = fn;
}

void
notify(Notify fn)
{
	up().notify = std::move(fn);
}

void
pollnotes()
{
	if(testmode) [[unlikely]]
		forcedswitch();	// what loops without system calls must let others run
	Proc& p = up();
	if(p.kernel || p.innote)
		return;
	while(p.noted()) {
		std::optional<std::string> n = p.nextnote();
		if(!n)
			return;
		bool handled = false;
		if(p.notify && !n->starts_with("sys: killed")) {
			Notify fn = p.notify;
			p.innote = true;
			handled = fn(*n);
			p.innote = false;
		}
		if(!handled)
			exits(*n);
	}
}

void
postnote(int pid, std::string_view note)
{
	syscall([&] {
		Ref<Proc> p = procbypid(pid);
		if(!p || !p->post(note))
			error(Eprocdied);
	});
}

void
postnotepg(int pid, std::string_view note)
{
	syscall([&] {
		Ref<Proc> leader = procbypid(pid);
		if(!leader)
			error(Eprocdied);
		for(const Ref<Proc>& p : procs())
			if(p->noteid == leader->noteid && p.get() != &up() && !p->kernel)
				p->post(note);
	});
}

struct Rgrp::Waiting {
	void* tag;
	void* val;
	Proc* p;
	bool met = false;
};

void*
rendezvous(void* tag, void* val)
{
	return syscall([&] {
		Rgrp& g = *up().rgrp;
		std::unique_lock l(g.lk);
		auto it = std::ranges::find(g.waiting, tag, [](auto* w) { return w->tag; });
		if(it != g.waiting.end()) {
			Rgrp::Waiting* w = *it;
			g.waiting.erase(it);
			std::swap(w->val, val);
			w->met = true;
			w->p->ready();
			return val;
		}
		Rgrp::Waiting me{tag, val, &up()};
		g.waiting.push_back(&me);
		while(!me.met) {
			if(up().takenote()) {
				std::erase(g.waiting, &me);
				error(Eintr);
			}
			l.unlock();
			up().block("rendezvous");
			l.lock();
		}
		return me.val;
	});
}

void
sleep(int64_t ms)
{
	syscall([&] {
		if(ms <= 0)
			yield();
		else
			tsleep(ms);
	});
}

int64_t
nsec()
{
	return todget();
}

int64_t
alarm(int64_t ms)
{
	return syscall([&] {
		Proc& p = up();
		int64_t left = 0;
		if(p.alarmid && timercancel(p.alarmid))
			left = std::max<int64_t>(p.alarmat - ticks(), 0);
		p.alarmid = 0;
		if(ms > 0) {
			p.alarmat = ticks() + ms;
			p.alarmid = timerset(ms, [who = Ref<Proc>(p)] { who->post("alarm"); });
		}
		return left;
	});
}

std::string
errstr()
{
	return up().errstr;
}

void
werrstr(std::string_view text)
{
	up().errstr = text.substr(0, ERRMAX - 1);
}
}
