// File trees.  A directory numbers its children as they come, so that a cursor of
// a directory read is a number, whatever is made or removed meanwhile.

#include "lib9/9p/file.h"

#include <ctime>
#include <mutex>
#include <vector>

#include "lib9/error.h"

namespace p9 {

namespace {

uint32_t
now()
{
	return uint32_t(std::time(nullptr));
}

Dir
entry(std::string_view name, std::string_view uid, std::string_view gid, uint32_t perm)
{
	Dir d;
	d.name = name;
	d.uid = d.muid = uid;
	d.gid = gid;
	d.mode = perm;
	d.qid.type = uint8_t(perm >> 24);
	d.atime = d.mtime = now();
	return d;
}

template <std::unsigned_integral T>
bool
changes(T was, T want)
{
	return want != T(~T(0)) && want != was;
}

bool
changes(std::string_view was, std::string_view want)
{
	return !want.empty() && want != was;
}
}

Tree::Tree(std::string_view uid, std::string_view gid, uint32_t perm)
    : root(mk<File>(*this, entry("/", uid, gid, perm | DMDIR), nullptr))
{
}

// A directory and its children hold each other; a deep tree must not be unwound by
// recursion either.
Tree::~Tree()
{
	std::vector<Ref<File>> todo{root};
	while(!todo.empty()) {
		Ref<File> f = std::move(todo.back());
		todo.pop_back();
		f->parent = nullptr;
		f->names.clear();
		for(auto& [seq, kid] : f->kids)
			todo.push_back(std::move(kid));
		f->kids.clear();
	}
}

Ref<File>
Tree::createfile(File& dir, std::string_view name, std::string_view uid, uint32_t perm,
		 Ref<Counted> aux)
{
	Ref<File> f = mk<File>(*this, entry(name, uid, {}, perm), std::move(aux));
	std::scoped_lock l(lk);
	if(&dir != root.get() && !dir.parent)
		error("create in deleted directory");
	if(dir.names.contains(name))
		error(Eexist);
	f->d.gid = dir.d.gid;
	f->d.qid.path = ++lastpath;
	f->parent = Ref<File>(dir);
	f->seq = ++lastseq;
	dir.kids.emplace(f->seq, f);
	dir.names.emplace(f->d.name, f.get());
	dir.d.mtime = f->d.mtime;
	dir.d.qid.vers++;
	return f;
}

void
Tree::removefile(File& f)
{
	if(&f == root.get())
		error("cannot remove root");
	Ref<File> dir; // dropped after lk, as kid
	Ref<File> kid;
	std::scoped_lock l(lk);
	if(!f.parent)
		error("no parent");
	if(!f.kids.empty())
		error("has children");
	dir = std::move(f.parent);
	f.parent = nullptr;
	dir->names.erase(f.d.name);
	auto it = dir->kids.find(f.seq);
	kid = std::move(it->second);
	dir->kids.erase(it);
	dir->d.mtime = now();
	dir->d.qid.vers++;
}

// Requires: lk held.
File*
Tree::step(File& dir, std::string_view name)
{
	if(name == "..")
		return &dir == root.get() ? &dir : dir.parent.get();
	auto it = dir.names.find(name);
	return it == dir.names.end() ? nullptr : it->second;
}

Ref<File>
Tree::walkfile(File& dir, std::string_view name)
{
	std::scoped_lock l(lk);
	File* f = step(dir, name);
	return f ? Ref<File>(*f) : nullptr;
}

Ref<File>
Tree::walk(File& from, std::span<const std::string_view> names, std::string_view uid,
	   Few<Qid>& qids)
{
	std::scoped_lock l(lk);
	File* f = &from;
	for(std::string_view name : names) {
		if(!(f->d.qid.type & QTDIR))
			return nullptr;
		if(!p9::hasperm(f->d, uid, AEXEC)) {
			if(qids.empty())
				error(Eperm);
			return nullptr;
		}
		f = step(*f, name);
		if(!f)
			return nullptr;
		qids.add(f->d.qid);
	}
	return Ref<File>(*f);
}

Ref<File>
Tree::parentof(File& f)
{
	std::scoped_lock l(lk);
	return f.parent;
}

Dir
Tree::statfile(File& f)
{
	std::scoped_lock l(lk);
	return f.d;
}

void
Tree::statfile(File& f, Dir& d)
{
	std::scoped_lock l(lk);
	d = f.d;
}

Qid
Tree::qidof(File& f)
{
	std::scoped_lock l(lk);
	return f.d.qid;
}

uint64_t
Tree::lengthof(File& f)
{
	std::scoped_lock l(lk);
	return f.d.length;
}

bool
Tree::hasperm(File& f, std::string_view uid, int access)
{
	std::scoped_lock l(lk);
	return p9::hasperm(f.d, uid, access);
}

bool
hasperm(const Dir& d, std::string_view uid, int access)
{
	uint32_t may = d.mode & 7;
	if(d.uid == uid)
		may |= d.mode >> 6 & 7;
	if(d.gid == uid)
		may |= d.mode >> 3 & 7;
	return (uint32_t(access) & ~may) == 0;
}

// stat(5): the length needs the right to write the file, the name that to write its
// directory, mode and time belong to the owner and the group's leader, the group to
// the owner, or to the leader of both; nothing else changes.
void
Tree::checkwstat(File& f, std::string_view uid, const Dir& d)
{
	std::scoped_lock l(lk);
	const Dir& was = f.d;
	if(changes(was.length, d.length) &&
	   ((was.mode & DMDIR) || !p9::hasperm(was, uid, AWRITE)))
		error(Eperm);
	if(changes(was.name, d.name)) {
		if(!f.parent || !p9::hasperm(f.parent->d, uid, AWRITE))
			error(Eperm);
		if(f.parent->names.contains(d.name))
			error(Eexist);
	}
	bool owner = uid == was.uid;
	bool leader = uid == was.gid;
	if((changes(was.mode, d.mode) || changes(was.mtime, d.mtime)) && !owner &&
	   !leader)
		error("not owner");
	if(changes(was.gid, d.gid) && !owner && !(leader && uid == d.gid))
		error("not owner");
	if(changes(was.uid, d.uid) || changes(was.muid, d.muid))
		error(Eperm);
}

void
Tree::wstatfile(File& f, const Dir& d)
{
	std::scoped_lock l(lk);
	if(changes(f.d.name, d.name)) {
		if(!f.parent)
			error("no parent");
		File& dir = *f.parent;
		if(dir.names.contains(d.name))
			error(Eexist);
		dir.names.erase(f.d.name);
		f.d.name = d.name;
		dir.names.emplace(f.d.name, &f);
		dir.d.mtime = now();
		dir.d.qid.vers++;
	}
	if(changes(f.d.mode, d.mode)) {
		f.d.mode = d.mode;
		f.d.qid.type = uint8_t(d.mode >> 24);
	}
	if(!d.gid.empty())
		f.d.gid = d.gid;
	if(d.mtime != ~0u)
		f.d.mtime = d.mtime;
}

void
Tree::written(File& f, std::string_view uid)
{
	std::scoped_lock l(lk);
	f.d.qid.vers++;
	f.d.mtime = now();
	f.d.muid = uid;
}

void
Tree::setlength(File& f, uint64_t n)
{
	std::scoped_lock l(lk);
	f.d.length = n;
}

// The lock is taken for each entry, so that a large directory keeps nobody waiting.
size_t
Tree::readdir(File& dir, uint64_t& cursor, Buf b)
{
	size_t n = 0;
	for(;;) {
		std::scoped_lock l(lk);
		auto it = dir.kids.lower_bound(cursor);
		if(it == dir.kids.end())
			return n;
		size_t len = convD2M(it->second->d, b.subspan(n));
		if(len == 0) {
			if(n == 0)
				error(Eshort);
			return n;
		}
		n += len;
		cursor = it->first + 1;
	}
}
}
