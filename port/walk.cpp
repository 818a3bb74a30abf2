// c of a Walk stands before the mount on its place, if there is one, until cross()
// or the next step takes it over; .. is always walked from before it.

#include "port/walk.h"

#include <algorithm>
#include <optional>

#include "lib9/error.h"
#include "port/mtab.h"
#include "port/pgrp.h"
#include "port/proc.h"

namespace p9 {

Path&
Walk::pathtochange()
{
	if(!mypath) {
		path = path->copy(8);
		mypath = true;
	}
	return *path;
}

bool
Walk::fail(size_t n, std::string_view reason)
{
	nerror = n;
	why = reason;
	return false;
}

void
Walk::move(Ref<Chan> next, bool fresh)
{
	std::swap(c, next);
	std::swap(mine, fresh);
	if(fresh)
		close(std::move(next));
}

void
Walk::cross()
{
	if(mh || mounts == Mounts::Ignore)
		return;
	auto l = findmount(*up().pgrp, *c);
	if(!l)
		return;
	pathtochange().mtpt.back() = l->from;
	move(l->m[0].to, false);
	mh = std::move(l);
}

namespace {
// What to send in one message: .. alone, or names up to the next one.
Names
piece(Names names)
{
	size_t n = std::min<size_t>(names.size(), MAXWELEM);
	if(names[0] == "..")
		return names.first(1);
	return names.first(std::ranges::find(names.first(n), "..") - names.begin());
}
}

bool
Walk::to(Names names)
{
	for(size_t have = 0; have < names.size();) {
		if(!c->isdir())
			return fail(have, Enotdir);
		Names part = piece(names.subspan(have));
		nerror = have + 1; // should the device raise an Error
		size_t n = 1;
		if(part[0] == ".." ? !dotdot() : !step(part, have, n))
			return false;
		have += n;
	}
	nerror = names.size();
	return true;
}

// NS-9: out at the side where the mount was entered.
bool
Walk::dotdot()
{
	static constexpr std::string_view up[] = {".."};
	Walkqid wq = c->dev.walk(*c, up);
	if(!wq.clone)
		return fail(nerror, Enonexist);
	Path& p = pathtochange();
	p.append("..", {});
	mh = {};
	Ref<Chan> from = std::move(p.mtpt.back());
	if(from) {
		move(std::move(from), false);
		close(std::move(wq.clone));
	} else {
		move(std::move(wq.clone), true);
	}
	return true;
}

// One message's worth of names, or up to the first mount among them: n are done.
bool
Walk::step(Names part, size_t have, size_t& n)
{
	cross();
	By by{};
	Walkqid wq = ask(part, by);
	// The last is left uncrossed.
	auto l = firstmount(wq, part.size() - 1, by, n);
	if(!l && !wq.clone) {
		if(wq.nqid == 0 || (wq.qid[wq.nqid - 1].type & QTDIR))
			return fail(have + wq.nqid + 1, Enonexist);
		return fail(have + wq.nqid, Enotdir);
	}
	if(!l)
		n = part.size();
	Path& p = pathtochange();
	for(size_t i = 0; i < n; i++)
		p.append(part[i], l && i == n - 1 ? l->from : Ref<Chan>());
	if(l) {
		close(std::move(wq.clone));
		move(l->m[0].to, false);
	} else {
		move(std::move(wq.clone), true);
	}
	mh = std::move(l);
	return true;
}

Ref<const Mountlist>
Walk::firstmount(const Walkqid& wq, size_t max, By by, size_t& n)
{
	if(mounts == Mounts::Ignore)
		return {};
	Pgrp& p = *up().pgrp;
	std::scoped_lock lock(p.ns);
	max = p.mtab ? std::min(max, wq.nqid) : 0;
	for(size_t i = 0; i < max; i++)
		if(auto l = Mtab::find(p.mtab.get(),
				       Mkey(by.dc, by.devno, wq.qid[i].path))) {
			n = i + 1;
			return l;
		}
	return {};
}

Walkqid
Walk::ask(Names part, By& by)
{
	if(mh && mh->m.size() > 1)
		return askunion(part, by);
	by = {c->dev.dc, c->devno};
	return c->dev.walk(*c, part);
}

// NS-8: the first element that has the first name answers for all of them.  One that
// fails is as one that has it not, but if none has it, its Error is the truth.
Walkqid
Walk::askunion(Names part, By& by)
{
	std::optional<Error> err;
	for(const Mount& m : mh->m) {
		by = {m.to->dev.dc, m.to->devno};
		try {
			Walkqid wq = m.to->dev.walk(*m.to, part);
			if(wq.nqid > 0)
				return wq;
		} catch(const Error& e) {
			if(e.is(Eintr))
				throw;
			if(!err)
				err = e;
		}
	}
	if(err)
		error(err->reason(), err->name());
	return {};
}

Ref<Chan>
Walk::named(Chan& d)
{
	Ref<Chan> nc = d.dev.walk(d, {}).clone;
	if(!nc)
		error(Enonexist);
	nc->path = path;
	mypath = false;
	return nc;
}

Ref<Chan>
Walk::unique()
{
	if(!mine)
		move(named(*c), true);
	return here();
}

Ref<Chan>
Walk::here()
{
	if(!mine && c->name() != path->s)
		move(named(*c), true);
	if(mine)
		c->path = path;
	mine = mypath = false;
	return c;
}
}
