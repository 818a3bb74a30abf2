// A queue's positions only grow: what lies in it is wpos - rpos.  Who waits stands
// in a list of his own kind, on his stack; only the first reader may take, so
// it may let go of the lock while it copies a part of a Block.

#include "port/qio.h"

#include <algorithm>

namespace p9 {

void
Blockring::grow()
{
	size_t ncap = cap ? 2 * cap : 4;
	auto nv = std::make_unique<Block[]>(ncap);
	for(size_t i = 0; i < n; i++)
		nv[i] = std::move(v[(head + i) & (cap - 1)]);
	v = std::move(nv);
	cap = ncap;
	head = 0;
}

void
Blockring::put(Block&& b)
{
	if(n == cap)
		grow();
	v[(head + n++) & (cap - 1)] = std::move(b);
}

void
Blockring::putfront(Block&& b)
{
	if(n == cap)
		grow();
	head = (head - 1) & (cap - 1);
	v[head] = std::move(b);
	n++;
}

Block
Blockring::get()
{
	Block b = std::move(v[head]);
	head = (head + 1) & (cap - 1);
	n--;
	return b;
}

void
Queue::Waiters::put(Waiter& w)
{
	(tail ? tail->next : head) = &w;
	tail = &w;
}

// Nothing happens when w is not there.
void
Queue::Waiters::remove(Waiter& w)
{
	Waiter* prev = nullptr;
	for(Waiter* p = head; p; prev = p, p = p->next) {
		if(p != &w)
			continue;
		(prev ? prev->next : head) = w.next;
		if(tail == &w)
			tail = prev;
		return;
	}
}

// A place among the readers, kept while it lives.  Requires: l held when it begins and
// ends.
class Queue::Reader {
	Queue& q;
	std::unique_lock<Lock>& l;
	Waiter w;

public:
	Reader(Queue& queue, std::unique_lock<Lock>& held) : q(queue), l(held)
	{
		q.readers.put(w);
	}
	~Reader()
	{
		q.readers.remove(w);
		q.wakereader();
	}
	Reader(const Reader&) = delete;

	// Until it is first and there is a Block, or the end.
	void wait()
	{
		w.r.sleep(l, "queue read", [this] {
			return q.readers.head == &w && (!q.blocks.empty() || q.closed);
		});
	}
};

Queue::Queue(size_t lim, Mode m) : limit(lim), mode(m) {}

Queue::~Queue()
{
	assert(!readers.head && !writers.head);
}

bool
Queue::within(uint64_t pos, uint64_t seq) const
{
	return pos - std::min(rpos, pos) <= limit &&
		seq - std::min(rseq, seq) <= Maxblocks;
}

void
Queue::wakereader()
{
	if(readers.head && (!blocks.empty() || closed))
		readers.head->r.wakeup();
}

void
Queue::wakewriters()
{
	while(writers.head && within(writers.head->pos, writers.head->seq)) {
		Waiter& w = *writers.head;
		writers.remove(w);
		w.state = Waiter::Go;
		w.r.wakeup();
	}
}

void
Queue::freewriters(Waiter::State s)
{
	while(writers.head) {
		Waiter& w = *writers.head;
		writers.remove(w);
		w.state = s;
		w.r.wakeup();
	}
}

void
Queue::put(Block&& b)
{
	wpos += b.size();
	wseq++;
	blocks.put(std::move(b));
	wakereader();
}

Block
Queue::take()
{
	Block b = blocks.get();
	rpos += b.size();
	rseq++;
	if(writers.head)
		wakewriters();
	return b;
}

// The first n bytes of the first Block, which has more.  Copies without the lock.
// Requires: up() is first of the readers.
Block
Queue::takefront(std::unique_lock<Lock>& l, size_t n)
{
	Block b = blocks.get();
	uint64_t seen = drops;
	l.unlock();
	b.flatten();
	Block front = Block::of(b.data().first(n));
	b.consumed(n);
	l.lock();
	if(drops != seen)
		return front;	// closed meanwhile, and all was counted as taken
	rpos += n;
	if(mode == Stream) {
		blocks.putfront(std::move(b));
	} else {
		rpos += b.size();
		rseq++;
	}
	wakewriters();
	return front;
}

// The end was read.
void
Queue::ended()
{
	if(!err.empty())
		error(err);
	if(++eofs > 3)
		error(Ehungup);
}

Block
Queue::bget(size_t n)
{
	std::unique_lock l(lk);
	if(!readers.head && !blocks.empty() && blocks.front().size() <= n)
		return take();
	Reader r(*this, l);
	r.wait();
	if(blocks.empty()) {
		ended();
		return {};
	}
	if(blocks.front().size() <= n)
		return take();
	return takefront(l, n);
}

Block
Queue::get(size_t n)
{
	Block b = bget(n);
	b.flatten();
	return b;
}

size_t
Queue::read(Buf buf)
{
	Block b = bget(buf.size());
	Bytes own = b.data();
	std::copy(own.begin(), own.end(), buf.begin());
	if(b.lent == 0)
		return own.size();
	buf = buf.subspan(own.size(), b.lent);
	size_t got = 0;
	if(b.loan->claim()) {
		Buf lent = b.loan->bytes();
		got = std::min(lent.size(), buf.size());
		std::copy_n(lent.begin(), got, buf.begin());
		b.loan->unclaim();
	}
	std::ranges::fill(buf.subspan(got), std::byte{0});
	return b.size();
}

void
Queue::bput(Block b)
{
	std::unique_lock l(lk);
	if(closed)
		error(Ehungup);
	put(std::move(b));
	if(within(wpos, wseq))
		return;
	Waiter w;
	w.pos = wpos;
	w.seq = wseq;
	writers.put(w);
	struct Leave {
		Waiters& all;
		Waiter& me;
		~Leave() { all.remove(me); }
	} leave{writers, w};
	w.r.sleep(l, "queue write", [&w] { return w.state != Waiter::Waiting; });
	if(w.state == Waiter::Hungup)
		error(Ehungup);
}

size_t
Queue::write(Bytes b)
{
	size_t all = b.size();
	size_t most = mode == Messages ? all : size_t(Maxatomic);
	do {
		size_t n = std::min(b.size(), most);
		bput(Block::of(b.first(n)));
		b = b.subspan(n);
	} while(!b.empty());
	return all;
}

bool
Queue::tryput(Block& b)
{
	std::scoped_lock l(lk);
	if(closed || wpos - rpos >= limit || wseq - rseq >= Maxblocks)
		return false;
	put(std::move(b));
	return true;
}

void
Queue::produce(Block b)
{
	std::scoped_lock l(lk);
	if(!closed)
		put(std::move(b));
}

void
Queue::hangup(std::string_view msg)
{
	std::scoped_lock l(lk);
	closed = true;
	err = msg == Ehungup ? std::string_view() : msg;
	freewriters(Waiter::Go);
	wakereader();
}

void
Queue::close()
{
	Blockring gone;	// dropped without the lock
	std::scoped_lock l(lk);
	closed = true;
	err.clear();
	std::swap(gone, blocks);
	rpos = wpos;
	rseq = wseq;
	drops++;
	freewriters(Waiter::Hungup);
	wakereader();
}

void
Queue::reopen()
{
	std::scoped_lock l(lk);
	closed = false;
	eofs = 0;
	err.clear();
}

size_t
Queue::len()
{
	std::scoped_lock l(lk);
	return size_t(wpos - rpos);
}

bool
Queue::isclosed()
{
	std::scoped_lock l(lk);
	return closed;
}

void
Queue::setlimit(size_t n)
{
	std::scoped_lock l(lk);
	limit = n;
	wakewriters();
}
}
