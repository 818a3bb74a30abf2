// The host's network in Plan 9's form, over the loopback.

#include <algorithm>

#include "cmd/dial.h"
#include "port/exportfs.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

std::string
readsome(int fd)
{
	std::array<char, 8192> buf;
	size_t n = read(fd, std::as_writable_bytes(std::span(buf)));
	return {buf.data(), n};
}

// The port that the host gave to an announcement of port 0.
std::string
portof(const Announced& a)
{
	std::string s = readfile(a.dir + "/local");
	s.pop_back();
	return s.substr(s.rfind('!') + 1);
}

void
echoonce(const Announced& a)
{
	Netcall c = listen(a);
	for(;;) {
		std::string s = readsome(c.data);
		if(s.empty())
			break;
		write(c.data, s);
	}
	close(std::move(c.data));
	close(std::move(c.ctl));
}
}

PREAL(ip, a_call_over_tcp_carries_bytes_both_ways_and_ends)
{
	netns();
	Announced a = announce("tcp!127.0.0.1!0");
	rfork(RFPROC, [&] { echoonce(a); });
	Netcall c = dial("tcp!localhost!" + portof(a));
	write(c.data, "hello");
	EXPECT_EQ(readsome(c.data), "hello");
	EXPECT_EQ(readfile(c.dir + "/status"), "Established\n");
	EXPECT_EQ(readfile(c.dir + "/remote"), "127.0.0.1!" + portof(a) + "\n");
	write(c.ctl, "hangup");
	EXPECT_EQ(readsome(c.data), "");
	EXPECT_EQ(wait().msg, "");
}

// One Proc waits to read while another of the same connection has waited to write.
PREAL(ip, a_reader_is_not_forgotten_when_a_writer_has_got_through)
{
	netns();
	constexpr size_t Big = 8 << 20;	// more than the host keeps
	Announced a = announce("tcp!!0");
	rfork(RFPROC, [&] {
		Netcall c = listen(a);
		rfork(RFPROC, [&] { write(c.data, std::string(Big, 'x')); });
		std::array<std::byte, 64> buf;
		EXPECT_EQ(read(c.data, buf), 4u);
		EXPECT_EQ(wait().msg, "");
	});
	Netcall c = dial("tcp!127.0.0.1!" + portof(a));
	Block b = Block::alloc(Big);
	EXPECT_EQ(readn(c.data, b.room().first(Big)), Big);
	write(c.data, "over");
	EXPECT_EQ(wait().msg, "");
}

// What two write at a time is not mixed, and neither is refused.
PREAL(ip, several_write_to_a_connection_in_turn)
{
	netns();
	constexpr size_t Big = 8 << 20;	// more than the host keeps
	Announced a = announce("tcp!!0");
	rfork(RFPROC, [&] {
		Netcall c = listen(a);
		for(char letter : {'x', 'y'})
			rfork(RFPROC, [&, letter] { write(c.data, std::string(Big, letter)); });
		EXPECT_EQ(wait().msg, "");
		EXPECT_EQ(wait().msg, "");
	});
	Netcall c = dial("tcp!127.0.0.1!" + portof(a));
	Block b = Block::alloc(2 * Big);
	EXPECT_EQ(readn(c.data, b.room().first(2 * Big)), 2 * Big);
	b.produced(2 * Big);
	Bytes first = b.data().first(Big), second = b.data().subspan(Big);
	EXPECT_TRUE(std::ranges::all_of(first, [&](std::byte x) { return x == first[0]; }));
	EXPECT_TRUE(std::ranges::all_of(second, [&](std::byte x) { return x == second[0]; }));
	EXPECT_NE(first[0], second[0]);
	EXPECT_EQ(wait().msg, "");
}

PREAL(ip, several_wait_for_calls_and_for_what_comes)
{
	netns();
	Announced a = announce("tcp!!0");
	for(int i = 0; i < 2; i++)
		rfork(RFPROC, [&] { echoonce(a); });
	std::string addr = "tcp!127.0.0.1!" + portof(a);
	Netcall one = dial(addr), two = dial(addr);
	std::atomic<size_t> got{0};
	for(int i = 0; i < 2; i++)
		rfork(RFPROC, [&] {
			for(;;) {
				std::string s = readsome(one.data);
				if(s.empty())
					break;
				got += s.size();
				write(one.ctl, "hangup");
			}
		});
	write(two.data, "2");
	EXPECT_EQ(readsome(two.data), "2");
	write(one.data, "1");
	close(std::move(two.ctl));
	close(std::move(two.data));
	for(int i = 0; i < 4; i++)
		EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(got, 1u);
}

PREAL(ip, what_others_can_reach_is_announced_only_when_told)
{
	netns();
	EXPECT_ERROR(announce("tcp!*!0"), "others can reach it: say insecure: 'tcp!*!0'");
	announce("tcp!*!0", Reach::Others);
	Announced a = announce("tcp!!0");
	EXPECT_TRUE(readfile(a.dir + "/local").starts_with("127.0.0.1!"));
}

PREAL(ip, errors_have_plan9s_texts)
{
	netns();
	Announced a = announce("tcp!!0");
	std::string addr = "tcp!127.0.0.1!" + portof(a);
	close(std::move(a.ctl));
	EXPECT_ERROR(dial(addr), "connection refused: '" + addr + "'");
	EXPECT_ERROR(dial("tcp!no.such.host.invalid!9fs"),
		"cs: can't translate address: 'tcp!no.such.host.invalid!9fs'");
	EXPECT_ERROR(dial("tcp!127.0.0.1!65536"),
		"cs: can't translate address: 'tcp!127.0.0.1!65536'");
	EXPECT_ERROR(dial("nonet!x!y"), "cs: can't translate address: 'nonet!x!y'");
	EXPECT_ERROR(dial("unix!/none/such"), "file does not exist: 'unix!/none/such'");
}

// A conversation is its open files: closed, its directory is gone.
PREAL(ip, a_conversation_lives_as_long_as_its_files_are_open)
{
	netns();
	Fd ctl = open("/net/tcp/clone", ORDWR);
	std::string n = readsome(ctl);
	EXPECT_TRUE(access("/net/tcp/" + n + "/ctl", AEXIST));
	Fd again = open("/net/tcp/" + n + "/status", OREAD);
	close(std::move(ctl));
	EXPECT_TRUE(access("/net/tcp/" + n + "/ctl", AEXIST));
	close(std::move(again));
	EXPECT_FALSE(access("/net/tcp/" + n + "/ctl", AEXIST));
}

// The whole way: a tree exported over TCP, mounted from there, exported again over a Unix
// socket, mounted again.
PREAL(ip, an_export_is_mounted_over_tcp_and_over_a_unix_socket)
{
	netns();
	std::string path = "/tmp/emu.devip." + std::to_string(nsec()) + ".sock";
	writefile("/tmp/f", std::string(3'000'000, 'x'));
	Announced tcp = announce("tcp!!0");
	Announced un = announce("unix!" + path);
	auto serve = [](const Announced& a, std::string dir) {
		Netcall c = listen(a);
		close(std::move(c.ctl));
		exportfs(c.data, c.data, dir);
		close(std::move(c.data));
	};
	rfork(RFPROC, [&] { serve(tcp, "/tmp"); });
	Netcall c = dial("tcp!127.0.0.1!" + portof(tcp));
	close(std::move(c.ctl));
	mount(c.data, -1, "/n/a", MREPL | MCREATE, "");
	rfork(RFPROC, [&] { serve(un, "/n/a"); });
	Netcall d = dial("unix!" + path);
	close(std::move(d.ctl));
	mount(d.data, -1, "/n/b", MREPL | MCREATE, "");
	EXPECT_EQ(readfile("/n/b/f"), std::string(3'000'000, 'x'));
	writefile("/n/b/g", std::string(2'000'000, 'y'));
	EXPECT_EQ(readfile("/tmp/g"), std::string(2'000'000, 'y'));
	unmount("", "/n/b");
	EXPECT_EQ(wait().msg, "");
	unmount("", "/n/a");
	EXPECT_EQ(wait().msg, "");
}

// It was there before it took calls, once.
PREAL(ip, who_sees_a_unix_socket_can_call_it)
{
	netns();
	bind("#U", "/n/h", MREPL | MCREATE);
	for(int i = 0; i < 50; i++) {
		std::string path = "/tmp/emu.devip." + std::to_string(nsec());
		rfork(RFPROC, [&] {
			while(!trystat("/n/h" + path))
				continue;
			dial("unix!" + path);
		});
		Announced a = announce("unix!" + path);
		EXPECT_EQ(wait().msg, "");
	}
}

// What stands at the path of a Unix socket stays, unless it is a socket that nobody
// listens on.
PREAL(ip, announcing_a_unix_socket_destroys_no_file)
{
	netns();
	bind("#U", "/n/h", MREPL | MCREATE);
	std::string path = "/tmp/emu.devip." + std::to_string(nsec());
	writefile("/n/h" + path, "precious");
	EXPECT_ERROR(announce("unix!" + path), "file already exists: 'unix!" + path + "'");
	EXPECT_EQ(readfile("/n/h" + path), "precious");
	remove("/n/h" + path);
	Announced a = announce("unix!" + path);
	EXPECT_EQ(stat("/n/h" + path).mode & 0777, 0600u);
	EXPECT_EQ(readfile(a.dir + "/local"), path + "\n");
	EXPECT_ERROR(announce("unix!" + path),
		"device or object already in use: 'unix!" + path + "'");
	close(std::move(a.ctl));
	EXPECT_FALSE(access("/n/h" + path, AEXIST));
}
}
