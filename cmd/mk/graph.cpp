// From rules to the graph of targets, and what must hold of it.

#include "cmd/mk/graph.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "lib9/error.h"
#include "port/sys.h"

namespace p9 {

namespace {

constexpr size_t Maxtargets = 1 << 20;
constexpr size_t Maxname = 4 << 10;
constexpr size_t Maxtrace = 100;	// targets in a message

[[noreturn]] void
fatal(const std::string& what)
{
	fprint(2, "mk: " + what + "\n");
	error(Emkstop);
}

const Match nomatch;

// How t comes to the recipe of a: by what, from what.
std::string
trace(const Target& t, const Arc* a)
{
	std::string s = "\t" + t.name;
	for(size_t n = 0; a && n < Maxtrace; n++) {
		s += " <-(" + a->r->where() + ")- ";
		if(!a->n)
			break;
		s += a->n->name;
		const std::vector<Arc>& p = a->n->prereqs;
		auto next = std::ranges::find_if(
			p, [](const Arc& x) { return !x.r->recipe->empty(); });
		a = next == p.end() ? nullptr : &*next;
	}
	return s + "\n";
}

void
dropdoomed(Target& t)
{
	std::erase_if(t.prereqs, [](const Arc& a) { return a.doomed; });
}
}

// A target whose rules are being applied: the rule at hand and its next prerequisite.
struct Graph::Visit {
	Target& t;
	std::span<Rule* const> rules;	// of the target itself
	size_t next = 0;	// rule: among those, then among the metarules
	const Rule* r = nullptr;
	const Match* m = nullptr;
	size_t word = 0;
};

Target*
Graph::find(std::string_view name)
{
	auto t = byname.find(name);
	return t == byname.end() ? nullptr : t->second;
}

Target&
Graph::newtarget(const std::string& name)
{
	if(targets.size() >= Maxtargets)
		fatal("too many targets");
	if(name.size() > Maxname)
		fatal("name too long: " + name.substr(0, 100) + "...");
	if(targets.size() % 1024 == 0)
		pollnotes();
	Target& t = targets.emplace_back();
	t.name = name;
	t.time = times.of(name);
	if(t.time)
		t.flags = Target::Probable;
	byname[t.name] = &t;
	return t;
}

// Whether a metarule is for t at all: not n when a virtual rule made it.
bool
Graph::usable(const Rule& r, const Target& t) const
{
	return !r.is(Anovirtual) || t.prereqs.empty() ||
	       !t.prereqs.back().r->is(Avirtual);
}

const Match*
Graph::match(const Rule& r, const std::string& name)
{
	Match m;
	if(r.is(Aregexp)) {
		std::array<Submatch, 10> sub;
		if(!r.pattern->match(name, sub))
			return nullptr;
		for(const Submatch& s : sub)
			m.sub.emplace_back(s.of(name));
		m.sub[0] = name.substr(sub[0].begin);	// as Plan 9's: to the end
	} else {
		auto stem = matchstem(name, r.target);
		if(!stem)
			return nullptr;
		m.stem = std::move(*stem);
	}
	return &matches.emplace_back(std::move(m));
}

// The next rule for v's target that may be used once more; it is counted.
bool
Graph::nextrule(Visit& v)
{
	size_t own = v.rules.size();
	std::span<Rule* const> meta = rules.metarules();
	for(; v.next < own + meta.size(); v.next++) {
		bool ismeta = v.next >= own;
		const Rule& r = ismeta ? *meta[v.next - own] : *v.rules[v.next];
		if(r.noeffect() || uses[r.number] == 0 || (!ismeta && r.is(Ameta)) ||
			(ismeta && !usable(r, v.t)))
			continue;
		v.m = ismeta ? match(r, v.t.name) : &nomatch;
		if(!v.m)
			continue;
		if(!ismeta)
			v.t.flags |= Target::Probable;
		uses[r.number]--;
		v.r = &r;
		v.word = 0;
		v.next++;
		return true;
	}
	return false;
}

std::string
Graph::prereqname(const Visit& v, const std::string& word)
{
	if(!v.r->is(Ameta))
		return word;
	if(!v.r->is(Aregexp))
		return substem(v.m->stem, word);
	std::array<Submatch, 10> sub;
	v.r->pattern->match(v.t.name, sub);
	return regsub(word, v.t.name, sub);
}

void
Graph::applyrules(Target& root, size_t nreps)
{
	uses.assign(rules.size(), nreps);
	std::vector<Visit> path;
	auto enter = [this, &path](Target& t) { path.push_back({t, rules.of(t.name)}); };
	enter(root);
	while(!path.empty()) {
		Visit& v = path.back();
		if(!v.r && !nextrule(v)) {
			path.pop_back();
			continue;
		}
		if(v.word == v.r->tail.size()) {
			if(v.word == 0)
				v.t.prereqs.push_back({nullptr, v.r, v.m});
			uses[v.r->number]++;
			v.r = nullptr;
			continue;
		}
		std::string name = prereqname(v, v.r->tail[v.word++]);
		Target* old = find(name);
		Target& n = old ? *old : newtarget(name);
		v.t.prereqs.push_back({&n, v.r, v.m});
		if(!old)
			enter(n);
	}
}

void
Graph::checkcycles(Target& root)
{
	std::vector<std::pair<Target*, size_t>> path{{&root, 0}};
	unsigned walk = ++walks;
	root.flags |= Target::Inpath;
	while(!path.empty()) {
		auto& [t, i] = path.back();
		if(i == t->prereqs.size()) {
			t->flags &= ~unsigned(Target::Inpath);
			t->seen = walk;
			path.pop_back();
			continue;
		}
		Target* n = t->prereqs[i++].n;
		if(!n || n->seen == walk)
			continue;
		if(!n->is(Target::Inpath)) {
			n->flags |= Target::Inpath;
			path.emplace_back(n, 0);
			continue;
		}
		std::string chain = "\t" + n->name;
		size_t k = 0;
		while(path[k].first != n)
			k++;
		for(size_t shown = 0; k < path.size(); k++) {
			const Arc& a = path[k].first->prereqs[path[k].second - 1];
			if(shown++ == Maxtrace) {
				chain += " <- ...";
				break;
			}
			chain += " <-(" + a.r->where() + ")- " + a.n->name;
		}
		fatal("cycle in graph detected at target " + n->name + "\n" + chain);
	}
}

// Drops what only metarules lead to and nothing makes.  A rule goes with all its
// prerequisites or with none.
void
Graph::vacuous(Target& t)
{
	if(t.is(Target::Ready))
		return;
	t.flags |= Target::Ready;
	bool vac = !t.is(Target::Probable);
	std::unordered_set<const Rule*> stay;
	for(Arc& a : t.prereqs) {
		a.doomed = a.n && a.n->is(Target::Vacuous) && a.r->is(Ameta);
		if(!a.doomed) {
			vac = false;
			stay.insert(a.r);
		}
	}
	for(Arc& a : t.prereqs)
		a.doomed = a.doomed && !stay.contains(a.r);
	dropdoomed(t);
	if(vac)
		t.flags |= Target::Vacuous;
}

// One recipe a target; a metarule's gives way to another.
void
Graph::ambiguous(Target& t)
{
	Arc* had = nullptr;
	std::string bad;
	for(Arc& a : t.prereqs) {
		if(a.r->recipe->empty())
			continue;
		if(!had) {
			had = &a;
			continue;
		}
		if(had->r->recipe == a.r->recipe)
			continue;
		if(had->r->is(Ameta) && !a.r->is(Ameta)) {
			had->doomed = true;
			had = &a;
			continue;
		}
		if(!had->r->is(Ameta) && a.r->is(Ameta)) {
			a.doomed = true;
			continue;
		}
		if(bad.empty())
			bad = trace(t, had);
		bad += trace(t, &a);
	}
	if(!bad.empty()) {
		bad.pop_back();
		fatal("ambiguous recipes for " + t.name + ":\n" + bad);
	}
	dropdoomed(t);
}

void
Graph::attributes(Target& t)
{
	for(const Arc& a : t.prereqs) {
		if(a.r->is(Avirtual))
			t.flags |= Target::Virtual;
		if(a.r->is(Anorecipe))
			t.flags |= Target::Norecipe;
		if(a.r->is(Adelete))
			t.flags |= Target::Delete;
	}
	if(t.is(Target::Virtual))
		t.time = 0;
}

Target&
Graph::build(const std::string& name, size_t nreps)
{
	Target* root = find(name);
	if(!root) {
		root = &newtarget(name);
		applyrules(*root, nreps);
	}
	checkcycles(*root);
	root->flags |= Target::Probable;	// so that it is not dropped
	each(*root, [this](Target& t) { vacuous(t); });
	each(*root, [this](Target& t) { ambiguous(t); });
	each(*root, [this](Target& t) { attributes(t); });
	return *root;
}
}
