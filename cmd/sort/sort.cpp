// sort(1).  The command line, the files, and what is done with their lines: held in
// memory until they are too many, then put into temporary files and merged.

#include <fmt/format.h>

#include "cmd/cmds.h"
#include "cmd/sort/sort.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr size_t Memory = 128 << 20;	// for lines
constexpr std::string_view Letters = "bdfgiMnrw";
constexpr unsigned Bits[] = {Sortb, Sortd, Sortf, Sortg, Sorti, SortM, Sortn, Sortr, Sortw};

struct Options {
	Sortspec spec;
	Argv files;
	std::optional<std::string> out;
	std::string tmp = "/tmp";
	bool check = false;
	size_t lines = SIZE_MAX;	// in memory
};

class Commandline {
	const Cmdline& a;
	const Argv& v;
	Options o;
	size_t next = 1;
	bool plus = false;	// a +pos waits for its -pos

	[[noreturn]] void fail(const std::string& what);
	int64_t number(std::string_view& s, int64_t origin, const char* what);
	void position(std::string_view s, Sortpos& p, unsigned& flags, Sortpos origin);
	unsigned flag(std::string_view s, const char* where);
	std::string argument(std::string_view& s);
	void posix(std::string_view s);
	void option(std::string_view& s);
	void begin(std::string_view s);
	void end(std::string_view s);
	void inherit();

public:
	Commandline(const Cmdline& cmd, const Argv& argv) : a(cmd), v(argv) {}
	Options parse();
};

void
Commandline::fail(const std::string& what)
{
	a.warn(what);
	exits("option");
}

// A number that may be missing (-1), less what it is counted from.
int64_t
Commandline::number(std::string_view& s, int64_t origin, const char* what)
{
	constexpr int64_t Most = INT64_C(1) << 40;
	int64_t n = -1;
	for(; !s.empty() && s[0] >= '0' && s[0] <= '9'; s.remove_prefix(1))
		n = std::min(std::max<int64_t>(n, 0) * 10 + (s[0] - '0'), Most);
	if(n < 0)
		return -1;
	if(n < origin)
		fail(std::string(what) + " offset must be positive");
	return n - origin;
}

// The bit of the letter that s begins with.
unsigned
Commandline::flag(std::string_view s, const char* where)
{
	size_t i = Letters.find(s[0]);
	if(i == Letters.npos) {
		char32_t r;
		decode(s, r);
		fail("unknown option: " + (where + encode(r)));
	}
	return Bits[i];
}

// m.n and letters.
void
Commandline::position(std::string_view s, Sortpos& p, unsigned& flags, Sortpos origin)
{
	p.field = number(s, origin.field, "field");
	if(s.starts_with('.')) {
		s.remove_prefix(1);
		p.rune = number(s, origin.rune, "character");
	}
	for(; !s.empty(); s.remove_prefix(1))
		flags |= flag(s, "field.");
}

// The rest of the word, or the next one.
std::string
Commandline::argument(std::string_view& s)
{
	std::string arg(std::exchange(s, {}));
	if(!arg.empty())
		return arg;
	if(next == v.size())
		a.usage();
	return v[next++];
}

// The blanks before a field's beginning have a bit of their own.
void
Commandline::begin(std::string_view s)
{
	Sortfield& f = o.spec.fields.emplace_back();
	position(s, f.beg, f.flags, {0, 0});
	if(f.flags & Sortb)
		f.flags = (f.flags & ~unsigned(Sortb)) | Sortb1;
	plus = true;
}

void
Commandline::end(std::string_view s)
{
	if(!plus)
		o.spec.fields.emplace_back();
	Sortfield& f = o.spec.fields.back();
	position(s, f.end, f.flags, {0, 0});
	plus = false;
}

void
Commandline::posix(std::string_view s)
{
	size_t comma = std::min(s.find(','), s.size());
	Sortfield& f = o.spec.fields.emplace_back();
	position(s.substr(0, comma), f.beg, f.flags, {1, 1});
	if(f.flags & Sortb)
		f.flags = (f.flags & ~unsigned(Sortb)) | Sortb1;
	if(comma < s.size()) {
		position(s.substr(comma + 1), f.end, f.flags, {1, 0});
		if(f.end.rune <= 0)
			f.end.field++;
	}
	plus = false;
}

void
Commandline::option(std::string_view& s)
{
	std::string_view at = s;
	char c = s[0];
	s.remove_prefix(1);
	std::string arg;
	switch(c) {
	case 'c': o.check = true; return;
	case 'u': o.spec.unique = true; return;
	case 'm': return;	// what is sorted is sorted
	case 'o': o.out = argument(s); return;
	case 'T': o.tmp = argument(s); return;
	case 'k': posix(argument(s)); return;
	case 'l':
		arg = argument(s);
		o.lines = size_t(parseint(arg).value_or(0));
		if(o.lines == 0 || o.lines > Memory)
			fail("bad number: " + arg);
		return;
	case 't':
		if(s.empty())
			decode(arg = argument(s), o.spec.tab);
		else
			s.remove_prefix(decode(s, o.spec.tab));
		if(o.spec.tab == '\n')
			fail("a newline cannot part fields");
		return;
	}
	unsigned bit = flag(at, "-");
	if(!o.spec.fields.empty())
		a.warn("global field set after -k");
	o.spec.global.flags |= bit;
}

// Fields without letters have the global ones; then the combinations are checked.
void
Commandline::inherit()
{
	auto check = [this](Sortfield& f) {
		unsigned kind = f.flags & ~unsigned(Sortb | Sortb1 | Sortr);
		unsigned text = Sortd | Sortf | Sorti | Sortw;
		bool good = kind == SortM || !(kind & ~unsigned(Sortg | Sortn)) ||
			!(kind & ~text);
		if(!good)
			fail(fmt::format("illegal combination of flags: {:x}", f.flags));
	};
	check(o.spec.global);
	for(Sortfield& f : o.spec.fields) {
		if(f.flags == 0) {
			f.flags = o.spec.global.flags;
			if(f.flags & Sortb)
				f.flags |= Sortb1;
		}
		check(f);
	}
}

Options
Commandline::parse()
{
	bool words = false;	// all that follows are names
	while(next < v.size()) {
		std::string_view s = v[next++];
		bool minus = s.size() > 1 && s[0] == '-';
		if(words || !(minus || s.starts_with('+'))) {
			words |= s == "-";
			o.files.emplace_back(s);
			continue;
		}
		s.remove_prefix(1);
		bool number = !s.empty() && (s[0] == '.' || (s[0] >= '0' && s[0] <= '9'));
		if(!minus && !number)
			fail("unknown option: +" + std::string(utfcut(s, UTFmax)));
		if(number && minus)
			end(s);
		else if(number)
			begin(s);
		else if(s == "-")
			words = true;
		else
			while(!s.empty())
				option(s);
	}
	inherit();
	if(o.check && o.files.size() > 1)
		fail("-c can have at most one input file");
	return std::move(o);
}

class Sort {
	const Cmdline& a;
	const Options& o;
	Run run;
	Sorttemps temps;

	void check(int fd);
	void take(int fd);
	void file(const std::string& name);

public:
	Sort(const Cmdline& cmd, const Options& opt)
	    : a(cmd), o(opt), run(opt.spec), temps(cmd, opt.spec, opt.tmp)
	{
	}
	void sort();
};

void
Sort::check(int fd)
{
	Bin in(fd);
	const Sortspec& s = o.spec;
	std::optional<std::string> last;
	std::string key;
	for(std::string_view l; in.line(l);) {
		pollnotes();
		key.clear();
		if(s.plain())
			key = l;
		else
			sortkey(s, l, key);
		int c = last ? last->compare(key) : -1;
		if(last && s.plain() && s.reverse())
			c = -c;
		if(c > 0 || (c == 0 && s.unique)) {
			a.warn("-c file not in sort");
			exits("order");
		}
		last.emplace().swap(key);
	}
}

void
Sort::take(int fd)
{
	Bin in(fd);
	for(std::string_view l; in.line(l);) {
		pollnotes();
		if(!in.whole())
			a.warn("newline added");
		run.add(l);
		if(run.size() >= o.lines || run.cost() > Memory)
			temps.add(run);
	}
}

void
Sort::file(const std::string& name)
{
	Fd fd;
	try {
		fd = name == "-" ? dup(0) : open(name, OREAD);
	} catch(const Error& e) {
		a.warn("open " + name + ": " + e.text());
		exits("open");
	}
	if(o.check)
		check(fd);
	else
		take(fd);
}

void
Sort::sort()
{
	for(const std::string& f : o.files)
		file(f);
	if(o.files.empty())
		file("-");
	if(o.check)
		return;
	if(!temps.empty() && run.size() > 0)
		temps.add(run);
	Fd fd;
	try {
		fd = o.out ? create(*o.out, OWRITE, 0666) : dup(1);
	} catch(const Error& e) {
		a.warn("create " + o.out.value_or("<stdout>") + ": " + e.text());
		exits("create");
	}
	Bout out(fd);
	if(!temps.empty())
		temps.merge(out);
	else
		run.sorted([&out](std::string_view l) {
			out.put(l);
			out.put('\n');
		});
	out.flush();
	close(std::move(fd));
}
}

void
sort(Argv argv)
{
	Cmdline a(argv,
		  "[-cmuMbdfginrw] [-t x] [-o file] [-T dir] [+pos1 [-pos2]] "
		  "[-k pos1[,pos2]] [file ...]");
	Options o = Commandline(a, argv).parse();
	Sort(a, o).sort();
}
}
