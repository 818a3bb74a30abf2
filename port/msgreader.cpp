// 9P messages out of what a connection delivers.  A pipe gives one message a Block,
// which passes as it is, with what is lent; a stream gives any pieces, which are
// put together in pend.  pend survives an interrupted read.

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

// Puts b behind what is in pend.
void
Msgreader::put(Block b)
{
	b.flatten();
	if(pend.empty()) {
		pend = std::move(b);
		return;
	}
	size_t need = pend.own() + b.own();
	if(b.own() > pend.room().size()) {
		if(pend.own() >= sizeof(uint32_t))
			need = std::max<size_t>(need, msgsize(pend.data()));
		Block nb = Block::alloc(need);
		nb.append(pend.data());
		pend = std::move(nb);
	}
	pend.append(b.data());
}

// As next, when pend is not empty.
Block
Msgreader::join(Chan& c, size_t max)
{
	for(;;) {
		if(Block m = take(max); !m.empty())
			return m;
		Block b = c.dev.bread(c, max, 0);
		if(b.empty())
			error(Ebadmsg);
		put(std::move(b));
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
		put(std::exchange(b, {}));
	}
	b = join(c, max);
	return b;
}
}
