// Writing.  What is COPIED is written in place, without a lock; all else gets a
// cluster of its own first, one caller at a time, and is looked up again under the
// lock: another may have been faster.

#include <algorithm>
#include <cstring>
#include <mutex>

#include "lib9/disk/qcow2image.h"
#include "lib9/error.h"

namespace p9::qcow2 {

namespace {

enum : uint64_t {
	Autoclear = 88,	// where it is in the header
	Zeropiece = 64 * 1024,
	Maxpending = 16 * 1024,	// clusters that wait for a sync to be free
};

// Clusters that were taken and go back unless keep() is called.
class Taken {
	Refs& refs;
	bool kept = false;

public:
	const Run run;

	Taken(Refs& r, uint64_t max) : refs(r), run(r.alloc(max)) {}
	~Taken()
	{
		if(!kept)
			refs.unalloc(run);
	}
	Taken(const Taken&) = delete;
	Taken& operator=(const Taken&) = delete;
	void keep() { kept = true; }
};
}

void
Image::write(Bytes b, uint64_t off)
{
	checkopen();
	if(mode == Qcow2::Readonly)
		error(Erofs);
	if(off > h.size || b.size() > h.size - off)
		error("end of device");
	if(!prepared.load(std::memory_order_acquire))
		prepare();
	Epochs::Guard g(ep);
	for(size_t n = 0; n < b.size();) {
		Extent x = at(off + n, b.size() - n, Use::Writing);
		if(x.kind == Extent::Data) {
			st.write(b.subspan(n, size_t(x.len)), x.where);
			n += size_t(x.len);
		} else
			n += place(b.subspan(n), off + n);
	}
}

// Before the first write: the bits that say that extensions (bitmaps, say) match the
// data go, durably.
void
Image::prepare()
{
	std::scoped_lock l(*lk);
	if(prepared.load())
		return;
	if(h.autoclear != 0) {
		st.write(std::vector<std::byte>(8), Autoclear);
		st.flush();
	}
	prepared.store(true, std::memory_order_release);
}

// Notes which clusters hold tables, so that no guest data is ever written there.
// L2 tables that share a cluster are never written; refcount blocks that do make the
// image unusable for writing.
void
Image::claim()
{
	auto range = [&](uint64_t off, uint64_t len) {
		for(uint64_t c = off >> h.clusterbits; c << h.clusterbits < off + len;
		    c++)
			refs->addmeta(c);
	};
	range(0, csize);
	range(h.l1off, uint64_t(h.l1size) * 8);
	range(h.reftaboff, uint64_t(h.reftabclusters) * csize);
	claimsnapshots();
	for(uint64_t off : refs->blockoffsets())
		if(off && !refs->addmeta(off >> h.clusterbits))
			corrupt("refcount block in another table", off);
	for(uint64_t i = 0; i < maps.l1size(); i++) {
		uint64_t c = (maps.l1entry(i) & Offmask) >> h.clusterbits;
		if(c && !refs->addmeta(c))
			twice.insert(c);
	}
}

// The snapshot table and the L1 tables that it names.
void
Image::claimsnapshots()
{
	uint64_t off = h.snapoff, fileend = st.size();
	uint64_t budget = 4 * (fileend >> h.clusterbits) + Maxsnap;
	auto range = [&](uint64_t from, uint64_t len) {
		for(uint64_t c = from >> h.clusterbits; c << h.clusterbits < from + len;
		    c++) {
			if(budget-- == 0)
				corrupt("snapshot table", h.snapoff);
			refs->addmeta(c);
		}
	};
	for(uint32_t i = 0; i < h.nsnap; i++) {
		std::byte e[40];
		if(st.read(e, off) != sizeof e)
			corrupt("snapshot table", off);
		uint64_t l1 = getbe<uint64_t>(e);
		uint64_t len = uint64_t(getbe<uint32_t>(e + 8)) * 8;
		if(l1 & (csize - 1) || len > Maxl1 || l1 > fileend || len > fileend - l1)
			corrupt("snapshot's L1 table", off);
		range(l1, len);
		uint64_t n = sizeof e + getbe<uint32_t>(e + 36) +
			     getbe<uint16_t>(e + 12) + getbe<uint16_t>(e + 14);
		range(off, n);
		off += (n + 7) & ~7ull;
	}
}

// Writes a first part of b at off, where clusters may be missing or not ours to
// write, and answers its length; 0 when another has placed them meanwhile.
size_t
Image::place(Bytes b, uint64_t off)
{
	std::scoped_lock l(*lk);
	reclaim();
	if(maps.full() || pending.size() > Maxpending)
		writetables();
	uint64_t ci = off >> h.clusterbits;
	uint64_t in = off & (csize - 1);
	L2& t = table(ci >> h.l2bits());
	size_t j = ci & (t.e.size() - 1);
	uint64_t e = t.e[j].load();
	switch(kindof(e, off - in)) {
	case Entry::None:
	case Entry::Zeros:
		return fill(t, j, b, in);
	case Entry::Data:
		return e & Copied ? 0 : copy(t, j, b, in);
	case Entry::Zeroalloc:
		return e & Copied ? reuse(t, j, b, in) : copy(t, j, b, in);
	case Entry::Packed:
		return copy(t, j, b, in);
	}
	return 0;
}

// Gives a new table's cluster its room in the file now: on a full disk this write is
// refused, where a sync that fails later would lose those that were answered.
void
Image::occupy(uint64_t cluster)
{
	st.write(std::vector<std::byte>(csize), cluster << h.clusterbits);
}

// L2 table i, made when there is none, in a cluster that is ours alone.
L2&
Image::table(uint64_t i)
{
	L2* t = maps.hold(i);
	if(!t) {
		Taken c(*refs, 1);
		occupy(c.run.first);
		t = &maps.make(i, c.run);
		c.keep();
		refs->addmeta(c.run.first);
		return *t;
	}
	if(t->own.load())
		return *t;
	vet(*t);
	uint64_t e = maps.l1entry(i);
	if(!(e & Copied)) {
		Taken c(*refs, 1);
		occupy(c.run.first);
		maps.move(*t, c.run);
		c.keep();
		refs->addmeta(c.run.first);
		pending.push_back((e & Offmask) >> h.clusterbits);
	}
	t->own.store(true, std::memory_order_release);
	return *t;
}

// COPIED is believed only where the counts agree: QEMU leaves stale flags behind when
// it dies while it goes back to a snapshot.
void
Image::vet(L2& t)
{
	uint64_t e = maps.l1entry(t.idx);
	uint64_t c = (e & Offmask) >> h.clusterbits;
	uint64_t count = refs->get(c);
	if(count == 0 || twice.count(c))
		corrupt("L2 table that is not its own", e & Offmask);
	if(count != 1)
		maps.clearcopied(t.idx);
	for(auto& x : t.e) {
		uint64_t v = x.load();
		if(v & Copied && v & Offmask && !(v & Compressed) && !safe(v & Offmask))
			x.store(v & ~Copied);
	}
}

// The cluster at byte host of the file is used once, and for data.
bool
Image::safe(uint64_t host)
{
	uint64_t c = host >> h.clusterbits;
	return (host & (csize - 1)) == 0 && refs->get(c) == 1 && !refs->ismeta(c);
}

// Clusters without data from j on get new ones, as many as lie together.
size_t
Image::fill(L2& t, size_t j, Bytes b, uint64_t in)
{
	uint64_t want = std::min<uint64_t>((in + b.size() + csize - 1) >> h.clusterbits,
					   t.e.size() - j);
	uint64_t k = 1;
	while(k < want && (t.e[j + k].load() & ~Zero) == 0)
		k++;
	Taken c(*refs, k);
	uint64_t host = c.run.first << h.clusterbits;
	uint64_t room = c.run.n << h.clusterbits;
	b = b.first(size_t(std::min<uint64_t>(b.size(), room - in)));
	if(c.run.fresh)
		st.write(b, host + in);
	else
		padded(host, room, b, in);
	c.keep();
	for(uint64_t i = 0; i < c.run.n; i++)
		maps.set(t, j + i, (host + (i << h.clusterbits)) | Copied);
	return b.size();
}

// A zero cluster that has a place already.
size_t
Image::reuse(L2& t, size_t j, Bytes b, uint64_t in)
{
	uint64_t host = t.e[j].load() & Offmask;
	b = b.first(size_t(std::min<uint64_t>(b.size(), csize - in)));
	padded(host, csize, b, in);
	maps.set(t, j, host | Copied);
	return b.size();
}

// Writes b at byte in of the room at host, and zeros around it.
void
Image::padded(uint64_t host, uint64_t room, Bytes b, uint64_t in)
{
	datawaits = true;
	zeros(host, in);
	st.write(b, host + in);
	zeros(host + in + b.size(), room - in - b.size());
}

void
Image::zeros(uint64_t off, uint64_t n)
{
	if(n == 0)
		return;
	std::vector<std::byte> z(std::min<uint64_t>(n, Zeropiece));
	for(uint64_t k = 0; n > 0; off += k, n -= k) {
		k = std::min<uint64_t>(n, z.size());
		st.write(Bytes(z).first(k), off);
	}
}

// A cluster that is shared or compressed: a new one with its bytes and b's.
size_t
Image::copy(L2& t, size_t j, Bytes b, uint64_t in)
{
	uint64_t e = t.e[j].load();
	std::vector<uint64_t> gone = clusters(e, guestoff(t, j));
	b = b.first(size_t(std::min<uint64_t>(b.size(), csize - in)));
	Taken c(*refs, 1);
	uint64_t host = c.run.first << h.clusterbits;
	if(b.size() == csize)
		st.write(b, host);
	else {
		std::vector<std::byte> buf(csize);
		old(e, guestoff(t, j), buf);
		std::memcpy(&buf[in], b.data(), b.size());
		st.write(buf, host);
	}
	datawaits = true;
	c.keep();
	maps.set(t, j, host | Copied);
	pending.insert(pending.end(), gone.begin(), gone.end());
	return b.size();
}

// The cluster as entry e of the guest's cluster at off has it; buf is zeros.
void
Image::old(uint64_t e, uint64_t off, Buf buf)
{
	switch(kindof(e, off)) {
	case Entry::Packed:
		decoder.read(e, 0, buf);
		break;
	case Entry::Data:
		st.read(buf, e & Offmask);
		break;
	default:
		break;
	}
}

// The host clusters that e refers to.  Errors: one of them is not counted, or holds a
// table.
std::vector<uint64_t>
Image::clusters(uint64_t e, uint64_t off)
{
	Packed p{e & Offmask, csize};
	if(e & Compressed)
		p = unpackentry(e, h.clusterbits);
	std::vector<uint64_t> v;
	for(uint64_t c = p.off >> h.clusterbits; c << h.clusterbits < p.off + p.len;
	    c++) {
		if(refs->get(c) == 0 || refs->ismeta(c))
			corrupt("cluster that is not the disk's own", off);
		v.push_back(c);
	}
	return v;
}
}
