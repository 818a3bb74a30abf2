#include "cmd/disk/disk.h"

namespace p9 {

namespace {

constexpr size_t Maxctl = 64 * 1024;

std::optional<Mbrtable>
gettable(int fd)
{
	Mbrbytes b;
	for(size_t n = 0; n < b.size();) {
		size_t m = pread(fd, Buf(b).subspan(n), int64_t(Mbroffset + n));
		if(m == 0)
			return {};
		n += m;
	}
	return unpackmbr(b);
}

// The whole disk's table, if name is a partition's neighbour.
std::optional<Mbrtable>
gettable(const std::string& name)
{
	try {
		return gettable(open(name, OREAD));
	} catch(const Error&) {
		return {};
	}
}
}

Disk::Disk(const std::string& name, Diskflags flags)
{
	try {
		fd = open(name, OREAD);
	} catch(const Error& e) {
		error("cannot open disk file: " + e.text());
	}
	Dir d = fstat(fd);
	if(d.mode & (DMDIR | DMAPPEND))
		error("not a disk file: " + name);
	rdonly = flags.rdonly;
	if(!rdonly)
		try {
			wfd = open(name, OWRITE);
		} catch(const Error&) {
			rdonly = true;
		}
	size_t slash = name.rfind('/');
	prefix = name.substr(0, slash == name.npos ? 0 : slash + 1);
	part = name.substr(prefix.size());
	if(!flags.noctl)
		openctl();
	if(!isdevice()) {
		part.clear();
		if(d.length > INT64_MAX)
			error("file too large to be a disk");
		secs = int64_t(d.length) / secsize;
	}
	if(secs == 0)
		error("file too small to be a disk");
	width = std::to_string(secs * secsize).size();
	findgeometry();
}

// A ctl file that does not know this file belongs to something else, and nothing is
// written to it.
void
Disk::openctl()
{
	try {
		ctl = open(prefix + "ctl", ORDWR);
		Sdctl sd = ctlinfo();
		for(const Sdpart& p : sd.parts)
			if(p.name == part && sd.secsize > 0) {
				secsize = sd.secsize;
				secs = p.end - p.start;
				offset = p.start;
				psecsize = sd.psecsize ? sd.psecsize : secsize;
				physalign = sd.physalign;
				geo = {sd.c, sd.h, sd.s};
				return;
			}
	} catch(const Error&) {
	}
	if(ctl.isopen())
		close(std::exchange(ctl, {}));
}

Sdctl
Disk::ctlinfo()
{
	std::string s;
	if(ctl.isopen())
		for(size_t n = 1; n > 0 && s.size() < Maxctl;) {
			size_t at = s.size();
			s.resize(at + 4096);
			n = pread(ctl, std::as_writable_bytes(std::span(s)).subspan(at),
				  int64_t(at));
			s.resize(at + n);
		}
	return parsesdctl(s);
}

// What the partitions that exist imply comes before what the driver says, and both before
// a guess.
void
Disk::findgeometry()
{
	std::optional<Mbrtable> t;
	if(isdevice())
		t = gettable(prefix + "data");
	if(!t)
		t = gettable(fd);
	std::optional<Geometry> g;
	if(t)
		g = partgeometry(*t, secs);
	if(!g)
		g = drivergeometry(geo, secs);
	geo = g ? *g : guessgeometry(secs);
}

void
Disk::setsecsize(int64_t n)
{
	secs = secs * secsize / n;
	secsize = n;
	psecsize = std::max(psecsize, n);
}

size_t
Disk::read(Buf b, uint64_t off)
{
	if(off > INT64_MAX)
		return 0;
	size_t n = 0;
	while(n < b.size()) {
		size_t m = pread(fd, b.subspan(n), int64_t(off + n));
		if(m == 0)
			break;
		n += m;
	}
	return n;
}

void
Disk::write(Bytes b, uint64_t off)
{
	if(!wfd.isopen())
		error(Eperm);
	while(!b.empty()) {
		size_t n = pwrite(wfd, b, int64_t(off));
		if(n == 0)
			error(Eio);
		b = b.subspan(n);
		off += n;
	}
}

void
Disk::readall(Buf b, uint64_t off)
{
	if(read(b, off) != b.size())
		error("short read");
}
}
