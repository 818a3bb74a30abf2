#include "dev/mntahead.h"

#include <algorithm>
#include <cstring>

#include "dev/devmnt.h"
#include "dev/mntcache.h"
#include "lib9/error.h"

namespace p9 {

namespace {
std::atomic<size_t> nbytes{0};	// that all Slots may hold

bool
reserve(size_t n)
{
	if(nbytes.fetch_add(n) + n <= Readahead::Maxbytes)
		return true;
	nbytes -= n;
	return false;
}
}

// A Tread and what it brought.  Readahead::lk guards what is not constant, until done.
struct Readahead::Slot final : Counted {
	const uint64_t off;
	const size_t n;
	const uint64_t stamp;
	Proc* p = nullptr;	// whose it is, while it can be interrupted
	bool dropped = false;	// nobody wants it any more
	bool done = false;
	bool awaited = false;	// by one reader
	Rendez news;	// done
	Block data;
	size_t got = 0;

	Slot(uint64_t o, size_t len, uint64_t st) : off(o), n(len), stamp(st) {}
	~Slot() override { nbytes -= charge(n); }
	void giveup()
	{
		dropped = true;
		if(p)
			p->interrupt();
	}
	static size_t charge(size_t n) { return std::max(n, Leastbytes); }
	uint64_t end() const { return off + n; }
};

Readahead::Readahead(Mntcache& m, Chan& chan)
	: cache(m), c(chan), mnt(mntof(chan)), fid(chan.fid)
{
}
Readahead::~Readahead() = default;

// All that was read ahead is of no use.  Requires: lk held; gone is dropped outside, as in
// all that have it.
void
Readahead::drop(Slots& gone)
{
	for(Ref<Slot>& s : slots)
		s->giveup();
	std::ranges::move(slots, std::back_inserter(gone));
	slots.clear();
	seq = 0;
}

// Forgets what lies before off; all of it when what is there does not lead to off.
void
Readahead::skip(uint64_t off, Slots& gone)
{
	while(!slots.empty() && slots.front()->end() <= off) {
		slots.front()->giveup();
		gone.push_back(std::move(slots.front()));
		slots.pop_front();
	}
	if(off != next && (slots.empty() || off < slots.front()->off))
		drop(gone);
}

// The Slots to begin now, in their places; none for what is kept already.
Readahead::Slots
Readahead::plan(uint64_t off)
{
	Slots v;
	size_t io = c.iounit;
	if(stopped || seq < 2 * io)
		return v;
	Mntcache::State st = cache.state(c.qid.path);
	uint64_t at = slots.empty() ? off : slots.back()->end();
	size_t window = std::clamp<size_t>(Windowbytes / io, 2, Window);
	size_t most = std::min<uint64_t>(window, seq / io);
	while(slots.size() < most && nrunning < window && at < st.length) {
		size_t n = size_t(std::min<uint64_t>(io, st.length - at));
		if(cache.holds(c.qid.path, at) || !reserve(Slot::charge(n)))
			break;
		slots.push_back(mk<Slot>(at, n, st.stamp));
		v.push_back(slots.back());
		nrunning++;
		at += n;
	}
	return v;
}

void
Readahead::launch(const Slots& v)
{
	for(const Ref<Slot>& s : v)
		try {
			kproc("readahead", [self = Ref<Readahead>(*this), s] { self->run(*s); });
		} catch(const Error&) {
			finish(*s, {});	// no room for Procs
		}
}

void
Readahead::run(Slot& s)
{
	bool wanted;
	{
		std::scoped_lock l(lk);
		wanted = !s.dropped;
		if(wanted)
			s.p = &up();
	}
	finish(s, wanted ? fetch(s) : Block());
}

// The connection may go once this has been called by the last.
void
Readahead::finish(Slot& s, Block b)
{
	Ref<Chan> conn;
	{
		std::scoped_lock l(lk);
		s.p = nullptr;
		s.got = std::min(b.own(), s.n);
		s.data = std::move(b);
		s.done = true;
		s.news.wakeup();
		if(--nrunning == 0) {
			idle.wakeup();
			conn = std::move(left);
		}
	}
	if(conn)
		clunk(std::move(conn));
}

// What stop() left to us.
void
Readahead::clunk(Ref<Chan> conn)
{
	up().takenote();	// the Tread's
	try {
		forget<Rclunk>(mnt, Tclunk{.fid = fid});
	} catch(const Error&) {
		// As close(2), it answers none.
	}
	close(std::move(conn));
}

// Empty when it fails: the reader asks for itself and hears why.
Block
Readahead::fetch(const Slot& s)
{
	try {
		Call call(mnt, Tread::type, fid);
		if(!call.send(Tread{.fid = fid, .offset = s.off, .count = uint32_t(s.n)}))
			return {};
		return call.take();
	} catch(const Error&) {
		return {};
	}
}

// The Slot that has off, for the caller to await; empty when there is none or another
// awaits it.
Ref<Readahead::Slot>
Readahead::claim(uint64_t off)
{
	if(slots.empty() || off < slots.front()->off || slots.front()->awaited)
		return {};
	slots.front()->awaited = true;
	return slots.front();
}

void
Readahead::await(Slot& s)
{
	struct Turn {
		Slot& s;
		~Turn() { s.awaited = false; }
	};
	std::unique_lock l(lk);
	Turn t{s};
	s.news.sleep(l, "read ahead", [&] { return s.done; });
}

// What s has of b at off, if it is still true.  Whoever begins a Slot has come to it in
// order, so that it does not lie behind a short reply and may be kept.
size_t
Readahead::copy(const Slot& s, Buf b, uint64_t off)
{
	uint64_t stamp = cache.state(c.qid.path).stamp;
	if(stamp == 0 || stamp != s.stamp || off >= s.off + s.got)
		return 0;
	Bytes from = s.data.data().first(s.got);
	if(off == s.off)
		cache.fill(c.qid.path, stamp, from, off);
	from = from.subspan(size_t(off - s.off));
	size_t n = std::min(b.size(), from.size());
	std::memcpy(b.data(), from.data(), n);
	return n;
}

size_t
Readahead::read(Buf b, uint64_t off)
{
	if(b.empty())
		return 0;
	Slots gone, fresh;
	Ref<Slot> s;
	uint64_t end = off + b.size();
	{
		std::scoped_lock l(lk);
		skip(off, gone);
		seq += b.size();
		next = end;
		fresh = plan(off);
		s = claim(off);
	}
	launch(fresh);
	if(!s)
		return 0;
	await(*s);
	size_t n = copy(*s, b, off);
	std::scoped_lock l(lk);
	if(n == 0)
		drop(gone);
	else if(next == end) {
		next -= b.size() - n;
		seq -= b.size() - n;
	}
	return n;
}

void
Readahead::passed(size_t n, uint64_t off)
{
	Slots gone, fresh;
	{
		std::scoped_lock l(lk);
		skip(off, gone);
		seq += n;
		next = off + n;
		if(!slots.empty())
			fresh = plan(next);
	}
	launch(fresh);
}

bool
Readahead::stop()
{
	Slots gone;
	std::unique_lock l(lk);
	stopped = true;
	drop(gone);
	try {
		auto over = [&] { return nrunning == 0; };
		if(!over() && up().peek(&Proc::dead))
			error(Eintr);
		idle.sleep(l, "reads ahead", over);
	} catch(const Error&) {
		left = c.mchan;
		return false;
	}
	return true;
}
}
