#include "lib9/disk/qcow2map.h"

#include <algorithm>
#include <mutex>

namespace p9::qcow2 {

namespace {

enum : uint64_t {
	Cache = 64 << 20,	// bytes of L2 tables kept in memory
	Sector = 512 / 8,	// entries in one
};

void
grow(size_t& lo, size_t& hi, size_t from, size_t to)
{
	lo = hi ? std::min(lo, from) : from;
	hi = std::max(hi, to);
}
}

Maps::Maps(Store& s, Sync& sy, Epochs& e, const Header& head)
    : st(s), ep(e), h(head), most(std::max<size_t>(16, Cache >> h.clusterbits)),
      l1(h.l1size), tab(h.l1size), lk(sy.mutex())
{
	std::vector<std::byte> raw(l1.size() * 8);
	if(st.read(raw, h.l1off) != raw.size())
		corrupt("L1 table", h.l1off);
	for(size_t i = 0; i < l1.size(); i++)
		l1[i].store(getbe<uint64_t>(&raw[i * 8]), std::memory_order_relaxed);
}

Maps::~Maps()
{
	for(L2* t : loaded)
		delete t;
}

// Reads the table at off.
std::unique_ptr<L2>
Maps::fetch(uint64_t i, uint64_t off)
{
	if(off & (h.csize() - 1))
		corrupt("L1 entry", h.l1off + i * 8);
	std::vector<std::byte> raw(h.csize());
	if(st.read(raw, off) != raw.size())
		corrupt("L2 table", off);
	auto t = std::make_unique<L2>(i, raw.size() / 8);
	for(size_t j = 0; j < t->e.size(); j++)
		t->e[j].store(getbe<uint64_t>(&raw[j * 8]), std::memory_order_relaxed);
	return t;
}

L2*
Maps::load(uint64_t i)
{
	std::scoped_lock l(*lk);
	if(L2* t = tab[i].load())
		return t;	// another was faster
	std::unique_ptr<L2> t = fetch(i, l1entry(i) & Offmask);
	evict();
	insert(*t);
	return t.release();
}

// Requires: lk held.
void
Maps::insert(L2& t)
{
	loaded.push_back(&t);
	tab[t.idx].store(&t, std::memory_order_release);
}

// Makes room for one: a clock over the tables, at most twice around.  When all are
// in use the cache grows.  Requires: lk held.
void
Maps::evict()
{
	ep.advance();
	std::erase_if(gone, [&](const Gone& g) { return ep.over(g.epoch); });
	for(size_t n = loaded.size() * 2; loaded.size() >= most && n > 0; n--) {
		hand = hand < loaded.size() ? hand : 0;
		L2* t = loaded[hand];
		if(t == held || t->dirty.load() || t->used.exchange(false)) {
			hand++;
			continue;
		}
		tab[t->idx].store(nullptr);
		loaded[hand] = loaded.back();
		loaded.pop_back();
		gone.push_back({std::unique_ptr<L2>(t), ep.current()});
	}
}

L2*
Maps::hold(uint64_t i)
{
	{
		std::scoped_lock l(*lk);
		held = tab[i].load();
		if(held || (l1entry(i) & Offmask) == 0)
			return held;
	}
	load(i);
	return hold(i);
}

L2&
Maps::make(uint64_t i, const Run& c)
{
	auto t = std::make_unique<L2>(i, h.csize() / 8);
	L2& r = *t;
	{
		std::scoped_lock l(*lk);
		evict();
		insert(*t.release());
		held = &r;
	}
	place(r, c);
	if(c.fresh)
		mark(r, 0, 0);
	else
		markall(r);
	r.own.store(true);
	return r;
}

void
Maps::move(L2& t, const Run& c)
{
	markall(t);
	place(t, c);
}

// All of t must be in its cluster before L1 points there.
void
Maps::markall(L2& t)
{
	mark(t, 0, t.e.size());
	l1waits = true;
}

void
Maps::place(const L2& t, const Run& c)
{
	l1[t.idx].store(c.first << h.clusterbits | Copied, std::memory_order_release);
	grow(l1lo, l1hi, t.idx, t.idx + 1);
}

void
Maps::clearcopied(uint64_t i)
{
	l1[i].fetch_and(~Copied);
}

void
Maps::mark(L2& t, size_t from, size_t to)
{
	if(!t.dirty.exchange(true))
		changed.push_back(&t);
	if(from < to)
		grow(t.lo, t.hi, from, to);
}

// Whole sectors, so that a crash tears none.
void
Maps::writel2()
{
	std::vector<std::byte> raw;
	for(L2* t : changed) {
		size_t from = t->lo / Sector * Sector;
		size_t to = std::min((t->hi + Sector - 1) / Sector * Sector, t->e.size());
		raw.resize((to - from) * 8);
		for(size_t j = from; j < to; j++)
			putbe<uint64_t>(&raw[(j - from) * 8], t->e[j].load());
		if(!raw.empty())
			st.write(raw, (l1entry(t->idx) & Offmask) + from * 8);
	}
}

void
Maps::writel1()
{
	std::vector<std::byte> raw((l1hi - l1lo) * 8);
	for(size_t i = l1lo; i < l1hi; i++)
		putbe<uint64_t>(&raw[(i - l1lo) * 8], l1entry(i));
	if(!raw.empty())
		st.write(raw, h.l1off + l1lo * 8);
}

void
Maps::clean()
{
	for(L2* t : changed) {
		t->lo = t->hi = 0;
		t->dirty.store(false);
	}
	changed.clear();
	l1lo = l1hi = 0;
	l1waits = false;
}
}
