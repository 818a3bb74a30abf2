// Changes of the mount table are made beside it and put in its place when nobody
// else was faster, so that the lock is held for a few instructions only.

#include "port/mount.h"

#include <algorithm>

#include "lib9/error.h"
#include "port/dev.h"
#include "port/mtab.h"
#include "port/pgrp.h"

namespace p9 {

namespace {
std::atomic<uint64_t> mountids{0};

Ref<const Mtab>
snapshot(Pgrp& p)
{
	std::scoped_lock l(p.ns);
	return p.mtab;
}

// Puts next in p's place if that still is was.  What it was is dropped by the caller.
bool
replace(Pgrp& p, const Ref<const Mtab>& was, Ref<const Mtab>& next)
{
	std::scoped_lock l(p.ns);
	if(p.mtab != was)
		return false;
	std::swap(p.mtab, next);
	return true;
}

void
checkmount(const Chan& c, const Chan& old, const Mountlist* cunion, int flag)
{
	if(c.isdir() != old.isdir())
		error(Emount);
	if(!old.isdir() && (flag & MORDER) != MREPL)
		error(Emount);
	if(!(flag & MCREATE) || !cunion)
		return;
	// Where in a union would one create?  A single mount may pass its own right on.
	if(cunion->m.size() > 1 || !(cunion->m[0].flag & MCREATE))
		error(Emount);
}

// What a mount adds: c, and behind it the rest of the union that it was reached by.
std::vector<Mount>
additions(Ref<Chan> c, const Mountlist* cunion, int flag, std::string_view spec)
{
	std::vector<Mount> v;
	v.push_back({++mountids, std::move(c), flag, std::string(spec)});
	int order = (flag & MORDER) == MREPL ? int{MAFTER} : flag & MORDER;
	for(size_t i = 1; cunion && i < cunion->m.size(); i++) {
		const Mount& m = cunion->m[i];
		v.push_back({++mountids, m.to, order, m.spec});
	}
	return v;
}

Ref<const Mountlist>
changed(const Mountlist* l, const Ref<Chan>& old, const std::vector<Mount>& add,
	int order, uint64_t oldid)
{
	auto nl = mk<Mountlist>();
	nl->from = l ? l->from : old;
	if(order != MREPL && l)
		nl->m = l->m;
	else if(order != MREPL)
		nl->m.push_back({oldid, old, 0, {}});
	nl->m.insert(order == MAFTER ? nl->m.end() : nl->m.begin(), add.begin(),
		     add.end());
	return nl;
}

bool
shows(const Mount& m, const Chan& c)
{
	return eqchan(*m.to, c) || (m.to->mchan && eqchan(*m.to->mchan, c));
}

// l without its first element that is mounted; empty when that was its last.
Ref<const Mountlist>
withoutone(const Mountlist& l, const Chan& mounted)
{
	auto i = std::ranges::find_if(l.m,
				      [&](const Mount& m) { return shows(m, mounted); });
	if(i == l.m.end())
		error(Eunion);
	if(l.m.size() == 1)
		return {};
	auto nl = mk<Mountlist>();
	nl->from = l.from;
	nl->m.assign(l.m.begin(), i);
	nl->m.insert(nl->m.end(), i + 1, l.m.end());
	return nl;
}
}

Mkey::Mkey(const Chan& c) : dc(c.dev.dc), devno(c.devno), path(c.qid.path) {}

Ref<const Mountlist>
findmount(Pgrp& p, const Mkey& k)
{
	std::scoped_lock l(p.ns);
	return Mtab::find(p.mtab.get(), k);
}

uint64_t
cmount(Pgrp& p, Ref<Chan> c, Ref<Chan> old, Ref<const Mountlist> cunion, int flag,
       std::string_view spec)
{
	checkmount(*c, *old, cunion.get(), flag);
	if(c->isdir())
		c->dev.becomeroot(*c);
	Mkey k(*old);
	uint64_t oldid = ++mountids; // before the others: ns shows it first
	std::vector<Mount> add = additions(std::move(c), cunion.get(), flag, spec);
	for(;;) {
		Ref<const Mtab> was = snapshot(p);
		auto l = Mtab::find(was.get(), k);
		auto nl = changed(l.get(), old, add, flag & MORDER, oldid);
		auto next = Mtab::with(was.get(), std::move(nl));
		if(replace(p, was, next))
			return add[0].id;
	}
}

void
cunmount(Pgrp& p, Ref<Chan> old, Ref<Chan> mounted)
{
	Mkey k(*old);
	for(;;) {
		Ref<const Mtab> was = snapshot(p);
		auto l = Mtab::find(was.get(), k);
		if(!l)
			error(Eunmount);
		auto nl = mounted ? withoutone(*l, *mounted) : Ref<const Mountlist>();
		auto next = nl ? Mtab::with(was.get(), std::move(nl))
			       : Mtab::without(was.get(), k);
		if(replace(p, was, next))
			return;
	}
}

Ref<Chan>
createdir(const Mountlist& l)
{
	for(const Mount& m : l.m)
		if(m.flag & MCREATE)
			return m.to;
	error(Enocreate);
}
}
