// diff(1): files and directories.

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/diff/diff.h"
#include "cmd/prog.h"
#include "lib9/cleanname.h"

namespace p9 {

namespace {

struct Flags {
	char mode = 0;	// e f n c a u
	Blanks blanks = Blanks::Count;
	bool recurse = false;
	bool names = false;	// the files are named before what differs
};

// A file whose beginning was read.
struct Diffinput {
	std::string name;
	Fd fd;
	std::string start;
};

class Differ {
	const Cmdline& a;
	const Flags f;
	Bout out{1};

	Diffinput opened(const std::string& name);
	Difffile whole(Diffinput o);
	void files(const std::string& x, const std::string& y);
	void binaries(Diffinput& x, Diffinput& y);
	void directories(const std::string& x, const std::string& y);
	std::vector<std::string> names(const std::string& dir);
	void only(const std::string& dir, const std::string& name);

public:
	bool differ = false;

	Differ(const Cmdline& c, Flags flags) : a(c), f(flags) {}
	enum class Level { Top, Below };
	void compare(const std::string& x, const std::string& y, Level);
	void flush() { out.flush(); }
};

// The file `-' is the standard input, unless there is one of that name.
bool
isinput(const std::string& name)
{
	return name == "-" && !trystat(name);
}

bool
isdir(const std::string& name)
{
	if(isinput(name))
		return false;
	try {
		return stat(name).qid.type & QTDIR;
	} catch(const Error& e) {
		error("cannot stat " + name + ": " + e.text());
	}
}

// The next bytes of a file, at most n, fewer only at its end.
std::string
more(int fd, size_t n)
{
	std::string s(n, 0);
	s.resize(readn(fd, std::as_writable_bytes(std::span(s))));
	return s;
}

Diffinput
Differ::opened(const std::string& name)
{
	constexpr size_t Start = 1024;
	try {
		Fd fd = isinput(name) ? dup(0) : open(name, OREAD);
		std::string start = more(fd, Start);
		return {name, std::move(fd), std::move(start)};
	} catch(const Error& e) {
		error("cannot open " + name + ": " + e.text());
	}
}

Difffile
Differ::whole(Diffinput o)
{
	std::string s = std::move(o.start);
	Block b = copybuf();
	while(size_t n = read(o.fd, b.room()))
		s += textof(b.room().first(n));
	return {std::move(o.name), std::move(s), f.blanks};
}

void
Differ::binaries(Diffinput& x, Diffinput& y)
{
	constexpr size_t Piece = 256 * 1024;
	while(x.start == y.start && !x.start.empty()) {
		pollnotes();
		x.start = more(x.fd, Piece);
		y.start = more(y.fd, Piece);
	}
	if(x.start == y.start)
		return;
	differ = true;
	out.put("binary files " + x.name + " " + y.name + " differ\n");
}

void
Differ::files(const std::string& x, const std::string& y)
{
	Diffinput ox = opened(x);
	Diffinput oy = opened(y);
	if(binary(ox.start) || binary(oy.start))
		return binaries(ox, oy);
	Difffile fx = whole(std::move(ox));
	Difffile fy = whole(std::move(oy));
	std::vector<Hunk> hunks = differences(fx, fy, pollnotes);
	if(hunks.empty())
		return;
	differ = true;
	if(f.names) {
		std::string flag = f.mode ? std::string("-") + f.mode + " " : "";
		out.put("diff " + flag + x + " " + y + "\n");
	}
	Diffprinter(fx, fy, f.mode, [this](std::string_view s) { out.put(s); }).all(hunks);
}

// The names in a directory, sorted; none when it cannot be read.
std::vector<std::string>
Differ::names(const std::string& dir)
{
	std::vector<std::string> v;
	try {
		for(Dir& d : dirreadall(dir))
			v.push_back(std::move(d.name));
	} catch(const Error& e) {
		a.warn("can't open " + dir + ": " + e.text());
	}
	std::ranges::sort(v);
	return v;
}

void
Differ::only(const std::string& dir, const std::string& name)
{
	differ = true;
	if(f.mode == 0 || f.mode == 'n')
		out.put("Only in " + dir + ": " + name + "\n");
}

void
Differ::directories(const std::string& x, const std::string& y)
{
	std::vector<std::string> nx = names(x);
	std::vector<std::string> ny = names(y);
	auto i = nx.begin();
	auto j = ny.begin();
	while(i != nx.end() || j != ny.end()) {
		pollnotes();
		if(j == ny.end() || (i != nx.end() && *i < *j))
			only(x, *i++);
		else if(i == nx.end() || *j < *i)
			only(y, *j++);
		else
			compare(x + "/" + *i++, y + "/" + *j++, Level::Below);
	}
}

void
Differ::compare(const std::string& x, const std::string& y, Level level)
{
	stackcheck();
	bool dx = isdir(x);
	bool dy = isdir(y);
	if(dx && dy) {
		if(f.recurse || level == Level::Top)
			directories(x, y);
		else
			out.put("Common subdirectories: " + x + " and " + y + "\n");
	} else if(dx)
		files(x + "/" + std::string(basename(y)), y);
	else if(dy)
		files(x, y + "/" + std::string(basename(x)));
	else
		files(x, y);
}

// What Plan 9's looks at before all else.
bool
founddir(const Cmdline& a, const std::string& name)
{
	if(name != "-" && !trystat(name))
		a.fatal("can't stat " + name);
	return isdir(name);
}
}

void
diff(Argv argv)
{
	Cmdline a(argv, "[-abcefmnruw] file1 ... file2");
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'e':
		case 'f':
		case 'n':
		case 'c':
		case 'a':
		case 'u': f.mode = char(c); break;
		case 'b': f.blanks = Blanks::Squeeze; break;
		case 'w': f.blanks = Blanks::Ignore; break;
		case 'r': f.recurse = true; break;
		case 'm': f.names = true; break;
		default: a.usage();
		}
	Argv v = a.rest();
	if(v.size() < 2)
		a.usage();
	bool dir = founddir(a, v.back());
	if(v.size() > 2 && !dir)
		a.fatal("not directory: " + v.back());
	if(v.size() > 2 || (founddir(a, v[0]) && dir))
		f.names = true;
	Differ d(a, f);
	try {
		for(size_t i = 0; i + 1 < v.size(); i++)
			d.compare(v[i], v.back(), Differ::Level::Top);
	} catch(const Error& e) {
		d.flush();
		a.fatal(e.reason());
	}
	d.flush();
	exits(d.differ ? "some" : "");
}
}
