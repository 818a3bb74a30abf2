// The reference counts of an image's host clusters, and the allocator over them.
//
// All changes happen in memory; commit() makes them durable.  The allocator takes
// from a reservation, a run of clusters whose counts were raised ahead, so that few
// commits find anything to write.  A cluster is fresh when it lies behind all that
// was ever written: it reads as zeros, so a part of it can be written alone.
//
// A count goes down only after what pointed to the cluster is durably gone: that is
// the caller's part.  Nothing here locks: the image's lock is held for every call.

#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib9/disk/qcow2hdr.h"

namespace p9::qcow2 {

class Refs {
	struct Block {
		std::vector<std::byte> raw;	// as in the file
		size_t lo = 0, hi = 0;	// the bytes that changed
		void mark(size_t from, size_t to);
	};

	Store& st;
	const Header h;	// as it was opened
	const uint64_t csize;
	const uint64_t blockmask;	// of a cluster's number: its place in the block

	std::vector<uint64_t> table;	// a refcount block's offset, or 0
	uint64_t taboff;	// where the table is in the file
	uint64_t tabclusters;
	uint64_t newtab = 0;	// where it will be after the next commit, or 0
	uint64_t newclusters = 0;
	size_t tablo = 0, tabhi = 0;	// entries that changed
	std::unordered_map<uint64_t, Block> blocks;	// loaded, by index
	std::unordered_set<uint64_t> meta;	// clusters of tables

	uint64_t next = 0, end = 0;	// the reservation that is left
	uint64_t hint = 0;	// no free cluster is known below it
	uint64_t top;	// the end of all that was used or reserved
	uint64_t used;	// the end of all that was used
	uint64_t freshmark;	// clusters from here on are fresh
	bool changed = false;

	Block& load(uint64_t i);
	Block& makeblock(uint64_t i, uint64_t c);
	uint64_t peek(const Block& b, uint64_t c) const;
	void put(Block& b, uint64_t c, uint64_t v);
	void set(uint64_t c, uint64_t v);
	void reserve();
	Run freerun(Block& b, uint64_t c, uint64_t stop) const;
	void grow(uint64_t need);
	void trim();
	void touch(uint64_t stop);
	void writetable();

public:
	// Reads the table.  Errors: what the store raises; a table that is cut off.
	Refs(Store& st, const Header& h);

	// The count of cluster c, 0 when no block covers it.  May read.
	uint64_t get(uint64_t c);

	// Takes 1 to max free clusters.  When it raises an Error nothing was taken.
	Run alloc(uint64_t max);
	// Gives back what the last alloc took; nothing may point to it.
	void unalloc(const Run& r) { next = r.first; }
	// One reference to c is durably gone.
	void drop(uint64_t c);
	// Gives the reservation back.
	void release();

	bool dirty() const { return changed; }
	// Makes all counts durable: whatever alloc answered may then be pointed to by the
	// file, and lies inside of it.  When it raises an Error it may be called again.
	void commit();

	// Clusters that hold tables: no guest data may be in them.
	bool ismeta(uint64_t c) const { return meta.count(c) != 0; }
	// False when it was one already.
	bool addmeta(uint64_t c) { return meta.insert(c).second; }

	const std::vector<uint64_t>& blockoffsets() const { return table; }
	// The end of what is in use, in bytes: what a clean close leaves of the file.
	uint64_t fileend() const { return used * csize; }
};
}
