// The host threads that run Procs, and the monitor that watches them.  See sched.h.

#include "port/sched.h"

#include "port/timer.h"

namespace p9 {

namespace {

constexpr int64_t Tick = 100'000;	// ns: how long a host call may keep a queue waiting
constexpr int64_t Hog = 10'000'000;	// ns: how long one Proc may run without a switch

// Half of another worker's queue, never its next slot.
Proc*
steal(Scheduler& s, Worker& w)
{
	for(size_t i = 0; i < s.nworkers; i++) {
		Worker& v = *s.workers[i].load();
		if(&v == &w || v.nready.load(std::memory_order_relaxed) == 0)
			continue;
		Runq got;
		{
			std::scoped_lock l(v.lk);
			for(size_t n = (v.ready.n + 1) / 2; n > 0; n--)
				got.put(*v.ready.get());
			v.nready = v.ready.n;
		}
		Proc* p = got.get();
		if(got.n > 0) {
			std::scoped_lock l(w.lk);
			w.ready.putall(got);
			w.nready = w.ready.n;
		}
		if(p)
			return p;
	}
	return nullptr;
}

// Why a worker parks.
enum class Why { Excess, Loopheld };

// Waits as one of the parked until somebody wakes it.  Whether there are too many awake is
// asked again under the lock: two may have seen it, and the one that stays must run the
// loop.
void
parkworker(Scheduler& s, Worker& w, Why why)
{
	{
		std::scoped_lock l(s.lk);
		if(s.stopping || (s.ready.n > 0 && s.awake <= s.want))
			return;
		if(s.awake <= (why == Why::Excess ? s.want : 1))
			return;
		s.parked.push_back(&w);
		s.nparked = s.parked.size();
		s.awake--;
	}
	w.wake.wait();
}

void
idle(Scheduler& s, Worker& w)
{
	timersrun();
	if(w.hasready() || s.nready > 0)
		return;
	if(s.awake > s.want)
		return parkworker(s, w, Why::Excess);
	if(!loophold())
		return parkworker(s, w, Why::Loopheld);
	// Whoever makes a Proc ready elsewhere sees inloop, or we see what it put.
	s.inloop = true;
	bool work = s.nready > 0 || s.stopping;
	looprun(work ? 0 : timersnext());
	s.polled = osnow();
	s.inloop = false;
	looprelease();
	timersrun();
}

void
workerloop(Worker& w)
{
	Scheduler& s = sched();
	beworker(&w);
	ctxthread(w.home);
	if(s.pinned)
		ospin(w.index);
	while(!s.stopping) {
		if(s.awake > s.want) {
			giveaway(s, w);
			parkworker(s, w, Why::Excess);
			continue;
		}
		Proc* p = pick(w);
		if(!p)
			p = steal(s, w);
		if(!p) {
			idle(s, w);
			continue;
		}
		w.running = true;
		wakemonitor(s);
		run(w, w.home, p);
		w.running = false;
		w.cur = nullptr;
	}
	beworker(nullptr);
}

Worker*
newworker(Scheduler& s)
{
	size_t i = s.nworkers;
	if(i == Maxworkers)
		return nullptr;
	s.store.push_back(std::make_unique<Worker>());
	Worker* w = s.store.back().get();
	w->index = int(i);
	s.workers[i] = w;
	s.nworkers = i + 1;
	s.awake++;
	osthread("worker", [w] { workerloop(*w); });
	return w;
}

// Moves what is ready at w, which is stuck, to the global queue and lets another worker
// take its place.
void
detach(Scheduler& s, Worker& w)
{
	giveaway(s, w);
	if(!w.detached.exchange(true))
		s.awake--;
	if(s.nparked > 0 || s.inloop)
		wakeone(s);
	else if(s.awake < s.want)
		newworker(s);
}

// One look at w.  Answers whether anything is going on there.
bool
watch(Scheduler& s, Worker& w, int64_t now, bool& busy)
{
	if(!w.running)
		return w.hasready();
	uint64_t seen = w.progress;
	if(seen != w.seen) {
		w.seen = seen;
		w.since = now;
	}
	int64_t stuck = now - w.since;
	bool waits = w.hasready() || s.nready > 0
		|| (!s.inloop && (loopbusy() || timersnext() == 0));
	if(waits && !w.detached && (w.inhost ? stuck >= Tick : stuck >= Hog))
		detach(s, w);
	else if(w.nready > 0 && (s.nparked > 0 || s.inloop) && s.awake <= s.want)
		wakeone(s);
	busy = busy || (waits && w.inhost);
	return true;
}

void
monitor()
{
	Scheduler& s = sched();
	int quiet = 0;
	while(!s.stopping) {
		int64_t now = osnow();
		bool busy = false, going = false;
		for(size_t i = 0; i < s.nworkers; i++)
			going |= watch(s, *s.workers[i].load(), now, busy);
		if(!s.inloop && (loopbusy() || timersnext() == 0)) {
			s.poll = true;
			if(s.nparked > 0 && going && s.awake <= s.want && loopbusy())
				wakeone(s);
		}
		quiet = going ? 0 : quiet + 1;
		if(quiet < 10) {
			s.monitor.wait(busy ? Tick : 10 * Tick);
			continue;
		}
		s.monasleep = true;
		bool running = false;
		for(size_t i = 0; i < s.nworkers; i++)
			running |= s.workers[i].load()->running || s.workers[i].load()->hasready();
		if(!running && !s.stopping)
			s.monitor.wait();
		s.monasleep = false;
		quiet = 0;
	}
}
}

void
wakemonitor(Scheduler& s)
{
	if(s.monasleep.load() && s.monasleep.exchange(false))
		s.monitor.post();
}

// Ready work lies where a waiting worker can find it: wake one.  The one in the loop
// last, for it must come back to it.
void
wakeone(Scheduler& s)
{
	Worker* w = nullptr;
	{
		std::scoped_lock l(s.lk);
		if(!s.parked.empty()) {
			w = s.parked.back();
			s.parked.pop_back();
			s.nparked = s.parked.size();
			s.awake++;
		}
	}
	if(w)
		w->wake.post();
	else if(s.inloop)
		loopwake();
}

// Moves all that is ready here to the global queue.
void
giveaway(Scheduler& s, Worker& w)
{
	Runq got;
	{
		std::scoped_lock l(w.lk);
		if(Proc* p = w.next.exchange(nullptr))
			got.put(*p);
		got.putall(w.ready);
		w.nready = 0;
	}
	if(got.n == 0)
		return;
	{
		std::scoped_lock l(s.lk);
		s.ready.putall(got);
		s.nready = s.ready.n;
	}
	// The one in the loop counts as awake, but looks at the queue only when it comes back.
	if(s.inloop)
		loopwake();
}

int
schedworkers()
{
	return sched().want;
}

void
schedstart(int nworkers, bool pinned)
{
	Scheduler& s = sched();
	testmode = false;
	s.stopping = false;
	s.want = nworkers;
	s.awake = 0;
	s.nworkers = 0;
	s.store.clear();
	s.pinned = pinned;
	timersreset(false);
	for(int i = 0; i < nworkers; i++)
		newworker(s);
	osthread("monitor", monitor);
}

void
schedstop()
{
	Scheduler& s = sched();
	s.stopping = true;
	s.monitor.post();
	for(size_t i = 0; i < s.nworkers; i++)
		s.workers[i].load()->wake.post();
	loopwake();
	osjoinall();
	s.parked.clear();
	s.nparked = 0;
}

void
schedtest(uint64_t seed, std::function<void(const std::string&)> deadlock)
{
	Scheduler& s = sched();
	testmode = true;
	s.rand.seed(unsigned(seed * 7919 + 1));
	s.held = 0;
	timersreset(true);
	Worker w;
	s.workers[0] = &w;
	s.nworkers = 1;
	beworker(&w);
	ctxthread(w.home);
	while(!procs().empty()) {
		timersrun();
		if(Proc* p = pick(w)) {
			run(w, w.home, p);
			w.cur = nullptr;
			continue;
		}
		if(loopbusy()) {
			if(loophold()) {
				looprun(-1);
				looprelease();
			}
		} else if(!timersjump()) {
			deadlock(hangreport());
			break;
		}
	}
	beworker(nullptr);
	s.nworkers = 0;
	testmode = false;
}
}
