#include "tests/memdev.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "lib9/error.h"
#include "port/pgrp.h"
#include "port/proc.h"

namespace p9 {

struct Memdev::File final : Counted {
	std::string name;
	Qid qid;
	uint32_t mode = 0;
	uint32_t mtime = 1;
	std::string data;
	std::map<std::string, Ref<File>, std::less<>> kids;
	File* parent = nullptr; // none: the root, or removed

	bool isdir() const { return qid.type & QTDIR; }
};

Memdev::Memdev(uint32_t no) : Dev(U'm', "mem"), devno(no)
{
	clear();
}

Memdev::~Memdev() = default;

void
Memdev::clear()
{
	root = mk<File>();
	root->name = "/";
	root->qid = {0, 0, QTDIR};
	root->mode = DMDIR | 0777;
	nextpath = 1;
	nwalk = 0;
	failwalk = failopen = failcreate = failstat = "";
	oncreate = nullptr;
}

Ref<Memdev::File>
Memdev::make(File& in, std::string_view elem, uint32_t mode)
{
	auto f = mk<File>();
	f->name = elem;
	f->qid = {nextpath++, 0, uint8_t(mode >> 24)};
	f->mode = mode;
	f->parent = &in;
	in.kids.emplace(elem, f);
	return f;
}

Ref<Memdev::File>
Memdev::path(std::string_view rest, bool making)
{
	Ref<File> f = root;
	while(f && !rest.empty()) {
		std::string_view first = rest.substr(0, rest.find('/'));
		rest.remove_prefix(std::min(first.size() + 1, rest.size()));
		if(first.empty())
			continue;
		auto i = f->kids.find(first);
		if(i != f->kids.end())
			f = Ref<File>(i->second);
		else
			f = making ? make(*f, first, DMDIR | 0777) : Ref<File>();
	}
	return f;
}

void
Memdev::mkdir(std::string_view at)
{
	path(at, true);
}

void
Memdev::mkfile(std::string_view at, std::string_view text)
{
	size_t slash = at.rfind('/') + 1;
	Ref<File> dir = path(at.substr(0, slash), true);
	make(*dir, at.substr(slash), 0666)->data = text;
}

std::string
Memdev::text(std::string_view at)
{
	Ref<File> f = path(at, false);
	return f ? f->data : "";
}

bool
Memdev::has(std::string_view at)
{
	return bool(path(at, false));
}

Ref<Chan>
Memdev::attach(std::string_view spec)
{
	auto c = devattach(*this, spec);
	c->devno = devno;
	c->qid = root->qid;
	c->aux = root;
	return c;
}

Walkqid
Memdev::walk(Chan& c, Names names)
{
	if(!names.empty())
		nwalk++;
	if(!names.empty() && !failwalk.empty())
		error(failwalk);
	Walkqid wq;
	Ref<Counted> held; // the last file, beyond the lock
	Ref<Chan> nc;
	std::unique_lock l(lk);
	File* f = &c.as<File>();
	for(std::string_view elem : names) {
		if(elem == "..") {
			f = f->parent ? f->parent : f;
		} else {
			auto i = f->kids.find(elem);
			if(i == f->kids.end())
				return wq;
			f = i->second.get();
		}
		wq.qid[wq.nqid++] = f->qid;
	}
	held = Ref<File>(*f);
	Qid qid = f->qid;
	l.unlock();
	nc = devclone(c);
	nc->qid = qid;
	nc->aux = std::move(held);
	wq.clone = std::move(nc);
	return wq;
}

Dir
Memdev::entry(const File& f) const
{
	Dir d;
	d.type = uint16_t(dc);
	d.dev = devno;
	d.qid = f.qid;
	d.mode = f.mode;
	d.atime = d.mtime = f.mtime;
	d.length = f.isdir() ? 0 : f.data.size();
	d.name = f.name;
	d.uid = d.gid = d.muid = "mem";
	return d;
}

Dir
Memdev::stat(Chan& c)
{
	if(!failstat.empty())
		error(failstat);
	std::scoped_lock l(lk);
	return entry(c.as<File>());
}

Ref<Chan>
Memdev::open(Ref<Chan> c, int omode)
{
	if(!failopen.empty())
		error(failopen);
	File& f = c->as<File>();
	if(f.isdir() && (omode & ~(OCEXEC | ORCLOSE)) != OREAD)
		error(Eisdir);
	if(omode & OTRUNC) {
		std::scoped_lock l(lk);
		f.data.clear();
		f.qid.vers++;
	}
	c->mode = openmode(omode);
	c->flag |= COPEN;
	c->offset = 0;
	return c;
}

Ref<Chan>
Memdev::create(Ref<Chan> c, std::string_view elem, int omode, uint32_t perm)
{
	if(oncreate)
		oncreate();
	if(!failcreate.empty())
		error(failcreate);
	Ref<File> f;
	{
		std::scoped_lock l(lk);
		File& in = c->as<File>();
		if(!in.kids.contains(elem))
			f = make(in, elem, perm);
	}
	if(!f)
		error(Eexist);
	c->qid = f->qid;
	c->aux = std::move(f);
	c->mode = openmode(omode);
	c->flag |= COPEN;
	c->offset = 0;
	return c;
}

// Requires: lk held.  The directory's reference is dropped by its map.
void
Memdev::unlink(File& f)
{
	if(File* in = std::exchange(f.parent, nullptr))
		in->kids.erase(f.name);
}

void
Memdev::close(Chan& c)
{
	if((c.flag & CRCLOSE) && (c.flag & COPEN)) {
		std::scoped_lock l(lk);
		unlink(c.as<File>());
	}
}

size_t
Memdev::readdir(File& f, Buf buf, int64_t off)
{
	size_t n = 0;
	int64_t at = 0;
	for(auto& [elem, kid] : f.kids) {
		Dir d = entry(*kid);
		size_t size = sizeD2M(d);
		if(at >= off) {
			if(size > buf.size() - n)
				break;
			n += convD2M(d, buf.subspan(n));
		}
		at += int64_t(size);
	}
	return n;
}

size_t
Memdev::read(Chan& c, Buf buf, int64_t off)
{
	File& f = c.as<File>();
	std::scoped_lock l(lk);
	if(f.isdir())
		return readdir(f, buf, off);
	if(uint64_t(off) >= f.data.size())
		return 0;
	size_t n = std::min(buf.size(), f.data.size() - size_t(off));
	std::memcpy(buf.data(), f.data.data() + off, n);
	return n;
}

size_t
Memdev::write(Chan& c, Bytes b, int64_t off)
{
	File& f = c.as<File>();
	if(off > 1 << 30)
		error(Enospace);
	std::scoped_lock l(lk);
	f.data.resize(std::max(f.data.size(), size_t(off) + b.size()));
	if(!b.empty())
		std::memcpy(f.data.data() + off, b.data(), b.size());
	f.qid.vers++;
	return b.size();
}

void
Memdev::remove(Chan& c)
{
	File& f = c.as<File>();
	std::unique_lock l(lk);
	if(!f.kids.empty()) {
		l.unlock();
		error(Enotempty);
	}
	unlink(f);
}

void
Memdev::wstat(Chan& c, const Dir& d)
{
	File& f = c.as<File>();
	Ref<File> me(f);
	std::unique_lock l(lk);
	if(!d.name.empty() && d.name != f.name) {
		File* in = f.parent;
		if(!in || in->kids.contains(d.name)) {
			l.unlock();
			error(Eexist);
		}
		in->kids.erase(f.name);
		f.name = d.name;
		in->kids.emplace(d.name, me);
	}
	if(d.mode != ~uint32_t{0})
		f.mode = (f.mode & DMDIR) | (d.mode & 0777);
	if(d.length != ~uint64_t{0})
		f.data.resize(std::min<uint64_t>(d.length, 1 << 30));
}

void
Stuckdev::die()
{
	std::scoped_lock l(wlk);
	dead = true;
}

void
Stuckdev::answer()
{
	std::scoped_lock l(wlk);
	dead = false;
	for(Rendez* r : waiting)
		r->wakeup();
}

size_t
Stuckdev::nwaiting()
{
	std::scoped_lock l(wlk);
	return waiting.size();
}

Walkqid
Stuckdev::walk(Chan& c, Names names)
{
	struct Waits {
		Stuckdev& d;
		std::unique_lock<Lock> l{d.wlk};
		Rendez r;

		explicit Waits(Stuckdev& dev) : d(dev) { d.waiting.push_back(&r); }
		~Waits() { std::erase(d.waiting, &r); }
	};
	{
		Waits w(*this);
		w.r.sleep(w.l, "a server that does not answer", [&] { return !dead; });
	}
	return Memdev::walk(c, names);
}

Memdev&
freshmem(uint32_t i)
{
	static std::array<Memdev, 8> dev{Memdev(0), Memdev(1), Memdev(2), Memdev(3),
					 Memdev(4), Memdev(5), Memdev(6), Memdev(7)};
	dev[i].clear();
	return dev[i];
}

Stuckdev&
freshstuck()
{
	static Stuckdev dev(100);
	dev.clear();
	dev.answer();
	return dev;
}

Memdev&
memworld()
{
	Memdev& m = freshmem(0);
	Ref<Chan> root = m.attach({});
	root->path = mk<Path>("/");
	Proc& me = up();
	me.poke(&Proc::pgrp, mk<Pgrp>());
	p9::close(me.poke(&Proc::slash, root));
	p9::close(me.poke(&Proc::dot, root));
	return m;
}
}
