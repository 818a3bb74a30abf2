// disk/fdisk: the partition table of PCs.  Its unit is the cylinder.  prep(8).

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cmd/cmds.h"
#include "cmd/disk/edit.h"

namespace p9 {

namespace {

struct Dospart final : Diskpart {
	Mbrpart mbr;
};

class Fdisk final : public Diskedit {
	const int64_t cyl;	// sectors
	int count = 0;	// partitions that were given a number
	std::vector<Mbrat> saved;	// the tables as they were

	static Dospart& dos(const std::unique_ptr<Diskpart>& p)
	{
		return static_cast<Dospart&>(*p);
	}
	std::unique_ptr<Dospart> newpart(std::string name, const Mbrpart& m);
	bool haveroom(bool primary, int64_t start);
	void save(uint64_t sector);
	std::string activate(const Words& f);
	std::string settype(const Words& f);
	std::string gettype();
	std::string typelist();

	Answer add(const std::string& name, int64_t start, int64_t n) override;
	Answer okname(std::string_view name) override;
	void sum(const Diskpart* p, int64_t start, int64_t n) override;
	Answer write() override;
	Answer extra(const Words& f) override;
	std::string extrahelp() override;
	void namectls() override;
	[[noreturn]] void recover();

public:
	explicit Fdisk(Disk& d);
	// The first sector holds a table, whose partitions are not wanted.
	void blank() { changed = true; }
	void readparts();
	void autopart();
};

Fdisk::Fdisk(Disk& d)
    : Diskedit(d, "cylinder", d.geo.cylinder() * d.secsize, d.secs / d.geo.cylinder()),
      cyl(d.geo.cylinder())
{
	save(0);
	if(!unpackmbr(saved[0].bytes))
		error("did not find master boot record");
}

// Remembers the table of a sector that is going to be written.
void
Fdisk::save(uint64_t sector)
{
	if(std::ranges::find(saved, sector, &Mbrat::sector) != saved.end())
		return;
	Mbrat at{sector, {}};
	disk.readall(at.bytes, sector * uint64_t(disk.secsize) + Mbroffset);
	saved.push_back(at);
}

std::unique_ptr<Dospart>
Fdisk::newpart(std::string name, const Mbrpart& m)
{
	auto p = std::make_unique<Dospart>();
	if(name.empty())
		name = fmt::format("{}{}", m.isprimary() ? 'p' : 's', ++count);
	p->name = name;
	p->mbr = m;
	p->start = int64_t(m.start) / cyl;
	p->end = (int64_t(m.end) + cyl - 1) / cyl;
	p->ctlstart = int64_t(m.start);
	p->ctlend = int64_t(m.end);
	return p;
}

void
Fdisk::readparts()
{
	Mbrchain m = readmbr(disk, disk.secsize, disk.secs);
	for(const std::string& s : m.faults)
		say(s + "\n");
	if(m.gpt) {
		say("disk uses GPT partition format\n");
		exits("gptformat");
	}
	saved = m.tables;
	for(const Mbrpart& p : m.parts)
		if(Answer no = addpart(newpart({}, p)); !no.empty())
			say("adding partition: " + no + "\n");
}

// A primary partition needs one of four slots, and so does each run of secondary ones.
// A secondary one needs none next to another.
bool
Fdisk::haveroom(bool primary, int64_t start)
{
	int slots = 0;
	bool insecondary = false;
	for(size_t i = 0; i < parts.size(); i++) {
		bool prim = dos(parts[i]).mbr.isprimary();
		slots += prim || !insecondary;
		insecondary = !prim;
		if(primary)
			continue;
		bool last = i + 1 == parts.size();
		int64_t next = last ? end : parts[i + 1]->start;
		if(parts[i]->end <= start && start < next &&
		   (!prim || (!last && !dos(parts[i + 1]).mbr.isprimary())))
			return true;
	}
	return slots < 4;
}

Fdisk::Answer
Fdisk::add(const std::string& name, int64_t start, int64_t n)
{
	bool primary = name[0] == 'p';
	if(!haveroom(primary, start))
		return "no room for partition";
	Mbrpart m;
	m.entry.type = Mbrplan9;
	m.start = uint64_t(std::max(start * cyl, start == 0 ? disk.geo.s : 0));
	m.end = uint64_t(n * cyl);
	if(!primary) {
		m.ebrtype = extendedtype(disk.geo, m.end);
		m.ebrstart = m.start;
		m.start += uint64_t(disk.geo.s);
	}
	auto p = newpart(name, m);
	p->changed = true;
	return addpart(std::move(p));
}

// One Plan 9 partition in the largest gap, unless there is one already.
void
Fdisk::autopart()
{
	int64_t last = 0;
	int64_t at = 0;
	int64_t most = 0;
	bool active = true;
	auto gap = [&](int64_t stop) {
		if(stop - last > most && haveroom(true, last)) {
			at = last;
			most = stop - last;
		}
	};
	for(auto& p : parts) {
		const Mbrpart& m = dos(p).mbr;
		if(m.entry.type == Mbrplan9)
			return;
		if(m.isprimary() && (m.entry.active & Mbractive))
			active = false;
		gap(p->start);
		last = p->end;
	}
	gap(end);
	if(most < 1) {
		say("couldn't find space or partition slot for plan 9 partition\n");
		return;
	}
	Mbrpart m;
	m.entry.type = Mbrplan9;
	m.entry.active = active ? Mbractive : 0;
	m.start = uint64_t(at == 0 ? disk.geo.s : at * cyl);
	// An entry has 32 bits for the size.
	int64_t stop = std::min(at + most, (int64_t(m.start) + UINT32_MAX) / cyl);
	m.end = uint64_t(stop * cyl);
	auto p = newpart({}, m);
	p->changed = true;
	if(Answer no = addpart(std::move(p)); !no.empty())
		say("error adding plan9 partition: " + no + "\n");
}

Fdisk::Answer
Fdisk::okname(std::string_view name)
{
	bool good = name[0] == 'p' || name[0] == 's';
	for(char c : name.substr(1))
		good &= c >= '0' && c <= '9';
	return good ? "" : "name must be pN or sN";
}

void
Fdisk::sum(const Diskpart* p, int64_t start, int64_t n)
{
	const Mbrentry* e = p ? &static_cast<const Dospart*>(p)->mbr.entry : nullptr;
	const Mbrtype* t = e ? mbrtype(e->type) : nullptr;
	std::string type = t   ? std::string(t->desc)
			   : e ? fmt::format("type {}", e->type)
			       : "";
	out.put(fmt::format("{}{} {:<12} {:>{}} {:<{}} ({} cylinders, {}) {}\n",
			    p && p->changed ? '\'' : ' ',
			    e && (e->active & Mbractive) ? '*' : ' ',
			    p ? p->name : "empty", start, disk.width, n, disk.width,
			    n - start, sizetext((n - start) * unitsz), type));
}

std::string
Fdisk::activate(const Words& f)
{
	if(f.size() != 2)
		return "args";
	if(f[1][0] != 'p')
		return "cannot set secondary partition active";
	Diskpart* want = findpart(f[1]);
	if(!want)
		return "unknown partition";
	for(auto& p : parts) {
		uint8_t& a = dos(p).mbr.entry.active;
		uint8_t is = p.get() == want ? a | Mbractive : a & ~Mbractive;
		if(is != a)
			p->changed = changed = true;
		a = is;
	}
	return {};
}

std::string
Fdisk::typelist()
{
	std::string s;
	int n = 0;
	for(const Mbrtype& t : mbrtypes())
		s += fmt::format("{:<16}{}", t.desc, ++n % 4 ? "" : "\n");
	return n % 4 ? s + "\n" : s;
}

std::string
Fdisk::gettype()
{
	for(;;) {
		say("new partition type [? for list]: ");
		std::string s = getline();
		if(!s.starts_with('?'))
			return s;
		out.put(typelist());
	}
}

// As in Plan 9 an unknown type changes nothing and is no fault.
std::string
Fdisk::settype(const Words& f)
{
	if(f.size() < 2)
		return "args";
	Diskpart* p = findpart(f[1]);
	if(!p)
		return "unknown partition";
	std::string desc = f.size() == 2 ? gettype() : f[2];
	for(char& c : desc)
		if(c >= 'a' && c <= 'z')
			c = char(c - 'a' + 'A');
	auto i = std::ranges::find(mbrtypes(), desc, &Mbrtype::desc);
	uint8_t& type = static_cast<Dospart*>(p)->mbr.entry.type;
	if(i != mbrtypes().end() && i->type != type) {
		type = i->type;
		p->changed = changed = true;
	}
	return {};
}

Fdisk::Answer
Fdisk::extra(const Words& f)
{
	switch(f[0][0]) {
	case 'A':
		return activate(f);
	case 't':
		return settype(f);
	case 'R':
		if(disk.rdonly)
			return "read only";
		recover();
	}
	return "unknown command";
}

std::string
Fdisk::extrahelp()
{
	return "A name - make a partition the active one\n"
	       "R - write back the tables that were there at the start, and exit\n"
	       "t name [type] - set a partition's type\n";
}

// The name is the type's; a second of it has a number behind, and a dot between two
// numbers.
void
Fdisk::namectls()
{
	std::set<std::string> names;
	for(auto& p : parts) {
		const Mbrtype* t = mbrtype(dos(p).mbr.entry.type);
		std::string base(t ? t->name : "");
		p->ctlname = base;
		if(base.empty())
			continue;
		if(base.back() >= '0' && base.back() <= '9')
			base += '.';
		for(int i = 1; !names.insert(p->ctlname).second; i++)
			p->ctlname = base + std::to_string(i);
	}
}

// All tables are known, and what they replace is saved, before the first is written.
Fdisk::Answer
Fdisk::write()
{
	std::vector<Mbrpart> v;
	for(auto& p : parts)
		v.push_back(dos(p).mbr);
	std::ranges::stable_sort(v, {}, &Mbrpart::start);
	std::vector<Mbrat> tables = layoutmbr(v, disk.geo, uint64_t(disk.secs));
	for(const Mbrat& t : tables)
		save(t.sector);
	for(const Mbrat& t : tables)
		try {
			disk.write(t.bytes,
				   t.sector * uint64_t(disk.secsize) + Mbroffset);
		} catch(const Error& e) {
			say(fmt::format("write {} bytes at {}.{} failed: {}\n",
					Mbrsize + 0, t.sector, Mbroffset + 0, e.text()));
			recover();
		}
	updatectl();
	return {};
}

void
Fdisk::recover()
{
	bool failed = false;
	for(auto t = saved.rbegin(); t != saved.rend(); ++t)
		try {
			disk.write(t->bytes,
				   t->sector * uint64_t(disk.secsize) + Mbroffset);
		} catch(const Error&) {
			failed = true;
		}
	if(failed) {
		say("warning: some writes failed during restoration of old partition "
		    "tables\n");
		exits("inconsistent");
	}
	say("restored old partition tables\n");
	if(!restorectl()) {
		say("restored disk partition table but not kernel; reboot\n");
		exits("inconsistent");
	}
	exits("restored");
}

struct Flags {
	bool automatic = false;
	bool blank = false;
	bool print = false;
	bool write = false;
	int64_t secsize = 0;
	Diskflags disk;
};

Flags
getflags(Cmdline& a)
{
	Flags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'a': f.automatic = true; break;
		case 'b': f.blank = true; break;
		case 'f': f.disk.noctl = true; break;
		case 'p': f.print = true; break;
		case 'r': f.disk.rdonly = true; break;
		case 's':
			f.secsize = a.eint();
			if(f.secsize < 512 || f.secsize > 65536)
				a.fatal("bad sector size");
			break;
		case 'v': break; // as in Plan 9 it does nothing
		case 'w': f.write = true; break;
		default: a.usage();
		}
	if(a.argc() != 1)
		a.usage();
	return f;
}

Disk
getdisk(Cmdline& a, const Flags& f)
{
	try {
		Disk d(a.rest()[0], f.disk);
		if(f.secsize)
			d.setsecsize(f.secsize);
		return d;
	} catch(const Error& e) {
		fprint(2, "cannot open disk: " + e.text() + "\n");
		exits("opendisk");
	}
}

void
edit(Disk& disk, const Flags& f)
{
	Fdisk ed(disk);
	if(f.blank)
		ed.blank();
	else
		ed.readparts();
	if(f.automatic)
		ed.autopart();
	std::string status;
	if(f.write)
		status = ed.runcmd("w");
	if(f.print)
		status += ed.runcmd("P");
	if(f.write || f.print)
		exits(status);
	fprint(2,
	       fmt::format("cylinder = {} bytes\n", disk.geo.cylinder() * disk.secsize));
	ed.runcmd("p");
	ed.run();
}
}

void
fdisk(Argv argv)
{
	Cmdline a(argv, "[-abfprvw] [-s sectorsize] disk");
	Flags f = getflags(a);
	Disk disk = getdisk(a, f);
	try {
		edit(disk, f);
	} catch(const Error& e) {
		a.fatal(e.text());
	}
}
}
