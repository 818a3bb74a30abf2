// Opening, reading, syncing.  Writing is in qcow2write.cpp.

#include "lib9/disk/qcow2.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>
#include <mutex>

#include "lib9/disk/qcow2image.h"
#include "lib9/error.h"

namespace p9::qcow2 {

namespace {

Header
openheader(Store& st, Qcow2::Mode mode)
{
	if(mode == Qcow2::Readwrite)
		st.lockwriter();
	Header h = readheader(st);
	if(mode == Qcow2::Readwrite)
		checkwritable(h, st.size());
	return h;
}
}

Image::Image(Store& s, Sync& sy, Qcow2::Mode m)
    : st(s), h(openheader(s, m)), mode(m), csize(h.csize()), maps(s, sy, ep, h),
      decoder(s, sy, h), lk(sy.mutex())
{
	if(mode == Qcow2::Readonly)
		return;
	refs.emplace(st, h);
	claim();
}

void
Image::checkopen() const
{
	if(closed.load(std::memory_order_relaxed))
		error(Eshutdown);
}

uint64_t
Image::guestoff(const L2& t, size_t j) const
{
	return (t.idx << h.l2bits() | j) << h.clusterbits;
}

// What L2 entry e, of the guest's cluster at off, says.  Bit 0 is a flag only when
// the cluster is not compressed.
Image::Entry
Image::kindof(uint64_t e, uint64_t off) const
{
	if(e & Compressed)
		return Entry::Packed;
	uint64_t host = e & Offmask;
	if(host & (csize - 1) || (host == 0 && e & Copied) || (h.version < 3 && e & Zero))
		corrupt(fmt::format("L2 entry {:#x} of the disk's cluster", e), off);
	if(e & Zero)
		return host ? Entry::Zeroalloc : Entry::Zeros;
	return host ? Entry::Data : Entry::None;
}

// How many clusters from entry j on, at most `most', go on as entry j begins: holes,
// or data next to each other in the file.
uint64_t
Image::together(const L2& t, size_t j, size_t most, Use use) const
{
	uint64_t mask = Offmask | Compressed | Zero;
	if(use == Use::Writing)
		mask |= Copied;
	uint64_t e = t.e[j].load(std::memory_order_acquire) & mask;
	uint64_t step = e & Offmask ? csize : 0;
	size_t n = 1;
	for(uint64_t want = e + step; n < most; n++, want += step)
		if((t.e[j + n].load(std::memory_order_acquire) & mask) != want)
			break;
	return n;
}

// The extent at off, at most len bytes: never across an L2 table.  The caller has a
// Guard.
Image::Extent
Image::at(uint64_t off, uint64_t len, Use use)
{
	uint64_t ci = off >> h.clusterbits;
	uint64_t in = off & (csize - 1);
	size_t j = ci & ((1u << h.l2bits()) - 1);
	size_t left = (1u << h.l2bits()) - j;	// entries in the table from j on
	L2* t = maps.find(ci >> h.l2bits());
	if(use == Use::Writing && (!t || !t->own.load(std::memory_order_acquire)))
		return {Extent::Unplaced, 0, 0, 0};
	len = std::min(len, (left << h.clusterbits) - in);
	if(!t)
		return {Extent::Hole, 0, 0, len};
	uint64_t e = t->e[j].load(std::memory_order_acquire);
	uint64_t one = std::min(len, csize - in);
	Entry k = kindof(e, off - in);
	if(use == Use::Writing && !(k == Entry::Data && e & Copied))
		return {Extent::Unplaced, 0, 0, 0};
	if(k == Entry::Packed)
		return {Extent::Packed, e, in, one};
	if(len > one) {
		size_t most = (in + len + csize - 1) >> h.clusterbits;
		len = std::min(len, (together(*t, j, most, use) << h.clusterbits) - in);
	}
	return {k == Entry::Data ? Extent::Data : Extent::Hole, (e & Offmask) + in, in,
		len};
}

size_t
Image::read(Buf b, uint64_t off)
{
	checkopen();
	if(off >= h.size)
		return 0;
	b = b.first(size_t(std::min<uint64_t>(b.size(), h.size - off)));
	Epochs::Guard g(ep);
	for(size_t n = 0; n < b.size();) {
		Extent x = at(off + n, b.size() - n, Use::Reading);
		Buf part = b.subspan(n, size_t(x.len));
		size_t got = 0;
		if(x.kind == Extent::Data)
			got = st.read(part, x.where);	// short at the end of the file
		else if(x.kind == Extent::Packed) {
			decoder.read(x.where, x.in, part);
			got = part.size();
		}
		if(got < part.size())
			std::memset(&part[got], 0, part.size() - got);
		n += part.size();
	}
	return b.size();
}

// Gives clusters that the file no longer uses back to the allocator, when nobody can
// still be reading them.  Requires: lk held.
void
Image::reclaim()
{
	ep.advance();
	while(!ripe.empty() && ep.over(ripe.front().epoch)) {
		auto& c = ripe.front().clusters;
		for(; !c.empty(); c.pop_back())
			refs->drop(c.back());
		ripe.erase(ripe.begin());
	}
}

// Writes counts and tables in the safe order.  True when it ended with a flush.
// When it raises an Error all is still marked as changed.  Requires: lk held.
bool
Image::writetables()
{
	if(!refs->dirty() && !maps.dirty())
		return false;
	if(refs->dirty())
		refs->commit();
	else if(datawaits)
		st.flush();
	maps.writel2();
	if(maps.l1waits)
		st.flush();
	maps.writel1();
	st.flush();
	maps.clean();
	datawaits = false;
	if(!pending.empty())
		ripe.push_back({std::move(pending), ep.current()});
	pending.clear();
	return true;
}

void
Image::sync()
{
	checkopen();
	if(mode == Qcow2::Readonly)
		return;
	{
		std::scoped_lock l(*lk);
		reclaim();
		if(writetables())
			return;
	}
	st.flush();
}

void
Image::close()
{
	if(closed.load())
		return;
	if(mode == Qcow2::Readwrite && prepared.load()) {
		std::scoped_lock l(*lk);
		writetables();
		ep.advance();
		ep.advance();
		reclaim();
		refs->release();
		refs->commit();
		if(st.size() > refs->fileend())
			st.truncate(refs->fileend());
		st.flush();
	}
	closed.store(true);
}

std::string
Image::info() const
{
	std::string s =
		fmt::format("qcow2 version {}\nsize {}\ncluster {}\nrefcount bits {}\n",
			    h.version, h.size, csize, 1u << h.reforder);
	if(h.codec == Codec::Zstd)
		s += "compression zstd\n";
	if(h.nsnap)
		s += fmt::format("snapshots {}\n", h.nsnap);
	if(h.incompat & Fdirty)
		s += "dirty\n";
	if(h.incompat & Fcorrupt)
		s += "corrupt\n";
	s += mode == Qcow2::Readonly ? "read only\n" : "read and write\n";
	return s;
}
}

namespace p9 {

void
Qcow2::create(Store& st, uint64_t size, unsigned clusterbits)
{
	st.lockwriter();
	qcow2::format(st, size, clusterbits);
}

Qcow2
Qcow2::open(Store& st, Sync& sy, Mode mode)
{
	return Qcow2(std::make_unique<qcow2::Image>(st, sy, mode));
}

Qcow2::Qcow2(std::unique_ptr<qcow2::Image> i) : im(std::move(i)) {}
Qcow2::Qcow2(Qcow2&&) noexcept = default;
Qcow2& Qcow2::operator=(Qcow2&&) noexcept = default;
Qcow2::~Qcow2() = default;

uint64_t
Qcow2::size() const
{
	return im->size();
}

size_t
Qcow2::read(Buf b, uint64_t off)
{
	return im->read(b, off);
}

void
Qcow2::write(Bytes b, uint64_t off)
{
	im->write(b, off);
}

void
Qcow2::sync()
{
	im->sync();
}

void
Qcow2::close()
{
	im->close();
}

std::string
Qcow2::info() const
{
	return im->info();
}
}
