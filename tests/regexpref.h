// Regular expressions matched in the plainest way there is, by trying everything, to
// judge the fast way.  It takes the same tree.

#pragma once

#include <functional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "lib9/regexp.h"
#include "lib9/regexptree.h"

namespace p9 {

class Regexpref {
	using Places = std::set<size_t>;
	using Then = std::function<bool(size_t)>;

	const Retree t;
	std::string_view text;
	std::vector<Submatch> m;
	long steps = 0;

	bool zero(const Renode& e, size_t p) const
	{
		if(e.op == Renode::Bol)
			return p == 0 || text[p - 1] == '\n';
		return p == text.size() || text[p] == '\n';
	}

	// How long the character at p is if e matches it, else 0.
	size_t one(const Renode& e, size_t p) const
	{
		if(p == text.size())
			return 0;
		char32_t r;
		size_t n = rechar(text.substr(p), r);
		return (e.op == Renode::Rune ? e.arg == r : t.cls[e.arg].has(r)) ? n : 0;
	}

	// Where n can end when it begins at one of in.
	Places ends(uint32_t n, Places in)
	{
		const Renode& e = t[n];
		Places out;
		switch(e.op) {
		case Renode::Rune:
		case Renode::Class:
			for(size_t p : in)
				if(size_t k = one(e, p); k > 0)
					out.insert(p + k);
			return out;
		case Renode::Bol:
		case Renode::Eol:
			for(size_t p : in)
				if(zero(e, p))
					out.insert(p);
			return out;
		case Renode::Cat:
			for(uint32_t k = e.kid; k != 0; k = t[k].next)
				in = ends(k, in);
			return in;
		case Renode::Alt:
			for(uint32_t k = e.kid; k != 0; k = t[k].next)
				out.merge(ends(k, in));
			return out;
		case Renode::Sub: return ends(e.kid, in);
		case Renode::Star:
		case Renode::Ques: out = in; break;
		case Renode::Plus: break;
		}
		for(Places more = std::move(in); !more.empty();) {
			Places fresh;
			for(size_t p : ends(e.kid, more))
				if(out.insert(p).second)
					fresh.insert(p);
			more = std::move(fresh);
			if(e.op == Renode::Ques)
				break;
		}
		return out;
	}

	bool canbeempty(uint32_t n) const
	{
		const Renode& e = t[n];
		bool any = false, all = true;
		for(uint32_t k = e.kid; k != 0; k = t[k].next) {
			any |= canbeempty(k);
			all &= canbeempty(k);
		}
		if(e.op == Renode::Rune || e.op == Renode::Class)
			return false;
		return e.op == Renode::Star || e.op == Renode::Ques ||
			(e.op == Renode::Alt ? any : all);
	}

	bool list(uint32_t n, size_t p, const Then& then)
	{
		if(n == 0)
			return then(p);
		return go(n, p, [&, n](size_t q) { return list(t[n].next, q, then); });
	}

	// More of a * or +; no turn but the first of a + may be empty.
	bool loop(const Renode& e, size_t p, const Then& then)
	{
		return go(e.kid, p, [&, p](size_t q) {
			return q != p && (loop(e, q, then) || then(q));
		});
	}

	// Tries all ways of n from p, the best first, until then is content with its end.
	bool go(uint32_t n, size_t p, const Then& then)
	{
		if(++steps > Enough)
			return false;
		const Renode& e = t[n];
		switch(e.op) {
		case Renode::Rune:
		case Renode::Class: {
			size_t k = one(e, p);
			return k > 0 && then(p + k);
		}
		case Renode::Bol:
		case Renode::Eol: return zero(e, p) && then(p);
		case Renode::Cat: return list(e.kid, p, then);
		case Renode::Alt:
			for(uint32_t k = e.kid; k != 0; k = t[k].next)
				if(go(k, p, then))
					return true;
			return false;
		case Renode::Ques: return go(e.kid, p, then) || then(p);
		case Renode::Plus:
			return go(e.kid, p, [&, p](size_t q) {
				return (q != p && loop(e, q, then)) || then(q);
			});
		case Renode::Star: return loop(e, p, then) || then(p);
		case Renode::Sub: break;
		}
		Submatch before = m[e.arg];
		bool good = go(e.kid, p, [&](size_t q) {
			Submatch old = std::exchange(m[e.arg], Submatch{p, q});
			if(then(q))
				return true;
			m[e.arg] = old;
			return false;
		});
		if(!good)
			m[e.arg] = before;
		return good;
	}

public:
	static constexpr long Enough = 20000;

	Regexpref(std::string_view expression, unsigned flags)
		: t(reparse(expression, flags))
	{
	}

	// The leftmost longest match from from on, or what is not taken.
	Submatch find(std::string_view s, size_t from)
	{
		text = s;
		for(size_t p = from; p <= s.size();) {
			Places e = ends(t.root, {p});
			if(!e.empty())
				return {p, *e.rbegin()};
			char32_t r;
			p += p < s.size() ? rechar(s.substr(p), r) : 1;
		}
		return {};
	}

	// What the ( ) of a match have; nothing if that takes too many steps, or if a loop
	// has a turn that can be empty: there the choice that is first depends on which have
	// been tried.
	std::vector<Submatch> submatches(std::string_view s, Submatch all)
	{
		for(const Renode& e : t.node)
			if((e.op == Renode::Star || e.op == Renode::Plus) && canbeempty(e.kid))
				return {};
		text = s;
		m.assign(t.nsub + 1, {});
		m[0] = all;
		steps = 0;
		go(t.root, all.begin, [&](size_t q) { return q == all.end; });
		return steps > Enough ? std::vector<Submatch>{} : m;
	}
};
}
