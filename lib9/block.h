// Blocks move, bytes are copied once.  A Block is a message or a piece of a
// stream: a move-only value whose buffer comes from pools by size class.  An
// empty Block that was read is the end of the file.
//
//	base ... rp [data] wp ... lim	+ the first `lent' bytes of loan's buffer
//
// A Loan is the caller's own buffer, lent to whoever answers a call within this
// process, so that a server reads from or writes into it directly: a Tread
// offers room, a Twrite or an Rread has its payload there.  The borrower
// claims the loan for the time that it touches the bytes; the lender revokes it
// (when the call ends for whatever reason), which waits for a claim to end.
// After that no late server can touch a dead stack.

#pragma once

#include <cstring>
#include <string_view>
#include <utility>

#include "lib9/plan9.h"
#include "lib9/ref.h"

namespace p9 {

class Loan final : public Counted {
	// Free -> Claimed -> Free by the borrower; Free -> Revoked by the lender.
	enum State : int { Free, Claimed, Revoked };
	std::atomic<int> state{Free};
	std::byte* p = nullptr;
	size_t n = 0;
	std::byte* kept = nullptr;	// what keep() copied

	~Loan() override { delete[] kept; }

public:
	explicit Loan(Buf b) : p(b.data()), n(b.size()) {}

	// Takes the bytes for the time until unclaim().  False when they are gone, or
	// another has them.  Do not sleep on other Procs while you hold it.
	bool claim()
	{
		int s = Free;
		return state.compare_exchange_strong(s, Claimed, std::memory_order_acquire);
	}
	void unclaim() { state.store(Free, std::memory_order_release); }
	Buf bytes() const { return {p, n}; }	// while claimed

	// The lender takes its buffer back: waits (yielding the host's thread) while it is
	// claimed.  Idempotent.
	void revoke();
	// As revoke, but a copy of the first len bytes is kept for those who still hold a
	// message whose payload they are: a Twrite whose caller goes away.
	void keep(size_t len);
	// For a Loan whose last user has gone: makes it lend b.  Only when ref is 1.
	void reuse(Buf b);
};

class Block {
	std::byte* base = nullptr;
	std::byte* rp = nullptr;
	std::byte* wp = nullptr;
	std::byte* lim = nullptr;

public:
	Ref<Loan> loan;
	size_t lent = 0;	// payload bytes that lie in loan, behind the Block's own

	Block() = default;
	Block(Block&& b) noexcept
		: base(std::exchange(b.base, nullptr)), rp(std::exchange(b.rp, nullptr)),
		  wp(std::exchange(b.wp, nullptr)), lim(std::exchange(b.lim, nullptr)),
		  loan(std::move(b.loan)), lent(std::exchange(b.lent, 0))
	{
	}
	Block& operator=(Block&& b) noexcept
	{
		std::swap(base, b.base);
		std::swap(rp, b.rp);
		std::swap(wp, b.wp);
		std::swap(lim, b.lim);
		std::swap(loan, b.loan);
		std::swap(lent, b.lent);
		return *this;
	}
	~Block()
	{
		if(base)
			release();
	}

	// Room for n bytes, empty.
	static Block alloc(size_t n);
	static Block of(Bytes b)
	{
		Block nb = alloc(b.size());
		nb.append(b);
		return nb;
	}
	// How many are allocated now: tests end with none.
	static long live();

	Bytes data() const { return {rp, wp}; }	// its own bytes, without what is lent
	Buf mut() { return {rp, wp}; }
	size_t own() const { return size_t(wp - rp); }
	size_t size() const { return own() + lent; }
	bool empty() const { return size() == 0; }
	Buf room() { return {wp, lim}; }
	void produced(size_t n)
	{
		assert(n <= size_t(lim - wp));
		wp += n;
	}
	void consumed(size_t n)
	{
		assert(n <= own());
		rp += n;
	}
	void append(Bytes b)
	{
		assert(b.size() <= size_t(lim - wp));
		if(!b.empty())
			std::memcpy(wp, b.data(), b.size());
		wp += b.size();
	}

	// The Block with all of its bytes its own: copies what is lent (zeros when the lender
	// is gone).  Drops the loan.
	void flatten();

private:
	void release() noexcept;
};
}
