// Any bytes as a disk with partition tables, as a table of prep's, as a ctl file and as
// an expression.  Nothing but Errors may come of it, and what is written reads back.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "lib9/disk/expr.h"
#include "lib9/disk/mbr.h"
#include "lib9/disk/prep.h"
#include "lib9/disk/sdctl.h"
#include "lib9/error.h"

namespace p9 {

namespace {

void
must(bool good)
{
	if(!good)
		std::abort();
}

// Tables that were laid out, on a disk of their own, say what they were made from.
void
readback(const Mbrchain& m, const Geometry& g, int64_t secs)
{
	std::vector<Mbrat> tables;
	try {
		tables = layoutmbr(m.parts, g, uint64_t(secs));
	} catch(const Error&) {
		return;
	}
	Memstore st(uint64_t(1) << 33);
	for(const Mbrat& t : tables)
		st.write(t.bytes, t.sector * 512 + Mbroffset);
	st.truncate(uint64_t(secs) * 512);
	Mbrchain n = readmbr(st, 512, secs);
	must(n.parts.size() == m.parts.size() && n.faults.empty());
	for(size_t i = 0; i < n.parts.size(); i++)
		must(n.parts[i].start == m.parts[i].start &&
		     n.parts[i].end == m.parts[i].end);
}

// Each 66 bytes of the input are a table; they lie in every fourth sector.
void
mbrs(Bytes b)
{
	constexpr int64_t secs = 1 << 20;
	Memstore st(uint64_t(secs) * 512);
	for(uint64_t at = 0; b.size() >= Mbrsize; at += 4, b = b.subspan(Mbrsize))
		st.write(b.first(Mbrsize), at * 512 + Mbroffset);
	try {
		st.truncate(uint64_t(secs) * 512);
		Mbrchain m = readmbr(st, 512, secs);
		if(m.tables.empty())
			return;
		auto t = unpackmbr(m.tables[0].bytes);
		auto g = t ? partgeometry(*t, secs) : std::nullopt;
		readback(m, g ? *g : guessgeometry(secs), secs);
	} catch(const Error&) {
		return;
	}
}

void
preps(std::string_view s)
{
	Preptable t = parseprep(s);
	std::string text;
	try {
		text = formatprep(t.parts, 4096);
	} catch(const Error&) {
		return;
	}
	Preptable u = parseprep(text);
	must(!u.fault && u.parts.size() == t.parts.size());
}

void
ctls(std::string_view s)
{
	Sdctl sd = parsesdctl(s);
	if(sd.secsize == 0)
		return;
	must(guessgeometry(sd.secs).cylinder() > 0);
	if(auto g = drivergeometry({sd.c, sd.h, sd.s}, sd.secs))
		must(g->cylinder() > 0);
	try {
		autoprep({sd.secs, sd.secsize, sd.psecsize, sd.physalign, 63},
			 {"nvram", "fs", "9fat"});
	} catch(const Error&) {
		return;
	}
}

void
exprs(std::string_view s)
{
	try {
		evalexpr(s, {.dot = 100,
			     .dollar = INT64_MAX,
			     .size = INT64_MAX / 3,
			     .unit = 512});
	} catch(const Error&) {
		return;
	}
}
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	if(size == 0)
		return 0;
	auto b = std::as_bytes(std::span(data + 1, size - 1));
	std::string_view s(static_cast<const char*>(static_cast<const void*>(b.data())),
			   b.size());
	switch(data[0] % 4) {
	case 0: p9::mbrs(b); break;
	case 1: p9::preps(s); break;
	case 2: p9::ctls(s); break;
	case 3: p9::exprs(s); break;
	}
	return 0;
}
