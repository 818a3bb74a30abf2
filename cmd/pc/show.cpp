// Numbers as pc(1) prints them.

#include <algorithm>

#include "cmd/pc/calc.h"

namespace p9::calc {

namespace {

// Bits of a figure; 0 of base 10.
size_t
figurebits(unsigned base)
{
	switch(base) {
	case 2: return 1;
	case 8: return 3;
	case 16: return 4;
	}
	return 0;
}

// The lines above a number that number its bits: each figure's lowest one is written from
// the top down.
std::string
heads(size_t bits, size_t perfigure, size_t indent, size_t separate)
{
	size_t unit = 1;
	while(unit < bits)
		unit *= 10;
	std::string all;
	while((unit /= 10) != 0) {
		std::string s;	// from the right
		size_t group = 0;
		for(size_t bit = 0; bit < bits; bit += perfigure, group++) {
			if(separate != 0 && group == separate) {
				s += ' ';
				group = 0;
			}
			bool shown = bit >= unit || (bit == 0 && unit == 1);
			s += shown ? char('0' + bit / unit % 10) : ' ';
		}
		s.append(indent, ' ');
		std::ranges::reverse(s);
		all += s + "\n";
	}
	return all;
}

std::string
separated(std::string_view figures, size_t separate)
{
	if(separate == 0)
		return std::string(figures);
	std::string s;
	for(size_t i = 0; i < figures.size(); i++) {
		if(i > 0 && (figures.size() - i) % separate == 0)
			s += '_';
		s += figures[i];
	}
	return s;
}

std::string_view
prefix(unsigned base, const Calcsettings& set)
{
	switch(base) {
	case 2: return "0b";
	case 8: return "0";
	case 16: return "0x";
	}
	// Where a bare number would be taken for another.
	bool decimal = set.inbase == 10 && (set.outbase == 0 || set.outbase == 10);
	return decimal ? "" : "0d";
}
}

std::string
show(const Num& n, const Calcsettings& set)
{
	unsigned base = set.outbase == 0 ? 10 : set.outbase;
	if(n.radix.fixed || (n.radix.base != 0 && set.outbase == 0))
		base = n.radix.base;
	std::string s;
	if(set.heads && figurebits(base) != 0) {
		size_t indent = prefix(base, set).size() + n.n.negative();
		s = heads(n.n.bits(), figurebits(base), indent, set.separate);
	}
	if(n.n.negative())
		s += '-';
	if(!n.n.iszero())
		s += prefix(base, set);
	return s + separated(n.n.abs().text(base), set.separate) + "\n";
}
}
