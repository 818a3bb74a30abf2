// tail(1).  A file is read from its end when that is asked for; of what cannot be, no
// more is kept than may be printed.

#include <algorithm>
#include <deque>
#include <vector>

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

constexpr int64_t Piece = 64 * 1024;
constexpr int64_t Watch = 500;	// milliseconds between looks at a file that may grow

struct Options {
	std::optional<int64_t> number;
	bool begin = false;	// counted from there, not from the end
	bool bytes = false;
	bool reverse = false;
	bool follow = false;
	std::string file;

	int64_t count() const { return number.value_or(reverse ? INT64_MAX : 10); }
};

class Commandline {
	const Cmdline& a;
	const Argv& v;
	Options o;
	size_t next = 1;

	bool number(std::string_view& s);
	void suffix(std::string_view s);
	void argument(std::string_view s);
	void letters(std::string_view s);

public:
	Commandline(const Cmdline& cmd, const Argv& argv) : a(cmd), v(argv) {}
	Options parse();
};

// A number with or without a sign, taken off s.
bool
Commandline::number(std::string_view& s)
{
	size_t i = !s.empty() && (s[0] == '-' || s[0] == '+');
	size_t end = std::min(s.find_first_not_of("0123456789", i), s.size());
	if(end == i)
		return false;
	if(o.number)
		a.fatal("excess option");
	int64_t n = 0;
	for(char c : s.substr(i, end - i))
		if(__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, c - '0', &n))
			a.fatal("too big");
	o.begin = s[0] == '+';
	o.number = n;
	s.remove_prefix(end);
	return true;
}

// What may stand behind the number of the old form.
void
Commandline::suffix(std::string_view s)
{
	if(s.starts_with('b') && __builtin_mul_overflow(*o.number, 1024, &*o.number))
		a.fatal("too big");
	if(!s.empty() && std::string_view("lbc").find(s[0]) != s.npos) {
		o.bytes = s[0] != 'l';
		s.remove_prefix(1);
	}
	for(; !s.empty(); s.remove_prefix(1))
		if(s[0] == 'r')
			o.reverse = true;
		else if(s[0] == 'f')
			o.follow = true;
		else
			a.usage();
}

// The number of -n or -c: what is left of the word, or the next one.
void
Commandline::argument(std::string_view s)
{
	if(s.empty() && next < v.size())
		s = v[next++];
	if(!number(s) || !s.empty())
		a.usage();
}

void
Commandline::letters(std::string_view s)
{
	for(; !s.empty(); s.remove_prefix(1))
		switch(s[0]) {
		case 'r': o.reverse = true; break;
		case 'f': o.follow = true; break;
		case 'c':
		case 'n':
			o.bytes = s[0] == 'c';
			argument(s.substr(1));
			return;
		default: a.usage();
		}
}

Options
Commandline::parse()
{
	while(next < v.size()) {
		std::string_view s = v[next];
		if(s.size() < 2 || (s[0] != '-' && s[0] != '+'))
			break;
		next++;
		if(s == "--")
			break;
		if(number(s))
			suffix(s);
		else if(s[0] == '-')
			letters(s.substr(1));
		else
			a.usage();
	}
	if(v.size() > next + 1)
		a.usage();
	if(v.size() > next)
		o.file = v[next];
	if(o.reverse && (o.bytes || o.follow || o.begin))
		a.fatal("incompatible options");
	return std::move(o);
}

class Tail {
	const Cmdline& a;
	const Options& o;
	Fd fd;
	int64_t size = 0;	// 0: not known, or not a file that can be sought
	Block b = copybuf();
	Bout out{1};

	Bytes next() { return b.room().first(read(fd, b.room())); }
	Bytes at(int64_t from, int64_t end);
	void copy();
	void skipbytes();
	void skiplines();
	void keep();
	void printlast(std::string s);
	int64_t lastlines();
	void backwards();
	void watch();

public:
	Tail(const Cmdline& cmd, const Options& opt) : a(cmd), o(opt) {}
	void run();
};

// The bytes of the file between two places no further apart than Piece.
Bytes
Tail::at(int64_t from, int64_t end)
{
	size_t n = size_t(end - from);
	size_t got = 0;
	while(got < n) {
		size_t m = pread(fd, b.room().subspan(got, n - got), from + int64_t(got));
		if(m == 0)
			a.fatal("length error");
		got += m;
	}
	return b.room().first(n);
}

// The rest, as it comes.
void
Tail::copy()
{
	for(Bytes got = next(); !got.empty(); got = next()) {
		out.put(textof(got));
		out.flush();
	}
}

void
Tail::skipbytes()
{
	for(int64_t n = o.count(); n > 0;) {
		Bytes got = next();
		if(got.empty())
			return;
		if(int64_t(got.size()) > n)
			out.put(textof(got.subspan(size_t(n))));
		n -= int64_t(got.size());
	}
}

// Lines are counted from 1.
void
Tail::skiplines()
{
	for(int64_t n = std::max<int64_t>(o.count(), 1) - 1; n > 0;) {
		Bytes got = next();
		if(got.empty())
			return;
		std::string_view s = textof(got);
		while(n > 0 && !s.empty()) {
			size_t nl = s.find('\n');
			n -= nl != s.npos;
			s.remove_prefix(std::min(nl, s.size() - 1) + 1);
		}
		out.put(s);
	}
}

// Where the last n lines of s begin.
size_t
lastlinesof(std::string_view s, int64_t n)
{
	size_t end = s.size() - s.ends_with('\n');
	if(n == 0)
		return s.size();
	for(; n > 0; n--) {
		size_t nl = end == 0 ? s.npos : s.rfind('\n', end - 1);
		if(nl == s.npos)
			return 0;
		end = nl;
	}
	return end + 1;
}

// The end of what was kept.
void
Tail::printlast(std::string s)
{
	int64_t n = o.count();
	if(o.bytes) {
		out.put(std::string_view(s).substr(
			s.size() - size_t(std::min(n, int64_t(s.size())))));
		return;
	}
	if(!o.reverse) {
		out.put(std::string_view(s).substr(lastlinesof(s, n)));
		return;
	}
	if(!s.empty() && s.back() != '\n')
		s += '\n';
	for(std::string_view left = s; n > 0 && !left.empty(); n--) {
		size_t i = lastlinesof(left, 1);
		out.put(left.substr(i));
		left = left.substr(0, i);
	}
}

// Reads all, but forgets what stands too far in front.
void
Tail::keep()
{
	struct Part {
		std::string s;
		int64_t lines;
	};
	std::deque<Part> parts;
	int64_t lines = 0;
	int64_t bytes = 0;
	for(Bytes got = next(); !got.empty(); got = next()) {
		int64_t n = std::ranges::count(got, std::byte{'\n'});
		if(parts.empty() || int64_t(parts.back().s.size()) > Piece)
			parts.push_back({});
		parts.back().s += textof(got);
		parts.back().lines += n;
		lines += n;
		bytes += int64_t(got.size());
		for(;;) {
			const Part& p = parts.front();
			int64_t left = o.bytes ? bytes - int64_t(p.s.size())
					       : lines - p.lines - 1;
			if(parts.size() == 1 || left < o.count())
				break;
			lines -= p.lines;
			bytes -= int64_t(p.s.size());
			parts.pop_front();
		}
	}
	std::string s;
	for(; !parts.empty(); parts.pop_front())
		s += parts.front().s;
	printlast(std::move(s));
}

// Where the last lines of the file begin.
int64_t
Tail::lastlines()
{
	int64_t n = o.count();
	if(n == 0)
		return size;
	for(int64_t end = size; end > 0;) {
		int64_t from = std::max<int64_t>(end - Piece, 0);
		std::string_view s = textof(at(from, end));
		if(end == size && s.ends_with('\n'))
			s.remove_suffix(1);
		for(size_t nl = s.rfind('\n'); nl != s.npos; nl = s.rfind('\n')) {
			if(--n == 0)
				return from + int64_t(nl) + 1;
			s = s.substr(0, nl);
		}
		end = from;
	}
	return 0;
}

// Prints the lines of the file, the last one first.
void
Tail::backwards()
{
	std::vector<std::string> line;	// the pieces of one, the last one first
	auto print = [&] {
		for(; !line.empty(); line.pop_back())
			out.put(line.back());
		out.put('\n');
	};
	int64_t n = o.count();
	for(int64_t end = size; end > 0 && n > 0;) {
		int64_t from = std::max<int64_t>(end - Piece, 0);
		std::string_view s = textof(at(from, end));
		if(end == size && s.ends_with('\n'))
			s.remove_suffix(1);
		for(size_t nl = s.rfind('\n'); nl != s.npos && n > 0; nl = s.rfind('\n')) {
			line.emplace_back(s.substr(nl + 1));
			print();
			s = s.substr(0, nl);
			n--;
		}
		line.emplace_back(s);
		end = from;
		pollnotes();
	}
	if(n > 0)
		print();
}

// Prints what is appended, and all again when the file was cut.
void
Tail::watch()
{
	for(int64_t last = 0;;) {
		int64_t now = int64_t(fstat(fd).length);
		if(now < last)
			seek(fd, 0, 0);
		last = now;
		copy();
		sleep(Watch);
	}
}

void
Tail::run()
{
	try {
		fd = o.file.empty() ? dup(0) : open(o.file, OREAD);
	} catch(const Error& e) {
		a.fatal(o.file + ": " + e.text());
	}
	bool pipe = false;
	try {
		size = seek(fd, 0, 2);
		seek(fd, 0, 0);
	} catch(const Error&) {
		size = 0;
		pipe = true;
	}
	if(size == 0 && !o.begin)
		keep();
	else if(o.reverse)
		backwards();
	else if(o.begin && o.bytes && size > 0)
		seek(fd, o.count(), 0);
	else if(o.begin && o.bytes)
		skipbytes();
	else if(o.begin)
		skiplines();
	else
		seek(fd, o.bytes ? size - std::min(size, o.count()) : lastlines(), 0);
	if(size > 0 || o.begin)
		if(!o.reverse)
			copy();
	out.flush();
	if(o.follow && !pipe)
		watch();
}
}

void
tail(Argv argv)
{
	Cmdline a(argv, "[-n N] [-c N] [-f] [-r] [+-N[bc][fr]] [file]");
	Options o = Commandline(a, argv).parse();
	Tail(a, o).run();
}
}
