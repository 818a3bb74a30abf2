// The lines that sed works on, and those that it need not look at.

#include <algorithm>
#include <cstring>

#include "cmd/sed/sed.h"
#include "lib9/error.h"

namespace p9 {

// False when there is no other file.
bool
Sedinput::nextfile()
{
	if(!late.empty())
		error(std::exchange(late, {}));
	open = io.next();
	return open;
}

// More bytes of the file behind those that are there; false at its end.
bool
Sedinput::fill()
{
	if(at > 0) {
		std::memmove(buf.data(), buf.data() + at, have - at);
		have -= at;
		whole -= std::min(at, whole);
		at = 0;
	}
	if(buf.size() < have + Piece)
		buf.resize(std::max(have + Piece, 2 * have));
	reads++;
	beforeread();
	size_t n = io.read(std::as_writable_bytes(std::span(buf)).subspan(have));
	if(n == 0) {
		open = false;
		return false;
	}
	size_t nl = std::string_view(buf).substr(have, n).rfind('\n');
	if(nl != std::string_view::npos)
		whole = have + nl + 1;
	have += n;
	return true;
}

bool
Sedinput::line(std::string_view& s)
{
	while(at >= whole) {
		if(!open && at == have && !nextfile())
			return false;
		if((!open || !fill()) && at < have) {
			// A file's unfinished end is a line.
			s = std::string_view(buf).substr(at, have - at);
			at = have;
			return true;
		}
	}
	size_t nl = buf.find('\n', at);
	s = std::string_view(buf).substr(at, nl - at);
	at = nl + 1;
	return true;
}

bool
Sedinput::last()
{
	while(!more()) {
		if(open) {
			fill();
			continue;
		}
		try {
			if(!nextfile())
				return true;
		} catch(const Error& e) {
			late = e.reason();
			return false;
		}
	}
	return false;
}

bool
Sedinput::refill()
{
	if(!open && at == have && !nextfile())
		return false;
	while(at >= whole)
		if(!open || !fill())
			return false;
	return true;
}

Sedplan::Sedplan(const Sedscript& s, bool quiet)
{
	drops = quiet;
	usable = walk(s) && !triggers.empty();
}

void
Sedplan::trigger(Regexp* re)
{
	if(std::ranges::find(triggers, re, &Trigger::re) == triggers.end())
		triggers.push_back({re});
}

// Follows what the script does with a line that no regular expression matches.  False
// when it does more than to go forwards, or delete the line.
bool
Sedplan::walk(const Sedscript& s)
{
	for(size_t pc = 0; pc < s.cmds.size();) {
		const Sedcmd& c = s.cmds[pc];
		bool runs = c.negated || c.a1.kind == Sedaddr::None;
		if(c.a1.kind == Sedaddr::Re)
			trigger(s.regexps[c.a1.re].get());
		else if(c.a1.kind != Sedaddr::None || c.negated)
			return false;
		if(c.a2.kind != Sedaddr::None)
			ranges.push_back(&c);
		if(runs && c.name == 's')
			trigger(s.regexps[c.re].get());
		else if(runs && c.name == 'd')
			return drops = true;
		else if(runs && c.name == 'b') {
			if(c.target <= pc)
				return false;
			pc = c.target;
			continue;
		} else if(runs && c.name != 't')
			return false;
		pc++;
	}
	return true;
}

bool
Sedplan::works()
{
	if(!usable || (pause > 0 && pause-- > 0))
		return false;
	for(const Sedcmd* c : ranges)
		if(c->active)
			return false;
	return true;
}

size_t
Sedplan::skip(std::string_view lines, uint64_t reads)
{
	constexpr int Enough = 8;	// searches in vain, and then
	constexpr int Pause = 100;	// lines without one

	size_t left = 0;
	for(Trigger& t : triggers) {
		if(t.seen != reads || t.left > lines.size()) {
			Submatch m = t.re->matchline(lines);
			t.left = m.taken() ? lines.size() - m.begin : 0;
			t.seen = reads;
		}
		left = std::max(left, t.left);
	}
	vain = left == lines.size() ? vain + 1 : 0;
	if(vain >= Enough)
		pause = Pause;
	return lines.size() - left;
}
}
