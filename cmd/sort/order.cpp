// The order of the lines of a run.  Texts are compared seven bytes at a time: those of a
// group lie beside the number of the line, so that sorting a group touches no text.  What
// is equal and not at its end is a group for the next seven.

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "cmd/sort/sort.h"

namespace p9 {

namespace {

constexpr size_t Step = 7;	// bytes in a word
constexpr size_t Few = 12;	// texts that are compared whole

class Texts {
	struct Entry {
		uint64_t word;
		uint32_t i;
	};
	struct Group {
		size_t begin;
		size_t end;
		size_t depth;
	};
	const std::span<const std::string_view> at;
	const uint64_t flip;
	std::vector<Entry> v;
	std::vector<Entry> spare;	// of radix
	std::vector<Group> todo;

	uint64_t word(size_t i, size_t depth) const;
	bool ended(uint64_t w) const { return ((w ^ flip) & 0xFF) <= Step; }
	bool less(uint32_t x, uint32_t y, size_t depth) const;
	void few(Group g);
	void radix(Group g);
	void many(Group g);

public:
	Texts(std::span<const std::string_view> texts, bool reverse)
	    : at(texts), flip(reverse ? ~uint64_t(0) : 0)
	{
	}
	std::vector<uint32_t> order();
};

// Seven bytes and how many there are, at most eight: a text that ends comes before one
// that goes on with zeros.
uint64_t
Texts::word(size_t i, size_t depth) const
{
	std::string_view s = at[i];
	size_t n = s.size() > depth ? s.size() - depth : 0;
	uint64_t w = 0;
	if(n > Step) {
		std::memcpy(&w, s.data() + depth, sizeof w);
		w = (__builtin_bswap64(w) & ~uint64_t(0xFF)) | (Step + 1);
	} else {
		for(size_t k = 0; k < n; k++)
			w |= uint64_t(uint8_t(s[depth + k])) << (56 - 8 * k);
		w |= n;
	}
	return w ^ flip;
}

bool
Texts::less(uint32_t x, uint32_t y, size_t depth) const
{
	std::string_view a = at[x].substr(std::min(depth, at[x].size()));
	std::string_view b = at[y].substr(std::min(depth, at[y].size()));
	int c = a.compare(b);
	if(c == 0)
		return x < y;
	return flip ? c > 0 : c < 0;
}

void
Texts::few(Group g)
{
	for(size_t k = g.begin + 1; k < g.end; k++) {
		Entry e = v[k];
		size_t j = k;
		for(; j > g.begin && less(e.i, v[j - 1].i, g.depth); j--)
			v[j] = v[j - 1];
		v[j] = e;
	}
}

// By the words, which keeps the order of those that are equal.
void
Texts::radix(Group g)
{
	std::vector<std::array<size_t, 256>> count(8);
	for(size_t k = g.begin; k < g.end; k++)
		for(size_t d = 0; d < 8; d++)
			count[d][v[k].word >> 8 * d & 0xFF]++;
	spare.resize(g.end - g.begin);
	for(size_t d = 0; d < 8; d++) {
		auto& c = count[d];
		if(c[v[g.begin].word >> 8 * d & 0xFF] == g.end - g.begin)
			continue;	// all have the same byte
		size_t sum = 0;
		for(size_t& n : c)
			sum += std::exchange(n, sum);
		for(size_t k = g.begin; k < g.end; k++)
			spare[c[v[k].word >> 8 * d & 0xFF]++] = v[k];
		std::copy(spare.begin(), spare.end(), v.begin() + ptrdiff_t(g.begin));
	}
}

void
Texts::many(Group g)
{
	bool same = true;
	for(size_t k = g.begin; k < g.end; k++) {
		v[k].word = word(v[k].i, g.depth);
		same &= v[k].word == v[g.begin].word;
	}
	auto begin = v.begin() + ptrdiff_t(g.begin);
	auto end = v.begin() + ptrdiff_t(g.end);
	if(!same && g.end - g.begin > 1000)
		radix(g);
	else if(!same)
		std::sort(begin, end, [](const Entry& x, const Entry& y) {
			return x.word != y.word ? x.word < y.word : x.i < y.i;
		});
	for(size_t k = g.begin; k < g.end;) {
		size_t e = k + 1;
		while(e < g.end && v[e].word == v[k].word)
			e++;
		if(e - k > 1 && !ended(v[k].word))
			todo.push_back({k, e, g.depth + Step});
		k = e;
	}
}

std::vector<uint32_t>
Texts::order()
{
	size_t n = at.size();
	v.resize(n);
	for(size_t i = 0; i < n; i++)
		v[i].i = uint32_t(i);
	todo.push_back({0, n, 0});
	while(!todo.empty()) {
		Group g = todo.back();
		todo.pop_back();
		if(g.end - g.begin <= Few)
			few(g);
		else
			many(g);
	}
	std::vector<uint32_t> r(n);
	for(size_t i = 0; i < n; i++)
		r[i] = v[i].i;
	return r;
}
}

std::vector<uint32_t>
textorder(std::span<const std::string_view> texts, bool reverse)
{
	return Texts(texts, reverse).order();
}

void
Run::add(std::string_view l)
{
	line.push_back({text.size(), l.size()});
	text += l;
	if(!spec.plain()) {
		size_t at = keys.size();
		sortkey(spec, l, keys);
		key.push_back({at, keys.size() - at});
	}
}

void
Run::clear()
{
	text.clear();
	keys.clear();
	line.clear();
	key.clear();
}

size_t
Run::cost() const
{
	constexpr size_t Ordering = 56;	// what textorder takes for a line
	return text.size() + keys.size() + (line.size() + key.size()) * sizeof(Text) +
		line.size() * Ordering;
}

void
Run::sorted(const std::function<void(std::string_view)>& put) const
{
	std::vector<std::string_view> k(size());
	for(size_t i = 0; i < size(); i++)
		k[i] = spec.plain() ? part(text, line[i]) : part(keys, key[i]);
	std::optional<std::string_view> last;
	for(uint32_t i : textorder(k, spec.plain() && spec.reverse())) {
		if(spec.unique && last == k[i])
			continue;
		put(part(text, line[i]));
		last = k[i];
	}
}
}
