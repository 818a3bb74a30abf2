// Requests that were sent before the replies to others came, intro(5).

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

// Several messages in one piece.
class Batch {
	Client& c;
	Message all;
	uint16_t next = 100;
	std::map<uint16_t, uint16_t> flushed; // by which of them

public:
	bool isflush(uint16_t tag) const { return flushed.contains(tag); }
	explicit Batch(Client& cl) : c(cl) {}

	template<class T> Batch& add(const T& m)
	{
		if constexpr(std::is_same_v<T, Tflush>)
			flushed[next] = m.oldtag;
		Message b = Client::message(m, next++);
		all.insert(all.end(), b.begin(), b.end());
		return *this;
	}
	// The replies, in the order of the requests.
	std::vector<Reply> run()
	{
		if(!c.write(all))
			c.hungup();
		std::vector<Reply> v;
		for(uint16_t tag = 100; tag < next; tag++)
			v.push_back(c.recv(tag));
		return v;
	}
	// The same where flushes are among them: what one flushes is answered before the
	// Rflush, or never.
	void runflushed()
	{
		if(!c.write(all))
			c.hungup();
		std::set<uint16_t> open;
		for(uint16_t tag = 100; tag < next; tag++)
			open.insert(tag);
		while(!open.empty()) {
			Reply r = c.recv();
			must(open.erase(r.tag), "one reply to each request");
			if(r.as<Rflush>())
				open.erase(flushed.at(r.tag));
		}
	}
	// How many of them are no errors.
	size_t succeed()
	{
		return size_t(std::ranges::count_if(run(), [](const Reply& r) { return !r.error(); }));
	}
};

constexpr int Rounds = 50;
}

// BX-3: a fid that has been asked for is there, or not yet.
CHECK_ROOT(race, attach_and_walk)
{
	const Options& o = c.options();
	for(int i = 0; i < Rounds; i++) {
		Batch b(c);
		b.add(Tattach{.fid = 1, .uname = o.uname, .aname = o.aname});
		b.add(Client::walkmsg(1, 2, {})).add(Tstat{.fid = 2}).add(Tstat{.fid = 1});
		std::vector<Reply> r = b.run();
		must(r[0].as<Rattach>(), "an Rattach");
		c.clunk(1);
		if(r[1].error())
			c.refused(Tstat{.fid = 2});
		else
			c.clunk(2);
	}
}

CHECK_ROOT(race, walk_and_use)
{
	for(int i = 0; i < Rounds; i++) {
		Batch b(c);
		b.add(Client::walkmsg(Root, 1, {})).add(Topen{.fid = 1, .mode = OREAD});
		b.add(Tread{.fid = 1, .count = 512}).add(Tstat{.fid = 1}).add(Tclunk{.fid = 1});
		std::vector<Reply> r = b.run();
		must(r[0].as<Rwalk>(), "an Rwalk");
		if(r[4].error())
			c.clunk(1);
		c.refused(Tstat{.fid = 1});
	}
}

CHECK_WORK(race, create_and_use)
{
	for(int i = 0; i < Rounds; i++) {
		std::string name = "f" + std::to_string(i);
		c.walk(Work, 2, {});
		Batch b(c);
		b.add(Tcreate{.fid = 2, .name = name, .perm = 0666, .mode = ORDWR});
		b.add(Twrite{.fid = 2, .data = std::as_bytes(std::span("x", 1))});
		b.add(Client::walkmsg(Work, 3, {name}));
		std::vector<Reply> r = b.run();
		must(r[0].as<Rcreate>(), "an Rcreate");
		if(!r[2].error())
			c.clunk(3);
		c.call<Rremove>(Tremove{.fid = 2});
	}
}

CHECK_ROOT(race, same_newfid)
{
	for(int i = 0; i < Rounds; i++) {
		Batch b(c);
		for(int k = 0; k < 4; k++)
			b.add(Client::walkmsg(Root, 1, {}));
		same(b.succeed(), 1u, "the walks that made one fid");
		c.clunk(1);
	}
}

CHECK_FILE(race, open_twice)
{
	for(int i = 0; i < Rounds; i++) {
		c.walk(File, 2, {});
		Batch b(c);
		for(int k = 0; k < 4; k++)
			b.add(Topen{.fid = 2, .mode = OREAD});
		same(b.succeed(), 1u, "the opens of one fid");
		c.read(2, 0, 1);
		c.clunk(2);
	}
}

CHECK_ROOT(race, clunk_twice)
{
	for(int i = 0; i < Rounds; i++) {
		c.walk(Root, 1, {});
		if(i & 1)
			c.open(1, OREAD);
		Batch b(c);
		for(int k = 0; k < 4; k++)
			b.add(Tclunk{.fid = 1});
		same(b.succeed(), 1u, "the clunks of one fid");
	}
}

CHECK_WORK(race, create_twice)
{
	for(int i = 0; i < Rounds; i++) {
		std::string name = "f" + std::to_string(i);
		Batch b(c);
		for(uint32_t fid = 10; fid < 14; fid++)
			c.walk(Work, fid, {});
		for(uint32_t fid = 10; fid < 14; fid++)
			b.add(Tcreate{.fid = fid, .name = name, .perm = 0666, .mode = ORDWR});
		same(b.succeed(), 1u, "the creates of one name");
		for(uint32_t fid = 10; fid < 14; fid++)
			c.clunk(fid);
	}
}

CHECK_WORK(race, remove_twice)
{
	for(int i = 0; i < Rounds; i++) {
		c.file(Work, 10, "f");
		c.walk(10, 11, {});
		c.walk(10, 12, {});
		Batch b(c);
		for(uint32_t fid = 10; fid < 13; fid++)
			b.add(Tremove{.fid = fid});
		same(b.succeed(), 1u, "the removes of one file");
		for(uint32_t fid = 10; fid < 13; fid++)
			c.refused(Tstat{.fid = fid});
	}
}

// The last one to rename wins, or the others find the name taken.
CHECK_WORK(race, rename_to_one_name)
{
	for(int i = 0; i < Rounds; i++) {
		c.file(Work, 10, "a", "a");
		c.file(Work, 11, "b", "b");
		Dir d = Dir::dontcare();
		d.name = "c";
		Message room1, room2;
		Batch b(c);
		b.add(Client::wstatmsg(10, d, room1)).add(Client::wstatmsg(11, d, room2));
		same(b.succeed(), 1u, "the renames to one name");
		c.call<Rremove>(Tremove{.fid = 10});
		c.call<Rremove>(Tremove{.fid = 11});
	}
}

CHECK_FILE(race, clunk_and_use)
{
	for(int i = 0; i < Rounds; i++) {
		c.walk(File, 2, {});
		c.open(2, OREAD);
		Batch b(c);
		b.add(Tread{.fid = 2, .count = 100}).add(Tclunk{.fid = 2}).add(Tread{.fid = 2, .count = 100});
		b.add(Tstat{.fid = 2}).add(Client::walkmsg(File, 2, {})).add(Tstat{.fid = 2});
		std::vector<Reply> r = b.run();
		must(r[1].as<Rclunk>(), "an Rclunk");
		if(r[4].as<Rwalk>())
			c.clunk(2);
		c.refused(Tstat{.fid = 2});
	}
}

// The fid moves by one name for each walk that succeeds, or by fewer when they began at
// the same time.
CHECK_WORK(race, walk_itself)
{
	c.mkdir(Work, 2, "d");
	c.mkdir(2, 3, "d");
	for(int i = 0; i < Rounds; i++) {
		c.walk(Work, 4, {});
		Batch b(c);
		b.add(Client::walkmsg(4, 4, {"d"})).add(Client::walkmsg(4, 4, {"d"}));
		must(b.succeed() >= 1, "a walk");
		same(c.stat(4).name, "d", "the name");
		c.clunk(4);
	}
}

CHECK_WORK(race, reads_of_one_fid)
{
	c.create(Work, 2, "f");
	std::string s;
	for(int i = 0; i < 2000; i++)
		s += char('a' + i * 7 % 26);
	c.put(2, s);
	Batch b(c);
	for(uint64_t off = 0; off < 200; off++)
		b.add(Tread{.fid = 2, .offset = off * 10, .count = 15});
	std::vector<Reply> r = b.run();
	for(size_t i = 0; i < 200; i++) {
		must(r[i].as<Rread>(), "an Rread");
		Bytes d = r[i].as<Rread>()->data;
		same(std::string_view(reinterpret_cast<const char*>(d.data()), d.size()),
			std::string_view(s).substr(i * 10, 15), "a piece of the file");
	}
}

CHECK_WORK(race, writes_of_one_fid)
{
	c.create(Work, 2, "f");
	Batch b(c);
	std::string s(2000, 0);
	for(size_t i = 0; i < s.size(); i++)
		s[i] = char('a' + i * 7 % 26);
	for(uint64_t off = 0; off < 200; off++)
		b.add(Twrite{.fid = 2, .offset = off * 10,
			.data = std::as_bytes(std::span(s)).subspan(off * 10, 10)});
	same(b.succeed(), 200u, "the writes");
	same(c.read(2), s, "the file");
}

// Each is a read from the start, or from where another ended, or refused.
CHECK_WORK(race, reads_of_one_directory)
{
	for(int i = 0; i < 50; i++) {
		c.create(Work, 2, "f" + std::to_string(i));
		c.clunk(2);
	}
	c.walk(Work, 3, {});
	c.open(3, OREAD);
	for(int round = 0; round < 10; round++) {
		size_t n = c.read(3, 0, 400).size();
		Batch b(c);
		for(int k = 0; k < 6; k++)
			b.add(Tread{.fid = 3, .offset = k & 1 ? 0 : n, .count = 400});
		for(const Reply& r : b.run())
			if(const Rread* m = r.as<Rread>())
				for(Bytes rest = m->data; !rest.empty();)
					must(statcheck(takeentry(rest)), "whole entries");
	}
	same(c.list(3).size(), 50u, "the entries afterwards");
}

CHECK_ROOT(race, many_at_once)
{
	for(int round = 0; round < 3; round++) {
		Batch b(c);
		for(int i = 0; i < 400; i++)
			b.add(Tstat{.fid = Root});
		same(b.succeed(), 400u, "the answers");
	}
}

// Who uses a tag twice gets an error, two answers, or no connection.
CHECK_ROOT(race, one_tag_for_many)
{
	Message all;
	for(int i = 0; i < 20; i++) {
		Message b = Client::message(Tstat{.fid = Root}, 5);
		all.insert(all.end(), b.begin(), b.end());
	}
	c.write(all);
	c.write(Client::message(Tstat{.fid = Root}, 6));
	while(std::optional<Reply> r = c.tryrecv())
		if(r->tag == 6)
			break;
}

CHECK_BLOCK(race, tag_of_a_waiting_request)
{
	c.send(Tread{.fid = Blocked, .count = 10}, 5);
	c.send(Tstat{.fid = Root}, 5);
	std::optional<Reply> r = c.tryrecv();
	if(!r)
		return;
	must(r->error() || r->as<Rstat>(), "an answer to the second request");
	c.send(Tflush{.oldtag = 5}, 6);
	while(c.recv().tag != 6) {
	}
	c.stat(Root);
}

// Whether Rclunk waits for the read is the server's choice; all are answered in the end.
CHECK_BLOCK(race, clunk_while_a_read_waits)
{
	for(int i = 0; i < 10; i++) {
		c.walkto(2, c.options().blocking);
		c.open(2, OREAD);
		c.send(Tread{.fid = 2, .count = 10}, 5);
		c.send(Tread{.fid = 2, .count = 10}, 6);
		c.send(Tclunk{.fid = 2}, 7);
		c.stat(Root);
		for(uint16_t tag : {5, 6})
			c.send(Tflush{.oldtag = tag}, uint16_t(tag + 10));
		for(uint16_t tag : {15, 16, 7})
			c.recv(tag);
		c.refused(Tstat{.fid = 2});
	}
}

// The same of a file that goes with its fid, of a remove, and of the numbers that others
// take meanwhile.
CHECK_BLOCK(race, remove_while_a_read_waits)
{
	for(int mode : {OREAD | ORCLOSE, +OREAD}) {
		c.walkto(2, c.options().blocking);
		if(!c.either(Topen{.fid = 2, .mode = uint8_t(mode)})) {
			c.clunk(2);
			continue;
		}
		c.send(Tread{.fid = 2, .count = 10}, 5);
		c.stat(Root);
		if(mode & ORCLOSE)
			c.send(Tclunk{.fid = 2}, 6);
		else
			c.send(Tremove{.fid = 2}, 6);
		for(uint32_t fid = 10; fid < 30; fid++) {
			c.walk(Root, fid, {});
			c.stat(fid);
		}
		c.send(Tflush{.oldtag = 5}, 7);
		for(uint16_t tag : {7, 6})
			c.recv(tag);
		for(uint32_t fid = 10; fid < 30; fid++) {
			must(c.stat(fid).name == "/", "the files of other fids");
			c.clunk(fid);
		}
		c.refused(Tstat{.fid = 2});
	}
}

// What comes in pieces, or in one with others, is the same.
CHECK_ROOT(race, pieces)
{
	Message b = Client::message(Tstat{.fid = Root}, 5);
	for(std::byte x : b)
		c.write(Bytes(&x, 1));
	must(c.recv(5).as<Rstat>(), "an Rstat");
	for(size_t cut = 1; cut < b.size(); cut++) {
		Message two = b;
		two.insert(two.end(), b.begin(), b.end());
		setmsgtag(Buf(two).subspan(b.size()), 6);
		c.write(Bytes(two).first(b.size() + cut));
		must(c.recv(5).as<Rstat>(), "an Rstat");
		c.write(Bytes(two).subspan(b.size() + cut));
		must(c.recv(6).as<Rstat>(), "an Rstat");
	}
}

// Anything at any time on a few fids: each request is answered once.
CHECK_WORK(race, anything)
{
	c.file(Work, 2, "f", "hello");
	c.mkdir(Work, 3, "d");
	std::minstd_rand rnd(1);
	auto pick = [&](unsigned n) { return unsigned(rnd() % n); };
	for(int round = 0; round < 40; round++) {
		Batch b(c);
		for(int i = 0; i < 50; i++) {
			uint32_t fid = 10 + pick(4), other = 10 + pick(4);
			std::string_view names[] = {"f", "d", "..", "g"};
			std::string_view name = names[pick(4)];
			switch(pick(10)) {
			case 0: b.add(Client::walkmsg(Work, fid, {})); break;
			case 1: b.add(Client::walkmsg(Work, fid, {name})); break;
			case 2: b.add(Client::walkmsg(fid, other, {name})); break;
			case 3: b.add(Topen{.fid = fid, .mode = uint8_t(pick(4))}); break;
			case 4: b.add(Tcreate{.fid = fid, .name = "g", .perm = 0666, .mode = ORDWR | ORCLOSE}); break;
			case 5: b.add(Tread{.fid = fid, .count = 200}); break;
			case 6: b.add(Twrite{.fid = fid, .data = std::as_bytes(std::span(name))}); break;
			case 7: b.add(Tstat{.fid = fid}); break;
			case 8: b.add(Tclunk{.fid = fid}); break;
			case 9:
				if(uint16_t old = uint16_t(100 + pick(i + 1)); !b.isflush(old))
					b.add(Tflush{.oldtag = old});
				break;
			}
		}
		b.runflushed();
	}
	c.stat(Work);
	c.stat(Root);
}
}
