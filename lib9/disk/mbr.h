// The partition table of PCs: four entries at byte 446 of the disk's first sector,
// 55 AA behind them, and chains of such tables for extended partitions.  What comes from
// a disk is believed in nothing: chains may loop and lead anywhere.  See prep(8).

#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib9/disk/store.h"

namespace p9 {

enum : uint8_t {
	Mbractive = 0x80,	// in Mbrentry::active

	Mbrempty = 0x00,
	Mbrextended = 0x05,
	Mbrexthuge = 0x0F,
	Mbrplan9 = 0x39,
	Mbrlinuxext = 0x85,
	Mbrgpt = 0xEE,
};

enum : size_t { Mbroffset = 446, Mbrsize = 66 };	// of a table in its sector

// What the BIOS believes about a disk.
struct Geometry {
	int64_t c = 0;
	int64_t h = 0;
	int64_t s = 0;

	int64_t cylinder() const { return h * s; }	// in sectors
};

using Chs = std::array<uint8_t, 3>; // head, sector with the high bits of c, low bits of c

// The place of sector lba; what lies behind cylinder 1023 is the last that can be said.
Chs tochs(const Geometry& g, uint64_t lba);

struct Mbrentry {
	uint8_t active = 0;
	uint8_t type = Mbrempty;
	Chs first{};
	Chs last{};
	uint32_t lba = 0;	// relative, in extended partitions
	uint32_t size = 0;

	bool isextended() const;
};

using Mbrtable = std::array<Mbrentry, 4>;
using Mbrbytes = std::array<std::byte, Mbrsize>;

// The table in the Mbrsize bytes b; nothing without 55 AA at their end.
std::optional<Mbrtable> unpackmbr(std::span<const std::byte, Mbrsize> b);
Mbrbytes packmbr(const Mbrtable&);

// An entry for the sectors from start up to end, with lba relative to base.  Error when
// they are more than an entry can say.
Mbrentry mbrentry(const Geometry& g, Mbrentry old, uint8_t type, uint64_t base,
	uint64_t start, uint64_t end);

// What fdisk calls a type, and what its partitions are called in ctl files: empty for
// those that get no name there.
struct Mbrtype {
	uint8_t type;
	std::string_view desc;
	std::string_view name;
};
std::span<const Mbrtype> mbrtypes();	// by number
const Mbrtype* mbrtype(uint8_t type);	// null: a number without a name

// The geometry that the entries' last sectors imply, if they agree.
std::optional<Geometry> partgeometry(const Mbrtable&, int64_t secs);
// What a driver reported, as a BIOS would translate it; nothing if it reported none.
std::optional<Geometry> drivergeometry(Geometry g, int64_t secs);
// The smallest of the usual ones that reaches all sectors.
Geometry guessgeometry(int64_t secs);

// A partition, primary or in an extended one.
struct Mbrpart {
	Mbrentry entry;	// as it was read: of lba and size only start and end count
	uint64_t start = 0;	// sectors of the disk
	uint64_t end = 0;
	uint64_t ebrstart = 0;	// where the table that lists it lies; 0: the first
	uint8_t ebrtype = 0;	// of the entry that led there

	bool isprimary() const { return ebrstart == 0 && ebrtype == 0; }
};

// A table and the sector that it lies in.
struct Mbrat {
	uint64_t sector;
	Mbrbytes bytes;
};

// What a disk says.
struct Mbrchain {
	std::vector<Mbrpart> parts;	// in the order in which the tables name them
	std::vector<Mbrat> tables;	// as read, the first of the disk first
	std::vector<std::string> faults;	// where chains were left, and why
	bool gpt = false;	// the table only protects a GPT
};

// All partitions of the disk st.  A fault in a chain ends that chain.  Error when the
// first sector cannot be read.
Mbrchain readmbr(Store& st, int64_t secsize, int64_t secs);

// The tables that say parts, which are in the order of their places, to be written in
// this order: the first sector comes last.  Error when they cannot say it.
std::vector<Mbrat> layoutmbr(
	std::span<const Mbrpart> parts, const Geometry& g, uint64_t secs);

// The type of an extended partition that ends there.
uint8_t extendedtype(const Geometry& g, uint64_t end);
}
