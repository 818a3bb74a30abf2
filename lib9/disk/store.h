// A Store is what a disk image lies in: a host file, an open descriptor, a piece
// of memory.  The format libraries of lib9/disk know nothing else of the world.
//
// All calls may sleep, and may run at the same time from several callers; what two
// calls do to the same bytes at the same time is undefined, as in a file.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib9/plan9.h"

namespace p9 {

class Store {
public:
	virtual ~Store() = default;

	// Reads at off, in bytes.  Answers how many came: fewer than asked only at the
	// end of the store, 0 at and behind it.
	virtual size_t read(Buf b, uint64_t off) = 0;

	// Writes all of b at off; the store grows when it must, and what lies between its
	// old end and off reads as zeros.  After an Error any part of the range may hold
	// the new bytes; the rest is as it was.
	virtual void write(Bytes b, uint64_t off) = 0;

	// When it returns, all writes and truncations that returned before it was called
	// survive a crash.  Until then each 512-byte sector of theirs may or may not.
	virtual void flush() = 0;

	// The length in bytes.
	virtual uint64_t size() = 0;

	// Makes the length n: what is cut off is lost, what is added reads as zeros.
	virtual void truncate(uint64_t n) = 0;

	// Makes the caller the only writer until the Store is gone; does nothing when it
	// is that already.  Errors: Eexcl when another is, also in another process (and
	// QEMU).
	virtual void lockwriter() {}
};

// A Store in memory.  It keeps 64 KiB pieces, so that holes cost nothing.
class Memstore final : public Store {
	static constexpr uint64_t Piece = 64 * 1024;

	const uint64_t cap;
	std::atomic<uint64_t> len{0};
	std::vector<std::atomic<std::byte*>> piece;	// null reads as zeros

	std::byte* need(uint64_t i);

public:
	// It never grows above cap bytes: then write and truncate raise Enospace.
	explicit Memstore(uint64_t cap = 64 << 20);
	~Memstore() override;
	Memstore(const Memstore&) = delete;
	Memstore& operator=(const Memstore&) = delete;

	size_t read(Buf b, uint64_t off) override;
	void write(Bytes b, uint64_t off) override;
	void flush() override {}
	uint64_t size() override { return len.load(); }
	void truncate(uint64_t n) override;	// when it shrinks: alone
};
}
