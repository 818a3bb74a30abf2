// Hunks in the forms that diff(1) has.

#include <fmt/format.h>

#include <algorithm>

#include "cmd/diff/diff.h"

namespace p9 {

namespace {

constexpr int64_t Context = 3;	// lines before and behind a change

int64_t
count(const Difffile& f)
{
	return int64_t(f.lines());
}
}

void
Diffprinter::range(int64_t a, int64_t b, char separator)
{
	put(fmt::format("{}", std::min(a, b)));
	if(a < b)
		put(fmt::format("{}{}", separator, b));
}

void
Diffprinter::lines(const Difffile& f, int64_t a, int64_t b, std::string_view before)
{
	b = std::min(b, count(f));
	for(a = std::max<int64_t>(a, 1); a <= b; a++) {
		std::string_view l = f.line(size_t(a));
		put(before);
		put(l);
		if(l.ends_with('\n'))
			continue;
		put("\n");
		// In an editor's script it would be a line of text.
		if(mode != 'e' && mode != 'f')
			put("\\ No newline at end of file\n");
	}
}

// The line that says what a hunk changes.
void
Diffprinter::head(const Hunk& h)
{
	char verb = h.a > h.b ? 'a' : h.c > h.d ? 'd' : 'c';
	if(mode == 'f') {
		put(std::string(1, verb));
		range(h.a, h.b, ' ');
	} else {
		if(mode == 'n')
			put(x.name + ":");
		range(h.a, h.b, ',');
		put(mode == 'n' ? fmt::format(" {} {}:", verb, y.name) : std::string(1, verb));
		if(mode != 'e')
			range(h.c, h.d, ',');
	}
	put("\n");
}

void
Diffprinter::hunk(const Hunk& h)
{
	head(h);
	if(mode == 'e' || mode == 'f') {
		lines(y, h.c, h.d, "");
		if(h.c <= h.d)
			put(".\n");
		return;
	}
	lines(x, h.a, h.b, "< ");
	if(h.a <= h.b && h.c <= h.d)
		put("---\n");
	lines(y, h.c, h.d, "> ");
}

void
Diffprinter::grouphead(const Hunk& h)
{
	if(mode == 'u') {
		put(fmt::format("@@ -{},{} +{},{} @@\n", h.a, h.b - h.a + 1, h.c,
			h.d - h.c + 1));
		return;
	}
	put(x.name + ":");
	range(h.a, h.b, ',');
	put(" - " + y.name + ":");
	range(h.c, h.d, ',');
	put("\n");
}

// Hunks whose contexts touch.
void
Diffprinter::group(const Hunk* h, const Hunk* end)
{
	int64_t around = mode == 'a' ? INT32_MAX : Context;
	Hunk g;
	g.a = std::max<int64_t>(h->a - around, 1);
	g.b = std::min(end[-1].b + around, count(x));
	g.c = std::max<int64_t>(h->c - around, 1);
	g.d = std::min(end[-1].d + around, count(y));
	grouphead(g);
	bool u = mode == 'u';
	int64_t at = g.a;
	for(; h < end; h++) {
		lines(x, at, h->a - 1, u ? " " : "  ");
		lines(x, h->a, h->b, u ? "-" : "- ");
		lines(y, h->c, h->d, u ? "+" : "+ ");
		at = h->b + 1;
	}
	lines(x, at, g.b, u ? " " : "  ");
}

void
Diffprinter::withcontext(const std::vector<Hunk>& hunks)
{
	if(mode == 'u')
		put("--- " + x.name + "\n+++ " + y.name + "\n");
	const Hunk* end = hunks.data() + hunks.size();
	for(const Hunk* h = hunks.data(); h < end;) {
		const Hunk* next = h + 1;
		while(next < end && (mode == 'a' || next[-1].b + 1 + 2 * Context > next->a))
			next++;
		group(h, next);
		h = next;
	}
}

void
Diffprinter::all(const std::vector<Hunk>& hunks)
{
	if(mode == 'c' || mode == 'a' || mode == 'u')
		withcontext(hunks);
	else if(mode == 'e')
		std::for_each(hunks.rbegin(), hunks.rend(), [this](const Hunk& h) { hunk(h); });
	else
		std::ranges::for_each(hunks, [this](const Hunk& h) { hunk(h); });
}
}
