// All lines of a text that match.  A machine alone waits for memory at each byte, so four
// read in turn, each in another part of the text.

#include <algorithm>

#include "lib9/regexpdfa.h"

namespace p9 {

namespace {

constexpr size_t Partsize = 4096;

size_t
linebegin(std::string_view s, size_t p)
{
	while(p > 0 && s[p - 1] != '\n')
		p--;
	return p;
}

// Behind the newline of the line that p is in.
size_t
behindline(std::string_view s, size_t p)
{
	return std::min(s.find('\n', p), s.size() - 1) + 1;
}
}

// A lane for the next part, which begins at p; an empty one if there is none.
Redfa::Lane
Redfa::take(std::string_view s, size_t& p)
{
	size_t from = p;
	if(p < s.size()) {
		p = behindline(s, std::min(p + Partsize, s.size()) - 1);
		if(parts++ == found.size())
			found.emplace_back();
		found[parts - 1].clear();
	}
	return {s.data() + from, s.data() + p, parts - 1, start(true).state};
}

// Reads n bytes in four lanes, or until one comes to something that is no plain state: that
// is its state then.
void
Redfa::together(Lane* l, size_t n) const
{
	const char* p = l[0].at;
	const char* end = p + n;
	const ptrdiff_t to1 = l[1].at - p, to2 = l[2].at - p, to3 = l[3].at - p;
	size_t a = l[0].state, b = l[1].state, c = l[2].state, d = l[3].state;
	const uint32_t* t = table.data();
	do {
		a = t[a + cls[uint8_t(p[0])]];
		b = t[b + cls[uint8_t(p[to1])]];
		c = t[c + cls[uint8_t(p[to2])]];
		d = t[d + cls[uint8_t(p[to3])]];
		p++;
	} while((a | b | c | d) < Unknown && p != end);
	n = size_t(p - l[0].at);
	for(size_t k = 0; k < 4; k++)
		l[k].at += n;
	l[0].state = uint32_t(a);
	l[1].state = uint32_t(b);
	l[2].state = uint32_t(c);
	l[3].state = uint32_t(d);
}

// The line that p is in matches: the lane goes on behind it.
void
Redfa::matched(Lane& l, std::string_view s, size_t p)
{
	size_t end = behindline(s, p);
	found[l.part].push_back({linebegin(s, p), end - 1});
	l.at = s.data() + end;
	l.state = start(true).state;
}

// The last byte that the lane read led to no plain state.  Which one it came from is not
// known any more, so the line is read again, and the table has it then.
void
Redfa::finishline(Lane& l, std::string_view s)
{
	size_t p = size_t(l.at - s.data()) - 1;
	if(l.state & Matched) {
		matched(l, s, p);
		return;
	}
	size_t end = behindline(s, p);
	Cursor c = start(true);
	read(c, s, linebegin(s, p), end);
	l.at = s.data() + end;
	l.state = c.state;
	if(c.match != s.npos)
		matched(l, s, c.match);
}

void
Redfa::finish(Lane& l, std::string_view s)
{
	while(l.at < l.end) {
		Cursor c{l.state, s.npos, false};
		read(c, s, size_t(l.at - s.data()), size_t(l.end - s.data()));
		if(c.match == s.npos)
			return;
		matched(l, s, c.match);
	}
}

// All states were thrown away.
void
Redfa::restart(Lane& l, std::string_view s)
{
	l.at = s.data() + linebegin(s, size_t(l.at - s.data()));
	l.state = start(true).state;
}

void
Redfa::readlines(std::string_view s, std::vector<Submatch>& v)
{
	parts = 0;
	size_t p = 0;
	Lane lane[4];
	for(Lane& l : lane)
		l = take(s, p);
	for(size_t before = cleared;;) {
		size_t n = s.size();
		for(Lane& l : lane) {
			if(l.at == l.end)
				l = take(s, p);
			n = std::min(n, size_t(l.end - l.at));
		}
		if(n == 0)
			break;
		together(lane, n);
		for(Lane& l : lane)
			if(l.state >= Unknown)
				finishline(l, s);
		if(cleared != before) {
			before = cleared;
			for(Lane& l : lane)
				restart(l, s);
		}
	}
	for(Lane& l : lane) {
		restart(l, s);
		finish(l, s);
	}
	for(size_t i = 0; i < parts; i++)
		v.insert(v.end(), found[i].begin(), found[i].end());
}
}
