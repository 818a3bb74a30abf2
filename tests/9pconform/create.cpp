// Create, open(5).

#include "tests/9pconform/check.h"

namespace p9 {

CHECK_WORK(create, file)
{
	Rcreate r = c.create(Work, 2, "f", 0666, ORDWR);
	must(!(r.qid.type & QTDIR), "a plain file");
	must(r.iounit <= c.maxdata(), "an iounit that fits a message");
	c.put(2, "hello");
	same(c.read(2), "hello", "what was written");
	same(c.stat(2).name, "f", "the name");
	same(c.stat(2).qid.path, r.qid.path, "the qid path of stat");
	same(c.walk(Work, 3, {"f"}).path, r.qid.path, "the qid path of walk");
	must(c.stat(Work).qid.type & QTDIR, "the directory by its own fid");
}

CHECK_WORK(create, directory)
{
	Rcreate r = c.create(Work, 2, "d", DMDIR | 0777, OREAD);
	must(r.qid.type & QTDIR, "a directory");
	same(c.list(2).size(), 0u, "entries of a new directory");
	c.refused(Twrite{.fid = 2, .data = std::as_bytes(std::span("x", 1))});
	same(c.walk(Work, 3, {"d"}).path, r.qid.path, "the qid path of walk");
	c.file(3, 4, "f", "inside");
	c.walk(Work, 5, {"d", "f"});
}

// A directory cannot be written, so it may be refused to open one so; nothing is written
// anyway.
CHECK_WORK(create, directory_for_writing)
{
	c.walk(Work, 2, {});
	Tcreate m{.fid = 2, .name = "d", .perm = DMDIR | 0777, .mode = OWRITE};
	if(c.either(m))
		c.refused(Twrite{.fid = 2, .data = std::as_bytes(std::span("x", 1))});
}

CHECK_WORK(create, exists)
{
	c.file(Work, 2, "f", "hello");
	c.mkdir(Work, 4, "d");
	c.walk(Work, 3, {});
	for(uint32_t perm : {0666u, DMDIR | 0777u}) {
		c.refused(Tcreate{.fid = 3, .name = "f", .perm = perm, .mode = OREAD});
		c.refused(Tcreate{.fid = 3, .name = "d", .perm = perm, .mode = OREAD});
	}
	c.open(2, OREAD);
	same(c.read(2), "hello", "the file that was there");
	same(c.stat(3).qid.path, c.stat(Work).qid.path, "the fid of a failed create");
	c.create(3, 3, "g");
}

CHECK_WORK(create, bad_names)
{
	c.walk(Work, 2, {});
	for(std::string_view s : {".", "..", "", "/", "a/b", "../a", "a/"})
		c.refused(Tcreate{.fid = 2, .name = s, .perm = 0666, .mode = ORDWR});
	for(std::string_view s : {".", "..", "", "/", "a/b"})
		c.refused(Tcreate{.fid = 2, .name = s, .perm = DMDIR | 0777, .mode = OREAD});
	c.open(2, OREAD);
	same(c.list(2).size(), 0u, "entries");
}

CHECK_WORK(create, good_names)
{
	for(std::string_view s : {"a b", "...", "..a", "~", "*", "a:b", "\xc3\xa6\xc3\xb8\xe2\x82\xac",
		"-r", "\\", "'", "#x", ".a"}) {
		c.file(Work, 2, s, "x");
		same(c.stat(2).name, s, "the name");
		c.clunk(2);
	}
	c.open(Work, OREAD);
	same(c.list(Work).size(), 12u, "entries");
}

// The longest name is the server's choice; what it takes it must keep.
CHECK_RAW(create, long_names)
{
	Client c(o, Client::Begin::Attach, 256 * 1024);
	for(size_t n : {100u, 255u, 256u, 1000u, 30000u, 65000u, 65535u}) {
		if(n + 200 > c.maxmsg())
			continue;
		std::string s(n, 'x');
		c.walkto(1, o.dir);
		if(c.either(Tcreate{.fid = 1, .name = s, .perm = 0666, .mode = ORDWR | ORCLOSE}) &&
			c.either(Tstat{.fid = 1}))
			same(c.stat(1).name, s, "a long name");
		c.clunk(1);
	}
}

CHECK_WORK(create, in_a_file)
{
	c.file(Work, 2, "f");
	c.refused(Tcreate{.fid = 2, .name = "x", .perm = 0666, .mode = OREAD},
		{.lib9p = "create in non-directory", .exportfs = "not a directory"});
	c.stat(2);
}

CHECK_WORK(create, by_an_open_fid)
{
	c.mkdir(Work, 2, "d");
	c.open(2, OREAD);
	Texts t{.lib9p = "9P protocol botch", .exportfs = "open/create -- unknown mode"};
	c.refused(Tcreate{.fid = 2, .name = "x", .perm = 0666, .mode = OREAD}, t);
	c.create(Work, 3, "f");
	c.refused(Tcreate{.fid = 3, .name = "x", .perm = 0666, .mode = OREAD}, t);
	c.refused(Topen{.fid = 3, .mode = OREAD}, t);
	c.refused(Tcreate{.fid = Unknown, .name = "x", .perm = 0666, .mode = OREAD},
		{.lib9p = "unknown fid", .exportfs = "no such fid"});
}

// A new file may do no more than its directory.
CHECK_WORK(create, permissions)
{
	for(uint32_t dirperm : {0777u, 0750u, 0700u, 0755u}) {
		std::string name = "d" + std::to_string(dirperm);
		c.mkdir(Work, 2, name, 0777);
		Dir d = Dir::dontcare();
		d.mode = DMDIR | dirperm;
		c.wstat(2, d);
		c.create(2, 3, "f", 0666);
		same(c.stat(3).mode, 0666 & (~0666u | (dirperm & 0666)), "the mode of a file");
		c.create(2, 4, "x", 0777);
		same(c.stat(4).mode, 0777 & (~0666u | (dirperm & 0666)), "the mode of a program");
		c.create(2, 5, "d", DMDIR | 0777, OREAD);
		same(c.stat(5).mode, DMDIR | (0777 & dirperm), "the mode of a directory");
		for(uint32_t fid : {2, 3, 4, 5})
			c.clunk(fid);
	}
}

// What it is opened for is not checked against the new permissions.
CHECK_WORK(create, mode_is_not_checked)
{
	c.create(Work, 2, "f", 0444, ORDWR);
	c.put(2, "hello");
	same(c.read(2), "hello", "a file that nobody may write");
	c.create(Work, 3, "g", 0, ORDWR);
	c.put(3, "hello");
	same(c.read(3), "hello", "a file that nobody may use");
}

CHECK_WORK(create, modes)
{
	auto x = std::as_bytes(std::span("x", 1));
	c.create(Work, 2, "r", 0666, OREAD);
	c.refused(Twrite{.fid = 2, .data = x});
	same(c.read(2), "", "a new file");
	c.create(Work, 3, "w", 0666, OWRITE);
	c.put(3, "x");
	c.refused(Tread{.fid = 3, .count = 10});
	c.create(Work, 4, "t", 0666, ORDWR | OTRUNC);
	c.put(4, "x");
}

CHECK_WORK(create, orclose)
{
	c.create(Work, 2, "f", 0666, ORDWR | ORCLOSE);
	c.walk(Work, 3, {"f"});
	c.clunk(3);
	c.clunk(2);
	c.refused(Client::walkmsg(Work, 3, {"f"}));
}

CHECK_WORK(create, owner_and_group)
{
	c.create(Work, 2, "f");
	Dir d = c.stat(2);
	must(!d.uid.empty() && !d.gid.empty(), "an owner and a group");
	if(c.options().texts == "lib9p") {
		same(d.uid, c.options().uname, "the owner");
		same(d.gid, c.stat(Work).gid, "the group");
	}
}

CHECK_WORK(create, in_the_place_of_a_removed_file)
{
	Qid old = c.create(Work, 2, "f").qid;
	c.call<Rremove>(Tremove{.fid = 2});
	Qid q = c.create(Work, 2, "f").qid;
	if(c.options().texts == "lib9p")
		must(q.path != old.path, "another qid path of another file");
	same(c.read(2), "", "a new file");
}
}
