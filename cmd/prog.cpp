#include "cmd/prog.h"

#include <algorithm>
#include <cstring>

#include "lib9/cleanname.h"

namespace p9 {

Cmdline::Cmdline(Argv argv, std::string_view how)
	: Args(argv), text(how), name(argv.empty() ? "" : basename(argv[0]))
{
	if(argv.size() == 2 && argv[1] == "--help") {
		fprint(1, "usage: " + argv0 + (how.empty() ? "" : " ") +
				  std::string(how) + "\n");
		exits();
	}
}

void
Cmdline::usage() const
{
	std::string how(text);
	fprint(2, "usage: " + argv0 + (how.empty() ? "" : " ") + how + "\n");
	exits("usage");
}

std::string
Cmdline::earg()
{
	auto s = argf();
	if(!s)
		usage();
	return *s;
}

uint64_t
Cmdline::esize()
{
	std::string s = earg();
	auto n = parsesize(s);
	if(!n)
		fatal("bad size: " + s);
	return *n;
}

int64_t
Cmdline::eint()
{
	std::string s = earg();
	auto n = parseint(s);
	if(!n)
		fatal("bad number: " + s);
	return *n;
}

void
Cmdline::warn(std::string_view what) const
{
	fprint(2, name + ": " + std::string(what) + "\n");
}

void
Cmdline::fatal(std::string_view what) const
{
	warn(what);
	exits(what);
}

void
Bout::flush()
{
	std::string s = std::exchange(buf, {});
	writeall(fd, std::as_bytes(std::span(s)));
}

// More bytes behind those that are there.  False at the end.
bool
Bin::fill()
{
	if(ended)
		return false;
	if(at > 0) {
		std::memmove(buf.data(), buf.data() + at, have - at);
		have -= at;
		at = 0;
	}
	if(buf.size() < have + Piece)
		buf.resize(std::max(have + Piece, 2 * have));
	Buf room = std::as_writable_bytes(std::span(buf)).subspan(have);
	size_t n = read(fd, room);
	have += n;
	ended = n == 0;
	return !ended;
}

bool
Bin::line(std::string_view& s)
{
	for(size_t seen = 0;;) {
		std::string_view rest = std::string_view(buf).substr(at, have - at);
		size_t nl = rest.find('\n', seen);
		newline = nl != rest.npos;
		if(newline) {
			s = rest.substr(0, nl);
			at += nl + 1;
			return true;
		}
		seen = rest.size();
		if(!fill()) {
			s = std::string_view(buf).substr(at, have - at);
			at = have;
			return !s.empty();
		}
	}
}

bool
Bin::line(std::string& s)
{
	std::string_view l;
	bool more = line(l);
	s = l;
	return more;
}

std::string_view
Bin::piece()
{
	if(at == have)
		fill();
	std::string_view s = std::string_view(buf).substr(at, have - at);
	at = have;
	return s;
}

int
Bin::get()
{
	if(at == have && !fill())
		return -1;
	return static_cast<unsigned char>(buf[at++]);
}

bool
isterminal(int fd)
{
	try {
		std::string name = fd2path(fd);
		return name == "/dev/cons" || name == "#c/cons";
	} catch(const Error&) {
		return false;
	}
}

Block
copybuf()
{
	return Block::alloc(1 << 20);
}

void
writeall(int fd, Bytes b)
{
	while(!b.empty()) {
		size_t n = write(fd, b);
		if(n == 0)
			error(Eio);
		b = b.subspan(n);
	}
}
}
