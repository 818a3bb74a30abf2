#include "lib9/disk/faultstore.h"

#include <algorithm>

#include "lib9/error.h"

namespace p9 {

namespace {

enum : size_t {
	Sector = 512,
	Piece = 1 << 20,
};

// Writes the sectors of b that r chooses.
void
torn(Store& to, Bytes b, uint64_t off, std::mt19937& r)
{
	while(!b.empty()) {
		size_t n = std::min<size_t>(b.size(), Sector - off % Sector);
		if(r() & 1)
			to.write(b.first(n), off);
		b = b.subspan(n);
		off += n;
	}
}
}

void
Faultstore::fail(uint64_t from, uint64_t to)
{
	failfrom = from;
	failto = to;
}

void
Faultstore::step()
{
	uint64_t n = count++;
	if(n >= failfrom && n < failto)
		error(Enospace);
}

size_t
Faultstore::read(Buf b, uint64_t off)
{
	reads++;
	return under.read(b, off);
}

void
Faultstore::write(Bytes b, uint64_t off)
{
	if(count >= failfrom && count < failto)
		under.write(b.first(b.size() / 2 / Sector * Sector), off);
	step();
	under.write(b, off);
	ops.push_back({Op::Write, off, {b.begin(), b.end()}});
}

void
Faultstore::flush()
{
	step();
	under.flush();
	ops.push_back({Op::Flush, 0, {}});
}

void
Faultstore::truncate(uint64_t n)
{
	step();
	under.truncate(n);
	ops.push_back({Op::Truncate, n, {}});
}

void
replay(Store& to, const Faultstore::Op& op)
{
	switch(op.kind) {
	case Faultstore::Op::Write:
		to.write(op.data, op.off);
		break;
	case Faultstore::Op::Truncate:
		to.truncate(op.off);
		break;
	case Faultstore::Op::Flush:
		break;
	}
}

void
crash(Store& to, std::span<const Faultstore::Op> log, std::mt19937& r)
{
	size_t safe = log.size();
	while(safe > 0 && log[safe - 1].kind != Faultstore::Op::Flush)
		safe--;
	for(size_t i = 0; i < log.size(); i++) {
		if(i < safe)
			replay(to, log[i]);
		else if(log[i].kind == Faultstore::Op::Write)
			torn(to, log[i].data, log[i].off, r);
		else if(r() & 1)
			replay(to, log[i]);
	}
}

void
copystore(Store& from, Store& to)
{
	std::vector<std::byte> b(std::min<uint64_t>(Piece, from.size()));
	to.truncate(0);
	for(uint64_t off = 0; size_t n = b.empty() ? 0 : from.read(b, off); off += n)
		if(std::any_of(b.begin(), b.begin() + n,
			       [](std::byte x) { return x != std::byte(0); }))
			to.write(Bytes(b).first(n), off);
	to.truncate(from.size());
}
}
