// Requests of the mount driver: tags, the gate, flushing.  See devmnt.h for the rules.
//
// An interrupted request stays on the wire and a Tflush follows it; the caller then
// waits for the Rflush alone, however long, and a further note sends another Tflush.
// With the Rflush the whole chain is over: the request has its reply by then, which
// counts, or will never have one.

#include "dev/devmnt.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib9/error.h"
#include "port/dev.h"
#include "port/mnt.h"
#include "port/os.h"

namespace p9 {

namespace {
constexpr std::string_view Enotags = "no free tags on the connection";
constexpr size_t Maxname = 64;
constexpr size_t Minlend = 1024;	// below this a copy is cheaper than a Loan
constexpr size_t Minsplit = 64 << 10;	// and here cheaper than a message in two writes
}

void
Rpclist::put(Rpc& r)
{
	r.prev = tail;
	r.next = nullptr;
	(tail ? tail->next : head) = &r;
	tail = &r;
}

void
Rpclist::putfront(Rpc& r)
{
	r.prev = nullptr;
	r.next = head;
	(head ? head->prev : tail) = &r;
	head = &r;
}

void
Rpclist::remove(Rpc& r)
{
	(r.prev ? r.prev->next : head) = r.next;
	(r.next ? r.next->prev : tail) = r.prev;
}

static std::string
servername(const Chan& c)
{
	if(!c.srvname.empty())
		return c.srvname;
	return std::string(c.name().substr(0, Maxname));
}

// A pipe gives its reader the Blocks that were written.
Mnt::Mnt(Chan& c, std::string_view v, size_t n)
	: version(v), msize(n), conn(c), whole(c.dev.dc == U'|'), name(servername(c))
{
}

std::string
Mnt::waittext(const Rpc& r) const
{
	std::string s = fmt::format("reply from {} to {}", name, msgname(r.type));
	if(r.fid != NOFID)
		s += fmt::format(" fid {}", r.fid);
	return s + fmt::format(" tag {}", r.tag);
}

// Tags 0 and NOTAG are never used, the lowest first.
void
Mnt::grow()
{
	auto page = std::make_unique<Rpc[]>(Pagesize);
	std::scoped_lock l(lk);
	if(freerpcs.head)
		return;
	size_t base = pages.size() * Pagesize;
	if(base == Maxtags)
		error(Enotags);
	for(size_t i = 0; i < Pagesize; i++) {
		page[i].tag = uint16_t(base + i);
		if(base + i != 0 && base + i != NOTAG)
			freerpcs.put(page[i]);
	}
	pages.push_back(std::move(page));
}

Rpc&
Mnt::alloc(uint8_t type, uint32_t fid)
{
	for(;; grow()) {
		std::scoped_lock l(lk);
		if(broken)
			error(Emountrpc);
		Rpc* r = freerpcs.head;
		if(!r)
			continue;
		freerpcs.remove(*r);
		r->type = type;
		r->fid = fid;
		r->state = Rpc::Sent;
		return *r;
	}
}

void
Mnt::free(Rpc& r, Late late)
{
	if(r.lending && r.loan->ref.load(std::memory_order_acquire) != 1)
		r.loan->revoke();
	r.lending = false;
	Block gone;
	std::scoped_lock l(lk);
	r.state = Rpc::Idle;
	gone = std::move(r.reply);
	if(late == Late::Yes)
		freerpcs.put(r);
	else
		freerpcs.putfront(r);
}

uint32_t
Mnt::newfid()
{
	std::scoped_lock l(lk);
	if(!freefids.empty()) {
		uint32_t fid = freefids.back();
		freefids.pop_back();
		return fid;
	}
	if(lastfid == NOFID - 1)
		error(Enodev);
	return ++lastfid;
}

void
Mnt::freefid(uint32_t fid)
{
	std::scoped_lock l(lk);
	freefids.push_back(fid);
}

// What is on the wire by that tag.  Requires: lk held.
Rpc*
Mnt::find(uint16_t tag)
{
	size_t page = tag / Pagesize;
	if(page >= pages.size())
		return nullptr;
	Rpc& r = pages[page][tag % Pagesize];
	return r.state == Rpc::Sent ? &r : nullptr;
}

// A Proc's stay among those who wait.  Whoever leaves, for whatever reason, leaves the
// gate to the first that waits if nobody has it.
class Mnt::Gate {
	Mnt& m;
	Rpc& r;
	std::unique_lock<Lock>& l;

public:
	Gate(Mnt& mnt, Rpc& mine, std::unique_lock<Lock>& held) : m(mnt), r(mine), l(held) {}
	~Gate()
	{
		if(!l.owns_lock())
			l.lock();
		if(r.waiting)
			m.waiters.remove(r);
		r.waiting = false;
		if(m.reader == &r)
			m.reader = nullptr;
		if(!m.reader && m.waiters.head)
			m.waiters.head->news.wakeup();
	}
	Gate(const Gate&) = delete;

	// Until the reply is there, or the gate is r's: true.
	bool get()
	{
		if(!m.reader)
			m.reader = &r;
		if(m.reader == &r)
			return true;
		if(!r.waiting)
			m.waiters.put(r);
		r.waiting = true;
		r.news.sleep(l, "mount reply", [this] {
			return r.state == Rpc::Done || !m.reader;
		});
		return false;
	}
};

// The Tflushes that follow one request: freed together, for the answer to one settles
// those before it too.
class Mnt::Flushes {
	Mnt& m;
	std::vector<Rpc*> sent;

public:
	explicit Flushes(Mnt& mnt) : m(mnt) {}
	~Flushes()
	{
		for(Rpc* r : sent)
			m.free(*r, Late::Yes);
	}
	Flushes(const Flushes&) = delete;

	// All name the first request, not the flush before (DM-40).
	Rpc& add()
	{
		Rpc& r = m.alloc(Tflush::type, NOFID);
		sent.push_back(&r);
		return r;
	}
};

// The caller's buffer is about to go: whoever still has the message must not touch it.
// A Proc that copies at this moment is let finish.
void
Mnt::unlend(Rpc& r)
{
	if(!r.lending || r.loan->ref.load(std::memory_order_acquire) == 1)
		return;
	while(!r.loan->claim())
		yield();
	r.loan->unclaim();
	if(r.type == Twrite::type)
		r.loan->keep(r.count);
	else
		r.loan->revoke();
	r.loan = nullptr;
	r.lending = false;
}

void
Mnt::io(Rpc& r, Block&& msg)
{
	try {
		exchange(r, std::move(msg));
	} catch(const Error&) {
		unlend(r);
		throw;
	}
}

void
Mnt::exchange(Rpc& r, Block&& msg)
{
	auto wait = [this, &r] { return waittext(r); };
	Waitfor w(wait);
	if(attempt(r, std::move(msg)))
		return;
	Flushes chain(*this);
	for(;;) {
		Rpc& f = chain.add();
		auto flushwait = [this, &f] { return waittext(f); };
		Waitfor wf(flushwait);
		Tflush t{.oldtag = r.tag};
		Block b = Block::alloc(sizeM(t));
		b.produced(packM(t, f.tag, b.room()));
		if(attempt(f, std::move(b)))
			break;
	}
	std::scoped_lock l(lk);
	if(r.state != Rpc::Done)
		error(Eintr);
}

// True when r's reply came, false when a note did.
bool
Mnt::attempt(Rpc& r, Block&& msg)
{
	try {
		send(std::move(msg));
		await(r);
		return true;
	} catch(const Error& e) {
		if(e.is(Eintr))
			return false;
		if(!e.is(Msgreader::Ebadmsg))
			throw;
		hangup();
	}
	error(Emountrpc);
}

// Nothing that comes can be believed any more.
void
Mnt::hangup()
{
	std::scoped_lock l(lk);
	broken = true;
}

void
show9p(const Chan& conn, std::string_view way, const Block& b)
{
	if(!transcript9p.load(std::memory_order_relaxed)) [[likely]]
		return;
	oslog(fmt::format("{}{} {}\n", way, servername(conn), fmt9p(b.data(), b.lent)));
}

void
Mnt::send(Block&& msg)
{
	size_t n = msg.size();
	show9p(conn, "-> ", msg);
	if(!whole)
		sendpieces(std::move(msg));
	else if(conn.dev.bwrite(conn, std::move(msg), 0) != n)
		error(Emountrpc);
}

// n bytes of both have gone.
static void
advance(Bytes& head, Bytes& tail, size_t n)
{
	size_t h = std::min(n, head.size());
	head = head.subspan(h);
	tail = tail.subspan(n - h);
}

// A note may keep a message from being begun; then the Tflush that follows names a tag
// that the server has never seen, which is allowed.  Once begun it is finished (DM-47).
// What is lent is the caller's, who waits here, and nobody else has seen it.
void
Mnt::sendpieces(Block&& msg)
{
	Bytes payload;
	if(msg.lent >= Minsplit)
		payload = msg.loan->bytes().first(msg.lent);
	else
		msg.flatten();
	bool noted;
	{
		auto l = elocked(sendlk);
		Bytes head = msg.data();
		advance(head, payload, conn.dev.writev(conn, head, payload));
		noted = sendall(head, payload);
	}
	msg = {};
	if(noted)
		error(Eintr);
}

// The rest of a message.  True when a note came.
bool
Mnt::sendall(Bytes head, Bytes tail)
{
	bool noted = false;
	while(!head.empty() || !tail.empty()) {
		size_t n = sendsome(head, tail);
		noted |= n == 0;
		advance(head, tail, n);
	}
	return noted;
}

// The next piece; 0 when a note came first.
size_t
Mnt::sendsome(Bytes head, Bytes tail)
{
	try {
		if(size_t n = conn.dev.writev(conn, head, tail))
			return n;
	} catch(const Error& e) {
		if(e.is(Eintr))
			return 0;
	}
	hangup();
	error(Emountrpc);
}

void
Mnt::await(Rpc& r)
{
	std::unique_lock l(lk);
	Gate gate(*this, r, l);
	while(r.state != Rpc::Done) {
		if(broken)
			error(Emountrpc);
		if(!gate.get())
			continue;
		l.unlock();
		Block b = in.next(conn, msize);
		if(b.empty())
			error(Emountrpc);
		show9p(conn, "<- ", b);
		l.lock();
		dispatch(l, std::move(b));
	}
}

// Gives the reply b to the request that it answers.
void
Mnt::dispatch(std::unique_lock<Lock>& l, Block&& b)
{
	uint16_t tag = msgtag(b.data());
	if(Rpc* r = find(tag)) {
		r->reply = std::move(b);
		r->state = Rpc::Done;
		r->news.wakeup();
		return;
	}
	l.unlock();
	oslog(fmt::format("mnt: {}: unexpected reply tag {}; type {}\n", name, tag,
		msgtype(b.data())));
	b = {};
	l.lock();
}

void
Call::lend(Buf b)
{
	if(rpc.loan && rpc.loan->ref.load(std::memory_order_acquire) == 1)
		rpc.loan->reuse(b);
	else
		rpc.loan = mk<Loan>(b);
	rpc.count = uint32_t(b.size());
	rpc.lending = true;
}

void
Call::offer(Buf b)
{
	if(b.size() >= Minlend && mnt.lends())
		lend(b);
}

// Borrowers of a Twrite's payload only look at it.
bool
Call::lendout(Bytes b)
{
	if(b.size() < (mnt.lends() ? Minlend : Minsplit))
		return false;
	lend({const_cast<std::byte*>(b.data()), b.size()});
	return true;
}

std::string_view
Call::errtext()
{
	Rerror e;
	if(!unpackM(rpc.reply.data(), e) || e.ename.empty())
		return Emountrpc;
	return e.ename;
}

void
Call::fail()
{
	if(msgtype(rpc.reply.data()) == Rerror::type)
		error(errtext());
	oslog(fmt::format("mnt: proc {}: mismatch: {} answered by {}\n", up().pid,
		mnt.waittext(rpc), fmt9p(rpc.reply.data(), rpc.reply.lent)));
	error(Emountrpc);
}

size_t
Call::take(Buf b)
{
	Bytes own = reply<Rread>().data;
	size_t n = std::min(own.size() + rpc.reply.lent, b.size());
	if(rpc.reply.lent != 0) {
		if(own.empty() && rpc.lending && rpc.reply.loan == rpc.loan)
			return n;
		rpc.reply.flatten();
		own = rpc.reply.data().subspan(RREADHDR);
	}
	std::copy_n(own.begin(), n, b.begin());
	return n;
}

Block
Call::take()
{
	reply<Rread>();
	Block b = std::move(rpc.reply);
	b.flatten();
	b.consumed(RREADHDR);
	return b;
}
}
