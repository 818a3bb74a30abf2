// The Reqs and Fids of a connection: where they come from and go to, and the table
// of the fids that the client knows.

#include "lib9/9p/session.h"

namespace p9 {

Req&
Session::newreq()
{
	Req* r;
	{
		std::scoped_lock l(lk);
		nreq++;
		r = freereqs;
		if(r)
			freereqs = r->next;
	}
	if(!r)
		r = new Req(*this);
	r->next = nullptr;
	r->ref.store(2, std::memory_order_relaxed);
	return *r;
}

void
Session::dropspare()
{
	if(spare)
		pool(*std::exchange(spare, nullptr));
}

// A request that no client made: it has no tag and gets no reply.
Req&
Session::internalreq(uint8_t type)
{
	Req& r = newreq();
	r.type = type;
	r.tag = NOTAG;
	r.internal = true;
	return r;
}

// The last reference has gone.
void
Session::freereq(Req& r)
{
	reset(r);
	pool(r);
}

void
Session::reset(Req& r)
{
	srv.destroyreq(r);
	r.fid = nullptr;
	r.afid = nullptr;
	r.newfid = nullptr;
	if(nalone.load() > 0) [[unlikely]] {
		std::scoped_lock l(*mu);
		gone->notifyall();
	}
	r.oldreq = nullptr;
	r.aux = nullptr;
	r.in = {};
	r.out = {};
	r.payload = {};
	r.ifcall.wname.clear();
	r.ofcall.wqid.clear();
	r.ofcall.iounit = 0;
	r.ofcall.count = 0;
	r.lent = r.sent = 0;
	r.claimed = r.internal = r.released = r.locked = false;
	r.opening = r.ready = r.draining = r.filling = false;
	r.wasflushed.store(false, std::memory_order_relaxed);
	r.state.store(Req::Pending, std::memory_order_relaxed);
	r.flushes = nullptr;
}

void
Session::pool(Req& r)
{
	{
		std::scoped_lock l(lk);
		r.next = freereqs;
		freereqs = &r;
		if(!waiting) {
			nreq--;
			return;
		}
	}
	ungone(nreq);
}

Fid&
Session::newfid(uint32_t n)
{
	Fid* f;
	{
		std::scoped_lock l(lk);
		nfid++;
		f = freefids;
		if(f)
			freefids = f->next;
	}
	if(!f)
		f = new Fid(*this);
	f->ref.store(1, std::memory_order_relaxed);
	f->fid = n;
	f->qid = {};
	f->omode = -1;
	f->known = f->opening = false;
	f->diroff = f->dirseq = 0;
	f->dircount = 0;
	f->memory = f->charged = 0;
	return *f;
}

void
Session::freefid(Fid& f)
{
	srv.destroyfid(f);
	f.file = nullptr;
	f.aux = nullptr;
	std::string(std::move(f.uid));	// with the room that it took
	{
		std::scoped_lock l(lk);
		memory -= f.charged;
		f.next = freefids;
		freefids = &f;
		if(!waiting) {
			nfid--;
			return;
		}
	}
	ungone(nfid);
}

// Somebody waits for n to fall: he must not see it before we are done with the Session.
void
Session::ungone(size_t& n)
{
	std::scoped_lock l(*mu);
	{
		std::scoped_lock l2(lk);
		n--;
	}
	gone->notifyall();
}

void
Session::waitgone(const size_t& n)
{
	std::unique_lock<Sync::Mutex> l(*mu);
	for(;;) {
		{
			std::scoped_lock l2(lk);
			waiting = n > 0;
			if(!waiting)
				return;
		}
		gone->wait(l);
	}
}

// Holds the number n, which must be free, for a Fid that is not known yet.
std::string_view
Session::reserve(uint32_t n, Ref<Fid>& f)
{
	Ref<Fid> nf = Ref<Fid>::adopt(&newfid(n));
	{
		std::scoped_lock l(lk);
		if(fids.find(n))
			return srv.texts.dupfid;
		if(fids.size() >= srv.limits.fids)
			return srv.texts.toomanyfids;
		fids.put(n, Ref<Fid>(nf).release());
	}
	f = std::move(nf);
	return {};
}

// Charges f with n bytes.  False when that is too much.  Requires: lk held.
bool
Session::fits(Fid& f, size_t n)
{
	if(n > srv.limits.memory - std::min(memory, srv.limits.memory))
		return false;
	f.charged += n;
	memory += n;
	return true;
}

bool
Session::charge(Fid& f, size_t n)
{
	std::scoped_lock l(lk);
	return fits(f, n);
}

// The new Fid f is the user uid's from now on.  A client chooses how long that name is, and
// each Fid has a copy.  False when it costs too much; a hook that makes a file is not called
// then.
bool
Session::belongs(Fid& f, std::string_view uid)
{
	f.uid = uid;
	return charge(f, sizeof(Fid) + uid.size());
}

// A Fid that was reserved does not come into being after all.
void
Session::forget(Fid& f)
{
	{
		std::scoped_lock l(lk);
		if(fids.find(f.fid) != &f)
			return;
		fids.erase(f.fid);
	}
	Ref<Fid>::adopt(&f);
}

// r.newfid takes its place in the table: what was reserved becomes known, what has the
// number of r.fid replaces it, if it is there still.  False when it costs too much.
bool
Session::replace(Req& r)
{
	Ref<Fid> old;
	std::scoped_lock l(lk);
	if(!fits(*r.newfid, r.newfid->memory))
		return false;
	Fid* at = fids.find(r.newfid->fid);
	r.newfid->known = true;
	if(at != r.fid.get() || at == r.newfid.get())
		return true;
	fids.put(r.newfid->fid, Ref<Fid>(r.newfid).release());
	old = Ref<Fid>::adopt(at);
	return true;
}

// Takes the Fid n out of the table, for r; false when there is none.
bool
Session::takefid(Req& r, uint32_t n)
{
	Ref<Fid> took;
	{
		std::scoped_lock l(lk);
		Fid* f = fids.find(n);
		if(f && f->known) {
			fids.erase(n);
			took = Ref<Fid>::adopt(f);
			r.omode = f->omode;
		}
	}
	r.fid = std::move(took);
	return bool(r.fid);
}
}
