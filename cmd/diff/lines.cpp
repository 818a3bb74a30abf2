// The lines of files, and where they differ.

#include <algorithm>
#include <unordered_map>

#include "cmd/diff/diff.h"
#include "cmd/diff/lcs.h"
#include "lib9/error.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

// Blanks as ctype(2) has them.
bool
blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

// Appends what counts of a line.  Blanks at its end, and the newline, never do.
void
squeeze(std::string_view line, Blanks how, std::string& s)
{
	bool skipped = false;
	for(char c : line) {
		if(blank(c)) {
			skipped = true;
			continue;
		}
		if(skipped && how == Blanks::Squeeze)
			s += ' ';
		skipped = false;
		s += c;
	}
}

// Numbers for the keys of lines: equal keys have equal numbers.
class Classes {
	std::unordered_map<std::string_view, uint32_t> known;

public:
	explicit Classes(size_t n) { known.reserve(n); }
	uint32_t add(std::string_view key)
	{
		return known.emplace(key, uint32_t(known.size())).first->second;
	}
	// The class, or one that add never gave.
	uint32_t find(std::string_view key) const
	{
		auto i = known.find(key);
		return i == known.end() ? UINT32_MAX : i->second;
	}
};

// The hunk between two pairs of lines that are the same, if anything is between them.
void
gap(std::vector<Hunk>& hunks, int64_t x, int64_t y, int64_t nextx, int64_t nexty)
{
	if(nextx > x + 1 || nexty > y + 1)
		hunks.push_back({x + 1, nextx - 1, y + 1, nexty - 1});
}
}

Difffile::Difffile(std::string called, std::string s, Blanks how)
	: text(std::move(s)), ends{0}, name(std::move(called))
{
	for(size_t at = 0; at < text.size(); at = ends.back()) {
		size_t nl = text.find('\n', at);
		ends.push_back(nl == text.npos ? text.size() : nl + 1);
	}
	if(ends.size() >= UINT32_MAX / 4)
		error("file too large", name);
	if(how == Blanks::Count)
		return;
	keyends.push_back(0);
	for(size_t i = 1; i <= lines(); i++) {
		squeeze(line(i), how, keys);
		keyends.push_back(keys.size());
	}
}

std::vector<Hunk>
differences(const Difffile& x, const Difffile& y, const std::function<void()>& step)
{
	size_t m = x.lines();
	size_t n = y.lines();
	size_t start = 0;
	while(start < std::min(m, n) && x.key(start + 1) == y.key(start + 1))
		start++;
	size_t end = 0;
	while(end < std::min(m, n) - start && x.key(m - end) == y.key(n - end))
		end++;
	Classes classes(n - start - end);
	std::vector<uint32_t> a, b;
	for(size_t i = start + 1; i <= n - end; i++)
		b.push_back(classes.add(y.key(i)));
	for(size_t i = start + 1; i <= m - end; i++)
		a.push_back(classes.find(x.key(i)));
	std::vector<uint32_t> same = commonlines(a, b, step);
	std::vector<Hunk> hunks;
	auto lastx = int64_t(start);
	auto lasty = int64_t(start);
	for(size_t i = 0; i < same.size(); i++) {
		if(same[i] == 0)
			continue;
		auto nextx = int64_t(start + i + 1);
		auto nexty = int64_t(start + same[i]);
		gap(hunks, lastx, lasty, nextx, nexty);
		lastx = nextx;
		lasty = nexty;
	}
	gap(hunks, lastx, lasty, int64_t(m - end) + 1, int64_t(n - end) + 1);
	return hunks;
}

bool
binary(std::string_view start)
{
	// What may be the start of a rune only is not looked at.
	while(start.size() > UTFmax) {
		char32_t r;
		start.remove_prefix(decode(start, r));
		if(r == 0 || (r > 0x7F && r <= 0xA0))
			return true;
	}
	return false;
}
}
