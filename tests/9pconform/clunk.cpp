// Clunk(5), remove(5).

#include "tests/9pconform/check.h"

namespace p9 {

CHECK_ROOT(clunk, unknown_fid)
{
	Texts t{.lib9p = "unknown fid", .exportfs = "no such fid"};
	c.refused(Tclunk{.fid = Unknown}, t);
	c.refused(Tclunk{.fid = NOFID}, t);
	c.stat(Root);
}

CHECK_ROOT(clunk, twice)
{
	c.walk(Root, 1, {});
	c.clunk(1);
	c.refused(Tclunk{.fid = 1}, {.lib9p = "unknown fid", .exportfs = "no such fid"});
	c.walk(Root, 1, {});
	c.clunk(1);
}

CHECK_FILE(clunk, ends_all_use)
{
	c.walk(File, 2, {});
	c.open(2, OREAD);
	c.clunk(2);
	c.refused(Tread{.fid = 2, .count = 1});
	c.refused(Tstat{.fid = 2});
	c.refused(Topen{.fid = 2});
	c.refused(Client::walkmsg(2, 3, {}));
	Message room;
	c.refused(Client::wstatmsg(2, Dir::dontcare(), room));
	c.refused(Tremove{.fid = 2});
	c.stat(File);
}

// The same number may be another file.
CHECK_ROOT(clunk, number_is_free)
{
	const Options& o = c.options();
	for(uint32_t fid : {1u, 0xFFFFFFFEu, 0x80000000u, 0x7654321u}) {
		c.walk(Root, fid, {});
		c.open(fid, OREAD);
		c.clunk(fid);
		c.call<Rattach>(Tattach{.fid = fid, .uname = o.uname, .aname = o.aname});
		c.clunk(fid);
	}
}

// No fid stands on another.
CHECK_ROOT(clunk, the_root)
{
	c.walk(Root, 1, {});
	c.clunk(Root);
	c.stat(1);
	c.walk(1, Root, {});
	c.stat(Root);
}

CHECK_WORK(remove, file)
{
	c.file(Work, 2, "f", "x");
	c.call<Rremove>(Tremove{.fid = 2});
	c.refused(Tstat{.fid = 2}, {.lib9p = "unknown fid", .exportfs = "no such fid"});
	c.refused(Client::walkmsg(Work, 2, {"f"}));
	c.open(Work, OREAD);
	same(c.list(Work).size(), 0u, "entries");
}

CHECK_WORK(remove, open_file)
{
	c.create(Work, 2, "f");
	c.put(2, "x");
	c.call<Rremove>(Tremove{.fid = 2});
	c.refused(Tread{.fid = 2, .count = 1});
	c.refused(Client::walkmsg(Work, 2, {"f"}));
}

CHECK_WORK(remove, directory)
{
	c.mkdir(Work, 2, "d");
	c.call<Rremove>(Tremove{.fid = 2});
	c.refused(Client::walkmsg(Work, 2, {"d"}));
	c.mkdir(Work, 2, "d");
}

// It clunks even if it fails.
CHECK_WORK(remove, directory_that_is_not_empty)
{
	c.mkdir(Work, 2, "d");
	c.file(2, 3, "f", "x");
	c.refused(Tremove{.fid = 2});
	c.refused(Tstat{.fid = 2}, {.lib9p = "unknown fid", .exportfs = "no such fid"});
	c.walk(Work, 2, {"d", "f"});
	c.open(3, OREAD);
	same(c.read(3), "x", "the file inside");
}

CHECK_ROOT(remove, unknown_fid)
{
	c.refused(Tremove{.fid = Unknown}, {.lib9p = "unknown fid", .exportfs = "no such fid"});
}

CHECK_WORK(remove, twice)
{
	c.file(Work, 2, "f");
	c.walk(2, 3, {});
	c.call<Rremove>(Tremove{.fid = 2});
	c.refused(Tremove{.fid = 3});
	c.refused(Tstat{.fid = 3}, {.lib9p = "unknown fid", .exportfs = "no such fid"});
}

// What other fids of it can still do is the server's choice; nothing comes to harm.
CHECK_WORK(remove, other_fids)
{
	c.create(Work, 2, "f");
	c.put(2, "hello");
	c.walk(Work, 3, {"f"});
	c.walk(Work, 4, {"f"});
	c.walk(Work, 5, {"f"});
	c.open(5, OREAD);
	c.call<Rremove>(Tremove{.fid = 3});
	c.either(Tread{.fid = 2, .count = 5});
	c.either(Twrite{.fid = 2, .data = std::as_bytes(std::span("x", 1))});
	c.either(Tread{.fid = 5, .count = 5});
	c.either(Tstat{.fid = 2});
	c.either(Tstat{.fid = 4});
	c.either(Topen{.fid = 4});
	c.either(Client::walkmsg(4, 6, {}));
	Message room;
	Dir d = Dir::dontcare();
	d.mode = 0600;
	c.either(Client::wstatmsg(4, d, room));
	d = Dir::dontcare();
	d.length = 1;
	c.either(Client::wstatmsg(2, d, room));
	for(uint32_t fid : {2, 4, 5})
		c.clunk(fid);
	c.create(Work, 2, "f");
	same(c.read(2), "", "a new file of that name");
}

// So it is with what lies below a directory that went.
CHECK_WORK(remove, directory_of_other_fids)
{
	c.mkdir(Work, 2, "d");
	c.walk(2, 3, {});
	c.call<Rremove>(Tremove{.fid = 2});
	c.refused(Client::walkmsg(3, 4, {"x"}));
	c.refused(Tcreate{.fid = 3, .name = "x", .perm = 0666, .mode = ORDWR});
	c.either(Client::walkmsg(3, 4, {".."}));
	c.clunk(3);
}

// The root of what is served stays; its fid goes all the same.
CHECK_WORK(remove, the_root)
{
	c.walk(Root, 2, {});
	c.refused(Tremove{.fid = 2});
	c.refused(Tstat{.fid = 2});
	c.stat(Work);
	c.stat(Root);
}

CHECK_WORK(remove, orclose)
{
	c.create(Work, 2, "f", 0666, ORDWR | ORCLOSE);
	c.call<Rremove>(Tremove{.fid = 2});
	c.refused(Client::walkmsg(Work, 2, {"f"}));
	// What somebody else removed first is gone, and its clunk is one all the same.
	c.create(Work, 3, "g", 0666, ORDWR | ORCLOSE);
	c.walk(Work, 4, {"g"});
	c.call<Rremove>(Tremove{.fid = 4});
	c.either(Tclunk{.fid = 3});
	c.refused(Tstat{.fid = 3});
}

// No write permission in the directory; who may do all need not be refused.
CHECK_WORK(remove, no_permission)
{
	c.mkdir(Work, 2, "d");
	c.file(2, 3, "f", "x");
	Dir d = Dir::dontcare();
	d.mode = DMDIR | 0555;
	c.wstat(2, d);
	bool removed = c.either(Tremove{.fid = 3});
	must(!removed || c.options().texts != "lib9p", "permission denied");
	c.refused(Tstat{.fid = 3});
	d.mode = DMDIR | 0777;
	c.wstat(2, d);
}
}
