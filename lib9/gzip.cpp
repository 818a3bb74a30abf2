#include "lib9/gzip.h"

#include <algorithm>
#include <array>
#include <zlib.h>

#include "lib9/endian.h"
#include "lib9/error.h"

namespace p9 {

namespace {

enum : unsigned {
	Magic1 = 0x1f,
	Magic2 = 0x8b,
	Deflated = 8,
	Unix = 3,

	Fhcrc = 1 << 1,	// flags of the header
	Fextra = 1 << 2,
	Fname = 1 << 3,
	Fcomment = 1 << 4,
	Fknown = (1 << 5) - 1,
};

constexpr size_t Piece = 64 * 1024;
constexpr size_t Maxname = 4096;	// what is longer is cut

Bytef*
zbytes(const std::byte* p)
{
	return reinterpret_cast<Bytef*>(const_cast<std::byte*>(p));
}

uint32_t
checksum(uint32_t crc, Bytes b)
{
	return uint32_t(crc32_z(crc, zbytes(b.data()), b.size()));
}

// zlib counts in 32 bits.
Bytes
piece(Bytes b)
{
	return b.first(std::min<size_t>(b.size(), 1 << 30));
}
}

Gzwriter::Gzwriter(const Gzhead& h, int level, Sink to)
	: sink(std::move(to)), z(std::make_unique<z_stream_s>()), buf(Piece)
{
	if(deflateInit2(z.get(), level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
	   Z_OK)
		error(Enomem);
	std::array<std::byte, 10> fixed{std::byte(Magic1), std::byte(Magic2),
					std::byte(Deflated)};
	fixed[3] = std::byte(h.name.empty() ? 0u : Fname);
	putle(&fixed[4], h.mtime);
	fixed[9] = std::byte(Unix);
	put(fixed);
	if(!h.name.empty())
		put(std::as_bytes(std::span(h.name.c_str(), h.name.size() + 1)));
}

Gzwriter::~Gzwriter()
{
	deflateEnd(z.get());
}

void
Gzwriter::put(Bytes b)
{
	out += b.size();
	sink(b);
}

void
Gzwriter::deflatepart(int flush)
{
	for(;;) {
		z->next_out = zbytes(buf.data());
		z->avail_out = uInt(buf.size());
		int r = deflate(z.get(), flush);
		put(Bytes(buf).first(buf.size() - z->avail_out));
		if(flush == Z_FINISH ? r == Z_STREAM_END : z->avail_out > 0)
			return;
	}
}

void
Gzwriter::write(Bytes b)
{
	while(!b.empty()) {
		Bytes p = piece(b);
		b = b.subspan(p.size());
		in += p.size();
		crc = checksum(crc, p);
		z->next_in = zbytes(p.data());
		z->avail_in = uInt(p.size());
		deflatepart(Z_NO_FLUSH);
	}
}

void
Gzwriter::end()
{
	deflatepart(Z_FINISH);
	std::array<std::byte, 8> tail;
	putle(&tail[0], crc);
	putle(&tail[4], uint32_t(in));
	put(tail);
}

Gzreader::Gzreader(Source from)
	: source(std::move(from)), z(std::make_unique<z_stream_s>()), buf(4 * Piece)
{
	if(inflateInit2(z.get(), -MAX_WBITS) != Z_OK)
		error(Enomem);
}

Gzreader::~Gzreader()
{
	inflateEnd(z.get());
}

bool
Gzreader::fill()
{
	if(have.empty())
		have = source();
	return !have.empty();
}

unsigned
Gzreader::get1()
{
	if(!fill())
		error("unexpected eof reading file information");
	unsigned c = unsigned(have[0]);
	have = have.subspan(1);
	in++;
	return c;
}

uint32_t
Gzreader::get4()
{
	uint32_t v = 0;
	for(unsigned i = 0; i < 32; i += 8)
		v |= uint32_t(get1()) << i;
	return v;
}

bool
Gzreader::isgzip()
{
	for(unsigned want : {Magic1, Magic2, Deflated}) {
		if(!fill() || unsigned(have[0]) != want)
			return false;
		start.push_back(have[0]);
		have = have.subspan(1);
	}
	// They are read again, with what came behind them.
	start.insert(start.end(), have.begin(), have.end());
	have = start;
	return true;
}

bool
Gzreader::member(Gzhead& h)
{
	h = {};
	if(!fill())
		return false;
	if(get1() != Magic1 || get1() != Magic2)
		error("bad gzip file magic");
	if(get1() != Deflated)
		error("unknown compression type");
	unsigned flags = get1();
	h.reserved = flags & ~Fknown;
	h.mtime = get4();
	get1();	// how hard it was tried
	get1();	// and on what
	if(flags & Fextra) {
		unsigned n = get1();
		n |= get1() << 8;
		for(; n > 0; n--)
			get1();
	}
	if(flags & Fname)
		while(unsigned c = get1())
			if(h.name.size() < Maxname)
				h.name += char(c);
	if(flags & Fcomment)
		while(get1())
			;
	if(flags & Fhcrc) {
		get1();
		get1();
	}
	inflateReset(z.get());
	crc = 0;
	out = 0;
	inside = true;
	return true;
}

Bytes
Gzreader::read()
{
	for(;;) {
		bool more = fill();
		Bytes p = piece(have);
		z->next_in = zbytes(p.data());
		z->avail_in = uInt(p.size());
		z->next_out = zbytes(buf.data());
		z->avail_out = uInt(buf.size());
		int r = inflate(z.get(), Z_NO_FLUSH);
		size_t took = p.size() - z->avail_in;
		in += took;
		have = have.subspan(took);
		Bytes got = Bytes(buf).first(buf.size() - z->avail_out);
		if(r == Z_MEM_ERROR)
			error("inflate failed: out of memory");
		if(r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			error("inflate failed: corrupted data");
		crc = checksum(crc, got);
		out += got.size();
		if(!got.empty())
			return got;
		if(r == Z_STREAM_END) {
			trailer();
			inside = false;
			return {};
		}
		if(!more)
			error("inflate failed: unexpected eof");
	}
}

void
Gzreader::trailer()
{
	if(get4() != crc)
		error("crc mismatch");
	uint32_t len = get4();
	if(len != uint32_t(out))
		error("bad output length: expected " + std::to_string(len) + " got " +
			std::to_string(uint32_t(out)));
}
}
