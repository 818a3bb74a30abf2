// Runes and UTF-8.  rune(2).

#include "lib9/utf.h"

#include <algorithm>
#include <iterator>

namespace p9 {

namespace {

bool
iscont(char c)
{
	return (uint8_t(c) & 0xC0) == 0x80;
}

// How many bytes a sequence that begins with c has; 0 if none begins so.
size_t
seqlen(uint8_t c)
{
	if(c < 0x80)
		return 1;
	if(c >= 0xC2 && c <= 0xDF)
		return 2;
	if(c >= 0xE0 && c <= 0xEF)
		return 3;
	if(c >= 0xF0 && c <= 0xF4)
		return 4;
	return 0;
}

bool
isrune(char32_t r)
{
	return r <= Runemax && (r < 0xD800 || r > 0xDFFF);
}

// Letters whose lower case stands at a fixed distance: [lo, hi] are the upper ones.
struct Shift {
	char32_t lo, hi;
	char32_t by;
};
constexpr Shift Shifts[] = {
	{'A', 'Z', 32},
	{0xC0, 0xD6, 32},
	{0xD8, 0xDE, 32},
	{0x386, 0x386, 0x26},
	{0x388, 0x38A, 0x25},
	{0x38C, 0x38C, 0x40},
	{0x38E, 0x38F, 0x3F},
	{0x391, 0x3A1, 32},
	{0x3A3, 0x3AB, 32},
	{0x400, 0x40F, 80},
	{0x410, 0x42F, 32},
};

// Letters in pairs, the upper one first: [lo, hi] begins with an upper one.
struct Pairs {
	char32_t lo, hi;
};
constexpr Pairs Pairtab[] = {
	{0x100, 0x12F},
	{0x132, 0x137},
	{0x139, 0x148},
	{0x14A, 0x177},
	{0x179, 0x17E},
	{0x460, 0x481},
	{0x48A, 0x4BF},
	{0x4D0, 0x52F},
};
}

size_t
decode(std::string_view s, char32_t& r)
{
	r = Runeerror;
	if(s.empty())
		return 0;
	uint8_t c = uint8_t(s[0]);
	if(c < 0x80) {
		r = c;
		return 1;
	}
	size_t n = seqlen(c);
	if(n == 0 || s.size() < n)
		return 1;
	char32_t v = c & (0x7Fu >> n);
	for(size_t i = 1; i < n; i++) {
		if(!iscont(s[i]))
			return 1;
		v = v << 6 | (uint8_t(s[i]) & 0x3F);
	}
	constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if(v < least[n] || !isrune(v))
		return 1;
	r = v;
	return n;
}

void
encode(char32_t r, std::string& s)
{
	if(!isrune(r))
		r = Runeerror;
	if(r < 0x80) {
		s += char(r);
		return;
	}
	int n = r < 0x800 ? 2 : r < 0x10000 ? 3 : 4;
	s += char((0xF00u >> n & 0xFF) | r >> (6 * (n - 1)));
	for(int i = n - 2; i >= 0; i--)
		s += char(0x80 | (r >> (6 * i) & 0x3F));
}

std::string
encode(char32_t r)
{
	std::string s;
	encode(r, s);
	return s;
}

bool
fullrune(std::string_view s)
{
	if(s.empty())
		return false;
	size_t n = seqlen(uint8_t(s[0]));
	for(size_t i = 1; i < std::min(n, s.size()); i++)
		if(!iscont(s[i]))
			return true;
	return s.size() >= n;
}

size_t
utflen(std::string_view s)
{
	size_t n = 0;
	for(char32_t r; !s.empty(); n++)
		s.remove_prefix(decode(s, r));
	return n;
}

std::u32string
runes(std::string_view s)
{
	std::u32string u;
	for(char32_t r; !s.empty(); u += r)
		s.remove_prefix(decode(s, r));
	return u;
}

std::string
utf8(std::u32string_view u)
{
	std::string s;
	for(char32_t r : u)
		encode(r, s);
	return s;
}

std::string_view
utfcut(std::string_view s, size_t max)
{
	if(s.size() <= max)
		return s;
	size_t n = max;
	for(size_t back = 1; back < UTFmax && back <= max; back++) {
		char32_t r;
		if(decode(s.substr(max - back), r) > back) {
			n = max - back;
			break;
		}
	}
	return s.substr(0, n);
}

std::string_view
utfcutfront(std::string_view s, size_t max)
{
	if(s.size() <= max)
		return s;
	size_t at = s.size() - max;
	for(size_t back = 1; back < UTFmax && back <= at; back++) {
		char32_t r;
		size_t n = decode(s.substr(at - back), r);
		if(n > back)
			return s.substr(at - back + n);
	}
	return s.substr(at);
}

char32_t
tolowerrune(char32_t r)
{
	for(const Shift& t : Shifts)
		if(r >= t.lo && r <= t.hi)
			return r + t.by;
	for(const Pairs& t : Pairtab)
		if(r >= t.lo && r <= t.hi)
			return r + ((r - t.lo) % 2 == 0 ? 1 : 0);
	if(r == 0x178)
		return 0xFF;
	return r == 0x4C0 ? 0x4CF : r;
}

char32_t
toupperrune(char32_t r)
{
	if(r == 0x3C2)	// the sigma at the end of words
		return 0x3A3;
	for(const Shift& t : Shifts)
		if(r - t.by >= t.lo && r - t.by <= t.hi)
			return r - t.by;
	for(const Pairs& t : Pairtab)
		if(r >= t.lo && r <= t.hi)
			return r - ((r - t.lo) % 2 == 1 ? 1 : 0);
	if(r == 0xFF)
		return 0x178;
	return r == 0x4CF ? 0x4C0 : r;
}

bool
isspacerune(char32_t r)
{
	if(r <= 0x20)
		return r == 0x20 || (r >= '\t' && r <= '\r');
	constexpr char32_t blanks[] = {
		0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
	return (r >= 0x2000 && r <= 0x200A) ||
		std::find(std::begin(blanks), std::end(blanks), r) != std::end(blanks);
}

bool
isupperrune(char32_t r)
{
	return tolowerrune(r) != r;
}

bool
islowerrune(char32_t r)
{
	return toupperrune(r) != r;
}

bool
isalpharune(char32_t r)
{
	if(r < 0x80)
		return (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z');
	return !isspacerune(r);
}

bool
isdigitrune(char32_t r)
{
	return r >= '0' && r <= '9';
}
}
