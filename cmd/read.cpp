// read(1).  What it takes from a file it prints: what follows is there for the next who
// reads.  So it asks for no more bytes than it is sure to print.

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr size_t Most = 64 * 1024;	// bytes of one read

class Reader {
	const Cmdline& a;
	const int fd;
	const std::string name;

	[[noreturn]] void fail(const Error& e)
	{
		a.warn("error reading " + name + ": " + e.text());
		exits("read error");
	}
	// At most n bytes; none at the end.
	std::string bytes(size_t n);
	bool more(Bin& in, std::string_view& l)
	{
		try {
			return in.line(l);
		} catch(const Error& e) {
			fail(e);
		}
	}

public:
	Reader(const Cmdline& cmd, int f, std::string file)
	    : a(cmd), fd(f), name(std::move(file))
	{
	}
	// Each answers whether there was what was asked for.
	bool line();
	bool lines(int64_t n);
	bool all();
	bool chars(int64_t n);
	void runes(int64_t n);
};

std::string
Reader::bytes(size_t n)
{
	std::string s(std::min(n, Most), '\0');
	try {
		s.resize(read(fd, std::as_writable_bytes(std::span(s))));
	} catch(const Error& e) {
		fail(e);
	}
	return s;
}

// A line is one write.
bool
Reader::line()
{
	std::string s;
	std::byte c;
	try {
		while(read(fd, Buf(&c, 1)) == 1) {
			s += char(c);
			if(char(c) == '\n')
				break;
		}
	} catch(const Error& e) {
		fail(e);
	}
	writeall(1, std::as_bytes(std::span(s)));
	return !s.empty();
}

bool
Reader::lines(int64_t n)
{
	do {
		if(!line())
			return false;
	} while(--n > 0);
	return true;
}

// Nothing is left for others, so there is no need to go byte by byte.
bool
Reader::all()
{
	Bin in(fd);
	std::string s;
	for(std::string_view l; more(in, l);) {
		s = l;
		if(in.whole())
			s += '\n';
		writeall(1, std::as_bytes(std::span(s)));
	}
	return false;
}

bool
Reader::chars(int64_t n)
{
	bool any = n <= 0;
	while(n > 0) {
		std::string s = bytes(size_t(n));
		if(s.empty())
			break;
		writeall(1, std::as_bytes(std::span(s)));
		n -= int64_t(s.size());
		any = true;
	}
	return any;
}

// As many bytes as there are runes to come are sure to be theirs; then what is missing
// of the last.
void
Reader::runes(int64_t n)
{
	while(n > 0) {
		std::string s = bytes(size_t(n));
		if(s.empty())
			return;
		size_t i = 0;
		for(char32_t r; i < s.size() && fullrune(std::string_view(s).substr(i)); n--)
			i += decode(std::string_view(s).substr(i), r);
		bool cut = i < s.size();
		while(cut && !fullrune(std::string_view(s).substr(i))) {
			std::string more = bytes(1);
			s += more;
			if(more.empty()) {
				a.warn("partial rune at end of " + name);
				n = 0;
				break;
			}
		}
		n -= cut;
		writeall(1, std::as_bytes(std::span(s)));
	}
}

enum class What { Lines, All, Bytes, Runes };
}

void
read(Argv argv)
{
	Cmdline a(argv, "[-m | -n nlines | -c nbytes | -r nrunes] [file ...]");
	What what = What::Lines;
	int64_t n = 1;
	while(char32_t f = a.flag())
		switch(f) {
		case 'm': what = What::All; break;
		case 'n': n = a.eint(); break;
		case 'c': what = What::Bytes, n = a.eint(); break;
		case 'r': what = What::Runes, n = a.eint(); break;
		default: a.usage();
		}
	std::string status;
	auto from = [&](int fd, const std::string& name) {
		Reader r(a, fd, name);
		bool all = true;
		switch(what) {
		case What::Lines: all = r.lines(n); break;
		case What::All: all = r.all(); break;
		case What::Bytes: all = r.chars(n); break;
		case What::Runes: r.runes(n); break;
		}
		if(!all)
			status = "eof";
	};
	if(a.argc() == 0)
		from(0, "<stdin>");
	for(const std::string& s : a.rest()) {
		Fd fd;
		try {
			fd = open(s, OREAD);
		} catch(const Error& e) {
			a.warn("can't open " + s + ": " + e.text());
			exits("open");
		}
		from(fd, s);
	}
	exits(status);
}
}
