#include "lib9/regexpsub.h"

#include <algorithm>

namespace p9 {

namespace {

constexpr size_t Maxseen = 4096;	// of 64 bits

bool
bolat(std::string_view text, size_t p)
{
	return p == 0 || text[p - 1] == '\n';
}

bool
eolat(std::string_view text, size_t p)
{
	return p == text.size() || text[p] == '\n';
}
}

// The threads that stand before one character, best first: of two at one instruction
// the worse is gone.  Each has where its ( ) begin and end.
class Rethreads {
	const Resim& re;
	const size_t nslot;
	std::vector<uint32_t> where;	// by pc: its index in list, if that says so
	std::vector<size_t> slots;	// by pc
	std::vector<Resim::Todo> todo;

	bool seen(uint32_t pc) const
	{
		return where[pc] < list.size() && list[where[pc]] == pc;
	}

public:
	std::vector<uint32_t> list;

	Rethreads(const Resim& r, size_t n)
		: re(r), nslot(n), where(r.prog.size()), slots(r.prog.size() * n)
	{
	}
	std::span<size_t> at(uint32_t pc) { return std::span(slots).subspan(pc * nslot, nslot); }
	void add(std::string_view text, size_t p, uint32_t pc, std::span<size_t> s);
};

Resim::Resim(const Retree& t) : cls(t.cls)
{
	start = add(Reinst::Save, 0, compile(t, t.root,
		add(Reinst::Save, 1, add(Reinst::Match, 0, 0))));
}

uint32_t
Resim::add(Reinst::Op op, uint32_t arg, uint32_t next)
{
	prog.push_back({op, arg, next});
	return uint32_t(prog.size() - 1);
}

uint32_t
Resim::compilekids(const Retree& t, uint32_t n, uint32_t next)
{
	std::vector<uint32_t> kids;
	for(uint32_t k = t[n].kid; k != 0; k = t[k].next)
		kids.push_back(k);
	bool cat = t[n].op == Renode::Cat;
	uint32_t pc = cat ? next : compile(t, kids.back(), next);
	if(!cat)
		kids.pop_back();
	for(size_t i = kids.size(); i-- > 0;)
		if(cat)
			pc = compile(t, kids[i], pc);
		else
			pc = add(Reinst::Split, pc, compile(t, kids[i], next));
	return pc;
}

// The instructions of node n, which go on at next; answers their first.
uint32_t
Resim::compile(const Retree& t, uint32_t n, uint32_t next)
{
	const Renode& e = t[n];
	switch(e.op) {
	case Renode::Rune: return add(Reinst::Rune, e.arg, next);
	case Renode::Class: return add(Reinst::Class, e.arg, next);
	case Renode::Bol: return add(Reinst::Bol, 0, next);
	case Renode::Eol: return add(Reinst::Eol, 0, next);
	case Renode::Cat:
	case Renode::Alt: return compilekids(t, n, next);
	case Renode::Ques: return add(Reinst::Split, next, compile(t, e.kid, next));
	case Renode::Sub:
		next = add(Reinst::Save, 2 * e.arg + 1, next);
		return add(Reinst::Save, 2 * e.arg, compile(t, e.kid, next));
	case Renode::Star:
	case Renode::Plus: break;
	}
	uint32_t loop = add(Reinst::Split, next, 0);
	uint32_t body = compile(t, e.kid, loop);
	prog[loop].next = body;
	return e.op == Renode::Star ? loop : body;
}

// Adds a thread at pc, and all that it comes to without a character, before position p.
// s is its slots, which are the same afterwards.
void
Rethreads::add(std::string_view text, size_t p, uint32_t first, std::span<size_t> s)
{
	todo.push_back({first, Resim::Todo::None, 0});
	while(!todo.empty()) {
		Resim::Todo t = todo.back();
		todo.pop_back();
		if(t.slot != t.None) {
			s[t.slot] = t.p;
			continue;
		}
		for(uint32_t pc = t.pc; !seen(pc);) {
			where[pc] = uint32_t(list.size());
			list.push_back(pc);
			const Reinst& i = re.prog[pc];
			bool on = i.op == Reinst::Split || i.op == Reinst::Save ||
				(i.op == Reinst::Bol && bolat(text, p)) ||
				(i.op == Reinst::Eol && eolat(text, p));
			if(!on) {
				std::ranges::copy(s, at(pc).begin());
				break;
			}
			if(i.op == Reinst::Split)
				todo.push_back({i.arg, t.None, 0});
			if(i.op == Reinst::Save && i.arg < nslot) {
				todo.push_back({0, i.arg, s[i.arg]});
				s[i.arg] = p;
			}
			pc = i.next;
		}
	}
}

// How long the character at p is if i matches it, else 0.
size_t
Resim::reads(const Reinst& i, std::string_view text, size_t p) const
{
	char32_t r = uint8_t(text[p]);
	size_t n = r < 0x80 ? 1 : rechar(text.substr(p), r);
	return (i.op == Reinst::Rune ? i.arg == r : cls[i.arg].has(r)) ? n : 0;
}

void
Resim::simulate(std::string_view text, size_t begin, size_t end)
{
	Rethreads threads[] = {{*this, slots.size()}, {*this, slots.size()}};
	threads[0].add(text, begin, start, slots);
	for(size_t p = begin, flip = 0;; flip ^= 1) {
		Rethreads& now = threads[flip];
		Rethreads& then = threads[flip ^ 1];
		char32_t r = 0;
		size_t n = p < end ? rechar(text.substr(p), r) : 0;
		then.list.clear();
		for(uint32_t pc : now.list) {
			const Reinst& i = prog[pc];
			if(i.op == Reinst::Match && p == end) {
				std::ranges::copy(now.at(pc), slots.begin());
				return;
			}
			if((i.op == Reinst::Rune && i.arg == r) ||
				(i.op == Reinst::Class && cls[i.arg].has(r)))
				then.add(text, p + n, i.next, now.at(pc));
		}
		if(p == end)
			return;
		p += n;
	}
}

// Goes the way t up to where it fails or (true) is the match.
bool
Resim::follow(std::string_view text, Todo t, size_t begin, size_t end)
{
	for(;;) {
		size_t bit = t.pc * (end - begin + 1) + (t.p - begin);
		if(seen[bit / 64] >> bit % 64 & 1)
			return false;
		seen[bit / 64] |= uint64_t(1) << bit % 64;
		const Reinst& i = prog[t.pc];
		switch(i.op) {
		case Reinst::Rune:
		case Reinst::Class: {
			size_t n = t.p < end ? reads(i, text, t.p) : 0;
			if(n == 0)
				return false;
			t.p += n;
			break;
		}
		case Reinst::Split: todo.push_back({i.arg, Todo::None, t.p}); break;
		case Reinst::Bol:
			if(!bolat(text, t.p))
				return false;
			break;
		case Reinst::Eol:
			if(!eolat(text, t.p))
				return false;
			break;
		case Reinst::Save:
			if(i.arg < slots.size()) {
				todo.push_back({0, i.arg, slots[i.arg]});
				slots[i.arg] = t.p;
			}
			break;
		case Reinst::Match:
			if(t.p == end)
				return true;
			return false;
		}
		t.pc = i.next;
	}
}

void
Resim::backtrack(std::string_view text, size_t begin, size_t end)
{
	seen.assign(prog.size() * (end - begin + 1) / 64 + 1, 0);
	todo.assign(1, {start, Todo::None, begin});
	while(!todo.empty()) {
		Todo t = todo.back();
		todo.pop_back();
		if(t.slot != Todo::None)
			slots[t.slot] = t.p;
		else if(follow(text, t, begin, end))
			return;
	}
}

void
Resim::submatches(std::string_view text, std::span<Submatch> m)
{
	auto [begin, end] = m[0];
	slots.assign(2 * m.size(), Submatch::npos);
	if(prog.size() < Maxseen && end - begin < Maxseen &&
		prog.size() * (end - begin + 1) / 64 < Maxseen)
		backtrack(text, begin, end);
	else
		simulate(text, begin, end);
	for(size_t k = 1; k < m.size(); k++)
		m[k] = {slots[2 * k], slots[2 * k + 1]};
}
}
