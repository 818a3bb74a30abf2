// The commands of sed scripts, compiled.

#include <algorithm>

#include "cmd/sed/sed.h"
#include "lib9/error.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr std::string_view Toomuch = "Too much text";
constexpr std::string_view Noaddress = "No addresses allowed";
constexpr std::string_view Oneaddress = "Only one address allowed";
constexpr std::string_view Nofirst = "First RE may not be null";
constexpr size_t Maxmessage = 250;

// The first line of s, those that a backslash joins to it too; s keeps what follows its
// newline.  False when the end came first.
bool
firstline(std::string_view& s, std::string_view& l)
{
	size_t n = 0;
	while(n < s.size() && s[n] != '\n')
		n += s[n] == '\\' && n + 1 < s.size() ? 2 : 1;
	l = s.substr(0, n);
	bool ended = n < s.size();
	s.remove_prefix(ended ? n + 1 : n);
	return ended;
}
}

// One line of a script.
class Sedparser {
	Sedscript& s;
	const std::string_view line;
	const bool allglobal;
	size_t at = 0;

	[[noreturn]] void fail(std::string_view what) const;
	[[noreturn]] void garbled(std::string_view command) const;

	bool atend() const { return at == line.size(); }
	bool is(char c) const { return at < line.size() && line[at] == c; }
	bool take(char c)
	{
		bool yes = is(c);
		at += yes;
		return yes;
	}
	std::string_view next();
	void skip(std::string_view chars);
	uint64_t number();

	size_t compile(std::string_view delim);
	size_t lastre() const { return s.regexps.empty() ? Norex : s.regexps.size() - 1; }
	Sedaddr address();
	void addresses(Sedcmd&);
	void function(Sedcmd&);
	void argument(Sedcmd&);
	void openbrace(Sedcmd);
	void closebrace();
	void label();
	void branch(Sedcmd&);
	std::string text();
	void textof(Sedcmd&);
	int file();
	void substitution(Sedcmd&);
	void replacement(Sedcmd&, std::string_view delim);
	void flags(Sedcmd&);
	std::u32string from(std::string_view delim);
	bool to(std::string_view delim, size_t n, bool escapes, std::u32string& r);
	void translation(Sedcmd&);

public:
	Sedparser(Sedscript& script, std::string_view l, bool g) : s(script), line(l), allglobal(g)
	{
	}
	void parse();
};

void
Sedparser::fail(std::string_view what) const
{
	std::string m = std::string(what) + ": ";
	error(m.append(utfcut(line, Maxmessage - m.size())));
}

void
Sedparser::garbled(std::string_view command) const
{
	fail(std::string(utfcut(command, Maxmessage / 2)) + " command garbled");
}

// The next character's bytes; empty at the end.
std::string_view
Sedparser::next()
{
	char32_t r;
	std::string_view c = line.substr(at, decode(line.substr(at), r));
	at += c.size();
	return c;
}

void
Sedparser::skip(std::string_view chars)
{
	at = std::min(line.find_first_not_of(chars, at), line.size());
}

uint64_t
Sedparser::number()
{
	constexpr uint64_t Most = uint64_t(1) << 60;
	uint64_t n = 0;
	while(at < line.size() && isdigitrune(char32_t(line[at])))
		n = std::min(n * 10 + uint64_t(line[at++] - '0'), Most);
	return n;
}

// A regular expression up to delim; an empty one is the last that was compiled.
size_t
Sedparser::compile(std::string_view delim)
{
	std::string_view c = next();
	if(c == delim)
		return lastre();
	std::string re;
	do {
		if(c.empty() || c == "\n")
			fail(Toomuch);
		if(c == "\\") {
			c = next();
			if(c.empty())
				fail(Toomuch);
			if(c == "n")
				c = "\n";
			else
				re += '\\';
		}
		re += c;
		c = next();
	} while(c != delim);
	try {
		s.regexps.push_back(std::make_unique<Regexp>(re));
	} catch(const Error&) {
		garbled("r.e.-using");
	}
	s.sources.push_back(re);
	return lastre();
}

Sedaddr
Sedparser::address()
{
	if(take('$'))
		return {Sedaddr::Last};
	if(at < line.size() && isdigitrune(char32_t(line[at]))) {
		uint64_t n = number();
		if(n == 0)
			error("line number 0 is illegal");
		return {Sedaddr::Line, n};
	}
	if(take('/'))
		return {Sedaddr::Re, 0, compile("/")};
	if(is('\\') && at + 1 < line.size()) {
		at++;
		std::string_view delim = next();
		return {Sedaddr::Re, 0, compile(delim)};
	}
	return {};
}

void
Sedparser::addresses(Sedcmd& c)
{
	c.a1 = address();
	if(c.a1.kind == Sedaddr::Re && c.a1.re == Norex)
		error(Nofirst);
	if(c.a1.kind != Sedaddr::None && (take(',') || take(';')))
		c.a2 = address();
}

// The commands of the line; in 9front's sed, too, what may follow one depends on it.
void
Sedparser::parse()
{
	for(;;) {
		skip(" \t;");
		if(atend() || is('#'))
			return;
		Sedcmd c;
		addresses(c);
		for(skip(" \t"); take('!'); skip(" \t"))
			c.negated = true;
		if(atend())
			fail("Unrecognized command");
		c.name = line[at++];
		switch(c.name) {
		case '{': openbrace(std::move(c)); continue;
		case '}':
			if(c.a1.kind != Sedaddr::None)
				fail(Noaddress);
			closebrace();
			continue;
		case ':':
			if(c.a1.kind != Sedaddr::None)
				fail(Noaddress);
			label();
			if(is('#'))
				return;
			break;
		default: function(c); s.cmds.push_back(std::move(c));
		}
		if(!atend() && !is(';'))
			garbled(line.substr(at));
	}
}

void
Sedparser::function(Sedcmd& c)
{
	constexpr std::string_view All = "=abcdDgGhHilnNpPqrstwxy";
	if(All.find(c.name) == All.npos)
		fail("Unrecognized command");
	if(c.a2.kind != Sedaddr::None && std::string_view("=aiqr").find(c.name) != All.npos)
		fail(Oneaddress);
	argument(c);
}

void
Sedparser::argument(Sedcmd& c)
{
	switch(c.name) {
	case 'a':
	case 'c':
	case 'i': textof(c); break;
	case 'b':
	case 't': branch(c); break;
	case 'r':
		if(!take(' '))
			garbled("r");
		c.text = text();
		break;
	case 's': substitution(c); break;
	case 'w':
		if(!take(' '))
			garbled("w");
		c.file = file();
		break;
	case 'y': translation(c); break;
	}
}

void
Sedparser::openbrace(Sedcmd c)
{
	c.name = 'b';
	c.negated = !c.negated;
	s.braces.push_back(s.cmds.size());
	s.cmds.push_back(std::move(c));
}

void
Sedparser::closebrace()
{
	if(s.braces.empty())
		error("Too many }'s");
	s.cmds[s.braces.back()].target = s.cmds.size();
	s.braces.pop_back();
}

void
Sedparser::label()
{
	skip(" ");
	size_t end = std::min(line.find_first_of("; \t#", at), line.size());
	std::string name(line.substr(at, end - at));
	at = end;
	if(name.empty())
		garbled(":");
	Sedscript::Label& l = s.labels[name];
	if(l.at != Sedscript::npos)
		fail("Duplicate labels");
	l.at = s.cmds.size();
}

void
Sedparser::branch(Sedcmd& c)
{
	skip(" ");
	size_t end = std::min(line.find(';', at), line.size());
	std::string name(line.substr(at, end - at));
	at = end;
	c.target = Sedscript::npos;	// the end of the script
	if(!name.empty())
		s.labels[name].users.push_back(s.cmds.size());
}

// The rest of the line: a backslash hides what is behind it, blanks at the starts of
// lines go away.
std::string
Sedparser::text()
{
	std::string t;
	skip(" \t");
	while(!atend()) {
		if(take('\\') && atend())
			break;
		char c = line[at++];
		t += c;
		if(c == '\n')
			skip(" \t");
	}
	return t;
}

void
Sedparser::textof(Sedcmd& c)
{
	take('\\');
	if(!take('\n'))
		garbled(std::string_view(&c.name, 1));
	c.text = text();
}

// The number of the file that the rest of the line names.
int
Sedparser::file()
{
	std::string name = text();
	auto i = s.files.find(name);
	if(i == s.files.end())
		i = s.files.emplace(name, s.io.create(name)).first;
	return i->second;
}

void
Sedparser::substitution(Sedcmd& c)
{
	std::string_view delim = next();
	if(delim.empty())
		garbled("s");
	c.re = compile(delim);
	if(c.re == Norex)
		error(Nofirst);
	c.caret = s.sources[c.re].find('^') != std::string::npos;
	replacement(c, delim);
	flags(c);
}

void
Sedparser::replacement(Sedcmd& c, std::string_view delim)
{
	c.pieces.emplace_back();
	auto sub = [&c](int n) {
		c.pieces.back().sub = n;
		c.nsub = std::max(c.nsub, size_t(n) + 1);
		c.pieces.emplace_back();
	};
	for(;;) {
		std::string_view r = next();
		if(r.empty())
			garbled("s");
		if(r == "\\") {
			r = next();
			if(r.empty())
				garbled("s");
			if(r[0] >= '1' && r[0] <= '9')
				sub(r[0] - '0');
			else
				c.pieces.back().text += r == "n" ? "\n" : r;
		} else if(r == delim)
			return;
		else if(r == "&")
			sub(0);
		else
			c.pieces.back().text += r;
	}
}

void
Sedparser::flags(Sedcmd& c)
{
	auto count = [&] {
		if(at == line.size() || !isdigitrune(char32_t(line[at])))
			return;
		c.nth = number();
		if(c.nth == 0)
			garbled("s");
	};
	count();
	c.global = take('g') || allglobal;
	if(c.nth == 1)
		count();
	if(take('p'))
		c.print = 'p';
	if(take('P'))
		c.print = 'P';
	if(take('w')) {
		if(!take(' '))
			garbled("s");
		c.file = file();
	}
}

// y's first string.
std::u32string
Sedparser::from(std::string_view delim)
{
	std::u32string f;
	for(;;) {
		std::string_view c = next();
		if(c.empty() || c == "\n")
			garbled("y");
		if(c == delim)
			return f;
		if(c == "\\" && is('n')) {
			at++;
			c = "\n";
		} else if(c == "\\" && (is('\\') || line.substr(at).starts_with(delim)))
			c = next();
		char32_t r;
		decode(c, r);
		f += r;
	}
}

// y's second string, of n characters.  False when it is not so, read this way.
bool
Sedparser::to(std::string_view delim, size_t n, bool escapes, std::u32string& t)
{
	t.clear();
	while(t.size() < n) {
		std::string_view c = next();
		if(c.empty() || c == delim)
			return false;
		if(c == "\\" && is('n')) {
			at++;
			c = "\n";
		} else if(c == "\\" && escapes && !atend())
			c = next();
		char32_t r;
		decode(c, r);
		t += r;
	}
	return next() == delim && (atend() || is(';'));
}

// In Plan 9's sed a backslash in the second string is a character like others; where
// that fails it hides the one behind it.
void
Sedparser::translation(Sedcmd& c)
{
	std::string_view delim = next();
	if(delim.empty())
		garbled("y");
	std::u32string f = from(delim);
	std::u32string t;
	size_t start = at;
	if(!to(delim, f.size(), false, t)) {
		at = start;
		if(!to(delim, f.size(), true, t))
			garbled("y");
	}
	c.map = std::make_unique<Sedmap>();
	for(char32_t r = 0; r < c.map->ascii.size(); r++)
		c.map->ascii[r] = r;
	for(size_t i = 0; i < f.size(); i++) {
		if(f[i] < c.map->ascii.size())
			c.map->ascii[f[i]] = t[i];
		else
			c.map->others[f[i]] = t[i];
		c.map->narrow &= f[i] < 128 && t[i] < 128;
	}
}

void
Sedscript::add(std::string_view text, bool allglobal)
{
	std::string all = std::exchange(pending, {}).append(text);
	std::string_view rest = all;
	while(!rest.empty()) {
		std::string_view l;
		if(!firstline(rest, l) && l.ends_with('\\')) {
			// Its newline is the one between two -e.
			size_t n = l.size() - (l.find_last_not_of('\\') + 1);
			if(n % 2 == 1) {
				pending = std::string(l) + "\n";
				return;
			}
		}
		Sedparser(*this, l, allglobal).parse();
	}
}

void
Sedscript::finish()
{
	if(!pending.empty())
		Sedparser(*this, std::exchange(pending, {}), false).parse();
	if(!braces.empty())
		error("Too many {'s");
	for(auto& [name, l] : labels) {
		if(l.at == npos && !l.users.empty())
			error("Undefined label: " + std::string(utfcut(name, Maxmessage / 2)));
		for(size_t u : l.users)
			cmds[u].target = l.at;
	}
}
}
