#include "port/qidmap.h"

#include "lib9/endian.h"
#include "lib9/error.h"

namespace p9 {

namespace {

// A number that another file hardly has, too.
uint64_t
scattered(char32_t dc, uint32_t devno, uint64_t path)
{
	uint64_t h = path;
	for(uint64_t v : {uint64_t(dc) << 32 | devno, path}) {
		h = (h ^ v) * 0xBF58476D1CE4E5B9u;
		h = (h ^ h >> 31) * 0x94D049BB133111EBu;
		h ^= h >> 29;
	}
	return h;
}
}

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
	if(onedev)
		devno = 0;
	Key k{dc, devno, uint32_t(q.path >> Lowbits)};
	std::scoped_lock l(lk);
	auto i = highs.find(k);
	if(i == highs.end()) {
		if(highs.size() >= Maxhigh) {
			q.path = scattered(dc, devno, q.path);
			return q;
		}
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
