#include "port/pgrp.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib9/error.h"
#include "lib9/quote.h"
#include "lib9/utf.h"
#include "port/dev.h"
#include "port/mtab.h"
#include "port/proc.h"

namespace p9 {

namespace {
constexpr size_t Deltafd = 20; // the table grows by so many
constexpr size_t Maxfd = 5000;

// The bit of a device in the mask; 0 when the machine has none of that letter.
uint64_t
devbit(char32_t dc)
{
	uint64_t bit = 1;
	for(Dev* d : devtab()) {
		if(d->dc == dc)
			return bit;
		bit <<= 1;
	}
	return 0;
}

uint64_t
devbits(std::u32string_view letters)
{
	uint64_t mask = 0;
	for(char32_t dc : letters)
		mask |= devbit(dc);
	return mask;
}

bool
haspending(Proc& p)
{
	std::scoped_lock l(p.lk);
	return !p.notes.empty();
}

std::string
flagtext(int flag)
{
	std::string s;
	if(flag & MAFTER)
		s += 'a';
	if(flag & MBEFORE)
		s += 'b';
	if(flag & MCREATE)
		s += 'c';
	if(flag & MCACHE)
		s += 'C';
	return s.empty() ? s : '-' + s;
}

std::string
mountline(const Mountlist& l, const Mount& m)
{
	std::string flag = flagtext(m.flag);
	std::string from = quoted(l.from->name());
	if(!m.to->mchan || !m.to->name().starts_with("#M"))
		return fmt::format("bind {} {} {}", flag, quoted(m.to->name()), from);
	const Chan& conn = *m.to->mchan;
	std::string_view srv = conn.srvname.empty() ? conn.name() : conn.srvname;
	std::string s = fmt::format("mount {} {} {}", flag, quoted(srv), from);
	if(!m.spec.empty())
		s += ' ' + quoted(m.spec);
	return s;
}
}

Pgrp::Pgrp() = default;
Pgrp::~Pgrp() = default;

Ref<Pgrp>
Pgrp::copy()
{
	auto p = mk<Pgrp>();
	std::scoped_lock l(ns);
	p->mtab = mtab;
	p->devmask = devmask;
	return p;
}

Ref<Pgrp>
Pgrp::cleared()
{
	auto p = mk<Pgrp>();
	std::scoped_lock l(ns);
	p->devmask = devmask;
	return p;
}

bool
Pgrp::devallowed(char32_t dc)
{
	uint64_t bit = devbit(dc);
	std::scoped_lock l(ns);
	return devmask & bit;
}

void
Pgrp::devkeep(std::u32string_view letters)
{
	uint64_t mask = devbits(letters);
	std::scoped_lock l(ns);
	devmask &= mask;
}

void
Pgrp::devdrop(std::u32string_view letters)
{
	uint64_t mask = devbits(letters);
	std::scoped_lock l(ns);
	devmask &= ~mask;
}

void
Pgrp::unmountall()
{
	Ref<const Mtab> gone; // dropped after ns is unlocked
	std::scoped_lock l(ns);
	std::swap(gone, mtab);
}

std::vector<std::string>
nslines(Pgrp& p)
{
	Ref<const Mtab> t;
	{
		std::scoped_lock l(p.ns);
		t = p.mtab;
	}
	std::vector<Mtab::List> lists;
	Mtab::all(t.get(), lists);
	std::vector<std::pair<uint64_t, std::string>> v;
	for(const Mtab::List& l : lists)
		for(const Mount& m : l->m)
			v.emplace_back(m.id, mountline(*l, m));
	std::ranges::sort(v);
	std::vector<std::string> lines;
	for(auto& [id, text] : v)
		lines.push_back(std::move(text));
	return lines;
}

Fgrp::~Fgrp() = default;

Ref<Fgrp>
Fgrp::copy()
{
	auto f = mk<Fgrp>();
	std::scoped_lock l(lk);
	f->fd = fd;
	f->lowest = lowest;
	return f;
}

// Requires: lk held.
int
Fgrp::place(Ref<Chan>& c, bool cexec)
{
	while(lowest < fd.size() && fd[lowest].c)
		lowest++;
	if(lowest >= Maxfd)
		return -1;
	if(lowest == fd.size())
		fd.emplace_back();
	fd[lowest] = {std::move(c), cexec};
	return int(lowest++);
}

int
Fgrp::add(Ref<Chan> c, bool cexec)
{
	std::unique_lock l(lk);
	int n = place(c, cexec);
	l.unlock();
	if(n < 0)
		error(Enofd);
	return n;
}

std::pair<int, int>
Fgrp::addpair(Ref<Chan> a, Ref<Chan> b)
{
	std::unique_lock l(lk);
	int n = place(a, false);
	int m = n < 0 ? -1 : place(b, false);
	if(n >= 0 && m < 0) {
		std::swap(a, fd[size_t(n)].c);
		lowest = size_t(n);
	}
	l.unlock();
	if(m < 0)
		error(Enofd);
	return {n, m};
}

Ref<Chan>
Fgrp::put(int n, Ref<Chan> c)
{
	std::unique_lock l(lk);
	size_t size = std::max((fd.size() + Deltafd - 1) / Deltafd * Deltafd, Deltafd);
	if(n < 0 || size_t(n) >= std::min(size + Deltafd, Maxfd)) {
		l.unlock();
		error(Ebadfd);
	}
	if(size_t(n) >= fd.size())
		fd.resize(size_t(n) + 1);
	std::swap(fd[size_t(n)].c, c);
	fd[size_t(n)].cexec = false;
	return c;
}

Ref<Chan>
Fgrp::get(int n)
{
	{
		std::scoped_lock l(lk);
		if(n >= 0 && size_t(n) < fd.size() && fd[size_t(n)].c)
			return fd[size_t(n)].c;
	}
	error(Ebadfd);
}

Ref<Chan>
Fgrp::detach(int n) noexcept
{
	Ref<Chan> c;
	std::scoped_lock l(lk);
	if(n >= 0 && size_t(n) < fd.size()) {
		std::swap(c, fd[size_t(n)].c);
		lowest = std::min(lowest, size_t(n));
	}
	return c;
}

Ref<Chan>
Fgrp::take(int n)
{
	Ref<Chan> c = detach(n);
	if(!c)
		error(Ebadfd);
	return c;
}

void
Fgrp::closesome(bool all)
{
	std::vector<Ref<Chan>> gone;
	{
		std::scoped_lock l(lk);
		for(size_t i = 0; i < fd.size(); i++)
			if(fd[i].c && (all || fd[i].cexec)) {
				gone.push_back(std::move(fd[i].c));
				lowest = std::min(lowest, i);
			}
	}
	// A note that comes while one server does not answer leaves the rest to the
	// queue.
	for(Ref<Chan>& c : gone) {
		if(haspending(up()))
			break;
		close(std::move(c));
	}
}

void
Fgrp::closeexec()
{
	closesome(false);
}

void
Fgrp::closeall()
{
	closesome(true);
}

std::vector<std::pair<int, Ref<Chan>>>
Fgrp::all()
{
	std::vector<std::pair<int, Ref<Chan>>> v;
	std::scoped_lock l(lk);
	for(size_t i = 0; i < fd.size(); i++)
		if(fd[i].c)
			v.emplace_back(int(i), fd[i].c);
	return v;
}

Ref<Chan>
fdtochan(int fd, int mode, Chkmnt chkmnt)
{
	Ref<Chan> c = up().fgrp->get(fd);
	if(chkmnt == Chkmnt::Yes && (c->flag & CMSG))
		error(Ebadusefd);
	if(mode < 0 || c->mode == ORDWR)
		return c;
	if((mode & ~OTRUNC) != c->mode)
		error(Ebadusefd);
	if((mode & OTRUNC) && c->mode == OREAD)
		error(Ebadusefd);
	return c;
}

Ref<Egrp>
Egrp::copy()
{
	auto e = mk<Egrp>();
	std::scoped_lock l(lk);
	e->vars = vars;
	e->nextpath = nextpath;
	e->vers = vers;
	e->size = size;
	return e;
}
}
