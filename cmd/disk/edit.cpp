#include "cmd/disk/edit.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib9/disk/expr.h"
#include "lib9/disk/prep.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

constexpr size_t Maxwords = 10;
constexpr std::string_view Eargs = "args";

bool
sameplace(const Sdpart& a, const Sdpart& b)
{
	return a.name == b.name && a.start == b.start && a.end == b.end;
}
}

Diskedit::Diskedit(Disk& d, std::string_view unitname, int64_t unitsize, int64_t n)
	: disk(d), unit(unitname), unitsz(unitsize), end(n), before(ctlparts())
{
}

// When nobody takes what is printed, nothing more is done.
void
Diskedit::flush()
{
	try {
		out.flush();
	} catch(const Error& e) {
		fprint(2, "write error: " + e.text() + "\n");
		exits(e.text());
	}
}

void
Diskedit::say(std::string_view text)
{
	flush();
	fprint(2, text);
}

// A last line without its newline may be half a command: it is not run.
std::string
Diskedit::getline()
{
	pollnotes();
	flush();
	std::string s;
	if(!in.line(s) || !in.whole()) {
		if(changed)
			say("?warning: changes not written\n");
		exits();
	}
	return s.substr(std::min(s.find_first_not_of(" \t\r\v\f"), s.size()));
}

Diskpart*
Diskedit::findpart(std::string_view name)
{
	for(auto& p : parts)
		if(p->name == name)
			return p.get();
	return nullptr;
}

Diskedit::Answer
Diskedit::taken(std::string_view name)
{
	if(name.empty())
		return "partition has no name";
	if(findpart(name))
		return fmt::format("already have partition with name \"{}\"", name);
	return {};
}

Diskedit::Answer
Diskedit::addpart(std::unique_ptr<Diskpart> p)
{
	if(Answer no = taken(p->name); !no.empty())
		return no;
	if(parts.size() >= Maxparts)
		return "too many partitions";
	changed |= p->changed;
	auto at = std::ranges::upper_bound(parts, p->start, {},
					   [](auto& q) { return q->start; });
	parts.insert(at, std::move(p));
	return {};
}

std::string
Diskedit::sizetext(int64_t bytes)
{
	constexpr std::string_view units[] = {"TB", "GB", "MB", "KB"};
	for(int i = 0; i < 4; i++) {
		int64_t div = int64_t(1) << (40 - 10 * i);
		if(bytes >= div)
			return fmt::format("{}.{:02} {}", bytes / div,
					   bytes % div * 100 / div, units[i]);
	}
	return fmt::format("{} B ", bytes);
}

int64_t
Diskedit::place(std::string_view text, int64_t dollar)
{
	return evalexpr(text,
			{.dot = dot, .dollar = dollar, .size = end, .unit = unitsz});
}

Diskedit::Answer
Diskedit::addcmd(const Words& f)
{
	if(f.size() < 2 || f.size() > 4)
		return std::string(Eargs);
	Answer no = taken(f[1]);
	if(no.empty())
		no = okname(f[1]);
	if(!no.empty())
		return no;
	if(f.size() < 3)
		say(fmt::format("start {}: ", unit));
	int64_t start = place(f.size() < 3 ? getline() : f[2], end);
	if(start < 0 || start >= end)
		return "start out of range";
	int64_t max = end;
	for(auto& p : parts) {
		if(p->start <= start && start < p->end)
			return fmt::format("start {} in partition \"{}\"", unit, p->name);
		if(start < p->start)
			max = std::min(max, p->start);
	}
	if(f.size() < 4)
		say(fmt::format("end [{}..{}] ", start, max));
	int64_t stop = place(f.size() < 4 ? getline() : f[3], max);
	if(stop == start)
		return "size zero partition";
	if(stop < start || stop > max)
		return "end out of range";
	no = add(f[1], start, stop);
	if(no.empty())
		dot = stop;
	return no;
}

Diskedit::Answer
Diskedit::dotcmd(const Words& f)
{
	if(f.size() > 2)
		return std::string(Eargs);
	if(f.size() == 1)
		out.put(fmt::format("\t. {}\n", dot));
	else
		dot = place(f[1], end);
	return {};
}

Diskedit::Answer
Diskedit::delcmd(const Words& f)
{
	if(f.size() != 2)
		return std::string(Eargs);
	auto i = std::ranges::find_if(parts, [&](auto& p) { return p->name == f[1]; });
	if(i == parts.end())
		return "no such partition";
	parts.erase(i);
	changed = true;
	return {};
}

Diskedit::Answer
Diskedit::printcmd(const Words& f)
{
	if(f.size() != 1)
		return std::string(Eargs);
	int64_t last = 0;
	for(auto& p : parts) {
		if(last < p->start)
			sum(nullptr, last, p->start);
		sum(p.get(), p->start, p->end);
		last = p->end;
	}
	if(last < end)
		sum(nullptr, last, end);
	return {};
}

Diskedit::Answer
Diskedit::ctlcmd(const Words& f)
{
	if(f.size() != 1)
		return std::string(Eargs);
	return ctldiff(1) ? "" : "some messages could not be written";
}

Diskedit::Answer
Diskedit::writecmd(const Words& f)
{
	if(f.size() != 1)
		return std::string(Eargs);
	if(disk.rdonly)
		return "read only";
	Answer no = write();
	if(!no.empty())
		return no;
	for(auto& p : parts)
		p->changed = false;
	changed = false;
	return {};
}

Diskedit::Answer
Diskedit::quitcmd(const Words& f)
{
	if(f.size() != 1)
		return std::string(Eargs);
	if(changed && (!warned || lastcmd != 'q')) {
		warned = true;
		return "changes unwritten";
	}
	flush();
	exits();
}

Diskedit::Answer
Diskedit::helpcmd()
{
	out.put(". [place] - print or set dot\n"
		"a name [start [end]] - add a partition\n"
		"d name - delete a partition\n"
		"h - print this\n"
		"p - print the table\n"
		"P - print the commands that a ctl file takes\n"
		"w - write the table\n"
		"q - quit\n");
	out.put(extrahelp());
	return {};
}

Diskedit::Answer
Diskedit::docmd(const Words& f)
{
	switch(f[0][0]) {
	case '.': return dotcmd(f);
	case 'a': return addcmd(f);
	case 'd': return delcmd(f);
	case '?':
	case 'h': return helpcmd();
	case 'P': return ctlcmd(f);
	case 'p': return printcmd(f);
	case 'w': return writecmd(f);
	case 'q': return quitcmd(f);
	}
	return extra(f);
}

Diskedit::Answer
Diskedit::runcmd(std::string_view line)
{
	Words f = tokenize(line, Maxwords);
	if(f.empty())
		return {};
	if(f.size() >= Maxwords || f[0].size() != 1) {
		say("?\n");
		return "?";
	}
	Answer no;
	try {
		no = docmd(f);
	} catch(const Error& e) {
		no = e.text();
	}
	if(!no.empty())
		say("?" + no + "\n");
	flush();
	lastcmd = f[0][0];
	return no;
}

void
Diskedit::run()
{
	for(;;) {
		say(">>> ");
		runcmd(getline());
	}
}

// What the ctl file says of partitions inside the one that is edited, which does not
// count itself, from its start.
std::vector<Sdpart>
Diskedit::ctlparts()
{
	std::vector<Sdpart> v;
	for(const Sdpart& p : disk.ctlinfo().parts)
		if(p.name != disk.part && disk.offset <= p.start &&
		   p.end <= disk.offset + disk.secs)
			v.push_back({p.name, p.start - disk.offset, p.end - disk.offset});
	return v;
}

// Each message is a write of its own, also on descriptor 1: that may be a ctl file.
bool
Diskedit::send(int fd, std::string_view cmd, const std::string& name,
	       std::string_view place)
{
	try {
		p9::write(fd, fmt::format("{} {}{}\n", cmd, name, place));
		return true;
	} catch(const Error& e) {
		say(fmt::format("{} failed: {}: {}\n",
				cmd == "part" ? "adding part" : cmd, name, e.text()));
		return false;
	}
}

// Partitions that are as they should be stay, with those inside of them.  To add one that
// is there already does nothing.
bool
Diskedit::ctldiff(int fd)
{
	namectls();
	flush();
	std::vector<Sdpart> now = ctlparts();
	std::vector<Sdpart> kept;
	for(const Sdpart& q : now)
		for(auto& p : parts)
			if(sameplace(q, {p->ctlname, p->ctlstart, p->ctlend}))
				kept.push_back(q);
	bool good = true;
	for(const Sdpart& q : now)
		if(std::ranges::none_of(kept, [&q](const Sdpart& k) {
			   return k.start <= q.start && q.end <= k.end;
		   }))
			good &= send(fd, "delpart", q.name, "");
	for(auto& p : parts)
		if(!p->ctlname.empty())
			good &= send(fd, "part", p->ctlname,
				     fmt::format(" {} {}", disk.offset + p->ctlstart,
						 disk.offset + p->ctlend));
	return good;
}

void
Diskedit::updatectl()
{
	if(disk.isdevice() && !ctldiff(disk.ctl))
		say("?warning: partitions could not be updated in devsd\n");
}

bool
Diskedit::restorectl()
{
	if(!disk.isdevice())
		return true;
	auto tell = [this](const std::string& line) {
		p9::write(disk.ctl, line);
	};
	auto isin = [](const std::vector<Sdpart>& v, const Sdpart& p) {
		return std::ranges::any_of(v, [&p](auto& q) { return sameplace(p, q); });
	};
	try {
		std::vector<Sdpart> now = ctlparts();
		for(const Sdpart& p : now)
			if(!isin(before, p))
				tell("delpart " + p.name);
		for(const Sdpart& p : before)
			if(!isin(now, p))
				tell(fmt::format("part {} {} {}", p.name,
						 p.start + disk.offset,
						 p.end + disk.offset));
	} catch(const Error& e) {
		say(e.text() + "\n");
		return false;
	}
	return true;
}
}
