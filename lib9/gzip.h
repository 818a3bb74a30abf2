// gzip streams (RFC 1952): members, each a header, deflated bytes, a checksum and a
// length.  Any size streams through.  What the caller passes in does the input and
// output, and may sleep; its Errors pass through.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib9/plan9.h"

struct z_stream_s;

namespace p9 {

struct Gzhead {
	uint32_t mtime = 0;	// seconds since 1970; 0 is none
	std::string name;	// may be empty
	bool reserved = false;	// flags are set that mean nothing yet
};

// Writes one member.
class Gzwriter {
public:
	using Sink = std::function<void(Bytes)>;

	Gzwriter(const Gzhead& h, int level, Sink to);	// level 1 to 9
	~Gzwriter();
	void write(Bytes b);
	void end();

	uint64_t in = 0;	// bytes so far
	uint64_t out = 0;

private:
	Sink sink;
	std::unique_ptr<z_stream_s> z;
	std::vector<std::byte> buf;
	uint32_t crc = 0;

	void put(Bytes b);
	void deflatepart(int flush);
};

// Reads members, one behind the other.
class Gzreader {
public:
	using Source = std::function<Bytes()>;	// good until the next call

	explicit Gzreader(Source from);
	~Gzreader();

	// Whether the stream begins as a gzip file does.
	bool isgzip();
	// The header of the next member into h; false at the end of the stream.
	bool member(Gzhead& h);
	// The next bytes of the member, good until the next call; empty at its end.  What
	// does not check is an Error.
	Bytes read();
	// Whether an Error was one of a member whose header was good.
	bool inmember() const { return inside; }

	uint64_t in = 0;	// bytes taken from the stream
	uint64_t out = 0;	// bytes of this member

private:
	Source source;
	std::unique_ptr<z_stream_s> z;
	std::vector<std::byte> buf;
	std::vector<std::byte> start;	// what isgzip has looked at
	Bytes have;
	uint32_t crc = 0;
	bool inside = false;

	bool fill();
	unsigned get1();
	uint32_t get4();
	void trailer();
};
}
