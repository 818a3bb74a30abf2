// cmp(1).

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

// One of the two files, and what of it lies in memory.
struct Side {
	std::string name;
	Fd fd;
	Block b = copybuf();
	Buf have;

	Bytes fill()
	{
		if(have.empty())
			have = b.room().first(read(fd, b.room()));
		return have;
	}
	void take(size_t n) { have = have.subspan(n); }
};

struct Flags {
	bool quiet = false;
	bool all = false;
	bool lines = false;
};

void
openside(const Cmdline& a, Flags f, Side& s, const std::string& name,
	 std::string_view off, int which)
{
	const char* doing = "open";
	s.name = name;
	try {
		s.fd = open(name, OREAD);
		doing = which == 1 ? "seek 1" : "seek 2";
		auto n = off.empty() ? std::optional<int64_t>(0) : parseint(off);
		if(!n)
			a.usage();
		if(*n != 0)
			seek(s.fd, *n, 0);
	} catch(const Error& e) {
		if(!f.quiet)
			a.warn(name + ": " + e.text());
		exits(doing);
	}
}

// The bytes that differ in two pieces of one length, which begin at byte nc of line l.
void
differences(Flags f, const Side& x, const Side& y, size_t n, int64_t nc, int64_t l,
	    Bout& out)
{
	for(size_t i = 0; i < n; i++) {
		unsigned p = unsigned(x.have[i]);
		unsigned q = unsigned(y.have[i]);
		if(p == '\n')
			l++;
		if(p == q)
			continue;
		int64_t at = nc + int64_t(i);
		if(f.all) {
			out.put(fmt::format("{:6} 0x{:02x} 0x{:02x}\n", at, p, q));
			continue;
		}
		out.put(fmt::format("{} {} differ: char {}", x.name, y.name, at));
		out.put(f.lines ? fmt::format(" line {}\n", l) : "\n");
		out.flush();
		exits("differ");
	}
}

void
compare(Flags f, Side& x, Side& y)
{
	Bout out(1);
	int64_t nc = 1;
	int64_t l = 1;
	bool differ = false;
	for(;;) {
		size_t n = std::min(x.fill().size(), y.fill().size());
		if(n == 0)
			break;
		if(std::memcmp(x.have.data(), y.have.data(), n) != 0) {
			if(f.quiet)
				exits("differ");
			differ = true;
			differences(f, x, y, n, nc, l, out);
		}
		if(f.lines)
			l += std::ranges::count(x.have.first(n), std::byte{'\n'});
		nc += int64_t(n);
		x.take(n);
		y.take(n);
	}
	if(x.have.size() != y.have.size() && !f.quiet)
		out.put("EOF on " + (x.have.empty() ? x.name : y.name) + "\n");
	out.flush();
	if(x.have.size() != y.have.size())
		exits("EOF");
	if(differ)
		exits("differ");
}
}

void
cmp(Argv argv)
{
	Cmdline a(argv, "[-lsL] file1 file2 [offset1 [offset2] ]");
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 's': f.quiet = true; break;
		case 'l': f.all = true; break;
		case 'L': f.lines = true; break;
		default: a.usage();
		}
	Argv w = a.rest();
	if(w.size() < 2 || w.size() > 4)
		a.usage();
	Side x;
	Side y;
	w.resize(4);
	openside(a, f, x, w[0], w[2], 1);
	openside(a, f, y, w[1], w[3], 2);
	compare(f, x, y);
}
}
