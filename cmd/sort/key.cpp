// The bytes by which sort(1) compares lines: the keys of the fields one behind the other,
// each with an end that is less than what could follow (greater when reversed), then that
// of the whole line.

#include "cmd/sort/sort.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr std::string_view Monthnames = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
// The letters under the accents of U+00C0 to U+00DF; those of U+00E0 on are the same.
constexpr std::string_view Unaccented = "AAAAAAACEEEEIIIIDNOOOOO.OUUUUY..";

bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

// The letter that an accented one folds to, or 0.
char32_t
unaccented(char32_t r)
{
	if(r < 0xC0 || r > 0xFF)
		return 0;
	char c = Unaccented[(r - 0xC0) % Unaccented.size()];
	return c == '.' ? 0 : char32_t(c);
}

// Where the n'th field ends or, when a separator is to be passed too, where the next
// begins.  npos when there are not as many.
size_t
skipfields(const Sortspec& spec, std::string_view s, int64_t n, bool end)
{
	size_t i = 0;
	if(spec.tab == 0) {
		for(; n > 0; n--) {
			while(i < s.size() && blank(s[i]))
				i++;
			while(i < s.size() && !blank(s[i]))
				i++;
			if(i == s.size())
				return s.npos;
		}
		return i;
	}
	std::string tab = encode(spec.tab);
	for(; n > 0; n--) {
		i = s.find(tab, i);
		if(i == s.npos)
			return i;
		if(!(end && n == 1))
			i += tab.size();
	}
	return i;
}

size_t
place(const Sortspec& spec, std::string_view s, Sortpos p, bool skipblanks, bool end)
{
	if(end && p.field < 0)
		return s.size();
	size_t i = skipfields(spec, s, p.field, end);
	if(i == s.npos)
		return s.size();
	while(skipblanks && i < s.size() && blank(s[i]))
		i++;
	for(int64_t n = p.rune; n > 0 && i < s.size(); n--) {
		char32_t r;
		i += decode(s.substr(i), r);
	}
	return i;
}

// Puts bytes into a key, turned round when the order is.
class Keyout {
	std::string& key;
	const char flip;

public:
	Keyout(std::string& k, bool reverse) : key(k), flip(reverse ? '\xff' : '\0') {}
	void put(char c) { key += char(c ^ flip); }
	void put(std::string_view s)
	{
		size_t n = key.size();
		key += s;
		if(flip)
			for(; n < key.size(); n++)
				key[n] = char(key[n] ^ flip);
	}
};

class Digits {
	std::string_view s;

public:
	explicit Digits(std::string_view text) : s(text) {}
	char peek() const { return s.empty() ? '\0' : s[0]; }
	void drop() { s.remove_prefix(1); }
	bool digit() const { return peek() >= '0' && peek() <= '9'; }
	void blanks()
	{
		while(blank(peek()))
			drop();
	}
	// Whether a sign that stands here is a minus.
	bool minus()
	{
		bool m = peek() == '-';
		if(m || peek() == '+')
			drop();
		return m;
	}
	std::string_view zeros() { return span([](char c) { return c == '0'; }); }
	std::string_view digits()
	{
		return span([](char c) { return c >= '0' && c <= '9'; });
	}
	template<typename F>
	std::string_view span(F in)
	{
		std::string_view all = s;
		while(!s.empty() && in(s[0]))
			drop();
		return all.substr(0, all.size() - s.size());
	}
};

// The exponent behind an e, within what keys can hold.
int64_t
exponent(Digits& d)
{
	constexpr int64_t Most = 1 << 30;
	bool minus = d.minus();
	int64_t n = 0;
	for(char c : d.digits())
		n = std::min(n * 10 + (c - '0'), Most);
	return minus ? -n : n;
}

// A sign, where the decimal point is, and the digits without zeros at their ends.
void
numberkey(unsigned flags, std::string_view s, std::string& key)
{
	Digits d(s);
	d.blanks();
	bool minus = d.minus();
	d.blanks();
	d.zeros();
	std::string_view whole = d.digits();
	std::string_view fraction;
	int64_t point = int64_t(whole.size());
	if(d.peek() == '.') {
		d.drop();
		if(whole.empty())
			point -= int64_t(d.zeros().size());
		fraction = d.digits();
	}
	while(!fraction.empty() && fraction.back() == '0')
		fraction.remove_suffix(1);
	while(fraction.empty() && !whole.empty() && whole.back() == '0')
		whole.remove_suffix(1);
	if(whole.empty() && fraction.empty()) {
		key += std::string_view("\x20\0", 2);	// between minus and plus
		return;
	}
	if(flags & Sortg && (d.peek() == 'e' || d.peek() == 'E')) {
		d.drop();
		point += exponent(d);
	}
	bool reverse = minus != bool(flags & Sortr);
	key += reverse ? '\x10' : '\x30';
	Keyout out(key, reverse);
	uint64_t p = uint64_t(point + (INT64_C(1) << 40));
	for(int shift = 40; shift >= 0; shift -= 8)
		out.put(char(p >> shift));
	out.put(whole);
	out.put(fraction);
	out.put('\0');
}

// Too little for a month comes first, then what is none, then January.
void
monthkey(unsigned flags, std::string_view s, std::string& key)
{
	Keyout out(key, flags & Sortr);
	std::string name;
	while(!s.empty() && name.size() < 3) {
		char32_t r;
		s.remove_prefix(decode(s, r));
		if(r != ' ' && r != '\t')
			name += r < 0x80 ? char(toupperrune(r)) : '?';
	}
	if(name.size() == 3) {
		size_t m = Monthnames.size();
		for(size_t i = 0; i < Monthnames.size(); i += 3)
			if(Monthnames.substr(i, 3) == name)
				m = i;
		out.put(char(m == Monthnames.size() ? 1 : 2 + m));
	}
	out.put('\0');
}

// Whether r counts with the options d, i and w.
bool
significant(unsigned flags, char32_t r)
{
	bool space = r == ' ' || r == '\t';
	if(flags & Sorti && (r < 040 || r > 0176))
		return false;
	if(flags & Sortw && space)
		return false;
	if(!(flags & Sortd) || space)
		return true;
	return (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') ||
		unaccented(r);
}

char32_t
folded(char32_t r)
{
	if(r >= 'a' && r <= 'z')
		return r - 'a' + 'A';
	char32_t u = unaccented(r);
	return u ? u : r;
}

void
textkey(unsigned flags, std::string_view s, std::string& key)
{
	Keyout out(key, flags & Sortr);
	while(!s.empty()) {
		char32_t r;
		size_t n = decode(s, r);
		if(significant(flags, r)) {
			char32_t f = flags & Sortf ? folded(r) : r;
			// Bytes that are no rune stay what they are.
			out.put(f == r ? s.substr(0, n) : encode(f));
		}
		s.remove_prefix(n);
	}
	out.put('\0');
}

void
fieldkey(unsigned flags, std::string_view s, std::string& key)
{
	if(flags & (Sortn | Sortg))
		numberkey(flags, s, key);
	else if(flags & SortM)
		monthkey(flags, s, key);
	else if(flags & (Sortd | Sortf | Sorti | Sortw))
		textkey(flags, s, key);
	else {
		Keyout out(key, flags & Sortr);
		out.put(s);
		out.put('\0');
	}
}
}

void
sortkey(const Sortspec& spec, std::string_view line, std::string& key)
{
	for(const Sortfield& f : spec.fields) {
		size_t b = place(spec, line, f.beg, f.flags & Sortb1, false);
		size_t e = place(spec, line, f.end, f.flags & Sortb, true);
		fieldkey(f.flags, line.substr(b, e > b ? e - b : 0), key);
	}
	// Other parts of the line do not tell lines apart that are to be one.
	if(!spec.unique || spec.fields.empty())
		fieldkey(spec.global.flags, line, key);
}
}
