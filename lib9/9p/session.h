// One connection of a Srv: its fids, its outstanding requests, and the Procs that
// read and serve it.  Private to the library.
//
// One Proc at a time reads (`reading') and runs the hook of what it read.  A hook
// that calls srvrelease passes the reading on; then the hooks of others are kept
// apart by `hooks', which nobody needs as long as nobody has been released.
//
// References: the fid table holds one on each Fid in it.  A Req has one until it
// has been answered, and one while its hook runs; the tag table borrows.
// Lock order: mu, lk.  Under lk nothing sleeps and no Fid or Req is dropped.

#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "lib9/9p/idmap.h"
#include "lib9/9p/srv.h"
#include "lib9/spin.h"

namespace p9 {

class Session {
public:
	Srv& srv;

	Session(Srv& s, Transport& tr);
	~Session();

	void serve();
	// Instead of that: one connection too many.
	void turnaway();

	// What Req and Fid do by way of us.
	void respond(Req& r);
	void fail(Req& r, std::string_view why);
	void release(Req& r);
	void acquire(Req& r);
	void alone(Req& r);
	bool charge(Fid& f, size_t n);
	Srvstat status();
	void hangup() { t.hangup(); }
	// A hook did what no server may: its request fails, and the session ends.
	[[noreturn]] void misuse(std::string_view what);
	enum Claim { Mayclaim, Noclaim };
	Buf readroom(Req& r, Claim c);
	Bytes writedata(Req& r);
	Block replyblock(Req& r, size_t n);
	void freereq(Req& r);
	void freefid(Fid& f);

private:
	static constexpr size_t Smallread = 8192;	// what a Tread gets though memory is short
	static constexpr size_t Smallmsg = 512;	// and the request that is not refused
	static constexpr int Maxidle = 8;	// Procs that stay with nothing to do
	static constexpr size_t Firstmsize = 8192 + IOHDRSZ;

	Transport& t;
	const size_t share;	// of Srvlimits::working
	Req* spare = nullptr;	// the reader's, for its next request; counted in nreq
	size_t msize = Firstmsize;
	bool versioned = false;	// the reader's: a Tversion came
	uint64_t nread = 0;	// the reader's: requests that came
	std::atomic<int> nalone{0};	// who waits in alone()
	std::atomic<bool> broken{false};	// a write failed, or a hook is at fault
	std::atomic<int> nreleased{0};	// hooks that run beside the others
	const std::unique_ptr<Sync::Mutex> hooks;

	const std::unique_ptr<Sync::Mutex> mu;	// guards reading to nworker
	const std::unique_ptr<Sync::Cond> idlers;	// reading has become free, or eof
	const std::unique_ptr<Sync::Cond> gone;	// fewer workers, Reqs or Fids
	bool reading = true;
	bool eof = false;
	int nidle = 0;
	int nworker = 0;	// besides the Proc that called serve

	Spin lk;	// guards what follows
	Idmap<Req> tags;
	Idmap<Fid> fids;
	size_t nflush = 0;	// Tflushes in tags
	size_t nworking = 0;	// requests that are not answered, flushes apart
	size_t naside = 0;	// whose tag another has, but whose reply has not gone yet
	size_t memory = 0;	// bytes charged
	uint64_t bytesin = 0;
	uint64_t bytesout = 0;
	size_t nreq = 0;	// Reqs that live
	size_t nfid = 0;	// Fids that live
	bool waiting = false;	// for those to go
	Req* freereqs = nullptr;
	Fid* freefids = nullptr;

	enum Next { Goon, Passed, Ended };
	enum Who { Main, Extra };

	// Reading (session.cpp).
	void work(Who who);
	bool idle(Who who);
	Next readloop();
	Block next();
	Next dispatch(Block b);
	template<class M> Next take(Block b);
	Next version(Block b);
	void atend();
	enum Way { In, Out };
	void trace(Way way, const Block& b);
	void say(std::string_view what);
	void botch(std::string_view what);

	// Requests and fids that come and go (session.cpp).
	Req& newreq();
	void dropspare();
	void reset(Req& r);
	void pool(Req& r);
	Req& internalreq(uint8_t type);
	Fid& newfid(uint32_t n);
	template<class M> std::string_view admit(Req& r, const M& m);
	template<class F> void run(Req& r, F serve1);
	std::string_view reserve(uint32_t n, Ref<Fid>& f);
	template<class M> std::string_view charge(Req& r, const M& m);
	enum Need { May, Must };
	bool beginwork(Need n);
	void endwork();
	bool fits(Fid& f, size_t n);
	bool belongs(Fid& f, std::string_view uid);
	void forget(Fid& f);
	bool takefid(Req& r, uint32_t n);
	bool replace(Req& r);
	void ungone(size_t& n);
	void waitgone(const size_t& a);
	void abortall();
	void clunkall();

	// What each message needs before its hook runs (srvmsg.cpp).
	void serve(Req& r, const Tauth& m);
	void serve(Req& r, const Tattach& m);
	void serve(Req& r, const Tflush& m);
	void serve(Req& r, const Twalk& m);
	void serve(Req& r, const Topen& m);
	void serve(Req& r, const Tcreate& m);
	void serve(Req& r, const Tread& m);
	void serve(Req& r, const Twrite& m);
	void serve(Req& r, const Tclunk& m);
	void serve(Req& r, const Tremove& m);
	void serve(Req& r, const Tstat& m);
	void serve(Req& r, const Twstat& m);
	void flush(Req& r, Ref<Req> old);
	void walktree(Req& r);
	void begin(Req& r, Fid& nf);
	void clunk(Req& r);
	bool mayremove(Fid& f);

	// And after it, and the reply (srvreply.cpp).
	std::string_view complete(Req& r, std::string_view why);
	std::string_view entered(Req& r, Ref<Fid>& f, std::string_view why);
	std::string_view walked(Req& r, std::string_view why);
	std::string_view opened(Req& r, std::string_view why);
	std::string_view created(Req& r, std::string_view why);
	std::string_view removed(Req& r, std::string_view why);
	std::string_view wasread(Req& r, std::string_view why);
	void waswritten(Req& r, std::string_view why);
	void answer(Req& r, std::string_view why);
	Block encode(Req& r);
	Block encoderead(Req& r);
	Block encodestat(Req& r);
	template<class M> Block pack(Req& r, const M& m);
	Block packerror(uint16_t tag, std::string_view why);
	void send(Block b);
	void send(uint16_t tag, const Rversion& m);
	void refuse(uint16_t tag, std::string_view why);
	enum Left { Nobody, Flushes };
	void untag(Req& r);
	Left leave(Req& r);
	void finish(Req& r);
	void flushready(Req& r);
	void drain(Ref<Req> first);
	Req* readyflush(Req& o);
	void answerflush(Req& f);
};
}
