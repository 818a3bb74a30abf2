// Files of the host: #U is the host's root.  A Chan keeps the path that it was
// walked to and, once open, the open file; .. goes up that path, whatever links
// stand in it, and never above the root.  The host's own rules say who may do
// what.  fs(3).

#include "lib9/error.h"
#include "port/dev.h"
#include "port/osfile.h"
#include "port/proc.h"
#include "port/qlock.h"

namespace p9 {

namespace {

std::string
above(const std::string& path)
{
	size_t i = path.rfind('/');
	return path.substr(0, i == path.npos ? 0 : i);
}

// For another machine: links lead no further than what was bound or is served.
bool
confined()
{
	return p9::up().confined;
}

// A directory that was bound or is served, and the tree beneath it.
struct Top final : public Counted {
	const Ref<Hosttree> tree;
	const std::string path;

	Top(Ref<Hosttree> t, std::string p) : tree(std::move(t)), path(std::move(p)) {}
};

// Where the host is asked for a file.
struct Place {
	Ref<Hosttree> tree;
	std::string path;
};

struct Node final : public Counted {
	const Ref<Hosttree> tree;
	Ref<Hostfile> file; // once open

	// A directory's entries that were read ahead of the reader.
	std::vector<Dir> ahead;
	size_t next = 0;

	Node(Ref<Hosttree> t, std::string p, Ref<Top> top = {})
	    : tree(std::move(t)), where(std::move(p)), root(std::move(top))
	{
	}
	// In the host's form, no leading slash; "" is the root.  A wstat changes it, while
	// others use the file.
	std::string path()
	{
		std::scoped_lock l(lk);
		return where;
	}
	void moved(std::string to)
	{
		std::scoped_lock l(lk);
		where.swap(to);
	}
	// Where its links may lead no further for those who are confined; none: the host's root.
	Ref<Top> top()
	{
		std::scoped_lock l(lk);
		return root;
	}
	void becometop();
	// The directory above path; for who is confined, the top is its own.
	std::string up(const std::string& path);
	// A path of its tree, for the Proc that asks.
	Place place(const std::string& path);
	Place place() { return place(path()); }
	std::string name();
	Dir named(Dir d);
	Dir stat();
	void remove();

private:
	Lock lk;
	std::string where;	// guarded by lk
	Ref<Top> root;	// guarded by lk
};

void
Node::becometop()
{
	std::string at = path();
	if(at.empty())
		return;
	auto t = mk<Top>(tree->beneath(at), at);
	std::scoped_lock l(lk);
	std::swap(root, t);
}

std::string
Node::up(const std::string& path)
{
	Ref<Top> t = confined() ? top() : Ref<Top>();
	return t && path == t->path ? path : above(path);
}

Place
Node::place(const std::string& path)
{
	Ref<Top> t = confined() ? top() : Ref<Top>();
	if(!t)
		return {tree, path};
	return {t->tree, path.substr(std::min(path.size(), t->path.size() + 1))};
}

std::string
Node::name()
{
	std::string at = path();
	size_t i = at.rfind('/');
	std::string_view last(at);
	if(i != at.npos)
		last.remove_prefix(i + 1);
	return last.empty() ? "/" : shownname(last);
}

Dir
Node::named(Dir d)
{
	d.name = name();
	return d;
}

Dir
Node::stat()
{
	if(file)
		return named(file->stat());
	Place at = place();
	auto d = at.tree->trystat(at.path);
	if(!d)
		error(Enonexist);
	return named(std::move(*d));
}

void
Node::remove()
{
	Place at = place();
	at.tree->remove(at.path);
}

// path with elem below it; nothing when elem cannot be the host's.
std::optional<std::string>
below(const std::string& path, std::string_view elem)
{
	auto h = hostname(elem);
	if(h && !path.empty())
		h->insert(0, path + "/");
	return h;
}

// The path of a file called name in path's directory.
std::string
beside(const std::string& path, const std::string& name)
{
	std::string dir = above(path);
	return dir.empty() ? name : dir + "/" + name;
}

void
setopen(Chan& c, Node& n, Ref<Hostfile> file, int omode)
{
	c.qid = file->stat().qid;
	n.file = std::move(file);
	c.mode = openmode(omode);
	c.offset = 0;
	c.flag |= COPEN;
}

class Hostfs final : public Dev {
	QLock lk;
	Ref<Hosttree> root; // guarded by lk; opened when first asked for

public:
	Hostfs() : Dev(U'U', "fs") {}
	void shutdown() override { root = {}; }
	Ref<Chan> attach(std::string_view spec) override;
	void becomeroot(Chan& c) override { c.as<Node>().becometop(); }
	Walkqid walk(Chan& c, Names) override;
	Dir stat(Chan& c) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	Ref<Chan> create(Ref<Chan> c, std::string_view name, int omode,
			 uint32_t perm) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	void remove(Chan& c) override;
	void wstat(Chan& c, const Dir& d) override;

private:
	static void rename(Node& n, const std::string& name);
	size_t readdir(Chan& c, Node& n, Buf buf, int64_t off);
};

Ref<Chan>
Hostfs::attach(std::string_view spec)
{
	if(!spec.empty())
		error(Ebadspec, spec);
	Ref<Hosttree> t;
	{
		std::scoped_lock l(lk);
		if(!root)
			root = hosttree("/");
		t = root;
	}
	auto c = devattach(*this, spec);
	c->devno = t->id();
	auto n = mk<Node>(std::move(t), "");
	c->qid = n->stat().qid;
	c->aux = std::move(n);
	return c;
}

Walkqid
Hostfs::walk(Chan& c, Names names)
{
	Node& from = c.as<Node>();
	Walkqid wq;
	std::string path = from.path();
	Qid qid = c.qid;
	for(std::string_view elem : names) {
		if(!(qid.type & QTDIR))
			break;
		auto to = elem == ".." ? std::optional(from.up(path)) : below(path, elem);
		if(!to)
			break;
		Place at = from.place(*to);
		auto d = at.tree->trystat(at.path);
		if(!d)
			break;
		path = std::move(*to);
		qid = d->qid;
		wq.qid[wq.nqid++] = qid;
	}
	if(wq.nqid < names.size())
		return wq;
	wq.clone = devclone(c);
	wq.clone->qid = qid;
	wq.clone->aux = mk<Node>(from.tree, std::move(path), from.top());
	return wq;
}

Dir
Hostfs::stat(Chan& c)
{
	Dir d = c.as<Node>().stat();
	d.dev = c.devno;
	return d;
}

Ref<Chan>
Hostfs::open(Ref<Chan> c, int omode)
{
	openmode(omode);
	Node& n = c->as<Node>();
	Place at = n.place();
	setopen(*c, n, at.tree->open(at.path, omode), omode);
	return c;
}

Ref<Chan>
Hostfs::create(Ref<Chan> c, std::string_view elem, int omode, uint32_t perm)
{
	if(perm & DMDIR && openmode(omode) != OREAD)
		error(Eisdir);
	Node& dir = c->as<Node>();
	auto path = below(dir.path(), elem);
	if(!path)
		error(Ebadchar);
	auto n = mk<Node>(dir.tree, *path, dir.top());
	Place at = n->place();
	auto file = at.tree->create(at.path, omode, perm);
	setopen(*c, *n, std::move(file), omode);
	c->aux = std::move(n);
	return c;
}

void
Hostfs::close(Chan& c)
{
	Node& n = c.as<Node>();
	bool wasopen(n.file);
	{
		Oscall o; // some file systems write when a file is closed
		n.file = {};
	}
	if(wasopen && c.flag & CRCLOSE)
		n.remove();
}

// Entries come in the host's order; off only tells the start from what follows.
size_t
Hostfs::readdir(Chan& c, Node& n, Buf buf, int64_t off)
{
	if(off == 0) {
		n.file->rewind();
		n.ahead.clear();
		n.next = 0;
	}
	size_t got = 0;
	for(;;) {
		if(n.next == n.ahead.size()) {
			n.ahead = n.file->entries();
			n.next = 0;
			if(n.ahead.empty())
				return got;
		}
		Dir& d = n.ahead[n.next];
		d.dev = c.devno;
		size_t k = convD2M(d, buf.subspan(got));
		if(k == 0 && got == 0)
			error(Eshort);
		if(k == 0)
			return got;
		got += k;
		n.next++;
	}
}

size_t
Hostfs::read(Chan& c, Buf buf, int64_t off)
{
	Node& n = c.as<Node>();
	return c.isdir() ? readdir(c, n, buf, off) : n.file->read(buf, off);
}

size_t
Hostfs::write(Chan& c, Bytes buf, int64_t off)
{
	return c.as<Node>().file->write(buf, off);
}

void
Hostfs::remove(Chan& c)
{
	Node& n = c.as<Node>();
	n.file = {};
	n.remove();
}

void
Hostfs::rename(Node& n, const std::string& name)
{
	std::string old = n.path();
	Place at = n.place(old);
	at.tree->rename(at.path, name);
	n.moved(beside(old, name));
}

// The name first: it is what is most often refused, and can be taken back.
void
Hostfs::wstat(Chan& c, const Dir& d)
{
	Node& n = c.as<Node>();
	std::string old = n.path();
	std::optional<std::string> to;
	if(!d.name.empty() && d.name != n.name()) {
		if(old.empty() || !(to = hostname(d.name)))
			error(old.empty() ? Eperm : Ebadchar);
	}
	if(to)
		rename(n, *to);
	Dir rest = d;
	rest.name.clear();
	// An entry of nothing but a name must not be taken for one that changes nothing.
	if(!d.name.empty() && rest.isdontcare())
		return;
	try {
		if(n.file)
			n.file->wstat(rest);
		else {
			Place at = n.place();
			at.tree->wstat(at.path, rest);
		}
	} catch(const Error&) {
		if(to)
			try {
				rename(n, old.substr(old.rfind('/') + 1));
			} catch(const Error&) {
				// The new name stays.  Why the wstat failed is said first.
			}
		throw;
	}
}
}

Dev&
fsdev()
{
	static Hostfs dev;
	return dev;
}
}
