// Digests of streams: MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4).  They tell files
// apart; for what an enemy may choose, only SHA-2 does.  Nothing here fails or sleeps.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "lib9/plan9.h"

namespace p9 {

class Digest {
	std::array<std::byte, 128> part;	// a block whose rest has not come
	size_t have = 0;
	uint64_t total = 0;	// bytes
	const size_t blocksize;
	const bool bigendian;

	virtual void compress(const std::byte* p, size_t nblocks) = 0;
	virtual std::string state() const = 0;

protected:
	enum class Order { Little, Big };

	// The length lies at the end of the last block, as two of its sixteen words.
	Digest(size_t block, Order o) : blocksize(block), bigendian(o == Order::Big) {}

public:
	virtual ~Digest() = default;
	void add(Bytes b);
	// The digest in hexadecimal.  It has ended: nothing can be added.
	std::string end();
};

// The register of CRC-32 behind b: bare, without the inversions at start and end.
uint32_t crcadd(uint32_t reg, Bytes b);

std::unique_ptr<Digest> md5();
std::unique_ptr<Digest> sha1();
std::unique_ptr<Digest> sha2(unsigned bits);	// 224, 256, 384 or 512; else nullptr
}
