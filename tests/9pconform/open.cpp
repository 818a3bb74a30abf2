// Open(5) of what is there.

#include "tests/9pconform/check.h"

namespace p9 {

CHECK_ROOT(open, unknown_fid)
{
	c.refused(Topen{.fid = Unknown}, {.lib9p = "unknown fid", .exportfs = "no such fid"});
}

CHECK_FILE(open, answer)
{
	Qid q = c.stat(File).qid;
	Ropen r = c.open(File, OREAD);
	same(r.qid, q, "the qid");
	must(r.iounit <= c.maxdata(), "an iounit that fits a message, not " +
		std::to_string(r.iounit));
	c.read(File, 0, 1);
}

CHECK_FILE(open, small_msize)
{
	Client small(c.options(), Client::Begin::Attach, 512);
	small.walk(Root, 1, {});
	must(small.open(1, OREAD).iounit <= small.maxdata(), "an iounit that fits a message");
}

CHECK_FILE(open, twice)
{
	c.open(File, OREAD);
	Texts t{.lib9p = "9P protocol botch", .exportfs = "open/create -- unknown mode"};
	c.refused(Topen{.fid = File, .mode = OREAD}, t);
	c.refused(Topen{.fid = File, .mode = OWRITE}, t);
	c.read(File, 0, 1);
}

CHECK_WORK(open, modes)
{
	c.file(Work, 2, "f", "hello");
	auto reads = [&] { return c.either(Tread{.fid = 3, .count = 5}); };
	auto writes = [&] { return c.either(Twrite{.fid = 3, .data = std::as_bytes(std::span("J", 1))}); };
	for(int mode : {OREAD, OWRITE, ORDWR}) {
		c.walk(2, 3, {});
		c.open(3, mode);
		same(reads(), mode != OWRITE, "whether it can be read");
		same(writes(), mode != OREAD, "whether it can be written");
		c.clunk(3);
	}
}

// Execution is reading for who may execute.  A server need not let anybody.
CHECK_WORK(open, exec)
{
	c.create(Work, 2, "f", 0777);
	c.put(2, "#!");
	c.walk(Work, 3, {"f"});
	if(!c.either(Topen{.fid = 3, .mode = OEXEC}))
		throw Skipped("no execution here");
	same(c.read(3, 0, 2), "#!", "the program");
	c.refused(Twrite{.fid = 3, .data = std::as_bytes(std::span("x", 1))});
}

CHECK_WORK(open, truncates)
{
	c.file(Work, 2, "f", "hello");
	c.walk(2, 3, {});
	c.open(3, ORDWR);
	same(c.read(3), "hello", "a file opened without OTRUNC");
	c.clunk(3);
	c.open(2, OWRITE | OTRUNC);
	same(c.stat(2).length, 0u, "the length of a file opened OTRUNC");
	c.walk(Work, 3, {"f"});
	c.open(3, OREAD);
	same(c.read(3), "", "a file opened OTRUNC");
}

// It needs permission to write, and so OREAD with it may be refused; if not, it counts.
CHECK_WORK(open, truncates_for_reading)
{
	c.file(Work, 2, "f", "hello");
	if(c.either(Topen{.fid = 2, .mode = OREAD | OTRUNC}))
		same(c.stat(2).length, 0u, "the length");
	else
		same(c.stat(2).length, 5u, "the length");
}

CHECK_WORK(open, directory)
{
	c.mkdir(Work, 2, "d");
	for(int mode : {+OWRITE, +ORDWR, OREAD | OTRUNC, OWRITE | OTRUNC, OWRITE | ORCLOSE})
		c.refused(Topen{.fid = 2, .mode = uint8_t(mode)});
	c.open(2, OREAD);
	same(c.list(2).size(), 0u, "entries");
}

// It is illegal to remove a directory on close; lib9p lets it.
CHECK_WORK(open, directory_orclose)
{
	c.mkdir(Work, 2, "d");
	if(c.either(Topen{.fid = 2, .mode = OREAD | ORCLOSE})) {
		c.clunk(2);
		c.either(Client::walkmsg(Work, 3, {"d"}));
	} else {
		c.open(2, OREAD);
	}
}

// Directories have permission to execute; opened for it they may be refused, or read.
CHECK_ROOT(open, directory_oexec)
{
	c.walk(Root, 1, {});
	c.either(Topen{.fid = 1, .mode = OEXEC});
	c.stat(1);
}

// All other bits of mode should be zero: refused, or not looked at.
CHECK_FILE(open, other_bits)
{
	for(int bit : {0x04, 0x08, 0x80, 0x20}) {
		c.walk(File, 2, {});
		c.either(Topen{.fid = 2, .mode = uint8_t(bit)});
		c.stat(2);
		c.clunk(2);
	}
}

CHECK_WORK(open, orclose)
{
	c.file(Work, 2, "f", "hello");
	c.open(2, OREAD | ORCLOSE);
	c.walk(Work, 3, {"f"});
	c.clunk(3);
	same(c.read(2), "hello", "a file that will be removed");
	c.clunk(2);
	c.refused(Client::walkmsg(Work, 3, {"f"}));
}

// The permissions count at the open alone.
CHECK_WORK(open, permissions_at_open)
{
	c.file(Work, 2, "f", "hello");
	c.walk(2, 3, {});
	c.open(3, ORDWR);
	Dir d = Dir::dontcare();
	d.mode = 0;
	c.wstat(2, d);
	same(c.read(3), "hello", "what was open before");
	c.put(3, "J");
	d.mode = 0600;
	c.wstat(2, d);
}

// Who may do all need not be refused.
CHECK_WORK(open, no_permission)
{
	c.file(Work, 2, "f", "hello");
	Dir d = Dir::dontcare();
	d.mode = 0444;
	c.wstat(2, d);
	for(int mode : {+OWRITE, +ORDWR, OREAD | OTRUNC}) {
		c.walk(2, 3, {});
		if(c.either(Topen{.fid = 3, .mode = uint8_t(mode)}) && c.options().texts == "lib9p")
			throw Failed("expected that a file of mode 0444 cannot be written");
		c.clunk(3);
	}
	c.open(2, OREAD);
}

CHECK_WORK(open, exclusive)
{
	c.create(Work, 2, "f", DMEXCL | 0666);
	if(!(c.stat(2).mode & DMEXCL))
		throw Skipped("no files of exclusive use here");
	same(c.stat(2).qid.type & QTEXCL, int(QTEXCL), "the qid type of DMEXCL");
	c.walk(Work, 3, {"f"});
	c.refused(Topen{.fid = 3, .mode = OREAD});
	c.put(2, "mine");
	c.clunk(2);
	c.open(3, OREAD);
	same(c.read(3), "mine", "the text");
}

CHECK_WORK(open, append_only)
{
	c.create(Work, 2, "f", DMAPPEND | 0666);
	if(!(c.stat(2).mode & DMAPPEND))
		throw Skipped("no files to append to here");
	same(c.stat(2).qid.type & QTAPPEND, int(QTAPPEND), "the qid type of DMAPPEND");
	c.put(2, "one", 0);
	c.put(2, "two", 0);
	c.put(2, "six", 1000);
	c.clunk(2);
	c.walk(Work, 2, {"f"});
	c.open(2, ORDWR | OTRUNC);
	c.put(2, "!");
	same(c.read(2), "onetwosix!", "a file that was only appended to");
	same(c.stat(2).length, 10u, "its length");
}

CHECK_WORK(open, by_many)
{
	c.file(Work, 2, "f", "hello");
	for(uint32_t fid = 10; fid < 50; fid++) {
		c.walk(2, fid, {});
		c.open(fid, fid & 1 ? OREAD : ORDWR);
	}
	for(uint32_t fid = 10; fid < 50; fid++)
		same(c.read(fid), "hello", "the text by each fid");
}
}
