#include "tests/bench/exporter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/bench/command.h"

namespace p9 {

void
benchfails(const std::string& what)
{
	fprintf(stderr, "bench: %s\n", what.c_str());
	std::exit(1);
}

static std::string
firstline(int fd)
{
	std::string s;
	char c;
	while(::read(fd, &c, 1) == 1 && c != '\n')
		s += c;
	return s;
}

Exporter::Exporter(const std::string& address, const std::string& dir, int workers, Cpu cpu)
{
	Command c = emucommand({"-p", std::to_string(workers), "-c",
		"listen1 " + address + " exportfs -r " + dir});
	std::vector<char*> argv;
	for(const std::string& s : c)
		argv.push_back(const_cast<char*>(s.c_str()));
	argv.push_back(nullptr);
	int fd[2];
	if(::pipe(fd) != 0)
		benchfails("no pipe");
	pid = fork();
	if(pid == 0) {
		cpu_set_t first;
		CPU_ZERO(&first);
		CPU_SET(0, &first);
		if(cpu == Cpu::First)
			sched_setaffinity(0, sizeof first, &first);
		dup2(fd[1], 2);
		::close(fd[0]);
		::close(fd[1]);
		execv(argv[0], argv.data());
		_exit(127);
	}
	::close(fd[1]);
	constexpr std::string_view Started = "listen started at ";
	std::string line = firstline(fd[0]);
	::close(fd[0]);
	if(!line.starts_with(Started))
		benchfails("no exporter: " + line);
	at = line.substr(Started.size());
}

Exporter::~Exporter()
{
	::kill(pid, SIGKILL);
	waitpid(pid, nullptr, 0);
}

size_t
Exporter::residentkib() const
{
	return p9::residentkib(pid);
}

size_t
residentkib(pid_t pid)
{
	std::ifstream f("/proc/" + std::to_string(pid) + "/statm");
	size_t all = 0, resident = 0;
	f >> all >> resident;
	return resident * size_t(sysconf(_SC_PAGESIZE)) / 1024;
}

static int
tcpsocket()
{
	int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;
	if(fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
		benchfails("no socket");
	return fd;
}

static int
connected(const sockaddr_in& to)
{
	int fd = tcpsocket();
	if(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
		benchfails("cannot connect");
	return fd;
}

int
rawdial(const std::string& address)
{
	sockaddr_in to{};
	to.sin_family = AF_INET;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(uint16_t(std::stoi(address.substr(address.rfind('!') + 1))));
	return connected(to);
}

std::pair<int, int>
tcppair()
{
	int l = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sockaddr_in at{};
	at.sin_family = AF_INET;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	socklen_t n = sizeof at;
	auto* name = reinterpret_cast<sockaddr*>(&at);
	if(::bind(l, name, n) != 0 || ::listen(l, 1) != 0 || getsockname(l, name, &n) != 0)
		benchfails("cannot listen");
	int a = connected(at);
	int b = ::accept(l, nullptr, nullptr);
	::close(l);
	return {a, b};
}
}
