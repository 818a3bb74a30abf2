// The programs exportfs and srvfs; what they serve is tested with port/exportfs.

#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// The clock is the test's own: it moves when nobody else can run.
void
waitgone(std::string_view file)
{
	while(access(file, AEXIST))
		sleep(1);
}
}

PTEST(srvfs, a_tree_is_posted_for_as_long_as_its_server_lives)
{
	stdns();
	writefile("/tmp/f", "hello");
	Ran r = run({"srvfs", "-p", "640", "tree", "/tmp"});
	EXPECT_EQ(r.err + r.status, "");
	EXPECT_EQ(stat("/srv/tree").mode & 0777, 0640u);
	Fd fd = open("/srv/tree", ORDWR);
	mount(fd, -1, "/n/tree", MREPL, "");
	EXPECT_EQ(readfile("/n/tree/f"), "hello");
	unmount("", "/n/tree");
	EXPECT_TRUE(access("/srv/tree", AEXIST));
	remove("/srv/tree");
}

// The file in /srv stayed, with nobody behind it.
PTEST(srvfs, a_server_that_cannot_run_leaves_nothing_posted)
{
	stdns();
	writefile("/tmp/bad", "neither + nor -\n");
	Ran r = run({"srvfs", "-e", "/bin/none", "tree", "/tmp"});
	EXPECT_EQ(r.err, "srvfs: file does not exist: '/bin/none'\n");
	r = run({"srvfs", "-e", "/tmp/bad", "tree", "/tmp"});
	EXPECT_EQ(r.err, "srvfs: permission denied: '/tmp/bad'\n");
	r = run({"srvfs", "tree", "/tmp/none"});
	EXPECT_EQ(r.err, "srvfs: file not found: '/tmp/none'\n");
	EXPECT_FALSE(access("/srv/tree", AEXIST));
	run({"srvfs", "-P", "/tmp/bad", "tree", "/tmp"});
	waitgone("/srv/tree");
}

PTEST(exportfs, a_service_that_is_not_there_is_told_before_anybody_calls)
{
	stdns();
	Ran r = run({"exportfs", "-S", "/srv/none"});
	EXPECT_EQ(r.err, "exportfs: open /srv/none: file does not exist\n");
	EXPECT_EQ(r.status, "open /srv/none: file does not exist");
	EXPECT_EQ(run({"exportfs", "-S", "/srv/none", "-r", "/"}).status, "usage");
	EXPECT_EQ(run({"exportfs"}).status, "usage");
}
}
