// The export device, used as programs use it: export(3).

#include "lib9/fcall.h"
#include "port/sys.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

struct Ctl {
	Fd fd = open("#X/export/clone", ORDWR);
	std::string dir;

	Ctl()
	{
		std::array<std::byte, 16> b;
		size_t n = pread(fd, b, 0);
		dir = "#X/export/" + std::string(reinterpret_cast<char*>(b.data()), n);
	}
	~Ctl() { close(std::move(fd)); }
	void ask(std::string_view s) { write(fd, s); }
	// Starts with one end of a pipe and answers the other.
	Fd started(std::string_view how = "start")
	{
		auto [mine, its] = pipe();
		ask(std::string(how) + " " + std::to_string(int(its)));
		close(std::move(its));
		return std::move(mine);
	}
	std::string status() { return readfile(dir + "/status"); }
};

std::string
names(std::string_view dir)
{
	std::string s;
	for(const Dir& d : dirreadall(dir))
		s += (s.empty() ? "" : " ") + d.name;
	return s;
}

// The text of the next message, or "end".
std::string
recv(int fd)
{
	std::array<std::byte, 8192> b;
	size_t n = read(fd, b);
	uint16_t tag = 0;
	auto f = unpack(Bytes(b).first(n), tag);
	return f ? fmt9p(*f, tag) : "end";
}

template<class M>
std::string
rpc(int fd, const M& m, uint16_t tag = 1)
{
	Block b = Block::alloc(sizeM(m));
	b.produced(packM(m, tag, b.room()));
	bwrite(fd, std::move(b));
	return recv(fd);
}
}

PTEST(devexport, an_export_is_there_while_its_ctl_or_a_connection_is)
{
	stdns();
	EXPECT_EQ(names("#X"), "export");
	EXPECT_EQ(names("#X/export"), "clone");
	Fd conn;
	{
		Ctl x;
		Ctl y;
		EXPECT_EQ(x.dir, "#X/export/0");
		EXPECT_EQ(names("#X/export"), "clone 0 1");
		EXPECT_EQ(names(x.dir), "ctl log status");
		x.ask("root /tmp");
		conn = x.started();
	}
	EXPECT_EQ(names("#X/export"), "clone 0");
	mount(conn, -1, "/n/x", MREPL | MCREATE, "");
	writefile("/n/x/f", "text");
	EXPECT_EQ(readfile("/tmp/f"), "text");
	EXPECT_EQ(readfile("#X/export/0/status").substr(0, 20), "root /tmp msize 1048");
	Fd log = open("#X/export/0/log", OREAD);
	unmount("", "/n/x");
	std::array<std::byte, 512> b;
	while(read(log, b) > 0)
		continue;	// the end of it is the export's
	EXPECT_EQ(names("#X/export"), "clone");
}

PTEST(devexport, what_is_asked_wrongly_is_refused_by_name)
{
	stdns();
	Ctl x;
	EXPECT_ERROR(x.ask("start 7"), "no root");
	EXPECT_ERROR(x.ask("root /tmp/none"), "file not found: '/tmp/none'");
	EXPECT_ERROR(x.ask("limit memory 0"), "bad arg in system call: \"limit memory 0\"");
	EXPECT_ERROR(x.ask("msize -1"), "bad arg in system call: \"msize -1\"");
	EXPECT_ERROR(x.ask("limit cats 9"), "bad arg in system call: \"limit cats 9\"");
	EXPECT_ERROR(x.ask("pattern x"), "bad arg in system call: 'x'");
	EXPECT_ERROR(x.ask("pattern +("), "regexp (: parsing error");
	EXPECT_ERROR(x.ask("serve"), "bad # args to command: \"serve\"");
	EXPECT_ERROR(x.ask("fly"), "unknown control message: \"fly\"");
	x.ask("root /tmp");
	EXPECT_ERROR(x.ask("start 99"), "fd out of range or not open");
	EXPECT_ERROR(x.ask("start 4294967296"),
		"fd out of range or not open: \"start 4294967296\"");
	x.ask("service /srv/none");
	EXPECT_ERROR(x.ask("start 0"), "root and service");
	EXPECT_ERROR(open(x.dir + "/status", OWRITE), "permission denied: '#X/export/0/status'");
}

// Both had looked before either said that it was his, and then each took some messages.
PRACE(devexport, a_connection_is_served_by_one_export_and_not_mounted_beside)
{
	stdns();
	Ctl x, y;
	x.ask("root /tmp");
	y.ask("root /tmp");
	auto [mine, its] = pipe();
	std::string start = "start " + std::to_string(int(its));
	static int refused;
	refused = 0;
	auto ask = [&start](Ctl& c) {
		try {
			c.ask(start);
		} catch(const Error& e) {
			EXPECT_EQ(e.reason(), "inappropriate use of fd");
			refused++;
		}
	};
	rfork(RFPROC, [&] { ask(x); });
	ask(y);
	wait();
	EXPECT_EQ(refused, 1);
	EXPECT_ERROR(mount(its, -1, "/n", MREPL, ""), "inappropriate use of fd");
	close(std::move(its));
	EXPECT_EQ(rpc(mine, Tversion{.msize = 8192, .version = "9P2000"}, NOTAG).substr(0, 8),
		"Rversion");
	close(std::move(mine));
}

// One export, many connections: they share what it is.
PTEST(devexport, read_only_and_patterns_hold_for_every_connection)
{
	stdns();
	writefile("/tmp/a.c", "a");
	writefile("/tmp/b.h", "b");
	writefile("/tmp/secret.c", "s");
	Ctl x;
	x.ask("root /tmp");
	x.ask("readonly");
	x.ask("pattern '+(^/|\\.c)$'");
	x.ask("pattern -secret");
	for(std::string_view where : {"/n/x", "/n/y"}) {
		Fd conn = x.started();
		mount(conn, -1, where, MREPL | MCREATE, "");
		EXPECT_EQ(names(where), "a.c");
		EXPECT_ERROR(open(std::string(where) + "/a.c", OWRITE),
			"file system read only: '" + std::string(where) + "/a.c'");
	}
	EXPECT_ERROR(x.ask("readonly"), "export has begun");
	unmount("", "/n/x");
	EXPECT_EQ(readfile("/n/y/a.c"), "a");
	unmount("", "/n/y");
}

PTEST(devexport, limits_are_set_for_each_export)
{
	stdns();
	Ctl x;
	x.ask("root /tmp");
	x.ask("msize 4096");
	x.ask("limit connections 1");
	x.ask("limit fids 2");
	Fd a = x.started();
	EXPECT_EQ(rpc(a, Tversion{.msize = 8192, .version = "9P2000"}, NOTAG),
		"Rversion tag 65535 msize 4096 version '9P2000'");
	Fd b = x.started();
	EXPECT_EQ(recv(b), "Rerror tag 65535 ename too many connections");
	EXPECT_NE(rpc(a, Tattach{.fid = 0, .uname = "x"}).find("Rattach"), std::string::npos);
	EXPECT_EQ(rpc(a, Twalk{.fid = 0, .newfid = 1}), "Rwalk tag 1 nwqid 0 ");
	EXPECT_EQ(rpc(a, Twalk{.fid = 0, .newfid = 2}), "Rerror tag 1 ename too many fids");
	EXPECT_NE(x.status().find("fids 2 "), std::string::npos);
	close(std::move(a));
	close(std::move(b));
}

// One that took all requests left none for others.
PTEST(devexport, a_connection_has_its_share_of_the_requests_whatever_others_do)
{
	bind("#|", "/n", MREPL);
	Fd hold = open("/n/data1", ORDWR);
	Ctl x;
	x.ask("root /n");
	x.ask("limit connections 2");
	x.ask("limit working 8");
	auto begin = [&] {
		Fd c = x.started();
		rpc(c, Tversion{.msize = 8192, .version = "9P2000"}, NOTAG);
		rpc(c, Tattach{.fid = 0, .uname = "x"});
		return c;
	};
	Fd a = begin();
	Twalk w{.fid = 0, .newfid = 1};
	w.wname.add("data");
	rpc(a, w);
	rpc(a, Topen{.fid = 1, .mode = OREAD});
	for(uint16_t t = 10; t < 20; t++) {
		Tread r{.fid = 1, .count = 10};
		Block b = Block::alloc(sizeM(r));
		b.produced(packM(r, t, b.room()));
		bwrite(a, std::move(b));
	}
	for(int i = 0; i < 4; i++)
		EXPECT_NE(recv(a).find("too many requests"), std::string::npos);
	Fd b = begin();
	EXPECT_EQ(rpc(b, Tstat{.fid = 0}).substr(0, 5), "Rstat");
	close(std::move(a));
	close(std::move(b));
	unmount("", "/n");
}

// Of a request that sleeps, a client that does not read, and one that says nothing.
PRACE(devexport, stop_ends_every_connection_whatever_it_does)
{
	bind("#|", "/n", MREPL);
	Fd hold = open("/n/data1", ORDWR);
	Ctl x;
	x.ask("root /n");
	Fd silent = x.started();
	Fd asleep = x.started();
	rpc(asleep, Tversion{.msize = 8192, .version = "9P2000"}, NOTAG);
	rpc(asleep, Tattach{.fid = 0, .uname = "x"});
	Twalk w{.fid = 0, .newfid = 1};
	w.wname.add("data");
	rpc(asleep, w);
	rpc(asleep, Topen{.fid = 1, .mode = OREAD});
	Tread r{.fid = 1, .count = 10};
	Block b = Block::alloc(sizeM(r));
	b.produced(packM(r, 5, b.room()));
	bwrite(asleep, std::move(b));
	x.ask("stop");
	EXPECT_EQ(recv(silent), "end");
	while(recv(asleep) != "end")
		continue;
	EXPECT_ERROR(x.ask("start 0"), "i/o on hungup channel");
	unmount("", "/n");
}

PTEST(devexport, the_log_has_the_transcript_and_ends_with_the_export)
{
	stdns();
	Ctl x;
	x.ask("root /tmp");
	x.ask("transcript");
	Fd log = open(x.dir + "/log", OREAD);
	Fd a = x.started();
	rpc(a, Tversion{.msize = 8192, .version = "9P2000"}, NOTAG);
	close(std::move(a));
	x.ask("stop");
	std::string s;
	std::array<char, 512> buf;
	while(size_t n = read(log, std::as_writable_bytes(std::span(buf))))
		s.append(buf.data(), n);
	EXPECT_EQ(s.substr(0, 16), "connection from ");
	EXPECT_NE(s.find("<- Tversion tag 65535 msize 8192 version '9P2000'\n"), s.npos);
}

// Nobody reads it.
PTEST(devexport, a_log_that_is_full_counts_what_it_lost)
{
	stdns();
	Ctl x;
	x.ask("root /tmp");
	x.ask("transcript");
	Fd log = open(x.dir + "/log", OREAD);
	Fd a = x.started();
	for(int i = 0; i < 1000; i++)
		rpc(a, Tversion{.msize = 8192, .version = "9P2000"}, NOTAG);
	close(std::move(a));
	x.ask("stop");
	std::array<char, 65536> buf;
	std::string s;
	while(size_t n = read(log, std::as_writable_bytes(std::span(buf))))
		s.append(buf.data(), n);
	EXPECT_TRUE(s.ends_with(" lines lost\n")) << s.substr(s.size() - 100);
}

PTEST(devexport, serve_returns_when_the_client_has_gone)
{
	stdns();
	auto [mine, its] = pipe();
	rfork(RFPROC | RFFDG, [fd = int(its), other = int(mine)] {
		close(other);
		Ctl x;
		x.ask("root /tmp");
		x.ask("serve " + std::to_string(fd));
	});
	close(std::move(its));
	rpc(mine, Tversion{.msize = 8192, .version = "9P2000"}, NOTAG);
	close(std::move(mine));
	EXPECT_EQ(wait().msg, "");
}

PTEST(devexport, a_note_ends_what_serve_serves)
{
	stdns();
	auto [mine, its] = pipe();
	int pid = rfork(RFPROC | RFFDG, [fd = int(its), other = int(mine)] {
		close(other);
		Ctl x;
		x.ask("root /tmp");
		x.ask("serve " + std::to_string(fd));
	});
	close(std::move(its));
	rpc(mine, Tversion{.msize = 8192, .version = "9P2000"}, NOTAG);
	postnote(pid, "interrupt");
	EXPECT_NE(wait().msg.find("interrupt"), std::string::npos);
	EXPECT_EQ(recv(mine), "end");
}

// What status looked at was freed beneath it.
PRACE(devexport, the_status_of_an_export_that_ends_can_be_read)
{
	stdns();
	auto x = std::make_unique<Ctl>();
	x->ask("root /tmp");
	Fd conn = x->started();
	Fd st = open(x->dir + "/status", OREAD);
	rfork(RFPROC | RFFDG, [fd = int(st), other = int(conn), ctl = int(x->fd)] {
		close(other);
		close(ctl);
		std::array<std::byte, 512> b;
		for(int i = 0; i < 5; i++)
			EXPECT_GT(pread(fd, b, 0), 10u);
	});
	close(std::move(conn));
	x.reset();
	EXPECT_EQ(wait().msg, "");
}
}
