// ls(1) and lc(1).

#include <fmt/format.h>

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "cmd/tm.h"
#include "lib9/cleanname.h"
#include "lib9/quote.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

struct Flags {
	bool dir = false;	// -d: directories are files
	bool longform = false;
	bool muid = false;
	bool nosort = false;
	bool last = false;	// -p: only the last element
	bool qid = false;
	bool noquote = false;
	bool reverse = false;
	bool size = false;
	bool bytime = false;
	bool accessed = false;	// -u
	bool tmp = false;
	bool mark = false;	// -F
};

struct Entry {
	Dir d;
	std::string prefix;
};

using Sink = std::function<void(std::string_view line)>;

class Lister {
	const Cmdline& a;
	const Flags f;
	Sink sink;
	std::vector<Entry> list;
	const int64_t now = nsec() / 1'000'000'000;
	Zone zone;

	struct Widths {
		size_t size = 0;
		size_t vers = 0;
		size_t muid = 0;
		size_t dev = 0;
		size_t uid = 0;
		size_t glen = 0;	// the group and the length
	} w;

public:
	bool ok = true;

	Lister(const Cmdline& line, Flags flags, Sink s)
	    : a(line), f(flags), sink(std::move(s))
	{
		if(f.longform)
			zone = Zone::local();
	}
	void add(std::string name, bool named);
	void output();

private:
	void widths(const Dir& d);
	bool before(const Entry& x, const Entry& y) const;
	std::string line(const Dir& d, const std::string& name) const;
};

size_t
digits(uint64_t n)
{
	return fmt::formatted_size("{}", n);
}

uint64_t
kilobytes(const Dir& d)
{
	return d.length / 1024 + (d.length % 1024 != 0);
}

void
Lister::widths(const Dir& d)
{
	w.size = std::max(w.size, digits(kilobytes(d)));
	w.vers = std::max(w.vers, digits(d.qid.vers));
	w.muid = std::max(w.muid, utflen(d.muid) + 2);
	w.dev = std::max(w.dev, digits(d.dev));
	w.uid = std::max(w.uid, utflen(d.uid));
	w.glen = std::max(w.glen, utflen(d.gid) + digits(d.length));
}

bool
Lister::before(const Entry& x, const Entry& y) const
{
	if(f.bytime) {
		uint32_t tx = f.accessed ? x.d.atime : x.d.mtime;
		uint32_t ty = f.accessed ? y.d.atime : y.d.mtime;
		return tx > ty;
	}
	const std::string& kx = x.prefix.empty() ? x.d.name : x.prefix;
	const std::string& ky = y.prefix.empty() ? y.d.name : y.prefix;
	if(kx != ky)
		return kx < ky;
	if(x.prefix.empty() || y.prefix.empty())
		return x.prefix.empty() && !y.prefix.empty();
	return x.d.name < y.d.name;
}

std::string
padded(std::string_view s, size_t width)
{
	size_t n = utflen(s);
	return std::string(s) + std::string(n < width ? width - n : 0, ' ');
}

std::string
Lister::line(const Dir& d, const std::string& name) const
{
	std::string s;
	if(f.size)
		s += fmt::format("{:{}} ", kilobytes(d), w.size);
	if(f.muid)
		s += padded("[" + d.muid + "]", w.muid) + " ";
	if(f.qid)
		s += fmt::format("({:016x} {:{}} {:02x}) ", d.qid.path, d.qid.vers,
				 w.vers, d.qid.type);
	if(f.tmp)
		s += d.mode & DMTMP ? "t " : "- ";
	if(f.longform) {
		s += fmt::format("{} {} {:{}} ", fmtmode(d.mode), encode(d.type), d.dev,
				 w.dev);
		s += fmt::format("{} {} ", padded(d.uid, w.uid), d.gid);
		s += fmt::format("{:{}} ", d.length, w.glen - utflen(d.gid));
		s += lsdate(zone, f.accessed ? d.atime : d.mtime, now) + " ";
	}
	s += f.noquote ? name : rcquoted(name);
	if(f.mark && d.qid.type & QTDIR)
		s += "/";
	else if(f.mark && d.mode & 0111)
		s += "*";
	return s;
}

void
Lister::output()
{
	auto less = [this](const Entry& x, const Entry& y) {
		return f.reverse ? before(y, x) : before(x, y);
	};
	if(!f.nosort)
		std::ranges::stable_sort(list, less);
	for(const Entry& e : list)
		widths(e.d);
	for(const Entry& e : list) {
		bool prefixed = !f.last && !e.prefix.empty();
		sink(line(e.d, prefixed ? joinname(e.prefix, e.d.name) : e.d.name));
	}
	list.clear();
}

void
Lister::add(std::string name, bool named)
{
	while(name.size() > 1 && name.ends_with('/'))
		name.pop_back();
	try {
		Dir d = stat(name);
		if(d.qid.type & QTDIR && !f.dir) {
			output();
			Fd fd = open(name, OREAD);
			for(;;) {
				auto some = dirread(fd);
				if(some.empty())
					break;
				for(Dir& e : some)
					list.push_back({std::move(e), named ? name : ""});
			}
			output();
			return;
		}
		// The name as it was given, not what the server calls it.
		size_t slash = name.rfind('/');
		std::string prefix;
		if(slash != name.npos && name.size() > 1) {
			prefix = slash == 0 ? "/" : name.substr(0, slash);
			d.name = name.substr(slash + 1);
		} else {
			d.name = name;
		}
		list.push_back({std::move(d), std::move(prefix)});
	} catch(const Error& e) {
		a.warn(name + ": " + e.text());
		ok = false;
	}
}

Flags
flags(Cmdline& a)
{
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'd': f.dir = true; break;
		case 'l': f.longform = true; break;
		case 'm': f.muid = true; break;
		case 'n': f.nosort = true; break;
		case 'p': f.last = true; break;
		case 'q': f.qid = true; break;
		case 'Q': f.noquote = true; break;
		case 'r': f.reverse = true; break;
		case 's': f.size = true; break;
		case 't': f.bytime = true; break;
		case 'u': f.accessed = true; break;
		case 'T': f.tmp = true; break;
		case 'F': f.mark = true; break;
		default: a.usage();
		}
	return f;
}

// False when something could not be listed.
bool
listall(const Cmdline& a, Flags f, const Sink& sink)
{
	Lister l(a, f, sink);
	if(a.argc() == 0)
		l.add(".", false);
	for(const std::string& s : a.rest())
		l.add(s, true);
	l.output();
	return l.ok;
}

// Columns as wide as the widest, top to bottom, in lines of 80.
void
columns(const std::vector<std::string>& words, Bout& out)
{
	constexpr size_t linelen = 80;
	size_t width = 1;
	for(const std::string& s : words)
		width = std::max(width, utflen(s) + 1);
	size_t ncol = std::max<size_t>(1, linelen / width);
	size_t nrow = (words.size() + ncol - 1) / ncol;
	for(size_t r = 0; r < nrow; r++) {
		std::string s;
		for(size_t i = r; i < words.size(); i += nrow)
			s += i + nrow < words.size() ? padded(words[i], width) : words[i];
		out.put(s + "\n");
	}
}
}

void
ls(Argv argv)
{
	Cmdline a(argv, "[-dlmnpqrstuFQT] [file ...]");
	Flags f = flags(a);
	Bout out(1);
	bool ok = listall(a, f, [&](std::string_view s) {
		out.put(s);
		out.put("\n");
	});
	out.flush();
	if(!ok)
		exits("errors");
}

void
lc(Argv argv)
{
	Cmdline a(argv, "[-dlmnqrstuFQT] [file ...]");
	Flags f = flags(a);
	f.last = f.mark = true;
	std::vector<std::string> words;
	bool ok = listall(a, f, [&](std::string_view s) { words.emplace_back(s); });
	Bout out(1);
	columns(words, out);
	out.flush();
	if(!ok)
		exits("errors");
}
}
