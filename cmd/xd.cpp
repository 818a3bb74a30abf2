// xd(1).

#include <algorithm>
#include <array>

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

constexpr size_t Line = 16;	// bytes that a line shows
constexpr size_t Maxformats = 10;

constexpr const char* Xdusage =
	"[-u] [-r] [-s] [-a{odx}] [-c|{b1w2l4v8}{odx}] ... file ...";

struct Format {
	bool ascii = false;
	unsigned size = 4;	// bytes of a unit
	unsigned base = 16;
	unsigned addrbase = 16;
};

// At least width figures, filled with pad.
void
putnumber(std::string& s, uint64_t v, unsigned base, size_t width, char pad)
{
	char buf[22];
	size_t at = sizeof buf;
	do
		buf[--at] = "0123456789abcdef"[v % base];
	while((v /= base) != 0);
	size_t n = sizeof buf - at;
	s.append(width > n ? width - n : 0, pad);
	s.append(buf + at, n);
}

// The figures of the largest unit.
size_t
figures(unsigned size, unsigned base)
{
	switch(base) {
	case 8: return (8 * size + 2) / 3;
	case 10: return size == 1 ? 3 : size == 2 ? 5 : size == 4 ? 10 : 20;
	}
	return 2 * size;
}

void
putascii(std::string& s, unsigned char c)
{
	constexpr std::string_view escaped = "\t\r\n\b";
	size_t i = escaped.find(char(c));
	if(i != escaped.npos) {
		s += " \\";
		s += "trnb"[i];
	} else if(c < ' ' || c >= 0x7F) {
		s += ' ';
		putnumber(s, c, 16, 2, '0');
	} else {
		s += "  ";
		s += char(c);
	}
}

class Xd {
	std::vector<Format> formats;
	bool repeats = false;
	bool little = false;
	bool unbuffered = false;
	unsigned addrbase = 16;
	Bout& out;

	void format(const Cmdline& a, std::string_view flag);
	void putline(std::string& s, const Format& f, std::string_view data) const;
	void line(std::string_view data, uint64_t addr) const;

public:
	explicit Xd(Bout& o) : out(o) {}
	// Takes the flags away from argv.
	void flags(const Cmdline& a, Argv& argv);
	void dump(int fd) const;
};

unsigned
basecalled(const Cmdline& a, char c)
{
	switch(c) {
	case 'o': return 8;
	case 'd': return 10;
	case 'x': return 16;
	}
	a.usage();
}

void
Xd::format(const Cmdline& a, std::string_view flag)
{
	Format f;
	f.addrbase = addrbase;
	if(flag == "c") {
		f.ascii = true;
		f.size = 1;
		flag = {};
	}
	for(char c : flag)
		switch(c) {
		case 'b':
		case '1': f.size = 1; break;
		case 'w':
		case '2': f.size = 2; break;
		case 'l':
		case '4': f.size = 4; break;
		case 'v':
		case '8': f.size = 8; break;
		default: f.base = basecalled(a, c);
		}
	formats.push_back(f);
	if(formats.size() >= Maxformats) {
		a.warn("too many formats (max " + std::to_string(Maxformats) + ")");
		exits("usage");
	}
}

// -r, -s and -u stand alone; -a holds for the formats behind it and for the last line.
void
Xd::flags(const Cmdline& a, Argv& argv)
{
	size_t i = 1;
	for(; i < argv.size() && argv[i].size() > 1 && argv[i][0] == '-'; i++) {
		std::string_view flag = std::string_view(argv[i]).substr(1);
		if(flag == "r")
			repeats = true;
		else if(flag == "s")
			little = true;
		else if(flag == "u")
			unbuffered = true;
		else if(flag[0] == 'a' && flag.size() == 2)
			addrbase = basecalled(a, flag[1]);
		else
			format(a, flag);
	}
	argv.erase(argv.begin(), argv.begin() + ptrdiff_t(i));
	if(formats.empty())
		format(a, {});
}

void
Xd::putline(std::string& s, const Format& f, std::string_view data) const
{
	const size_t width = figures(f.size, f.base);
	for(size_t i = 0; i < data.size(); i += f.size) {
		if(f.ascii) {
			putascii(s, static_cast<unsigned char>(data[i]));
			continue;
		}
		// What a unit lacks at the end of the file is 0.
		uint64_t v = 0;
		for(size_t j = 0; j < f.size; j++) {
			size_t at = i + (little ? f.size - 1 - j : j);
			v = v << 8 |
			    (at < data.size() ? static_cast<unsigned char>(data[at]) : 0);
		}
		s += ' ';
		putnumber(s, v, f.base, width, '0');
	}
}

void
Xd::line(std::string_view data, uint64_t addr) const
{
	std::string s;
	char pad = '0';
	for(const Format& f : formats) {
		putnumber(s, addr, f.addrbase, 7, pad);
		s += ' ';
		putline(s, f, data);
		s += '\n';
		pad = ' ';
	}
	out.put(s);
	if(unbuffered)
		out.flush();
}

void
Xd::dump(int fd) const
{
	Bin in(fd);
	std::array<char, Line> was{};
	std::array<char, Line> now{};
	uint64_t addr = 0;
	bool star = false;
	std::string_view piece;
	size_t n;
	do {
		for(n = 0; n < Line; n++) {
			if(piece.empty()) {
				piece = in.piece();
				pollnotes();
			}
			if(piece.empty())
				break;
			now[n] = piece[0];
			piece.remove_prefix(1);
		}
		if(n == Line && repeats) {
			if(addr > 0 && now == was) {
				if(!star)
					out.put("*\n");
				star = true;
				addr += n;
				continue;
			}
			was = now;
			star = false;
		}
		line(std::string_view(now.data(), n), addr);
		addr += n;
	} while(n == Line);
	std::string s;
	putnumber(s, addr, addrbase, 7, '0');
	out.put(s + " \n");
}
}

void
xd(Argv argv)
{
	Cmdline a(argv, Xdusage);
	Bout out(1);
	Xd d(out);
	d.flags(a, argv);
	bool ok = true;
	if(argv.empty())
		d.dump(0);
	for(const std::string& s : argv) {
		Fd fd;
		try {
			fd = open(s, OREAD);
		} catch(const Error& e) {
			a.warn("can't open " + s + ": " + e.text());
			ok = false;
			continue;
		}
		if(argv.size() > 1)
			out.put(s + "\n");
		d.dump(fd);
	}
	out.flush();
	if(!ok)
		exits("error");
}
}
