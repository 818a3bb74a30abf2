// The table of Procs, their notes, and what they say they wait for.

#include "port/proc.h"

#include <algorithm>
#include <unordered_map>

#include "lib9/error.h"
#include "lib9/plan9.h"
#include "lib9/utf.h"
#include "port/boot.h"
#include "port/chan.h"
#include "port/dev.h"
#include "port/pgrp.h"
#include "port/sched.h"

namespace p9 {

namespace {

constexpr size_t Maxnotes = 32;	// pending for one Proc
constexpr size_t Redzone = 24 << 10;	// of a stack, for the kernel below a program
constexpr size_t Maxprocs = 30000;	// guard pages count against the host's limit on maps

struct Table {
	Lock lk;	// guards all below
	std::unordered_map<int, Ref<Proc>> procs;
	int lastpid = 0;
};

Table&
table()
{
	static Table& t = *new Table;
	return t;
}
}

Proc::Proc(int id, Sched* s) : pid(id), sched(s) {}

Proc::~Proc()
{
	delete sched;
}

Proc&
newproc(std::string_view text, std::function<void()> fn, size_t stack)
{
	Table& t = table();
	int id;
	{
		std::scoped_lock l(t.lk);
		if(t.procs.size() >= Maxprocs)
			error(Enoprocs);
		while(t.procs.contains(++t.lastpid))
			;
		id = t.lastpid;
	}
	// The reference is the running stack's (sched.cpp, Dead).
	auto p = Ref<Proc>::adopt(new Proc(id, new Proc::Sched));
	procstart(*p, std::move(fn), stack);
	p->text = text;
	p->noteid = id;
	return *p.release();
}

// Not before the caller of newproc has filled it: others look at what is in the table.
void
listproc(Proc& p)
{
	Table& t = table();
	std::scoped_lock l(t.lk);
	t.procs.emplace(p.pid, Ref<Proc>(p));
}

Proc&
kproc(std::string_view text, std::function<void()> fn)
{
	Proc& p = newproc(text, std::move(fn));
	p.kernel = true;
	p.nowait = true;
	p.user = eve();
	if(hasup()) {
		p.pgrp = up().pgrp;
		p.slash = up().slash;
		p.dot = up().dot;
		p.egrp = up().egrp;
	}
	start(p);
	return p;
}

std::vector<Ref<Proc>>
procs()
{
	Table& t = table();
	std::vector<Ref<Proc>> all;
	{
		std::scoped_lock l(t.lk);
		all.reserve(t.procs.size());
		for(auto& [pid, p] : t.procs)
			all.push_back(p);
	}
	std::ranges::sort(all, {}, [](const Ref<Proc>& p) { return p->pid; });
	return all;
}

Ref<Proc>
procbypid(int pid)
{
	Table& t = table();
	std::scoped_lock l(t.lk);
	auto it = t.procs.find(pid);
	return it == t.procs.end() ? Ref<Proc>() : it->second;
}

// The record for the parent, or nothing when none is wanted.  Its text is cut as wait(2)
// says: a parent may exit with its child's, and so on without end.
static std::optional<Waitrec>
lastwords(Proc& p, std::string_view status)
{
	if(!p.parent || p.nowait)
		return {};
	Waitrec rec;
	rec.pid = p.pid;
	rec.time[2] = static_cast<unsigned long>(ticks() - p.sched->born);
	if(!status.empty())
		rec.msg = utfcut(p.text + " " + std::to_string(p.pid) + ": " + std::string(status),
			ERRMAX - 1);
	return rec;
}

static void
tellparent(Proc& parent, Waitrec rec)
{
	std::scoped_lock l(parent.lk);
	parent.nchild--;
	if(parent.dead)
		return;
	parent.waitq.push_back(std::move(rec));
	parent.ready();
}

void
pexit(std::string_view status)
{
	Proc& p = up();
	p.notify = nullptr;
	// A note that comes now must not interrupt what closes.
	{
		std::scoped_lock l(p.lk);
		p.dead = true;
		p.notes.clear();
		p.waitq.clear();
	}
	p.takenote();
	if(p.alarmid)
		timercancel(p.alarmid);
	if(Ref<Fgrp> f = p.poke(&Proc::fgrp, {}))
		if(f->ref == 1)
			f->closeall();
	if(Ref<Pgrp> g = p.poke(&Proc::pgrp, {}))
		if(g->ref == 1)
			g->unmountall();
	p.egrp = {};
	p.rgrp = {};
	if(Ref<Chan> c = p.poke(&Proc::dot, {}))
		close(std::move(c));
	if(Ref<Chan> c = p.poke(&Proc::slash, {}))
		close(std::move(c));
	std::optional<Waitrec> rec = lastwords(p, status);
	Ref<Proc> parent;
	{
		std::scoped_lock l(p.lk);
		parent = std::move(p.parent);
	}
	Table& t = table();
	Ref<Proc> mine;
	{
		// Whoever has waited for it does not find it any more, and the machine does not
		// end before the parent was told.
		std::scoped_lock l(t.lk);
		auto it = t.procs.find(p.pid);
		mine = std::move(it->second);
		t.procs.erase(it);
		if(rec)
			tellparent(*parent, *std::move(rec));
	}
	procgone();
}

bool
Proc::post(std::string_view note)
{
	{
		std::scoped_lock l(lk);
		if(dead || notes.size() >= Maxnotes)
			return false;
		notes.emplace_back(note.substr(0, MAXNOTE - 1));
		undelivered = true;
		notepending = true;
	}
	ready();
	return true;
}

std::optional<std::string>
Proc::nextnote()
{
	std::scoped_lock l(lk);
	if(notes.empty())
		return {};
	std::string n = std::move(notes.front());
	notes.erase(notes.begin());
	undelivered = !notes.empty();
	if(notes.empty())
		notepending = false;
	return n;
}

std::string
Proc::waittext()
{
	const char* what = sched->what.load(std::memory_order_relaxed);
	if(!what)
		return {};
	// One looks at a time.  ~Waitfor sees looked, or we see what it left behind.
	std::scoped_lock l(lk);
	std::string s = what;
	looked = waitfor.load();
	if(Waitfor* w = waitfor; w && w == looked)
		s = w->text();
	looked = nullptr;
	return s;
}

const char*
Proc::statename()
{
	switch(sched->state) {
	case Parked:
		return "Wakeme";
	case Queued:
		return "Ready";
	}
	return "Running";
}

void
Waitfor::push()
{
	Proc& p = up();
	outer = p.waitfor.load(std::memory_order_relaxed);
	p.waitfor.store(this, std::memory_order_release);
}

Waitfor::~Waitfor()
{
	Proc& p = up();
	p.waitfor.exchange(outer);
	while(p.looked == this) [[unlikely]]
		yield();
}

void
stackcheck()
{
	if(up().stackleft() < Redzone)
		error(Estack);
}

void
tsleep(int64_t ms)
{
	Alarm a(ms);
	while(!a.over()) {
		if(up().takenote())
			error(Eintr);
		up().block("sleep");
	}
}

std::string
hangreport()
{
	std::string s;
	for(const Ref<Proc>& p : procs()) {
		std::string what = p->waittext();
		std::string text;
		{
			std::scoped_lock l(p->lk);
			text = p->text;
		}
		s += std::to_string(p->pid) + " " + text + " " + p->statename();
		if(!what.empty())
			s += ": waits for " + what;
		s += '\n';
	}
	return s;
}
}
