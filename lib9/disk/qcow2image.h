// The parts of an open image together.  For qcow2*.cpp and their tests only.
//
// Lock order: Image::lk, Maps::lk.  Decoder::lk is alone.  Guards of epochs are no
// locks: they may be held while waiting for any of these.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "lib9/disk/epoch.h"
#include "lib9/disk/qcow2.h"
#include "lib9/disk/qcow2hdr.h"
#include "lib9/disk/qcow2map.h"
#include "lib9/disk/qcow2refs.h"
#include "lib9/disk/qcow2z.h"

namespace p9::qcow2 {

class Image {
public:
	enum class Use { Reading, Writing };

	// A piece of the guest's disk whose bytes lie together.
	struct Extent {
		enum Kind {
			Hole,	// reads as zeros
			Data,	// at byte `where' of the store
			Packed,	// in a compressed cluster, of entry `where', from in on
			Unplaced,	// for writing: needs a cluster first
		} kind;
		uint64_t where;
		uint64_t in;
		uint64_t len;
	};

private:
	enum class Entry { None, Zeros, Zeroalloc, Data, Packed };

	Store& st;
	const Header h;
	const Qcow2::Mode mode;
	const uint64_t csize;
	Epochs ep;
	Maps maps;
	Decoder decoder;
	std::atomic<bool> closed{false};
	std::atomic<bool> prepared{false};	// the header was made ready for writing

	std::unique_ptr<Sync::Mutex> lk;	// guards the rest, and changes of tables
	std::optional<Refs> refs;	// for writing only
	// Data was written that must be durable before L2 points to it: copies, and what
	// lies in clusters that had other contents.
	bool datawaits = false;
	std::unordered_set<uint64_t> twice;	// L2 tables that share their cluster
	std::vector<uint64_t> pending;	// clusters dropped from the tables in memory
	struct Ripe {
		std::vector<uint64_t> clusters;	// dropped from the tables in the file
		uint64_t epoch;
	};
	std::vector<Ripe> ripe;

	uint64_t guestoff(const L2& t, size_t j) const;
	Entry kindof(uint64_t e, uint64_t off) const;
	Extent at(uint64_t off, uint64_t len, Use use);
	uint64_t together(const L2& t, size_t j, size_t most, Use use) const;
	void checkopen() const;

	void prepare();
	void claim();
	void claimsnapshots();
	size_t place(Bytes b, uint64_t off);
	void occupy(uint64_t cluster);
	L2& table(uint64_t i);
	void vet(L2& t);
	bool safe(uint64_t host);
	size_t fill(L2& t, size_t j, Bytes b, uint64_t in);
	size_t reuse(L2& t, size_t j, Bytes b, uint64_t in);
	size_t copy(L2& t, size_t j, Bytes b, uint64_t in);
	void old(uint64_t e, uint64_t off, Buf b);
	std::vector<uint64_t> clusters(uint64_t e, uint64_t off);
	void padded(uint64_t host, uint64_t room, Bytes b, uint64_t in);
	void zeros(uint64_t off, uint64_t n);
	bool writetables();
	void reclaim();

public:
	Image(Store& st, Sync& sy, Qcow2::Mode mode);

	uint64_t size() const { return h.size; }
	size_t read(Buf b, uint64_t off);
	void write(Bytes b, uint64_t off);
	void sync();
	void close();
	std::string info() const;
};
}
