// What a Srv does when it does not say otherwise, and helpers for its hooks.

#include "lib9/9p/srv.h"

#include "lib9/9p/session.h"
#include "lib9/parse.h"

namespace p9 {

void
Fid::lastdrop() noexcept
{
	session.freefid(*this);
}

void
Req::lastdrop() noexcept
{
	session.freereq(*this);
}

Srv&
Req::srv() const
{
	return session.srv;
}

void
Req::respond()
{
	session.respond(*this);
}

void
Req::responderror(std::string_view text)
{
	session.fail(*this, text);
}

Buf
Req::readroom()
{
	return session.readroom(*this,
				srv().direct ? Session::Mayclaim : Session::Noclaim);
}

Bytes
Req::data()
{
	return session.writedata(*this);
}

Srv::Srv(Sync& s) : sync(s), smu(s.mutex()) {}

Srv::~Srv()
{
	assert(sessions.empty());
}

void
Srv::serve(Transport& t)
{
	Session s(*this, t);
	switch(enter(s)) {
	case Entry::Closed: return;
	case Entry::Full: return s.turnaway();
	case Entry::Open: break;
	}
	// A hook may raise an Error out of it.
	struct Leaving {
		Srv& srv;
		Session& s;
		~Leaving()
		{
			std::scoped_lock l(*srv.smu);
			std::erase(srv.sessions, &s);
		}
	} leaving{*this, s};
	s.serve();
}

Srv::Entry
Srv::enter(Session& s)
{
	std::scoped_lock l(*smu);
	if(closed)
		return Entry::Closed;
	if(sessions.size() >= limits.conns)
		return Entry::Full;
	sessions.push_back(&s);
	return Entry::Open;
}

std::vector<Srvstat>
Srv::status()
{
	std::vector<Srvstat> l;
	std::scoped_lock g(*smu);
	for(Session* s : sessions)
		l.push_back(s->status());
	return l;
}

void
Srv::hangup()
{
	std::scoped_lock l(*smu);
	closed = true;
	for(Session* s : sessions)
		s->hangup();
}

void
Srv::auth(Req& r)
{
	r.responderror(name + ": authentication not required");
}

void
Srv::attach(Req& r)
{
	r.respond();
}

void
Srv::walk(Req& r)
{
	clone(*r.fid, *r.newfid);
	for(std::string_view elem : r.ifcall.wname) {
		if(!r.newfid->isdir())
			break;
		std::optional<Qid> q;
		try {
			q = walk1(*r.newfid, elem);
		} catch(const Error&) {
			// Walk(5): what was reached counts, unless it is nothing.
			if(r.ofcall.wqid.empty())
				throw;
		}
		if(!q)
			break;
		r.newfid->qid = *q;
		r.ofcall.wqid.add(*q);
	}
	r.respond();
}

std::optional<Qid>
Srv::walk1(Fid&, std::string_view)
{
	error("no walk function, no file trees");
}

void
Srv::clone(Fid& of, Fid& nf)
{
	nf.aux = of.aux;
}

void
Srv::open(Req& r)
{
	r.respond();
}

void
Srv::create(Req& r)
{
	r.responderror("create prohibited");
}

void
Srv::read(Req& r)
{
	r.responderror("no srv->read");
}

void
Srv::write(Req& r)
{
	r.responderror("write prohibited");
}

void
Srv::remove(Req& r)
{
	if(r.fid->file)
		r.respond();
	else
		r.responderror("remove prohibited");
}

void
Srv::clunk(Req& r)
{
	r.respond();
}

void
Srv::flush(Req& r)
{
	r.respond();
}

void
Srv::stat(Req& r)
{
	if(r.fid->file)
		r.respond();
	else
		r.responderror("stat prohibited");
}

void
Srv::wstat(Req& r)
{
	r.responderror("wstat prohibited");
}

// The copy goes into the reader's own memory when it is there: no sleep lies between
// claim and unclaim.
void
readbuf(Req& r, Bytes all)
{
	if(r.type != Tread::type)
		r.session.misuse("readbuf of a request that is no Tread");
	uint64_t off = r.ifcall.offset;
	size_t n = 0;
	if(off < all.size())
		n = std::min(size_t(r.ifcall.count), all.size() - size_t(off));
	r.ofcall.count = uint32_t(n);
	if(n == 0)
		return;
	Loan* loan = r.in.loan.get();
	if(loan && !r.claimed && r.out.empty() && loan->claim()) {
		bool fits = loan->bytes().size() >= n;
		if(fits)
			std::memcpy(loan->bytes().data(), all.data() + off, n);
		loan->unclaim();
		r.lent = fits ? n : 0;
		if(fits)
			return;
	}
	if(!r.claimed && r.out.empty()) {
		r.out = r.session.replyblock(r, RREADHDR + n);
		r.out.produced(RREADHDR);
	}
	Buf room = r.claimed ? r.in.loan->bytes() : r.out.room();
	std::memcpy(room.data(), all.data() + off, n);
}

void
readstr(Req& r, std::string_view all)
{
	readbuf(r, std::as_bytes(std::span(all)));
}

void
respondcmderror(Req& r, const Cmdbuf& cb, std::string_view reason)
{
	r.responderror(cmderrtext(cb, reason));
}

void
srvrelease(Req& r)
{
	r.session.release(r);
}

void
srvacquire(Req& r)
{
	r.session.acquire(r);
}

bool
srvcharge(Fid& fid, size_t bytes)
{
	return fid.session.charge(fid, bytes);
}

void
srvalone(Req& r)
{
	r.session.alone(r);
}
}
