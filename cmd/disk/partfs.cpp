// disk/partfs: a file as a disk with partitions, in the way of sd(3): a directory that
// has ctl, data and the partitions that were made by way of ctl.  A partition's qid is
// its slot, and its version counts the partitions that the slot has held: what was open
// when a partition went stays useless.  partfs(8).
//
// Hooks run one at a time until they call srvrelease, which they do once they have
// what they need of the table.

#include <algorithm>
#include <array>
#include <optional>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/9p/srv.h"
#include "lib9/disk/prep.h"
#include "lib9/disk/sdctl.h"
#include "lib9/parse.h"

namespace p9 {

namespace {

enum : uint64_t { Qroot, Qdir, Qctl, Qpart };
constexpr size_t Nslots = 64;
constexpr int64_t Maxsecs = int64_t(1) << 46;
constexpr int64_t Maxsecsize = 1 << 16;

struct Slot {
	bool inuse = false;
	uint32_t vers = 0;
	std::string name;
	int64_t start = 0;	// sectors
	int64_t end = 0;
};

// Where a request goes in the file.
struct Extent {
	int64_t off;
	size_t len;
};

class Partfs final : public Srv {
	const Fd fd;
	const Fd ctl;	// of the disk below, if it has one
	const std::string sdname;
	const std::string owner;
	const bool rdonly;
	const uint32_t time0 = uint32_t(nsec() / 1000000000);
	std::string inquiry = "partfs hard drive";
	int64_t secs = 0;
	int64_t secsize = 512;
	std::array<Slot, Nslots> tab;

	Slot* findslot(std::string_view name);
	Slot& slotof(const Fid& f, std::string_view why);
	Extent extent(const Req& r);
	void addpart(const std::string& name, int64_t start, int64_t end);
	void delpart(std::string_view name);
	void setgeometry(int64_t n, int64_t size);
	std::string ctltext();
	bool ctlcmd(const Cmdbuf& cb);
	void ctlwrite(Req& r);
	uint32_t mode() const { return rdonly ? 0444 : 0666; }
	Dir entry(Qid q, std::string_view name, uint32_t perm, int64_t length = 0);
	Dir partentry(const Slot& s);
	std::optional<Dir> direntry(uint64_t dir, size_t n);

public:
	Partfs(Fd file, Fd ctlfile, std::string sd, bool ro);
	std::vector<int> fds() const;

	void attach(Req& r) override;
	std::optional<Qid> walk1(Fid& fid, std::string_view elem) override;
	void open(Req& r) override;
	void read(Req& r) override;
	void write(Req& r) override;
	void stat(Req& r) override;
};

Partfs::Partfs(Fd file, Fd ctlfile, std::string sd, bool ro)
	: Srv(kernelsync()), fd(std::move(file)), ctl(std::move(ctlfile)),
	  sdname(std::move(sd)), owner(getuser()), rdonly(ro)
{
	name = "partfs";
	secs = int64_t(fstat(fd).length) / secsize;
	tab[0] = {.inuse = true, .name = "data", .end = secs};
}

std::vector<int>
Partfs::fds() const
{
	std::vector<int> v = {fd};
	if(ctl.isopen())
		v.push_back(ctl);
	return v;
}

Slot*
Partfs::findslot(std::string_view elem)
{
	for(Slot& s : tab)
		if(s.inuse && s.name == elem)
			return &s;
	return nullptr;
}

Slot&
Partfs::slotof(const Fid& f, std::string_view why)
{
	uint64_t i = f.qid.path - Qpart;
	if(i >= tab.size() || !tab[i].inuse || tab[i].vers != f.qid.vers)
		error(why);
	return tab[i];
}

void
Partfs::addpart(const std::string& part, int64_t start, int64_t end)
{
	constexpr std::string_view taken = "partition name already in use";
	if(start < 0 || start > end || end > secs)
		error("bad partition boundaries");
	if(!isprepname(part) || part == "." || part == "..")
		error(Ebadchar);
	if(part == "ctl" || part == "data")
		error(taken);
	if(Slot* s = findslot(part)) {
		if(s->start != start || s->end != end)
			error(taken);
		return;
	}
	auto s = std::ranges::find(tab, false, &Slot::inuse);
	if(s == tab.end())
		error("no free partition slots");
	*s = {true, s->vers + 1, part, start, end};
}

void
Partfs::delpart(std::string_view part)
{
	Slot* s = findslot(part);
	if(!s)
		error("partition not found");
	s->inuse = false;
}

// What no longer fits goes; data is the whole disk as long as it is there.
void
Partfs::setgeometry(int64_t n, int64_t size)
{
	if(n < 0 || n > Maxsecs || size <= 0 || size > Maxsecsize)
		error("bad geometry");
	secs = n;
	secsize = size;
	if(tab[0].inuse && tab[0].vers == 0)
		tab[0].end = secs;
	for(Slot& s : tab)
		s.inuse &= s.end <= secs;
}

// A message of ours; false: it is none.
bool
Partfs::ctlcmd(const Cmdbuf& cb)
{
	const std::string& cmd = cb.f[0];
	auto args = [&cb](size_t n, std::string_view why) {
		if(cb.f.size() != n + 1)
			error(why);
	};
	if(cmd == "part") {
		args(3, "part takes 3 args");
		addpart(cb.f[1], cb.num(2), cb.num(3));
	} else if(cmd == "delpart") {
		args(1, "delpart takes 1 arg");
		delpart(cb.f[1]);
	} else if(cmd == "inquiry") {
		args(1, "inquiry takes 1 arg");
		if(cb.f[1].find_first_of("\r\n") != cb.f[1].npos)
			error(Ebadctl);
		inquiry = cb.f[1];
	} else if(cmd == "geometry") {
		args(2, "geometry takes 2 args");
		setgeometry(cb.num(1), cb.num(2));
	} else
		return false;
	return true;
}

// What is not ours is for the disk below, if that has a ctl file.
void
Partfs::ctlwrite(Req& r)
{
	Cmdbuf cb = parsecmd(r.data());
	if(cb.f.empty())
		error("empty control message");
	try {
		if(!ctlcmd(cb)) {
			if(!ctl.isopen())
				error("unknown control message");
			srvrelease(r);
			p9::write(ctl, r.data());
		}
	} catch(const Error& e) {
		cmderror(cb, e.text());
	}
}

std::string
Partfs::ctltext()
{
	Sdctl sd;
	sd.inquiry = inquiry;
	sd.secs = secs;
	sd.secsize = secsize;
	for(const Slot& s : tab)
		if(s.inuse)
			sd.parts.push_back({s.name, s.start, s.end});
	return formatsdctl(sd);
}

Dir
Partfs::entry(Qid q, std::string_view elem, uint32_t perm, int64_t length)
{
	Dir d;
	d.qid = q;
	d.name = elem;
	d.mode = perm;
	d.length = uint64_t(length);
	d.atime = d.mtime = time0;
	d.uid = d.gid = "partfs";
	d.muid = "";
	return d;
}

Dir
Partfs::partentry(const Slot& s)
{
	Qid q{Qpart + uint64_t(&s - tab.data()), s.vers, QTFILE};
	return entry(q, s.name, mode(), (s.end - s.start) * secsize);
}

std::optional<Dir>
Partfs::direntry(uint64_t dir, size_t n)
{
	if(dir == Qroot)
		return n > 0 ? std::nullopt
			     : std::optional(
				       entry({Qdir, 0, QTDIR}, sdname, DMDIR | 0777));
	if(n == 0)
		return entry({Qctl, 0, QTFILE}, "ctl", 0666);
	for(const Slot& s : tab)
		if(s.inuse && --n == 0)
			return partentry(s);
	return {};
}

void
Partfs::attach(Req& r)
{
	if(r.ifcall.uname != owner)
		error(Eperm);
	if(!r.ifcall.aname.empty())
		error("invalid attach specifier");
	r.ofcall.qid = {Qroot, 0, QTDIR};
	r.respond();
}

std::optional<Qid>
Partfs::walk1(Fid& f, std::string_view elem)
{
	if(elem == "..")
		return Qid{Qroot, 0, QTDIR};
	if(f.qid.path == Qroot) {
		if(elem == sdname)
			return Qid{Qdir, 0, QTDIR};
	} else if(elem == "ctl")
		return Qid{Qctl, 0, QTFILE};
	else if(const Slot* s = findslot(elem))
		return partentry(*s).qid;
	return {};
}

void
Partfs::open(Req& r)
{
	if(r.ifcall.mode & ORCLOSE)
		error("cannot open ORCLOSE");
	if(r.fid->isdir() && r.ifcall.mode != OREAD)
		error("bad mode for directory open");
	int m = r.ifcall.mode & 3;
	if(rdonly && r.fid->qid.path >= Qpart && (m == OWRITE || m == ORDWR))
		error(Eperm);
	r.respond();
}

// What of the request lies in the partition.
Extent
Partfs::extent(const Req& r)
{
	const Slot& s = slotof(*r.fid, "unknown partition");
	uint64_t len = uint64_t((s.end - s.start) * secsize);
	uint64_t off = r.ifcall.offset;
	if(off > len)
		error("offset past end of partition");
	return {s.start * secsize + int64_t(off),
		size_t(std::min(uint64_t(r.ifcall.count), len - off))};
}

void
Partfs::read(Req& r)
{
	switch(uint64_t path = r.fid->qid.path) {
	case Qroot:
	case Qdir:
		dirread9p(r, [this, path](size_t n) { return direntry(path, n); });
		break;
	case Qctl:
		readstr(r, ctltext());
		break;
	default:
		Extent e = extent(r);
		srvrelease(r);
		r.ofcall.count = uint32_t(pread(fd, r.readroom().first(e.len), e.off));
	}
	r.respond();
}

void
Partfs::write(Req& r)
{
	r.ofcall.count = r.ifcall.count;
	if(r.fid->qid.path == Qctl)
		ctlwrite(r);
	else {
		Extent e = extent(r);
		srvrelease(r);
		r.ofcall.count = uint32_t(pwrite(fd, r.data().first(e.len), e.off));
	}
	r.respond();
}

void
Partfs::stat(Req& r)
{
	switch(r.fid->qid.path) {
	case Qroot:
		r.d = entry(r.fid->qid, "/", DMDIR | 0777);
		break;
	case Qdir:
		r.d = entry(r.fid->qid, sdname, DMDIR | 0777);
		break;
	case Qctl:
		r.d = entry(r.fid->qid, "ctl", 0666);
		break;
	default:
		r.d = partentry(slotof(*r.fid, "partition no longer exists"));
	}
	r.respond();
}

struct Options {
	int debug = 0;
	bool rdonly = false;
	std::string sdname = "sdXX";
	std::string mtpt = "/dev";
	std::string srvname;
};

Options
options(Cmdline& a)
{
	Options o;
	while(char32_t f = a.flag())
		switch(f) {
		case 'D': o.debug++; break;
		case 'd': o.sdname = a.earg(); break;
		case 'm': o.mtpt = a.earg(); break;
		case 'r': o.rdonly = true; break;
		case 's': o.srvname = a.earg(); break;
		default: a.usage();
		}
	if(a.argc() != 1)
		a.usage();
	if(!isprepname(o.sdname) || o.sdname == "." || o.sdname == "..")
		a.fatal("bad disk name: " + o.sdname);
	return o;
}

// The file, or the data and ctl of a directory that is a disk.
std::unique_ptr<Partfs>
openparts(std::string file, const Options& o)
{
	Fd ctl;
	if(p9::stat(file).mode & DMDIR) {
		ctl = open(file + "/ctl", ORDWR);
		file += "/data";
	}
	Fd fd = open(file, o.rdonly ? OREAD : ORDWR);
	return std::make_unique<Partfs>(std::move(fd), std::move(ctl), o.sdname,
					o.rdonly);
}
}

void
partfs(Argv argv)
{
	Cmdline a(argv, "[-Dr] [-d sdname] [-m mtpt] [-s srvname] diskimage");
	Options o = options(a);
	try {
		auto srv = openparts(a.rest()[0], o);
		srv->chatty = o.debug;
		std::vector<int> fds = srv->fds();
		postmountsrv(std::move(srv), o.srvname, o.mtpt, MBEFORE, fds);
		for(int fd : fds)
			close(fd);
	} catch(const Error& e) {
		a.fatal(e.text());
	}
}
}
