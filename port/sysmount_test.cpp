// mount(2) and the name space with a mount driver and scripted servers below.

#include "port/mnt.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "tests/memdev.h"
#include "tests/scripted.h"
#include "tests/test.h"

namespace p9 {

namespace {
int
fdof(const Scripted& srv)
{
	return up().fgrp->add(srv.chan());
}

void
quiet(Script& s)
{
	s.session();
	s.finish();
}
}

PTEST(sysmount, NS_37_a_mount_that_succeeds_closes_the_descriptor)
{
	Scripted srv(quiet);
	Fd fd(fdof(srv));
	int n = fd;
	mount(fd, -1, "/n", MREPL | MCREATE, "spec of it");
	EXPECT_FALSE(fd.isopen());
	EXPECT_ERROR(close(n), Ebadfd);
	EXPECT_EQ(nslines(*up().pgrp),
		  std::vector<std::string>{"mount -c #| /n 'spec of it'"});
	unmount({}, "/n");
	srv.end();
}

PTEST(sysmount, NS_37_a_mount_that_fails_leaves_it_open)
{
	Scripted srv(quiet);
	Fd fd(fdof(srv));
	EXPECT_ERROR(mount(fd, -1, "/none", MREPL, ""), "file does not exist: '/none'");
	EXPECT_ERROR(mount(fd, 99, "/n", MREPL, ""), Ebadfd);
	EXPECT_ERROR(mount(fd, -1, "/n", MREPL, std::string(70000, 's')), Etoolong);
	EXPECT_ERROR(mount(fd, -1, "/n", MBEFORE | MAFTER, ""), Ebadarg);
	ASSERT_TRUE(fd.isopen());
	EXPECT_EQ(fd2path(fd), "#|");
	Fd r = open("#e", OREAD);
	EXPECT_ERROR(mount(r, -1, "/n", MREPL, ""), Ebadusefd);
	close(std::move(fd));
	srv.end();
}

PTEST(sysmount, NS_35_unmounting_by_the_posted_name_finds_the_connection)
{
	Scripted srv(quiet);
	bind("#s", "/srv", MREPL | MCREATE);
	postfd("test", Fd(fdof(srv)));
	Fd fd = open("/srv/test", ORDWR);
	mount(fd, -1, "/n", MREPL, "");
	EXPECT_EQ(nslines(*up().pgrp).back(), "mount  /srv/test /n");
	unmount("#s/test", "/n");
	EXPECT_EQ(nslines(*up().pgrp).size(), 1u);
	remove("/srv/test");
	srv.end();
}

// As the test of this name in chan_test.cpp, with a server that answers no Twalk.
PREAL(sysmount, a_dead_server_in_a_union_freezes_only_those_who_walk_on_it)
{
	Memdev& m = memworld();
	for(std::string d : {"a", "b", "u"})
		m.mkfile("/" + d + "/f", d);
	Signal asked;
	Scripted srv([&](Script& s) {
		s.session();
		s.expect<Twalk>();
		asked.set();
		s.answer<Tflush>(Rflush{});
		s.finish();
	});
	Fd fd(fdof(srv));
	mount(fd, -1, "/u", MBEFORE, "");
	Actor stuck(
		"stuck", [] { close(nameopen("/u/f", OREAD)); }, Actor::Errors::Keep);
	asked.wait();
	for(int i = 0; i < 4; i++)
		rfork(RFPROC, [i] {
			std::string dir(1, char('a' + i % 2));
			for(int n = 0; n < 10000; n++) {
				EXPECT_EQ(readfile("/" + dir + "/f"), dir);
				if(n % 10 == 0)
					p9::bind("/" + dir, "/" + dir, MREPL);
			}
		});
	for(int i = 0; i < 4; i++)
		EXPECT_EQ(wait().msg, "");
	unmount({}, "/u");
	EXPECT_EQ(readfile("/u/f"), "u");
	stuck.note();
	stuck.join();
	EXPECT_EQ(stuck.failure(), "interrupted: '/u/f'");
	srv.end();
}
}
