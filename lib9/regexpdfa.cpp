#include "lib9/regexpdfa.h"

#include <algorithm>

namespace p9 {

Redfa::Redfa(const Rebytes& p, Kind k) : prog(p), kind(k), seen(p.inst.size())
{
	classes();
	clear();
}

// Bytes that no instruction tells apart are one class.
void
Redfa::classes()
{
	bool edge[257] = {};
	edge[size_t('\n')] = edge['\n' + 1] = true;
	for(const Rebytes::Range& r : prog.ranges)
		edge[r.lo] = edge[r.hi + 1] = true;
	uint8_t n = 0;
	for(size_t b = 0; b < 256; b++) {
		n += b > 0 && edge[b];
		cls[b] = n;
	}
	stride = n + 2u;
}

void
Redfa::clear()
{
	cleared++;
	table.clear();
	states.clear();
	pool.clear();
	index.assign(64, 0);
	first[0] = first[1] = Unknown;
}

bool
Redfa::full() const
{
	return (table.size() + pool.size()) * sizeof(uint32_t) > Budget &&
		states.size() > 16;
}

void
Redfa::begin()
{
	if(++gen == 0) {
		std::ranges::fill(seen, 0);
		gen = 1;
	}
	then.clear();
	group = 0;
	ended = false;
}

// Adds to then what a thread at pc comes to without reading: instructions that read,
// matches, and ends of lines, which the next byte decides about unless it is known (eol).
void
Redfa::expand(uint32_t from, bool bol, bool eol)
{
	todo.push_back(from);
	while(!todo.empty()) {
		uint32_t pc = todo.back();
		todo.pop_back();
		while(seen[pc] != gen) {
			seen[pc] = gen;
			const Rebytes::Inst& i = prog.inst[pc];
			if(i.op == Rebytes::Split)
				todo.push_back(i.b);
			else if(!(i.op == Rebytes::Bol && bol) && !(i.op == Rebytes::Eol && eol)) {
				if(i.op != Rebytes::Bol)
					then.push_back(pc);
				break;
			}
			pc = i.a;
		}
	}
}

// The threads since the last call began at one place: their order means nothing.
void
Redfa::closegroup()
{
	if(then.size() == group)
		return;
	auto b = then.begin() + ptrdiff_t(group);
	std::sort(b, then.end());
	if(kind != Longest)
		return;
	ended = std::any_of(b, then.end(), [this](uint32_t pc) {
		return prog.inst[pc].op == Rebytes::Match;
	});
	then.push_back(Mark);
	group = then.size();
}

// At the end of a line: what the threads in now come to behind $.
void
Redfa::ends(bool bol)
{
	begin();
	for(uint32_t pc : now)
		if(pc != Mark)
			expand(pc, bol, true);
		else if(closegroup(); ended)
			break;
	now.swap(then);
}

// The threads in now read c.  Whether there is a match before it.
bool
Redfa::follow(int c)
{
	bool matched = false;
	begin();
	for(uint32_t pc : now) {
		if(pc == Mark) {
			closegroup();
			if(matched || ended)
				break;
			continue;
		}
		const Rebytes::Inst& i = prog.inst[pc];
		matched |= i.op == Rebytes::Match;
		if(i.op != Rebytes::Bytes || (kind == Lines && c == '\n'))
			continue;
		for(size_t k = i.a; k < i.a + i.b; k++)
			if(c >= prog.ranges[k].lo && c <= prog.ranges[k].hi)
				expand(prog.ranges[k].next, c == '\n', false);
	}
	return matched;
}

// Where the index says, or should say, which state has the threads in then.
uint32_t&
Redfa::slot(uint64_t h, uint8_t flags)
{
	for(size_t i = h;; i++) {
		uint32_t& n = index[i & (index.size() - 1)];
		if(n == 0)
			return n;
		const State& s = states[n - 1];
		if(s.hash == h && s.flags == flags &&
			std::equal(then.begin(), then.end(),
				pool.begin() + ptrdiff_t(s.begin),
				pool.begin() + ptrdiff_t(s.end)))
			return n;
	}
}

// The state of the threads in then.
uint32_t
Redfa::intern(uint8_t flags)
{
	auto iseol = [this](uint32_t pc) {
		return pc != Mark && prog.inst[pc].op == Rebytes::Eol;
	};
	if(std::ranges::none_of(then, iseol))
		flags &= uint8_t(~Atbol);	// it makes no difference any more
	uint64_t h = flags;
	for(uint32_t pc : then) {
		h = (h ^ pc) * 0x9E3779B97F4A7C15;
		h ^= h >> 29;
	}
	if(uint32_t n = slot(h, flags); n != 0)
		return (n - 1) * stride;
	if(full())
		clear();
	if(index.size() < 2 * states.size()) {
		index.assign(2 * index.size(), 0);
		for(size_t i = 0; i < states.size(); i++) {
			size_t k = states[i].hash;
			while(index[k & (index.size() - 1)] != 0)
				k++;
			index[k & (index.size() - 1)] = uint32_t(i + 1);
		}
	}
	uint32_t& n = slot(h, flags);
	states.push_back({pool.size(), pool.size() + then.size(), h, flags});
	pool.insert(pool.end(), then.begin(), then.end());
	table.resize(table.size() + stride, Unknown);
	n = uint32_t(states.size());
	return (n - 1) * stride;
}

// What comes of state when it reads c, as the table has it.
uint32_t
Redfa::step(uint32_t state, int c)
{
	const State& s = states[state / stride];
	uint8_t flags = s.flags;
	now.assign(pool.begin() + ptrdiff_t(s.begin), pool.begin() + ptrdiff_t(s.end));
	if(c == '\n' || c == Eof)
		ends(flags & Atbol);
	bool matched = follow(c);
	bool bol = c == '\n';
	uint32_t next = matched ? Matched : 0;
	if(matched || ended)
		flags |= Nostart;
	if(c == Eof || (matched && (kind == Lines || kind == Any)))
		next |= Stop;
	else {
		if(!(flags & Nostart))
			expand(prog.start, bol, false);
		closegroup();
		if(ended)
			flags |= Nostart;
		flags = uint8_t((flags & Nostart) | (bol ? Atbol : 0));
		size_t before = cleared;
		next |= then.empty() && (flags & Nostart) ? Stop : intern(flags);
		if(cleared != before)
			return next;
	}
	table[state + (c == Eof ? stride - 1 : cls[c])] = next;
	return next;
}

Redfa::Cursor
Redfa::start(bool bol)
{
	if(first[bol] == Unknown) {
		begin();
		expand(prog.start, bol, false);
		closegroup();
		bool nostart = kind == Anchored || ended;
		uint32_t s = intern(uint8_t((bol ? Atbol : 0) | (nostart ? Nostart : 0)));
		first[bol] = s;
	}
	return {first[bol], std::string_view::npos, false};
}

// Way is 1 or -1.
template<int Way>
void
Redfa::run(Cursor& c, const char* s, size_t p, size_t end)
{
	const uint32_t* t = table.data();
	uint32_t state = c.state;
	for(; p != end; p += size_t(Way)) {
		uint8_t b = uint8_t(s[Way > 0 ? p : p - 1]);
		uint32_t next = t[state + cls[b]];
		if(next >= Unknown) {
			if(next == Unknown) {
				next = step(state, b);
				t = table.data();
			}
			if(next & Matched)
				c.match = p;
			if(next & Stop) {
				c.done = true;
				return;
			}
			next &= ~Matched;
		}
		state = next;
	}
	c.state = state;
}

void
Redfa::read(Cursor& c, std::string_view s, size_t p, size_t end)
{
	if(!c.done)
		run<1>(c, s.data(), p, end);
}

void
Redfa::readback(Cursor& c, std::string_view s, size_t p, size_t end)
{
	if(!c.done)
		run<-1>(c, s.data(), p, end);
}

void
Redfa::finish(Cursor& c, size_t p, int byte)
{
	if(c.done)
		return;
	uint32_t next = table[c.state + (byte == Eof ? stride - 1 : cls[byte])];
	if(next == Unknown)
		next = step(c.state, byte);
	if(next & Matched)
		c.match = p;
	c.done = true;
}
}
