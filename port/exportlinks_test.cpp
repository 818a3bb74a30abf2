// Links of the host in a tree that others see: they lead no further than that tree.

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/exportclient.h"
#include "tests/runprog.h"

namespace p9 {

namespace {

namespace stdfs = std::filesystem;

// A directory of the host with pub, which is served, and a secret beside it.
struct Links {
	stdfs::path dir;
	std::string pub;	// its name here

	Links()
	{
		std::string t = (stdfs::temp_directory_path() / "emulinksXXXXXX").string();
		dir = mkdtemp(t.data());
		pub = "#U" + (dir / "pub").string();
		stdfs::create_directories(dir / "pub" / "d");
		put("secret", "s");
		put("pub/d/a", "text");
		link("in", "d/a");
		link("d/back", "../d/a");
		link("rel", "../secret");
		link("abs", dir / "secret");
		link("d/up", "../../secret");
		link("parent", "..");
		link("dangling", "../new");
	}
	~Links() { stdfs::remove_all(dir); }
	void put(const std::string& name, const std::string& text) const
	{
		std::ofstream(dir / name) << text;
	}
	void link(const std::string& name, const stdfs::path& to) const
	{
		stdfs::create_symlink(to, dir / "pub" / name);
	}
};

// What a client sees of it at where.
void
check(const Links& t, const std::string& where)
{
	EXPECT_EQ(readfile(where + "/in"), "text");
	EXPECT_EQ(readfile(where + "/d/back"), "text");
	for(const char* name : {"/rel", "/abs", "/d/up"}) {
		EXPECT_EQ(stat(where + name).mode, 0u) << name;
		EXPECT_THROW(open(where + name, OREAD), Error) << name;
		EXPECT_THROW(writefile(where + name, "x"), Error) << name;
	}
	for(const Dir& d : dirreadall(where))
		if(d.name == "rel" || d.name == "abs") {
			EXPECT_EQ(d.length, 0u) << d.name;
		}
	EXPECT_THROW(open(where + "/parent/secret", OREAD), Error);
	EXPECT_EQ(readfile(where + "/parent/d/a"), "text");	// it leads to the top
	try {
		writefile(where + "/dangling", "x");
	} catch(const Error&) {
	}
	EXPECT_FALSE(stdfs::exists(t.dir / "new"));
	// What is made, renamed and removed is inside.
	writefile(where + "/d/made", "m");
	EXPECT_TRUE(stdfs::exists(t.dir / "pub" / "d" / "made"));
	Dir d = Dir::dontcare();
	d.name = "moved";
	wstat(where + "/d/made", d);
	EXPECT_EQ(readfile(where + "/d/moved"), "m");
	remove(where + "/d/moved");
	remove(where + "/rel");	// the link
	EXPECT_TRUE(stdfs::exists(t.dir / "secret"));
	stdfs::create_symlink("../secret", t.dir / "pub" / "rel");
}
}

PTEST(exportlinks, BX_19_links_lead_no_client_out_of_what_is_served)
{
	Links t;
	stdns();
	mounted(t.pub, "/n/x");
	check(t, "/n/x");
	unmount("", "/n/x");
}

PTEST(exportlinks, BX_19_nor_out_of_what_is_bound_into_it)
{
	Links t;
	stdns();
	close(create("/tmp/d", OREAD, DMDIR | 0755));
	close(create("/tmp/e", OREAD, DMDIR | 0755));
	close(create("/tmp/e/sub", OREAD, DMDIR | 0755));
	p9::bind(t.pub, "/tmp/d", MREPL | MCREATE);
	p9::bind(t.pub, "/tmp/e", MBEFORE | MCREATE);
	mounted("/tmp", "/n/x");
	check(t, "/n/x/d");
	check(t, "/n/x/e");
	unmount("", "/n/x");
	unmount("", "/tmp/d");
	unmount("", "/tmp/e");
}

// Out of a mount one comes to where it was mounted, as the Proc that did it knows that place.
PTEST(exportlinks, BX_19_nor_by_way_of_a_mount_inside)
{
	Links t;
	stdns();
	close(create("/tmp/e", OREAD, DMDIR | 0755));
	close(create("/tmp/e/sub", OREAD, DMDIR | 0755));
	p9::bind("/tmp/e", t.pub + "/d", MREPL);
	Client c(exported(t.pub));
	c.session();
	EXPECT_EQ(c.err(Twalk{.fid = 0, .newfid = 1, .wname = path({"d", "sub", "..", "..", "in"})}),
		"none");
	EXPECT_EQ(c.err(Twalk{.fid = 0, .newfid = 2, .wname = path({"d", "sub", "..", "sub", "..", ".."})}),
		"none");
	EXPECT_EQ(c.err(Twalk{.fid = 2, .newfid = 3, .wname = path({"rel"})}), "none");
	EXPECT_NE(c.err(Topen{.fid = 3, .mode = OREAD}), "none");
	unmount("", t.pub + "/d");
}

PTEST(exportlinks, here_they_lead_where_they_say)
{
	Links t;
	stdns();
	mounted(t.pub, "/n/x");
	EXPECT_EQ(readfile(t.pub + "/rel"), "s");
	EXPECT_EQ(readfile(t.pub + "/abs"), "s");
	p9::bind(t.pub, "/n/b", MREPL);
	EXPECT_EQ(readfile("/n/b/rel"), "s");
	EXPECT_EQ(readfile("/n/b/parent/secret"), "s");
	unmount("", "/n/b");
	unmount("", "/n/x");
}

// The directory is looked for at each use, not kept.
PTEST(exportlinks, a_directory_that_takes_the_place_is_served)
{
	Links t;
	stdns();
	mounted(t.pub, "/n/x");
	EXPECT_EQ(readfile("/n/x/in"), "text");
	stdfs::rename(t.dir / "pub", t.dir / "old");
	EXPECT_THROW(stat("/n/x/in"), Error);
	stdfs::create_directory(t.dir / "pub");
	t.put("pub/in", "other");
	EXPECT_EQ(readfile("/n/x/in"), "other");
	unmount("", "/n/x");
}
}
