// A persistent hash map from Mkey to Mountlist: a copy is one reference, a change
// copies only the way to its place.  A tree of nodes of 32 places, each taken by
// five bits of the key's hash; an empty table is no node.  Nothing here sleeps.

#pragma once

#include <cstdint>
#include <vector>

#include "port/mount.h"

namespace p9 {

class Mtab final : public Counted {
public:
	using List = Ref<const Mountlist>;
	using Table = Ref<const Mtab>;

	// The list at k; empty when there is none.  t may be nullptr, as below.
	static List find(const Mtab* t, const Mkey& k);
	// The table with l at its own key, in the place of what was there.
	static Table with(const Mtab* t, List l);
	// The table without k.
	static Table without(const Mtab* t, const Mkey& k);
	// Appends every list, in no order.
	static void all(const Mtab* t, std::vector<List>& out);

private:
	uint32_t kids = 0;	// places that hold a node
	uint32_t leaves = 0;	// places that hold a list
	std::vector<Table> kid; // of kids, in order
	std::vector<List> leaf; // of leaves; below the last bits, all that collide

	Ref<Mtab> copy() const;
	void putleaf(uint32_t bit, List l);
	static Table put(const Mtab* t, uint64_t h, int depth, List l);
	static Table drop(const Mtab& t, uint64_t h, int depth, const Mkey& k);
};
}
