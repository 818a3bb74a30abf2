// sum(1): sum, md5sum, sha1sum.

#include <fmt/format.h>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/digest.h"
#include "lib9/endian.h"

namespace p9 {

namespace {

// Prints what f answers for each of the named files, or for the standard input: f has a
// descriptor to read; gap stands before the name.  It goes on behind bad files.
template<class F>
void
eachfile(const Cmdline& a, std::string_view gap, F f)
{
	Bout out(1);
	std::string status;
	if(a.argc() == 0)
		out.put(f(0) + "\n");
	for(const std::string& s : a.rest()) {
		std::string doing = "can't open ";
		std::string line;
		try {
			Fd fd = open(s, OREAD);
			doing = "reading ";
			line = f(fd);
		} catch(const Error& e) {
			status = doing + s + ": " + e.text();
			a.warn(status);
			continue;
		}
		out.put(line + std::string(gap) + s + "\n");
		out.flush();
	}
	out.flush();
	exits(status);
}

template<class F>
void
eachpiece(int fd, F f)
{
	Block b = copybuf();
	while(size_t n = read(fd, b.room())) {
		f(Bytes(b.room().first(n)));
		pollnotes();
	}
}

// The length goes in too, in a form that is not all zeros for an empty file.
uint32_t
crclength(uint32_t crc, uint64_t length)
{
	std::array<std::byte, 4> x;
	putbe(x.data(), uint32_t(length) ^ 0xCC55CC55);
	return crcadd(crc, x);
}

uint32_t
rotatingsum(uint32_t sum, Bytes b)
{
	for(std::byte c : b)
		sum = ((sum >> 1 | sum << 15) + unsigned(c)) & 0xFFFF;
	return sum;
}

uint32_t
plainsum(uint32_t sum, Bytes b)
{
	for(std::byte c : b)
		sum += unsigned(c);
	return sum;
}

uint64_t
blocks(uint64_t length, uint64_t size)
{
	return length / size + (length % size != 0);
}

std::string
report(char kind, uint32_t sum, uint64_t length)
{
	switch(kind) {
	case 'r': return fmt::format("{:05}{:6}", sum, blocks(length, 1024));
	case '5':
		return fmt::format("{:05}{:6}", ((sum >> 16) + sum) & 0xFFFF,
			blocks(length, 512));
	}
	return fmt::format("{:08x} {:6}", crclength(sum, length), length);
}

std::string
digestof(int fd, Digest& d)
{
	eachpiece(fd, [&d](Bytes b) { d.add(b); });
	return d.end();
}
}

void
sum(Argv argv)
{
	Cmdline a(argv, "[-5r] [file ...]");
	char kind = 0;
	while(char32_t c = a.flag())
		switch(c) {
		case 'r':
		case '5': kind = char(c); break;
		default: a.usage();
		}
	auto add = kind == 'r' ? rotatingsum : kind == '5' ? plainsum : crcadd;
	eachfile(a, " ", [&](int fd) {
		uint32_t s = 0;
		uint64_t length = 0;
		eachpiece(fd, [&](Bytes b) {
			s = add(s, b);
			length += b.size();
		});
		return report(kind, s, length);
	});
}

void
md5sum(Argv argv)
{
	Cmdline a(argv, "[file ...]");
	while(a.flag())
		a.usage();
	eachfile(a, "\t", [](int fd) { return digestof(fd, *md5()); });
}

void
sha1sum(Argv argv)
{
	Cmdline a(argv, "[-2 bits] [file ...]");
	unsigned bits = 0;
	while(char32_t c = a.flag()) {
		if(c != '2')
			a.usage();
		std::string s = a.earg();
		auto n = parseint(s);
		if(!n || *n < 0 || *n > 512 || !sha2(unsigned(*n)))
			a.fatal("unknown number of sha2 bits: " + s);
		bits = unsigned(*n);
	}
	eachfile(a, "\t",
		 [bits](int fd) { return digestof(fd, bits ? *sha2(bits) : *sha1()); });
}
}
