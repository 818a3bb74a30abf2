// Any bytes as a gzip stream, read whole and in pieces: both expand to the same or
// are refused; and as a file that is packed and comes back.

#include <cstdlib>

#include "lib9/error.h"
#include "lib9/gzip.h"

using namespace p9;

namespace {

constexpr size_t Maxout = 1 << 20;	// what little input may grow to

std::string
expanded(std::string_view s, size_t piece)
{
	Gzreader z([rest = s, piece]() mutable {
		std::string_view p = rest.substr(0, piece);
		rest.remove_prefix(p.size());
		return std::as_bytes(std::span(p));
	});
	std::string out;
	try {
		if(piece % 2 && !z.isgzip())
			return expanded(s, 2);	// it has taken bytes
		for(Gzhead h; z.member(h);)
			for(Bytes b = z.read(); !b.empty(); b = z.read()) {
				out.append(reinterpret_cast<const char*>(b.data()),
					   b.size());
				if(out.size() >= Maxout)
					return out;
			}
	} catch(const Error& e) {
		return "\n" + e.text();	// how much came before it depends on the pieces
	}
	return out;
}

void
roundtrip(std::string_view s)
{
	std::string packed;
	Gzwriter z({1, "name"}, 1 + int(s.size() % 9), [&packed](Bytes b) {
		packed.append(reinterpret_cast<const char*>(b.data()), b.size());
	});
	z.write(std::as_bytes(std::span(s)));
	z.end();
	if(expanded(packed, 1000) != s)
		std::abort();
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	std::string_view s(reinterpret_cast<const char*>(data), size);
	std::string whole = expanded(s, size + 2 - size % 2);
	// The pieces in which output comes may differ where it was cut short.
	if(whole.size() < Maxout && expanded(s, 3) != whole)
		std::abort();
	roundtrip(s.substr(0, Maxout / 2));
	return 0;
}
