// Any bytes as a 9P message: refused, or exactly what packing gives back.

#include <cstdlib>
#include <vector>

#include "lib9/fcall.h"

using namespace p9;

static void
check(Bytes msg, size_t lent)
{
	uint16_t tag = 0;
	std::optional<Fcall> f = unpack(msg, tag, lent);
	std::string text = fmt9p(msg, lent);
	if(!f)
		return;
	std::vector<std::byte> again(msg.size());
	size_t n = pack(*f, tag, again, lent);
	if(n != msg.size() || std::memcmp(again.data(), msg.data(), n) != 0 ||
		text.empty())
		std::abort();
	if(pack(*f, tag, Buf(again).first(n - 1), lent) != 0)
		std::abort();
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	Bytes msg = std::as_bytes(std::span(data, size));
	check(msg, 0);
	if(size >= MSGHDR && msgsize(msg) > size)
		check(msg, msgsize(msg) - size);
	return 0;
}
