// disk/mbr: the machine code in the first sector of a PC's disk.  prep(8).

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/disk/bootcode.h"
#include "cmd/disk/disk.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

constexpr size_t Sector = 512;	// whatever the disk's are: the BIOS reads so much

// The code, at least a sector long and a whole number of them.
std::string
bootcode(const Cmdline& a, const std::string& file, size_t track)
{
	if(file.empty()) {
		std::string s(Nobootcode);
		s.resize(Sector);
		return s;
	}
	std::string s;
	try {
		Fd fd = open(file, OREAD);
		s.resize((track + 1) * Sector);
		s.resize(readn(fd, std::as_writable_bytes(std::span(s))));
	} catch(const Error& e) {
		a.fatal(e.text());
	}
	if(s.size() > track * Sector)
		a.fatal("master boot record too large: more than " +
			std::to_string(track * Sector) + " bytes");
	s.resize(std::max((s.size() + Sector - 1) / Sector, size_t(1)) * Sector);
	return s;
}

// One Plan 9 partition over all but the first track.
Mbrbytes
wholedisk(const Disk& d)
{
	uint64_t start = uint64_t(d.geo.s);
	uint64_t end = std::min(uint64_t(d.secs), start + UINT32_MAX);
	return packmbr({mbrentry(d.geo, {.active = Mbractive}, Mbrplan9, 0, start, end)});
}

void
install(Cmdline& a, const std::string& file, bool plan9)
{
	Disk disk(a.rest()[0], {});
	if(disk.secsize != int64_t(Sector))
		a.warn("sector size " + std::to_string(disk.secsize) +
		       " not 512, should be okay");
	std::string s = bootcode(a, file, size_t(disk.geo.s));
	Buf b = std::as_writable_bytes(std::span(s));
	disk.readall(b.subspan(Mbroffset, Mbrsize), Mbroffset);
	if(plan9)
		std::ranges::copy(wholedisk(disk), b.begin() + Mbroffset);
	b[Sector - 2] = std::byte{0x55};
	b[Sector - 1] = std::byte{0xAA};
	if(b.size() > disk.size())
		a.fatal("disk smaller than the master boot record");
	disk.write(b, 0);
}
}

void
mbr(Argv argv)
{
	Cmdline a(argv, "[-9] [-m mbrfile] disk");
	std::string file;
	bool plan9 = false;
	while(char32_t f = a.flag())
		switch(f) {
		case '9': plan9 = true; break;
		case 'm': file = a.earg(); break;
		default: a.usage();
		}
	if(a.argc() != 1)
		a.usage();
	try {
		install(a, file, plan9);
	} catch(const Error& e) {
		a.fatal(a.rest()[0] + ": " + e.text());
	}
}
}
