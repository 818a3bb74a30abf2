// Messages that are none.  A server may refuse them or end the connection; it must not
// take them for something else, nor come to harm.

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

// b is answered by an Rerror, or the connection ends.
void
bad(const Options& o, Bytes b, std::string_view what)
{
	Client c(o);
	c.write(b);
	c.endwrite();
	std::optional<Reply> r = c.tryrecv();
	if(r && !r->error())
		throw Failed("expected an Rerror or the end after " + std::string(what) +
			", got " + r->text());
	if(std::string wrong = c.finish(); !wrong.empty())
		throw Failed(std::string(what) + ": " + wrong);
}

Message
sized(Message b, uint32_t n)
{
	putle(b.data(), n);
	return b;
}
}

CHECK_RAW(message, types)
{
	for(int type = 0; type < 256; type++) {
		Message b = Client::message(Tclunk{.fid = Unknown});
		b[4] = std::byte(type);
		if(type < 100 || type > 126 || type & 1 || type == 106)
			bad(o, b, "type " + std::to_string(type));
	}
}

CHECK_RAW(message, size_fields)
{
	Message b = Client::message(Tstat{.fid = Root});
	for(uint32_t n : {0u, 1u, 3u, 4u, 6u, 7u, 10u, 0x80000000u, 0xFFFFFFFFu, 1u << 24})
		bad(o, sized(b, n), "size " + std::to_string(n));
}

// One byte more than was settled.
CHECK_RAW(message, above_msize)
{
	Client c(o, Client::Begin::Attach, 8192);
	Message b = Client::message(Tattach{.fid = 1, .uname = o.uname, .aname = std::string(
		c.maxmsg() - 7 - 8 - 4 - o.uname.size() + 1, 'x')});
	must(b.size() == c.maxmsg() + 1, "a message above msize");
	c.write(b);
	std::optional<Reply> r = c.tryrecv();
	must(!r || r->error(), "an Rerror or the end");
}

CHECK_RAW(message, as_long_as_msize)
{
	Client c(o, Client::Begin::Attach, 8192);
	std::string name(c.maxmsg() - 7 - 8 - 2 - 2, 'x');
	Message b = Client::message(Client::walkmsg(Root, 1, {name}));
	must(b.size() == c.maxmsg(), "a message of msize");
	c.write(b);
	must(c.recv(1).error(), "an Rerror");
	c.stat(Root);
}

CHECK_RAW(message, bytes_left_over)
{
	auto more = [&](auto m, std::string_view what) {
		Message b = Client::message(m);
		b.push_back(std::byte(0));
		bad(o, sized(b, uint32_t(b.size())), what);
	};
	more(Tstat{.fid = Root}, "a Tstat");
	more(Tclunk{.fid = Root}, "a Tclunk");
	more(Client::walkmsg(Root, 1, {}), "a Twalk");
	more(Topen{.fid = Root}, "a Topen");
	more(Tread{.fid = Root, .count = 1}, "a Tread");
	more(Tattach{.fid = 1, .uname = o.uname, .aname = o.aname}, "a Tattach");
}

CHECK_RAW(message, cut_short)
{
	auto cut = [&](auto m, std::string_view what) {
		Message b = Client::message(m);
		for(size_t n = MSGHDR; n < b.size(); n++)
			bad(o, sized(Message(b.begin(), b.begin() + ptrdiff_t(n)), uint32_t(n)), what);
	};
	cut(Tstat{.fid = Root}, "a Tstat");
	cut(Tread{.fid = Root, .count = 1}, "a Tread");
	cut(Client::walkmsg(Root, 1, {"a", "b"}), "a Twalk");
	cut(Tcreate{.fid = Root, .name = "abc"}, "a Tcreate");
}

// The end of what a client sends is the end of the session.
CHECK_ROOT(message, end_of_input)
{
	c.endwrite();
	must(!c.tryrecv(), "the end of the connection");
}

CHECK_ROOT(message, end_inside_a_message)
{
	Message b = Client::message(Tstat{.fid = Root});
	c.write(Bytes(b).first(9));
	c.endwrite();
	must(!c.tryrecv(), "the end of the connection");
}

CHECK_ROOT(message, all_tags)
{
	for(uint16_t tag : {uint16_t(0), uint16_t(1), uint16_t(0x8000), uint16_t(0xFFFE)})
		must(c.ask(Tstat{.fid = Root}, tag).as<Rstat>(), "an Rstat");
}

// NOTAG is for versions: others with it are served, or refused.
CHECK_ROOT(message, notag)
{
	c.send(Tstat{.fid = Root}, NOTAG);
	std::optional<Reply> r = c.tryrecv();
	must(!r || r->tag == NOTAG, "the tag of the request");
}

// As many as a server has room for, and errors beyond; it serves on when they have gone.
CHECK_BLOCK(limit, requests)
{
	constexpr uint16_t N = 3000;
	for(uint16_t tag = 0; tag < N; tag++)
		c.send(Tread{.fid = Blocked, .count = 10}, tag);
	// A flush is never refused for them.
	for(uint16_t tag = 0; tag < N; tag++) {
		c.send(Tflush{.oldtag = tag}, N);
		while(c.recv().tag != N) {
		}
	}
	c.stat(Root);
	must(c.memory() < 500 << 10, "little memory, not " + std::to_string(c.memory()) + " KiB");
}

CHECK_ROOT(limit, fids)
{
	if(!c.options().slow)
		throw Skipped("takes long (-l)");
	uint32_t n = 1;
	while(n < 70'000 && c.either(Client::walkmsg(Root, n, {})))
		n++;
	c.stat(Root);
	for(uint32_t i = 1; i < n; i++)
		c.clunk(i);
	for(uint32_t i = 1; i < 100; i++)
		c.walk(Root, i, {});
	must(c.memory() < 500 << 10, "little memory, not " + std::to_string(c.memory()) + " KiB");
}
}
