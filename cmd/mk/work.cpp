// What is out of date, and in which order it can be made.
//
// A target is visited once its prerequisites have been, and again when those that it
// had to wait for are made; nothing is visited in between, so that a chain or a crowd of
// targets costs no more than its length.
//
// A target that is not there but has prerequisites may pretend: as long as nobody who
// needs it is older than its prerequisites, it is not made.  Flags of Target say so.

#include "cmd/mk/mk.h"

#include <charconv>

#include "lib9/error.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

std::string
directory()
{
	try {
		return " in directory " + getwd();
	} catch(const Error&) {
		return "";
	}
}
}

// A target that is being looked at.
struct Maker::Visit {
	Target* n = nullptr;
	Target* p = nullptr;	// who wants it
	const Arc* parc = nullptr;	// and how
	enum { Begin, Prereqs, Pretenders } phase = Begin;
	bool down = false;	// the prerequisite at hand has been visited
	bool ready = true;	// all prerequisites are made
	bool stale = false;
	bool did = false;	// something was found to do
	size_t i = 0;	// the prerequisite at hand
	const Arc* ra = nullptr;	// to the youngest that makes it stale
};

Maker::Maker(Mkstate& state)
	: s(state), graph(s.rules, s.times),
	  jobs(s, [this](const Job& j, bool failed) { updated(j, failed); })
{
}

size_t
Maker::nrep() const
{
	size_t n = 1;
	const Wordlist& w = s.vars.get("NREP");
	if(!w.empty())
		std::from_chars(w[0].data(), w[0].data() + w[0].size(), n);
	return std::max<size_t>(n, 1);
}

void
Maker::prepare(Target& root)
{
	todo.clear();
	graph.each(root, [](Target& t) {
		t.flags &= ~unsigned(Target::Pretending);
		t.flags |= Target::Canpretend;
		t.setmade(Target::Notmade);
		t.waits = 0;
		t.waiters.clear();
		t.wantedby = nullptr;
		t.wanted = nullptr;
	});
}

void
Maker::make(const std::string& name)
{
	jobs.setlimit();
	s.errors = 0;
	if(ran != jobs.started())
		s.times.forget();
	ran = jobs.started();
	Target& root = graph.build(name, nrep());
	if(s.flags.dgraph)
		s.out.put("new target\n" + dumpgraph(graph, root));
	prepare(root);
	bool did = visit(root);
	for(;;) {
		s.commands.checknotes();
		if(!todo.empty()) {
			Target* t = todo.front();
			todo.pop_front();
			did |= visit(*t);
		} else if(!jobs.wait()) {
			break;
		}
	}
	if(!did && s.errors == 0)
		s.out.put("mk: '" + root.name + "' is up to date\n");
	s.out.flush();
}

// Looks at a target and at what it needs.  Answers whether a recipe was found to run.
bool
Maker::visit(Target& t)
{
	std::vector<Visit> path(1);
	path[0].n = &t;
	path[0].p = t.wantedby;
	path[0].parc = t.wanted;
	for(;;) {
		Visit below;
		if(step(path.back(), below) == Step::Down) {
			path.push_back(below);
			continue;
		}
		bool did = path.back().did;
		path.pop_back();
		if(path.empty())
			return did;
		path.back().did |= did;
	}
}

// One step of a visit: to a prerequisite, or it is over.
Maker::Step
Maker::step(Visit& v, Visit& below)
{
	if(v.phase == Visit::Begin && !begin(v))
		return Step::Done;
	if(v.phase == Visit::Prereqs) {
		if(prereqs(v, below))
			return Step::Down;
		if(decide(v) == Step::Done)
			return Step::Done;
	}
	return pretenders(v, below);
}

// False when there is nothing to see.
bool
Maker::begin(Visit& v)
{
	Target& n = *v.n;
	if(n.is(Target::Beingmade))
		return false;
	if(n.is(Target::Made) && n.is(Target::Pretending) && v.p &&
	   outofdate(*v.p, *v.parc)) {
		if(s.flags.explain)
			s.out.put("unpretending " + n.name + "(" +
				  std::to_string(n.time) + ") because " + v.p->name +
				  " is out of date(" + std::to_string(v.p->time) + ")\n");
		unpretend(n);
	}
	if(n.is(Target::Made)) {
		// Another may have made it clear that it is needed.
		if(!n.is(Target::Pretending))
			return false;
		n.time = 0;
	} else if(n.waits > 0) {
		return false;
	}
	if(n.prereqs.empty()) {
		leaf(n);
		return false;
	}
	v.phase = Visit::Prereqs;
	v.stale = s.flags.all;
	return true;
}

// True to go down to the prerequisite at hand, false when all are seen.
bool
Maker::prereqs(Visit& v, Visit& below)
{
	Target& n = *v.n;
	for(; v.i < n.prereqs.size(); v.i++) {
		const Arc& a = n.prereqs[v.i];
		if(!a.n) {
			if(n.time == 0) {
				v.stale = true;
				if(!v.ra)
					v.ra = &a;
			}
			continue;
		}
		bool settled = a.n->is(Target::Beingmade) ||
			       (a.n->is(Target::Made) && !a.n->is(Target::Pretending));
		if(!v.down && !settled) {
			v.down = true;
			below.n = a.n;
			below.p = &n;
			below.parc = &a;
			return true;
		}
		v.down = false;
		if(a.n->is(Target::Notmade | Target::Beingmade))
			v.ready = false;
		if(outofdate(n, a)) {
			v.stale = true;
			if(!v.ra || !v.ra->n || v.ra->n->time < a.n->time)
				v.ra = &a;
		}
	}
	return false;
}

// All prerequisites are seen.  Step::Down: it must be made.
Maker::Step
Maker::decide(Visit& v)
{
	if(!v.ready) {
		await(v);
		return Step::Done;
	}
	if(!v.stale) {
		made(*v.n);
		return Step::Done;
	}
	if(pretend(v))
		return Step::Done;
	v.phase = Visit::Pretenders;
	v.i = 0;
	v.down = false;
	return Step::Down;
}

// v's target is visited again when all that it lacks is made.
void
Maker::await(const Visit& v)
{
	Target& n = *v.n;
	n.wantedby = v.p;
	n.wanted = v.parc;
	for(const Arc& a : n.prereqs)
		if(a.n && a.n->is(Target::Notmade | Target::Beingmade)) {
			a.n->waiters.push_back(&n);
			n.waits++;
		}
}

bool
Maker::pretend(Visit& v)
{
	Target& n = *v.n;
	if(s.flags.intermediate || n.time != 0 ||
	   !n.is(Target::Pretending | Target::Canpretend) || !v.p || !v.ra || !v.ra->n ||
	   outofdate(*v.p, *v.ra))
		return false;
	if(s.flags.explain && !n.is(Target::Pretending))
		s.out.put("pretending " + n.name + " has time " + std::to_string(n.time) +
			  "\n");
	made(n);
	n.flags &= ~unsigned(Target::Canpretend);
	n.flags |= Target::Pretending;
	return true;
}

// What it is made from must be there, too.
Maker::Step
Maker::pretenders(Visit& v, Visit& below)
{
	Target& n = *v.n;
	for(; v.i < n.prereqs.size(); v.i++) {
		const Arc& a = n.prereqs[v.i];
		if(!a.n || !a.n->is(Target::Pretending))
			continue;
		if(s.flags.explain)
			s.out.put("unpretending " + a.n->name + " because of " + n.name +
				  " because of " +
				  (v.ra && v.ra->n ? v.ra->n->name
						   : "rule with no prerequisites") +
				  "\n");
		unpretend(*a.n);
		v.ready = false;
		below.n = a.n;
		below.p = &n;
		below.parc = &a;
		v.i++;
		return Step::Down;
	}
	if(v.ready) {
		v.did |= recipe(n);
		return Step::Done;
	}
	Visit again;
	again.n = v.n;
	again.p = v.p;
	again.parc = v.parc;
	again.did = v.did;
	v = again;
	return step(v, below);
}

// A file that nothing makes.
void
Maker::leaf(Target& t)
{
	if(t.time != 0)
		return made(t);
	s.out.complain("mk: don't know how to make '" + t.name + "'" + directory() +
		       "\n");
	if(!s.flags.keep)
		error(Emkstop);
	t.setmade(Target::Beingmade);	// for ever
	s.errors++;
}

void
Maker::made(Target& t)
{
	t.setmade(Target::Made);
	settled(t);
}

// Those who waited for t wait for one less.
void
Maker::settled(Target& t)
{
	for(Target* w : std::exchange(t.waiters, {}))
		if(--w->waits == 0)
			todo.push_back(w);
}

void
Maker::unpretend(Target& t)
{
	t.setmade(Target::Notmade);
	t.flags &= ~unsigned(Target::Canpretend | Target::Pretending);
	t.time = 0;
}

// Equal times are out of date: what was changed in the same second may have been changed
// behind it.
bool
Maker::outofdate(const Target& t, const Arc& a, Compare how)
{
	if(a.r->prog.empty())
		return t.time <= a.n->time;
	std::string cmd =
		a.r->prog + ' ' + rcquoted(t.name) + ' ' + rcquoted(a.n->name) + '\n';
	auto known = outdated.find(cmd);
	if(known != outdated.end() && how == Compare::Cached)
		return known->second;
	s.out.flush();
	bool old = !s.commands.succeeds(cmd);
	outdated[cmd] = old;
	return old;
}

// Its recipe has run, or it has none.
void
Maker::update(Target& t, bool failed)
{
	t.setmade(failed ? Target::Beingmade : Target::Made);
	int64_t time = t.is(Target::Virtual) ? 0 : Filetimes::fresh(t.name);
	if(time) {
		t.time = time;
		t.flags &= ~unsigned(Target::Canpretend | Target::Pretending);
	} else {
		t.time = 1;
	}
	for(const Arc& a : t.prereqs) {
		bool asks = a.n && (!time || !a.r->prog.empty());
		if(asks && outofdate(t, a, Compare::Again) && !time)
			t.time = a.n->time;
		if(time && !failed && a.r->is(Aupdate) && !a.r->recipe->empty())
			t.time = Filetimes::now();
	}
	if(!failed)
		settled(t);
}

void
Maker::updated(const Job& j, bool failed)
{
	for(const std::string& name : j.target)
		if(Target* t = graph.find(name))
			update(*t, failed);
}
}
