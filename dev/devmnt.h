// The mount driver's inside: one Mnt for each connection to a server, and one Rpc
// for each request of it.  See mnt(3), mnt(10) and the rows DM-1 to DM-48.
//
// Every Proc that has called waits for its own reply, but one of them at a time
// has the gate: it reads the connection and gives each reply to its Rpc, until
// its own has come; then it hands the gate to the first that waits.  An Rpc is on
// the wire (its tag is known) before its message is sent, for another may read
// the answer.
//
// References: the connection's Chan holds its Mnt (Chan::mux), every mount Chan
// holds the connection (Chan::mchan), a call borrows both.  Rpcs belong to the Mnt,
// with their tags, and stay.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib9/block.h"
#include "lib9/error.h"
#include "lib9/fcall.h"
#include "port/chan.h"
#include "port/proc.h"
#include "port/qlock.h"
#include "port/rendez.h"
#include "port/sysfile.h"

namespace p9 {

class Mnt;

// A request.  Who allocated it owns what it says; Mnt::lk guards the rest.
struct Rpc {
	uint16_t tag = 0;	// for good
	uint8_t type = 0;
	uint32_t fid = NOFID;	// for people
	uint32_t count = 0;	// bytes of the caller's buffer that are lent
	Ref<Loan> loan;	// kept for the next time
	bool lending = false;

	enum State : uint8_t { Idle, Sent, Done } state = Idle;
	bool waiting = false;	// in Mnt::waiters
	Block reply;
	Rendez news;	// Done, or the gate is free
	Rpc* next = nullptr;	// in Mnt::waiters or Mnt::free
	Rpc* prev = nullptr;
};

struct Rpclist {
	Rpc* head = nullptr;
	Rpc* tail = nullptr;

	void put(Rpc&);	// last
	void putfront(Rpc&);
	void remove(Rpc&);
};

// Prints b, if emu -D asked for that.
void show9p(const Chan& conn, std::string_view way, const Block& b);

class Mnt final : public Counted {
public:
	const std::string version;
	const size_t msize;

	Mnt(Chan& conn, std::string_view version, size_t msize);

	// The most that one Tread or Twrite can carry.
	size_t maxio() const { return msize - IOHDRSZ; }

	// A tag; Enotags when 65534 requests are outstanding.
	Rpc& alloc(uint8_t type, uint32_t fid);
	// late: a reply to it may still come, so its tag is used again last.
	enum class Late { No, Yes };
	void free(Rpc&, Late = Late::No);

	// Messages may have their payload in the caller's buffer, and replies theirs.
	bool lends() const { return whole; }
	// Sends r's message and waits for the reply.  A note flushes r: then Eintr, unless the
	// reply came first.  Any Error but the server's own is thrown; r's reply may be any
	// message that is well framed.
	void io(Rpc& r, Block&& msg);

	// A number that the server does not know.  One that is not given back is abandoned:
	// the server may know it for ever (DM-45).
	uint32_t newfid();
	void freefid(uint32_t fid);

	// For people who ask why it hangs.
	std::string waittext(const Rpc& r) const;

private:
	class Gate;
	class Flushes;

	Chan& conn;	// which holds this
	const bool whole;	// conn passes Blocks as they are
	const std::string name;	// of the server
	QLock sendlk;	// of writers, unless whole: a message once begun is finished
	Msgreader in;	// the gate's

	Lock lk;	// guards all below
	enum { Pagesize = 32, Maxtags = 1 << 16 };
	std::vector<std::unique_ptr<Rpc[]>> pages;	// Rpcs by tag
	Rpclist freerpcs;
	Rpc* reader = nullptr;	// has the gate
	Rpclist waiters;	// sleep for their reply or the gate
	bool broken = false;	// what comes can no longer be told apart
	uint32_t lastfid = 0;
	std::vector<uint32_t> freefids;

	void grow();
	Rpc* find(uint16_t tag);
	void exchange(Rpc& r, Block&& msg);
	bool attempt(Rpc& r, Block&& msg);
	void send(Block&& msg);
	void sendpieces(Block&& msg);
	bool sendall(Bytes head, Bytes tail);
	size_t sendsome(Bytes head, Bytes tail);
	void await(Rpc& r);
	void dispatch(std::unique_lock<Lock>& l, Block&& b);
	void unlend(Rpc& r);
	void hangup();
};

// The connection that c's file is on.
inline Mnt&
mntof(const Chan& c)
{
	return static_cast<Mnt&>(*c.mchan->mux);
}

// A request while it lasts: takes a tag and gives it back.
class Call {
	Mnt& mnt;
	Rpc& rpc;
	bool answered = false;

	void lend(Buf b);

public:
	Call(Mnt& m, uint8_t type, uint32_t fid) : mnt(m), rpc(m.alloc(type, fid)) {}
	~Call() { mnt.free(rpc, answered ? Mnt::Late::No : Mnt::Late::Yes); }
	Call(const Call&) = delete;

	// Offers the room for an Rread's payload, or lends a Twrite's (true: it need not be in
	// the message).  b outlives this.
	void offer(Buf b);
	bool lendout(Bytes b);

	// Sends m and waits.  False for an Rerror.
	template<class M> bool send(const M& m)
	{
		size_t lent = M::type == Twrite::type && rpc.lending ? rpc.count : 0;
		size_t n = sizeM(m, lent);
		if(n == 0 || n + lent > mnt.msize)
			error(Etoolong);
		Block b = Block::alloc(n);
		b.produced(packM(m, rpc.tag, b.room(), lent));
		if(rpc.lending)
			b.loan = rpc.loan;
		b.lent = lent;
		mnt.io(rpc, std::move(b));
		answered = true;
		return msgtype(rpc.reply.data()) != Rerror::type;
	}
	// The reply, or the Error that it is.  Points into this Call.
	template<class R> R reply()
	{
		R r;
		if(!unpackM(rpc.reply.data(), r, rpc.reply.lent))
			fail();
		return r;
	}
	// Raises the server's Error, or Emountrpc when the reply is none.
	[[noreturn]] void fail();
	// The text of the Rerror that came.
	std::string_view errtext();

	// The Rread's payload into b, unless it is there already; answers its length.
	size_t take(Buf b);
	// The same as a Block, when nothing was offered.
	Block take();
};

// Tclunk or Tremove: the server forgets the fid, whatever it answers.
template<class R, class T>
void
forget(Mnt& m, const T& t)
{
	Call call(m, T::type, t.fid);
	if(!call.send(t)) {
		m.freefid(t.fid);
		call.fail();
	}
	call.template reply<R>();
	m.freefid(t.fid);
}
}
