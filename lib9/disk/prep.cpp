#include "lib9/disk/prep.h"

#include <algorithm>

#include "lib9/args.h"
#include "lib9/error.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

constexpr size_t Maxlines = 128;	// of a table that are looked at
constexpr int64_t Maxsecs = int64_t(1) << 46;
constexpr int64_t MB = 1 << 20;
constexpr std::string_view Enodiskspace = "ran out of disk space during autoxpartition.";

struct Auto {
	std::string_view name;
	int64_t min;	// bytes
	int64_t max;	// bytes; 0: none
	int64_t weight;
};

// In the order in which they lie on the disk.
constexpr Auto Autotab[] = {
	{"9fat", 10 * MB, 100 * MB, 10},
	{"nvram", 512, 512, 1},
	{"fscfg", 512, 512, 1},
	{"fs", 200 * MB, 0, 10},
	{"fossil", 200 * MB, 0, 4},
	{"arenas", 500 * MB, 0, 20},
	{"isect", 25 * MB, 0, 1},
	{"bloom", 4 * MB, 512 * MB, 1},
	{"other", 200 * MB, 0, 4},
	{"swap", 100 * MB, 512 * MB, 1},
	{"cache", 50 * MB, 1024 * MB, 2},
	{"fscache", 200 * MB, 0, 4},
	{"fsworm", 500 * MB, 0, 20},
};

std::optional<Preppart>
parseline(std::string_view line)
{
	auto f = getfields(line, " \t\r", Seps::Runs);
	if(f.size() != 4 || f[0] != "part" || !isprepname(f[1]))
		return {};
	auto start = parseint(f[2]);
	auto end = parseint(f[3]);
	if(!start || !end || *start < 0 || *start >= *end || *end > Maxsecs)
		return {};
	return Preppart{std::string(f[1]), *start, *end};
}
}

bool
isprepname(std::string_view name)
{
	return !name.empty() && std::ranges::none_of(name, [](char c) {
		auto u = static_cast<unsigned char>(c);
		return u <= ' ' || u == '/' || u == 0x7F;
	});
}

Preptable
parseprep(std::string_view sector)
{
	Preptable t;
	sector = sector.substr(0, sector.find('\0'));
	t.found = sector.starts_with("part");
	if(!t.found)
		return t;
	for(std::string_view line : getfields(sector, "\n", Seps::Runs, Maxlines))
		if(auto p = parseline(line))
			t.parts.push_back(std::move(*p));
		else
			t.fault = true;
	return t;
}

std::string
formatprep(const std::vector<Preppart>& parts, size_t secsize)
{
	std::string s;
	for(const Preppart& p : parts)
		s += "part " + p.name + " " + std::to_string(p.start) + " " +
		     std::to_string(p.end) + "\n";
	if(s.size() > secsize)
		error("the partition table does not fit in a sector");
	s.resize(secsize);
	return s;
}

bool
isautopart(std::string_view name)
{
	return std::ranges::find(Autotab, name, &Auto::name) != std::end(Autotab);
}

namespace {

struct Share {
	const Auto* a;
	int64_t size = 0;	// sectors; 0: not known yet
};

// Gives the first open share whose part of secs is out of bounds its bound.
bool
assignbound(std::vector<Share>& v, int64_t& secs, int64_t weights, int64_t secsize,
	    bool minimum)
{
	for(Share& sh : v) {
		if(sh.size)
			continue;
		int64_t s = secs * sh.a->weight / weights;
		int64_t bound = (minimum ? sh.a->min : sh.a->max) / secsize;
		if(minimum ? s >= bound : sh.a->max == 0 || s <= bound)
			continue;
		// A disk whose sectors are larger than nvram: one of them.
		sh.size = std::max(bound, int64_t(1));
		secs -= sh.size;
		return true;
	}
	return false;
}

// The sizes of all shares.
void
assign(std::vector<Share>& v, int64_t secs, int64_t secsize)
{
	for(;;) {
		int64_t weights = 0;
		for(const Share& sh : v)
			weights += sh.size ? 0 : sh.a->weight;
		if(weights == 0)
			return;
		if(secs <= 0)
			error(Enodiskspace);
		if(assignbound(v, secs, weights, secsize, true) ||
		   assignbound(v, secs, weights, secsize, false))
			continue;
		for(Share& sh : v) {
			if(sh.size)
				continue;
			sh.size = secs * sh.a->weight / weights;
			if(sh.size == 0)
				error(Enodiskspace);
			secs -= sh.size;
			weights -= sh.a->weight;
		}
	}
}

// n or what follows it so that n+pa is a multiple of stride.
int64_t
alignup(int64_t n, int64_t pa, int64_t stride)
{
	int64_t over = (n + pa) % stride;
	return over ? n + stride - over : n;
}
}

std::vector<Preppart>
autoprep(const Autodisk& d, const std::vector<std::string>& names)
{
	std::vector<Share> v;
	for(const Auto& a : Autotab)
		if(std::ranges::find(names, a.name) != names.end())
			v.push_back({&a});
	if(v.empty())
		return {};
	int64_t stride = std::max(d.psecsize / d.secsize, int64_t(1));
	int64_t pa = ((d.offset - d.physalign) % stride + stride) % stride;
	assign(v, d.secs - (d.secs + pa) % stride, d.secsize);
	// Without a 9fat the first two sectors are kept for boot code and the table.
	int64_t s = v[0].a == Autotab ? 0 : alignup(2, pa, stride);
	std::vector<Preppart> parts;
	for(const Share& sh : v) {
		int64_t e = alignup(s + sh.size, pa, stride);
		if(e > d.secs)
			e = d.secs - stride + (d.secs + pa) % stride;
		if(e <= s)
			error(Enodiskspace);
		parts.push_back({std::string(sh.a->name), s, e});
		s = e;
	}
	return parts;
}
}
