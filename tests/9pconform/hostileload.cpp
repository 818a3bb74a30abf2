// Hostile by number: floods, clients that read nothing, connections that say nothing.

#include <memory>
#include <random>

#include "tests/9pconform/hostile.h"

namespace p9 {

namespace {

// Bounded: what a server may take for one client's ill will, in KiB.
constexpr size_t Much = 300 << 10;

void
bounded(const Conn& c, size_t before)
{
	size_t now = c.memory();
	if(now > before + Much)
		throw Failed("expected bounded memory, but " + std::to_string(before) +
			" KiB have become " + std::to_string(now));
}

Message
repeated(const Message& m, size_t n)
{
	Message all;
	for(size_t i = 0; i < n; i++)
		all.insert(all.end(), m.begin(), m.end());
	return all;
}
}

// The replies are read, after a while.
CHECK_RAW(hostile, flood_of_flushes)
{
	Attacker c(o);
	size_t before = c.memory();
	for(int i = 0; i < 20'000; i++)
		c.send(Tflush{.oldtag = uint16_t(i * 7)}, uint16_t(i));
	for(int i = 0; i < 20'000; i++) {
		Reply r = c.recv();
		must(r.as<Rflush>() || r.error(), "Rflushes");
	}
	bounded(c, before);
	c.stat(Root);
	alive(o, "the flood");
}

// Flushes of one waiting request: all wait or are answered, none beyond bounds.
CHECK_BLOCK(hostile, flood_of_flushes_of_one)
{
	for(int round = 0; round < 3; round++) {
		c.send(Tread{.fid = Blocked, .count = 10}, 1);
		for(uint16_t tag = 2; tag < 5000; tag++)
			c.send(Tflush{.oldtag = uint16_t(round == 1 ? tag - 1 : 1)}, tag);
		c.send(Tflush{.oldtag = NOTAG}, 6000);
		while(c.recv().tag != 6000) {
		}
	}
	c.stat(Root);
	alive(c.options(), "the flood");
}

// Requests without end whose replies nobody reads: the server stops reading, or hangs up,
// and serves others meanwhile.
CHECK_RAW(hostile, never_reads)
{
	Attacker c(o, 1 << 20);
	std::string data(100'000, 'x');
	c.either(Twrite{.fid = Openfile, .data = std::as_bytes(std::span(data))});
	size_t before = c.memory();
	Message reads;
	for(uint16_t tag = 0; tag < 200; tag++) {
		Message m = Client::message(Tread{.fid = Openfile, .count = 100'000}, tag);
		reads.insert(reads.end(), m.begin(), m.end());
	}
	for(int i = 0; i < 50; i++)
		if(c.push(reads, 200) < reads.size())
			break;
	alive(o, "a client that does not read");
	bounded(c, before);
	c.die();
	alive(o, "its death");
}

// The same with the smallest requests.
CHECK_RAW(hostile, never_reads_flushes)
{
	Attacker c(o);
	size_t before = c.memory();
	Message flushes = repeated(Client::message(Tflush{.oldtag = 9}, 8), 10'000);
	for(int i = 0; i < 100; i++)
		if(c.push(flushes, 200) < flushes.size())
			break;
	alive(o, "a client that does not read");
	bounded(c, before);
	c.die();
	alive(o, "its death");
}

// A new session again and again, with all kinds of sizes, while requests are outstanding.
CHECK_RAW(hostile, versions)
{
	Client c(o, Client::Begin::Version, 65536);
	size_t before = c.memory();
	for(uint32_t i = 0; i < 300; i++) {
		uint32_t n = 256 + i * 1237 % 60000;
		c.send(Tversion{.msize = n, .version = VERSION9P}, NOTAG);
		while(c.recv().tag != NOTAG) {
		}
		c.send(Tattach{.fid = Root, .uname = o.uname, .aname = o.aname}, 1);
		c.send(Client::walkmsg(Root, 1, {}), 2);
		c.send(Topen{.fid = 1, .mode = OREAD}, 3);
		c.send(Tread{.fid = 1, .count = n}, 4);
		c.send(Tflush{.oldtag = uint16_t(i % 6)}, 5);
	}
	bounded(c, before);
	alive(o, "many versions");
}

// Many who connect and say nothing, or the beginning of a long message.
CHECK_RAW(hostile, half_messages)
{
	if(o.target.kind == Target::Command)
		throw Skipped("each connection has a server of its own");
	std::vector<std::unique_ptr<Client>> all;
	size_t before = Client(o).memory();
	for(int i = 0; i < 60; i++) {
		all.push_back(std::make_unique<Client>(o, Client::Begin::Attach, 1 << 20));
		Message m(64, std::byte('x'));
		putle(m.data(), uint32_t(all.back()->maxmsg()));
		m[4] = std::byte(Twrite::type);
		all.back()->push(Bytes(m).first(size_t(i)), 1000);
	}
	alive(o, "60 half messages");
	bounded(*all[0], before);
	for(auto& c : all)
		c->die();
	alive(o, "their end");
}

// Many connections at once, each with files open and reads that wait, die together.
CHECK_RAW(hostile, many_die)
{
	if(o.target.kind == Target::Command)
		throw Skipped("each connection has a server of its own");
	Message all = recorded(o);
	size_t before = Client(o).memory();
	for(int round = 0; round < 5; round++) {
		std::vector<std::unique_ptr<Client>> v;
		for(int i = 0; i < 50; i++) {
			v.push_back(std::make_unique<Client>(o, Client::Begin::Nothing));
			v.back()->push(all, 1000);
		}
		v.clear();
	}
	alive(o, "the death of many");
	bounded(Client(o), before);
}

// All the fids that one may have, open; the end closes them.
CHECK_RAW(hostile, many_fids)
{
	Attacker c(o);
	size_t before = c.memory();
	for(uint32_t fid = 100; fid < 3000; fid++) {
		c.send(Client::walkmsg(Root, fid, {}), 1);
		c.recv(1);
		c.send(Topen{.fid = fid, .mode = OREAD}, 2);
		c.recv(2);
	}
	bounded(c, before);
	c.die();
	if(std::string wrong = c.finish(); !wrong.empty())
		throw Failed(wrong);
	alive(o, "many fids");
}

// Bytes that are anything; headers that are nearly right.
CHECK_RAW(hostile, junk)
{
	std::minstd_rand rnd(7);
	for(int round = 0; round < 300; round++) {
		Message m(rnd() % 200);
		for(std::byte& b : m)
			b = std::byte(rnd() >> 8);
		if(round & 1 && m.size() >= MSGHDR) {
			putle(m.data(), uint32_t(m.size()));
			m[4] = std::byte(100 + rnd() % 30);
		}
		provoke(o, m, "junk " + std::to_string(round));
	}
	alive(o, "junk");
}

// The client sends no more and waits: all that it asked for is answered, or given up.
CHECK_BLOCK(hostile, half_open)
{
	for(uint16_t tag = 1; tag < 20; tag++)
		c.send(Tread{.fid = Blocked, .count = 10}, tag);
	c.endwrite();
	c.drain();
	alive(c.options(), "a client that closed one direction");
}
}
