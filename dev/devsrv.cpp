// The bulletin board: a file of #s stands for an open Chan that was posted by its
// descriptor's number; opening the file answers that Chan.  Opening clone makes a
// board of its own, a directory that lasts as long as that file is open; a closed
// board stays only to be walked through, while there are boards below it.
//
// An entry holds a reference on its Chan.  A Chan of #s holds the board that it
// is in as its aux; boards hold those below.  One Lock guards all boards; no
// Chan is dropped under it.  srv(3).

#include <cstdlib>
#include <map>

#include "lib9/error.h"
#include "port/dev.h"
#include "port/pgrp.h"
#include "port/proc.h"

namespace p9 {

namespace {

// A qid's path is the number of the board or the entry times four and one of these.
enum : uint64_t { Qboard, Qclone, Qlease, Qposted, Qmask = 3 };

constexpr size_t Maxsrvname = 128;

struct Posted {
	uint64_t n;
	std::string owner;
	uint32_t perm;
	Ref<Chan> chan;
};

struct Board final : Counted {
	const uint64_t n;
	const std::string name;
	const Ref<Board> parent;	// has us in its boards while we are of use
	std::map<std::string, Posted, std::less<>> posts;
	std::map<std::string, Ref<Board>, std::less<>> boards;
	bool closed = false;

	Board(uint64_t num, std::string text, Ref<Board> above)
		: n(num), name(std::move(text)), parent(std::move(above))
	{
	}
};

using Posts = decltype(Board::posts);

class Srvdev final : public Gendev {
	Lock lk;	// guards all boards
	Ref<Board> root = mk<Board>(0, "#s", Ref<Board>());
	uint64_t last = 0;	// the number given out last

	Dir entry(const Posts::value_type& p) const;
	Dir clone(const Board& b) const { return file(4 * b.n + Qclone, "clone", 0444); }
	Dir boarddir(const Board& b) const { return dir(4 * b.n + Qboard, b.name); }
	Posts::value_type& find(const Chan& c);
	void checkname(Board& b, std::string_view elem);
	Ref<Chan> newboard(Ref<Chan> c);
	void expire(Board& b);

public:
	Srvdev() : Gendev(U's', "srv") {}

	void shutdown() override;
	Ref<Chan> attach(std::string_view spec) override;
	std::vector<Dir> list(const Chan& c) override;
	std::optional<Dir> lookup(Chan& c, std::string_view elem) override;
	Dir parent(const Chan& c) override;
	void arrived(Chan& c, const Chan& from) override;
	Dir self(Chan& c) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	Ref<Chan> create(
		Ref<Chan> c, std::string_view elem, int omode, uint32_t perm) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	void remove(Chan& c) override;
	void wstat(Chan& c, const Dir& d) override;
};

uint64_t
kind(const Chan& c)
{
	return c.qid.path & Qmask;
}

Dir
Srvdev::entry(const Posts::value_type& p) const
{
	Dir d = file(4 * p.second.n + Qposted, p.first, p.second.perm);
	d.uid = p.second.owner;
	return d;
}

// Requires: lk held.
Posts::value_type&
Srvdev::find(const Chan& c)
{
	Board& b = c.as<Board>();
	if(b.closed)
		error(Eshutdown);
	for(auto& p : b.posts)
		if(4 * p.second.n + Qposted == c.qid.path)
			return p;
	error(Enonexist);
}

// Raises what forbids a new entry elem in b.  Requires: lk held.
void
Srvdev::checkname(Board& b, std::string_view elem)
{
	if(b.closed)
		error(Eshutdown);
	if(elem.size() >= Maxsrvname)
		error(Etoolong);
	if(elem == "clone" || b.posts.contains(elem) || b.boards.contains(elem))
		error(Eexist);
}

void
Srvdev::shutdown()
{
	Posts gone;
	{
		std::scoped_lock l(lk);
		gone.swap(root->posts);
	}
	for(auto& [n, p] : gone)
		if(p.chan)
			p9::close(std::move(p.chan));
}

Ref<Chan>
Srvdev::attach(std::string_view spec)
{
	auto c = devattach(*this, spec);
	c->aux = root;
	return c;
}

std::vector<Dir>
Srvdev::list(const Chan& c)
{
	Board& b = c.as<Board>();
	std::vector<Dir> l{clone(b)};
	std::scoped_lock lock(lk);
	for(auto& p : b.posts)
		l.push_back(entry(p));
	for(auto& [n, kid] : b.boards)
		l.push_back(boarddir(*kid));
	return l;
}

std::optional<Dir>
Srvdev::lookup(Chan& c, std::string_view elem)
{
	Board& b = c.as<Board>();
	if(elem == "clone")
		return clone(b);
	std::scoped_lock l(lk);
	if(auto p = b.posts.find(elem); p != b.posts.end())
		return entry(*p);
	if(auto kid = b.boards.find(elem); kid != b.boards.end())
		return boarddir(*kid->second);
	return {};
}

Dir
Srvdev::parent(const Chan& c)
{
	Board& b = c.as<Board>();
	return boarddir(c.isdir() && b.parent ? *b.parent : b);
}

// c still has the board of the step before.
void
Srvdev::arrived(Chan& c, const Chan&)
{
	Board& b = c.as<Board>();
	if(!c.isdir() || c.qid.path == 4 * b.n + Qboard)
		return;
	Ref<Board> to;
	{
		std::scoped_lock l(lk);
		if(b.parent && c.qid.path == 4 * b.parent->n + Qboard)
			to = b.parent;
		for(auto& [n, kid] : b.boards)
			if(c.qid.path == 4 * kid->n + Qboard)
				to = kid;
	}
	if(!to)
		error(Eshutdown);
	c.aux = std::move(to);
}

Dir
Srvdev::self(Chan& c)
{
	Board& b = c.as<Board>();
	switch(kind(c)) {
	case Qboard:
		return boarddir(b);
	case Qclone:
	case Qlease:
		return clone(b);
	}
	std::scoped_lock l(lk);
	return entry(find(c));
}

// c, which is the clone file, becomes the lease of a new board.
Ref<Chan>
Srvdev::newboard(Ref<Chan> c)
{
	Board& above = c->as<Board>();
	Ref<Board> b;
	{
		std::scoped_lock l(lk);
		if(above.closed)
			error(Eshutdown);
		std::string n;
		do
			n = std::to_string(++last);
		while(above.posts.contains(n) || above.boards.contains(n));
		b = mk<Board>(last, n, Ref<Board>(above));
		above.boards.emplace(n, b);
	}
	c->qid = {4 * b->n + Qlease, 0, QTFILE};
	c->aux = std::move(b);
	c->mode = OREAD;
	c->flag |= COPEN;
	return c;
}

Ref<Chan>
Srvdev::open(Ref<Chan> c, int omode)
{
	int mode = openmode(omode);
	if(omode & ORCLOSE)
		error(Eperm);
	if(c->isdir()) {
		if((omode & ~OCEXEC) != OREAD)
			error(Eisdir);
		return Gendev::open(std::move(c), omode);
	}
	if(omode & OTRUNC)
		error(Eexist);
	if(kind(*c) == Qlease || (kind(*c) == Qclone && mode != OREAD))
		error(Eperm);
	if(kind(*c) == Qclone)
		return newboard(std::move(c));
	Ref<Chan> f;
	{
		std::scoped_lock l(lk);
		Posted& p = find(*c).second;
		if(!p.chan)
			error(Eshutdown);
		if(mode != p.chan->mode && p.chan->mode != ORDWR)
			error(Eperm);
		devpermcheck(p.owner, p.perm, omode);
		f = p.chan;
	}
	p9::close(std::move(c));
	return f;
}

Ref<Chan>
Srvdev::create(Ref<Chan> c, std::string_view elem, int omode, uint32_t perm)
{
	if(openmode(omode) != OWRITE || !c->isdir() || (perm & DMDIR))
		error(Eperm);
	Board& b = c->as<Board>();
	Posted p{0, up().user, perm & 0777, {}};
	{
		std::scoped_lock l(lk);
		checkname(b, elem);
		p.n = ++last;
		c->qid = {4 * p.n + Qposted, 0, QTFILE};
		b.posts.emplace(elem, std::move(p));
	}
	c->mode = OWRITE;
	c->offset = 0;
	c->flag |= COPEN;
	return c;
}

// b's lease has ended: its entries go, and it too as soon as nothing is below it.
void
Srvdev::expire(Board& b)
{
	Posts gone;
	std::vector<Ref<Board>> dead;	// children before parents
	{
		std::scoped_lock l(lk);
		b.closed = true;
		gone.swap(b.posts);
		for(Board* at = &b; at->closed && at->boards.empty();) {
			Board* above = at->parent.get();
			auto node = above->boards.extract(at->name);
			dead.push_back(std::move(node.mapped()));
			at = above;
		}
	}
	for(auto& [n, p] : gone)
		if(p.chan)
			p9::close(std::move(p.chan));
}

void
Srvdev::close(Chan& c)
{
	if(!(c.flag & COPEN))
		return;
	if(kind(c) == Qlease)
		expire(c.as<Board>());
	else if(kind(c) == Qposted && (c.flag & CRCLOSE))
		remove(c);
}

size_t
Srvdev::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	if(kind(c) != Qlease)
		error(Eperm);
	return readstr(buf, off, c.as<Board>().name);
}

// The number of a descriptor, which is posted.
size_t
Srvdev::write(Chan& c, Bytes buf, int64_t)
{
	if(kind(c) != Qposted)
		error(Eperm);
	if(buf.size() >= 32)
		error(Etoobig);
	std::string text;
	for(std::byte b : buf)
		text += char(b);
	char* end;
	unsigned long fd = std::strtoul(text.c_str(), &end, 0);
	if(end == text.c_str() || fd > INT32_MAX)
		error(Ebadarg);
	auto f = fdtochan(int(fd), -1, Chkmnt::No);
	if(f->qid.type & QTAUTH)
		error("cannot post auth file in srv");
	{
		std::scoped_lock l(lk);
		Posted& p = find(c).second;
		if(p.chan)
			error(Ebadusefd);
		p.chan = f;
	}
	std::string as(c.name());
	std::scoped_lock l(f->lock);
	f->srvname.swap(as);
	return buf.size();
}

void
Srvdev::remove(Chan& c)
{
	if(kind(c) != Qposted)
		error(Eperm);
	Posts::node_type gone;
	{
		std::scoped_lock l(lk);
		auto& p = find(c);
		bool mine = p.second.owner == up().user;
		bool theirs = p.second.owner != eve() && (p.second.perm & 7) == 7;
		if(!iseve() && !mine && !theirs)
			error(Eperm);
		gone = c.as<Board>().posts.extract(p.first);
	}
	if(gone.mapped().chan)
		p9::close(std::move(gone.mapped().chan));
}

void
Srvdev::wstat(Chan& c, const Dir& d)
{
	if(kind(c) != Qposted)
		error(Eperm);
	if(d.name.find('/') != d.name.npos)
		error(Ebadchar);
	std::scoped_lock l(lk);
	Board& b = c.as<Board>();
	auto& p = find(c);
	bool renames = !d.name.empty() && d.name != p.first;
	if(p.second.owner != up().user && !iseve())
		error(Eperm);
	if(renames)
		checkname(b, d.name);
	if(!d.uid.empty())
		p.second.owner = d.uid;
	if(d.mode != ~uint32_t{0})
		p.second.perm = d.mode & 0777;
	if(!renames)
		return;
	auto node = b.posts.extract(p.first);
	node.key() = d.name;
	b.posts.insert(std::move(node));
}
}

Dev&
srvdev()
{
	static Srvdev dev;
	return dev;
}
}
