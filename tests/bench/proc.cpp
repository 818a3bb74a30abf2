// Procs: many clients, their memory, copies of large name spaces, the start.

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "lib9/error.h"
#include "port/os.h"
#include "port/proc.h"
#include "port/sys.h"
#include "tests/bench/bench.h"
#include "tests/bench/exporter.h"
#include "tests/bench/mem.h"
#include "tests/memdev.h"

namespace p9 {

namespace {

// Microseconds a call when n Procs call at the same time.
double
clients(int n, int workers)
{
	constexpr int Calls = 200'000;
	double us = 0;
	inmachine(
		[&] {
			postmountsrv(std::make_unique<Memserver>(kernelsync(), 4096), "", "/n", MREPL);
			for(int round = 0; round < 2; round++) {
				int64_t t = osnow();
				for(int i = 0; i < n; i++)
					rfork(RFPROC | RFFDG, [n] {
						Fd fd = open("/n/f", OREAD);
						std::byte b[1];
						for(int k = 0; k < Calls / n; k++)
							pread(fd, b, 0);
						close(std::move(fd));
					});
				for(int i = 0; i < n; i++)
					wait();
				us = double(osnow() - t) / Calls / 1000;
			}
		},
		workers);
	return us;
}

// KiB of each of 10,000 Procs that wait, once each has run work.
double
idlekib(const std::function<void()>& work)
{
	constexpr int N = 10'000;
	double kib = 0;
	inmachine([&] {
		auto [r, w] = pipe();
		// The first round is not counted: the tables' room.
		for(int round = 0; round < 2; round++) {
			size_t before = residentkib(getpid());
			for(int i = 0; i < N; i++)
				rfork(RFPROC, [&work, fd = int(r)] {
					work();
					std::byte b[1];
					read(fd, b);
				});
			sleep(500);
			kib = double(residentkib(getpid()) - before) / N;
			std::byte b[1] = {};
			for(int i = 0; i < N; i++)
				write(w, b);
			for(int i = 0; i < N; i++)
				wait();
		}
	});
	return kib;
}

// Nanoseconds of an rfork(RFNAMEG) with 10,000 mounts, and of the bind after it.
std::pair<double, double>
copymounts()
{
	std::vector<double> copy, first;
	inmachine([&] {
		Memdev& m = memworld();
		m.mkdir("from");
		for(int i = 0; i < 10'000; i++) {
			std::string dir = std::to_string(i);
			m.mkdir(dir);
			p9::bind("/from", "/" + dir, MREPL);
		}
		for(int i = 0; i < 101; i++) {
			int64_t t0 = osnow();
			rfork(RFNAMEG);
			int64_t t1 = osnow();
			p9::bind("/from", "/" + std::to_string(i * 7), MREPL);
			copy.push_back(double(t1 - t0));
			first.push_back(double(osnow() - t1));
		}
	});
	return {median(copy), median(first)};
}
}

Figure
rfork10k()
{
	return {copymounts().first / 1000, 0, 1};
}

Figure
bind10k()
{
	return {copymounts().second / 1000, 0, 20};
}

// A call among 1,000 clients against one among 10; the worse of one and two workers.
Figure
clients1000()
{
	Figure worst;
	for(int workers : {1, 2}) {
		Figure f;
		f.peers = clients(10, workers);
		f.ours = clients(1000, workers);
		f.goal = 2 * f.peers;
		if(worst.goal == 0 || f.ours / f.goal > worst.ours / worst.goal)
			worst = f;
	}
	return worst;
}

Figure
procmemory()
{
	return {idlekib([] {}), 0, 6};
}

Figure
procmemoryused()
{
	double kib = idlekib([] {
		std::array<std::byte, 1024> b;
		Fd fd = open("#c/zero", OREAD);
		for(size_t n = 0; n < 1 << 20;)
			n += read(fd, b);
		close(std::move(fd));
		try {
			open("/nothing/there", OREAD);
		} catch(const Error&) {
			// The exception's way through the stack is what it is about.
		}
	});
	return {kib, 0, 12};
}

// From the start of the process to the first command of a script.
Figure
startup()
{
	const char* emu = std::getenv("EMU");
	if(!emu)
		emu = "build/bin/emu";
	std::vector<double> ms;
	for(int i = 0; i < 21; i++) {
		int fd[2];
		if(::pipe(fd) != 0)
			break;
		int64_t t = osnow();
		pid_t pid = fork();
		if(pid == 0) {
			dup2(fd[1], 1);
			::close(fd[0]);
			execl(emu, emu, "-c", "echo ready; echo done", nullptr);
			_exit(127);
		}
		::close(fd[1]);
		char c;
		if(::read(fd[0], &c, 1) == 1)
			ms.push_back(double(osnow() - t) / 1e6);
		while(::read(fd[0], &c, 1) > 0)
			;
		::close(fd[0]);
		waitpid(pid, nullptr, 0);
	}
	return {median(ms), 0, 5};
}
}
