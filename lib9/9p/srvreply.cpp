// What happens when a hook has answered: what the answer means for fids and files,
// the reply, and the flushes that waited for it.

#include "lib9/9p/session.h"

#include <fmt/format.h>

namespace p9 {

namespace {

// The header of a reply of n bytes in all.
void
putheader(Block& b, uint8_t type, uint16_t tag, size_t n)
{
	std::byte* p = b.room().data();
	putle(p, uint32_t(n));
	p[4] = std::byte{type};
	putle(p + 5, tag);
	b.produced(MSGHDR);
}

std::string_view
cut(std::string_view s, size_t n)
{
	if(s.size() <= n)
		return s;
	while(n > 0 && (uint8_t(s[n]) & 0xC0) == 0x80)
		n--;
	return s.substr(0, n);
}
}

void
Session::respond(Req& r)
{
	if(r.type == Tflush::type)
		return flushready(r);
	answer(r, {});
}

void
Session::fail(Req& r, std::string_view why)
{
	if(r.type == Tflush::type)
		return flushready(r);
	answer(r, why.empty() ? Eio : why);
}

// LP-20: what the answer does, the reply, the flushes.  A client that has the reply may
// use the tag again at once, so the request stands aside before it is written.
void
Session::answer(Req& r, std::string_view why)
{
	Req::State was = Req::Pending;
	if(!r.state.compare_exchange_strong(was, Req::Answering))
		return botch("a request was answered twice");
	why = complete(r, why);
	bool quiet =
		r.internal || (srv.quietflush && !why.empty() && r.wasflushed.load());
	if(r.claimed)
		r.in.loan->unclaim();
	Block b;
	if(!quiet)
		b = why.empty() ? encode(r) : packerror(r.tag, why);
	r.sent = b.size();
	r.state.store(Req::Responded, std::memory_order_release);
	if(!quiet)
		send(std::move(b));
	finish(r);
}

// Answers why the request failed, or nothing when it did not.
std::string_view
Session::complete(Req& r, std::string_view why)
{
	switch(r.type) {
	case Tauth::type:
		return entered(r, r.afid, why);
	case Tattach::type:
		return entered(r, r.fid, why);
	case Twalk::type:
		return walked(r, why);
	case Topen::type:
		return opened(r, why);
	case Tcreate::type:
		return created(r, why);
	case Tread::type:
		return wasread(r, why);
	case Twrite::type:
		waswritten(r, why);
		break;
	case Tclunk::type:
	case Tremove::type:
		return removed(r, why);
	}
	return why;
}

// Tauth and Tattach: f was reserved, unless that is what failed.
std::string_view
Session::entered(Req& r, Ref<Fid>& f, std::string_view why)
{
	if(!f)
		return why;
	if(!why.empty()) {
		forget(*f);
		return why;
	}
	{
		std::scoped_lock l(lk);
		if(fits(*f, f->memory)) {
			f->qid = r.ofcall.qid;
			if(r.type == Tauth::type && f->omode == -1)
				f->omode = ORDWR;
			f->known = true;
			return {};
		}
	}
	forget(*f);
	return srv.texts.toomuchmem;
}

std::string_view
Session::walked(Req& r, std::string_view why)
{
	if(!r.newfid)
		return why;
	size_t want = r.ifcall.wname.size();
	size_t got = r.ofcall.wqid.size();
	if(got > want) {
		botch("a walk answered more than it was asked");
		why = Eio;
	}
	if(why.empty() && got == 0 && want > 0)
		why = srv.texts.notfound;
	bool whole = why.empty() && got == want;
	if(whole) {
		if(got > 0)
			r.newfid->qid = r.ofcall.wqid[got - 1];
		if(replace(r))
			return {};
		why = srv.texts.toomuchmem;
	}
	if(r.newfid->fid != r.fid->fid)
		forget(*r.newfid);
	return why;
}

std::string_view
Session::opened(Req& r, std::string_view why)
{
	if(!r.opening)
		return why;
	r.ofcall.iounit = std::min(r.ofcall.iounit, uint32_t(msize - IOHDRSZ));
	std::scoped_lock l(lk);
	r.fid->opening = false;
	if(!why.empty())
		return why;
	r.fid->qid = r.ofcall.qid;
	r.fid->diroff = 0;
	r.fid->omode = r.ifcall.mode;
	return {};
}

std::string_view
Session::created(Req& r, std::string_view why)
{
	if(!r.newfid || !why.empty())
		return why;
	r.ofcall.iounit = std::min(r.ofcall.iounit, uint32_t(msize - IOHDRSZ));
	r.newfid->qid = r.ofcall.qid;
	r.newfid->omode = r.ifcall.mode;
	return replace(r) ? std::string_view{} : srv.texts.toomuchmem;
}

// A client that fills one buffer with several reads of a directory, as Linux's does,
// asks at last for what is left of it.  That no entry fits there is no error; it reads
// on when it has room.  Others must hear of it: nothing at all means the end to them.
std::string_view
Session::wasread(Req& r, std::string_view why)
{
	r.ofcall.count = std::min(r.ofcall.count, r.ifcall.count);
	if(!r.fid || !r.fid->isdir())
		return why;
	if(why == Eshort && r.filling) {
		why = {};
		r.ofcall.count = 0;
	}
	if(!why.empty())
		return why;
	std::scoped_lock l(lk);
	r.fid->dircount = r.ifcall.count;
	r.fid->diroff = r.ifcall.offset + r.ofcall.count;
	return {};
}

void
Session::waswritten(Req& r, std::string_view why)
{
	r.ofcall.count = std::min(r.ofcall.count, r.ifcall.count);
	if(why.empty() && r.fid->file)
		srv.tree->written(*r.fid->file, r.fid->uid);
}

// Tremove, and Tclunk of what was opened ORCLOSE, which cannot fail.
std::string_view
Session::removed(Req& r, std::string_view why)
{
	bool clunk = r.type == Tclunk::type;
	if(!why.empty() || !r.fid || !r.fid->file)
		return clunk && r.fid ? std::string_view{} : why;
	if(clunk && (r.omode == -1 || !(r.omode & ORCLOSE)))
		return {};
	File& f = *r.fid->file;
	try {
		srv.tree->removefile(f);
	} catch(const Error& e) {
		if(clunk)
			return {};
		r.why = fmt::format("remove {}: {}", srv.tree->statfile(f).name,
				    e.reason());
		return r.why;
	}
	return {};
}

Buf
Session::readroom(Req& r, Claim c)
{
	if(r.type != Tread::type)
		misuse("readroom of a request that is no Tread");
	size_t n = r.ifcall.count;
	if(!r.claimed && r.out.empty() && c == Mayclaim && r.in.loan &&
	   r.in.loan->claim()) {
		r.claimed = r.in.loan->bytes().size() >= n;
		if(!r.claimed)
			r.in.loan->unclaim();
	}
	if(r.claimed)
		return r.in.loan->bytes().first(n);
	if(r.out.empty()) {
		r.out = replyblock(r, RREADHDR + n);
		r.out.produced(RREADHDR);
	}
	return r.out.room().first(n);
}

Bytes
Session::writedata(Req& r)
{
	if(r.type != Twrite::type)
		misuse("data of a request that is no Twrite");
	if(r.in.lent == 0 || !r.payload.empty())
		return r.payload;
	Bytes own = r.in.data().subspan(TWRITEHDR);
	size_t n = r.ifcall.count;
	if(!r.in.loan || !r.in.loan->claim())
		error(Eintr);
	Bytes loan = r.in.loan->bytes();
	bool enough = loan.size() >= r.in.lent;
	if(enough && own.empty() && srv.direct) {
		r.claimed = true;
		return r.payload = loan.first(n);
	}
	if(enough) {
		r.out = Block::alloc(own.size() + r.in.lent);
		r.out.append(own);
		r.out.append(loan.first(r.in.lent));
	}
	r.in.loan->unclaim();
	if(!enough)
		error(Eintr);
	return r.payload = r.out.data().first(n);
}

// Room for n bytes: behind the request in its own Block, if that is small and has them.
// The request stays readable until the reply is sent.
Block
Session::replyblock(Req& r, size_t n)
{
	size_t room = r.in.room().size();
	if(n > room || room > 512)
		return Block::alloc(n);
	r.in.consumed(r.in.own());
	r.in.lent = 0;
	return std::move(r.in);
}

template <class M>
Block
Session::pack(Req& r, const M& m)
{
	size_t n = sizeM(m);
	if(n == 0 || n > msize)
		return packerror(r.tag, srv.texts.toobig);
	Block b = replyblock(r, n);
	b.loan = nullptr;
	b.produced(packM(m, r.tag, b.room()));
	return b;
}

// Always fits: no msize is smaller than 256.
Block
Session::packerror(uint16_t tag, std::string_view why)
{
	Rerror m{.ename = cut(why, ERRMAX - 1)};
	Block b = Block::alloc(sizeM(m));
	b.produced(packM(m, tag, b.room()));
	return b;
}

Block
Session::encode(Req& r)
{
	switch(r.type) {
	case Tread::type:
		return encoderead(r);
	case Tstat::type:
		return encodestat(r);
	case Tauth::type:
		return pack(r, Rauth{.aqid = r.ofcall.qid});
	case Tattach::type:
		return pack(r, Rattach{.qid = r.ofcall.qid});
	case Twalk::type:
		return pack(r, Rwalk{.wqid = r.ofcall.wqid});
	case Topen::type:
		return pack(r, Ropen{.qid = r.ofcall.qid, .iounit = r.ofcall.iounit});
	case Tcreate::type:
		return pack(r, Rcreate{.qid = r.ofcall.qid, .iounit = r.ofcall.iounit});
	case Twrite::type:
		return pack(r, Rwrite{.count = r.ofcall.count});
	case Tclunk::type:
		return pack(r, Rclunk{});
	case Tremove::type:
		return pack(r, Rremove{});
	}
	return pack(r, Rwstat{});
}

// The data lie behind the header in r.out, or in the reader's own memory.
Block
Session::encoderead(Req& r)
{
	size_t n = r.ofcall.count;
	size_t lent = r.claimed ? n : std::min(n, r.lent);
	if(r.out.empty()) {
		Ref<Loan> loan = std::move(r.in.loan);
		r.out = replyblock(r, RREADHDR + (lent ? 0 : n));
		r.out.produced(RREADHDR);
		if(lent == 0)
			std::memset(r.out.room().data(), 0, n);
		else
			r.out.loan = std::move(loan);
	}
	if(lent != 0)
		r.out.lent = n = lent;
	else
		r.out.loan = nullptr;
	n = std::min(n, r.out.room().size() + lent);
	packM(Rread{}, r.tag, r.out.mut(), n);
	r.out.produced(n - lent);
	return std::move(r.out);
}

Block
Session::encodestat(Req& r)
{
	size_t n = sizeD2M(r.d);
	size_t all = MSGHDR + 2 + n;
	if(n > STATMAX || all > msize)
		return packerror(r.tag, srv.texts.toobig);
	Block b = replyblock(r, all);
	b.loan = nullptr;
	putheader(b, Rstat::type, r.tag, all);
	putle(b.room().data(), uint16_t(n));
	b.produced(2);
	b.produced(convD2M(r.d, b.room()));
	return b;
}

void
Session::send(uint16_t tag, const Rversion& m)
{
	Block b = Block::alloc(sizeM(m));
	b.produced(packM(m, tag, b.room()));
	send(std::move(b));
}

void
Session::refuse(uint16_t tag, std::string_view why)
{
	send(packerror(tag, why));
}

// A client that has gone is noticed by the reader too; that a message went out in part
// must end the session.
void
Session::send(Block b)
{
	if(srv.chatty) [[unlikely]]
		trace(Out, b);
	try {
		t.write(std::move(b));
	} catch(const Error&) {
		broken.store(true, std::memory_order_relaxed);
	}
}

// The request has been answered and so have its flushes: its tag is free.  Requires: lk
// held.
void
Session::untag(Req& r)
{
	if(r.internal)
		return;
	if(tags.find(r.tag) != &r) {
		naside--;
		return;
	}
	tags.erase(r.tag);
	nflush -= r.type == Tflush::type;
}

// The request has been answered.  Answers whether flushes wait for it; then the caller
// drains them, and until they are gone others that come for it join them: flush(5) wants
// them answered in order.
Session::Left
Session::leave(Req& r)
{
	std::scoped_lock l(lk);
	memory -= std::exchange(r.charged, 0);
	if(!r.internal && r.type != Tflush::type)
		endwork();
	bytesout += r.sent;
	r.state.store(Req::Answered, std::memory_order_release);
	r.draining = r.flushes != nullptr;
	if(!r.draining)
		untag(r);
	return r.draining ? Flushes : Nobody;
}

// Drops the reference of the request that was not answered.
void
Session::finish(Req& r)
{
	Left left = leave(r);
	Ref<Req> last = Ref<Req>::adopt(&r);
	if(left == Flushes)
		drain(std::move(last));
}

// The hook of a Tflush has responded, or there is none.
void
Session::flushready(Req& r)
{
	if(r.state.load() != Req::Pending)
		return botch("a flush was answered twice");
	Ref<Req> old = r.oldreq;
	if(!old)
		return answerflush(r);
	{
		std::scoped_lock l(lk);
		if(std::exchange(r.ready, true))
			return;
		if(old->state.load() != Req::Answered || old->draining)
			return;
		old->draining = true;
	}
	drain(std::move(old));
}

// A Tflush that waits for nothing.
void
Session::answerflush(Req& f)
{
	f.state.store(Req::Responded, std::memory_order_release);
	if(!f.internal)
		send(pack(f, Rflush{}));
	finish(f);
}

// LP-7: answers the flushes of first, which has been answered, in the order in which they
// came, and then what flushes those.  A loop: clients may build long chains.
void
Session::drain(Ref<Req> first)
{
	std::vector<Ref<Req>> todo;
	todo.push_back(std::move(first));
	for(size_t i = 0; i < todo.size(); i++)
		while(Req* f = readyflush(*todo[i])) {
			todo.push_back(Ref<Req>::adopt(f));
			f->state.store(Req::Responded, std::memory_order_release);
			if(!f->internal)
				send(pack(*f, Rflush{}));
			f->oldreq = nullptr;
			if(leave(*f) == Nobody)
				todo.pop_back();
		}
}

// The next of o's flushes that may be answered; or none, and nobody drains o then.
Req*
Session::readyflush(Req& o)
{
	std::scoped_lock l(lk);
	Req* f = o.flushes;
	if(!f || !f->ready) {
		o.draining = false;
		if(!f)
			untag(o);
		return nullptr;
	}
	o.flushes = f->next;
	f->next = nullptr;
	return f;
}
}
