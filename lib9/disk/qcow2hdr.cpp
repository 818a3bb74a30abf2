// Offsets in the header (big endian): magic 0, version 4, backing file 8 and 16,
// cluster_bits 20, size 24, crypt_method 32, l1_size 36, l1_table_offset 40,
// refcount_table_offset 48, refcount_table_clusters 56, nb_snapshots 60,
// snapshots_offset 64; from version 3 on incompatible 72, compatible 80 and
// autoclear_features 88, refcount_order 96, header_length 100, compression_type 104.

#include "lib9/disk/qcow2hdr.h"

#include <algorithm>
#include <fmt/core.h>

#include "lib9/error.h"

namespace p9::qcow2 {

namespace {

enum : uint32_t {
	Magic = 0x514649fb,
	Featurenames = 0x6803f857,
	V2len = 72,
	V3len = 104,
};

uint64_t
ceildiv(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

[[noreturn]] void
unsupported(std::string_view what)
{
	error(fmt::format("unsupported {}", what));
}

// The name that the image itself gives to an incompatible feature, from the table
// of 48-byte rows (type, bit, name) in its header extensions.
std::string
featurename(Bytes head, uint64_t ext, unsigned bit)
{
	for(uint64_t p = ext; p + 8 <= head.size();) {
		uint32_t type = getbe<uint32_t>(&head[p]);
		uint64_t len = getbe<uint32_t>(&head[p + 4]);
		p += 8;
		if(type == 0 || len > head.size() - p)
			break;
		for(uint64_t r = p; type == Featurenames && r + 48 <= p + len; r += 48) {
			if(head[r] != std::byte(0) || head[r + 1] != std::byte(bit))
				continue;
			const char* s = reinterpret_cast<const char*>(&head[r + 2]);
			std::string name(s, std::find(s, s + 46, '\0'));
			for(char& c : name)
				if(c < ' ' || c > '~')
					c = '?';
			return name;
		}
		p += (len + 7) & ~7ull;
	}
	return fmt::format("incompatible feature bit {}", bit);
}

void
checkfeatures(const Header& h, Bytes head, uint64_t ext)
{
	if(h.incompat & Fdatafile)
		unsupported("external data file");
	if(h.incompat & Fextl2)
		unsupported("extended L2 entries");
	const uint64_t known = Fdirty | Fcorrupt | Fdatafile | Fcompression | Fextl2;
	for(unsigned b = 0; b < 64; b++)
		if(h.incompat & ~known & 1ull << b)
			unsupported("feature: " + featurename(head, ext, b));
}

// What version 3 added.
void
readv3(Header& h, Bytes head)
{
	if(head.size() < V3len)
		error("short read on header");
	h.incompat = getbe<uint64_t>(&head[72]);
	h.compat = getbe<uint64_t>(&head[80]);
	h.autoclear = getbe<uint64_t>(&head[88]);
	h.reforder = getbe<uint32_t>(&head[96]);
	uint32_t len = getbe<uint32_t>(&head[100]);
	if(h.reforder > 6)
		unsupported(fmt::format("refcount size {}", h.reforder));
	if(len < V3len || len % 8 != 0 || len > h.csize())
		corrupt("header length", 100);
	checkfeatures(h, head, len);
	uint8_t codec = len > V3len && head.size() > 104 ? uint8_t(head[104]) : 0;
	if((codec != 0) != bool(h.incompat & Fcompression))
		corrupt("compression type", 104);
	if(codec > 1)
		unsupported(fmt::format("compression type {}", codec));
	h.codec = Codec(codec);
}

void
checkbacking(Bytes head)
{
	uint64_t off = getbe<uint64_t>(&head[8]);
	uint64_t len = getbe<uint32_t>(&head[16]);
	if(off == 0)
		return;
	if(off > head.size() || len > std::min<uint64_t>(1023, head.size() - off))
		corrupt("backing file name", 8);
	std::string name(reinterpret_cast<const char*>(head.data() + off), len);
	unsupported(fmt::format("backing file '{}'", name));
}

void
checkcrypt(uint32_t method)
{
	switch(method) {
	case 0:
		return;
	case 1:
		unsupported("encryption AES");
	case 2:
		unsupported("encryption LUKS");
	}
	unsupported(fmt::format("encryption method {}", method));
}

// The tables lie in the file, on cluster boundaries, and are large enough.
void
checktables(const Header& h, uint64_t filesize)
{
	uint64_t mask = h.csize() - 1;
	uint64_t l1len = uint64_t(h.l1size) * 8;
	if(l1len > Maxl1 || h.l1size < h.l1need())
		corrupt("L1 table size", 36);
	if(h.l1off & mask || (l1len && h.l1off == 0) || h.l1off > filesize ||
	   l1len > filesize - h.l1off)
		corrupt("L1 table offset", 40);
	uint64_t reflen = uint64_t(h.reftabclusters) << h.clusterbits;
	if(reflen == 0 || reflen > Maxreftable)
		corrupt("refcount table size", 56);
	if(h.reftaboff & mask || h.reftaboff == 0 || h.reftaboff >= Maxhost)
		corrupt("refcount table offset", 48);
	if(h.nsnap > Maxsnap)
		corrupt("number of snapshots", 60);
	if(h.nsnap && (h.snapoff & mask || h.snapoff >= filesize))
		corrupt("snapshot table offset", 64);
}
}

uint64_t
Header::l1need() const
{
	return ceildiv(ceildiv(size, csize()), 1ull << l2bits());
}

void
corrupt(std::string_view what, uint64_t off)
{
	error(fmt::format("corrupt image: {} at {:#x}", what, off));
}

Header
readheader(Store& st)
{
	std::vector<std::byte> buf(V3len + 8);
	size_t n = st.read(buf, 0);
	if(n < V2len)
		error("short read on header");
	if(getbe<uint32_t>(&buf[0]) != Magic)
		error("invalid magic");
	Header h;
	h.version = getbe<uint32_t>(&buf[4]);
	if(h.version != 2 && h.version != 3)
		error(fmt::format("unsupported version: {}", h.version));
	h.clusterbits = getbe<uint32_t>(&buf[20]);
	if(h.clusterbits < 9 || h.clusterbits > 21)
		unsupported(fmt::format("cluster size 2^{}", h.clusterbits));

	std::vector<std::byte> head(h.csize());
	head.resize(st.read(head, 0));
	if(head.size() < V2len)
		error("short read on header");
	h.size = getbe<uint64_t>(&head[24]) & ~511ull;
	if(h.size > Maxhost << 7)
		corrupt("disk size", 24);
	h.l1size = getbe<uint32_t>(&head[36]);
	h.l1off = getbe<uint64_t>(&head[40]);
	h.reftaboff = getbe<uint64_t>(&head[48]);
	h.reftabclusters = getbe<uint32_t>(&head[56]);
	h.nsnap = getbe<uint32_t>(&head[60]);
	h.snapoff = getbe<uint64_t>(&head[64]);
	if(h.version == 3)
		readv3(h, head);
	checkcrypt(getbe<uint32_t>(&head[32]));
	checkbacking(head);
	checktables(h, st.size());
	return h;
}

void
checkwritable(const Header& h, uint64_t filesize)
{
	if(h.incompat & Fcorrupt)
		error("image is marked corrupt: it may only be read");
	if(h.incompat & Fdirty)
		error("image is dirty: it may only be read until qemu-img check -r all");
	if(h.reftaboff > filesize ||
	   uint64_t(h.reftabclusters) << h.clusterbits > filesize - h.reftaboff)
		corrupt("refcount table offset", 48);
}

// The first clusters are counted by as many blocks as they need, which count
// themselves; the table has room for what the full image will have.
void
format(Store& st, uint64_t size, unsigned clusterbits)
{
	if(clusterbits < 9 || clusterbits > 21)
		unsupported(fmt::format("cluster size 2^{}", clusterbits));
	if(size > Maxhost)
		error("image too large");
	Header h;
	h.clusterbits = clusterbits;
	h.size = (size + 511) & ~511ull;
	const uint64_t c = h.csize();
	if(h.l1need() > Maxl1 / 8)
		error("image too large for this cluster size");
	h.l1size = uint32_t(h.l1need());
	h.l1off = c;

	uint64_t data = ceildiv(h.size, c);
	uint64_t l1clusters = ceildiv(uint64_t(h.l1size) * 8, c);
	uint64_t meta = 1 + l1clusters + h.l1size;
	uint64_t blocks = ceildiv(data + meta, 1ull << h.refbits());
	blocks += ceildiv(blocks, 1ull << h.refbits()) + 1;
	h.reftabclusters = uint32_t(std::max<uint64_t>(1, ceildiv(blocks * 8, c)));
	if(uint64_t(h.reftabclusters) * c > Maxreftable)
		h.reftabclusters = uint32_t(Maxreftable / c);	// it never fills the disk
	h.reftaboff = c * (1 + l1clusters);

	uint64_t blk = 1 + l1clusters + h.reftabclusters;
	uint64_t nblk = 1;
	while(nblk << h.refbits() < blk + nblk)
		nblk++;
	std::vector<std::byte> counts(nblk * c), table(h.reftabclusters * c), head(V3len);
	for(uint64_t i = 0; i < blk + nblk; i++)
		putbe<uint16_t>(&counts[i * 2], 1);
	for(uint64_t i = 0; i < nblk; i++)
		putbe<uint64_t>(&table[i * 8], (blk + i) * c);
	putbe<uint32_t>(&head[0], Magic);
	putbe<uint32_t>(&head[4], h.version);
	putbe<uint32_t>(&head[20], h.clusterbits);
	putbe<uint64_t>(&head[24], h.size);
	putbe<uint32_t>(&head[36], h.l1size);
	putbe<uint64_t>(&head[40], h.l1off);
	putbe<uint64_t>(&head[48], h.reftaboff);
	putbe<uint32_t>(&head[56], h.reftabclusters);
	putbe<uint32_t>(&head[96], h.reforder);
	putbe<uint32_t>(&head[100], V3len);

	st.truncate(0);
	st.truncate((blk + nblk) * c);
	// The table of level 1 too: what a full disk would refuse is refused now.
	st.write(std::vector<std::byte>(l1clusters * c), h.l1off);
	st.write(counts, blk * c);
	st.write(table, h.reftaboff);
	st.flush();	// a header is seen only with its tables
	st.write(head, 0);
	st.flush();
}
}
