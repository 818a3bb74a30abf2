#include "lib9/disk/sdctl.h"

#include <fmt/format.h>

#include "lib9/args.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

constexpr int64_t Maxsecs = int64_t(1) << 46;
constexpr int64_t Maxsecsize = 1 << 16;

// Field i as a number from 0 to max, else -1.
int64_t
numfield(const std::vector<std::string>& f, size_t i, int64_t max)
{
	if(i >= f.size())
		return -1;
	auto n = parseint(f[i]);
	return n && *n >= 0 && *n <= max ? *n : -1;
}

void
geometryline(const std::vector<std::string>& f, Sdctl& sd)
{
	int64_t secs = numfield(f, 1, Maxsecs);
	int64_t size = numfield(f, 2, Maxsecsize);
	if(secs < 0 || size <= 0)
		return;
	sd.secs = secs;
	sd.secsize = size;
	int64_t c = numfield(f, 3, Maxsecs);
	int64_t h = numfield(f, 4, 256);
	int64_t s = numfield(f, 5, 63);
	if(c > 0 && h > 0 && s > 0) {
		sd.c = c;
		sd.h = h;
		sd.s = s;
	}
}
}

Sdctl
parsesdctl(std::string_view text)
{
	Sdctl sd;
	for(std::string_view line : getfields(text, "\n", Seps::Runs)) {
		auto f = tokenize(line, 10);
		if(f.size() < 2 || f[1].empty())
			continue;
		if(f[0] == "inquiry")
			sd.inquiry = getfields(line, " \t", Seps::Runs, 2)[1];
		else if(f[0] == "geometry")
			geometryline(f, sd);
		else if(f[0] == "alignment") {
			int64_t size = numfield(f, 1, Maxsecsize);
			int64_t align = numfield(f, 2, Maxsecs);
			if(size > 0 && align >= 0) {
				sd.psecsize = size;
				sd.physalign = align;
			}
		} else if(f[0] == "part") {
			int64_t start = numfield(f, 2, Maxsecs);
			int64_t end = numfield(f, 3, Maxsecs);
			if(start >= 0 && start < end)
				sd.parts.push_back({f[1], start, end});
		}
	}
	return sd;
}

std::string
formatsdctl(const Sdctl& sd)
{
	std::string s = fmt::format("inquiry {}\ngeometry {} {}\n", sd.inquiry, sd.secs,
				    sd.secsize);
	for(const Sdpart& p : sd.parts)
		s += fmt::format("part {} {} {}\n", p.name, p.start, p.end);
	return s;
}
}
