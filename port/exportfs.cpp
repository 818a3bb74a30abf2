#include "port/exportfs.h"

#include <algorithm>

#include "lib9/error.h"
#include "port/dev.h"
#include "port/mnt.h"
#include "port/namec.h"
#include "port/sys.h"
#include "port/sysfile.h"
#include "port/walk.h"

namespace p9 {

namespace {

constexpr std::string_view Ereadonly = "file system read only";
constexpr size_t Opendir = 64 << 10;	// bytes of entries that wait for their reader

size_t
elements(const Chan& c)
{
	return c.path->mtpt.size();
}

// c's path below a root whose path has depth elements.
std::string
pathbelow(const Chan& c, size_t depth)
{
	std::string_view s = c.name();
	size_t at = s.size();
	// What is posted in /srv comes with a path of its own, which may be short.
	for(size_t n = elements(c); n > depth; n--)
		at = s.rfind('/', at - 1);
	return at == s.size() ? "/" : std::string(s.substr(at));
}

// What the export device says where lib9p says something else.
Srvtexts
exporttexts()
{
	Srvtexts t;
	t.dupfid = "fid in use";
	t.unknownfid = "no such fid";
	t.cloneopen = "walk of open fid";
	t.walknodir = Enotdir;
	t.notfound = Enonexist;
	t.createnodir = Enotdir;
	t.smallmsize = "message size too small";
	t.openopen = "open/create -- unknown mode";
	t.readmode = t.writemode = "read/write -- not open in suitable mode";
	t.writedir = Eisdir;
	t.negoffset = t.writeoffset = Enegoff;
	t.diroffset = "can't seek on a directory";
	t.bigcount = "read/write -- count too big";
	t.noversion = "Tversion not seen";
	return t;
}
}

// What a fid is: a Chan, which open replaces by the open one, in a tree whose root's
// path has depth elements.
class Export::File final : public Counted {
	Lock lk;
	Ref<Chan> c;	// guarded by lk
	std::string name;	// guarded by lk

public:
	const size_t depth;
	bool counts = false;	// as an open directory; only who opens it looks

	File(Ref<Chan> ch, size_t d) : c(std::move(ch)), depth(d) {}
	Ref<Chan> get()
	{
		std::unique_lock l(lk);
		Ref<Chan> r = c;
		l.unlock();
		if(!r)
			error(Ebadusefd);
		return r;
	}
	Ref<Chan> swap(Ref<Chan> nc)
	{
		std::scoped_lock l(lk);
		std::swap(c, nc);
		return nc;
	}
	// The same, if nobody else has put another in old's place.
	Ref<Chan> swapfor(const Chan& old, Ref<Chan> nc)
	{
		std::scoped_lock l(lk);
		if(c.get() == &old)
			std::swap(c, nc);
		return nc;
	}
	// What an open file has been called since; "" when it has the name in its path.
	std::string newname()
	{
		std::scoped_lock l(lk);
		return name;
	}
	void rename(std::string_view s)
	{
		std::scoped_lock l(lk);
		name = s;
	}
};

// A request that runs in this Proc: others are read and served beside it, and a flush
// interrupts it.  It ends before the request is answered, for a reply once begun must
// not be interrupted.
class Export::Working {
	struct Who : Counted {
		Lock lk;
		Proc* p = &up();	// guarded by lk; null when it is over
	};
	const Ref<Who> who = mk<Who>();

public:
	explicit Working(Req& r)
	{
		r.aux = who;
		srvrelease(r);
	}
	Working(const Working&) = delete;
	~Working()
	{
		{
			std::scoped_lock l(who->lk);
			who->p = nullptr;
		}
		up().takenote(); // that of a flush which came too late
	}
	static void interrupt(Req& r)
	{
		if(!r.aux)
			return;
		Who& w = static_cast<Who&>(*r.aux);
		std::scoped_lock l(w.lk);
		if(w.p)
			w.p->interrupt();
	}
};

namespace {
// What this Proc does now is another machine's wish.
class Confined {
	const bool was = std::exchange(up().confined, true);

public:
	Confined() = default;
	~Confined() { up().confined = was; }
	Confined(const Confined&) = delete;
};
}

// Runs fn, which may sleep, beside the work of other requests, and answers r.
template<class F>
void
Export::work(Req& r, F fn)
{
	{
		Working now(r);
		Confined here;
		fn();
	}
	r.respond();
}

Export::Export(Ref<Chan> dir, Exportopts o)
	: Srv(kernelsync()), root(std::move(dir)), opts(std::move(o)),
	  qids(opts.service.empty() ? Qidmap::AnyDevice : Qidmap::OneDevice)
{
	name = "export";
	texts = exporttexts();
	quietflush = true;
	chatty = opts.transcript;
	log = opts.log;
	limits = opts.limits;
	clock = ticks;
	if(root && root->isdir())
		root->dev.becomeroot(*root);
	maxmsize = std::clamp(opts.msize, size_t(256), size_t(MAXMSIZE));
}

Export::~Export() = default;

Export::File&
Export::fileof(const Req& r) const
{
	return r.fid->as<File>();
}

bool
Export::visible(const Chan& c, size_t depth, std::string_view elem)
{
	if(!opts.visible)
		return true;
	std::string path = pathbelow(c, depth);
	if(!elem.empty()) {
		if(path != "/")
			path += '/';
		path += elem;
	}
	std::scoped_lock l(filter);
	return opts.visible(path);
}

// The same for a name beside c's.
bool
Export::visiblebeside(const Chan& c, size_t depth, std::string_view elem)
{
	if(!opts.visible)
		return true;
	std::string path = pathbelow(c, depth);
	path.resize(path.rfind('/') + 1);
	path += elem;
	std::scoped_lock l(filter);
	return opts.visible(path);
}

void
Export::mustwrite() const
{
	if(opts.readonly)
		error(Ereadonly);
}

// Of what shows at c's place.
Qid
Export::qidof(Chan& c)
{
	Ref<const Mountlist> l = findmount(*up().pgrp, c);
	Chan& t = l ? *l->m[0].to : c;
	return qids.map(t.dev.dc, t.devno, t.qid);
}

Dir
Export::entry(Chan& c, size_t depth)
{
	Dir d = chanstat(c);
	if(elements(c) == depth)
		d.name = "/";
	qids.map(d);
	return d;
}

void
Export::auth(Req& r)
{
	r.responderror("authentication not required");
}

// A service is mounted anew for each client, which may be another user of it.
void
Export::attach(Req& r)
{
	if(root) {
		become(*r.fid, root, elements(*root));
		r.ofcall.qid = qidof(*root);
		return r.respond();
	}
	std::string aname(r.ifcall.aname);
	work(r, [&] {
		Ref<Chan> conn = nameopen(opts.service, ORDWR);
		Ref<Chan> c = mntattach(conn, {}, aname, 0);
		close(std::move(conn));
		if(!c->path)
			c->path = mk<Path>("/");
		r.ofcall.qid = qidof(*c);
		size_t depth = elements(*c);
		become(*r.fid, std::move(c), depth);
	});
}

// The same with what r.fid is when r has come: a later clunk takes nothing from it.
template<class F>
void
Export::withfile(Req& r, F fn)
{
	File& f = fileof(r);
	Ref<Chan> c = f.get();
	work(r, [&] {
		fn(f, c);
		if(c)
			close(std::move(c));
	});
}

// What a fid at p costs.
size_t
Export::cost(const Path& p)
{
	return sizeof(File) + sizeof(Chan) + sizeof p + p.s.size() +
		p.mtpt.size() * sizeof p.mtpt[0];
}

// f is c from now on; so many bytes of it have been charged.
void
Export::become(Fid& f, Ref<Chan> c, size_t depth, size_t paid)
{
	size_t n = cost(*c->path);
	f.memory = n - std::min(n, paid);
	f.aux = mk<File>(std::move(c), depth);
}

namespace {
// Whether .. from c leads to a place where something is mounted.  The Chan of that place is
// the one by which the owner named it, and knows of no confinement: it is walked to anew.
bool
outofmount(const Chan& c)
{
	const auto& m = c.path->mtpt;
	return m.size() > 1 && m[m.size() - 2];
}

// The elements of /a/b.
std::vector<std::string_view>
split(std::string_view path)
{
	std::vector<std::string_view> l;
	while(!path.empty()) {
		path.remove_prefix(1);
		size_t n = std::min(path.find('/'), path.size());
		l.push_back(path.substr(0, n));
		path.remove_prefix(n);
	}
	return l;
}
}

// From c by one name; false, with the reason, when it is not there.
bool
Export::step(Ref<Chan>& c, size_t depth, std::string_view elem, std::string& why)
{
	bool top = elements(*c) == depth;
	if(top && (elem.empty() || elem == ".."))
		return true;
	why = Enonexist;
	if(elem.empty() || elem == ".")
		return false;
	validname(elem, Slash::No);
	if(elem != ".." && !visible(*c, depth, elem))
		return false;
	if(elem == ".." && root && outofmount(*c)) {
		std::string at = pathbelow(*c, depth);
		std::vector<std::string_view> names = split(at);
		names.pop_back();
		return walkfrom(root, names, c, why);
	}
	return walkfrom(c, Names(&elem, 1), c, why);
}

bool
Export::walkfrom(const Ref<Chan>& start, Names names, Ref<Chan>& c, std::string& why)
{
	Walk w(start, false, Mounts::Cross);
	if(!w.to(names)) {
		why = w.why;
		return false;
	}
	c = w.here();
	return true;
}

// All of the names, or as far as they go; the first must be there.
void
Export::walk(Req& r)
{
	withfile(r, [&](File& f, Ref<Chan>& c) {
		if(walkall(r, c, f.depth))
			become(*r.newfid, std::move(c), f.depth);
	});
}

bool
Export::walkall(Req& r, Ref<Chan>& c, size_t depth)
{
	Few<Qid>& got = r.ofcall.wqid;
	for(std::string_view elem : r.ifcall.wname)
		try {
			std::string why;
			if(!step(c, depth, elem, why))
				error(why);
			got.add(qidof(*c));
		} catch(const Error&) {
			if(got.empty())
				throw;
			return false;
		}
	return true;
}

void
Export::open(Req& r)
{
	int mode = r.ifcall.mode;
	if(mode & (ORCLOSE | OTRUNC | 3))
		mustwrite();
	withfile(r, [&](File& f, Ref<Chan>& at) {
		if(at->isdir() && !f.counts) {
			if(!srvcharge(*r.fid, Opendir))
				error(texts.toomuchmem);
			f.counts = true;
		}
		Ref<Chan> c = chanopen(std::move(at), mode & ~(ORCLOSE | OCEXEC));
		r.ofcall.qid = qids.map(c->dev.dc, c->devno, c->qid);
		r.ofcall.iounit = uint32_t(std::min(c->iounit, opts.msize));
		close(f.swap(std::move(c)));
	});
}

void
Export::create(Req& r)
{
	mustwrite();
	validname(r.ifcall.name, Slash::No);
	withfile(r, [&](File& f, Ref<Chan>& dir) {
		if(!visible(*dir, f.depth, r.ifcall.name))
			error(Eperm);
		// All of it before the file is there: a path longer by a name.
		const Path& p = *dir->path;
		size_t paid = cost(p) + 1 + r.ifcall.name.size() + sizeof p.mtpt[0];
		size_t held = r.ifcall.perm & DMDIR ? Opendir : 0;
		if(!srvcharge(*r.newfid, paid + held))
			error(texts.toomuchmem);
		int mode = r.ifcall.mode & ~(ORCLOSE | OCEXEC);
		Ref<Chan> c = chancreate(std::move(dir), r.ifcall.name, mode, r.ifcall.perm);
		r.ofcall.qid = qids.map(c->dev.dc, c->devno, c->qid);
		r.ofcall.iounit = uint32_t(std::min(c->iounit, opts.msize));
		become(*r.newfid, std::move(c), f.depth, paid);
	});
}

// Takes the entries that clients do not see out of n bytes of them.
size_t
Export::hide(Chan& c, size_t depth, Buf b, size_t n)
{
	if(!opts.visible)
		return n;
	Bytes rest = b.first(n);
	size_t kept = 0;
	while(!rest.empty()) {
		Bytes e = takeentry(rest);
		auto d = viewM2D(e);
		if(!d)
			error(Ebadstat);
		if(!visible(c, depth, d->name))
			continue;
		std::memmove(b.data() + kept, e.data(), e.size());
		kept += e.size();
	}
	return kept;
}

// The client's offset counts what it was given; c's own what was read.
size_t
Export::readdir(Chan& c, size_t depth, Buf b, int64_t off)
{
	for(;;) {
		size_t n = chanread(c, b, off == 0 ? 0 : -1);
		size_t kept = hide(c, depth, b, n);
		if(kept > 0 || n == 0) {
			qids.map(b.first(kept));
			return kept;
		}
		off = -1;
	}
}

void
Export::read(Req& r)
{
	withfile(r, [&](File& f, Ref<Chan>& c) {
		Buf b = r.readroom();
		int64_t off = int64_t(r.ifcall.offset);
		size_t n = c->isdir() ? readdir(*c, f.depth, b, off) : c->dev.read(*c, b, off);
		r.ofcall.count = uint32_t(n);
	});
}

void
Export::write(Req& r)
{
	withfile(r, [&](File&, Ref<Chan>& c) {
		size_t n = c->dev.write(*c, r.data(), int64_t(r.ifcall.offset));
		r.ofcall.count = uint32_t(n);
	});
}

// The device hears of it before the client does.
void
Export::clunk(Req& r)
{
	Ref<Chan> c = fileof(r).swap({});
	work(r, [&] { close(std::move(c)); });
}

void
Export::remove(Req& r)
{
	mustwrite();
	work(r, [&] {
		srvalone(r);
		size_t depth = fileof(r).depth;
		Ref<Chan> c = fileof(r).swap({});
		if(!c)
			error(Ebadusefd);
		bool open = c->mode != -1;
		if(elements(*c) == depth)
			error(Eperm);
		if(!open)
			c = chanaccess(std::move(c));
		if(c->ismtpt)
			error(Eismtpt);
		chanremove(std::move(c));
	});
}

void
Export::stat(Req& r)
{
	withfile(r, [&](File& f, Ref<Chan>& c) {
		if(c->mode == -1) {
			Ref<Chan> at = chanaccess(std::move(c));
			r.d = entry(*at, f.depth);
			close(std::move(at));
		} else {
			r.d = entry(*c, f.depth);
			if(std::string s = f.newname(); !s.empty())
				r.d.name = s;
		}
	});
}

// A file that has got another name is the same file by its fid, so the fid goes on with
// the Chan that knows the name.  An open one has its file anyway, and others use its Chan.
void
Export::wstat(Req& r)
{
	mustwrite();
	withfile(r, [&](File& f, Ref<Chan>& c) {
		Dir d = r.d;
		d.type = Dir::dontcare().type;
		d.dev = Dir::dontcare().dev;
		d.qid = Dir::dontcare().qid;
		bool open = c->mode != -1;
		Ref<Chan> at = open ? c : chanaccess(c);
		bool renames = !d.name.empty() && d.name != at->path->s.substr(at->path->s.rfind('/') + 1);
		if(renames && (elements(*c) == f.depth || !visiblebeside(*c, f.depth, d.name)))
			error(Eperm);
		chanwstat(*at, d);
		if(renames && open)
			f.rename(d.name);
		if(renames && !open && !at->ismtpt) {
			at->path = at->path->add("..", {})->add(d.name, {});
			close(f.swapfor(*c, at));
		}
		close(std::move(at));
	});
}

void
Export::flush(Req& r)
{
	Working::interrupt(*r.oldreq);
	r.respond();
}
}
