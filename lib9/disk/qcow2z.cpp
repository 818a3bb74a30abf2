#include "lib9/disk/qcow2z.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <zlib.h>
#include <zstd.h>

#include "lib9/error.h"

namespace p9::qcow2 {

namespace {

enum : int {
	Maxwindow = 24,	// what an image may make us allocate for zstd, as a power of two
};

// Raw deflate with a window of 4 KiB.  True when it gave all of out.
bool
inflateraw(Bytes in, Buf out)
{
	z_stream z{};
	if(inflateInit2(&z, -12) != Z_OK)
		error(Enomem);
	z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
	z.avail_in = uInt(in.size());
	z.next_out = reinterpret_cast<Bytef*>(out.data());
	z.avail_out = uInt(out.size());
	int r = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return z.avail_out == 0 && (r == Z_STREAM_END || r == Z_BUF_ERROR || r == Z_OK);
}

// One frame or several.
bool
unzstd(Bytes in, Buf out)
{
	std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> z(ZSTD_createDStream(),
								   ZSTD_freeDStream);
	if(!z)
		error(Enomem);
	ZSTD_DCtx_setParameter(z.get(), ZSTD_d_windowLogMax, Maxwindow);
	ZSTD_inBuffer ib{in.data(), in.size(), 0};
	ZSTD_outBuffer ob{out.data(), out.size(), 0};
	while(ob.pos < ob.size) {
		size_t was = ib.pos + ob.pos;
		size_t r = ZSTD_decompressStream(z.get(), &ob, &ib);
		if(ZSTD_isError(r) || ib.pos + ob.pos == was)
			return false;
	}
	return true;
}
}

Packed
unpackentry(uint64_t entry, unsigned clusterbits)
{
	unsigned x = 62 - (clusterbits - 8);
	uint64_t off = entry & ((1ull << x) - 1);
	uint64_t sectors = (entry & (Compressed - 1)) >> x;
	return {off, (sectors + 1) * 512 - (off & 511)};
}

Decoder::Decoder(Store& s, Sync& sy, const Header& head) : st(s), h(head), lk(sy.mutex())
{
}

Ref<Decoder::Cluster>
Decoder::cached(uint64_t entry)
{
	std::scoped_lock l(*lk);
	for(Slot& s : slots)
		if(s.entry == entry) {
			s.when = ++clock;
			return s.c;
		}
	return {};
}

// In the place of the one that was not used for longest.
void
Decoder::keep(uint64_t entry, Ref<Cluster> c)
{
	std::scoped_lock l(*lk);
	Slot* old = &slots[0];
	for(Slot& s : slots)
		if(s.when < old->when)
			old = &s;
	old->entry = entry;
	old->when = ++clock;
	std::swap(old->c, c);
}

Ref<Decoder::Cluster>
Decoder::decode(uint64_t entry)
{
	Packed p = unpackentry(entry, h.clusterbits);
	std::vector<std::byte> in(p.len);
	in.resize(st.read(in, p.off));
	auto c = mk<Cluster>();
	c->data.resize(h.csize());
	bool ok = h.codec == Codec::Zstd ? unzstd(in, c->data) : inflateraw(in, c->data);
	if(!ok)
		corrupt("compressed cluster", p.off);
	return c;
}

void
Decoder::read(uint64_t entry, uint64_t in, Buf b)
{
	Ref<Cluster> c = cached(entry);
	if(!c) {
		c = decode(entry);
		keep(entry, c);
	}
	std::memcpy(b.data(), &c->data[in], b.size());
}
}
