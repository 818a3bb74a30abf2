// Stat(5): what it says, and what wstat changes.

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

Dir
withname(std::string_view s)
{
	Dir d = Dir::dontcare();
	d.name = s;
	return d;
}
Dir
withlength(uint64_t n)
{
	Dir d = Dir::dontcare();
	d.length = n;
	return d;
}
Dir
withmode(uint32_t mode)
{
	Dir d = Dir::dontcare();
	d.mode = mode;
	return d;
}
}

CHECK_ROOT(stat, root)
{
	Dir d = c.stat(Root);
	same(d.name, "/", "the name");
	must(d.mode & DMDIR, "a directory");
	same(d.qid.type, d.mode >> 24, "the qid type as the top of the mode");
	same(d.length, 0u, "the length");
}

CHECK_ROOT(stat, unknown_fid)
{
	c.refused(Tstat{.fid = Unknown}, {.lib9p = "unknown fid", .exportfs = "no such fid"});
	c.refused(Tstat{.fid = NOFID});
}

CHECK_FILE(stat, file)
{
	Dir d = c.stat(File);
	must(!(d.mode & DMDIR), "a plain file");
	same(d.qid.type, d.mode >> 24, "the qid type as the top of the mode");
	must(!d.name.empty() && d.name.find('/') == d.name.npos, "a name");
	c.open(File, OREAD);
	Dir open = c.stat(File);
	same(open.qid.path, d.qid.path, "the qid path of the open file");
	same(open.name, d.name, "the name of the open file");
	same(open.mode, d.mode, "the mode of the open file");
}

CHECK_WORK(stat, directory)
{
	c.mkdir(Work, 2, "d");
	Dir d = c.stat(2);
	same(d.name, "d", "the name");
	same(d.qid.type, int(QTDIR), "the qid type");
	same(d.mode & DMDIR, DMDIR, "the mode");
	same(d.length, 0u, "the length");
	c.walk(2, 3, {".."});
	same(c.stat(3).name, c.stat(Work).name, "the name by ..");
}

// An entry that fits no message is an error, not cut.
CHECK_WORK(stat, too_long_for_msize)
{
	std::string name(220, 'n');
	Tcreate m{.fid = 2, .name = name, .perm = 0666, .mode = ORDWR};
	c.walk(Work, 2, {});
	if(!c.either(m))
		throw Skipped("no name of 220 bytes here");
	same(c.stat(2).name, name, "the name");
	Dir work = c.stat(Work);
	c.settle(256);
	c.send(Tversion{.msize = 256, .version = VERSION9P}, NOTAG);
	must(c.recv(NOTAG).as<Rversion>(), "an Rversion");
	const Options& o = c.options();
	c.call<Rattach>(Tattach{.fid = 0, .uname = o.uname, .aname = o.aname});
	c.walkto(1, o.dir);
	c.walk(1, 1, {work.name});
	c.walk(1, 2, {name});
	c.refused(Tstat{.fid = 2});
	c.open(1, OREAD);
	c.refused(Tread{.fid = 1, .count = 200});
	c.stat(Root);
}

CHECK_WORK(wstat, name)
{
	c.file(Work, 2, "old", "hello");
	Qid q = c.stat(2).qid;
	c.wstat(2, withname("new"));
	Dir d = c.stat(2);
	same(d.name, "new", "the name");
	same(d.qid.path, q.path, "the qid path");
	c.refused(Client::walkmsg(Work, 3, {"old"}));
	same(c.walk(Work, 3, {"new"}).path, q.path, "the qid path by its new name");
	c.open(2, OREAD);
	same(c.read(2), "hello", "the file by its old fid");
}

CHECK_WORK(wstat, name_of_a_directory)
{
	c.mkdir(Work, 2, "old");
	c.file(2, 3, "f", "hello");
	c.wstat(2, withname("new"));
	c.walk(Work, 4, {"new", "f"});
	c.walk(2, 5, {"f"});
	c.walk(2, 6, {"..", "new"});
	c.file(2, 7, "g", "x");
	c.refused(Client::walkmsg(Work, 8, {"old"}));
}

CHECK_WORK(wstat, name_of_an_open_file)
{
	c.create(Work, 2, "old");
	c.put(2, "hello");
	c.wstat(2, withname("new"));
	same(c.stat(2).name, "new", "the name");
	same(c.read(2), "hello", "the file");
	c.walk(Work, 3, {"new"});
	c.put(2, "J");
	c.clunk(2);
	c.refused(Client::walkmsg(Work, 4, {"old"}));
}

CHECK_WORK(wstat, name_that_exists)
{
	c.file(Work, 2, "a", "text of a");
	c.file(Work, 3, "b", "text of b");
	c.mkdir(Work, 4, "d");
	c.wstatrefused(2, withname("b"));
	c.wstatrefused(2, withname("d"));
	c.wstatrefused(4, withname("a"));
	same(c.stat(2).name, "a", "the name");
	same(c.stat(4).name, "d", "the name");
	c.open(3, OREAD);
	same(c.read(3), "text of b", "the file that was there");
}

// Its own name is no change, or taken.
CHECK_WORK(wstat, the_same_name)
{
	c.file(Work, 2, "f", "hello");
	Message room;
	c.either(Client::wstatmsg(2, withname("f"), room));
	same(c.stat(2).name, "f", "the name");
	c.walk(Work, 3, {"f"});
}

CHECK_WORK(wstat, bad_names)
{
	c.file(Work, 2, "f", "hello");
	c.mkdir(Work, 3, "d");
	for(std::string_view s : {".", "..", "/", "d/f", "../f", "a/"}) {
		c.wstatrefused(2, withname(s));
		c.wstatrefused(3, withname(s));
	}
	same(c.stat(2).name, "f", "the name");
	c.walk(Work, 4, {"f"});
}

CHECK_ROOT(wstat, name_of_the_root)
{
	c.wstatrefused(Root, withname("conform"));
	same(c.stat(Root).name, "/", "the name");
}

CHECK_WORK(wstat, length)
{
	c.file(Work, 2, "f", "hello world");
	c.walk(2, 3, {});
	c.open(3, OREAD);
	c.wstat(2, withlength(5));
	same(c.stat(2).length, 5u, "the length");
	same(c.read(3), "hello", "what is left");
	c.wstat(2, withlength(8));
	same(c.read(3), std::string_view("hello\0\0\0", 8), "what was added");
	c.wstat(2, withlength(0));
	same(c.read(3), "", "what is left");
}

CHECK_WORK(wstat, length_of_a_directory)
{
	c.mkdir(Work, 2, "d");
	c.wstatrefused(2, withlength(5));
	Message room;
	c.either(Client::wstatmsg(2, withlength(0), room));
	c.stat(2);
}

// Refused where it is more than a file can have.
CHECK_WORK(wstat, huge_length)
{
	c.file(Work, 2, "f", "hello");
	c.wstatrefused(2, withlength(uint64_t(1) << 63));
	c.wstatrefused(2, withlength(~uint64_t(0) - 1));
	same(c.stat(2).length, 5u, "the length");
	Message room;
	c.either(Client::wstatmsg(2, withlength(uint64_t(1) << 38), room));
	must(c.memory() < 200 << 10, "little memory, not " + std::to_string(c.memory()) + " KiB");
}

CHECK_WORK(wstat, mode)
{
	c.file(Work, 2, "f", "x");
	c.mkdir(Work, 3, "d");
	for(uint32_t mode : {0600u, 0444u, 0u, 0777u, 0664u}) {
		c.wstat(2, withmode(mode));
		same(c.stat(2).mode, mode, "the mode of a file");
	}
	for(uint32_t mode : {0700u, 0555u, 0777u}) {
		c.wstat(3, withmode(DMDIR | mode));
		same(c.stat(3).mode, DMDIR | mode, "the mode of a directory");
	}
}

CHECK_WORK(wstat, directory_bit)
{
	c.file(Work, 2, "f", "x");
	c.mkdir(Work, 3, "d");
	c.wstatrefused(2, withmode(DMDIR | 0666));
	c.wstatrefused(3, withmode(0777));
	must(!(c.stat(2).mode & DMDIR) && c.stat(3).mode & DMDIR, "kinds as they were");
}

CHECK_WORK(wstat, mtime)
{
	c.file(Work, 2, "f", "x");
	Dir d = Dir::dontcare();
	d.mtime = 1234567890;
	c.wstat(2, d);
	same(c.stat(2).mtime, 1234567890u, "the mtime");
}

// Who is a member of which group is the server's to know.
CHECK_WORK(wstat, gid)
{
	c.file(Work, 2, "f", "x");
	std::string old = c.stat(2).gid;
	Dir d = Dir::dontcare();
	d.gid = "no such group, surely";
	Message room;
	if(c.either(Client::wstatmsg(2, d, room)))
		same(c.stat(2).gid, d.gid, "the group");
	else
		same(c.stat(2).gid, old, "the group");
	d.gid = c.stat(2).gid;
	c.either(Client::wstatmsg(2, d, room));
	same(c.stat(2).gid, d.gid, "the group");
}

// None of the other data can be altered.
CHECK_WORK(wstat, forbidden)
{
	c.file(Work, 2, "f", "x");
	Dir was = c.stat(2);
	auto refused = [&](auto change) {
		Dir d = Dir::dontcare();
		change(d);
		c.wstatrefused(2, d);
	};
	refused([](Dir& d) { d.uid = "somebody else"; });
	refused([&](Dir& d) { d.qid.path = was.qid.path + 1; });
	refused([&](Dir& d) { d.qid.vers = was.qid.vers + 1; });
	refused([](Dir& d) { d.qid.type = QTDIR; });
	refused([](Dir& d) { d.muid = "somebody else"; });
	Dir is = c.stat(2);
	same(is.uid, was.uid, "the owner");
	same(is.qid, was.qid, "the qid");
	same(is.muid, was.muid, "who changed it last");
}

// Refused, or not looked at: these are for the kernel's use.
CHECK_WORK(wstat, type_and_dev)
{
	c.file(Work, 2, "f", "x");
	Message room;
	Dir d = Dir::dontcare();
	d.type = 'x';
	c.either(Client::wstatmsg(2, d, room));
	d = Dir::dontcare();
	d.dev = 77;
	c.either(Client::wstatmsg(2, d, room));
	c.stat(2);
}

// An entry as stat gave it, with one thing changed: what is the same is no change.
CHECK_WORK(wstat, whole_entry)
{
	c.file(Work, 2, "f", "hello");
	Dir d = c.stat(2);
	d.mode = 0600;
	Message room;
	if(c.either(Client::wstatmsg(2, d, room)))
		same(c.stat(2).mode, 0600u, "the mode");
	same(c.stat(2).length, 5u, "the length");
	same(c.stat(2).name, "f", "the name");
}

// All the changes happen, or none.
CHECK_WORK(wstat, all_or_nothing)
{
	c.file(Work, 2, "f", "hello");
	c.file(Work, 3, "g");
	Dir was = c.stat(2);
	auto none = [&](auto change) {
		Dir d = Dir::dontcare();
		d.mode = 0611;
		change(d);
		c.wstatrefused(2, d);
		Dir is = c.stat(2);
		same(is.mode, was.mode, "the mode");
		same(is.length, was.length, "the length");
		same(is.mtime, was.mtime, "the mtime");
		same(is.name, was.name, "the name");
	};
	none([](Dir& d) { d.name = "g"; });
	none([](Dir& d) { d.length = 2, d.name = "g"; });
	none([](Dir& d) { d.mtime = 1234567890, d.name = "a/b"; });
	none([](Dir& d) { d.name = "h", d.length = 2, d.mode = DMDIR | 0777; });
	none([](Dir& d) { d.name = "h", d.length = 3, d.muid = "somebody else"; });
	none([](Dir& d) { d.name = "h", d.mtime = 1234567890, d.uid = "somebody else"; });
	none([](Dir& d) { d.mtime = 1234567890, d.length = ~uint64_t(0) - 1; });
	c.refused(Client::walkmsg(Work, 4, {"h"}));
	c.open(2, OREAD);
	same(c.read(2), "hello", "the text");
}

CHECK_WORK(wstat, several)
{
	c.file(Work, 2, "f", "hello");
	Dir d = Dir::dontcare();
	d.name = "g";
	d.mode = 0640;
	d.length = 4;
	d.mtime = 1234567890;
	c.wstat(2, d);
	Dir is = c.stat(2);
	same(is.name, "g", "the name");
	same(is.mode, 0640u, "the mode");
	same(is.length, 4u, "the length");
	same(is.mtime, 1234567890u, "the mtime");
}

// What changes nothing may make durable what is there.
CHECK_WORK(wstat, nothing)
{
	c.create(Work, 2, "f");
	c.put(2, "hello");
	c.wstat(2, Dir::dontcare());
	c.wstat(Work, Dir::dontcare());
	same(c.read(2), "hello", "the text");
}

CHECK_ROOT(wstat, unknown_fid)
{
	Message room;
	c.refused(Client::wstatmsg(Unknown, Dir::dontcare(), room),
		{.lib9p = "unknown fid", .exportfs = "no such fid"});
}

// The entry's own size must agree: an Rerror, or the end.
CHECK_WORK(wstat, bad_entry)
{
	c.file(Work, 2, "f", "hello");
	Dir work = c.stat(Work);
	Message good;
	Client::wstatmsg(2, withmode(0600), good);
	auto refused = [&](Bytes entry) {
		Client bad(c.options());
		bad.walkto(1, c.options().dir);
		if(bad.ask(Client::walkmsg(1, 1, {work.name, "f"})).error())
			throw Skipped("each connection has files of its own");
		bad.send(Twstat{.fid = 1, .stat = entry});
		std::optional<Reply> r = bad.tryrecv();
		must(!r || r->error(), "an Rerror or the end");
	};
	for(size_t n : {size_t(0), size_t(1), size_t(2), size_t(20), good.size() - 1})
		refused(Bytes(good).first(n));
	for(int more : {1, -1, 1000, -40}) {
		Message b = good;
		putle(b.data(), uint16_t(int(good.size()) - 2 + more));
		refused(b);
	}
	Message b = good; // the name goes beyond the end
	putle(b.data() + STATFIXLEN - 8, uint16_t(9));
	refused(b);
	b = good;
	b.push_back(std::byte('x'));
	refused(b);
	must(c.stat(2).mode != 0600, "the mode as it was");
}

// A tree that is said to be read only.
CHECK_FILE(readonly, changes_nothing)
{
	c.walk(Root, 10, {});
	Reply r = c.ask(Tcreate{.fid = 10, .name = "conform", .perm = 0666, .mode = OREAD});
	if(!r.error() || r.error()->ename.find("read only") == std::string_view::npos)
		throw Skipped("the tree is not read only");
	Dir was = c.stat(File);
	for(int mode : {+OWRITE, +ORDWR, OREAD | OTRUNC, OREAD | ORCLOSE, +OEXEC}) {
		c.walk(File, 11, {});
		c.refused(Topen{.fid = 11, .mode = uint8_t(mode)}, {.exportfs = "file system read only"});
		c.clunk(11);
	}
	Message room;
	c.refused(Client::wstatmsg(File, withname("conform"), room), {.exportfs = "file system read only"});
	c.wstatrefused(File, withmode(0600));
	c.wstatrefused(File, withlength(0));
	c.walk(File, 11, {});
	c.refused(Tremove{.fid = 11}, {.exportfs = "file system read only"});
	c.refused(Tstat{.fid = 11});
	c.open(File, OREAD);
	c.refused(Twrite{.fid = File, .data = std::as_bytes(std::span("x", 1))});
	Dir is = c.stat(File);
	same(is.mode, was.mode, "the mode");
	same(is.length, was.length, "the length");
	same(is.name, was.name, "the name");
}
}
