// Descriptors 0, 1 and 2 belong to others too, so O_NONBLOCK is never set on them:
// what may wait for ever is opened again through /proc, a socket is asked not to
// wait, and where neither can be done a thread of its own reads.

#include "emu/std.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "emu/hostreader.h"
#include "emu/oserr.h"
#include "emu/streamread.h"
#include "emu/term.h"
#include "port/console.h"

namespace p9 {

namespace {

struct Std {
	enum Kind { Direct, Again, Socket, Thread } kind = Direct;
	int fd = 0;			    // Again: opened again, non-blocking
	std::unique_ptr<Hostreader> reader; // Thread
	Streamread in;			    // but Direct and Thread
	QLock reading;			    // who waits in that
	QLock turn;			    // what is written stays in one piece
};

Std*
stds()
{
	static Std* all = [] {
		auto* s = new Std[3];
		for(int fd = 0; fd < 3; fd++)
			s[fd].fd = fd;
		return s;
	}();
	return all;
}

bool aside;	// the console is not 0 and 1; set before boot

// For what was made non-blocking by those it is shared with.
void
waithere(int fd, short events)
{
	pollfd p{fd, events, 0};
	hostcall([&] { return poll(&p, 1, -1); });
}

// Whether reads and writes of fd come back at once, or nearly so.
bool
prompt(int fd, const struct stat& st)
{
	if(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return true;
	return S_ISCHR(st.st_mode) && !isatty(fd) && lseek(fd, 0, SEEK_CUR) >= 0;
}

std::optional<std::string>
fetch(int fd)
{
	char buf[8192];
	for(;;) {
		ssize_t n = ::read(fd, buf, sizeof buf);
		if(n > 0)
			return std::string(buf, size_t(n));
		if(n == 0 || errno != EINTR)
			return {};
	}
}

void
examine(Std& s, int fd)
{
	struct stat st;
	if(fstat(fd, &st) != 0) {
		// Lowest first, so open answers fd itself.
		if(::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			ospanic("no /dev/null");
		fstat(fd, &st);
	}
	s.fd = fd;
	if(prompt(fd, st))
		return;
	if(S_ISSOCK(st.st_mode)) {
		s.kind = Std::Socket;
		return;
	}
	std::string name = "/proc/self/fd/" + std::to_string(fd);
	int flags = (fd == 0 ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int again = ::open(name.c_str(), flags);
	if(again >= 0) {
		s.kind = Std::Again;
		s.fd = again;
	} else if(fd == 0) {
		s.kind = Std::Thread;
		s.reader = std::make_unique<Hostreader>([fd] { return fetch(fd); });
	}
}

// As read(2), and never waits.
ssize_t
readonce(Std& s, Buf b)
{
	if(s.kind == Std::Socket)
		return recv(s.fd, b.data(), b.size(), MSG_DONTWAIT);
	return ::read(s.fd, b.data(), b.size());
}

int64_t
writeonce(Std& s, Bytes b)
{
	if(s.kind == Std::Socket)
		return hostcall([&] {
			return send(s.fd, b.data(), b.size(),
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		});
	return hostcall([&] { return ::write(s.fd, b.data(), b.size()); });
}
}

void
stdstart()
{
	for(int fd = 0; fd < 3; fd++)
		examine(stds()[fd], fd);
}

void
consaside()
{
	aside = true;
}

size_t
stdread(Buf b)
{
	if(termactive())
		return termread(b);
	Std& s = stds()[0];
	if(s.kind == Std::Thread)
		for(;;)
			if(auto n = s.reader->read(b))
				return *n;
	auto get = [&] { return readonce(s, b); };
	int64_t n;
	if(s.kind != Std::Direct) {
		auto turn = elocked(s.reading);
		n = s.in.read(s.fd, b.size(), get);
	} else
		while((n = hostcall(get)) == -EINTR || n == -EAGAIN)
			if(n == -EAGAIN)
				waithere(s.fd, POLLIN);
	if(n < 0)
		oserror(int(-n));
	return size_t(n);
}

size_t
stdwrite(int fd, Bytes b)
{
	if(termis(fd))
		return termwrite(b);
	Std& s = stds()[fd];
	std::scoped_lock turn(s.turn);
	for(size_t done = 0; done < b.size();) {
		int64_t n = writeonce(s, b.subspan(done));
		if(n >= 0)
			done += size_t(n);
		else if(n == -EAGAIN && s.kind == Std::Direct)
			waithere(s.fd, POLLOUT);
		else if(n == -EAGAIN)
			waitfd(s.fd, true);
		else if(n != -EINTR)
			oserror(int(-n));
	}
	return b.size();
}

size_t
consread(Buf b)
{
	if(aside)
		return 0;
	{
		Proc& p = up();
		std::scoped_lock l(p.lk);
		setforeground(p.noteid);
	}
	return stdread(b);
}

size_t
conswrite(Bytes b)
{
	return termactive() ? termwrite(b) : stdwrite(aside ? 2 : 1, b);
}

void
consmode(Consmode m)
{
	if(termactive())
		termmode(m);
}

Hostmem
hostmem()
{
	struct sysinfo i;
	if(sysinfo(&i) != 0)
		return {};
	return {i.totalram * i.mem_unit, (i.totalram - i.freeram) * i.mem_unit};
}
}
