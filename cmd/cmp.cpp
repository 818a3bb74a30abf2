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

	// More bytes when there are none; false when they cannot be read.
	bool fill()
	{
		if(have.empty())
			try {
				have = b.room().first(read(fd, b.room()));
			} catch(const Error&) {
				return false;
			}
		return true;
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
	 const std::string& offset)
{
	const char* doing = "open";
	std::string what = name;
	s.name = name;
	try {
		s.fd = open(name, OREAD);
		auto off = parseint(offset.empty() ? "0" : offset);
		if(!off || *off < 0)
			a.usage();
		doing = "seek";
		what += fmt::format(": seek by {}", *off);
		if(*off != 0)
			seek(s.fd, *off, 0);
	} catch(const Error& e) {
		if(!f.quiet)
			a.warn(what + ": " + e.text());
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

[[noreturn]] void
unreadable(Flags f, const Side& s, int64_t n, Bout& out)
{
	if(!f.quiet)
		out.put(fmt::format("error on {} after {} bytes\n", s.name, n));
	out.flush();
	exits("read error");
}

void
compare(Flags f, Side& x, Side& y)
{
	Bout out(1);
	int64_t nc = 1;
	int64_t l = 1;
	for(;;) {
		for(Side* s : {&x, &y})
			if(!s->fill())
				unreadable(f, *s, nc - 1, out);
		size_t n = std::min(x.have.size(), y.have.size());
		if(n == 0)
			break;
		if(std::memcmp(x.have.data(), y.have.data(), n) != 0) {
			if(f.quiet)
				exits("differ");
			differences(f, x, y, n, nc, l, out);
		}
		if(f.lines)
			l += std::ranges::count(x.have.first(n), std::byte{'\n'});
		nc += int64_t(n);
		x.take(n);
		y.take(n);
	}
	if(x.have.size() != y.have.size() && !f.quiet)
		out.put(fmt::format("EOF on {} after {} bytes\n",
				    x.have.empty() ? x.name : y.name, nc - 1));
	out.flush();
	if(x.have.size() != y.have.size())
		exits("EOF");
}
}

void
cmp(Argv argv)
{
	Cmdline a(argv, "[-lLs] file1 file2 [offset1 [offset2] ]");
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
	openside(a, f, x, w[0], w[2]);
	openside(a, f, y, w[1], w[3]);
	compare(f, x, y);
}
}
