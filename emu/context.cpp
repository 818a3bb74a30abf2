// Switching stacks with Boost's fcontext.  What belongs to the stack and not to
// the thread is carried over by hand: the C++ runtime's exceptions in flight
// (handlers may sleep), and what the sanitizers must know.

#include <cxxabi.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstring>
#include <mutex>
#include <vector>

#include "lib9/error.h"
#include "port/os.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMU_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define EMU_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define EMU_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define EMU_TSAN 1
#endif

#ifdef EMU_ASAN
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#include <sanitizer/asan_interface.h>
#endif
#ifdef EMU_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace p9 {

namespace ctx = boost::context::detail;

namespace {

constexpr size_t Guard = 16384;

struct Jump {
	Context* from;
	Context* to;
};

// __cxa_get_globals is declared const, so a compiler keeps its answer: across a
// switch that would be another thread's.
[[gnu::noinline]] void*
ehglobals()
{
	asm volatile("" ::: "memory");
	return abi::__cxa_get_globals();
}

// What the one who arrives does for the one who left.
void
arrived(ctx::transfer_t t)
{
	Jump j = *static_cast<Jump*>(t.data);
	j.from->sp = t.fctx;
#ifdef EMU_ASAN
	__sanitizer_finish_switch_fiber(j.to->fake, nullptr, nullptr);
#endif
}

void
trampoline(ctx::transfer_t t)
{
	Context* self = static_cast<Jump*>(t.data)->to;
	arrived(t);
	self->fn(self->arg);
	ospanic("a coroutine returned");
}

struct Stackpool {
	std::mutex lk;
	std::vector<std::pair<size_t, std::vector<std::byte*>>> bysize;
};

Stackpool&
stackpool()
{
	static Stackpool& p = *new Stackpool;
	return p;
}
}

Stack
stackalloc(size_t size)
{
	Stackpool& pool = stackpool();
	{
		std::scoped_lock l(pool.lk);
		for(auto& [n, free] : pool.bysize)
			if(n == size && !free.empty()) {
				Stack s{free.back(), size};
				free.pop_back();
				return s;
			}
	}
	void* p = mmap(nullptr, size + Guard, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if(p == MAP_FAILED)
		error(Enomem);
	if(mprotect(p, Guard, PROT_NONE) != 0) {
		munmap(p, size + Guard);
		error(Enomem);
	}
	Stack s{static_cast<std::byte*>(p) + Guard, size};
#ifdef EMU_ASAN
	__lsan_register_root_region(s.base, s.size);
#endif
	return s;
}

void
stackfree(Stack s)
{
	constexpr size_t Keep = 256;
#ifdef EMU_ASAN
	__asan_unpoison_memory_region(s.base, s.size);
#endif
	Stackpool& pool = stackpool();
	{
		std::scoped_lock l(pool.lk);
		auto it = pool.bysize.begin();
		while(it != pool.bysize.end() && it->first != s.size)
			++it;
		if(it == pool.bysize.end())
			it = pool.bysize.insert(it, {s.size, {}});
		if(it->second.size() < Keep) {
			it->second.push_back(s.base);
			return;
		}
	}
#ifdef EMU_ASAN
	__lsan_unregister_root_region(s.base, s.size);
#endif
	munmap(s.base - Guard, s.size + Guard);
}

void
ctxmake(Context& c, void (*fn)(void*), void* arg)
{
	c.fn = fn;
	c.arg = arg;
	c.sp = ctx::make_fcontext(c.stack.base + c.stack.size, c.stack.size, trampoline);
#ifdef EMU_TSAN
	c.fiber = __tsan_create_fiber(0);
#endif
}

void
ctxfree([[maybe_unused]] Context& c)
{
#ifdef EMU_TSAN
	__tsan_destroy_fiber(c.fiber);
#endif
}

void
ctxthread(Context& c)
{
	pthread_attr_t a;
	void* base = nullptr;
	size_t size = 0;
	if(pthread_getattr_np(pthread_self(), &a) == 0) {
		pthread_attr_getstack(&a, &base, &size);
		pthread_attr_destroy(&a);
	}
	c.stack = {static_cast<std::byte*>(base), size};
#ifdef EMU_TSAN
	c.fiber = __tsan_get_current_fiber();
#endif
}

void
ctxswitch(Context& from, Context& to, [[maybe_unused]] bool final)
{
	Jump j{&from, &to};
	void* eh = ehglobals();
	std::memcpy(from.eh, eh, sizeof from.eh);
	std::memcpy(eh, to.eh, sizeof to.eh);
#ifdef EMU_ASAN
	__sanitizer_start_switch_fiber(final ? nullptr : &from.fake, to.stack.base, to.stack.size);
#endif
#ifdef EMU_TSAN
	__tsan_switch_to_fiber(to.fiber, 0);
#endif
	arrived(ctx::jump_fcontext(to.sp, &j));
}
}
