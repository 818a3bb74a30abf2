// The Procs of a connection: reading, running hooks, and how it ends.

#include "lib9/9p/session.h"

#include <fmt/format.h>

namespace p9 {

namespace {

// Version(5): a server may answer with an earlier version than the client's, never with a
// later one.
bool
speaks9p2000(std::string_view version)
{
	std::string_view base = version.substr(0, version.find('.'));
	return base.starts_with("9P") && base >= VERSION9P;
}
}

Session::Session(Srv& s, Transport& tr)
    : srv(s), t(tr), share(s.limits.share()), hooks(s.sync.mutex()), mu(s.sync.mutex()), idlers(s.sync.cond()),
      gone(s.sync.cond())
{
}

Session::~Session()
{
	while(Req* r = freereqs) {
		freereqs = r->next;
		delete r;
	}
	while(Fid* f = freefids) {
		freefids = f->next;
		delete f;
	}
}

void
Session::serve()
{
	srv.start();
	t.msize(msize);
	work(Main);
	{
		std::unique_lock<Sync::Mutex> l(*mu);
		while(nworker > 0)
			gone->wait(l);
	}
	waitgone(nreq);
	clunkall();
	waitgone(nreq);
	waitgone(nfid);
	srv.end();
}

// Its first message is a Tversion, which has this tag.
void
Session::turnaway()
{
	say(std::string(srv.texts.toomanyconns) + ": " + t.peer);
	refuse(NOTAG, srv.texts.toomanyconns);
}

// Reads and serves until the end, but for the times in which others read.
void
Session::work(Who who)
{
	do {
		if(readloop() == Ended)
			atend();
	} while(idle(who));
	if(who == Extra) {
		std::scoped_lock l(*mu);
		nworker--;
		gone->notifyall();
	}
}

// Waits until it can read; false when it need not any more.  When the reading has been
// passed on, it is another's, who has been woken for it though he has not begun: there is
// one switch for a request, and none in vain.
bool
Session::idle(Who who)
{
	std::unique_lock<Sync::Mutex> l(*mu);
	if(who == Extra && nidle >= Maxidle)
		return false;
	nidle++;
	while(!eof) {
		idlers->wait(l);
		if(!reading)
			break;
	}
	nidle--;
	reading = true;
	return !eof;
}

// The last message has been read: outstanding requests are hurried along.
void
Session::atend()
{
	dropspare();
	{
		std::scoped_lock l(*mu);
		eof = true;
		idlers->notifyall();
	}
	abortall();
}

Session::Next
Session::readloop()
{
	for(;;) {
		Block b = next();
		if(b.empty())
			return Ended;
		Next n = dispatch(std::move(b));
		if(n != Goon)
			return n;
	}
}

// One message with a good header; empty at the end.
Block
Session::next()
{
	if(broken.load(std::memory_order_relaxed))
		return {};
	Block b;
	try {
		b = t.read();
	} catch(const Error& e) {
		// That it was hung up, from either side, is as good an end as any.
		if(!e.is(Ehungup) && !e.is(Eintr))
			say(e.reason());
		return {};
	}
	if(b.empty())
		return b;
	if(b.size() > msize || !wire::goodheader(b.data(), b.lent)) {
		say("bad message size from client");
		return {};
	}
	if(srv.chatty) [[unlikely]]
		trace(In, b);
	return b;
}

Session::Next
Session::dispatch(Block b)
{
	uint8_t type = msgtype(b.data());
	if(!versioned && type != Tversion::type && !srv.texts.noversion.empty()) {
		refuse(msgtag(b.data()), srv.texts.noversion);
		return Goon;
	}
	switch(type) {
	case Tversion::type:
		return version(std::move(b));
	case Tauth::type:
		return take<Tauth>(std::move(b));
	case Tattach::type:
		return take<Tattach>(std::move(b));
	case Tflush::type:
		return take<Tflush>(std::move(b));
	case Twalk::type:
		return take<Twalk>(std::move(b));
	case Topen::type:
		return take<Topen>(std::move(b));
	case Tcreate::type:
		return take<Tcreate>(std::move(b));
	case Tread::type:
		return take<Tread>(std::move(b));
	case Twrite::type:
		return take<Twrite>(std::move(b));
	case Tclunk::type:
		return take<Tclunk>(std::move(b));
	case Tremove::type:
		return take<Tremove>(std::move(b));
	case Tstat::type:
		return take<Tstat>(std::move(b));
	case Twstat::type:
		return take<Twstat>(std::move(b));
	}
	refuse(msgtag(b.data()), srv.texts.unknownmsg);
	return Goon;
}

template <class M>
Session::Next
Session::take(Block b)
{
	M m;
	if(!unpackM(b.data(), m, b.lent)) {
		say(fmt::format("bad {} from client", msgname(M::type)));
		return Ended;
	}
	Req& r = spare ? *std::exchange(spare, nullptr) : newreq();
	Ref<Req> hold = Ref<Req>::adopt(&r); // the one while the hook runs
	r.type = M::type;
	r.tag = msgtag(b.data());
	r.in = std::move(b);
	r.seq = nread++;
	if(srv.clock)
		r.began = srv.clock();
	std::string_view why = admit(r, m);
	if(!why.empty()) {
		refuse(r.tag, why);
		Ref<Req>::adopt(&r); // it will never be answered
		return Goon;
	}
	run(r, [&] { serve(r, m); });
	if(r.released)
		return Passed;
	// Almost always nobody else has it any more, and the next request can be it.
	if(r.ref.load(std::memory_order_acquire) == 1) {
		reset(*hold.release());
		r.ref.store(2, std::memory_order_relaxed);
		spare = &r;
	}
	return Goon;
}

// Version(5): whatever was is over.  Nobody else reads meanwhile.
Session::Next
Session::version(Block b)
{
	Tversion m;
	if(!unpackM(b.data(), m)) {
		say("bad Tversion from client");
		return Ended;
	}
	uint16_t tag = msgtag(b.data());
	if(m.msize < 256) {
		refuse(tag, srv.texts.smallmsize);
		return Goon;
	}
	dropspare();
	abortall();
	waitgone(nreq);
	clunkall();
	waitgone(nreq);
	Rversion r{.msize = uint32_t(std::min(size_t(m.msize), srv.maxmsize)),
		   .version = VERSION9P};
	msize = r.msize;
	versioned = speaks9p2000(m.version);
	if(!versioned) {
		r = {.msize = 256, .version = "unknown"};
		msize = Firstmsize;
	}
	t.msize(msize);
	send(tag, r);
	return Goon;
}

// What the request costs until it is answered: its message and, unless the reply goes to
// the reader's own memory, room for that.  A read may be shorter than the client likes,
// as long as it gets on.  Requires: lk held.
template <class M>
std::string_view
Session::charge(Req& r, const M& m)
{
	size_t limit = srv.limits.memory;
	size_t left = limit - std::min(memory, limit);
	size_t n = r.in.own();
	if constexpr(M::type == Tread::type) {
		r.room = std::min(size_t(m.count), msize - IOHDRSZ);
		if(!r.in.loan) {
			r.room = std::min(r.room, std::max(left, Smallread));
			n += r.room;
		}
	} else if(n > Smallmsg && n > left) {
		return srv.texts.toomuchmem;
	}
	r.charged = n;
	memory += n;
	return {};
}

// One request more, of our share or of what is common.  What must be done is counted
// only.  Requires: lk held.
bool
Session::beginwork(Need n)
{
	if(nworking >= share && srv.ncommon.fetch_add(1) >= srv.limits.common() && n != Must) {
		srv.ncommon.fetch_sub(1);
		return false;
	}
	nworking++;
	return true;
}

// Requires: lk held.
void
Session::endwork()
{
	if(nworking-- > share)
		srv.ncommon.fetch_sub(1);
}

// Enters the request: its tag, and the fid that it names.  Answers why not.
template <class M>
std::string_view
Session::admit(Req& r, const M& m)
{
	constexpr bool isflush = M::type == Tflush::type;
	std::scoped_lock l(lk);
	Req* other = tags.find(r.tag);
	if(other && other->state.load(std::memory_order_relaxed) < Req::Responded)
		return srv.texts.duptag;
	size_t n = isflush ? nflush : tags.size() - nflush;
	if(n >= srv.limits.reqs || naside >= srv.limits.reqs)
		return srv.texts.toomanyreqs;
	bytesin += r.in.size();
	// What gives a fid back is never too much: the client thinks that it is gone.
	constexpr bool gives = M::type == Tclunk::type || M::type == Tremove::type;
	if(!isflush && !beginwork(gives ? Must : May))
		return srv.texts.toomanyreqs;
	if(std::string_view why = charge(r, m); !why.empty()) {
		if(!isflush)
			endwork();
		return why;
	}
	// Its old bearer's reply may be on its way still: finish then leaves ours alone.
	if(other) {
		nflush -= other->type == Tflush::type;
		naside++;
	}
	tags.put(r.tag, &r);
	nflush += isflush;
	if constexpr(requires { m.fid; } && M::type != Tattach::type) {
		Fid* f = fids.find(m.fid);
		if(f && f->known) {
			r.fid = Ref<Fid>(*f);
			r.qid = f->qid;
			r.omode = f->omode;
			r.diroff = f->diroff;
			if constexpr(M::type == Tread::type)
				r.filling = m.offset != 0 && m.count < f->dircount;
		}
	}
	return {};
}

// Runs a hook, alone unless others were released.
template <class F>
void
Session::run(Req& r, F serve1)
{
	struct Turn {
		Session& s;
		Req& r;
		~Turn()
		{
			if(r.released)
				s.nreleased.fetch_sub(1);
			if(r.locked)
				s.hooks->unlock();
		}
	} turn{*this, r};
	if(nreleased.load() > 0) {
		hooks->lock();
		r.locked = true;
	}
	try {
		serve1();
	} catch(const Error& e) {
		if(r.state.load() == Req::Pending)
			fail(r, e.reason());
		else
			say(e.text());
	} catch(const std::exception& e) {
		// Not of ours: out of memory, or what the server did not expect.
		say(e.what());
		if(r.state.load() == Req::Pending)
			fail(r, Eio);
	}
}

// A request of our own, at the end of a session or of what a Tversion ends, has nobody
// beside it: nothing may be read before it is over.
void
Session::release(Req& r)
{
	if(r.internal)
		return;
	if(r.released && !r.locked)
		misuse("srvrelease without srvacquire");
	if(!r.released) {
		std::scoped_lock l(*mu);
		if(nidle > 0) {
			reading = false;
			idlers->notifyone();
		} else {
			srv.sync.spawn(srv.name, [this] { work(Extra); });
			nworker++;
		}
		r.released = true;
		nreleased.fetch_add(1);
	}
	if(r.locked) {
		r.locked = false;
		hooks->unlock();
	}
}

void
Session::acquire(Req& r)
{
	if(r.internal)
		return;
	if(!r.released || r.locked)
		misuse("srvacquire without srvrelease");
	hooks->lock();
	r.locked = true;
}

// The Reqs that use the fid besides r: each looks here when it has let go of it.
void
Session::alone(Req& r)
{
	assert(r.released || r.internal);
	Fid& f = *r.fid;
	nalone.fetch_add(1);
	{
		std::unique_lock<Sync::Mutex> l(*mu);
		while(f.ref.load() > 1)
			gone->wait(l);
	}
	nalone.fetch_sub(1);
}

// Flushes every request that has no answer yet.
void
Session::abortall()
{
	std::vector<Ref<Req>> old;
	{
		std::scoped_lock l(lk);
		tags.each([&](Req& r) {
			if(r.type != Tflush::type)
				old.push_back(Ref<Req>(r));
		});
	}
	for(Ref<Req>& o : old) {
		Req& r = internalreq(Tflush::type);
		Ref<Req> hold = Ref<Req>::adopt(&r);
		run(r, [&] { flush(r, std::move(o)); });
	}
}

// As if the client had clunked all that it has.
void
Session::clunkall()
{
	std::vector<Ref<Fid>> all;
	{
		std::scoped_lock l(lk);
		fids.each([&](Fid& f) { all.push_back(Ref<Fid>::adopt(&f)); });
		fids = {};
	}
	for(Ref<Fid>& f : all) {
		if(f->omode == -1 || !(f->omode & ORCLOSE))
			continue;
		Req& r = internalreq(Tclunk::type);
		Ref<Req> hold = Ref<Req>::adopt(&r);
		r.omode = f->omode;
		r.fid = std::move(f);
		run(r, [&] { clunk(r); });
	}
}

Srvstat
Session::status()
{
	Srvstat st;
	st.peer = t.peer;
	const Req* oldest = nullptr;
	std::scoped_lock l(lk);
	st.fids = fids.size();
	st.reqs = tags.size();
	st.memory = memory;
	st.in = bytesin;
	st.out = bytesout;
	tags.each([&](Req& r) {
		if(!oldest || r.seq < oldest->seq)
			oldest = &r;
	});
	if(oldest) {
		st.oldest = msgname(oldest->type);
		st.tag = oldest->tag;
		st.since = oldest->began;
	}
	return st;
}

void
Session::trace(Way way, const Block& b)
{
	if(!srv.log)
		return;
	uint16_t tag = 0;
	std::optional<Fcall> f = unpack(b.data(), tag, b.lent);
	std::string where = t.label();
	if(!where.empty())
		where = way == In ? where + "-" : "-" + where;
	srv.log(fmt::format("{}{}{} {}", way == In ? "<-" : "", where,
			    way == In ? "" : "->", f ? fmt9p(*f, tag) : fmt9p(b.data())));
}

void
Session::say(std::string_view what)
{
	if(srv.log)
		srv.log(fmt::format("{}: {}", srv.name, what));
}

void
Session::botch(std::string_view what)
{
	say(what);
	broken.store(true, std::memory_order_relaxed);
	t.hangup();
}

void
Session::misuse(std::string_view what)
{
	botch(what);
	error(Eio);
}
}
