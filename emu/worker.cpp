// Host threads, events, clocks: what port/os.h asks for but the stacks and the
// loop.

#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "emu/signals.h"
#include "emu/term.h"
#include "port/os.h"

namespace p9 {

namespace {
std::mutex threadlk;
std::vector<std::thread> threads;	// guarded by threadlk

int64_t
clocknow(clockid_t id)
{
	timespec t;
	clock_gettime(id, &t);
	return int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

cpu_set_t
allowed()
{
	cpu_set_t s;
	CPU_ZERO(&s);
	if(sched_getaffinity(0, sizeof s, &s) != 0)
		CPU_SET(0, &s);
	return s;
}
}

struct Event::Impl {
	std::mutex lk;
	std::condition_variable cv;
	bool set = false;
};

Event::Event() : impl(std::make_unique<Impl>()) {}
Event::~Event() = default;

void
Event::post()
{
	std::scoped_lock l(impl->lk);
	impl->set = true;
	impl->cv.notify_one();
}

bool
Event::wait(int64_t ns)
{
	std::unique_lock l(impl->lk);
	auto isset = [this] { return impl->set; };
	if(ns < 0)
		impl->cv.wait(l, isset);
	else if(!impl->cv.wait_for(l, std::chrono::nanoseconds(ns), isset))
		return false;
	impl->set = false;
	return true;
}

void
osthread(const char* name, std::function<void()> fn)
{
	std::scoped_lock l(threadlk);
	threads.emplace_back([fn = std::move(fn)] {
		Faultstack s;
		fn();
	});
	pthread_setname_np(threads.back().native_handle(), name);
}

void
osjoinall()
{
	for(;;) {
		std::vector<std::thread> now;
		{
			std::scoped_lock l(threadlk);
			now.swap(threads);
		}
		if(now.empty())
			return;
		for(std::thread& t : now)
			t.join();
	}
}

void
osyield()
{
	sched_yield();
}

int
oscpus()
{
	cpu_set_t s = allowed();
	return std::max(1, CPU_COUNT(&s));
}

void
ospin(int i)
{
	cpu_set_t s = allowed();
	i %= std::max(1, CPU_COUNT(&s));
	for(int c = 0; c < CPU_SETSIZE; c++)
		if(CPU_ISSET(c, &s) && i-- == 0) {
			cpu_set_t one;
			CPU_ZERO(&one);
			CPU_SET(c, &one);
			pthread_setaffinity_np(pthread_self(), sizeof one, &one);
			return;
		}
}

int64_t
osnow()
{
	return clocknow(CLOCK_MONOTONIC);
}

int64_t
oswall()
{
	return clocknow(CLOCK_REALTIME);
}

int64_t
oscputime()
{
	return clocknow(CLOCK_PROCESS_CPUTIME_ID);
}

void
osrandom(void* p, size_t n)
{
	auto* b = static_cast<unsigned char*>(p);
	while(n > 0) {
		ssize_t m = getrandom(b, n, 0);
		if(m < 0) {
			if(errno == EINTR)
				continue;
			ospanic("getrandom failed");
		}
		b += m;
		n -= size_t(m);
	}
}

void
oslog(std::string_view text)
{
	if(termprint(text))
		return;
	while(!text.empty()) {
		ssize_t n = ::write(2, text.data(), text.size());
		if(n <= 0 && errno != EINTR)
			return;
		if(n > 0)
			text.remove_prefix(size_t(n));
	}
}

void
ospanic(std::string_view text)
{
	oslog("emu: panic: ");
	oslog(text);
	oslog("\n");
	abort();
}
}
