// Timers.  The set is ordered by time and then by age; an entry that is taken out
// to be run is marked, so that its canceller can wait for it.

#include "port/timer.h"

#include <map>

#include "port/os.h"
#include "port/proc.h"

namespace p9 {

namespace {

struct Timers {
	Lock lk;	// guards all below
	std::map<std::pair<int64_t, int64_t>, std::function<void()>> set;
	std::map<int64_t, int64_t> when;	// by id
	int64_t lastid = 0;
	int64_t running = 0;	// id of the one whose fn runs now

	std::atomic<int64_t> first{INT64_MAX};	// ms, for glances without the lock
	std::atomic<bool> isvirtual{false};
	std::atomic<int64_t> virtualms{0};
	int64_t bootns = osnow();
};

Timers&
timers()
{
	static Timers& t = *new Timers;
	return t;
}

void
setfirst(Timers& t)
{
	t.first = t.set.empty() ? INT64_MAX : t.set.begin()->first.first;
}
}

int64_t
ticks()
{
	Timers& t = timers();
	if(t.isvirtual.load(std::memory_order_relaxed))
		return t.virtualms;
	return (osnow() - t.bootns) / 1'000'000;
}

int64_t
todget()
{
	return oswall();
}

int64_t
timerset(int64_t ms, std::function<void()> fn)
{
	Timers& t = timers();
	// Real clocks are cut to milliseconds: one more, so that it is never early.
	int64_t at = ticks() + std::max<int64_t>(ms, 0) + (t.isvirtual ? 0 : 1);
	bool isfirst;
	int64_t id;
	{
		std::scoped_lock l(t.lk);
		id = ++t.lastid;
		t.set.emplace(std::pair{at, id}, std::move(fn));
		t.when.emplace(id, at);
		isfirst = at < t.first;
		setfirst(t);
	}
	if(isfirst && !t.isvirtual)
		loopwake();
	return id;
}

bool
timercancel(int64_t id)
{
	Timers& t = timers();
	std::function<void()> dead;
	for(;;) {
		{
			std::scoped_lock l(t.lk);
			auto it = t.when.find(id);
			if(it != t.when.end()) {
				auto e = t.set.find({it->second, id});
				dead = std::move(e->second);
				t.set.erase(e);
				t.when.erase(it);
				setfirst(t);
				return true;
			}
			if(t.running != id)
				return false;
		}
		osyield();
	}
}

void
timersrun()
{
	Timers& t = timers();
	int64_t now = ticks();
	if(t.first.load(std::memory_order_relaxed) > now)
		return;
	for(;;) {
		std::function<void()> fn;
		{
			std::scoped_lock l(t.lk);
			if(t.running != 0 || t.set.empty() || t.set.begin()->first.first > now)
				return;
			auto it = t.set.begin();
			fn = std::move(it->second);
			t.running = it->first.second;
			t.when.erase(t.running);
			t.set.erase(it);
			setfirst(t);
		}
		fn();
		std::scoped_lock l(t.lk);
		t.running = 0;
	}
}

int64_t
timersnext()
{
	Timers& t = timers();
	int64_t first = t.first;
	if(first == INT64_MAX)
		return -1;
	return std::max<int64_t>(0, t.bootns + first * 1'000'000 - osnow());
}

bool
timersjump()
{
	Timers& t = timers();
	int64_t first = t.first;
	if(first == INT64_MAX)
		return false;
	t.virtualms = std::max(t.virtualms.load(), first);
	return true;
}

void
timersreset(bool isvirtual)
{
	Timers& t = timers();
	std::scoped_lock l(t.lk);
	t.set.clear();
	t.when.clear();
	t.isvirtual = isvirtual;
	t.virtualms = 0;
	setfirst(t);
}

Alarm::Alarm(int64_t ms) : p(up()), when(ticks() + std::max<int64_t>(ms, 0))
{
	id = timerset(ms, [who = &p] { who->ready(); });
}

Alarm::~Alarm()
{
	timercancel(id);
}
}
