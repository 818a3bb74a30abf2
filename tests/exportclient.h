// Exports in tests: made, mounted, and talked to by a client that says what it wants.

#pragma once

#include <string>

#include "lib9/fcall.h"
#include "port/exportopts.h"
#include "port/sys.h"
#include "tests/test.h"

namespace p9 {

// An export of dir, which ends when the answered descriptor is closed.
inline Fd
exported(std::string_view dir, Exportopts opts = {})
{
	auto [mine, its] = pipe();
	spawnserver("export", {its}, [fd = int(its), d = std::string(dir), opts] {
		exportfs(fd, fd, d, opts);
	});
	close(std::move(its));
	return std::move(mine);
}

inline void
mounted(std::string_view dir, std::string_view where, Exportopts opts = {})
{
	Fd fd = exported(dir, opts);
	mount(fd, -1, where, MREPL | MCREATE, "");
}

inline Exportopts
readonly()
{
	Exportopts o;
	o.readonly = true;
	return o;
}

inline Exportopts
hiding()
{
	Exportopts o;
	o.visible = [](std::string_view p) { return p != "/hidden"; };
	return o;
}

inline std::string
names(std::string_view dir)
{
	std::string s;
	for(const Dir& d : dirreadall(dir))
		s += (s.empty() ? "" : " ") + d.name;
	return s;
}

// A client that says what it wants.
class Client {
	Fd fd;
	std::string last;

public:
	explicit Client(Fd f) : fd(std::move(f)) {}
	~Client() { close(std::move(fd)); }

	template<class M> Fcall rpc(const M& m, uint16_t tag = 1)
	{
		send(m, tag);
		uint16_t got;
		return recv(got);
	}
	template<class M> void send(const M& m, uint16_t tag)
	{
		Block b = Block::alloc(sizeM(m));
		b.produced(packM(m, tag, b.room()));
		bwrite(fd, std::move(b));
	}
	Fcall recv(uint16_t& tag)
	{
		Block b = bread(fd, 1 << 20);
		last.assign(reinterpret_cast<const char*>(b.data().data()), b.size());
		auto f = unpack(std::as_bytes(std::span(last)), tag);
		if(!f)
			error("no reply");
		return *f;
	}
	template<class M> std::string err(const M& m)
	{
		Fcall f = rpc(m);
		auto* e = std::get_if<Rerror>(&f);
		return e ? std::string(e->ename) : "none";
	}
	// The next reply in words, or "end".
	std::string next()
	{
		Block b = bread(fd, 1 << 20);
		uint16_t tag = 0;
		auto f = unpack(b.data(), tag);
		return f ? fmt9p(*f, tag) : "end";
	}
	template<class M> std::string text(const M& m, uint16_t tag = 1)
	{
		send(m, tag);
		return next();
	}
	void raw(Bytes b) { bwrite(fd, Block::of(b)); }
	void session(uint32_t msize = 8192)
	{
		rpc(Tversion{.msize = msize, .version = "9P2000"}, NOTAG);
		rpc(Tattach{.fid = 0, .uname = "x"});
	}
	// fid becomes the file at the path.
	std::string walk(uint32_t fid, std::initializer_list<std::string_view> names)
	{
		Twalk w{.fid = 0, .newfid = fid};
		for(std::string_view s : names)
			w.wname.add(s);
		return err(w);
	}
	std::string open(uint32_t fid, uint8_t mode)
	{
		return err(Topen{.fid = fid, .mode = mode});
	}
	Dir stat(uint32_t fid)
	{
		Fcall f = rpc(Tstat{.fid = fid});
		auto* r = std::get_if<Rstat>(&f);
		return r ? convM2D(r->stat).value_or(Dir{}) : Dir{};
	}
	std::string read(uint32_t fid, uint64_t off = 0, uint32_t count = 8000)
	{
		Fcall f = rpc(Tread{.fid = fid, .offset = off, .count = count});
		if(auto* e = std::get_if<Rerror>(&f))
			return "error: " + std::string(e->ename);
		Bytes d = std::get<Rread>(f).data;
		return {reinterpret_cast<const char*>(d.data()), d.size()};
	}
	// What a read of a directory gave.
	static std::vector<Dir> entries(std::string_view s)
	{
		Bytes rest = std::as_bytes(std::span(s));
		std::vector<Dir> l;
		while(!rest.empty())
			l.push_back(convM2D(takeentry(rest)).value_or(Dir{}));
		return l;
	}
};

// A Twstat that gives fid a name.
inline Twstat
renaming(uint32_t fid, std::string_view name)
{
	static std::byte room[200];
	Dir d = Dir::dontcare();
	d.name = name;
	return {.fid = fid, .stat = Bytes(room).first(convD2M(d, room))};
}

inline Few<std::string_view>
path(std::initializer_list<std::string_view> l)
{
	Few<std::string_view> f;
	for(std::string_view s : l)
		f.add(s);
	return f;
}

// /n has the two ends of a pipe; who reads /n/data sleeps until something is written.
struct Sleeper {
	Fd other;

	Sleeper()
	{
		bind("#|", "/n", MREPL);
		other = open("/n/data1", ORDWR);
	}
	~Sleeper()
	{
		close(std::move(other));
		unmount("", "/n");
	}
};

// A client that has fid 1 at a Sleeper's pipe, open.
struct Atpipe {
	Sleeper s;
	Client c{exported("/n")};

	explicit Atpipe(uint8_t mode = OREAD)
	{
		c.session();
		c.walk(1, {"data"});
		c.open(1, mode);
	}
};
}
