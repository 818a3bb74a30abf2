// uniq(1).

#include <fmt/format.h>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

struct Flags {
	char mode = 0;	// u, d, c, s or none
	uint64_t fields = 0;
	uint64_t runes = 0;
};

bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

// What of a line is compared.
std::string_view
compared(const Flags& f, std::string_view s)
{
	size_t i = 0;
	for(uint64_t n = f.fields; n > 0 && i < s.size(); n--) {
		while(i < s.size() && blank(s[i]))
			i++;
		while(i < s.size() && !blank(s[i]))
			i++;
	}
	s.remove_prefix(i);
	for(uint64_t n = f.runes; n > 0 && !s.empty(); n--) {
		char32_t r;
		s.remove_prefix(decode(s, r));
	}
	return s;
}

void
print(const Flags& f, std::string_view line, uint64_t count, Bout& out)
{
	if((f.mode == 'u' && count > 1) || (f.mode == 'd' && count == 1))
		return;
	if(f.mode == 'c')
		out.put(fmt::format("{:4} ", count));
	out.put(line);
	out.put('\n');
}

// Lines are compared with the first of their group.
void
filter(const Flags& f, int fd)
{
	Bin in(fd);
	Bout out(1);
	std::string first;
	uint64_t count = 0;
	for(std::string_view l; in.line(l);) {
		pollnotes();
		std::string_view a = compared(f, first);
		std::string_view b = compared(f, l);
		if(count > 0 && (f.mode == 's' ? b.starts_with(a) : a == b)) {
			count++;
			continue;
		}
		if(count > 0)
			print(f, first, count, out);
		first = l;
		count = 1;
	}
	if(count > 0)
		print(f, first, count, out);
	out.flush();
}

uint64_t
number(const Cmdline& a, std::string_view s)
{
	uint64_t n = 0;
	if(s.empty())
		a.usage();
	for(char c : s)
		if(c < '0' || c > '9' || __builtin_mul_overflow(n, 10, &n) ||
		   __builtin_add_overflow(n, uint64_t(c - '0'), &n))
			a.usage();
	return n;
}
}

void
uniq(Argv argv)
{
	Cmdline a(argv, "[-udcs] [-num] [+num] [file]");
	Flags f;
	size_t i = 1;
	for(; i < argv.size() && (argv[i][0] == '-' || argv[i][0] == '+'); i++) {
		std::string_view s = argv[i];
		char c = argv[i][1];
		if(s[0] == '+')
			f.runes = number(a, s.substr(1));
		else if(c >= '0' && c <= '9')
			f.fields = number(a, s.substr(1));
		else if(s.size() > 1 && std::string_view("udcs").find(c) == s.npos)
			a.usage();
		else
			f.mode = c;	// the last one counts
	}
	if(argv.size() > i + 1)
		a.fatal("unexpected argument " + argv[i + 1]);
	Fd fd;
	try {
		fd = i < argv.size() ? open(argv[i], OREAD) : dup(0);
	} catch(const Error& e) {
		a.fatal("cannot open " + argv[i] + ": " + e.text());
	}
	filter(f, fd);
}
}
