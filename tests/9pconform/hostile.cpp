#include "tests/9pconform/hostile.h"

#include <unistd.h>

namespace p9 {

namespace {

template<class T>
void
append(Message& to, const T& m, uint16_t tag)
{
	Message b = Client::message(m, tag);
	to.insert(to.end(), b.begin(), b.end());
}

std::string
freshname()
{
	static int n = 0;
	return "hostile." + std::to_string(::getpid()) + "." + std::to_string(n++);
}

Bytes
text(std::string_view s)
{
	return std::as_bytes(std::span(s));
}
}

Attacker::Attacker(const Options& opt, uint32_t size) : Client(opt, Begin::Attach, size)
{
	walkto(Work, opt.dir);
	walk(Root, Opendir, {});
	open(Opendir, OREAD);
	walk(Work, Openfile, {});
	either(Tcreate{.fid = Openfile, .name = freshname(), .perm = 0666,
		.mode = ORDWR | ORCLOSE});
}

std::vector<std::pair<std::string, Message>>
requests(const Options& o)
{
	Message entry;
	Dir d = Dir::dontcare();
	d.mtime = 1234567890;
	d.name = "x";
	std::vector<std::pair<std::string, Message>> v;
	auto add = [&]<class T>(const T& m) {
		std::string_view name = T::text;
		v.emplace_back(name.substr(0, name.find(' ')), Client::message(m, 9));
	};
	add(Tversion{.msize = 8192, .version = VERSION9P});
	add(Tauth{.afid = 20, .uname = o.uname, .aname = o.aname});
	add(Tattach{.fid = 21, .uname = o.uname, .aname = o.aname});
	add(Tflush{.oldtag = 77});
	add(Client::walkmsg(Root, 22, {}));
	add(Client::walkmsg(Root, 23, {"..", "a", "bc"}));
	add(Topen{.fid = Work, .mode = OREAD});
	add(Tcreate{.fid = Work, .name = "hostile", .perm = 0666, .mode = ORDWR | ORCLOSE});
	add(Tread{.fid = Openfile, .count = 100});
	add(Tread{.fid = Opendir, .count = 1000});
	add(Twrite{.fid = Openfile, .offset = 5, .data = text("hello")});
	add(Tclunk{.fid = Work});
	add(Tremove{.fid = Openfile});
	add(Tstat{.fid = Openfile});
	add(Client::wstatmsg(Openfile, d, entry));
	return v;
}

Message
recorded(const Options& o)
{
	Message all;
	uint16_t tag = 0;
	auto add = [&](const auto& m) { append(all, m, tag++); };
	append(all, Tversion{.msize = 8192, .version = VERSION9P}, NOTAG);
	add(Tattach{.fid = Root, .uname = o.uname, .aname = o.aname});
	Twalk to = Client::walkmsg(Root, Work, {});
	for(const std::string& s : o.dir)
		to.wname.add(s);
	add(to);
	add(Client::walkmsg(Work, Openfile, {}));
	std::string name = freshname();
	add(Tcreate{.fid = Openfile, .name = name, .perm = 0666, .mode = ORDWR | ORCLOSE});
	add(Twrite{.fid = Openfile, .data = text("hello")});
	add(Tread{.fid = Openfile, .count = 100});
	add(Client::walkmsg(Root, Opendir, {}));
	add(Topen{.fid = Opendir, .mode = OREAD});
	add(Tread{.fid = Opendir, .count = 1000});
	if(!o.blocking.empty()) {
		Twalk block = Client::walkmsg(Root, 10, {});
		for(const std::string& s : o.blocking)
			block.wname.add(s);
		add(block);
		add(Topen{.fid = 10, .mode = OREAD});
		add(Tread{.fid = 10, .count = 100});
		add(Tread{.fid = 10, .count = 100});
		add(Tflush{.oldtag = uint16_t(tag - 1)});
		add(Tclunk{.fid = 10});
	}
	add(Tstat{.fid = Openfile});
	add(Tclunk{.fid = Opendir});
	return all;
}

void
alive(const Options& o, const std::string& after)
{
	try {
		Client c(o);
		c.stat(Root);
		if(std::string wrong = c.finish(); !wrong.empty())
			throw Failed(wrong);
	} catch(const Failed& e) {
		throw Failed("after " + after + ": " + e.what());
	}
}

void
provoke(const Options& o, Bytes b, const std::string& what)
{
	try {
		Attacker c(o);
		c.write(b);
		c.endwrite();
		c.drain();
		if(std::string wrong = c.finish(); !wrong.empty())
			throw Failed(wrong);
	} catch(const Failed& e) {
		throw Failed("after " + what + ": " + e.what());
	}
}

namespace {

Message
sized(Bytes b, uint32_t n)
{
	Message m(b.begin(), b.end());
	putle(m.data(), n);
	return m;
}
}

// Cut off with its size as it was, and with the size of what is left.
CHECK_RAW(hostile, every_message_cut_short)
{
	for(const auto& [name, b] : requests(o))
		for(size_t n = 1; n < b.size(); n++) {
			std::string what = name + " cut to " + std::to_string(n);
			provoke(o, Bytes(b).first(n), what);
			if(n >= 4)
				provoke(o, sized(Bytes(b).first(n), uint32_t(n)), what + ", told so");
		}
	alive(o, "all");
}

CHECK_RAW(hostile, every_size_field)
{
	for(const auto& [name, b] : requests(o))
		for(uint32_t n : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, uint32_t(b.size()) - 1,
			uint32_t(b.size()) + 1, 8192u + 24, 8192u + 25, 0x7FFFFFFFu, 0x80000000u,
			0xFFFFFFFFu}) {
			Message m = sized(b, n);
			m.resize(m.size() + 64, std::byte(0xAA));
			provoke(o, m, name + " of size " + std::to_string(n));
		}
	alive(o, "all");
}

// Every byte of every message, and every two of them: counts and lengths are among them.
CHECK_RAW(hostile, every_byte)
{
	for(const auto& [name, b] : requests(o))
		for(size_t at = MSGHDR; at < b.size(); at++)
			for(int v : {0x00, 0x01, 0x7F, 0x80, 0xFF, 0x1FF}) {
				Message m = b;
				m[at] = std::byte(v);
				if(v > 0xFF && at + 1 < b.size())
					m[at + 1] = std::byte(0xFF);
				provoke(o, m, name + " with " + std::to_string(v) + " at " +
					std::to_string(at));
			}
	alive(o, "all");
}

CHECK_RAW(hostile, every_type)
{
	for(int type = 0; type < 256; type++)
		for(size_t n : {0, 4, 100}) {
			Message m(MSGHDR + n, std::byte(type));
			putle(m.data(), uint32_t(m.size()));
			m[4] = std::byte(type);
			provoke(o, m, "type " + std::to_string(type));
		}
	alive(o, "all");
}

// A client that answers.
CHECK_RAW(hostile, replies)
{
	Message all;
	append(all, Rversion{.msize = 8192, .version = VERSION9P}, NOTAG);
	append(all, Rattach{}, 1);
	provoke(o, all, "an Rversion and an Rattach");
	auto one = [&](const auto& m) { provoke(o, Client::message(m, 1), fmt9p(Fcall(m), 1)); };
	one(Rauth{});
	one(Rerror{.ename = "no"});
	one(Rflush{});
	one(Rwalk{});
	one(Ropen{});
	one(Rcreate{});
	one(Rread{.data = text("data")});
	one(Rwrite{.count = 0xFFFFFFFF});
	one(Rclunk{});
	one(Rremove{});
	one(Rstat{});
	one(Rwstat{});
	alive(o, "all");
}

// Fids and tags of every kind in every message; one connection for each.
CHECK_RAW(hostile, every_fid_and_tag)
{
	for(uint32_t fid : {0u, 1u, 2u, 3u, 21u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFEu, 0xFFFFFFFFu})
		for(uint16_t tag : {uint16_t(0), uint16_t(9), uint16_t(0x8000), NOTAG}) {
			Message all;
			for(const auto& [name, b] : requests(o)) {
				Message m = b;
				if(msgtype(m) != Tversion::type && msgtype(m) != Tflush::type)
					putle(m.data() + MSGHDR, fid);
				setmsgtag(m, tag);
				all.insert(all.end(), m.begin(), m.end());
			}
			provoke(o, all, "fid " + std::to_string(fid) + " tag " + std::to_string(tag));
		}
	alive(o, "all");
}

// The same requests in one piece, over and over, with one tag.
CHECK_RAW(hostile, all_at_once)
{
	Message all;
	for(int i = 0; i < 20; i++)
		for(const auto& [name, b] : requests(o))
			all.insert(all.end(), b.begin(), b.end());
	provoke(o, all, "all messages");
	alive(o, "all");
}

// Death after every byte: the hard way, and so that the server may finish.
CHECK_RAW(hostile, death_after_every_byte)
{
	Message all = recorded(o);
	for(size_t n = 0; n <= all.size(); n++) {
		Client hard(o, Client::Begin::Nothing);
		hard.push(Bytes(all).first(n), 1000);
		hard.die();
		if(std::string wrong = hard.finish(); !wrong.empty())
			throw Failed("death after " + std::to_string(n) + " bytes: " + wrong);
		Client soft(o, Client::Begin::Nothing);
		soft.push(Bytes(all).first(n), 1000);
		soft.endwrite();
		soft.drain();
		if(std::string wrong = soft.finish(); !wrong.empty())
			throw Failed("the end after " + std::to_string(n) + " bytes: " + wrong);
	}
	alive(o, "all");
}

// What was opened to be removed goes with the connection.
CHECK_RAW(hostile, death_removes_orclose)
{
	std::string name = freshname();
	{
		Client c(o);
		c.walkto(Work, o.dir);
		Tcreate m{.fid = Work, .name = name, .perm = 0666, .mode = ORDWR | ORCLOSE};
		if(!c.either(m))
			throw Skipped("nothing can be made here");
		c.endwrite();
		c.drain();
	}
	Client c(o);
	c.walkto(Work, o.dir);
	Twalk m{.fid = Work, .newfid = 2};
	m.wname.add(name);
	c.refused(m);
}
}
