// Directory entries and their form on the wire, stat(5).
//
//	size[2] type[2] dev[4] qid[13] mode[4] atime[4] mtime[4] length[8]
//	name[s] uid[s] gid[s] muid[s]
//
// size counts what follows it.  A directory is read as whole entries, one behind
// the other.  Bytes of strangers are good only if statcheck says so; the name is
// still theirs (validname in port knows what is allowed).  Nothing here throws.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib9/plan9.h"

namespace p9 {

struct Qid {
	uint64_t path = 0;
	uint32_t vers = 0;
	uint8_t type = 0;

	bool operator==(const Qid&) const = default;
};

struct Dir {
	uint16_t type = 0;	// the device's letter
	uint32_t dev = 0;
	Qid qid;
	uint32_t mode = 0;
	uint32_t atime = 0;	// seconds since 1970
	uint32_t mtime = 0;
	uint64_t length = 0;	// bytes; 0 for directories
	std::string name;
	std::string uid;
	std::string gid;
	std::string muid;

	bool operator==(const Dir&) const = default;

	// The entry whose wstat changes nothing: all ones, all empty.
	static Dir dontcare();
	bool isdontcare() const { return *this == dontcare(); }
};

// As Dir, with the strings where they lie in the entry.
struct Dirview {
	uint16_t type;
	uint32_t dev;
	Qid qid;
	uint32_t mode;
	uint32_t atime;
	uint32_t mtime;
	uint64_t length;
	std::string_view name;
	std::string_view uid;
	std::string_view gid;
	std::string_view muid;

	Dir dir() const;
};

enum : size_t {
	QIDSZ = 13,
	STATFIXLEN = 49,	// an entry with empty strings
	STATMAX = 65535 + 2,
};

// Bytes that d takes as an entry, with its size field; may be more than STATMAX.
size_t sizeD2M(const Dir& d);

// Writes d to b and answers the bytes written.  0 when it does not fit: then, if b has
// room for two bytes, they are the size field that d would have (so that a caller knows
// how much to offer); nothing is written when d is longer than any entry may be.
size_t convD2M(const Dir& d, Buf b);

// Whether b is exactly one entry: sizes agree, the strings fill it, none holds a NUL.
bool statcheck(Bytes b);

// The one entry that b is, or nothing.
std::optional<Dir> convM2D(Bytes b);
std::optional<Dirview> viewM2D(Bytes b);

// Takes the first entry's bytes off a directory read; empty when b is, or is cut off.
// The entry has its size right and nothing else: statcheck it.
Bytes takeentry(Bytes& b);

// %M, eleven letters: "d-rwxr-xr-x".
std::string fmtmode(uint32_t mode);

// fcallfmt's qid, "(0000000000000001 2 d)", and entry.
std::string fmtqid(const Qid&);
std::string fmtdir(const Dirview&);
}
