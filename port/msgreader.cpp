// 9P messages out of what a connection delivers.  A pipe gives one message a Block,
// which passes as it is, with what is lent; a stream gives any pieces, and pend is
// where they are put together.  pend survives an interrupted read.

#include "lib9/error.h"
#include "lib9/fcall.h"
#include "port/sysfile.h"

namespace p9 {

static bool
goodsize(Bytes b, size_t max)
{
	return msgsize(b) >= MSGHDR && msgsize(b) <= max;
}

static bool
iswhole(const Block& b, size_t max)
{
	return b.own() >= MSGHDR && msgsize(b.data()) == b.size() && goodsize(b.data(), max);
}

// The message that pend begins with, taken from it; empty when there is less than one.
Block
Msgreader::take(size_t max)
{
	if(pend.own() < sizeof(uint32_t))
		return {};
	if(!goodsize(pend.data(), max))
		error(Ebadmsg);
	size_t n = msgsize(pend.data());
	if(pend.own() < n)
		return {};
	if(pend.own() == n)
		return std::exchange(pend, {});
	Block b = Block::of(pend.data().first(n));
	pend.consumed(n);
	return b;
}

// Room in pend for the rest of its message, or for the size of one.
Buf
Msgreader::missing()
{
	size_t need = sizeof(uint32_t);
	if(pend.own() >= need)
		need = msgsize(pend.data());
	need -= pend.own();
	if(need > pend.room().size()) {
		Block nb = Block::alloc(need + pend.own());
		nb.append(pend.data());
		pend = std::move(nb);
	}
	return pend.room().first(need);
}

// As next, when pend is not empty.  What is missing is read to where it belongs.
Block
Msgreader::join(Chan& c, size_t max)
{
	for(;;) {
		if(Block m = take(max); !m.empty())
			return m;
		size_t n = c.dev.read(c, missing(), 0);
		if(n == 0)
			error(Ebadmsg);
		pend.produced(n);
	}
}

Block
Msgreader::next(Chan& c, size_t max)
{
	Block b;
	if(pend.empty()) {
		b = c.dev.bread(c, max, 0);
		if(b.empty() || iswhole(b, max))
			return b;
		b.flatten();
		pend = std::exchange(b, {});
	}
	b = join(c, max);
	return b;
}
}
