#include "port/mtab.h"

#include <algorithm>
#include <bit>

namespace p9 {

namespace {
constexpr int Maxdepth = 13; // 13 times five bits are more than 64

// Servers choose qid.path, and often count: mix well.
uint64_t
hash(const Mkey& k)
{
	uint64_t h = k.path ^ (uint64_t{k.devno} << 32 | k.dc) * 0x9E3779B97F4A7C15;
	h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9;
	h = (h ^ h >> 27) * 0x94D049BB133111EB;
	return h ^ h >> 31;
}

uint32_t
bitof(uint64_t h)
{
	return uint32_t{1} << (h & 31);
}

// The index of bit in the vector of those that are set in map.
size_t
rank(uint32_t map, uint32_t bit)
{
	return std::popcount(map & (bit - 1));
}

Mkey
keyof(const Mountlist& l)
{
	return Mkey(*l.from);
}

auto
collision(const std::vector<Mtab::List>& v, const Mkey& k)
{
	return std::ranges::find_if(v,
				    [&](const Mtab::List& l) { return keyof(*l) == k; });
}
}

Mtab::List
Mtab::find(const Mtab* t, const Mkey& k)
{
	uint64_t h = hash(k);
	for(int depth = 0; t; depth++, h >>= 5) {
		if(depth == Maxdepth) {
			auto i = collision(t->leaf, k);
			return i == t->leaf.end() ? List() : *i;
		}
		uint32_t bit = bitof(h);
		if(t->leaves & bit) {
			const List& l = t->leaf[rank(t->leaves, bit)];
			return keyof(*l) == k ? l : List();
		}
		t = t->kids & bit ? t->kid[rank(t->kids, bit)].get() : nullptr;
	}
	return {};
}

Ref<Mtab>
Mtab::copy() const
{
	auto t = mk<Mtab>();
	t->kids = kids;
	t->leaves = leaves;
	t->kid = kid;
	t->leaf = leaf;
	return t;
}

void
Mtab::putleaf(uint32_t bit, List l)
{
	leaf.insert(leaf.begin() + rank(leaves, bit), std::move(l));
	leaves |= bit;
}

Mtab::Table
Mtab::with(const Mtab* t, List l)
{
	uint64_t h = hash(keyof(*l));
	return put(t, h, 0, std::move(l));
}

Mtab::Table
Mtab::put(const Mtab* t, uint64_t h, int depth, List l)
{
	Ref<Mtab> n = t ? t->copy() : mk<Mtab>();
	Mkey k = keyof(*l);
	if(depth == Maxdepth) {
		std::erase_if(n->leaf, [&](const List& o) { return keyof(*o) == k; });
		n->leaf.push_back(std::move(l));
		return n;
	}
	uint32_t bit = bitof(h);
	if(n->kids & bit) {
		Table& sub = n->kid[rank(n->kids, bit)];
		sub = put(sub.get(), h >> 5, depth + 1, std::move(l));
	} else if(!(n->leaves & bit)) {
		n->putleaf(bit, std::move(l));
	} else if(List& o = n->leaf[rank(n->leaves, bit)]; keyof(*o) == k) {
		o = std::move(l);
	} else {
		uint64_t oh = hash(keyof(*o)) >> 5 * depth >> 5;
		Table sub = put(nullptr, oh, depth + 1, o);
		sub = put(sub.get(), h >> 5, depth + 1, std::move(l));
		n->leaf.erase(n->leaf.begin() + rank(n->leaves, bit));
		n->leaves &= ~bit;
		n->kid.insert(n->kid.begin() + rank(n->kids, bit), std::move(sub));
		n->kids |= bit;
	}
	return n;
}

Mtab::Table
Mtab::without(const Mtab* t, const Mkey& k)
{
	if(!find(t, k))
		return t ? Table(*t) : Table();
	return drop(*t, hash(k), 0, k);
}

// Requires: k is there.
Mtab::Table
Mtab::drop(const Mtab& t, uint64_t h, int depth, const Mkey& k)
{
	Ref<Mtab> n = t.copy();
	uint32_t bit = bitof(h);
	if(depth == Maxdepth) {
		n->leaf.erase(collision(n->leaf, k));
	} else if(n->leaves & bit) {
		n->leaf.erase(n->leaf.begin() + rank(n->leaves, bit));
		n->leaves &= ~bit;
	} else {
		size_t i = rank(n->kids, bit);
		n->kid[i] = drop(*n->kid[i], h >> 5, depth + 1, k);
		if(!n->kid[i]) {
			n->kid.erase(n->kid.begin() + i);
			n->kids &= ~bit;
		}
	}
	if(n->kid.empty() && n->leaf.empty())
		return {};
	return n;
}

void
Mtab::all(const Mtab* t, std::vector<List>& out)
{
	if(!t)
		return;
	out.insert(out.end(), t->leaf.begin(), t->leaf.end());
	for(const Table& n : t->kid)
		all(n.get(), out);
}
}
