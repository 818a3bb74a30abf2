// The header of a qcow2 image and the numbers that follow from it.  Every field is
// checked here, in 64 bits, before anything is allocated or shifted by it.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib9/disk/store.h"
#include "lib9/endian.h"
#include "lib9/plan9.h"

namespace p9 {

namespace qcow2 {

enum : uint64_t {
	Copied = 1ull << 63,	// in L1 and L2: the count is exactly 1
	Compressed = 1ull << 62,
	Zero = 1,	// in L2: reads as zeros, whatever it points to
	Offmask = 0x00fffffffffffe00,
	Refmask = 0xfffffffffffffe00,	// in the refcount table

	Maxl1 = 32 << 20,	// bytes
	Maxreftable = 8 << 20,	// bytes
	Maxsnap = 65536,
	Maxhost = 1ull << 56,	// host offsets are below it
};

enum : uint64_t {	// incompatible features
	Fdirty = 1 << 0,
	Fcorrupt = 1 << 1,
	Fdatafile = 1 << 2,
	Fcompression = 1 << 3,
	Fextl2 = 1 << 4,
};

enum class Codec : uint8_t { Deflate, Zstd };

struct Header {
	uint32_t version = 3;
	uint32_t clusterbits = 16;
	uint64_t size = 0;	// of the disk, a multiple of 512
	uint32_t l1size = 0;	// entries
	uint64_t l1off = 0;
	uint64_t reftaboff = 0;
	uint32_t reftabclusters = 0;
	uint32_t nsnap = 0;
	uint64_t snapoff = 0;
	uint64_t incompat = 0;
	uint64_t compat = 0;
	uint64_t autoclear = 0;
	uint32_t reforder = 4;
	Codec codec = Codec::Deflate;

	uint64_t csize() const { return 1ull << clusterbits; }
	unsigned l2bits() const { return clusterbits - 3; }
	// Counts in a refcount block, as a power of two.
	unsigned refbits() const { return clusterbits + 3 - reforder; }
	// L1 entries that the disk needs.
	uint64_t l1need() const;
};

// Host clusters next to each other, by number.
struct Run {
	uint64_t first = 0;
	uint64_t n = 0;
	bool fresh = false;	// they read as zeros
};

// Raises `corrupt image: what at 0xOFF'.
[[noreturn]] void corrupt(std::string_view what, uint64_t off);

// Errors: as Qcow2::open for reading, by name, and whatever the store raises.
Header readheader(Store& st);

// Raises what forbids to write to an image that may be read.
void checkwritable(const Header& h, uint64_t filesize);

// The layout of a new image: the header, L1 at cluster 1, the refcount table behind
// it, then one or more refcount blocks.
void format(Store& st, uint64_t size, unsigned clusterbits);
}
}
