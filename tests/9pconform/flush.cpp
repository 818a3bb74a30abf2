// Flush(5): before, while and after what it flushes.

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

enum : uint16_t { Old = 5, Flush = 6 };

void
rflush(const Reply& r)
{
	if(!r.as<Rflush>())
		throw Failed("expected Rflush, got " + r.text());
}

// Sends m and a flush of it in one piece.  Answers the reply to m, if it came before the
// Rflush; later none may come, and its tag is free.
template<class T>
std::optional<Reply>
flushed(Client& c, const T& m)
{
	Message b = Client::message(m, Old);
	Message f = Client::message(Tflush{.oldtag = Old}, Flush);
	b.insert(b.end(), f.begin(), f.end());
	if(!c.write(b))
		c.hungup();
	std::optional<Reply> r;
	for(;;) {
		Reply got = c.recv();
		if(got.tag == Flush) {
			rflush(got);
			break;
		}
		if(r || got.tag != Old)
			throw Failed("expected one reply and an Rflush, got " + got.text());
		r = std::move(got);
	}
	Reply again = c.ask(Tstat{.fid = Root}, Old);
	if(!again.as<Rstat>())
		throw Failed("expected that a flushed tag is free, got " + again.text());
	return r;
}

// Whether the flushed request is to count as done.
bool
done(const std::optional<Reply>& r)
{
	return r && !r->error();
}

constexpr int Rounds = 20;
}

CHECK_ROOT(flush, nothing)
{
	for(uint16_t old : {uint16_t(77), NOTAG, uint16_t(0), uint16_t(Flush)}) {
		c.send(Tflush{.oldtag = old}, Flush);
		rflush(c.recv(Flush));
	}
	c.stat(Root);
}

CHECK_ROOT(flush, answered)
{
	for(int i = 0; i < 10; i++) {
		c.send(Tstat{.fid = Root}, Old);
		c.recv(Old);
		c.send(Tflush{.oldtag = Old}, Flush);
		rflush(c.recv(Flush));
	}
}

// A flush comes before the request that has its tag: that is not flushed.
CHECK_ROOT(flush, before)
{
	c.send(Tflush{.oldtag = Old}, Flush);
	c.send(Tstat{.fid = Root}, Old);
	rflush(c.recv(Flush));
	must(c.recv(Old).as<Rstat>(), "an Rstat");
}

CHECK_ROOT(flush, flush_of_a_flush)
{
	c.send(Tflush{.oldtag = 77}, 7);
	c.send(Tflush{.oldtag = 7}, 8);
	c.send(Tflush{.oldtag = 8}, 9);
	for(uint16_t tag : {7, 8, 9})
		rflush(c.recv(tag));
}

CHECK_ROOT(flush, walk)
{
	for(int i = 0; i < Rounds; i++)
		if(done(flushed(c, Client::walkmsg(Root, 1, {}))))
			c.clunk(1);
		else
			c.refused(Tclunk{.fid = 1});
}

CHECK_ROOT(flush, attach)
{
	const Options& o = c.options();
	for(int i = 0; i < Rounds; i++)
		if(done(flushed(c, Tattach{.fid = 1, .uname = o.uname, .aname = o.aname})))
			c.clunk(1);
		else
			c.refused(Tclunk{.fid = 1});
}

CHECK_FILE(flush, open)
{
	for(int i = 0; i < Rounds; i++) {
		c.walk(File, 2, {});
		if(!done(flushed(c, Topen{.fid = 2, .mode = OREAD})))
			c.open(2, OREAD);
		c.read(2, 0, 1);
		c.clunk(2);
	}
}

CHECK_FILE(flush, read)
{
	c.open(File, OREAD);
	std::string text = c.read(File, 0, 10);
	for(int i = 0; i < Rounds; i++) {
		std::optional<Reply> r = flushed(c, Tread{.fid = File, .count = 10});
		if(done(r))
			same(r->as<Rread>()->data.size(), text.size(), "the bytes");
		same(c.read(File, 0, 10), text, "the text");
	}
}

CHECK_FILE(flush, stat)
{
	for(int i = 0; i < Rounds; i++)
		flushed(c, Tstat{.fid = File});
}

CHECK_WORK(flush, create)
{
	for(int i = 0; i < Rounds; i++) {
		std::string name = "f" + std::to_string(i);
		c.walk(Work, 2, {});
		bool made = done(flushed(c, Tcreate{.fid = 2, .name = name, .perm = 0666, .mode = ORDWR}));
		if(made)
			c.put(2, "x");
		else
			c.refused(Tread{.fid = 2, .count = 1});
		c.clunk(2);
		if(made)
			c.walk(Work, 3, {name});
		else
			c.refused(Client::walkmsg(Work, 3, {name}));
		if(made)
			c.clunk(3);
	}
}

// An error, too, means that the fid is gone.
CHECK_ROOT(flush, clunk)
{
	for(int i = 0; i < Rounds; i++) {
		c.walk(Root, 1, {});
		if(flushed(c, Tclunk{.fid = 1}))
			c.refused(Tstat{.fid = 1});
		else
			c.clunk(1);
	}
}

CHECK_WORK(flush, remove)
{
	for(int i = 0; i < Rounds; i++) {
		c.file(Work, 2, "f");
		std::optional<Reply> r = flushed(c, Tremove{.fid = 2});
		if(done(r)) {
			c.refused(Client::walkmsg(Work, 3, {"f"}));
		} else {
			c.walk(Work, 3, {"f"});
			c.call<Rremove>(Tremove{.fid = 3});
		}
		if(r)
			c.refused(Tstat{.fid = 2});
		else
			c.clunk(2);
	}
}

CHECK_WORK(flush, write)
{
	c.create(Work, 2, "f");
	for(int i = 0; i < Rounds; i++) {
		std::string was = c.read(2);
		std::string s = "round " + std::to_string(i);
		bool wrote = done(flushed(c, Twrite{.fid = 2, .data = std::as_bytes(std::span(s))}));
		same(c.read(2), wrote ? s : was, "the file");
	}
}

CHECK_WORK(flush, wstat)
{
	c.file(Work, 2, "f");
	for(int i = 0; i < Rounds; i++) {
		Dir d = Dir::dontcare();
		d.name = "f" + std::to_string(i);
		std::string was = c.stat(2).name;
		Message room;
		bool did = done(flushed(c, Client::wstatmsg(2, d, room)));
		same(c.stat(2).name, did ? d.name : was, "the name");
	}
}

CHECK_BLOCK(flush, waiting)
{
	for(int i = 0; i < Rounds; i++)
		must(!done(flushed(c, Tread{.fid = Blocked, .count = 10})), "that a read waits");
}

CHECK_BLOCK(flush, waiting_and_begun)
{
	for(int i = 0; i < Rounds; i++) {
		c.send(Tread{.fid = Blocked, .count = 10}, Old);
		c.stat(Root);
		c.send(Tflush{.oldtag = Old}, Flush);
		rflush(c.recv(Flush));
	}
}

// Rflushes come in the order of their Tflushes; one answers all before it.
CHECK_BLOCK(flush, many)
{
	for(int i = 0; i < Rounds; i++) {
		c.send(Tread{.fid = Blocked, .count = 10}, Old);
		for(uint16_t tag = 10; tag < 20; tag++)
			c.send(Tflush{.oldtag = Old}, tag);
		for(uint16_t tag = 0; tag < 19;) {
			Reply r = c.recv();
			if(r.tag == Old)
				continue;
			rflush(r);
			must(r.tag > tag, "Rflushes in their order");
			tag = r.tag;
		}
	}
	c.stat(Root);
}

CHECK_BLOCK(flush, flush_of_a_waiting_flush)
{
	for(int i = 0; i < Rounds; i++) {
		c.send(Tread{.fid = Blocked, .count = 10}, Old);
		c.send(Tflush{.oldtag = Old}, 10);
		c.send(Tflush{.oldtag = 10}, 11);
		c.send(Tflush{.oldtag = 11}, 12);
		c.send(Tflush{.oldtag = Old}, 13);
		for(uint16_t tag : {11, 12, 13})
			rflush(c.recv(tag));
	}
	c.stat(Root);
}

// What a flushed read did not answer is there for the next one.
CHECK_BLOCK(flush, loses_nothing)
{
	if(c.options().feeding.empty())
		throw Skipped("no file is named (-b) that feeds the one of which a read waits");
	c.walkto(2, c.options().feeding);
	c.open(2, OWRITE);
	for(int i = 0; i < 100; i++) {
		std::string s = "round " + std::to_string(i);
		Message read = Client::message(Tread{.fid = Blocked, .count = 100}, Old);
		Message flush = Client::message(Tflush{.oldtag = Old}, Flush);
		Message put = Client::message(
			Twrite{.fid = 2, .data = std::as_bytes(std::span(s))}, 7);
		Message all = i & 1 ? put : read;
		for(const Message* m : {i & 1 ? &read : i & 2 ? &put : &flush,
			i & 1 ? &flush : i & 2 ? &flush : &put})
			all.insert(all.end(), m->begin(), m->end());
		c.write(all);
		std::string got;
		for(bool flushing = true, putting = true; flushing || putting;) {
			Reply r = c.recv();
			if(r.tag == Old && r.as<Rread>()) {
				must(flushing, "no reply after the Rflush");
				Bytes d = r.as<Rread>()->data;
				got.assign(reinterpret_cast<const char*>(d.data()), d.size());
			}
			flushing &= r.tag != Flush;
			putting &= r.tag != 7;
		}
		same(got.empty() ? c.read(Blocked, 0, 100) : got, s, "what was written");
	}
}
}
