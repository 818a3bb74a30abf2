// Directories, read(5).

#include <algorithm>
#include <set>

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

// n files f0, f1, ... in the work directory; fid 3 is open there.
void
fill(Client& c, int n)
{
	for(int i = 0; i < n; i++) {
		c.create(Work, 2, "f" + std::to_string(i));
		c.clunk(2);
	}
	c.walk(Work, 3, {});
	c.open(3, OREAD);
}

void
complete(const std::vector<Dir>& all, size_t n)
{
	std::set<std::string> names;
	for(const Dir& d : all)
		names.insert(d.name);
	same(all.size(), n, "the entries");
	same(names.size(), n, "the names");
}
}

CHECK_WORK(dir, entries)
{
	fill(c, 20);
	std::vector<Dir> all = c.list(3);
	complete(all, 20);
	for(const Dir& d : all)
		must(d.name != "." && d.name != "..", "no . and no ..");
}

CHECK_WORK(dir, entries_are_never_split)
{
	fill(c, 100);
	for(uint32_t count : {150u, 300u, 1000u, 8192u})
		complete(c.list(3, count), 100);
}

// Too small for one entry: an error.  Nothing would look as the end.
CHECK_WORK(dir, count_too_small)
{
	fill(c, 3);
	Reply r = c.ask(Tread{.fid = 3, .count = 10});
	must(r.error(), "an Rerror when no entry fits");
	complete(c.list(3), 3);
}

CHECK_WORK(dir, count_0)
{
	fill(c, 3);
	c.either(Tread{.fid = 3, .count = 0});
	complete(c.list(3), 3);
}

CHECK_WORK(dir, offsets)
{
	fill(c, 30);
	size_t n = c.read(3, 0, 500).size();
	Texts t{.lib9p = "bad offset", .exportfs = "can't seek on a directory"};
	for(uint64_t off : {uint64_t(1), uint64_t(n - 1), uint64_t(n + 1), uint64_t(1) << 40})
		c.refused(Tread{.fid = 3, .offset = off, .count = 500}, t);
	c.refused(Tread{.fid = 3, .offset = ~uint64_t(0), .count = 500});
	complete(c.list(3, 500), 30);
	complete(c.list(3, 500), 30);
}

CHECK_WORK(dir, goes_on_after_a_wrong_offset)
{
	fill(c, 30);
	std::string first = c.read(3, 0, 500);
	c.refused(Tread{.fid = 3, .offset = first.size() + 7, .count = 500});
	std::string all = first;
	for(std::string s; !(s = c.read(3, all.size(), 500)).empty();)
		all += s;
	size_t n = 0;
	for(Bytes rest = std::as_bytes(std::span(all)); !rest.empty(); n++)
		must(statcheck(takeentry(rest)), "whole entries");
	same(n, 30u, "the entries");
}

CHECK_WORK(dir, end)
{
	fill(c, 3);
	size_t n = c.read(3, 0, 4096).size();
	for(int i = 0; i < 3; i++)
		same(c.read(3, n, 4096), "", "what is behind the end");
	complete(c.list(3), 3);
}

// An entry is what stat says.
CHECK_WORK(dir, entries_are_as_stat)
{
	c.file(Work, 2, "f", "hello");
	c.clunk(2);
	c.mkdir(Work, 2, "d");
	c.clunk(2);
	c.walk(Work, 3, {});
	c.open(3, OREAD);
	for(const Dir& d : c.list(3)) {
		c.walk(Work, 4, {d.name});
		Dir s = c.stat(4);
		same(d.qid, s.qid, "the qid of " + d.name);
		same(d.mode, s.mode, "the mode");
		same(d.length, s.length, "the length");
		same(d.mtime, s.mtime, "the mtime");
		same(d.name, s.name, "the name");
		same(d.uid, s.uid, "the owner");
		same(d.gid, s.gid, "the group");
		same(d.type, s.type, "the type");
		same(d.dev, s.dev, "the dev");
		c.clunk(4);
	}
}

// The same where others have put together what is there.
CHECK_ROOT(dir, entries_of_the_root_are_as_stat)
{
	c.walk(Root, 1, {});
	c.open(1, OREAD);
	for(const Dir& d : c.list(1)) {
		if(c.ask(Client::walkmsg(Root, 2, {d.name})).error())
			continue;
		Dir s = c.stat(2);
		same(d.qid.path, s.qid.path, "the qid path of " + d.name);
		same(d.qid.type, s.qid.type, "the qid type of " + d.name);
		same(d.name, s.name, "the name");
		same(d.mode, s.mode, "the mode of " + d.name);
		c.clunk(2);
	}
}

CHECK_WORK(dir, many)
{
	fill(c, 500);
	complete(c.list(3, 4096), 500);
}

CHECK_WORK(dir, two_readers)
{
	fill(c, 40);
	c.walk(Work, 4, {});
	c.open(4, OREAD);
	std::string a, b;
	for(std::string s; !(s = c.read(3, a.size(), 400)).empty();) {
		a += s;
		b += c.read(4, b.size(), 600);
	}
	for(std::string s; !(s = c.read(4, b.size(), 600)).empty();)
		b += s;
	same(a.size(), b.size(), "what two fids read");
}

// What comes and goes meanwhile may be listed or not; the others are, once.
CHECK_WORK(dir, changes_while_it_is_read)
{
	fill(c, 60);
	std::string s = c.read(3, 0, 500);
	for(int i = 0; i < 60; i += 2) {
		c.walk(Work, 4, {"f" + std::to_string(i)});
		c.call<Rremove>(Tremove{.fid = 4});
		c.create(Work, 4, "g" + std::to_string(i));
		c.clunk(4);
	}
	for(std::string more; !(more = c.read(3, s.size(), 500)).empty();)
		s += more;
	std::multiset<std::string> names;
	for(Bytes rest = std::as_bytes(std::span(s)); !rest.empty();) {
		auto d = convM2D(takeentry(rest));
		must(d.has_value(), "whole entries");
		names.insert(d->name);
	}
	for(int i = 1; i < 60; i += 2)
		same(names.count("f" + std::to_string(i)), 1u, "how often a file is listed");
}

// Who has it open sees its end, or an error.
CHECK_WORK(dir, removed_while_it_is_read)
{
	c.mkdir(Work, 2, "d");
	c.walk(2, 3, {});
	c.open(3, OREAD);
	c.call<Rremove>(Tremove{.fid = 2});
	c.either(Tread{.fid = 3, .count = 500});
	c.either(Tstat{.fid = 3});
	c.clunk(3);
}
}
