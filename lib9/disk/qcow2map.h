// The two levels of tables that map guest clusters to host clusters, as they are in
// memory: L1 whole, L2 tables in a cache of 64 MiB.
//
// Entries are in the machine's byte order.  Whoever holds an Epochs::Guard may look
// at all of it without a lock.  Changes are made by one caller at a time, under the
// image's lock; they stay in memory until the image's sync writes them.
//
// Lock order: the image's lock, then Maps::lk.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib9/disk/epoch.h"
#include "lib9/disk/qcow2hdr.h"
#include "lib9/sync.h"

namespace p9::qcow2 {

struct L2 {
	const uint64_t idx;	// in L1
	std::vector<std::atomic<uint64_t>> e;
	std::atomic<bool> used{true};	// since the clock's hand came by
	std::atomic<bool> dirty{false};
	// Its flags COPIED were checked against the counts, its L1 entry is COPIED: what
	// is COPIED in it may be written in place.
	std::atomic<bool> own{false};
	size_t lo = 0, hi = 0;	// the entries that changed; under the image's lock

	L2(uint64_t i, size_t n) : idx(i), e(n) {}
};

class Maps {
	Store& st;
	Epochs& ep;
	const Header h;
	const size_t most;	// tables in the cache

	std::vector<std::atomic<uint64_t>> l1;
	std::vector<std::atomic<L2*>> tab;	// null: not loaded, or there is none

	// Under the image's lock.
	std::vector<L2*> changed;
	size_t l1lo = 0, l1hi = 0;

	std::unique_ptr<Sync::Mutex> lk;	// guards the rest, and who is in tab
	std::vector<L2*> loaded;
	size_t hand = 0;
	L2* held = nullptr;	// the one that is being changed stays
	struct Gone {
		std::unique_ptr<L2> t;
		uint64_t epoch;
	};
	std::vector<Gone> gone;

	L2* load(uint64_t i);
	std::unique_ptr<L2> fetch(uint64_t i, uint64_t off);
	void insert(L2& t);
	void evict();
	void markall(L2& t);
	void place(const L2& t, const Run& c);

public:
	// A table in a cluster that does not read as zeros must be durable before L1
	// points to it.
	bool l1waits = false;

	// Reads L1.
	Maps(Store& st, Sync& sy, Epochs& ep, const Header& h);
	~Maps();
	Maps(const Maps&) = delete;
	Maps& operator=(const Maps&) = delete;

	uint64_t l1entry(uint64_t i) const
	{
		return l1[i].load(std::memory_order_acquire);
	}
	uint64_t l1size() const { return l1.size(); }

	// Table i, or null when L1 has none.  The caller has a Guard.  May read.
	L2* find(uint64_t i)
	{
		L2* t = tab[i].load(std::memory_order_acquire);
		if(!t)
			return (l1entry(i) & Offmask) ? load(i) : nullptr;
		if(!t->used.load(std::memory_order_relaxed))
			t->used.store(true, std::memory_order_relaxed);
		return t;
	}

	// The rest: under the image's lock.

	// As find; it stays in memory until the next hold.
	L2* hold(uint64_t i);
	// A new, empty table in the cluster c.
	L2& make(uint64_t i, const Run& c);
	// Table t now lives in the cluster c.
	void move(L2& t, const Run& c);
	void clearcopied(uint64_t i);
	void set(L2& t, size_t j, uint64_t v)
	{
		t.e[j].store(v, std::memory_order_release);
		mark(t, j, j + 1);
	}
	void mark(L2& t, size_t from, size_t to);

	// Too many changed tables are in memory.
	bool full() const { return changed.size() >= most / 2; }
	bool dirty() const { return !changed.empty() || l1hi != 0; }
	void writel2();
	void writel1();
	// What was written is durable.
	void clean();
};
}
