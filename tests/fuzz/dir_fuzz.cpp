// Any bytes as a directory read: each entry is refused, or exactly what packing
// gives back.

#include <cstdlib>
#include <cstring>
#include <vector>

#include "lib9/dir.h"

using namespace p9;

static void
check(Bytes entry)
{
	std::optional<Dir> d = convM2D(entry);
	if(d.has_value() != statcheck(entry))
		std::abort();
	if(!d)
		return;
	std::vector<std::byte> again(entry.size());
	size_t n = convD2M(*d, again);
	if(n != entry.size() || std::memcmp(again.data(), entry.data(), n) != 0)
		std::abort();
	if(fmtdir(*viewM2D(entry)).empty() || fmtmode(d->mode).size() != 11)
		std::abort();
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	Bytes rest = std::as_bytes(std::span(data, size));
	check(rest);
	for(;;) {
		Bytes e = takeentry(rest);
		if(e.empty())
			return 0;
		check(e);
	}
}
