// A 9P client in a test, and a Srv that serves it in a thread of its own, with
// queues of messages between them: for tests of servers without a kernel.

#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "lib9/9p/srv.h"
#include "tests/stdsync.h"

namespace p9 {

// One direction: whole messages, and an end.
class Msgqueue {
	std::mutex m;
	std::condition_variable c;
	std::deque<Block> q;
	bool closed = false;

public:
	void put(Block b)
	{
		std::scoped_lock l(m);
		if(closed)
			error(Ehungup);
		q.push_back(std::move(b));
		c.notify_all();
	}
	// Empty at the end.
	Block get()
	{
		std::unique_lock l(m);
		c.wait(l, [&] { return closed || !q.empty(); });
		if(q.empty())
			return {};
		Block b = std::move(q.front());
		q.pop_front();
		return b;
	}
	bool waits(int ms)	// whether nothing comes for so long
	{
		std::unique_lock l(m);
		return !c.wait_for(l, std::chrono::milliseconds(ms),
			[&] { return closed || !q.empty(); });
	}
	void close()
	{
		std::scoped_lock l(m);
		closed = true;
		c.notify_all();
	}
};

class Memconn final : public Transport {
public:
	Msgqueue in;	// to the server
	Msgqueue out;
	size_t max = 0;

	Block read() override { return in.get(); }
	void write(Block b) override { out.put(std::move(b)); }
	void msize(size_t n) override { max = n; }
	void hangup() override { in.close(); }
};

// The client.  Its destructor ends the session and waits for the server.
class Testclient {
	Block last;	// what reply's strings point into

public:
	Memconn conn;

private:
	std::thread server;	// after what it uses

public:

	explicit Testclient(Srv& srv) : server([this, &srv] {
		srv.serve(conn);
		conn.out.close();
	})
	{
	}
	~Testclient() { end(); }
	void end()
	{
		conn.in.close();
		if(server.joinable())
			server.join();
	}

	template<class M> void send(const M& m, uint16_t tag = 1)
	{
		Block b = Block::alloc(sizeM(m));
		b.produced(packM(m, tag, b.room()));
		conn.in.put(std::move(b));
	}
	void sendraw(Block b) { conn.in.put(std::move(b)); }

	// The next reply and its tag; none at the end of the session.
	std::optional<Fcall> recv(uint16_t& tag)
	{
		last = conn.out.get();
		if(last.empty())
			return {};
		last.flatten();
		return unpack(last.data(), tag);
	}
	Block recvblock() { return conn.out.get(); }

	// The text of the next reply, as fmt9p has it.
	std::string next()
	{
		uint16_t tag = 0;
		std::optional<Fcall> f = recv(tag);
		return f ? fmt9p(*f, tag) : "end";
	}
	template<class M> std::string rpc(const M& m, uint16_t tag = 1)
	{
		send(m, tag);
		return next();
	}
	// The answer, which must be an R; or the text of the Rerror in err.
	template<class R, class M> R call(const M& m)
	{
		send(m, 1);
		uint16_t tag = 0;
		std::optional<Fcall> f = recv(tag);
		if(f && std::holds_alternative<R>(*f))
			return std::get<R>(*f);
		ADD_FAILURE() << (f ? fmt9p(*f, tag) : "end");
		return {};
	}
	// The text of the error; "" when it succeeds.
	template<class M> std::string err(const M& m, uint16_t tag = 1)
	{
		send(m, tag);
		uint16_t t = 0;
		std::optional<Fcall> f = recv(t);
		EXPECT_EQ(t, tag);
		if(!f)
			return "end";
		const Rerror* e = std::get_if<Rerror>(&*f);
		return e ? std::string(e->ename) : "";
	}

	void version(uint32_t msize = 8192 + IOHDRSZ)
	{
		call<Rversion>(Tversion{.msize = msize, .version = "9P2000"});
	}
	Qid attach(uint32_t fid = 0, std::string_view uname = "glenda")
	{
		return call<Rattach>(Tattach{.fid = fid, .uname = uname}).qid;
	}
	std::string walk(uint32_t fid, uint32_t newfid,
		std::initializer_list<std::string_view> n)
	{
		Twalk m{.fid = fid, .newfid = newfid};
		for(std::string_view s : n)
			m.wname.add(s);
		return err(m);
	}
	std::string read(uint32_t fid, uint64_t off = 0, uint32_t count = 8192)
	{
		Rread r = call<Rread>(Tread{.fid = fid, .offset = off, .count = count});
		return {reinterpret_cast<const char*>(r.data.data()), r.data.size()};
	}
	uint32_t write(uint32_t fid, uint64_t off, std::string_view s)
	{
		return call<Rwrite>(Twrite{.fid = fid, .offset = off,
			.data = std::as_bytes(std::span(s))}).count;
	}
	Dir stat(uint32_t fid)
	{
		Rstat r = call<Rstat>(Tstat{.fid = fid});
		return convM2D(r.stat).value_or(Dir{});
	}
	std::string wstat(uint32_t fid, const Dir& d)
	{
		std::vector<std::byte> b(sizeD2M(d));
		convD2M(d, b);
		return err(Twstat{.fid = fid, .stat = b});
	}
};
}
