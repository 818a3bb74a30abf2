#include "tests/9pconform/conn.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "lib9/endian.h"

namespace p9 {

namespace {

constexpr int Patience = 60'000; // ms; only what has gone wrong takes so long

[[noreturn]] void
sysfail(const std::string& what)
{
	throw Failed(what + ": " + std::strerror(errno));
}

void
shut(int& fd)
{
	if(fd != -1)
		::close(fd);
	fd = -1;
}

void
unblock(int fd)
{
	::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}
}

Target
Target::dialstring(std::string_view s)
{
	size_t one = s.find('!');
	std::string_view net = s.substr(0, one);
	if(one == s.npos || (net != "tcp" && net != "unix"))
		throw Failed("no dial string: " + std::string(s));
	std::string_view rest = s.substr(one + 1);
	if(net == "unix")
		return {.kind = Unix, .where = std::string(rest)};
	size_t two = rest.rfind('!');
	if(two == rest.npos)
		throw Failed("no port: " + std::string(s));
	return {.kind = Tcp, .where = std::string(rest.substr(0, two)),
		.port = std::string(rest.substr(two + 1))};
}

Conn::Conn(const Target& t)
{
	if(t.kind == Target::Command)
		start(t);
	else
		dial(t);
	watched = pid == -1 ? t.pid : pid;
}

Conn::~Conn()
{
	finish();
}

void
Conn::start(const Target& t)
{
	int to[2], from[2];
	std::FILE* f = std::tmpfile();
	if(!f || ::pipe2(to, O_CLOEXEC) < 0 || ::pipe2(from, O_CLOEXEC) < 0)
		sysfail("pipe");
	errors = ::dup(::fileno(f));
	std::fclose(f);
	pid = ::fork();
	if(pid < 0)
		sysfail("fork");
	if(pid == 0) {
		::dup2(to[0], 0);
		::dup2(from[1], 1);
		::dup2(errors, 2);
		::signal(SIGPIPE, SIG_DFL);
		::execl("/bin/sh", "sh", "-c", ("exec " + t.where).c_str(), nullptr);
		::_exit(127);
	}
	::close(to[0]);
	::close(from[1]);
	::fcntl(errors, F_SETFD, FD_CLOEXEC);
	out = to[1];
	in = from[0];
	unblock(in);
	unblock(out);
}

void
Conn::dial(const Target& t)
{
	if(t.kind == Target::Tcp) {
		dialtcp(t);
	} else {
		sockaddr_un a{};
		a.sun_family = AF_UNIX;
		if(t.where.size() >= sizeof a.sun_path)
			throw Failed("path too long: " + t.where);
		t.where.copy(a.sun_path, sizeof a.sun_path - 1);
		in = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if(::connect(in, reinterpret_cast<sockaddr*>(&a), sizeof a) < 0)
			sysfail(t.where);
	}
	out = ::fcntl(in, F_DUPFD_CLOEXEC, 0);
	unblock(in);
}

void
Conn::dialtcp(const Target& t)
{
	addrinfo hints{}, *list = nullptr;
	hints.ai_socktype = SOCK_STREAM;
	if(int e = ::getaddrinfo(t.where.c_str(), t.port.c_str(), &hints, &list))
		throw Failed(t.where + ": " + ::gai_strerror(e));
	for(addrinfo* a = list; a && in == -1; a = a->ai_next) {
		in = ::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if(::connect(in, a->ai_addr, a->ai_addrlen) < 0)
			shut(in);
	}
	::freeaddrinfo(list);
	if(in == -1)
		sysfail(t.where + "!" + t.port);
	int on = 1;
	::setsockopt(in, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Reads what is there, after ms at the latest; false at the end.
bool
Conn::more(int ms)
{
	pollfd p{in, POLLIN, 0};
	int n = ::poll(&p, 1, ms);
	if(n == 0 && ms == Patience)
		throw Failed("no answer");
	if(n <= 0)
		return true;
	std::byte b[64 * 1024];
	ssize_t r = ::read(in, b, sizeof b);
	if(r < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if(r <= 0)
		return false;
	got.insert(got.end(), b, b + r);
	return true;
}

bool
Conn::write(Bytes b)
{
	while(!b.empty()) {
		ssize_t n = ::write(out, b.data(), b.size());
		if(n > 0) {
			b = b.subspan(size_t(n));
			continue;
		}
		if(errno != EAGAIN && errno != EINTR)
			return false;
		pollfd p[] = {{out, POLLOUT, 0}, {in, POLLIN, 0}};
		if(::poll(p, 2, Patience) == 0)
			throw Failed("the server reads nothing and says nothing");
		if(p[1].revents && !more(0))
			return false;
	}
	return true;
}

size_t
Conn::push(Bytes b, int ms)
{
	size_t done = 0;
	while(done < b.size()) {
		ssize_t n = ::write(out, b.data() + done, b.size() - done);
		if(n > 0) {
			done += size_t(n);
			continue;
		}
		pollfd p{out, POLLOUT, 0};
		if((errno != EAGAIN && errno != EINTR) || ::poll(&p, 1, ms) <= 0)
			break;
	}
	return done;
}

void
Conn::endwrite()
{
	if(pid == -1)
		::shutdown(out, SHUT_WR);
	shut(out);
}

// The first message of what came, if it is there.
bool
Conn::take(Message& m)
{
	if(got.size() < 4)
		return false;
	size_t n = getle<uint32_t>(got.data());
	if(n < 4 || n > 2 * MAXMSIZE)
		throw Failed("the server sent a message of " + std::to_string(n) + " bytes");
	if(got.size() < n)
		return false;
	m.assign(got.begin(), got.begin() + ptrdiff_t(n));
	got.erase(got.begin(), got.begin() + ptrdiff_t(n));
	return true;
}

Message
Conn::read()
{
	Message m;
	while(!take(m))
		if(!more(Patience)) {
			if(!got.empty())
				throw Failed("the connection ended inside of a message");
			return {};
		}
	return m;
}

void
Conn::drain()
{
	do {
		got.clear();
	} while(more(Patience));
	got.clear();
}

void
Conn::die()
{
	linger off{1, 0};
	if(pid == -1)
		::setsockopt(out, SOL_SOCKET, SO_LINGER, &off, sizeof off);
	shut(in);
	shut(out);
}

std::string
Conn::finish()
{
	std::string wrong;
	if(out != -1)
		endwrite();
	try {
		if(in != -1)
			drain(); // its last answers must not keep it
	} catch(const Failed&) {
		wrong = "the server did not end the connection";
		if(pid != -1)
			::kill(pid, SIGKILL);
	}
	if(pid != -1) {
		int status = 0;
		::waitpid(pid, &status, 0);
		pid = -1;
		if(WIFSIGNALED(status) && wrong.empty())
			wrong = "the server died of signal " + std::to_string(WTERMSIG(status));
		std::string s = said();
		for(const char* mark : {"Sanitizer", "runtime error:", "ssertion"})
			if(s.find(mark) != s.npos)
				wrong = "the server said: " + s;
	}
	shut(in);
	shut(errors);
	return wrong;
}

std::string
Conn::said() const
{
	if(errors == -1)
		return "";
	std::string s(65536, '\0');
	ssize_t n = ::pread(errors, s.data(), s.size(), 0);
	s.resize(size_t(std::max(n, ssize_t(0))));
	return s;
}

size_t
Conn::memory() const
{
	if(watched == -1)
		return 0;
	std::ifstream f("/proc/" + std::to_string(watched) + "/status");
	std::string word;
	while(f >> word)
		if(word == "VmRSS:") {
			size_t n = 0;
			f >> n;
			return n;
		}
	return 0;
}
}
