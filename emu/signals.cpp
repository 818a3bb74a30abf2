// A thread waits for signals, so nothing of ours runs inside a handler but what a
// fault needs.

#include "emu/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "emu/term.h"
#include "port/boot.h"
#include "port/console.h"
#include "port/sched.h"

namespace p9 {

namespace {

constexpr int Handled[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGWINCH, SIGTSTP};
constexpr int Faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr size_t Faultbytes = 64 << 10;
constexpr std::chrono::milliseconds Once{200};	// two ends within it are one

sigset_t
handledset()
{
	sigset_t s;
	sigemptyset(&s);
	for(int n : Handled)
		sigaddset(&s, n);
	return s;
}

[[noreturn]] void
endnow(int sig)
{
	termrestore();
	_exit(128 + sig);
}

void
stop()
{
	termrestore();
	raise(SIGSTOP);
	termcontinue();
}

// Whoever sends the end often sends it twice, to the process and to its group (timeout,
// a shell, a terminal that goes): what comes at once is the same one.
void
endsignal(int sig)
{
	using Clock = std::chrono::steady_clock;
	static Clock::time_point first = Clock::now() - Once;	// one thread comes here
	Clock::time_point now = Clock::now();
	if(ending() && now - first >= Once)
		endnow(sig);
	if(!ending())
		first = now;
	endmachine(sig == SIGTERM ? "SIGTERM" : "SIGHUP");
}

void
handle(int sig)
{
	switch(sig) {
	case SIGINT:
		if(!terminterrupt())
			noteforeground("interrupt");
		break;
	case SIGTERM:
	case SIGHUP:
		endsignal(sig);
		break;
	case SIGQUIT:
		endnow(sig);
	case SIGUSR1:
		oslog(hangreport());
		break;
	case SIGWINCH:
		termresized();
		break;
	case SIGTSTP:
		stop();
		break;
	}
}

// Only what may be done anywhere: the Proc's name was its own to change, and it stands.
void
fault(int sig, siginfo_t* info, void*)
{
	termrestore();
	if(sig != SIGABRT && hasup()) {
		Proc& p = up();
		const Stack& s = p.sched->ctx.stack;
		auto* at = static_cast<std::byte*>(info->si_addr);
		bool guard = at < s.base && at >= s.base - (64 << 10);
		std::string what = guard ? "stack overflow" : "fault";
		oslog("emu: " + what + " in " + p.text + " " + std::to_string(p.pid) +
		      "\n");
	}
	signal(sig, SIG_DFL);
	raise(sig);
}
}

void
signalblock()
{
	sigset_t s = handledset();
	pthread_sigmask(SIG_BLOCK, &s, nullptr);
	signal(SIGPIPE, SIG_IGN);
	static Faultstack s0;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct sigaction a = {};
	a.sa_sigaction = fault;
	a.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	for(int n : Faults)
		sigaction(n, &a, nullptr);
#endif
}

void
signalstart()
{
	std::thread([] {
		sigset_t s = handledset();
		for(;;) {
			int sig = 0;
			if(sigwait(&s, &sig) == 0)
				handle(sig);
		}
	}).detach();
}

Faultstack::Faultstack()
{
	p = mmap(nullptr, Faultbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	stack_t s = {};
	s.ss_sp = p;
	s.ss_size = Faultbytes;
	if(p != MAP_FAILED)
		sigaltstack(&s, nullptr);
}

Faultstack::~Faultstack()
{
	if(p == MAP_FAILED)
		return;
	stack_t s = {};
	s.ss_flags = SS_DISABLE;
	sigaltstack(&s, nullptr);
	munmap(p, Faultbytes);
}
}
