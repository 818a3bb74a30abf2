// Programs that make and take calls, over the loopback and over pipes.

#include <fmt/format.h>

#include "cmd/cmds.h"
#include "cmd/dial.h"
#include "cmd/prog.h"
#include "lib9/fcall.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// What stands behind an announcement: each call is served by fn.  In a Proc that is not
// waited for: run() waits for the program alone.
void
serving(const Announced& a, int calls, std::function<void(int fd)> fn)
{
	for(int i = 0; i < calls; i++) {
		Netcall c = listen(a);
		close(std::move(c.ctl));
		fn(c.data);
		close(std::move(c.data));
	}
}

// A program that runs beside the test, until stop; what it says on descriptor 2 is err.
struct Beside {
	Fd err;
	int pid;

	explicit Beside(Argv argv)
	{
		auto [r, w] = pipe();
		err = std::move(r);
		pid = rfork(RFFDG | RFNOTEG, [argv, out = int(w), in = int(err)] {
			dup(out, 2).release();
			close(out);
			close(in);
			exec("/bin/" + argv[0], argv);
		});
		close(std::move(w));
	}
	std::string line() { return readline(err); }
	// Its status.
	std::string wait()
	{
		std::string s = p9::wait().msg;
		size_t i = s.find(": ");
		return i == s.npos ? s : s.substr(i + 2);
	}
	std::string stop()
	{
		postnote(pid, "interrupt");
		return wait();
	}
};

// What a call to addr answers to text, up to the end.
std::string
ask(std::string_view addr, std::string_view text)
{
	Netcall c = dial(addr);
	if(!text.empty())
		write(c.data, text);
	std::string s, l;
	while(!(l = readline(c.data)).empty())
		s += l;
	return s;
}

// An executable file.
void
script(const std::string& name, std::string_view text)
{
	Fd fd = create(name, OWRITE, 0777);
	write(fd, text);
	close(std::move(fd));
}

void
exporttmp(int fd)
{
	exportfs(fd, fd, "/tmp");
}
}

PREAL(srv, an_address_is_called_and_posted)
{
	netns();
	Announced a = announce("tcp!!0");
	std::string addr = netaddr(a.dir);
	rfork(RFNOWAIT, [&] { serving(a, 1, exporttmp); });
	writefile("/tmp/f", "hello");
	Ran r = run({"srv", addr, "there", "/n/there"});
	EXPECT_EQ(r.err + r.status, "post...\n");
	EXPECT_EQ(readfile("/n/there/f"), "hello");
	r = run({"srv", "-m", addr, "there"});
	EXPECT_EQ(r.err + r.status, "");
	std::string host = addr.substr(4);
	EXPECT_EQ(readfile("/n/" + host + "/f"), "hello");
	unmount("", "/n/" + host);
	unmount("", "/n/there");
	remove("/srv/there");
}

// What is posted may have died since.
PREAL(srv, a_dead_connection_is_made_again_when_it_is_to_be_mounted)
{
	netns();
	Announced a = announce("tcp!!0");
	std::string addr = netaddr(a.dir);
	rfork(RFNOWAIT, [&] {
		serving(a, 1, [](int) {});
		serving(a, 1, exporttmp);
	});
	writefile("/tmp/f", "hello");
	Ran r = run({"srv", addr, "there"});
	EXPECT_EQ(r.err + r.status, "post...\n");
	r = run({"srv", addr, "there", "/n/there"});
	EXPECT_EQ(r.err + r.status, "post...\n");
	EXPECT_EQ(readfile("/n/there/f"), "hello");
	unmount("", "/n/there");
	remove("/srv/there");
}

PREAL(srv, what_fails_is_told_with_the_address_as_it_was_called)
{
	netns();
	Announced a = announce("tcp!!0");
	std::string addr = netaddr(a.dir);
	close(std::move(a.ctl));
	Ran r = run({"srv", addr});
	EXPECT_EQ(r.err, "srv: dial " + addr + ": connection refused\n");
	EXPECT_EQ(r.status, "dial");
	EXPECT_EQ(run({"srv", "no.such.host.invalid"}).err,
		"srv: dial net!no.such.host.invalid!9fs: cs: can't translate address\n");
	EXPECT_EQ(run({"srv", "unix!/none/such"}).err,
		"srv: dial unix!/none/such: file does not exist\n");
}

// As diod answers a version that it does not know: linux.md 1.1, trap 1.
PREAL(srv, a_server_that_answers_tversion_by_rlerror_is_told_by_its_dialect)
{
	netns();
	Announced a = announce("tcp!!0");
	std::string addr = netaddr(a.dir);
	rfork(RFNOWAIT, [&] {
		serving(a, 1, [](int fd) {
			std::byte asked[128];
			read(fd, asked);
			constexpr char rlerror[] = "\x0b\0\0\0\x07\xff\xff\x5f\0\0";
			write(fd, std::string_view(rlerror, sizeof rlerror));
		});
	});
	Ran r = run({"srv", "-q", addr, "there", "/n/there"});
	EXPECT_EQ(r.err, "post...\nsrv " + addr + ": mount failed: server speaks only 9P2000.L\n");
	EXPECT_EQ(r.status, "mount");
	remove("/srv/there");
}

PREAL(listen1, each_call_has_a_program_whose_descriptors_it_is)
{
	netns();
	script("/tmp/answer", "#!/bin/rc\necho `{read} $1 $net\n");
	Beside l({"listen1", "-v", "tcp!!0", "/tmp/answer", "x"});
	std::string s = l.line();
	ASSERT_TRUE(s.starts_with("listen started at tcp!127.0.0.1!")) << s;
	std::string addr = s.substr(18, s.size() - 19);
	EXPECT_TRUE(ask(addr, "hello\n").starts_with("hello x /net/tcp/"));
	std::string said = l.line();
	EXPECT_TRUE(said.starts_with("incoming call for tcp!!0 from 127.0.0.1 in /net/tcp/"))
		<< said;
	EXPECT_TRUE(ask(addr, "again\n").starts_with("again x /net/tcp/"));
	EXPECT_EQ(l.stop(), "interrupt");
	EXPECT_ERROR(dial(addr), "connection refused: '" + addr + "'");
}

PREAL(listen1, one_call_is_enough_for_1)
{
	netns();
	Beside l({"listen1", "-1t", "tcp!!0", "echo", "bye"});
	std::string s = l.line();
	std::string addr = s.substr(18, s.size() - 19);
	EXPECT_EQ(ask(addr, ""), "bye\n");
	EXPECT_EQ(l.wait(), "");
	EXPECT_ERROR(dial(addr), "connection refused: '" + addr + "'");
}

// The second caller waits until the first one's program has ended.
PREAL(listen1, p_limits_how_many_are_served_at_a_time)
{
	netns();
	script("/tmp/answer", "#!/bin/rc\necho begun\nread\n");
	Beside l({"listen1", "-p", "1", "tcp!!0", "/tmp/answer"});
	std::string s = l.line();
	std::string addr = s.substr(18, s.size() - 19);
	Netcall one = dial(addr);
	EXPECT_EQ(readline(one.data), "begun\n");
	Netcall two = dial(addr);
	auto [r, w] = pipe();
	int out = w;
	int from = two.data;
	rfork(RFNOWAIT, [out, from] { write(out, readline(from)); });
	write(w, "one is about to end\n");
	write(one.data, "end\n");
	EXPECT_EQ(readline(r), "one is about to end\n");
	EXPECT_EQ(readline(r), "begun\n");
	write(two.data, "end\n");
	EXPECT_EQ(l.stop(), "interrupt");
}

PREAL(listen1, what_cannot_be)
{
	netns();
	Ran r = run({"listen1", "tcp!*!0", "cat"});
	EXPECT_EQ(r.err, "listen1: announce tcp!*!0: others can reach it: say -insecure\n");
	EXPECT_EQ(r.status, "announce tcp!*!0: others can reach it: say -insecure");
	EXPECT_EQ(run({"listen1", "-insecure", "unix!/none/such", "cat"}).err,
		"listen1: announce unix!/none/such: file does not exist\n");
	std::string usage = "usage: listen1 [-insecure] [-1tv] [-p maxprocs] address cmd args...\n";
	EXPECT_EQ(run({"listen1", "tcp!!0"}).err, usage);
	EXPECT_EQ(run({"listen1", "-i", "tcp!!0", "cat"}).err, usage);
	Beside l({"listen1", "-insecure", "tcp!*!0", "/none/such"});
	std::string s = l.line();
	std::string port = s.substr(s.rfind('!') + 1, s.size() - s.rfind('!') - 2);
	EXPECT_EQ(ask("tcp!127.0.0.1!" + port, ""), "");
	EXPECT_EQ(l.line(), "listen1: exec: file does not exist: '/none'\n");
	EXPECT_EQ(l.stop(), "interrupt");
}

// A host of the loopback that no other test has.
static std::string
freehost()
{
	auto n = uint64_t(nsec()) / 1000;
	return fmt::format("127.{}.{}.{}", 1 + n % 250, n / 250 % 250, 1 + n / 62500 % 250);
}

PREAL(listen, services_are_announced_when_it_returns)
{
	netns();
	mkdir({"mkdir", "/tmp/d"});
	std::string host = freehost();
	std::string serv = "tcp17007";
	script("/tmp/d/" + serv, "#!/bin/rc\necho $*\n");
	script("/tmp/d/udp1", "#!/bin/rc\n");
	script("/tmp/d/tcp2", "");
	Ran r = run({"listen", "-q", "-a", host, "-d", "/tmp/d"});
	EXPECT_EQ(r.err + r.status, "");
	std::string said = ask("tcp!" + host + "!exportfs", "");
	EXPECT_TRUE(said.starts_with(serv + " tcp /net/tcp/")) << said;
	r = run({"listen", "-q", "-a", host, "-d", "/tmp/d"});
	EXPECT_EQ(r.err, "listen: giving up on tcp!" + host +
			"!17007: address in use\nlisten: no services\n");
	EXPECT_EQ(r.status, "no services");
}

PREAL(listen, a_service_may_have_its_own_name_space)
{
	netns();
	run({"ramfs", "-S", "ram", "-m", "/tmp"});
	mkdir({"mkdir", "/tmp/d"});
	std::string host = freehost();
	std::string prog = "/tmp/d/tcpexportfs";
	script(prog, "#!/bin/rc\n/bin/ls -p /n /tmp\n");
	writefile(prog + ".namespace",
		"bind #I /net\nbind -c #e /env\nmount #s/ram /tmp\nbind #s /n\n");
	Ran r = run({"listen", "-q", "-a", host, "-t", "/tmp/d"});
	EXPECT_EQ(r.err + r.status, "");
	EXPECT_EQ(ask("tcp!" + host + "!17007", ""), "clone\nram\nd\n");
	remove("/srv/ram");
}

// ---- import

// A tree that exportfs serves, at addr, until stop.
struct Exported {
	std::unique_ptr<Beside> l;
	std::string addr;

	explicit Exported(const std::string& at = "tcp!!0")
	{
		mkdir({"mkdir", "-p", "/tmp/tree/sub"});
		writefile("/tmp/tree/f", "of the root");
		writefile("/tmp/tree/sub/g", "below");
		l = std::make_unique<Beside>(Argv{"listen1", at, "exportfs", "-r", "/tmp/tree"});
		std::string s = l->line();
		addr = s.substr(18, s.size() - 19);
	}
};

PREAL(import, the_whole_tree_or_a_part_is_mounted)
{
	netns();
	Exported x;
	Ran r = run({"import", x.addr, "/", "/n/all"});
	EXPECT_EQ(r.err + r.status, "");
	EXPECT_EQ(readfile("/n/all/f"), "of the root");
	r = run({"import", "-c", x.addr, "sub", "/n/part"});
	EXPECT_EQ(r.err + r.status, "");
	EXPECT_EQ(readfile("/n/part/g"), "below");
	writefile("/n/part/new", "made here");
	EXPECT_EQ(readfile("/tmp/tree/sub/new"), "made here");
	r = run({"import", "-b", x.addr, "/", "/tmp/tree/sub"});
	EXPECT_EQ(r.err + r.status, "");
	EXPECT_EQ(readfile("/tmp/tree/sub/f"), "of the root");
	r = run({"import", x.addr, "/f", "/tmp/tree/sub/g"});
	EXPECT_EQ(r.err + r.status, "");
	EXPECT_EQ(readfile("/tmp/tree/sub/g"), "of the root");
	for(const char* d : {"/n/all", "/n/part", "/tmp/tree/sub/g", "/tmp/tree/sub"})
		unmount("", d);
	x.l->stop();
}

// Without a mount point it is the tree's own name.
PREAL(import, the_mount_point_is_the_trees_name)
{
	netns();
	Exported x;
	mkdir({"mkdir", "/tmp/sub"});
	chdir("/tmp");
	Ran r = run({"import", "-A", "-s", "posted", x.addr, "sub"});
	EXPECT_EQ(r.err + r.status, "");
	EXPECT_EQ(readfile("/tmp/sub/g"), "below");
	EXPECT_EQ(stat("/srv/posted").mode & 0777, 0600u);
	remove("/srv/posted");
	unmount("", "/tmp/sub");
	chdir("/");
	x.l->stop();
}

// A part that cannot be mounted leaves nothing behind, the connection least of all.
PREAL(import, what_cannot_be)
{
	netns();
	Exported x;
	Ran r = run({"import", x.addr, "/none", "/n/x"});
	EXPECT_EQ(r.err, "import: " + x.addr + ": file not found: '/none'\n");
	EXPECT_EQ(r.status, "mount");
	r = run({"import", x.addr, "/f", "/n/x"});
	EXPECT_EQ(r.err, "import: mount /n/x: inconsistent mount\n");
	r = run({"import", "-q", x.addr, "/none", "/n/x"});
	EXPECT_EQ(r.err, "");
	EXPECT_EQ(r.status, "mount");
	EXPECT_EQ(run({"import", x.addr}).status, "usage");
	EXPECT_EQ(run({"import", "-ab", x.addr, "/", "/n/x"}).status, "usage");
	x.l->stop();
	r = run({"import", x.addr, "/", "/n/x"});
	EXPECT_EQ(r.err, "import: dial " + x.addr + ": connection refused\n");
	EXPECT_EQ(r.status, "dial");
	EXPECT_TRUE(dirreadall("/mnt").empty());
}

// ---- 9p

PREAL(ninep, a_server_is_used_without_mounting_it)
{
	netns();
	Exported x;
	auto p = [&](Argv argv, std::string_view in = {}) {
		argv.insert(argv.begin(), {"9p", "-a", x.addr});
		return run(argv, in);
	};
	EXPECT_EQ(p({"read", "f"}).out, "of the root");
	EXPECT_EQ(p({"readfd", "/sub/g"}).out, "below");
	EXPECT_EQ(p({"ls", "/"}).out, "f\nsub\n");
	EXPECT_EQ(p({"ls", "-d", "sub"}).out, "sub\n");
	EXPECT_EQ(p({"write", "f"}, "other").err, "");
	EXPECT_EQ(readfile("/tmp/tree/f"), "other");
	EXPECT_EQ(p({"writefd", "f"}, "more\nlines\n").err, "");
	EXPECT_EQ(readfile("/tmp/tree/f"), "more\nlines\n");
	EXPECT_EQ(p({"write", "-l", "f"}, "one\ntwo").err, "");
	EXPECT_EQ(readfile("/tmp/tree/f"), "one\ntwo");
	EXPECT_EQ(p({"write", "f"}).err, "");
	EXPECT_EQ(readfile("/tmp/tree/f"), "");
	EXPECT_EQ(p({"rdwr", "f"}, "a\nb\n").out, "\na\nab\n");
	EXPECT_EQ(p({"create", "x", "y"}).err, "");
	EXPECT_EQ(p({"rm", "x", "none"}).err, "remove none: file not found\n");
	EXPECT_EQ(p({"ls"}).out, "f\nsub\ny\n");
	EXPECT_TRUE(p({"stat", "y"}).out.starts_with("'y' '" + getuser() + "' '"));
	std::string l = p({"ls", "-l", "y"}).out;
	EXPECT_TRUE(l.starts_with("--rw-rw-rw- M 0 " + getuser() + " ")) << l;
	EXPECT_TRUE(l.ends_with(" y\n")) << l;
	EXPECT_TRUE(dirreadall("/mnt").empty());
	x.l->stop();
}

PREAL(ninep, what_fails_is_told_in_plan9ports_words)
{
	netns();
	Exported x;
	Ran r = run({"9p", "-n", "-a", x.addr, "read", "none"});
	EXPECT_EQ(r.err, "9p: fsopen none: file not found\n");
	EXPECT_EQ(r.status, "fsopen none: file not found");
	r = run({"9p", "-a", x.addr, "stat", "none"});
	EXPECT_EQ(r.err, "9p: dirstat: file not found\n");
	r = run({"9p", "-a", x.addr, "ls", "none", "f"});
	EXPECT_EQ(r.err + r.out + r.status, "dirstat none: file not found\nf\nerrors");
	r = run({"9p", "-a", x.addr, "write", "sub"}, "x");
	EXPECT_EQ(r.err, "9p: fsopen sub: file is a directory\n");
	x.l->stop();
	r = run({"9p", "-a", x.addr, "read", "f"});
	EXPECT_EQ(r.err, "9p: mount: connection refused: '" + x.addr + "'\n");
	for(const Argv& w : {Argv{"9p"}, Argv{"9p", "nocmd"}, Argv{"9p", "read"},
		    Argv{"9p", "ls", "-x"}, Argv{"9p", "-x", "ls"}, Argv{"9p", "-a"}}) {
		r = run(w);
		EXPECT_TRUE(r.err.starts_with("usage: 9p [-n] [-a address] [-A aname] cmd"));
		EXPECT_EQ(r.status, "usage");
	}
}

// A service is in /srv, else a Unix socket of $NAMESPACE.
PREAL(ninep, the_first_element_of_a_name_is_a_service)
{
	netns();
	std::string dir = "/tmp/emu.ns." + std::to_string(nsec());
	putenv("NAMESPACE", dir);
	EXPECT_EQ(run({"9p", "ls", "there"}).err,
		"9p: mount: file does not exist: 'unix!" + dir + "/there'\n");
	EXPECT_EQ(stat("#U" + dir).mode & 0777, 0700u);
	EXPECT_EQ(run({"namespace"}).out, dir + "\n");
	Exported x("unix!" + dir + "/there");
	EXPECT_EQ(run({"9p", "read", "there/sub/g"}).out, "below");
	EXPECT_EQ(stat("#U" + dir + "/there").mode & 0777, 0600u);
	run({"ramfs", "-S", "there"});
	EXPECT_EQ(run({"9p", "ls", "there"}).out, "");
	remove("/srv/there");
	EXPECT_EQ(run({"9p", "ls", "there"}).out, "f\nsub\n");
	x.l->stop();
	EXPECT_TRUE(dirreadall("#U" + dir).empty());
	Dir d = Dir::dontcare();
	d.mode = DMDIR | 0777;
	wstat("#U" + dir, d);
	EXPECT_EQ(run({"namespace"}).err, "namespace: bad name space dir: '" + dir + "'\n");
	remove("#U" + dir);
	putenv("NAMESPACE", "");
	EXPECT_EQ(run({"namespace"}).err, "namespace: $NAMESPACE not set\n");
}

// A network of another directory: one that was imported, say.
PREAL(dial, an_address_may_name_the_directory_of_its_network)
{
	netns();
	bind("#I", "/n/net", MREPL);
	Announced a = announce("/n/net/tcp!!0");
	EXPECT_TRUE(a.dir.starts_with("/n/net/tcp/"));
	EXPECT_TRUE(netaddr(a.dir).starts_with("tcp!127.0.0.1!"));
	Netcall c = dial("/n/net/" + netaddr(a.dir));
	EXPECT_TRUE(c.dir.starts_with("/n/net/tcp/"));
	EXPECT_ERROR(dial("/n/none/tcp!x!y"), "file does not exist: '/n/none/cs'");
}
}
