#include "lib9/disk/qcow2refs.h"

#include <algorithm>

#include "lib9/error.h"

namespace p9::qcow2 {

namespace {

enum : uint64_t {
	Batch = 8 << 20,	// bytes of clusters reserved at a time
	Cache = 16 << 20,	// bytes of refcount blocks kept in memory
};
}

void
Refs::Block::mark(size_t from, size_t to)
{
	lo = hi ? std::min(lo, from) : from;
	hi = std::max(hi, to);
}

Refs::Refs(Store& s, const Header& head)
    : st(s), h(head), csize(h.csize()), blockmask((1ull << h.refbits()) - 1),
      taboff(h.reftaboff), tabclusters(h.reftabclusters)
{
	std::vector<std::byte> raw(tabclusters * csize);
	if(st.read(raw, taboff) != raw.size())
		corrupt("refcount table", taboff);
	table.resize(raw.size() / 8);
	for(size_t i = 0; i < table.size(); i++)
		table[i] = getbe<uint64_t>(&raw[i * 8]);
	top = used = freshmark = (st.size() + csize - 1) / csize;
}

// Keeps the memory for blocks small: those without changes go.
void
Refs::trim()
{
	if(blocks.size() * csize <= Cache)
		return;
	std::erase_if(blocks, [](const auto& b) { return b.second.hi == 0; });
}

// Block i, which the table must have.
Refs::Block&
Refs::load(uint64_t i)
{
	if(auto it = blocks.find(i); it != blocks.end())
		return it->second;
	uint64_t off = table[i];
	if(off & (csize - 1) || off >= Maxhost)
		corrupt("refcount table entry", taboff + i * 8);
	Block b;
	b.raw.resize(csize);
	if(st.read(b.raw, off) != csize)
		corrupt("refcount block", off);
	trim();
	return blocks.emplace(i, std::move(b)).first->second;
}

// Counts are big endian; those of less than a byte lie lowest bits first.
uint64_t
Refs::peek(const Block& b, uint64_t c) const
{
	uint64_t i = c & blockmask;
	switch(h.reforder) {
	case 3:
		return uint64_t(b.raw[i]);
	case 4:
		return getbe<uint16_t>(&b.raw[i * 2]);
	case 5:
		return getbe<uint32_t>(&b.raw[i * 4]);
	case 6:
		return getbe<uint64_t>(&b.raw[i * 8]);
	}
	unsigned bits = 1u << h.reforder;
	uint64_t per = 8 / bits;
	return uint64_t(b.raw[i / per]) >> (i % per * bits) & ((1u << bits) - 1);
}

void
Refs::put(Block& b, uint64_t c, uint64_t v)
{
	uint64_t i = c & blockmask;
	unsigned bits = 1u << h.reforder;
	size_t at = size_t(i * bits / 8);
	switch(h.reforder) {
	case 3:
		b.raw[at] = std::byte(v);
		break;
	case 4:
		putbe<uint16_t>(&b.raw[at], uint16_t(v));
		break;
	case 5:
		putbe<uint32_t>(&b.raw[at], uint32_t(v));
		break;
	case 6:
		putbe<uint64_t>(&b.raw[at], v);
		break;
	default:
		unsigned shift = unsigned(i % (8 / bits) * bits);
		unsigned mask = (1u << bits) - 1;
		b.raw[at] = std::byte((unsigned(b.raw[at]) & ~(mask << shift)) |
				      (unsigned(v) & mask) << shift);
	}
	b.mark(at, at + std::max<size_t>(1, bits / 8));
	changed = true;
}

uint64_t
Refs::get(uint64_t c)
{
	uint64_t i = c >> h.refbits();
	return i < table.size() && table[i] ? peek(load(i), c) : 0;
}

void
Refs::set(uint64_t c, uint64_t v)
{
	put(load(c >> h.refbits()), c, v);
}

// Clusters below stop are in use from now on.
void
Refs::touch(uint64_t stop)
{
	used = std::max(used, stop);
	top = std::max(top, stop);
	freshmark = std::max(freshmark, stop);
}

// A new refcount block, for index i, in cluster c, which is free.
Refs::Block&
Refs::makeblock(uint64_t i, uint64_t c)
{
	trim();
	Block& b = blocks[i];
	b.raw.assign(csize, std::byte(0));
	b.mark(0, csize);
	table[i] = c << h.clusterbits;
	tablo = tabhi ? std::min<size_t>(tablo, i) : i;
	tabhi = std::max<size_t>(tabhi, i + 1);
	meta.insert(c);
	touch(c + 1);
	changed = true;
	return b;
}

// Moves the table to a larger one, so that it has an entry for block `need'.  It and
// the blocks that count it go behind all that was ever used, at the first cluster
// of a block's range:
//
//	S	k blocks for the ranges from S on, the first of them counting itself
//	S+k	the new table, n clusters
void
Refs::grow(uint64_t need)
{
	uint64_t last = table.size();
	while(last > 0 && table[last - 1] == 0)
		last--;
	uint64_t first = std::max({need, last, (top + blockmask) >> h.refbits()});
	uint64_t k = 0, n = 0, want = 1;
	while(want != k) {
		k = want;
		n = ((first + k) * 12 + csize - 1) / csize;
		n = std::min<uint64_t>(n, Maxreftable / csize);
		want = (k + n + blockmask) >> h.refbits();
	}
	uint64_t s = first << h.refbits();
	if((first + k) * 8 > n * csize || s + k + n > Maxhost >> h.clusterbits)
		error(Enospace);
	if(newtab)	// never durable
		for(uint64_t c = 0; c < newclusters; c++)
			set((newtab >> h.clusterbits) + c, 0);
	table.resize(n * csize / 8);
	for(uint64_t i = 0; i < k; i++)
		makeblock(first + i, s + i);
	for(uint64_t c = s; c < s + k + n; c++)
		set(c, 1);
	for(uint64_t c = s + k; c < s + k + n; c++)
		meta.insert(c);
	touch(s + k + n);
	newtab = (s + k) << h.clusterbits;
	newclusters = n;
}

// The first free clusters in block b from c on, before stop.
Run
Refs::freerun(Block& b, uint64_t c, uint64_t stop) const
{
	auto isfree = [&](uint64_t x) { return peek(b, x) == 0 && !ismeta(x); };
	while(c < stop && !isfree(c))
		c++;
	Run r{c, 0, false};
	uint64_t most = std::max<uint64_t>(1, Batch / csize);
	while(c + r.n < stop && r.n < most && isfree(c + r.n))
		r.n++;
	return r;
}

// Finds the next free run and counts it.  A range without a block gets one, in its
// first cluster: nothing in it is in use.
void
Refs::reserve()
{
	for(uint64_t c = hint;;) {
		if(c >= Maxhost >> h.clusterbits)
			error(Enospace);
		uint64_t i = c >> h.refbits();
		if(i >= table.size()) {
			grow(i);
			continue;
		}
		if(table[i] == 0) {
			if(ismeta(c)) {
				c++;
				continue;
			}
			put(makeblock(i, c), c, 1);
		}
		Block& b = load(i);
		Run r = freerun(b, c, (i + 1) << h.refbits());
		hint = c = r.first + r.n;
		if(r.n == 0)
			continue;
		for(uint64_t x = r.first; x < c; x++)
			put(b, x, 1);
		next = r.first;
		end = c;
		top = std::max(top, end);
		return;
	}
}

Run
Refs::alloc(uint64_t max)
{
	if(next == end)
		reserve();
	Run r{next, std::min(max, end - next), next >= freshmark};
	if(!r.fresh)
		r.n = std::min(r.n, freshmark - next);
	next += r.n;
	touch(next);
	return r;
}

void
Refs::drop(uint64_t c)
{
	uint64_t v = get(c);
	if(v == 0)
		return;	// it was wrong before we came
	set(c, v - 1);
	if(v > 1)
		return;
	meta.erase(c);
	hint = std::min(hint, c);
}

void
Refs::release()
{
	while(next < end) {
		set(end - 1, 0);
		end--;
	}
	hint = std::min(hint, next);
	top = used;
}

void
Refs::writetable()
{
	uint64_t from = newtab ? 0 : tablo, to = newtab ? table.size() : tabhi;
	std::vector<std::byte> raw((to - from) * 8);
	for(uint64_t i = from; i < to; i++)
		putbe<uint64_t>(&raw[(i - from) * 8], table[i]);
	st.write(raw, (newtab ? newtab : taboff) + from * 8);
}

// Blocks are durable before the table points to them, and a new table before the
// header points to it; the header's two fields lie in one sector.
void
Refs::commit()
{
	if(!changed)
		return;
	if(st.size() < top * csize)
		st.truncate(top * csize);
	for(auto& [i, b] : blocks)
		if(b.hi)
			st.write(Bytes(b.raw).subspan(b.lo, b.hi - b.lo),
				 table[i] + b.lo);
	if(newtab)
		writetable();
	st.flush();
	if(newtab) {
		std::byte place[12];
		putbe<uint64_t>(place, newtab);
		putbe<uint32_t>(place + 8, uint32_t(newclusters));
		st.write(place, 48);
		st.flush();
	} else if(tabhi) {
		writetable();
		st.flush();
	}
	for(auto& [i, b] : blocks)
		b.lo = b.hi = 0;
	tablo = tabhi = 0;
	changed = false;
	if(newtab) {
		uint64_t old = taboff >> h.clusterbits;
		uint64_t stop = old + tabclusters;
		taboff = newtab;
		tabclusters = newclusters;
		newtab = 0;
		for(uint64_t c = old; c < stop; c++)
			drop(c);
	}
}
}
