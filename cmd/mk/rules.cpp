// The rules, by target and in order.

#include <algorithm>

#include "cmd/mk/mkfile.h"

namespace p9 {

namespace {

bool
haspercent(std::string_view s)
{
	return s.find_first_of("%&") != s.npos;
}
}

std::span<Rule* const>
Rules::of(const std::string& target) const
{
	auto r = bytarget.find(target);
	return r == bytarget.end() ? std::span<Rule* const>{} : r->second;
}

// The rule with the same target and prerequisites, which r takes the place of.
Rule*
Rules::same(const Rule& r)
{
	for(Rule* o : of(r.target))
		if(o->tail == r.tail && o->is(Aregexp) == r.is(Aregexp))
			return o;
	return nullptr;
}

void
Rules::add(Rule r)
{
	if(Rule* o = same(r)) {
		r.pattern = std::move(o->pattern);
		r.number = o->number;
		*o = std::move(r);
		return;
	}
	if(r.is(Aregexp))
		r.pattern.emplace(r.target);
	r.number = rules.size();
	rules.push_back(std::move(r));
	Rule& n = rules.back();
	// The first stays the first, and behind it they stand the newest first.
	std::vector<Rule*>& v = bytarget[n.target];
	v.insert(v.begin() + std::min<ptrdiff_t>(1, std::ssize(v)), &n);
	if(n.is(Ameta))
		metas.push_back(&n);
}

void
Rules::add(const Rulehead& h, std::string recipe)
{
	if(first.empty() && !(h.attr & Aregexp) &&
	   std::ranges::none_of(h.targets, haspercent))
		first = h.targets;
	auto body = std::make_shared<const std::string>(std::move(recipe));
	auto all = std::make_shared<const Wordlist>(h.targets);
	for(const std::string& t : h.targets) {
		Rule r;
		r.target = t;
		r.tail = h.tail;
		r.recipe = body;
		r.alltargets = all;
		r.prog = h.prog;
		r.file = h.file;
		r.line = h.line;
		r.attr = h.attr;
		if((h.attr & Aregexp) || haspercent(t))
			r.attr |= Ameta;
		add(std::move(r));
	}
}
}
