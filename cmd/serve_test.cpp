// What emu -s and emu -9 do, in a machine that is its own client.

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "cmd/serve.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

void
netns()
{
	stdns();
	bind("#I", "/net", MREPL);
	mkdir({"mkdir", "/tmp/d"});
	writefile("/tmp/d/f", "hello");
}

std::string
readline(int fd)
{
	std::string s;
	for(char c = 0; c != '\n';) {
		if(read(fd, std::as_writable_bytes(std::span(&c, 1))) == 0)
			break;
		s += c;
	}
	return s;
}

Fd
connect(const std::string& addr, std::string_view mtpt)
{
	Fd fd = connection(addr);
	mount(fd, -1, mtpt, MREPL | MCREATE, "");
	return open(std::string(mtpt) + "/f", ORDWR);
}
}

PREAL(serve, callers_are_served_until_a_note_comes)
{
	netns();
	auto [r, w] = pipe();
	int pid = rfork(RFFDG | RFNOTEG, [err = int(w)] {
		dup(err, 2).release();
		Serving s;
		s.dir = "/tmp/d";
		s.addr = "tcp!!0";
		s.verbose = true;
		serveat(s);
	});
	std::string said = readline(r);
	ASSERT_TRUE(said.starts_with("emu: serving /tmp/d at tcp!127.0.0.1!")) << said;
	std::string addr = said.substr(said.find("tcp!"), said.size() - said.find("tcp!") - 1);
	Fd a = connect(addr, "/n/a");
	Fd b = connect(addr, "/n/b");
	writefile("/n/a/g", "new");
	EXPECT_EQ(readfile("/n/b/g"), "new");
	for(int i = 0; i < 2; i++)
		EXPECT_TRUE(readline(r).starts_with("connection from 127.0.0.1!"));
	postnote(pid, "interrupt");
	EXPECT_EQ(wait().msg, "");
	std::array<std::byte, 8> buf;
	EXPECT_THROW(pread(a, buf, 0), Error);	// which one, depends on who sees it first
	EXPECT_ERROR(dial(addr), "connection refused: '" + addr + "'");
	unmount("", "/n/a");
	unmount("", "/n/b");
}

PREAL(serve, a_connection_is_served_until_its_client_goes)
{
	netns();
	auto [mine, its] = pipe();
	rfork(RFFDG, [fd = int(its), other = int(mine)] {
		close(other);
		Serving s;
		s.dir = "/tmp/d";
		s.readonly = true;
		servefds(s, fd, fd);
	});
	close(std::move(its));
	mount(mine, -1, "/n/a", MREPL | MCREATE, "");
	EXPECT_EQ(readfile("/n/a/f"), "hello");
	EXPECT_ERROR(writefile("/n/a/f", "no"), "file system read only: '/n/a/f'");
	unmount("", "/n/a");
	EXPECT_EQ(wait().msg, "");
}

PREAL(serve, what_cannot_be_served_is_told)
{
	netns();
	Serving s;
	s.dir = "/tmp/none";
	s.addr = "tcp!*!0";
	EXPECT_ERROR(serveat(s), "-r /tmp/none: file not found");
	s.dir = "/tmp/d";
	EXPECT_ERROR(serveat(s), "announce tcp!*!0: others can reach it: say -insecure");
	EXPECT_ERROR(servefds(s, 70, 70), "fd out of range or not open");
}
}
