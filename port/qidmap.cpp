#include "port/qidmap.h"

#include "lib9/endian.h"
#include "lib9/error.h"

namespace p9 {

// The wanted one, if nobody has it.
uint32_t
Qidmap::newhigh(uint32_t wanted)
{
	while(!taken.insert(wanted).second)
		wanted = next = (next + 1) & ((1u << (64 - Lowbits)) - 1);
	return wanted;
}

Qid
Qidmap::map(char32_t dc, uint32_t devno, Qid q)
{
	constexpr uint64_t low = (uint64_t(1) << Lowbits) - 1;
	Key k{dc, onedev ? 0 : devno, uint32_t(q.path >> Lowbits)};
	std::scoped_lock l(lk);
	auto i = highs.find(k);
	if(i == highs.end()) {
		if(highs.size() >= Maxhigh)
			error(Enomem);
		i = highs.emplace(k, newhigh(k.high)).first;
	}
	q.path = uint64_t(i->second) << Lowbits | (q.path & low);
	return q;
}

void
Qidmap::map(Dir& d)
{
	d.qid = map(d.type, d.dev, d.qid);
	d.type = 0;
	d.dev = 0;
}

void
Qidmap::map(Buf entries)
{
	// size[2] type[2] dev[4] qid.type[1] qid.vers[4] qid.path[8]
	constexpr size_t Type = 2, Path = 13;
	Bytes rest = entries;
	while(!rest.empty()) {
		size_t at = entries.size() - rest.size();
		auto d = viewM2D(takeentry(rest));
		if(!d)
			error(Ebadstat);
		std::byte* p = entries.data() + at;
		putle(p + Path, map(d->type, d->dev, d->qid).path);
		putle(p + Type, uint16_t(0));
		putle(p + Type + 2, uint32_t(0));
	}
}
}
