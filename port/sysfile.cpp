// Reading and writing of Chans as programs see them.  A directory's rdlock is held
// over a whole read of it: only those who share the descriptor wait for each other.
//
// What a directory read found is rewritten (NS-40) before any offset moves, so that a
// read that fails or is interrupted can be done again.

#include "port/sysfile.h"

#include <algorithm>
#include <cstring>

#include "lib9/error.h"
#include "port/mtab.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"

namespace p9 {

namespace {
// Entries that are mounted on, and where they start in what was read.
struct Covered {
	const std::byte* entry;
	Ref<const Mountlist> l;
};

void
rewind(Chan& c)
{
	c.offset = c.devoffset = 0;
	c.dirrock.clear();
	c.uri = 0;
	close(std::move(c.umc));
}

// Packs entries from the front of v while they fit; answers the bytes and takes them off.
size_t
pack(std::vector<Dir>& v, Buf buf)
{
	size_t n = 0;
	auto i = v.begin();
	for(; i != v.end(); ++i) {
		if(sizeD2M(*i) > buf.size() - n)
			break;
		n += convD2M(*i, buf.subspan(n));
	}
	v.erase(v.begin(), i);
	return n;
}

// NS-39: an element that fails is skipped.  Answers 0 when the element has ended.
size_t
elementread(Chan& c, Chan& to, Buf buf)
{
	try {
		if(!c.umc) {
			Ref<Chan> nc = cclone(to);
			Dev& d = nc->dev;
			c.umc = d.open(std::move(nc), OREAD);
		}
		return c.umc->dev.read(*c.umc, buf, c.umc->offset);
	} catch(const Error& e) {
		if(e.is(Eintr))
			throw;
	}
	return 0;
}

size_t
unionread(Chan& c, Buf buf)
{
	const Mountlist& l = *c.umh;
	for(; c.uri < l.m.size(); c.uri++) {
		size_t n = elementread(c, *l.m[c.uri].to, buf);
		if(n > 0)
			return n;
		close(std::move(c.umc));
	}
	return 0;
}

// The entries of b that are mounted on, unless the union there shows the original too.
std::vector<Covered>
findcovered(Bytes b)
{
	Ref<const Mtab> t;
	{
		Pgrp& p = *up().pgrp;
		std::scoped_lock l(p.ns);
		t = p.mtab;
	}
	std::vector<Covered> v;
	while(t && !b.empty()) {
		const std::byte* start = b.data();
		auto d = viewM2D(takeentry(b));
		if(!d)
			break;
		Mkey k(d->type, d->dev, d->qid.path);
		auto l = Mtab::find(t.get(), k);
		auto original = [&](const Mount& m) { return Mkey(*m.to) == k; };
		if(l && std::ranges::none_of(l->m, original))
			v.push_back({start, std::move(l)});
	}
	return v;
}

// The entry of what is mounted, under the name of what it covers.  One that cannot be had
// leaves d.
Dir
mounted(const Mountlist& l, Dir d)
{
	Chan& to = *l.m[0].to;
	try {
		Dir nd = to.dev.stat(to);
		nd.name = std::move(d.name);
		return nd;
	} catch(const Error& e) {
		if(e.is(Eintr))
			throw;
	}
	return d;
}

// NS-40: shows the entries that were read in buf, where they may lie already, and in them
// what is mounted.  What does not fit waits in the rock.
size_t
mountfix(Chan& c, Bytes rest, Buf buf)
{
	std::vector<Covered> covered = findcovered(rest);
	if(covered.empty() && rest.size() <= buf.size()) {
		if(!rest.empty())
			std::memmove(buf.data(), rest.data(), rest.size());
		return rest.size();
	}
	auto next = covered.begin();
	std::vector<Dir> v;
	while(!rest.empty()) {
		const std::byte* start = rest.data();
		auto d = convM2D(takeentry(rest));
		if(!d)
			break;
		if(next != covered.end() && next->entry == start)
			d = mounted(*next++->l, std::move(*d));
		v.push_back(std::move(*d));
	}
	size_t n = pack(v, buf);
	c.dirrock = std::move(v);
	return n;
}

// An element of a union that has nothing to say ends it, and it may say nothing, or fail,
// because no entry fits: so each is asked for as much as the longest takes.
size_t
unionfix(Chan& c, Buf buf, size_t& got)
{
	std::vector<std::byte> room;
	Buf b = buf;
	if(b.size() < STATMAX) {
		room.resize(STATMAX);
		b = room;
	}
	got = unionread(c, b);
	return mountfix(c, b.first(got), buf);
}

// NS-41: the offset of programs counts what they got, the device's what it gave.
size_t
dirchanread(Chan& c, Buf buf, int64_t off)
{
	auto l = elocked(c.rdlock);
	if(off == -1)
		off = c.offset;
	if(off == 0)
		rewind(c);
	if(off != c.offset)
		error(Edirseek);
	size_t got = 0;
	size_t n = 0;
	if(!c.dirrock.empty()) {
		n = pack(c.dirrock, buf);
		if(n == 0)
			error(Eshort);
	} else {
		if(c.umh) {
			n = unionfix(c, buf, got);
		} else {
			got = c.dev.read(c, buf, c.devoffset);
			n = mountfix(c, buf.first(got), buf);
		}
		if(c.umc)
			c.umc->offset += int64_t(got);
	}
	c.devoffset += int64_t(got);
	c.offset += int64_t(n);
	if(n == 0 && got > 0)
		error(Eshort);
	return n;
}

// Takes n bytes of c's offset for a write, and gives back what was not written.
class Claim {
	Chan& c;
	size_t n;

public:
	int64_t off;

	Claim(Chan& ch, size_t len) : c(ch), n(len)
	{
		std::scoped_lock l(c.lock);
		off = c.offset;
		c.offset += int64_t(n);
	}
	Claim(const Claim&) = delete;
	~Claim()
	{
		if(n == 0)
			return;
		std::scoped_lock l(c.lock);
		c.offset -= int64_t(n);
	}
	void wrote(size_t len) { n -= std::min(len, n); }
};

std::string
lastelem(std::string_view path)
{
	if(path == "/")
		return "/";
	return std::string(path.substr(path.rfind('/') + 1));
}
}

size_t
chanread(Chan& c, Buf buf, int64_t off)
{
	if(off < -1)
		error(Enegoff);
	if(c.isdir())
		return dirchanread(c, buf, off);
	if(off != -1)
		return c.dev.read(c, buf, off);
	{
		std::scoped_lock l(c.lock);
		off = c.offset;
	}
	size_t n = c.dev.read(c, buf, off);
	std::scoped_lock l(c.lock);
	c.offset += int64_t(n);
	return n;
}

size_t
chanwrite(Chan& c, Bytes buf, int64_t off)
{
	if(off < -1)
		error(Enegoff);
	if(c.isdir())
		error(Eisdir);
	if(off != -1)
		return c.dev.write(c, buf, off);
	Claim at(c, buf.size());
	size_t n = c.dev.write(c, buf, at.off);
	at.wrote(n);
	return n;
}

Block
chanbread(Chan& c, size_t n)
{
	if(c.isdir()) {
		Block b = Block::alloc(n);
		b.produced(chanread(c, b.room().first(n)));
		return b;
	}
	int64_t off;
	{
		std::scoped_lock l(c.lock);
		off = c.offset;
	}
	Block b = c.dev.bread(c, n, off);
	std::scoped_lock l(c.lock);
	c.offset += int64_t(b.size());
	return b;
}

size_t
chanbwrite(Chan& c, Block b)
{
	if(c.isdir())
		error(Eisdir);
	Claim at(c, b.size());
	size_t n = c.dev.bwrite(c, std::move(b), at.off);
	at.wrote(n);
	return n;
}

int64_t
chanseek(Chan& c, int64_t off, int whence)
{
	if(c.dev.dc == U'|')
		error(Eisstream);
	if(whence < 0 || whence > 2)
		error(Ebadarg);
	if(c.isdir()) {
		if(whence != 0 || off != 0)
			error(Eisdir);
		std::scoped_lock l(c.rdlock);
		rewind(c);
		return 0;
	}
	int64_t length = whence == 2 ? int64_t(c.dev.stat(c).length) : 0;
	std::unique_lock l(c.lock);
	int64_t base = whence == 1 ? c.offset : length;
	int64_t at;
	if(__builtin_add_overflow(base, off, &at) || at < 0) {
		l.unlock();
		error(Enegoff);
	}
	return c.offset = at;
}

Dir
chanstat(Chan& c)
{
	Dir d = c.dev.stat(c);
	if(c.path)
		d.name = lastelem(c.path->s);
	return d;
}

// NS-16: what is renamed, the mount point or what is mounted?
void
chanwstat(Chan& c, const Dir& d)
{
	if(!d.name.empty()) {
		if(c.ismtpt)
			error(Eismtpt, c.name());
		if(d.name != "/")
			validname(d.name, Slash::No);
	}
	if(sizeD2M(d) > STATMAX)
		error(Etoolong);
	c.dev.wstat(c, d);
}

// However it ends, the Chan is then of no use.
void
chanremove(Ref<Chan> c)
{
	c->flag |= CREMOVED;
	try {
		c->dev.remove(*c);
	} catch(const Error&) {
		close(std::move(c));
		throw;
	}
	close(std::move(c));
}
}
