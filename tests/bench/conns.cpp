// Many connections to one exporter: what an idle one takes, and what a call takes when
// they all call at once.  The clients are bare sockets, so that it is the exporter that
// is measured.

#include <sys/epoll.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "lib9/endian.h"
#include "lib9/fcall.h"
#include "port/os.h"
#include "tests/bench/bench.h"
#include "tests/bench/exporter.h"

namespace p9 {

namespace {

constexpr uint32_t Msize = MAXMSIZE;	// as clients ask for
constexpr uint32_t Root = 1, File = 2;

// A 9P connection of a bare socket.
class Conn {
	std::string in;

public:
	int fd = -1;
	size_t answered = 0;

	explicit Conn(const std::string& address) : fd(rawdial(address)) {}
	Conn(Conn&& c) noexcept : in(std::move(c.in)), fd(std::exchange(c.fd, -1)) {}
	~Conn()
	{
		if(fd >= 0)
			::close(fd);
	}

	template<class T> void send(const T& t, uint16_t tag)
	{
		std::byte b[512];
		size_t n = packM(t, tag, b);
		if(::write(fd, b, n) != ssize_t(n))
			benchfails("a connection is gone");
	}
	// Reads once and answers the messages that came; a failed call ends the benchmarks.
	size_t take()
	{
		char b[4096];
		ssize_t n = ::read(fd, b, sizeof b);
		if(n <= 0)
			benchfails("a connection is gone");
		in.append(b, size_t(n));
		size_t got = 0;
		for(;;) {
			Bytes m = std::as_bytes(std::span(in));
			if(m.size() < MSGHDR || m.size() < msgsize(m))
				return got;
			if(msgtype(m) == Rerror::type)
				benchfails("a call failed: " + fmt9p(m.first(msgsize(m))));
			in.erase(0, msgsize(m));
			got++;
		}
	}
	template<class T> void call(const T& t, uint16_t tag = 0)
	{
		send(t, tag);
		while(take() == 0)
			;
	}
	void attach()
	{
		call(Tversion{.msize = Msize, .version = VERSION9P}, NOTAG);
		call(Tattach{.fid = Root, .afid = NOFID, .uname = "bench", .aname = ""});
	}
	void openzero()
	{
		Twalk w;
		w.fid = Root;
		w.newfid = File;
		w.wname.add("zero");
		call(w);
		call(Topen{.fid = File, .mode = OREAD});
	}
	void ask(uint16_t tag) { send(Tread{.fid = File, .offset = 0, .count = 1}, tag); }
};

struct Load {
	double us = 0;	// a call
	double mib = 0;	// of the exporter, at the end
};

// So many connections with so many calls outstanding on each, all the time.
Load
load(size_t nconn, size_t deep)
{
	constexpr size_t Calls = 300'000;
	Exporter x("tcp!127.0.0.1!0", "/dev", 2);
	std::vector<Conn> conns;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	for(size_t i = 0; i < nconn; i++) {
		conns.emplace_back(x.address());
		conns.back().attach();
		conns.back().openzero();
		epoll_event e{.events = EPOLLIN, .data = {.u64 = i}};
		epoll_ctl(ep, EPOLL_CTL_ADD, conns.back().fd, &e);
	}
	std::vector<epoll_event> ready(nconn);
	Load l;
	// The first tenth is not counted.
	int64_t t = 0;
	size_t asked = nconn * deep, answered = 0;
	for(Conn& c : conns)
		for(size_t i = 0; i < deep; i++)
			c.ask(uint16_t(i));
	while(answered < asked) {
		int n = epoll_wait(ep, ready.data(), int(ready.size()), -1);
		for(int i = 0; i < n; i++) {
			Conn& c = conns[ready[size_t(i)].data.u64];
			size_t got = c.take();
			answered += got;
			if(t == 0 && answered > Calls / 10)
				t = osnow();
			for(; got > 0 && asked < Calls; got--, asked++)
				c.ask(uint16_t(asked % 60000));
		}
	}
	l.us = double(osnow() - t) / 1000 / (Calls * 9 / 10);
	l.mib = double(x.residentkib()) / 1024;
	::close(ep);
	return l;
}
}

// Of 500 that have attached and say no more.
Figure
netidle()
{
	constexpr size_t N = 500;
	Exporter x("tcp!127.0.0.1!0", "/dev", 2);
	std::vector<Conn> conns;
	// The first are not counted: the tables' room.
	for(size_t i = 0; i < N / 10; i++) {
		conns.emplace_back(x.address());
		conns.back().attach();
	}
	size_t before = x.residentkib();
	for(size_t i = 0; i < N; i++) {
		conns.emplace_back(x.address());
		conns.back().attach();
	}
	return {double(x.residentkib() - before) / N, 0, 64};
}

// More than 200 MB count as a failure.
Figure
clientsconn()
{
	Load few = load(10, 10), many = load(1000, 10);
	if(many.mib > 200)
		benchfails("1,000 connections take " + std::to_string(many.mib) + " MiB");
	return {many.us, few.us, 2 * few.us};
}
}
