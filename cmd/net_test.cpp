// Programs that make and take calls, over the loopback and over pipes.

#include "cmd/dial.h"
#include "cmd/prog.h"
#include "lib9/fcall.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

void
netns()
{
	stdns();
	bind("#I", "/net", MREPL);
}

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
