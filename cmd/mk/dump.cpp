// -d: what mk has read and what it makes of it.

#include "cmd/mk/mk.h"

namespace p9 {

std::string
dumprules(const Rules& rules, bool meta)
{
	std::string s = meta ? "metarules:\n" : "rules:\n";
	rules.all([&s, meta](const Rule& r) {
		if(r.is(Ameta) != meta)
			return;
		s += "\tRule " + r.where() + " attr=" + std::to_string(r.attr) +
		     " alltarget='" + quotewords(*r.alltargets) + "'";
		if(!r.prog.empty())
			s += " prog='" + r.prog + "'";
		s += "\n\ttarget=" + r.target + ": " + quotewords(r.tail) +
		     "\n\trecipe='" + *r.recipe + "'\n";
	});
	return s;
}

std::string
dumpvars(const Mkvars& v)
{
	std::string s = "variables:\n";
	v.all([&s](const std::string& name, const Wordlist& w) {
		s += "\t" + name + "=" + quotewords(w) + "\n";
	});
	return s;
}

std::string
dumpgraph(Graph& g, Target& root)
{
	std::string s;
	g.each(root, [&s](const Target& t) {
		s += t.name + ": time=" + std::to_string(t.time) +
		     " flags=" + std::to_string(t.flags) + "\n";
		for(const Arc& a : t.prereqs) {
			s += "\t" + (a.n ? a.n->name : "") + " by " + a.r->where();
			if(!a.m->stem.empty())
				s += " stem='" + a.m->stem + "'";
			s += "\n";
		}
	});
	return s;
}
}
