// The text of a disk's ctl file, as sd(3) of Plan 9 and partfs(8) have it: lines
//
//	inquiry what it calls itself
//	geometry sectors sectorsize [cylinders heads sectors]
//	alignment sectorsize offset
//	part name start end
//
// with sectors counted over the whole disk.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace p9 {

struct Sdpart {
	std::string name;
	int64_t start = 0;
	int64_t end = 0;
};

struct Sdctl {
	std::string inquiry;
	int64_t secs = 0;
	int64_t secsize = 0;	// 0: the text does not say
	int64_t c = 0;
	int64_t h = 0;
	int64_t s = 0;
	int64_t psecsize = 0;
	int64_t physalign = 0;
	std::vector<Sdpart> parts;
};

// What the text says.  Lines that make no sense, a partition with an end before its start
// among them, are passed over; sizes are in ranges that products of two do not leave.
Sdctl parsesdctl(std::string_view text);

// inquiry, geometry and part lines.
std::string formatsdctl(const Sdctl&);
}
