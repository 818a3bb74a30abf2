// The same 9P call over a Unix socket to a server in another process, against bare
// messages of the same sizes, both processes on one CPU.

#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "emu/oshandle.h"
#include "port/dev.h"
#include "port/os.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/sys.h"
#include "tests/bench/bench.h"
#include "tests/bench/mem.h"

namespace p9 {

namespace {

constexpr int Calls = 20000;
constexpr int Rounds = 5;

// Chans of host descriptors that were there before the machine.
class Hostdev final : public Dev {
	Dir stat(Chan& c) override { return c.as<Hostfile>().stat(); }
	Ref<Chan> attach(std::string_view) override { error(Ebadspec); }
	Walkqid walk(Chan&, Names) override { return {}; }
	Ref<Chan> open(Ref<Chan>, int) override { error(Eperm); }
	size_t read(Chan& c, Buf b, int64_t off) override { return c.as<Hostfile>().read(b, off); }
	size_t write(Chan& c, Bytes b, int64_t off) override
	{
		return c.as<Hostfile>().write(b, off);
	}

public:
	Hostdev() : Dev(U'h', "host") {}

	Fd fd(int hostfd)
	{
		Ref<Chan> c = devattach(*this);
		c->aux = hosthandle(Osfd(hostfd), ORDWR, {}, "");
		c->mode = ORDWR;
		c->flag |= COPEN;
		return Fd(up().fgrp->add(std::move(c)));
	}
};

Hostdev&
hostdev()
{
	static Hostdev dev;
	return dev;
}

// This process on its first CPU while it lasts, as a machine of one worker is.
class Pinned {
	cpu_set_t was;

public:
	Pinned()
	{
		sched_getaffinity(0, sizeof was, &was);
		ospin(0);
	}
	~Pinned() { sched_setaffinity(0, sizeof was, &was); }
};

// What a call sends and gets.
constexpr size_t Asksize = 23;	// Tread
constexpr size_t Replysize = 12;	// Rread of one byte

void
echo(int fd)
{
	std::array<char, 64> b = {};
	while(::read(fd, b.data(), Asksize) > 0)
		if(::write(fd, b.data(), Replysize) < 0)
			break;
	_exit(0);
}

}

double
barepingpong()
{
	int fd[2];
	if(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
		return 0;
	Pinned here;
	pid_t pid = fork();
	if(pid == 0) {
		::close(fd[0]);
		echo(fd[1]);
	}
	::close(fd[1]);
	std::array<char, 64> b = {};
	double ns = percall(Calls / 4, [&] {
		if(::write(fd[0], b.data(), Asksize) < 0 || ::read(fd[0], b.data(), Replysize) <= 0)
			std::abort();
	});
	::close(fd[0]);
	waitpid(pid, nullptr, 0);
	return ns / 1000;
}

namespace {

// Another process: threads of earlier machines may be left in this one.
pid_t
startserver(int mine, int its)
{
	pid_t pid = fork();
	if(pid != 0)
		return pid;
	::close(mine);
	std::string number = std::to_string(its);
	execl("/proc/self/exe", "emu_bench", "--serve", number.c_str(), nullptr);
	_exit(127);
}

double
machineus()
{
	int fd[2];
	if(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) != 0)
		return 0;
	pid_t pid = startserver(fd[0], fd[1]);
	::close(fd[1]);
	double ns = 0;
	inmachine([&] {
		Fd conn = hostdev().fd(fd[0]);
		mount(conn, -1, "/n", MREPL, "");
		Fd f = open("/n/f", OREAD);
		std::byte b[1];
		ns = percall(Calls / 4, [&] { pread(f, b, 0); });
		close(std::move(f));
		unmount("", "/n");
	});
	// What was closed at the machine's very end still waits for the loop.
	if(loophold()) {
		looprun(0);
		looprelease();
	}
	waitpid(pid, nullptr, 0);
	return ns / 1000;
}
}

Figure
rpcunix()
{
	std::vector<double> ours, peers;
	for(int r = 0; r < Rounds; r++) {
		peers.push_back(barepingpong());
		ours.push_back(machineus());
	}
	return {median(ours), median(peers), 1.15 * median(peers)};
}

int
serveunix(int hostfd)
{
	inmachine([&] {
		Fd conn = hostdev().fd(hostfd);
		Memserver(kernelsync(), 4096).serve(*fdtransport(conn, conn));
		close(std::move(conn));
	});
	return 0;
}
}
