// wc(1).

#include <fmt/format.h>

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

struct Counts {
	uint64_t lines = 0;
	uint64_t words = 0;
	uint64_t runes = 0;
	uint64_t bad = 0;
	uint64_t bytes = 0;

	void add(const Counts& c)
	{
		lines += c.lines;
		words += c.words;
		runes += c.runes;
		bad += c.bad;
		bytes += c.bytes;
	}
};

struct Flags {
	bool lines = false;
	bool words = false;
	bool runes = false;
	bool bad = false;
	bool bytes = false;

	bool none() const { return !(lines || words || runes || bad || bytes); }
};

class Counter {
	const Flags f;
	bool inword = false;
	int missing = 0;	// bytes of the rune that has begun

	void words(std::string_view s);
	void runes(std::string_view s);

public:
	Counts c;

	explicit Counter(Flags flags) : f(flags) {}
	void count(std::string_view s);
	void end() { c.bad += missing > 0; }
};

void
Counter::words(std::string_view s)
{
	for(char ch : s) {
		bool blank = ch == ' ' || ch == '\t' || ch == '\n';
		c.words += !blank && !inword;
		inword = !blank;
	}
}

// How many bytes follow one that begins a rune: -1 for those that continue one, -2 for
// those that are in none.
int
following(uint8_t b)
{
	if(b < 0x80)
		return 0;
	if(b < 0xC0)
		return -1;
	if(b < 0xF8)
		return b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
	return -2;
}

// Only the form counts: overlong codes and surrogates are runes like others.  A rune that
// is cut short is one bad code, even if the byte that does so is bad too.
void
Counter::runes(std::string_view s)
{
	for(char ch : s) {
		int n = following(uint8_t(ch));
		if(n == -1 && missing > 0) {
			missing--;
			continue;
		}
		c.runes++;
		c.bad += missing > 0 || n < 0;
		missing = std::max(n, 0);
	}
}

void
Counter::count(std::string_view s)
{
	c.bytes += s.size();
	if(f.lines)
		c.lines += uint64_t(std::ranges::count(s, '\n'));
	if(f.words)
		words(s);
	if(f.runes || f.bad)
		runes(s);
}

std::string
report(Flags f, const Counts& c, std::string_view name)
{
	std::string s;
	auto put = [&s](bool wanted, uint64_t n) {
		if(wanted)
			s += fmt::format(" {:7}", n);
	};
	put(f.lines, c.lines);
	put(f.words, c.words);
	put(f.runes, c.runes);
	put(f.bad, c.bad);
	put(f.bytes, c.bytes);
	s.erase(0, 1);
	if(!name.empty())
		s += " " + std::string(name);
	return s + "\n";
}

Counts
countfile(Flags f, int fd)
{
	Counter c(f);
	Block b = copybuf();
	while(size_t n = read(fd, b.room()))
		c.count(textof(b.room().first(n)));
	c.end();
	return c.c;
}
}

void
wc(Argv argv)
{
	Cmdline a(argv, "[-lwrbc] [file ...]");
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'l': f.lines = true; break;
		case 'w': f.words = true; break;
		case 'r': f.runes = true; break;
		case 'b': f.bad = true; break;
		case 'c': f.bytes = true; break;
		default: a.usage();
		}
	if(f.none())
		f.lines = f.words = f.bytes = true;
	Bout out(1);
	std::string status;
	Counts total;
	if(a.argc() == 0)
		out.put(report(f, countfile(f, 0), {}));
	for(const std::string& s : a.rest())
		try {
			Counts c = countfile(f, open(s, OREAD));
			total.add(c);
			out.put(report(f, c, s));
		} catch(const Error& e) {
			a.warn(s + ": " + e.text());
			status = "can't open";
		}
	if(a.argc() > 1)
		out.put(report(f, total, "total"));
	out.flush();
	exits(status);
}
}
