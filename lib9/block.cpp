// Buffers by size class, and loans.  Each class has a list of free buffers under
// a spin lock; a buffer that comes back goes to the list whoever allocated it,
// and beyond the class's share to the host's allocator.

#include "lib9/block.h"

#include <array>
#include <mutex>
#include <new>
#include <thread>

#include "lib9/spin.h"

namespace p9 {

namespace {

struct Header {
	int cls;	// index in pools, or -1
	Header* next;
};

constexpr size_t Hdr = 16;
static_assert(sizeof(Header) <= Hdr);

struct Pool {
	Spin lk;
	Header* free = nullptr;
	int nfree = 0;
	long live = 0;	// not free
};

constexpr std::array<size_t, 11> Sizes = {
	112, 240, 496, 1008, 4080, 8432, 33072, 131056, 262128, 524272, MAXMSIZE + 40};
constexpr std::array<int, 11> Share = {1024, 512, 256, 256, 128, 128, 32, 16, 8, 8, 8};
std::array<Pool, Sizes.size()> pools;
std::atomic<long> nhuge{0};	// live ones of no class

int
classof(size_t n)
{
	for(size_t i = 0; i < Sizes.size(); i++)
		if(n <= Sizes[i])
			return int(i);
	return -1;
}
}

Block
Block::alloc(size_t n)
{
	int cls = classof(n);
	Header* h = nullptr;
	if(cls >= 0) {
		Pool& p = pools[size_t(cls)];
		p.lk.lock();
		if((h = p.free) != nullptr) {
			p.free = h->next;
			p.nfree--;
		}
		p.live++;
		p.lk.unlock();
	} else {
		nhuge.fetch_add(1, std::memory_order_relaxed);
	}
	size_t size = cls >= 0 ? Sizes[size_t(cls)] : n;
	if(!h)
		h = static_cast<Header*>(::operator new(Hdr + size));
	h->cls = cls;
	Block b;
	b.base = static_cast<std::byte*>(static_cast<void*>(h)) + Hdr;
	b.rp = b.wp = b.base;
	b.lim = b.base + size;
	return b;
}

void
Block::release() noexcept
{
	Header* h = static_cast<Header*>(static_cast<void*>(base - Hdr));
	base = nullptr;
	if(h->cls >= 0) {
		Pool& p = pools[size_t(h->cls)];
		p.lk.lock();
		p.live--;
		bool keep = p.nfree < Share[size_t(h->cls)];
		if(keep) {
			h->next = p.free;
			p.free = h;
			p.nfree++;
		}
		p.lk.unlock();
		if(keep)
			return;
	} else {
		nhuge.fetch_sub(1, std::memory_order_relaxed);
	}
	::operator delete(h);
}

long
Block::live()
{
	long n = nhuge.load(std::memory_order_relaxed);
	for(Pool& p : pools) {
		std::scoped_lock l(p.lk);
		n += p.live;
	}
	return n;
}

void
Block::flatten()
{
	if(lent == 0) {
		loan = nullptr;
		return;
	}
	Block b = alloc(size());
	b.append(data());
	size_t got = 0;
	if(loan->claim()) {
		got = std::min(lent, loan->bytes().size());
		b.append(loan->bytes().first(got));
		loan->unclaim();
	}
	std::memset(b.room().data(), 0, lent - got);
	b.produced(lent - got);
	*this = std::move(b);
}

void
Loan::revoke()
{
	for(;;) {
		int s = Free;
		if(state.compare_exchange_strong(s, Revoked, std::memory_order_acq_rel))
			break;
		if(s == Revoked)
			return;
		std::this_thread::yield();
	}
}

void
Loan::keep(size_t len)
{
	while(!claim()) {
		if(state.load() == Revoked)
			return;
		std::this_thread::yield();
	}
	if(!kept) {
		n = std::min(n, len);
		kept = new std::byte[n];
		std::memcpy(kept, p, n);
		p = kept;
	}
	unclaim();
}

void
Loan::reuse(Buf b)
{
	assert(ref == 1);
	delete[] std::exchange(kept, nullptr);
	p = b.data();
	n = b.size();
	state.store(Free, std::memory_order_release);
}
}
