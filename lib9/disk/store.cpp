#include "lib9/disk/store.h"

#include <algorithm>
#include <cstring>

#include "lib9/error.h"

namespace p9 {

Memstore::Memstore(uint64_t limit) : cap(limit), piece((limit + Piece - 1) / Piece) {}

Memstore::~Memstore()
{
	for(auto& p : piece)
		delete[] p.load();
}

// Piece i, made when it is a hole.  Two callers may make it: the first wins.
std::byte*
Memstore::need(uint64_t i)
{
	std::byte* p = piece[i].load(std::memory_order_acquire);
	if(p)
		return p;
	auto n = std::make_unique<std::byte[]>(Piece);
	if(piece[i].compare_exchange_strong(p, n.get()))
		return n.release();
	return p;
}

size_t
Memstore::read(Buf b, uint64_t off)
{
	uint64_t end = len.load();
	if(off >= end)
		return 0;
	size_t total = size_t(std::min<uint64_t>(b.size(), end - off));
	for(size_t n = 0; n < total;) {
		uint64_t o = (off + n) % Piece;
		size_t k = size_t(std::min<uint64_t>(total - n, Piece - o));
		if(const std::byte* p =
			   piece[(off + n) / Piece].load(std::memory_order_acquire))
			std::memcpy(&b[n], p + o, k);
		else
			std::memset(&b[n], 0, k);
		n += k;
	}
	return total;
}

void
Memstore::write(Bytes b, uint64_t off)
{
	if(b.size() > cap || off > cap - b.size())
		error(Enospace);
	for(size_t n = 0; n < b.size();) {
		uint64_t o = (off + n) % Piece;
		size_t k = size_t(std::min<uint64_t>(b.size() - n, Piece - o));
		std::memcpy(need((off + n) / Piece) + o, &b[n], k);
		n += k;
	}
	if(b.empty())
		return;
	uint64_t end = off + b.size();
	for(uint64_t was = len.load(); was < end && !len.compare_exchange_weak(was, end);)
		;
}

void
Memstore::truncate(uint64_t n)
{
	if(n > cap)
		error(Enospace);
	uint64_t was = len.exchange(n);
	if(n >= was)
		return;
	for(uint64_t i = (n + Piece - 1) / Piece; i < (was + Piece - 1) / Piece; i++)
		delete[] piece[i].exchange(nullptr);
	if(std::byte* p = n % Piece ? piece[n / Piece].load() : nullptr)
		std::memset(p + n % Piece, 0, size_t(Piece - n % Piece));
}
}
