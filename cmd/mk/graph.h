// The graph of targets: what each is made from, by which rule.
//
// Targets and Matches live as long as the Graph.  Walks over it do not recurse, for a
// chain of prerequisites may be longer than a stack.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cmd/mk/mkfile.h"

namespace p9 {

// The times of files, in seconds; 0 is a file that is not there.  A directory is read
// once, for all that lie in it.
class Filetimes {
	std::unordered_map<std::string, int64_t> pretended;
	using Files = std::unordered_map<std::string, int64_t>;
	std::unordered_map<std::string, std::optional<Files>> dirs;

	static std::optional<Files> readdir(const std::string& dir);

public:
	static int64_t now();

	// -w: name was changed just now.
	void pretend(const std::string& name) { pretended[name] = now(); }
	// As it was when it or its neighbours were first asked for.
	int64_t of(const std::string& name);
	// Directories are read anew: recipes have run.
	void forget() { dirs.clear(); }
	// As it is.
	static int64_t fresh(const std::string& name);
};

struct Target;

// How a metarule fits a target.
struct Match {
	std::string stem;
	std::vector<std::string> sub;	// of a regular expression: \0, \1 ...
};

// A prerequisite of a target by a rule.
struct Arc {
	Target* n = nullptr;	// none: the rule has no prerequisites
	const Rule* r = nullptr;
	const Match* m = nullptr;
	bool doomed = false;	// it will be dropped
};

struct Target {
	enum Flag : unsigned {
		Virtual = 1,
		Inpath = 2,	// of the search for cycles
		Ready = 4,	// looked through for what is vacuous
		Canpretend = 8,
		Pretending = 16,	// not there, but nobody needs it to be
		Notmade = 32,
		Beingmade = 64,
		Made = 128,
		Probable = 256,	// it is there, or a rule names it
		Vacuous = 512,	// only metarules want it
		Norecipe = 1024,
		Delete = 2048,
		Makes = Notmade | Beingmade | Made,
	};

	std::string name;
	int64_t time = 0;
	unsigned flags = 0;
	std::vector<Arc> prereqs;
	unsigned seen = 0;	// the last walk that came by

	// While it waits for prerequisites: for how many, and who asked for it how.
	size_t waits = 0;
	Target* wantedby = nullptr;
	const Arc* wanted = nullptr;
	std::vector<Target*> waiters;	// those that wait for it, once for each Arc

	bool is(unsigned f) const { return flags & f; }
	// One of Notmade, Beingmade, Made.
	void setmade(unsigned f) { flags = (flags & ~unsigned(Makes)) | f; }
};

class Graph {
	const Rules& rules;
	Filetimes& times;
	std::deque<Target> targets;
	std::unordered_map<std::string_view, Target*> byname;
	std::deque<Match> matches;
	std::vector<size_t> uses;	// by rule, on the way to the target at hand
	unsigned walks = 0;

	struct Visit;

	Target& newtarget(const std::string& name);
	bool usable(const Rule& r, const Target& t) const;
	const Match* match(const Rule& r, const std::string& name);
	bool nextrule(Visit& v);
	std::string prereqname(const Visit& v, const std::string& word);
	void applyrules(Target& root, size_t nreps);
	void checkcycles(Target& root);
	void vacuous(Target& t);
	void ambiguous(Target& t);
	void attributes(Target& t);

public:
	Graph(const Rules& r, Filetimes& t) : rules(r), times(t) {}

	// The target and all below it.  A rule is used at most nreps times on the way
	// from it to a prerequisite.  Cycles and ambiguous recipes end in Emkstop.
	Target& build(const std::string& name, size_t nreps);
	Target* find(std::string_view name);

	// Calls f(t) for each target below root once and for root, prerequisites first.
	// f may change t's prerequisites.
	template<class F>
	void each(Target& root, F f)
	{
		std::vector<std::pair<Target*, size_t>> path;
		unsigned walk = ++walks;
		auto enter = [&path, walk](Target* t) {
			if(!t || t->seen == walk)
				return;
			t->seen = walk;
			path.emplace_back(t, 0);
		};
		enter(&root);
		while(!path.empty()) {
			auto& [t, i] = path.back();
			if(i < t->prereqs.size()) {
				enter(t->prereqs[i++].n);
				continue;
			}
			Target& done = *t;
			path.pop_back();
			f(done);
		}
	}
};
}
