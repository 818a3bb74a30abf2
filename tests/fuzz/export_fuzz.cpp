// Any client against an export of a name space with a ramfs and a pipe in it: what it
// sends is answered by messages, or the session ends; nothing hangs or is left over.
//
// The input is a byte for the order of Procs, whose lowest bit leaves out the usual
// beginning, and then a row of requests: a byte for the kind, one for the tag, and what
// the kind takes.  Fids, tags and names are few, so that requests meet.

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cmd/cmds.h"
#include "lib9/error.h"
#include "lib9/fcall.h"
#include "port/boot.h"
#include "port/dev.h"
#include "port/proc.h"
#include "port/sys.h"
#include "port/sysfile.h"
#include "tests/attempt.h"

using namespace p9;

namespace {

constexpr uint32_t Msize = 2048;

// What is left of the input.
class Input {
	Bytes rest;

public:
	explicit Input(Bytes b) : rest(b) {}
	bool empty() const { return rest.empty(); }
	unsigned byte()
	{
		if(rest.empty())
			return 0;
		unsigned v = unsigned(rest[0]);
		rest = rest.subspan(1);
		return v;
	}
	Bytes take(size_t n)
	{
		Bytes b = rest.first(std::min(n, rest.size()));
		rest = rest.subspan(b.size());
		return b;
	}
	uint32_t fid() { return byte() % 6; }
	uint64_t offset()
	{
		static constexpr uint64_t some[] = {0, 1, 5, 100, 65536, uint64_t(1) << 40,
			uint64_t(1) << 63, ~uint64_t(0)};
		return some[byte() % 8];
	}
	std::string_view name()
	{
		static constexpr std::string_view some[] = {"f", "g", "d", "p", "data", "data1",
			"..", ".", "", "/", "d/f"};
		unsigned v = byte();
		if(v < std::size(some))
			return some[v];
		Bytes b = take(v % 32);
		return {reinterpret_cast<const char*>(b.data()), b.size()};
	}
};

void
put(int fd, Bytes b)
{
	if(!b.empty())
		bwrite(fd, Block::of(b));
}

template<class T>
void
say(int fd, uint16_t tag, const T& m)
{
	std::byte b[4096];
	put(fd, Bytes(b).first(packM(m, tag, b)));
}

void
sendwstat(int fd, uint16_t tag, Input& in)
{
	Dir d = Dir::dontcare();
	uint32_t fid = in.fid();
	unsigned what = in.byte();
	if(what & 1)
		d.name = in.name();
	if(what & 2)
		d.length = in.offset();
	if(what & 4)
		d.mode = in.byte() << 24 | in.byte();
	if(what & 8)
		d.gid = in.name();
	if(what & 16)
		d.mtime = in.byte();
	std::byte room[512];
	say(fd, tag, Twstat{.fid = fid, .stat = Bytes(room).first(convD2M(d, room))});
}

void
sendwalk(int fd, uint16_t tag, Input& in)
{
	Twalk m{.fid = in.fid(), .newfid = in.fid()};
	for(unsigned n = in.byte() % 20; n > 0; n--)
		m.wname.add(in.name());
	say(fd, tag, m);
}

// A message whose size is right and nothing else.
void
sendraw(int fd, uint16_t tag, Input& in)
{
	std::byte b[300];
	unsigned type = in.byte();
	Bytes body = in.take(in.byte());
	putle(b, uint32_t(MSGHDR + body.size()));
	b[4] = std::byte(type);
	setmsgtag(b, tag);
	std::ranges::copy(body, b + MSGHDR);
	put(fd, Bytes(b).first(MSGHDR + body.size()));
}

void
request(int fd, Input& in)
{
	unsigned kind = in.byte() % 18;
	uint16_t tag = uint16_t(in.byte() % 8);
	switch(kind) {
	case 0: return say(fd, NOTAG, Tversion{.msize = Msize >> in.byte() % 4, .version = VERSION9P});
	case 1: return say(fd, tag, Tauth{.afid = in.fid(), .uname = in.name()});
	case 2: return say(fd, tag, Tattach{.fid = in.fid(), .uname = "u", .aname = in.name()});
	case 3: return say(fd, tag, Tflush{.oldtag = uint16_t(in.byte() % 8)});
	case 4:
	case 5: return sendwalk(fd, tag, in);
	case 6: return say(fd, tag, Topen{.fid = in.fid(), .mode = uint8_t(in.byte())});
	case 7: {
		Tcreate m{.fid = in.fid(), .name = in.name()};
		m.perm = in.byte() & 1 ? DMDIR | 0777 : 0666;
		m.mode = uint8_t(in.byte());
		return say(fd, tag, m);
	}
	case 8:
	case 9: return say(fd, tag, Tread{.fid = in.fid(), .offset = in.offset(), .count = in.byte() * 8});
	case 10: {
		Twrite m{.fid = in.fid(), .offset = in.offset()};
		m.data = in.take(in.byte());
		return say(fd, tag, m);
	}
	case 11: return say(fd, tag, Tclunk{.fid = in.fid()});
	case 12: return say(fd, tag, Tremove{.fid = in.fid()});
	case 13: return say(fd, tag, Tstat{.fid = in.fid()});
	case 14: return sendwstat(fd, tag, in);
	case 15: return sendraw(fd, tag, in);
	case 16: return put(fd, in.take(tag));
	case 17:
		for(unsigned n = in.byte() % 32; n > 0; n--)
			yield();
	}
}

// Every reply is a message of a server's, as long as was settled.
void
readreplies(int fd)
{
	uint32_t msize = 8192 + IOHDRSZ;
	for(;;) {
		Block b = bread(fd, MAXMSIZE);
		if(b.empty())
			return;
		b.flatten();
		uint16_t tag;
		std::optional<Fcall> f = unpack(b.data(), tag);
		if(!f || !(msgtype(b.data()) & 1) || b.size() > msize)
			std::abort();
		if(auto* v = std::get_if<Rversion>(&*f); v && v->version == VERSION9P)
			msize = std::max(v->msize, Msize);
	}
}

void
session(Input in, bool begin)
{
	p9::bind("#s", "/srv", MREPL | MCREATE);
	ramfs({"ramfs"});
	p9::close(create("/tmp/p", OREAD, DMDIR | 0777));
	p9::bind("#|", "/tmp/p", MREPL);
	auto [mine, its] = p9::pipe();
	int client = mine, server = its;
	rfork(RFPROC | RFFDG, [client, server] {
		p9::close(client);
		attempt([&] { exportfs(server, server, "/tmp"); });
	});
	p9::close(std::move(its));
	int reader = rfork(RFPROC | RFFDG, [client] { attempt([&] { readreplies(client); }); });
	attempt([&] {
		if(begin) {
			say(client, NOTAG, Tversion{.msize = Msize, .version = VERSION9P});
			say(client, 0, Tattach{.fid = 0, .uname = "u"});
		}
		while(!in.empty())
			request(client, in);
	});
	for(int i = 0; i < 20; i++)
		yield();
	if(Ref<Proc> p = procbypid(reader))
		p->interrupt();
	p9::close(std::move(mine));
	wait();
	wait();
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	if(size == 0)
		return 0;
	Bytes input = std::as_bytes(std::span(data, size));
	Bootcfg cfg;
	cfg.test = true;
	cfg.seed = data[0] >> 1;
	cfg.deadlock = [](const std::string& who) {
		fputs(who.c_str(), stderr);
		std::abort();
	};
	Bootend end = boot(cfg, [&] { session(Input(input.subspan(1)), !(data[0] & 1)); });
	if(!end.stuck.empty()) {
		fputs(end.stuck.c_str(), stderr);
		std::abort();
	}
	if(Chan::live() != 0 || Block::live() != 0)
		std::abort();
	return 0;
}
