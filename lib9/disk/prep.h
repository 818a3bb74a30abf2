// Plan 9's own partition table: lines `part NAME START END' in the second sector of a
// partition or disk, zeros behind them, and the layout that disk/prep -a makes.  See
// prep(8).

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p9 {

// Sectors from start up to end, relative to where the table's partition begins.
struct Preppart {
	std::string name;
	int64_t start = 0;
	int64_t end = 0;
};

enum : size_t { Maxparts = 32 };	// that an editor holds

// Whether a partition may be called so: no blanks, control characters or slashes.
bool isprepname(std::string_view name);

struct Preptable {
	bool found = false;	// the sector begins with a table
	bool fault = false; // it has lines that are none of a table's; they are left out
	std::vector<Preppart> parts;	// in the table's order
};

// The table in the text of a sector.  The text is a stranger's: names may come twice,
// and partitions lie anywhere.
Preptable parseprep(std::string_view sector);

// The table of parts, zeros behind it up to secsize.  Error when it does not fit.
std::string formatprep(const std::vector<Preppart>& parts, size_t secsize);

// What a disk is for prep -a, in bytes and sectors.
struct Autodisk {
	int64_t secs = 0;
	int64_t secsize = 512;
	int64_t psecsize =
		512; // of the hardware's sectors: what partitions are aligned to
	int64_t physalign = 0;	// where the first of them begins
	int64_t offset = 0;	// of the partition on its disk
};

// Whether prep -a knows the name.
bool isautopart(std::string_view name);

// The named partitions in the order that is theirs, over the whole disk: smallest sizes
// first, then largest ones, and the rest is shared out by weight.  Error when the disk is
// too small.
std::vector<Preppart> autoprep(const Autodisk& d, const std::vector<std::string>& names);
}
