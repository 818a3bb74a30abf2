// grep(1).

#include <algorithm>
#include <cstring>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/regexp.h"

namespace p9 {

namespace {

constexpr std::string_view How = "[-bchiLlnsv] [-e pattern] [-f patternfile] [file ...]";

struct Flags {
	bool each = false;	// -b
	bool count = false;
	bool notags = false;
	bool fold = false;
	bool without = false;	// -L
	bool names = false;
	bool numbers = false;
	bool silent = false;
	bool inverted = false;

	// No line is wanted.
	bool quiet() const { return count || without || names || silent; }
	// The first line that is selected says all.
	bool oneenough() const { return quiet() && !count; }
};

size_t
countlines(std::string_view s)
{
	size_t n = 0;
	while(!s.empty()) {
		n++;
		size_t nl = s.find('\n');
		s.remove_prefix(nl == s.npos ? s.size() : nl + 1);
	}
	return n;
}

// The expressions on the command line, as one for Regexp.
class Patterns {
	const Cmdline& a;
	std::string all;

	bool good(std::string_view text) const;
	[[noreturn]] void blame(std::string_view text, const std::string& where) const;
	void append(std::string_view text);

public:
	bool none = true;

	explicit Patterns(const Cmdline& args) : a(args) {}
	void add(const std::string& text);
	void addfile(const std::string& name);
	Regexp compile(unsigned flags) const;
};

bool
Patterns::good(std::string_view text) const
{
	try {
		Regexp(text, Regexp::Grep);
		return true;
	} catch(const Error&) {
		return false;
	}
}

void
Patterns::blame(std::string_view text, const std::string& where) const
{
	try {
		Regexp(text, Regexp::Grep);
	} catch(const Error& e) {
		bool large = e.reason().ends_with("too large");
		a.warn(where + (large ? ": too large" : ": syntax error"));
	}
	exits("syntax");
}

void
Patterns::append(std::string_view text)
{
	if(!std::exchange(none, false))
		all += '\n';
	all += text;
}

void
Patterns::add(const std::string& text)
{
	if(text.empty()) {
		a.warn("empty pattern");
		exits("syntax");
	}
	if(!good(text))
		blame(text, text);
	append(text);
}

// One a line.
void
Patterns::addfile(const std::string& name)
{
	std::string text;
	try {
		Fd fd(open(name, OREAD));
		Bin in(fd);
		for(std::string_view s; s = in.piece(), !s.empty();)
			text += s;
	} catch(const Error& e) {
		a.warn("can't open " + name + ": " + e.text());
		exits("open");
	}
	if(good(text)) {
		append(text);
		return;
	}
	std::string_view rest = text;
	for(size_t n = 1; !rest.empty(); n++) {
		std::string_view l = rest.substr(0, rest.find('\n'));
		if(!good(l) && (!l.empty() || n == 1))
			blame(l, name + ":" + std::to_string(n));
		rest.remove_prefix(std::min(l.size() + 1, rest.size()));
	}
	blame(text, name + ":1");
}

Regexp
Patterns::compile(unsigned flags) const
{
	try {
		return Regexp(all, flags);
	} catch(const Error& e) {
		a.fatal(e.reason());
	}
}

// One file, which comes in pieces of whole lines.
class Search {
	static constexpr size_t Maxline = 256 << 20;

	const Flags f;
	Regexp& re;
	Bout& out;
	const std::string tag;
	size_t lineno = 0;	// of the lines before what is looked at

	void select(std::string_view lines);
	void copy(std::string_view line);
	void skip(std::string_view lines)
	{
		if(f.numbers)
			lineno += countlines(lines);
	}

public:
	size_t count = 0;

	Search(Flags fl, Regexp& r, Bout& o, std::string t)
		: f(fl), re(r), out(o), tag(std::move(t))
	{
	}
	void tally(std::string_view s);
	void lines(std::string_view s);
	void file(int fd);
};

void
Search::copy(std::string_view line)
{
	out.put(tag);
	if(f.numbers)
		out.put(std::to_string(lineno) + ": ");
	out.put(line);
	// The last line of a file is copied as it is, unless that would glue it to a tag.
	if(!tag.empty() && !line.ends_with('\n'))
		out.put('\n');
	if(f.each)
		out.flush();
}

// Lines all of which are selected.
void
Search::select(std::string_view s)
{
	bool plain = tag.empty() && !f.numbers && !f.each;
	if(s.empty())
		return;
	if(f.quiet() || plain) {
		count++;
		if(!f.quiet())
			out.put(s);
		return;
	}
	count++;
	while(!s.empty()) {
		size_t n = std::min(s.find('\n'), s.size() - 1) + 1;
		lineno++;
		copy(s.substr(0, n));
		s.remove_prefix(n);
	}
}

// For who wants to know only how many lines there are.
void
Search::tally(std::string_view s)
{
	size_t n = 0;
	re.eachline(s, [&n](Submatch) {
		n++;
		return true;
	});
	count += f.inverted ? countlines(s) - n : n;
}

void
Search::lines(std::string_view s)
{
	if(f.count) {
		tally(s);
		return;
	}
	size_t at = 0;	// behind the last line that matched
	auto upto = [&](size_t begin, size_t end) {
		std::string_view before = s.substr(at, begin - at);
		std::string_view line = s.substr(begin, end - begin);
		at = end;
		if(f.inverted) {
			select(before);
			skip(line);
		} else {
			skip(before);
			select(line);
		}
		return !(f.oneenough() && count > 0);
	};
	bool more = true;
	re.eachline(s, [&](Submatch m) {
		more = upto(m.begin, std::min(m.end + 1, s.size()));
		return more;
	});
	if(more)
		upto(s.size(), s.size());
}

void
Search::file(int fd)
{
	std::string buf(1 << 20, '\0');
	size_t have = 0;	// the start of a line whose end has not come
	for(;;) {
		if(have == buf.size()) {
			if(have >= Maxline)
				error("line too long");
			buf.resize(2 * have);
		}
		size_t n = read(fd, std::as_writable_bytes(std::span(buf)).subspan(have));
		std::string_view s(buf.data(), have + n);
		if(n == 0) {
			lines(s);
			return;
		}
		size_t nl = s.substr(have).rfind('\n');
		size_t whole = nl == s.npos ? 0 : have + nl + 1;
		lines(s.substr(0, whole));
		have += n - whole;
		std::memmove(buf.data(), buf.data() + whole, have);
		// Whoever writes to our standard input shall not find it closed.
		if(f.oneenough() && count > 0) {
			while(fd == 0 && read(fd, std::as_writable_bytes(std::span(buf))) > 0)
				;
			return;
		}
		if(fd == 0)
			out.flush();
	}
}

class Greper {
	const Cmdline& a;
	const Flags f;
	Regexp re;
	Bout out{1};

public:
	Greper(const Cmdline& args, Flags fl, Regexp r) : a(args), f(fl), re(std::move(r)) {}
	// Whether a line was selected.
	bool search(const std::string& name, int fd, const std::string& tag);
	bool searchfile(const std::string& name, const std::string& tag);
};

bool
Greper::search(const std::string& name, int fd, const std::string& tag)
{
	Search s(f, re, out, tag);
	try {
		s.file(fd);
	} catch(const Error& e) {
		a.warn("read error on " + name + ": " + e.text());
		return s.count > 0;
	}
	if(f.count)
		out.put(tag + std::to_string(s.count) + "\n");
	if((f.names && s.count > 0) || (f.without && s.count == 0))
		out.put(name + "\n");
	out.flush();
	return s.count > 0;
}

bool
Greper::searchfile(const std::string& name, const std::string& tag)
{
	Fd fd;
	try {
		fd = Fd(open(name, OREAD));
	} catch(const Error& e) {
		a.warn("can't open " + name + ": " + e.text());
		return false;
	}
	return search(name, fd, tag);
}
}

void
grep(Argv argv)
{
	Cmdline a(argv, How);
	Patterns p(a);
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'b': f.each = true; break;
		case 'c': f.count = true; break;
		case 'e': p.add(a.earg()); break;
		case 'f': p.addfile(a.earg()); break;
		case 'h': f.notags = true; break;
		case 'i': f.fold = true; break;
		case 'L': f.without = true; break;
		case 'l': f.names = true; break;
		case 'n': f.numbers = true; break;
		case 's': f.silent = true; break;
		case 'v': f.inverted = true; break;
		default: a.usage();
		}
	Argv files = a.rest();
	if(p.none) {
		if(files.empty())
			a.usage();
		p.add(files[0]);
		files.erase(files.begin());
	}
	unsigned flags = Regexp::Grep;
	if(f.fold)
		flags |= Regexp::Fold;
	Greper g(a, f, p.compile(flags));
	bool tags = files.size() > 1 && !f.notags;
	bool any = false;
	if(files.empty())
		any = g.search("stdin", 0, "");
	for(const std::string& s : files)
		any |= g.searchfile(s, tags ? s + ":" : "");
	exits(any ? "" : "no matches");
}
}
