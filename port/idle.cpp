#include "port/idle.h"

#include <atomic>
#include <mutex>
#include <string>

#include "lib9/sync.h"
#include "port/proc.h"
#include "port/qlock.h"
#include "port/rendez.h"

namespace p9 {

struct Idle::State {
	const std::string name;
	const int64_t ms;
	const std::function<void()> fn;
	Sync* const of;
	std::atomic<uint64_t> changes{0};
	std::atomic<uint64_t> done{0};	// of changes
	Lock lk;
	Rendez r;
	bool started = false;	// guarded by lk
	bool stopped = false;	// guarded by lk
	QLock running;	// held around fn

	State(std::string_view n, int64_t t, std::function<void()> f, Sync* o)
		: name(n), ms(t), fn(std::move(f)), of(o)
	{
	}
	void loop();
	uint64_t quiet(std::unique_lock<Lock>& l);
	void runfn();
	bool isstopped()
	{
		std::scoped_lock l(lk);
		return stopped;
	}
};

// Waits until ms have passed without a change, or stop(); answers how many there were.
uint64_t
Idle::State::quiet(std::unique_lock<Lock>& l)
{
	for(;;) {
		uint64_t n = changes;
		Alarm a(ms);
		r.sleepon(l, "quiet", [&] { return stopped || a.over(); });
		if(stopped || n == changes)
			return n;
	}
}

void
Idle::State::runfn()
{
	std::scoped_lock q(running);
	if(!isstopped())
		fn();
}

void
Idle::State::loop()
{
	std::unique_lock l(lk);
	for(;;) {
		r.sleepon(l, "a change", [&] { return stopped || changes != done; });
		uint64_t n = quiet(l);
		if(stopped)
			return;
		l.unlock();
		runfn();
		l.lock();
		done = n;
	}
}

Idle::Idle(std::string_view name, int64_t ms, std::function<void()> fn, Sync* of)
	: s(std::make_shared<State>(name, ms, std::move(fn), of))
{
}

Idle::~Idle() = default;

// Only the first change since fn ran finds the Proc asleep.
void
Idle::touch()
{
	if(s->changes.fetch_add(1) != s->done)
		return;
	{
		std::scoped_lock l(s->lk);
		if(s->stopped || s->started) {
			s->r.wakeup();
			return;
		}
		s->started = true;
	}
	auto body = [st = s] { st->loop(); };
	if(s->of)
		s->of->spawn(s->name, body);
	else
		kproc(s->name, body);
}

void
Idle::stop()
{
	{
		std::scoped_lock l(s->lk);
		s->stopped = true;
		s->r.wakeup();
	}
	std::scoped_lock q(s->running);
}
}
