// Scripts, run.  What looks odd here is so in Plan 9: a global substitution sees what it
// has made when ^ asks what stands before; N at the end of the input deletes; a range
// whose second address is a number that has passed ends on the line behind, which does
// not begin another.

#include "cmd/sed/sed.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib9/error.h"
#include "lib9/utf.h"

namespace p9 {

Sed::Sed(Sedio& i, Sedscript& s, Sedflags f)
	: io(i), script(s), flags(f), in(i, [this] {
		  if(flags.flush)
			  flushall();
	  }),
	  plan(s, f.quiet), out(1)
{
	for(const Sedcmd& c : s.cmds)
		if(c.file >= int(out.size()))
			out.resize(size_t(c.file) + 1);
}

void
Sed::put(int file, std::string_view s)
{
	constexpr size_t Piece = 64 * 1024;
	std::string& o = out[size_t(file)];
	if(o.size() + s.size() > Piece)
		flush(size_t(file));
	if(s.size() > Piece)
		io.write(file, s);
	else
		o += s;
}

void
Sed::putline(int file, std::string_view s)
{
	put(file, s);
	put(file, "\n");
}

void
Sed::flush(size_t file)
{
	std::string& o = out[file];
	if(o.empty())
		return;
	// What cannot be written is not tried again.
	std::string s = std::exchange(o, {});
	io.write(int(file), s);
	s.clear();
	o = std::move(s);
}

void
Sed::flushall()
{
	for(size_t i = 0; i < out.size(); i++)
		flush(i);
}

// Passes over the lines at which the script does nothing.
void
Sed::skiplines()
{
	while(plan.works()) {
		std::string_view l = in.lines();
		if(l.empty()) {
			if(!in.refill())
				return;
			continue;
		}
		size_t n = plan.skip(l, in.reads);
		if(!plan.drops)
			put(0, l.substr(0, n));
		lnum += uint64_t(std::ranges::count(l.substr(0, n), '\n'));
		in.skip(n);
		if(n < l.size())
			return;
		io.step();
	}
}

bool
Sed::readline()
{
	if(!in.line(ps))
		return false;
	substituted = false;
	lnum++;
	return true;
}

void
Sed::run()
{
	for(;;) {
		io.step();
		skiplines();
		if(!readline())
			break;
		Then t = cycle();
		if(!flags.quiet && t != Then::Delete)
			putline(0, ps);
		appended();
		if(t == Then::Quit)
			break;
	}
	flushall();
}

Sed::Then
Sed::cycle()
{
	for(size_t pc = 0; pc < script.cmds.size();) {
		Sedcmd& c = script.cmds[pc];
		if(!selected(c)) {
			pc++;
			continue;
		}
		Then t = run(c);
		switch(t) {
		case Then::Next: pc++; continue;
		case Then::Jump:
			if(c.target <= pc)
				io.step();
			pc = c.target;
			continue;
		case Then::Again:
			io.step();
			pc = 0;
			continue;
		case Then::Delete:
		case Then::Quit: return t;
		}
	}
	return Then::Next;
}

// Makes the pattern space a string of its own.
void
Sed::own()
{
	if(ps.data() == space.data() && ps.size() == space.size())
		return;
	scratch.assign(ps);
	std::swap(space, scratch);
	ps = space;
}

void
Sed::grow(std::string& s, std::string_view more)
{
	if(more.size() > flags.max || s.size() > flags.max - more.size())
		error("Output line too long");
	s += more;
}

bool
Sed::islast()
{
	if(in.more())
		return false;
	own();
	return in.last();
}

bool
Sed::matches(size_t re, std::string_view text)
{
	return re != Norex && script.regexps[re]->match(text);
}

// Whether the first address of a command chooses the pattern space.
bool
Sed::within(const Sedaddr& a)
{
	switch(a.kind) {
	case Sedaddr::None: return true;
	case Sedaddr::Last: return islast();
	case Sedaddr::Line: return a.line == lnum;
	case Sedaddr::Re: return matches(a.re, ps);
	}
	return false;
}

// Whether a range that has begun still holds.
bool
Sed::inrange(Sedcmd& c)
{
	switch(c.a2.kind) {
	case Sedaddr::Line: c.active = lnum < c.a2.line; return lnum <= c.a2.line;
	case Sedaddr::Re: c.active = !matches(c.a2.re, ps); return true;
	default: return true;
	}
}

bool
Sed::selected(Sedcmd& c)
{
	if(c.a1.kind == Sedaddr::None)
		return !c.negated;
	c.first = !c.active;
	if(c.active)
		return inrange(c) != c.negated;
	bool yes = within(c.a1);
	c.active = yes && c.a2.kind != Sedaddr::None && c.a1.kind != Sedaddr::Last;
	return yes != c.negated;
}

Sed::Then
Sed::run(const Sedcmd& c)
{
	switch(c.name) {
	case 'b': return Then::Jump;
	case 't': return std::exchange(substituted, false) ? Then::Jump : Then::Next;
	case 's':
		if(!substitute(c))
			break;
		if(c.print == 'P')
			putline(0, ps.substr(0, ps.find('\n')));
		else {
			if(c.print)
				putline(0, ps);
			if(c.file >= 0)
				putline(c.file, ps);
		}
		break;
	case 'a':
	case 'r': queue.push_back(&c); break;
	case 'c':
		if(c.negated || c.a2.kind == Sedaddr::None || c.first)
			putline(0, c.text);
		return Then::Delete;
	case 'i': putline(0, c.text); break;
	case '=': put(0, fmt::format("{}\n", lnum)); break;
	case 'l': list(); break;
	case 'p': putline(0, ps); break;
	case 'P': putline(0, ps.substr(0, ps.find('\n'))); break;
	case 'q': return Then::Quit;
	case 'w': putline(c.file, ps); break;
	case 'n':
	case 'N': return input(c);
	default: return editspace(c);
	}
	return Then::Next;
}

// The functions of the pattern and hold spaces.
Sed::Then
Sed::editspace(const Sedcmd& c)
{
	switch(c.name) {
	case 'd': return Then::Delete;
	case 'D': {
		size_t nl = ps.find('\n');
		if(nl == ps.npos)
			return Then::Delete;
		ps.remove_prefix(nl + 1);
		return Then::Again;
	}
	case 'g':
		space = hold;
		ps = space;
		break;
	case 'G':
		own();
		grow(space, "\n");
		grow(space, hold);
		ps = space;
		break;
	case 'h': hold.assign(ps); break;
	case 'H':
		grow(hold, "\n");
		grow(hold, ps);
		break;
	case 'x':
		own();
		std::swap(space, hold);
		ps = space;
		break;
	case 'y': translate(*c.map); break;
	}
	return Then::Next;
}

// n and N.
Sed::Then
Sed::input(const Sedcmd& c)
{
	bool appends = c.name == 'N';
	if(appends)
		own();
	else if(!flags.quiet)
		putline(0, ps);
	appended();
	if(!readline())
		return Then::Delete;
	if(appends) {
		space += '\n';
		space += ps;
		ps = space;
	}
	return Then::Next;
}

// The next match of the pattern space from a byte on.  linestart: what stands before
// ends in a newline, as it was edited; space then shows it to the expression.
bool
Sed::nextmatch(const Sedcmd& c, size_t from, bool linestart)
{
	Regexp& re = *script.regexps[c.re];
	bool was = from == 0 || ps[from - 1] == '\n';
	if(!c.caret || was == linestart)
		return re.match(ps, sub, from);
	own();
	char keep = std::exchange(space[from - 1], linestart ? '\n' : 'x');
	bool yes = re.match(space, sub, from);
	space[from - 1] = keep;
	return yes;
}

bool
Sed::substitute(const Sedcmd& c)
{
	sub.resize(c.nsub);
	if(!script.regexps[c.re]->match(ps, sub))
		return false;
	if(c.global && c.caret)
		own();	// nextmatch would, but scratch is in use then
	scratch.clear();
	size_t copied = 0;
	bool yes = false;
	for(uint64_t n = 1;; n++) {
		auto [begin, end] = sub[0];
		if(n >= c.nth) {
			grow(scratch, ps.substr(copied, begin - copied));
			replace(c);
			copied = end;
			yes = true;
		}
		if(end == ps.size() || (yes && !c.global))
			break;
		size_t from = end;
		if(begin == end) {
			char32_t r;
			from += decode(ps.substr(end), r);
		}
		if(from == ps.size())
			break;
		std::string_view before = from == copied ? scratch : ps.substr(0, from);
		if(n % 64 == 0)
			io.step();
		if(!nextmatch(c, from, before.empty() || before.back() == '\n'))
			break;
	}
	if(!yes)
		return false;
	grow(scratch, ps.substr(copied));
	std::swap(space, scratch);
	ps = space;
	return substituted = true;
}

void
Sed::replace(const Sedcmd& c)
{
	for(const Sedpiece& p : c.pieces) {
		grow(scratch, p.text);
		if(p.sub < 0)
			continue;
		if(!sub[size_t(p.sub)].taken())
			error(fmt::format("Invalid back reference \\{}", p.sub));
		grow(scratch, sub[size_t(p.sub)].of(ps));
	}
}

void
Sed::translate(const Sedmap& m)
{
	if(m.narrow) {
		own();
		for(char& c : space)
			if(c >= 0)
				c = char(m.ascii[size_t(c)]);
		return;
	}
	scratch.clear();
	for(std::string_view s = ps; !s.empty();) {
		char32_t r;
		size_t n = decode(s, r);
		auto other = m.others.find(r);
		if(r == Runeerror && n == 1)
			grow(scratch, s.substr(0, 1));	// not UTF-8: as it is
		else if(r < m.ascii.size())
			grow(scratch, encode(m.ascii[r]));
		else if(other != m.others.end())
			grow(scratch, encode(other->second));
		else
			grow(scratch, s.substr(0, n));
		s.remove_prefix(n);
	}
	std::swap(space, scratch);
	ps = space;
}

// The pattern space with its characters spelt, in lines of one length.
void
Sed::list()
{
	constexpr int Width = 73;
	int col = 0;
	char32_t r = 0;
	for(std::string_view s = ps; !s.empty();) {
		s.remove_prefix(decode(s, r));
		std::string t;
		switch(r) {
		case '\b': t = "\\b"; break;
		case '\n': t = "\\n"; break;
		case '\r': t = "\\r"; break;
		case '\t': t = "\\t"; break;
		case '\\': t = "\\\\"; break;
		default:
			t = r >= ' ' && r < 0x7F ? std::string(1, char(r))
						 : fmt::format("\\x{:04x}", uint32_t(r));
		}
		for(char ch : t) {
			put(0, std::string_view(&ch, 1));
			if(++col == Width) {
				put(0, "\\\n");
				col = 0;
			}
		}
	}
	putline(0, r == ' ' ? "\\n" : "");
}

// What a and r have left for the end of the cycle.
void
Sed::appended()
{
	for(const Sedcmd* c : queue)
		if(c->name == 'a')
			putline(0, c->text);
		else
			io.copy(c->text, [this](std::string_view s) { put(0, s); });
	queue.clear();
}
}
