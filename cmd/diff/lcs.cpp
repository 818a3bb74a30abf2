// A k-candidate is a pair of equal lines x of a and y of b that ends a common
// subsequence of k lines and has the smallest y of all such; best[k] is it for the lines
// of a seen so far.  Each line of a betters some of them: of its mates in b, the smallest
// between two neighbouring y.  A mate that is itself a best y betters nothing, and most
// are in files that are alike: spare has a bit for the others.

#include "cmd/diff/lcs.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "lib9/error.h"

namespace p9 {

namespace {

class Candidates {
	struct Pair {
		uint32_t x;
		uint32_t y;
		uint32_t pred;	// the pair before it in its subsequence
	};
	static constexpr size_t Few = 1 << 20;

	std::vector<Pair> pairs{{0, 0, 0}};
	size_t limit = Few;	// of pairs, before those out of use go

	void sweep();

public:
	std::vector<uint32_t> best{0};	// by k: a pair
	std::vector<uint32_t> y{0};	// by k: its y

	uint32_t make(uint32_t px, uint32_t py, uint32_t pred)
	{
		pairs.push_back({px, py, pred});
		return uint32_t(pairs.size() - 1);
	}
	// Between two lines of a.
	void tidy()
	{
		if(pairs.size() >= limit)
			sweep();
	}
	// The longest subsequence, into found: by x, its y.
	void trace(std::span<uint32_t> found) const
	{
		for(uint32_t p = best.back(); pairs[p].y != 0; p = pairs[p].pred)
			found[pairs[p].x - 1] = pairs[p].y;
	}
};

// Drops the pairs that no best subsequence has.  A pair stands behind its pred.
void
Candidates::sweep()
{
	std::vector<uint32_t> to(pairs.size(), 0);
	for(uint32_t p : best)
		to[p] = 1;
	for(size_t p = pairs.size(); --p > 0;)
		if(to[p])
			to[pairs[p].pred] = 1;
	uint32_t n = 0;
	for(size_t p = 0; p < pairs.size(); p++) {
		if(!to[p])
			continue;
		to[p] = n;
		pairs[n++] = {pairs[p].x, pairs[p].y, to[pairs[p].pred]};
	}
	pairs.resize(n);
	for(uint32_t& p : best)
		p = to[p];
	limit = std::max(Few, 2 * pairs.size());
	if(limit > UINT32_MAX / 2)
		error("files too large");
}

// The lines of b by class, ascending within each.
class Mates {
	std::vector<uint32_t> start;	// by class, and behind the last
	std::vector<uint32_t> line;	// counted from 1
	std::vector<uint32_t> place;	// by line, where it stands in line
	std::vector<uint64_t> spare;	// by place

public:
	explicit Mates(std::span<const uint32_t> b);
	bool has(uint32_t cl) const { return cl < start.size() - 1; }
	// The first place of class cl whose line is beyond y and spare, or its end.
	uint32_t beyond(uint32_t cl, uint32_t y) const;
	uint32_t end(uint32_t cl) const { return start[cl + 1]; }
	uint32_t lineat(uint32_t p) const { return line[p]; }
	void take(uint32_t y) { spare[place[y] / 64] &= ~(uint64_t(1) << place[y] % 64); }
	void give(uint32_t y) { spare[place[y] / 64] |= uint64_t(1) << place[y] % 64; }
};

Mates::Mates(std::span<const uint32_t> b)
{
	uint32_t classes = b.empty() ? 0 : *std::ranges::max_element(b) + 1;
	start.resize(size_t(classes) + 1);
	for(uint32_t c : b)
		start[c + 1]++;
	for(size_t c = 0; c < classes; c++)
		start[c + 1] += start[c];
	line.resize(b.size());
	place.resize(b.size() + 1);
	spare.resize(b.size() / 64 + 1, ~uint64_t(0));
	std::vector<uint32_t> next(start.begin(), start.end());
	for(uint32_t i = 0; i < b.size(); i++) {
		uint32_t p = next[b[i]]++;
		line[p] = i + 1;
		place[i + 1] = p;
	}
}

uint32_t
Mates::beyond(uint32_t cl, uint32_t y) const
{
	uint32_t last = end(cl);
	auto from = line.begin() + start[cl];
	auto p = uint32_t(std::upper_bound(from, line.begin() + last, y) - line.begin());
	while(p < last) {
		uint64_t bits = spare[p / 64] >> p % 64;
		if(bits)
			return std::min(last, p + uint32_t(std::countr_zero(bits)));
		p = (p / 64 + 1) * 64;
	}
	return last;
}

// Line x of a, of class cl: betters what it can.
void
meet(Candidates& c, Mates& mates, uint32_t x, uint32_t cl)
{
	uint32_t oldk = 0;	// the last that was bettered, and what it was
	uint32_t old = c.best[0];
	uint32_t passed = 0;
	for(;;) {
		uint32_t p = mates.beyond(cl, passed);
		if(p == mates.end(cl))
			return;
		uint32_t y = mates.lineat(p);
		auto at = std::upper_bound(c.y.begin() + oldk, c.y.end(), y);
		auto k = uint32_t(at - c.y.begin());
		uint32_t pair = c.make(x, y, k == oldk + 1 ? old : c.best[k - 1]);
		mates.take(y);
		if(at == c.y.end()) {
			c.best.push_back(pair);
			c.y.push_back(y);
			return;
		}
		oldk = k;
		old = std::exchange(c.best[k], pair);
		passed = std::exchange(c.y[k], y);
		mates.give(passed);
	}
}
}

std::vector<uint32_t>
commonlines(std::span<const uint32_t> a, std::span<const uint32_t> b,
	const std::function<void()>& step)
{
	Mates mates(b);
	Candidates c;
	for(uint32_t i = 0; i < a.size(); i++) {
		if(i % 256 == 0)
			step();
		if(!mates.has(a[i]))
			continue;
		meet(c, mates, i + 1, a[i]);
		c.tidy();
	}
	std::vector<uint32_t> found(a.size());
	c.trace(found);
	return found;
}
}
