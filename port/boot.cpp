// The machine's life.  A kproc named boot runs the first program as its child and,
// when that has ended, sees the rest out: what the first left in /srv goes,
// programs get the note hangup, servers see the end of their connections.

#include "port/boot.h"

#include "port/dev.h"
#include "port/pgrp.h"
#include "port/sched.h"

namespace p9 {

namespace {

constexpr size_t Progstack = 1 << 20;
constexpr int64_t Step = 50;	// ms between looks at those that are left

Lock bootlk;	// guards booter
Ref<Proc> booter;
std::atomic<bool> over;
Event* booted;	// posted when boot has ended

Ref<Proc>
getbooter()
{
	std::scoped_lock l(bootlk);
	return booter;
}

void
setbooter(Ref<Proc> p)
{
	std::scoped_lock l(bootlk);
	std::swap(booter, p);
}

void
ownmachine(Proc& p)
{
	p.user = eve();
	p.pgrp = mk<Pgrp>();
	p.fgrp = mk<Fgrp>();
	p.egrp = mk<Egrp>();
	p.rgrp = mk<Rgrp>();
	p.slash = devbyletter(U'/')->attach({});
	p.slash->path = mk<Path>("/");
	p.dot = p.slash;
}

// Runs fn as boot's child and waits for its end, or for endmachine.
std::string
runfirst(std::function<void()> fn)
{
	Proc& me = up();
	Proc& p = newproc("init", std::move(fn), Progstack);
	ownmachine(p);
	p.parent = Ref<Proc>(me);
	me.nchild = 1;
	start(p);
	std::unique_lock l(me.lk);
	while(me.waitq.empty() && !over) {
		l.unlock();
		me.block("the first program");
		l.lock();
	}
	if(me.waitq.empty())
		return "hangup";
	std::string msg = std::move(me.waitq.front().msg);
	// Its own words, without "name pid: ".
	size_t i = msg.find(": ");
	return i == msg.npos ? msg : msg.substr(i + 2);
}

void
hangup()
{
	for(const Ref<Proc>& p : procs())
		if(!p->kernel && !p->server)
			p->post("hangup");
}

// Waits for all others.  Answers who is left when nothing has moved for ms.
std::string
seeout(int64_t ms)
{
	int64_t still = ticks();
	uint64_t seen = nswitches();
	while(procs().size() > 1) {
		Alarm a(Step);
		up().block("the others");
		uint64_t now = nswitches();
		// Our own coming and going is two switches.
		if(now - seen > 3)
			still = ticks();
		seen = now;
		if(ticks() - still >= ms)
			return hangreport();
	}
	return {};
}

void
bootmain(const Bootcfg& cfg, std::function<void()> first, Bootend& end)
{
	Proc& me = up();
	setbooter(Ref<Proc>(me));
	me.user = eve();
	end.status = runfirst(std::move(first));
	over = true;
	for(Dev* d : devtab())
		d->shutdown();
	hangup();
	drainclose();
	end.stuck = seeout(cfg.endms);
}
}

bool
ending()
{
	return over;
}

void
procgone()
{
	Ref<Proc> b = getbooter();
	if(b.get() == &up()) {
		setbooter({});
		booted->post();
	} else if(b && over) {
		b->ready();
	}
}

void
endmachine(const char*)
{
	over = true;
	if(Ref<Proc> p = getbooter())
		p->ready();
}

Bootend
boot(const Bootcfg& cfg, std::function<void()> first)
{
	Bootend end;
	Event done;
	over = false;
	for(Dev* d : devtab())
		d->reset();
	booted = &done;
	auto body = [&] { bootmain(cfg, std::move(first), end); };
	auto deadlock = cfg.deadlock;
	if(!deadlock)
		deadlock = [](const std::string& who) { ospanic("deadlock:\n" + who); };
	testmode = cfg.test;
	if(!cfg.test)
		schedstart(cfg.workers > 0 ? cfg.workers : oscpus(), cfg.pinned);
	Proc& b = newproc("boot", body);
	b.kernel = b.nowait = true;
	start(b);
	if(cfg.test) {
		schedtest(cfg.seed, deadlock);
	} else {
		done.wait();
		schedstop();
	}
	// What was asked of the loop last: descriptors to close.
	if(loophold()) {
		looprun(0);
		looprelease();
	}
	return end;
}
}
