// disk/prep: Plan 9's own partition table.  Its unit is the sector.  prep(8).

#include "lib9/disk/prep.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/disk/edit.h"

namespace p9 {

namespace {

class Prep final : public Diskedit {
	const std::string old;	// the table's sector as it was

	std::string gettable();
	static std::unique_ptr<Diskpart> newpart(const Preppart& p);

	Answer add(const std::string& name, int64_t start, int64_t n) override;
	Answer okname(std::string_view name) override;
	void sum(const Diskpart* p, int64_t start, int64_t n) override;
	Answer write() override;
	[[noreturn]] void restore();

public:
	explicit Prep(Disk& d) : Diskedit(d, "sector", d.secsize, d.secs), old(gettable())
	{
	}
	void readparts();
	Answer autopart(const std::vector<std::string>& names);
};

// Empty if there is no second sector.  A boot sector there means that this is not what
// the user believes: a FAT, not a partition for Plan 9.
std::string
Prep::gettable()
{
	std::string s(size_t(disk.secsize), '\0');
	Buf b = std::as_writable_bytes(std::span(s));
	if(disk.read(b, uint64_t(disk.secsize)) != b.size())
		return {};
	if(s.starts_with("\xEB\x3C\x90")) {
		say("the second sector, where Plan 9's partition table goes, begins a "
		    "FAT\n"
		    "file system.  If that is not wanted, zero it and try again.\n");
		exits("fat partition");
	}
	return s;
}

std::unique_ptr<Diskpart>
Prep::newpart(const Preppart& p)
{
	auto q = std::make_unique<Diskpart>();
	q->name = q->ctlname = p.name;
	q->start = q->ctlstart = p.start;
	q->end = q->ctlend = p.end;
	return q;
}

void
Prep::readparts()
{
	if(old.empty())
		return;
	Preptable t = parseprep(old);
	if(!t.found)
		say("no plan9 partition table found\n");
	if(t.fault)
		say("syntax error reading partition\n");
	for(const Preppart& p : t.parts)
		if(Answer no = addpart(newpart(p)); !no.empty()) {
			say("?" + no + ": not continuing\n");
			exits("partition");
		}
}

Prep::Answer
Prep::autopart(const std::vector<std::string>& names)
{
	if(!parts.empty()) {
		say("partitions already exist; not repartitioning\n");
		return {};
	}
	std::vector<Preppart> v;
	try {
		v = autoprep({.secs = disk.secs,
			      .secsize = disk.secsize,
			      .psecsize = disk.psecsize,
			      .physalign = disk.physalign,
			      .offset = disk.offset},
			     names);
	} catch(const Error& e) {
		say(e.text() + "\n");
		return e.text();
	}
	for(const Preppart& p : v) {
		out.put(fmt::format("{} {}\n", p.name, p.end - p.start));
		auto q = newpart(p);
		q->changed = true;
		addpart(std::move(q));
	}
	flush();
	return {};
}

Prep::Answer
Prep::add(const std::string& name, int64_t start, int64_t n)
{
	if(start < 2 && name != "9fat")
		return "overlaps with the pbs and/or the partition table";
	auto p = newpart({name, start, n});
	p->changed = true;
	return addpart(std::move(p));
}

Prep::Answer
Prep::okname(std::string_view name)
{
	return isprepname(name) ? "" : "bad character in name";
}

void
Prep::sum(const Diskpart* p, int64_t start, int64_t n)
{
	int64_t bytes = (n - start) * disk.secsize;
	out.put(fmt::format("{} {:<12} {:>{}} {:<{}} ({} sectors, {})\n",
			    p && p->changed ? '\'' : ' ', p ? p->name : "empty", start,
			    disk.width, n, disk.width, n - start, sizetext(bytes)));
}

Prep::Answer
Prep::write()
{
	std::vector<Preppart> v;
	for(auto& p : parts)
		v.push_back({p->name, p->start, p->end});
	std::string s = formatprep(v, size_t(disk.secsize));
	if(old.empty())
		return "the disk has no second sector";
	try {
		disk.write(std::as_bytes(std::span(s)), uint64_t(disk.secsize));
	} catch(const Error& e) {
		say("error writing partition table to disk: " + e.text() + "\n");
		restore();
	}
	updatectl();
	return {};
}

void
Prep::restore()
{
	say("attempting to restore partitions to previous state\n");
	try {
		disk.write(std::as_bytes(std::span(old)), uint64_t(disk.secsize));
	} catch(const Error& e) {
		say("cannot restore: couldn't write old partition table to disk\n");
		exits("inconsistent");
	}
	if(!restorectl()) {
		say("restored disk partition table but not kernel; reboot\n");
		exits("inconsistent");
	}
	exits("restored");
}

struct Flags {
	std::vector<std::string> names;	// of -a
	bool blank = false;
	bool print = false;
	bool write = false;
	int64_t secsize = 0;
	Diskflags disk;
};

void
addname(const Cmdline& a, Flags& f, const std::string& name)
{
	bool twice = std::ranges::find(f.names, name) != f.names.end();
	if(twice)
		fprint(2, "you said -a " + name + " more than once.\n");
	else if(!isautopart(name))
		fprint(2, "don't know how to create automatic partition " + name + "\n");
	if(twice || !isautopart(name))
		a.usage();
	f.names.push_back(name);
}

Flags
getflags(Cmdline& a)
{
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'a': addname(a, f, a.earg()); break;
		case 'b': f.blank = true; break;
		case 'c':
		case 'n': break; // as in Plan 9 they do nothing
		case 'f': f.disk.noctl = true; break;
		case 'p': f.print = f.disk.rdonly = true; break;
		case 'r': f.disk.rdonly = true; break;
		case 's':
			f.secsize = a.eint();
			if(f.secsize < 512 || f.secsize > 65536)
				a.fatal("bad sector size");
			break;
		case 'w': f.write = true; break;
		default: a.usage();
		}
	if(a.argc() != 1)
		a.usage();
	return f;
}

void
edit(Disk& disk, const Flags& f)
{
	Prep ed(disk);
	if(!f.blank)
		ed.readparts();
	if(f.print)
		exits(ed.runcmd("P"));
	std::string no;
	if(!f.names.empty())
		no = ed.autopart(f.names);
	if(f.write) {
		// A disk too small for what was asked is left as it is.
		exits(no.empty() ? ed.runcmd("w") : no);
	}
	ed.runcmd("p");
	ed.run();
}
}

void
prep(Argv argv)
{
	Cmdline a(argv, "[-bcfnprw] [-a partname]... [-s sectorsize] disk");
	Flags f = getflags(a);
	try {
		Disk disk(a.rest()[0], f.disk);
		if(f.secsize)
			disk.setsecsize(f.secsize);
		edit(disk, f);
	} catch(const Error& e) {
		a.fatal("cannot open disk: " + e.text());
	}
}
}
