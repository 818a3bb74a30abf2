// What devices have in common: the defaults of Dev, and Gendev, whose walk, stat
// and directory reads come from a list of entries.

#include "port/dev.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "lib9/error.h"
#include "lib9/utf.h"
#include "port/proc.h"

namespace p9 {

Ref<Chan>
Dev::create(Ref<Chan>, std::string_view, int, uint32_t)
{
	error(Eperm);
}

size_t
Dev::write(Chan&, Bytes, int64_t)
{
	error(Eperm);
}

Block
Dev::bread(Chan& c, size_t n, int64_t off)
{
	Block b = Block::alloc(n);
	b.produced(read(c, b.room().first(n), off));
	return b;
}

size_t
Dev::bwrite(Chan& c, Block b, int64_t off)
{
	b.flatten();
	return write(c, b.data(), off);
}

size_t
Dev::writev(Chan& c, Bytes head, Bytes tail)
{
	return write(c, head.empty() ? tail : head, 0);
}

// Nothing was removed, and so c is closed as ever.
void
Dev::remove(Chan& c)
{
	c.flag &= ~CREMOVED;
	error(Eperm);
}

void
Dev::wstat(Chan&, const Dir&)
{
	error(Eperm);
}

Ref<Chan>
devattach(Dev& d, std::string_view spec)
{
	auto c = mk<Chan>(d);
	c->qid = {0, 0, QTDIR};
	c->path = mk<Path>("#" + encode(d.dc) + std::string(spec));
	return c;
}

Ref<Chan>
devclone(Chan& c)
{
	auto nc = mk<Chan>(c.dev);
	nc->devno = c.devno;
	nc->qid = c.qid;
	nc->path = c.path;
	nc->aux = c.aux;
	return nc;
}

std::optional<Dir>
Gendev::lookup(Chan& c, std::string_view elem)
{
	for(Dir& d : list(c))
		if(d.name == elem)
			return std::move(d);
	return {};
}

Dir
Gendev::parent(const Chan&)
{
	return dir(0, "#" + encode(dc));
}

void
Gendev::arrived(Chan& c, const Chan& from)
{
	c.aux = from.aux;
}

Dir
Gendev::self(Chan& c)
{
	Dir d = parent(c);
	if(d.qid.path == c.qid.path)
		return d;
	auto above = devclone(c);
	above->qid = d.qid;
	arrived(*above, c);
	auto entries = list(*above);
	p9::close(std::move(above));
	for(Dir& e : entries)
		if(e.qid.path == c.qid.path)
			return std::move(e);
	error(Enonexist);
}

Ref<Chan>
Gendev::attach(std::string_view spec)
{
	return devattach(*this, spec);
}

// The first name that is missing ends the walk before a Chan is made for it, for
// unions try many devices in vain.
Walkqid
Gendev::walk(Chan& c, Names names)
{
	Walkqid wq;
	Ref<Chan> nc;
	for(std::string_view elem : names) {
		Chan& at = nc ? *nc : c;
		std::optional<Dir> d;
		if(elem == "..")
			d = parent(at);
		else if(at.isdir())
			d = lookup(at, elem);
		if(!d)
			break;
		if(!nc)
			nc = devclone(c);
		nc->qid = d->qid;
		arrived(*nc, c);
		wq.qid[wq.nqid++] = d->qid;
	}
	if(names.empty()) {
		nc = devclone(c);
		arrived(*nc, c);
	}
	if(wq.nqid == names.size())
		wq.clone = std::move(nc);
	else if(nc)
		p9::close(std::move(nc));
	return wq;
}

Dir
Gendev::stat(Chan& c)
{
	return self(c);
}

Ref<Chan>
Gendev::open(Ref<Chan> c, int omode)
{
	int mode = openmode(omode);
	if(c->isdir() && (omode & ~OCEXEC) != OREAD)
		error(Eperm);
	Dir d = self(*c);
	devpermcheck(d.uid, d.mode, omode);
	c->mode = mode;
	c->offset = 0;
	c->flag |= COPEN;
	return c;
}

Dir
Gendev::file(uint64_t path, std::string_view n, uint32_t perm, uint64_t length,
	uint32_t vers) const
{
	Dir d;
	d.type = uint16_t(dc);
	d.qid = {path, vers, QTFILE};
	d.mode = perm;
	d.atime = d.mtime = kerndate();
	d.length = length;
	d.name = n;
	d.uid = d.gid = d.muid = eve();
	return d;
}

Dir
Gendev::dir(uint64_t path, std::string_view n, uint32_t perm) const
{
	Dir d = file(path, n, DMDIR | perm);
	d.qid.type = QTDIR;
	return d;
}

size_t
Gendev::readdir(Chan& c, Buf buf, int64_t off)
{
	int64_t at = 0;
	size_t got = 0;
	for(Dir& d : list(c)) {
		int64_t before = at;
		d.dev = c.devno;
		at += int64_t(sizeD2M(d));
		if(before < off)
			continue;
		size_t n = convD2M(d, buf.subspan(got));
		if(n == 0) {
			if(got == 0)
				error(Eshort);
			break;
		}
		got += n;
	}
	return got;
}

size_t
readbuf(Buf buf, int64_t off, Bytes from)
{
	if(off < 0)
		error(Enegoff);
	if(uint64_t(off) >= from.size())
		return 0;
	from = from.subspan(size_t(off));
	size_t n = std::min(from.size(), buf.size());
	std::copy_n(from.begin(), n, buf.begin());
	return n;
}

size_t
readstr(Buf buf, int64_t off, std::string_view text)
{
	return readbuf(buf, off, std::as_bytes(std::span(text)));
}

int
openmode(int omode)
{
	int mode = omode & ~(OTRUNC | OCEXEC | ORCLOSE | OEXCL);
	if(mode < OREAD || mode > OEXEC)
		error(Ebadarg);
	return mode == OEXEC ? int(OREAD) : mode;
}

void
devpermcheck(std::string_view owner, uint32_t perm, int omode)
{
	static constexpr uint32_t need[] = {0400, 0200, 0600, 0100};
	uint32_t want = need[omode & 3];
	if(omode & OTRUNC)
		want |= 0200;
	if(up().user == owner)
		;
	else if(iseve())
		perm <<= 3;
	else
		perm <<= 6;
	if((perm & want) != want)
		error(Eperm);
}

uint32_t
kerndate()
{
	constexpr int64_t ms = 1'000'000, s = 1000 * ms;
	static const uint32_t boot = uint32_t((todget() - ticks() * ms) / s);
	return boot;
}

std::string
fdline(int fd, Chan& c)
{
	static constexpr std::string_view modes[] = {"r ", "w ", "rw", ""};
	int64_t offset;
	Ref<Path> path;
	{
		std::scoped_lock l(c.lock);
		offset = c.offset;
		path = c.path;
	}
	return fmt::format("{:3} {} {} {:4} ({:016x} {} {:02x}) {:5} {:8} {}\n", fd,
		modes[c.mode & 3], encode(c.dev.dc), c.devno, c.qid.path, c.qid.vers,
		c.qid.type, c.iounit, offset, path ? std::string_view(path->s) : "?");
}

Dev*
devbyletter(char32_t dc)
{
	for(Dev* d : devtab())
		if(d->dc == dc)
			return d;
	return nullptr;
}
}
