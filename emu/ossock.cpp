#include "port/ossock.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <arpa/inet.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "emu/oserr.h"
#include "emu/streamread.h"
#include "emu/oshandle.h"
#include "lib9/args.h"
#include "lib9/error.h"
#include "port/os.h"

namespace p9 {

namespace {

// A socket address of any family.
struct Sockname {
	sockaddr_storage s{};
	socklen_t len = 0;

	sockaddr* ptr() { return reinterpret_cast<sockaddr*>(&s); }
	int family() const { return s.ss_family; }
};

Sockname
unixname(std::string_view path)
{
	Sockname n;
	auto& u = reinterpret_cast<sockaddr_un&>(n.s);
	if(path.empty())
		error(Ebadarg);
	if(path.size() >= sizeof u.sun_path)
		error(Etoolong, path);
	u.sun_family = AF_UNIX;
	std::memcpy(u.sun_path, path.data(), path.size());
	n.len = socklen_t(offsetof(sockaddr_un, sun_path) + path.size() + 1);
	return n;
}

Sockname
tcpname(std::string_view addr)
{
	Sockname n;
	size_t bang = addr.rfind('!');
	if(bang == addr.npos)
		error(Ebadarg, addr);
	auto port = parseint(addr.substr(bang + 1));
	if(!port || *port < 0 || *port > 65535)
		error(Ebadarg, addr);
	std::string host(addr.substr(0, bang));
	auto& v4 = reinterpret_cast<sockaddr_in&>(n.s);
	auto& v6 = reinterpret_cast<sockaddr_in6&>(n.s);
	if(host == "*" || inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
		v6.sin6_family = AF_INET6;
		v6.sin6_port = htons(uint16_t(*port));
		n.len = sizeof v6;
	} else if(inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
		v4.sin_family = AF_INET;
		v4.sin_port = htons(uint16_t(*port));
		n.len = sizeof v4;
	} else {
		error(Ebadarg, addr);
	}
	return n;
}

Sockname
nameof(Hostnet net, std::string_view addr)
{
	return net == Hostnet::Tcp ? tcpname(addr) : unixname(addr);
}

std::string
text(const Sockname& n)
{
	char buf[INET6_ADDRSTRLEN] = "";
	if(n.family() == AF_INET) {
		auto& v4 = reinterpret_cast<const sockaddr_in&>(n.s);
		inet_ntop(AF_INET, &v4.sin_addr, buf, sizeof buf);
		return std::string(buf) + '!' + std::to_string(ntohs(v4.sin_port));
	}
	if(n.family() == AF_INET6) {
		auto& v6 = reinterpret_cast<const sockaddr_in6&>(n.s);
		// A caller by IPv4 of what listens to both.
		if(IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
			inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, buf, sizeof buf);
		else
			inet_ntop(AF_INET6, &v6.sin6_addr, buf, sizeof buf);
		return std::string(buf) + '!' + std::to_string(ntohs(v6.sin6_port));
	}
	auto& u = reinterpret_cast<const sockaddr_un&>(n.s);
	size_t at = offsetof(sockaddr_un, sun_path);
	if(n.family() != AF_UNIX || n.len <= at || u.sun_path[0] == 0)
		return "unix";
	return std::string(u.sun_path, strnlen(u.sun_path, n.len - at));
}

Osfd
newsocket(int family)
{
	return Osfd(int(mustcall([&] {
		return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	})));
}

bool
hasipv6()
{
	int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if(fd >= 0)
		::close(fd);
	return fd >= 0;
}

void
setopt(int fd, int level, int opt, int value)
{
	setsockopt(fd, level, opt, &value, sizeof value);
}

// Small messages go at once, and a peer that has vanished is found in some minutes.
void
tuned(int fd, Hostnet net)
{
	if(net != Hostnet::Tcp)
		return;
	setopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	setopt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	setopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
	setopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
	setopt(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

int
socketerror(int fd)
{
	int e = 0;
	socklen_t n = sizeof e;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n);
	return e;
}

class Socket final : public Hostconn {
	Osfd fd;
	const Hostnet net;
	const std::string path;	// by which a Unix socket of ours was announced
	std::atomic<bool> made;	// this one made the file, and it is still there
	std::string called;	// the path that a Unix socket was dialed by
	std::atomic<bool> hung{false};
	Streamread reader;

	std::string name(int (*which)(int, sockaddr*, socklen_t*))
	{
		Sockname n;
		n.len = sizeof n.s;
		if(which(fd, n.ptr(), &n.len) != 0)
			return net == Hostnet::Unix ? "unix" : "::!0";
		return text(n);
	}

public:
	enum class Made { No, Yes };
	Socket(Osfd f, Hostnet t, std::string announced = {}, Made m = Made::No)
	    : fd(std::move(f)), net(t), path(std::move(announced)), made(m == Made::Yes)
	{
		tuned(fd, net);
	}
	~Socket() override
	{
		unname();
		closingfd(fd.release());
	}

	void connect(Sockname& n, std::string_view addr)
	{
		if(net == Hostnet::Unix)
			called = addr;
		int64_t r = hostcall([&] { return ::connect(fd, n.ptr(), n.len); });
		if(r == -EAGAIN)	// a Unix socket with too many callers
			error(Econrefused);
		if(r == -EINPROGRESS) {
			waitfd(fd, true);
			r = -socketerror(fd);
		}
		if(r < 0)
			oserror(int(-r));
	}

	size_t read(Buf b) override
	{
		int64_t n = reader.read(fd, b.size(),
			[&] { return ::recv(fd, b.data(), b.size(), 0); });
		if(n < 0)
			oserror(int(-n));
		return size_t(n);
	}

	size_t write(Bytes head, Bytes tail) override
	{
		size_t done = 0;
		while(done < head.size() + tail.size()) {
			int64_t n = hostcall([&] { return sendrest(head, tail, done); });
			if(n >= 0)
				done += size_t(n);
			else if(n == -EAGAIN && !waitroom(done))
				return done;
			else if(n != -EAGAIN && n != -EINTR)
				oserror(int(-n));
		}
		return done;
	}

	// The name goes while nobody can have taken it yet.
	void hangup() override
	{
		unname();
		hung = true;
		::shutdown(fd, SHUT_RDWR);
	}

	Ref<Hostconn> accept() override
	{
		for(;;) {
			if(hung)
				error(Ehungup);
			int64_t n = hostcall([&] {
				return ::accept4(fd, nullptr, nullptr,
						 SOCK_NONBLOCK | SOCK_CLOEXEC);
			});
			if(n >= 0)
				return mk<Socket>(Osfd(int(n)), net, path);
			if(n == -EAGAIN)
				waitfd(fd, false);
			else if(n != -EINTR && n != -ECONNABORTED)
				oserror(int(-n));
		}
	}

	std::string local() override
	{
		return path.empty() ? name(::getsockname) : path;
	}
	// The host tells the path by which the other side was bound before it was moved.
	std::string remote() override
	{
		return called.empty() ? name(::getpeername) : called;
	}

private:
	// What remains when done bytes have gone.
	ssize_t sendrest(Bytes head, Bytes tail, size_t done)
	{
		if(done >= head.size()) {
			tail = tail.subspan(done - head.size());
			return ::send(fd, tail.data(), tail.size(), MSG_NOSIGNAL);
		}
		head = head.subspan(done);
		if(tail.empty())
			return ::send(fd, head.data(), head.size(), MSG_NOSIGNAL);
		auto piece = [](Bytes b) {
			return iovec{const_cast<std::byte*>(b.data()), b.size()};
		};
		iovec both[] = {piece(head), piece(tail)};
		msghdr m{};
		m.msg_iov = both;
		m.msg_iovlen = 2;
		return ::sendmsg(fd, &m, MSG_NOSIGNAL);
	}
	void unname()
	{
		if(made.exchange(false))
			::unlink(path.c_str());
	}
	// False when a note came and something has been sent.
	bool waitroom(size_t done)
	{
		try {
			waitfd(fd, true);
			return true;
		} catch(const Error& e) {
			if(done == 0 || !e.is(Eintr))
				throw;
		}
		return false;
	}
};

// Whether somebody listens at path.
bool
answers(Sockname n)
{
	Osfd fd = newsocket(AF_UNIX);
	int64_t r = hostcall([&] { return ::connect(fd, n.ptr(), n.len); });
	return r != -ECONNREFUSED;
}

// A socket that nobody listens on any more may be replaced, and nothing else.
void
mayreplace(const std::string& path)
{
	struct stat s;
	if(::lstat(path.c_str(), &s) != 0)
		return;
	if(!S_ISSOCK(s.st_mode))
		error(Eexist, path);
	if(answers(unixname(path)))
		error(Einuse, path);
}

// Binds where only its owner can look, and moves it where it belongs when calls to it
// are taken: who sees it can call.
void
listenunix(int fd, const std::string& path)
{
	unixname(path);	// it must not be too long
	mayreplace(path);
	std::string dir = path + ".XXXXXX";
	mustcall([&] { return mkdtemp(dir.data()) ? 0 : -1; });
	std::string made = dir + "/s";
	int64_t r = 0;
	try {
		Sockname at = unixname(made);
		r = hostcall([&] { return ::bind(fd, at.ptr(), at.len); });
	} catch(const Error&) {
		::rmdir(dir.c_str());
		throw;
	}
	if(r == 0)
		r = hostcall([&] { return ::chmod(made.c_str(), 0600); });
	if(r == 0)
		r = hostcall([&] { return ::listen(fd, SOMAXCONN); });
	if(r == 0)
		r = hostcall([&] { return ::rename(made.c_str(), path.c_str()); });
	::unlink(made.c_str());
	::rmdir(dir.c_str());
	if(r < 0)
		oserror(int(-r));
}
}

Ref<Hostconn>
hostdial(Hostnet net, std::string_view addr)
{
	Sockname n = nameof(net, addr);
	auto c = mk<Socket>(newsocket(n.family()), net);
	c->connect(n, addr);
	return c;
}

Ref<Hostconn>
hostannounce(Hostnet net, std::string_view addr)
{
	Sockname n = nameof(net, addr);
	if(addr.starts_with('*') && !hasipv6())
		n = tcpname("0.0.0.0" + std::string(addr.substr(1)));
	Osfd fd = newsocket(n.family());
	std::string path;
	if(net == Hostnet::Unix) {
		path = addr;
		listenunix(fd, path);
	} else {
		setopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if(n.family() == AF_INET6)
			setopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, !addr.starts_with('*'));
		mustcall([&] { return ::bind(fd, n.ptr(), n.len); });
		mustcall([&] { return ::listen(fd, SOMAXCONN); });
	}
	auto made = path.empty() ? Socket::Made::No : Socket::Made::Yes;
	return mk<Socket>(std::move(fd), net, std::move(path), made);
}

bool
hostloopback(Hostnet net, std::string_view addr)
{
	if(net == Hostnet::Unix)
		return true;
	Sockname n = tcpname(addr);
	if(n.family() == AF_INET) {
		uint32_t a = ntohl(reinterpret_cast<sockaddr_in&>(n.s).sin_addr.s_addr);
		return a >> 24 == 127;
	}
	return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<sockaddr_in6&>(n.s).sin6_addr);
}

std::vector<std::string>
hostlookup(const std::string& host, const std::string& service)
{
	std::vector<std::string> found;
	inpool([&] {
		addrinfo hints{};
		hints.ai_socktype = SOCK_STREAM;
		addrinfo* list = nullptr;
		if(getaddrinfo(host.c_str(), service.c_str(), &hints, &list) != 0)
			return;
		for(addrinfo* a = list; a; a = a->ai_next) {
			Sockname n;
			if(a->ai_addrlen > sizeof n.s)
				continue;
			std::memcpy(&n.s, a->ai_addr, a->ai_addrlen);
			n.len = a->ai_addrlen;
			found.push_back(text(n));
		}
		freeaddrinfo(list);
	});
	return found;
}
}
