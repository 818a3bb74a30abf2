// Read(5) and write of files.

#include <algorithm>

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

Bytes
bytes(std::string_view s)
{
	return std::as_bytes(std::span(s));
}

std::string
pattern(size_t n, unsigned seed = 1)
{
	std::string s(n, 0);
	for(char& ch : s) {
		seed = seed * 1103515245 + 12345;
		ch = char(seed >> 16);
	}
	return s;
}
}

CHECK_FILE(read, not_open)
{
	c.refused(Tread{.fid = File, .count = 10},
		{.lib9p = "9P protocol botch",
			.exportfs = "read/write -- not open in suitable mode"});
	c.refused(Tread{.fid = Unknown, .count = 10},
		{.lib9p = "unknown fid", .exportfs = "no such fid"});
	c.stat(File);
}

CHECK_FILE(read, count_0)
{
	c.open(File, OREAD);
	same(c.read(File, 0, 0), "", "a read of nothing");
}

CHECK_WORK(read, pieces)
{
	std::string s = pattern(10000);
	c.create(Work, 2, "f");
	for(size_t at = 0; at < s.size(); at += 1000)
		c.put(2, std::string_view(s).substr(at, 1000), at);
	for(size_t off : {0u, 1u, 999u, 4095u, 9999u})
		for(uint32_t n : {1u, 2u, 7u, 4096u})
			same(c.read(2, off, n), s.substr(off, n), "a piece of a file");
	same(c.read(2, 10000, 10), "", "a read at the end");
	same(c.read(2, 10001, 10), "", "a read behind the end");
	same(c.read(2, 9995, 4096), s.substr(9995), "a read across the end");
}

// As many as fit are as good as an error.
CHECK_FILE(read, more_than_fits)
{
	c.open(File, OREAD);
	std::vector<uint32_t> counts{uint32_t(c.maxdata()), uint32_t(c.maxdata()) + 1,
		uint32_t(c.maxmsg()), 1 << 30, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF};
	for(uint32_t n : counts) {
		Reply r = c.ask(Tread{.fid = File, .count = n});
		if(n <= c.maxdata())
			must(!r.error(), "success of a read that fits a message");
	}
	c.read(File, 0, 1);
}

// What lies behind the end is empty, as far as offsets go.
CHECK_FILE(read, far_offsets)
{
	c.open(File, OREAD);
	for(uint64_t off : {uint64_t(1) << 40, uint64_t(1) << 62, (uint64_t(1) << 63) - 1})
		if(Reply r = c.ask(Tread{.fid = File, .offset = off, .count = 100}); !r.error())
			same(r.as<Rread>()->data.size(), 0u, "the bytes behind the end");
	for(uint64_t off : {uint64_t(1) << 63, ~uint64_t(0), ~uint64_t(0) - 99})
		if(Reply r = c.ask(Tread{.fid = File, .offset = off, .count = 100}); !r.error())
			same(r.as<Rread>()->data.size(), 0u, "the bytes at a negative offset");
	c.read(File, 0, 1);
}

CHECK_WORK(read, write_only)
{
	c.create(Work, 2, "f", 0666, OWRITE);
	c.put(2, "hello");
	c.refused(Tread{.fid = 2, .count = 10},
		{.lib9p = "9P protocol botch",
			.exportfs = "read/write -- not open in suitable mode"});
}

CHECK_WORK(read, what_another_wrote)
{
	c.create(Work, 2, "f");
	c.walk(Work, 3, {"f"});
	c.open(3, OREAD);
	for(int i = 0; i < 20; i++) {
		std::string s = pattern(500, unsigned(i));
		c.put(2, s);
		same(c.read(3), s, "what another fid wrote");
	}
}

CHECK_WORK(write, not_open)
{
	c.file(Work, 2, "f", "hello");
	Texts t{.lib9p = "9P protocol botch",
		.exportfs = "read/write -- not open in suitable mode"};
	c.refused(Twrite{.fid = 2, .data = bytes("x")}, t);
	c.walk(2, 3, {});
	c.open(3, OREAD);
	c.refused(Twrite{.fid = 3, .data = bytes("x")}, t);
	c.refused(Twrite{.fid = Unknown, .data = bytes("x")},
		{.lib9p = "unknown fid", .exportfs = "no such fid"});
	same(c.read(3), "hello", "what could not be written");
}

CHECK_ROOT(write, directory)
{
	c.walk(Root, 1, {});
	c.open(1, OREAD);
	c.refused(Twrite{.fid = 1, .data = bytes("x")});
	c.list(1);
}

CHECK_WORK(write, nothing)
{
	c.create(Work, 2, "f");
	c.put(2, "");
	same(c.stat(2).length, 0u, "the length");
	c.put(2, "abc");
	c.put(2, "", 100);
	same(c.stat(2).length, 3u, "the length after a write of nothing behind the end");
}

CHECK_WORK(write, over)
{
	c.create(Work, 2, "f");
	c.put(2, "hello world");
	c.put(2, "J");
	c.put(2, "W", 6);
	same(c.read(2), "Jello World", "what was written over");
	same(c.stat(2).length, 11u, "the length");
}

CHECK_WORK(write, behind_the_end)
{
	c.create(Work, 2, "f");
	c.put(2, "x", 5000);
	same(c.stat(2).length, 5001u, "the length");
	same(c.read(2, 0, 100), std::string(100, '\0'), "what was never written");
	same(c.read(2, 5000, 10), "x", "the end");
}

CHECK_WORK(write, as_much_as_fits)
{
	std::string s = pattern(c.maxdata());
	c.create(Work, 2, "f");
	c.put(2, s);
	std::string got;
	while(got.size() < s.size()) {
		std::string piece = c.read(2, got.size(), uint32_t(c.maxdata()));
		must(!piece.empty(), "all that was written");
		got += piece;
	}
	same(got, s, "a file of one full message");
}

CHECK_RAW(write, big_messages)
{
	Client c(o, Client::Begin::Attach, 1 << 20);
	c.walkto(1, o.dir);
	Tcreate m{.fid = 1, .name = "conform.big", .perm = 0666, .mode = ORDWR | ORCLOSE};
	if(!c.either(m))
		throw Skipped("nothing can be made here");
	std::string s = pattern(c.maxdata());
	c.put(1, s);
	std::string got;
	while(got.size() < s.size()) {
		std::string piece = c.read(1, got.size(), uint32_t(c.maxdata()));
		must(!piece.empty(), "all that was written");
		got += piece;
	}
	must(got == s, "what was written");
	c.clunk(1);
}

// A file has its bounds, and no memory is taken for what is not there.
CHECK_WORK(write, far_offsets)
{
	c.create(Work, 2, "f");
	for(uint64_t off : {uint64_t(1) << 63, ~uint64_t(0), ~uint64_t(0) - 4,
		(uint64_t(1) << 63) - 2})
		c.refused(Twrite{.fid = 2, .offset = off, .data = bytes("hello")});
	for(uint64_t off : {uint64_t(1) << 33, uint64_t(1) << 40})
		if(c.either(Twrite{.fid = 2, .offset = off, .data = bytes("x")}))
			same(c.read(2, off, 10), "x", "what lies far behind");
	must(c.memory() < 200 << 10, "little memory, not " + std::to_string(c.memory()) + " KiB");
}

// The data must be as long as the count says: an Rerror, or the end.
CHECK_WORK(write, wrong_count)
{
	c.create(Work, 2, "f");
	c.put(2, "hello");
	Dir work = c.stat(Work);
	for(int more : {1, -1, 1000, 1 << 30, -6}) {
		Client bad(c.options());
		bad.walkto(1, c.options().dir);
		if(bad.ask(Client::walkmsg(1, 1, {work.name, "f"})).error())
			throw Skipped("each connection has files of its own");
		bad.open(1, OWRITE);
		Message b = Client::message(Twrite{.fid = 1, .data = bytes("HELLO")});
		putle(b.data() + TWRITEHDR - 4, uint32_t(5 + more));
		bad.write(b);
		std::optional<Reply> r = bad.tryrecv();
		must(!r || r->error(), "an Rerror or the end");
		same(c.read(2), "hello", "the file");
	}
}

// Where a mtime is kept it does not go back.
CHECK_WORK(write, leaves_its_mark)
{
	c.create(Work, 2, "f");
	Dir before = c.stat(2);
	c.put(2, "hello");
	Dir after = c.stat(2);
	must(after.mtime >= before.mtime, "a later mtime");
	same(after.length, 5u, "the length");
	same(after.qid.path, before.qid.path, "the qid path");
	if(c.options().texts == "lib9p")
		must(after.qid.vers != before.qid.vers, "another version");
}
}
