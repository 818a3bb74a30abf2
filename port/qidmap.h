// Qids of many devices in one export.  A file's qid tells it from others of its
// device only; behind an export there is one device, so that the paths of two may
// be the same number.  Each file keeps the low bits of its path; the high bits are
// changed where another device has them already.  What a file got once it keeps,
// whether it is seen by walk, open, stat or in a directory (EX-26, BX-15).

#pragma once

#include <unordered_map>
#include <unordered_set>

#include "lib9/dir.h"
#include "port/qlock.h"

namespace p9 {

class Qidmap {
	enum : unsigned { Lowbits = 40 };
	static constexpr size_t Maxhigh = 1 << 16;	// kinds of high bits; a limit for memory

	struct Key {
		char32_t dc;
		uint32_t devno;
		uint32_t high;	// of the path
		bool operator==(const Key&) const = default;
	};
	struct Hash {
		size_t operator()(const Key& k) const
		{
			uint64_t h = uint64_t(k.dc) << 32 ^ k.devno;
			return (h ^ uint64_t(k.high) << 24) * 0x9E3779B97F4A7C15u >> 7;
		}
	};

	const bool onedev;

	QLock lk;	// guards what follows
	std::unordered_map<Key, uint32_t, Hash> highs;
	std::unordered_set<uint32_t> taken;
	uint32_t next = 0;

	uint32_t newhigh(uint32_t wanted);

public:
	// OneDevice: all files are one server's, however often it is mounted.
	enum Devices { AnyDevice, OneDevice };
	explicit Qidmap(Devices d = AnyDevice) : onedev(d == OneDevice) {}

	// The qid that the export shows.  When servers inside have given out too many strange
	// ones, those of more kinds are scattered over all numbers.  May sleep.
	Qid map(char32_t dc, uint32_t devno, Qid q);
	// The same for an entry, whose device then tells nothing any more.
	void map(Dir& d);
	// And for the whole entries of a directory read, in place.
	void map(Buf entries);
};
}
