// A target's recipe: who is made by it, from what.

#include <algorithm>
#include <unordered_set>

#include "cmd/mk/mk.h"
#include "lib9/error.h"

namespace p9 {

namespace {

// Words, each once.
class Wordset {
	std::unordered_set<std::string> has;

public:
	Wordlist words;

	void add(const std::string& w)
	{
		if(has.insert(w).second)
			words.push_back(w);
	}
};
}

// Whether it is there and nothing makes it out of date.
bool
Maker::uptodate(const Target& t)
{
	if(s.flags.all || t.time == 0)
		return false;
	return std::ranges::none_of(t.prereqs, [this, &t](const Arc& a) {
		return a.n && outofdate(t, a);
	});
}

// Starts t's recipe, or what takes its place.  Answers whether there was one.
bool
Maker::recipe(Target& t)
{
	const Arc* by = nullptr;
	for(const Arc& a : t.prereqs)
		if(!a.r->recipe->empty())
			by = &a;
	if(!by)
		return norecipe(t);
	Job j;
	j.r = by->r;
	j.m = by->m;
	gather(j, t, *by);
	gatherprereqs(j);
	std::vector<Target*> nodes = j.nodes;
	jobs.add(std::move(j));
	for(Target* n : nodes)
		if(n->is(Target::Made))	// -n and -t
			settled(*n);
	return true;
}

bool
Maker::norecipe(Target& t)
{
	if(!t.is(Target::Virtual | Target::Norecipe)) {
		std::string dir;
		try {
			dir = " in directory " + getwd();
		} catch(const Error&) {
		}
		s.out.complain("mk: no recipe to make '" + t.name + "'" + dir + "\n");
		error(Emkstop);
	}
	update(t, false);
	if(s.flags.touch)
		jobs.touch(t);
	return false;
}

// The rule's targets, and which of them are to be made now.
void
Maker::gather(Job& j, Target& t, const Arc& by)
{
	j.nodes.push_back(&t);
	if(by.r->is(Aregexp)) {
		j.target = j.alltarget = {t.name};
		return;
	}
	for(const std::string& pattern : *by.r->alltargets) {
		std::string name =
			by.r->is(Ameta) ? substem(by.m->stem, pattern) : pattern;
		j.alltarget.push_back(name);
		Target* n = graph.find(name);
		if(!n || uptodate(*n))
			continue;
		j.target.push_back(name);
		if(n != &t)
			j.nodes.insert(j.nodes.begin() + 1, n);
	}
}

void
Maker::explain(const Target& t, const Arc& a)
{
	if(a.n)
		s.out.put(t.name + "(" + std::to_string(t.time) + ") < " + a.n->name +
			  "(" + std::to_string(a.n->time) + ")\n");
	else
		s.out.put(t.name + " has no prerequisites\n");
}

void
Maker::gatherprereqs(Job& j)
{
	Wordset all;
	Wordset fresh;
	for(Target* t : j.nodes) {
		for(const Arc& a : t->prereqs) {
			bool old = !a.n || outofdate(*t, a);
			if(a.n)
				all.add(a.n->name);
			if(a.n && old)
				fresh.add(a.n->name);
			if(s.flags.explain && old)
				explain(*t, a);
		}
		t->setmade(Target::Beingmade);
	}
	j.prereq = std::move(all.words);
	j.newprereq = std::move(fresh.words);
}
}
