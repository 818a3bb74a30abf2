// What the host's sockets of /net are told, and what goes over them: small messages at
// once and in one piece, and peers that have vanished are found.

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <filesystem>

#include "cmd/dial.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// The TCP connections of this process.
std::vector<int>
connections()
{
	std::vector<int> l;
	for(const auto& e : std::filesystem::directory_iterator("/proc/self/fd")) {
		int fd = std::stoi(e.path().filename());
		sockaddr_storage s{};
		socklen_t n = sizeof s;
		if(::getpeername(fd, reinterpret_cast<sockaddr*>(&s), &n) == 0 &&
		   (s.ss_family == AF_INET || s.ss_family == AF_INET6))
			l.push_back(fd);
	}
	return l;
}

int
option(int fd, int level, int opt)
{
	int v = -1;
	socklen_t n = sizeof v;
	EXPECT_EQ(::getsockopt(fd, level, opt, &v, &n), 0);
	return v;
}

// Segments with data that left fd.
uint32_t
sent(int fd)
{
	tcp_info info{};
	socklen_t n = sizeof info;
	EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n), 0);
	EXPECT_GE(n, offsetof(tcp_info, tcpi_data_segs_out) + sizeof info.tcpi_data_segs_out);
	return info.tcpi_data_segs_out;
}
}

PREAL(ossock, both_ends_send_each_message_at_once_and_whole)
{
	netns();
	writefile("/tmp/f", "text");
	Announced a = announce("tcp!127.0.0.1!0");
	std::string local = readfile(a.dir + "/local");
	rfork(RFPROC, [&] {
		Netcall c = listen(a);
		exportfs(c.data, c.data, "/tmp");
		close(std::move(c.data));
		close(std::move(c.ctl));
	});
	Netcall c = dial("tcp!" + local.substr(0, local.size() - 1));
	mount(c.data, -1, "/n/x", MREPL, "");
	close(std::move(c.ctl));
	std::vector<int> fds = connections();
	ASSERT_EQ(fds.size(), 2u);
	uint32_t before[2];
	for(int i = 0; i < 2; i++) {
		EXPECT_EQ(option(fds[i], IPPROTO_TCP, TCP_NODELAY), 1);
		EXPECT_EQ(option(fds[i], SOL_SOCKET, SO_KEEPALIVE), 1);
		EXPECT_GT(option(fds[i], IPPROTO_TCP, TCP_KEEPIDLE), 0);
		EXPECT_LE(option(fds[i], IPPROTO_TCP, TCP_KEEPIDLE), 120);
		before[i] = sent(fds[i]);
	}
	// Twalk, Tstat, and the Tclunk that may come later.
	constexpr uint32_t N = 10;
	for(uint32_t i = 0; i < N; i++)
		EXPECT_EQ(stat("/n/x/f").length, 4u);
	for(int i = 0; i < 2; i++) {
		EXPECT_GE(sent(fds[i]) - before[i], 2 * N);
		EXPECT_LE(sent(fds[i]) - before[i], 3 * N);
	}
	unmount("", "/n/x");
	EXPECT_EQ(wait().msg, "");
	close(std::move(a.ctl));
}
}
