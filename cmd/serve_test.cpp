// What emu -s and emu -9 do, in a machine that is its own client.

#include "cmd/cmds.h"
#include "cmd/dial.h"
#include "cmd/exportctl.h"
#include "cmd/prog.h"
#include "cmd/serve.h"
#include "lib9/fcall.h"
#include "port/proc.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// What is served.
void
tree()
{
	netns();
	mkdir({"mkdir", "/tmp/d"});
	writefile("/tmp/d/f", "hello");
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
	tree();
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
	tree();
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
	tree();
	Serving s;
	s.dir = "/tmp/none";
	s.addr = "tcp!*!0";
	EXPECT_ERROR(serveat(s), "-r /tmp/none: file not found");
	s.dir = "/tmp/d";
	EXPECT_ERROR(serveat(s), "announce tcp!*!0: others can reach it: say -insecure");
	EXPECT_ERROR(servefds(s, 70, 70), "fd out of range or not open");
}

namespace {

template<class M>
void
send(int fd, const M& m, uint16_t tag)
{
	Block b = Block::alloc(sizeM(m));
	b.produced(packM(m, tag, b.room()));
	bwrite(fd, std::move(b));
}
}

// The interrupt of a hangup ended one write of the message, and the rest went to sleep.
PREAL(serve, a_stop_ends_a_reply_that_nobody_reads_on)
{
	tree();
	writefile("/tmp/d/big", std::string(1 << 20, 'x'));
	Announced a = announce("tcp!!0");
	Netcall mine = dial(netaddr(a.dir));
	Netcall its = listen(a);
	Exportctl x;
	x.ask("root", "/tmp/d");
	rfork(RFPROC | RFFDG, [&x, fd = int(its.data)] { x.serve(fd, fd); });
	std::array<std::byte, 200> b;
	auto rpc = [&](const auto& m) {
		send(mine.data, m, 1);
		read(mine.data, b);
	};
	rpc(Tversion{.msize = 1 << 20, .version = "9P2000"});
	rpc(Tattach{.fid = 0, .uname = "x"});
	Twalk w{.fid = 0, .newfid = 1};
	w.wname.add("big");
	rpc(w);
	rpc(Topen{.fid = 1, .mode = OREAD});
	for(uint16_t tag = 0; tag < 32; tag++)
		send(mine.data, Tread{.fid = 1, .count = 1 << 19}, tag);
	read(mine.data, b);
	while(hangreport().find("export Wakeme: waits for host: write") == std::string::npos)
		sleep(1);	// until the host has no more room
	x.ask("stop");
	EXPECT_EQ(wait().msg, "");
}
}
