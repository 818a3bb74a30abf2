// The environment as files.  A Chan that is not open means the group of whoever
// uses it, so that one bind of #e serves every Proc; an open one keeps the group
// that it was opened in.  env(3).

#include <cstring>

#include "lib9/error.h"
#include "port/dev.h"
#include "port/pgrp.h"
#include "port/proc.h"

namespace p9 {

namespace {

constexpr size_t Maxvalue = 512 << 10;
constexpr size_t Maxenv = 1 << 20;
constexpr size_t Maxenvname = 128;

// The aux of an open file.
struct Opened final : Counted {
	Ref<Egrp> eg;
	std::string name;
};

class Env final : public Gendev {
	Dir entry(const Evalue& e) const
	{
		return file(e.path, e.name, 0666, e.value.size(), e.vers);
	}

public:
	Env() : Gendev(U'e', "env") {}

	Ref<Chan> attach(std::string_view spec) override;
	std::vector<Dir> list(const Chan& c) override;
	std::optional<Dir> lookup(Chan& c, std::string_view elem) override;
	Dir parent(const Chan& c) override;
	Dir self(Chan& c) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	Ref<Chan> create(
		Ref<Chan> c, std::string_view elem, int omode, uint32_t perm) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	void remove(Chan& c) override;
};

Ref<Egrp>
group(const Chan& c)
{
	return c.aux ? c.as<Opened>().eg : up().egrp;
}

// Requires: eg.lk held.
Evalue*
find(Egrp& eg, const Chan& c)
{
	if(c.aux) {
		auto e = eg.vars.find(c.as<Opened>().name);
		bool same = e != eg.vars.end() && e->second.path == c.qid.path;
		return same ? &e->second : nullptr;
	}
	for(auto& [n, e] : eg.vars)
		if(e.path == c.qid.path)
			return &e;
	return nullptr;
}

Evalue&
get(Egrp& eg, const Chan& c)
{
	Evalue* e = find(eg, c);
	if(!e)
		error(Enonexist);
	return *e;
}

void
opened(Chan& c, Ref<Egrp> eg, std::string_view elem, int omode)
{
	auto o = mk<Opened>();
	o->eg = std::move(eg);
	o->name = elem;
	c.aux = std::move(o);
	c.mode = openmode(omode);
	c.offset = 0;
	c.flag |= COPEN;
}

Ref<Chan>
Env::attach(std::string_view spec)
{
	if(!spec.empty())
		error(Ebadarg);
	return devattach(*this, spec);
}

std::vector<Dir>
Env::list(const Chan& c)
{
	auto eg = group(c);
	std::vector<Dir> l;
	std::scoped_lock lock(eg->lk);
	l.reserve(eg->vars.size());
	for(auto& [n, e] : eg->vars)
		l.push_back(entry(e));
	return l;
}

std::optional<Dir>
Env::lookup(Chan& c, std::string_view elem)
{
	auto eg = group(c);
	std::scoped_lock lock(eg->lk);
	auto e = eg->vars.find(elem);
	if(e == eg->vars.end())
		return {};
	return entry(e->second);
}

Dir
Env::parent(const Chan& c)
{
	Dir d = dir(0, "#e", 0775);
	auto eg = group(c);
	std::scoped_lock lock(eg->lk);
	d.qid.vers = eg->vers;
	return d;
}

Dir
Env::self(Chan& c)
{
	if(c.isdir())
		return parent(c);
	auto eg = group(c);
	std::scoped_lock lock(eg->lk);
	return entry(get(*eg, c));
}

Ref<Chan>
Env::open(Ref<Chan> c, int omode)
{
	if(c->isdir())
		return Gendev::open(std::move(c), omode);
	openmode(omode);
	auto eg = group(*c);
	std::string elem, old;	// old is dropped without the lock
	{
		std::scoped_lock lock(eg->lk);
		Evalue& e = get(*eg, *c);
		elem = e.name;
		if((omode & OTRUNC) && !e.value.empty()) {
			old.swap(e.value);
			eg->size -= old.size();
			e.vers++;
			eg->vers++;
		}
	}
	opened(*c, std::move(eg), elem, omode);
	return c;
}

Ref<Chan>
Env::create(Ref<Chan> c, std::string_view elem, int omode, uint32_t perm)
{
	if(!c->isdir() || (perm & DMDIR))
		error(Eperm);
	if(elem.size() >= Maxenvname)
		error(Etoolong);
	openmode(omode);
	auto eg = group(*c);
	{
		std::scoped_lock lock(eg->lk);
		auto [at, isnew] = eg->vars.try_emplace(std::string(elem));
		if(!isnew)
			error(Eexist);
		Evalue& e = at->second;
		e.name = elem;
		e.path = eg->nextpath++;
		eg->vers++;
		c->qid = {e.path, e.vers, QTFILE};
	}
	opened(*c, std::move(eg), elem, omode);
	return c;
}

void
Env::close(Chan& c)
{
	if((c.flag & (COPEN | CRCLOSE)) == (COPEN | CRCLOSE))
		remove(c);
}

void
Env::remove(Chan& c)
{
	if(c.isdir())
		error(Eperm);
	auto eg = group(c);
	std::map<std::string, Evalue, std::less<>>::node_type gone;
	std::scoped_lock lock(eg->lk);
	Evalue& e = get(*eg, c);
	eg->size -= e.value.size();
	eg->vers++;
	gone = eg->vars.extract(e.name);
}

size_t
Env::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	auto eg = group(c);
	std::scoped_lock lock(eg->lk);
	return readstr(buf, off, get(*eg, c).value);
}

// A write behind the end fills what lies between with zeros.
size_t
Env::write(Chan& c, Bytes buf, int64_t off)
{
	if(off < 0)
		error(Enegoff);
	if(uint64_t(off) > Maxvalue || buf.size() > Maxvalue - size_t(off))
		error(Etoobig);
	auto eg = group(c);
	std::scoped_lock lock(eg->lk);
	Evalue& e = get(*eg, c);
	if(buf.empty())
		return 0;
	size_t end = size_t(off) + buf.size();
	if(end > e.value.size()) {
		if(eg->size - e.value.size() + end > Maxenv)
			error(Enomem);
		eg->size += end - e.value.size();
		e.value.resize(end);
	}
	std::memcpy(e.value.data() + off, buf.data(), buf.size());
	e.vers++;
	eg->vers++;
	return buf.size();
}
}

Dev&
envdev()
{
	static Env dev;
	return dev;
}
}
