#include "cmd/prog.h"

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

bool
Bin::line(std::string& s)
{
	for(size_t from = at;;) {
		size_t nl = buf.find('\n', from);
		if(nl != buf.npos) {
			s.assign(buf, at, nl - at);
			at = nl + 1;
			return true;
		}
		buf.erase(0, at);
		at = 0;
		from = buf.size();
		if(!ended) {
			buf.resize(from + 8192);
			size_t n = read(
				fd, std::as_writable_bytes(std::span(buf)).subspan(from));
			buf.resize(from + n);
			ended = n == 0;
		}
		if(ended) {
			s = std::exchange(buf, {});
			return !s.empty();
		}
	}
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
