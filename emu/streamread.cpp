#include "emu/streamread.h"

namespace p9 {

static constexpr auto relaxed = std::memory_order_relaxed;

bool
Patience::look()
{
	if(!hopeful.load(relaxed))
		return false;
	int64_t r = rest.load(relaxed);
	if(r > 0)
		rest.store(r - 1, relaxed);
	return r == 0;
}

// What came late because others had the CPU was not found: who sleeps is woken before them.
void
Patience::looked(bool found, int64_t ns)
{
	if(!found || ns >= Soon)
		rest.store(ns / Spared, relaxed);
}

void
Patience::slept(int64_t ns)
{
	hopeful.store(ns < Soon, relaxed);
}

// Lets the Procs that are ready run first; false when they are still busy.
bool
Streamread::undisturbed()
{
	if(!nobodywaits())
		yield();
	return nobodywaits();
}

// May last: whoever becomes ready here meanwhile is run by another worker.
void
Streamread::hostyield()
{
	Oscall o;
	osyield();
}

void
Streamread::sleep(int fd)
{
	int64_t began = osnow();
	waitfd(fd, false);
	patience.slept(osnow() - began);
}
}
