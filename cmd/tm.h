// Dates as people read them, in the zone of the machine.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace p9 {

struct Tm {
	int64_t year;	// the whole number
	int mon;	// 0 to 11
	int mday;
	int hour;
	int min;
	int sec;
	int wday;	// 0 is Sunday
	int yday;	// from 0
	int off;	// of the zone, in seconds east
	std::string zone;
};

// The rules of a place.  Never fails: what cannot be read is GMT.
class Zone {
	struct Change {
		int64_t when;
		size_t type;
	};
	struct Type {
		int off;
		std::string name;
	};
	std::vector<Change> changes;
	std::vector<Type> types;

	void load(std::string_view file);
	void loadplan9(std::string_view text);

public:
	// GMT.
	Zone() = default;
	// That of $timezone, or else that of the host as it is in the name space.
	static Zone local();

	// Seconds since 1970.
	Tm operator()(int64_t sec) const;
};

// "Nov 20 11:59" within half a year of now, else "Nov 20  2024": 12 letters.
std::string lsdate(const Zone& z, int64_t sec, int64_t now);

// As tmfmt of tmdate(2): runs of Y M D o W h H m s t u n Z z a A stand for parts, _ pads,
// [] quote.  Error `garbled format'.
std::string tmfmt(const Tm& t, std::string_view fmt, int64_t nsec = 0);
}
