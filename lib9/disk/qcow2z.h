// Compressed clusters, and a few decoded ones kept: guests read small pieces.

#pragma once

#include <array>
#include <memory>

#include "lib9/disk/qcow2hdr.h"
#include "lib9/ref.h"
#include "lib9/sync.h"

namespace p9::qcow2 {

// Where the data of a compressed entry lie, in bytes of the file.  They may go on
// behind its end: the last sector need not be whole.
struct Packed {
	uint64_t off;
	uint64_t len;
};

Packed unpackentry(uint64_t entry, unsigned clusterbits);

class Decoder {
	struct Cluster final : Counted {
		std::vector<std::byte> data;
	};
	struct Slot {
		uint64_t entry = 0;	// 0: none
		uint64_t when = 0;
		Ref<Cluster> c;
	};

	Store& st;
	const Header h;
	std::unique_ptr<Sync::Mutex> lk;
	std::array<Slot, 8> slots;	// guarded by lk
	uint64_t clock = 0;

	Ref<Cluster> cached(uint64_t entry);
	void keep(uint64_t entry, Ref<Cluster> c);
	Ref<Cluster> decode(uint64_t entry);

public:
	Decoder(Store& st, Sync& sy, const Header& h);

	// Copies from the cluster that entry describes, from byte in on.
	// Errors: `corrupt image: compressed cluster at ...'.
	void read(uint64_t entry, uint64_t in, Buf b);
};
}
