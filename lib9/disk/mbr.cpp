#include "lib9/disk/mbr.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib9/endian.h"
#include "lib9/error.h"

namespace p9 {

namespace {

constexpr size_t Entrysize = 16;
constexpr size_t Maxtables = 128;	// of one disk; the rest is not read
constexpr uint64_t Maxlba = UINT32_MAX;

Mbrentry
unpackentry(const std::byte* p)
{
	Mbrentry e;
	auto byte = [p](size_t i) { return uint8_t(p[i]); };
	e.active = byte(0);
	e.first = {byte(1), byte(2), byte(3)};
	e.type = byte(4);
	e.last = {byte(5), byte(6), byte(7)};
	e.lba = getle<uint32_t>(p + 8);
	e.size = getle<uint32_t>(p + 12);
	return e;
}

void
packentry(const Mbrentry& e, std::byte* p)
{
	p[0] = std::byte(e.active);
	p[4] = std::byte(e.type);
	for(size_t i = 0; i < 3; i++) {
		p[1 + i] = std::byte(e.first[i]);
		p[5 + i] = std::byte(e.last[i]);
	}
	putle(p + 8, e.lba);
	putle(p + 12, e.size);
}
}

bool
Mbrentry::isextended() const
{
	return type == Mbrextended || type == Mbrexthuge || type == Mbrlinuxext;
}

Chs
tochs(const Geometry& g, uint64_t lba)
{
	uint64_t s = lba % uint64_t(g.s);
	uint64_t h = lba / uint64_t(g.s) % uint64_t(g.h);
	uint64_t c = lba / uint64_t(g.cylinder());
	if(c > 1023) {
		c = 1023;
		h = uint64_t(g.h) - 1;
		s = uint64_t(g.s) - 1;
	}
	return {uint8_t(h), uint8_t(((s + 1) & 0x3F) | (c >> 2 & 0xC0)), uint8_t(c)};
}

std::optional<Mbrtable>
unpackmbr(std::span<const std::byte, Mbrsize> b)
{
	if(b[Mbrsize - 2] != std::byte{0x55} || b[Mbrsize - 1] != std::byte{0xAA})
		return {};
	Mbrtable t;
	for(size_t i = 0; i < t.size(); i++)
		t[i] = unpackentry(b.data() + i * Entrysize);
	return t;
}

Mbrbytes
packmbr(const Mbrtable& t)
{
	Mbrbytes b{};
	for(size_t i = 0; i < t.size(); i++)
		packentry(t[i], b.data() + i * Entrysize);
	b[Mbrsize - 2] = std::byte{0x55};
	b[Mbrsize - 1] = std::byte{0xAA};
	return b;
}

Mbrentry
mbrentry(const Geometry& g, Mbrentry old, uint8_t type, uint64_t base, uint64_t start,
	 uint64_t end)
{
	if(start < base || end <= start)
		error("bad partition boundaries");
	if(start - base > Maxlba || end - start > Maxlba)
		error("partition too large for the table");
	old.type = type;
	old.first = tochs(g, start);
	old.last = tochs(g, end - 1);
	old.lba = uint32_t(start - base);
	old.size = uint32_t(end - start);
	return old;
}

std::span<const Mbrtype>
mbrtypes()
{
	static constexpr Mbrtype tab[] = {
		{0x00, "EMPTY", ""},
		{0x01, "FAT12", "dos"},
		{0x02, "XENIX", "xenix"},
		{0x03, "XENIX USR", "xenixusr"},
		{0x04, "FAT16", "dos"},
		{0x05, "EXTENDED", ""},
		{0x06, "FATHUGE", "dos"},
		{0x07, "HPFS", "ntfs"},
		{0x08, "AIXBOOT", "aixboot"},
		{0x09, "AIXDATA", "aixdata"},
		{0x0A, "OS/2BOOT", "os2boot"},
		{0x0B, "FAT32", "dos"},
		{0x0C, "FAT32LBA", "dos"},
		{0x0E, "FAT16X", "dos"},
		{0x0F, "EXTHUGE", ""},
		{0x16, "UNFORMATTED", ""},
		{0x17, "HPFS2", "hpfs2"},
		{0x1C, "IBMRECOVERY", "ibm"},
		{0x39, "PLAN9", "plan9"},
		{0x52, "CPM0", "cpm0"},
		{0x54, "DMDDO", "dmdd0"},
		{0x56, "GB", "gb"},
		{0x61, "SPEEDSTOR", "speedstor"},
		{0x63, "SYSV386", "sysv386"},
		{0x64, "NETWARE", "netware"},
		{0x75, "PCIX", "pcix"},
		{0x80, "MINIXV1.3", "minix13"},
		{0x81, "MINIXV1.5", "minix15"},
		{0x82, "LINUXSWAP", "linuxswap"},
		{0x83, "LINUX", "linux"},
		{0x85, "LINUXEXTENDED", ""},
		{0x8E, "LINUXLVM", "linuxlvm"},
		{0x93, "AMOEBA", "amoeba"},
		{0x94, "AMOEBABB", "amoebaboot"},
		{0xA5, "BSD386", "bsd386"},
		{0xA6, "OPENBSD", "openbsd"},
		{0xA9, "NETBSD", "netbsd"},
		{0xB7, "BSDI", "bsdi"},
		{0xB8, "BSDISWAP", "bsdiswap"},
		{0xDA, "OTHER", "other"},
		{0xDB, "CPM", "cpm"},
		{0xDE, "DELLRECOVERY", "dell"},
		{0xE1, "SPEEDSTOR12", "speedstor"},
		{0xE4, "SPEEDSTOR16", "speedstor"},
		{0xEE, "GPT", ""},
		{0xEF, "ESP", "esp"},
		{0xFE, "LANSTEP", "lanstep"},
		{0xFF, "BB", "bb"},
	};
	return tab;
}

const Mbrtype*
mbrtype(uint8_t type)
{
	auto tab = mbrtypes();
	auto i = std::ranges::lower_bound(tab, type, {}, &Mbrtype::type);
	return i != tab.end() && i->type == type ? &*i : nullptr;
}

std::optional<Geometry>
partgeometry(const Mbrtable& t, int64_t secs)
{
	std::optional<Geometry> g;
	for(const Mbrentry& e : t) {
		if(e.type == Mbrempty)
			continue;
		int64_t h = e.last[0] + 1;	// heads count from 0, sectors from 1
		int64_t s = e.last[1] & 0x3F;
		if(g && (g->h != h || g->s != s))
			return {};
		g = {0, h, s};
	}
	if(!g || g->s == 0)
		return {};
	g->c = secs / g->cylinder();
	return g;
}

std::optional<Geometry>
drivergeometry(Geometry g, int64_t secs)
{
	if(g.c <= 0 || g.h <= 0 || g.s <= 0 || g.h > 256 || g.s > 63)
		return {};
	if(g.c < 1024)
		return g;
	if(g.h == 15)
		return Geometry{g.c / 17, 255, g.s};
	for(int64_t m = 2; m * g.h < 256; m *= 2)
		if(g.c / m < 1024)
			return Geometry{g.c / m, g.h * m, g.s};
	return Geometry{secs / (255 * 63), 255, 63};
}

Geometry
guessgeometry(int64_t secs)
{
	constexpr Geometry usual[] = {
		{0, 64, 32}, {0, 64, 63}, {0, 128, 63}, {0, 255, 63}};
	Geometry g = usual[3];
	for(const Geometry& u : usual)
		if(1024 * u.cylinder() >= secs) {
			g = u;
			break;
		}
	g.c = secs / g.cylinder();
	return g;
}

namespace {

// Follows the chains of a disk.
class Mbrreader {
	Store& st;
	const int64_t secsize;
	const uint64_t secs;
	std::set<uint64_t> seen;
	Mbrchain& m;

	void fault(uint64_t sector, std::string_view why)
	{
		m.faults.push_back(fmt::format("partition table at sector {}: {}",
					       sector, why));
	}
	std::optional<Mbrtable> gettable(uint64_t sector);

public:
	Mbrreader(Store& s, int64_t size, int64_t n, Mbrchain& into)
		: st(s), secsize(size), secs(uint64_t(n)), m(into)
	{
	}
	void table(uint64_t xbase, uint64_t ebrstart, uint8_t ebrtype);
};

std::optional<Mbrtable>
Mbrreader::gettable(uint64_t sector)
{
	if(sector > 0 && sector >= secs) {
		fault(sector, "beyond the end of the disk");
		return {};
	}
	if(!seen.insert(sector).second) {
		fault(sector, "the chain of tables is a loop");
		return {};
	}
	if(seen.size() > Maxtables) {
		fault(sector, "too many tables");
		return {};
	}
	Mbrat at{sector, {}};
	if(st.read(at.bytes, sector * uint64_t(secsize) + Mbroffset) != Mbrsize)
		error("short read");
	m.tables.push_back(at);
	return unpackmbr(at.bytes);
}

// Entries of a chain's tables are relative to the table, but for those that lead on: they
// are relative to the first table of the chain.
void
Mbrreader::table(uint64_t xbase, uint64_t ebrstart, uint8_t ebrtype)
{
	std::optional<Mbrtable> t = gettable(ebrstart);
	if(!t)
		return;
	for(const Mbrentry& e : *t) {
		if(e.type == Mbrempty)
			continue;
		if(e.type == Mbrgpt) {
			m.gpt = true;
			return;
		}
		if(e.isextended()) {
			uint64_t next = xbase + e.lba;
			table(xbase ? xbase : next, next, e.type);
		} else {
			uint64_t start = ebrstart + e.lba;
			m.parts.push_back({e, start, start + e.size, ebrstart, ebrtype});
		}
	}
}
}

// The recursion is as deep as Maxtables.
Mbrchain
readmbr(Store& st, int64_t secsize, int64_t secs)
{
	Mbrchain m;
	Mbrreader(st, secsize, secs, m).table(0, 0, 0);
	return m;
}

uint8_t
extendedtype(const Geometry& g, uint64_t end)
{
	return end >= 1024 * uint64_t(g.cylinder()) ? Mbrexthuge : Mbrextended;
}

namespace {

// A run of partitions that lie in one extended partition, which reaches up to end.
void
layoutrun(std::span<const Mbrpart> run, const Geometry& g, uint64_t end, bool last,
	  std::vector<Mbrat>& out)
{
	uint64_t xbase = run[0].ebrstart;
	std::vector<Mbrat> tables;
	for(size_t i = 0; i < run.size(); i++) {
		const Mbrpart& p = run[i];
		bool more = i + 1 < run.size();
		uint64_t next = more ? run[i + 1].ebrstart : last ? p.end : end;
		if(p.ebrstart >= p.start || p.end > next || next > end)
			error("partitions overlap or leave the extended partition");
		Mbrtable t;
		t[0] = mbrentry(g, p.entry, p.entry.type, p.ebrstart, p.start, p.end);
		if(next != end) {
			uint8_t type = more ? run[i + 1].ebrtype : extendedtype(g, end);
			t[1] = mbrentry(g, {}, type, xbase, next, end);
		}
		tables.push_back({p.ebrstart, packmbr(t)});
		if(!more && next != end)
			tables.push_back({next, packmbr({})});
	}
	out.insert(out.end(), tables.rbegin(), tables.rend());
}
}

std::vector<Mbrat>
layoutmbr(std::span<const Mbrpart> parts, const Geometry& g, uint64_t secs)
{
	std::vector<Mbrat> out;
	Mbrtable first;
	size_t n = 0;
	for(size_t i = 0; i < parts.size(); n++) {
		if(n == first.size())
			error("more than four primary partitions");
		const Mbrpart& p = parts[i];
		if(p.isprimary()) {
			first[n] = mbrentry(g, p.entry, p.entry.type, 0, p.start, p.end);
			i++;
			continue;
		}
		size_t j = i;
		while(j < parts.size() && !parts[j].isprimary())
			j++;
		bool last = j == parts.size();
		uint64_t end = last ? secs : parts[j].start;
		end = std::min(end, p.ebrstart + Maxlba);
		first[n] = mbrentry(g, {}, p.ebrtype, 0, p.ebrstart, end);
		layoutrun(parts.subspan(i, j - i), g, end, last, out);
		i = j;
	}
	out.push_back({0, packmbr(first)});
	return out;
}
}
