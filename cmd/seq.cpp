// seq(1).  Numbers are decimal and stay so: 0.1 is a tenth, and ten of them are 1.  What
// is too large or too fine for that is counted in floating point.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

constexpr int Mostwidth = 1000;	// of a format
constexpr int Maxscale = 18;	// digits behind the point that are exact
__extension__ typedef __int128 Int;

// A number by its digits: 0.ddd times 10 to the power of point; zero has none.
struct Decimal {
	bool minus = false;
	std::string digits;
	int point = 0;

	explicit Decimal(double v);
	Decimal(Int v, int scale);
	void round(int n);
	void trim();
	char at(int i) const
	{
		return i >= 0 && i < int(digits.size()) ? digits[size_t(i)] : '0';
	}
};

void
Decimal::trim()
{
	size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
	digits.erase(0, zeros);
	point -= int(zeros);
	digits.erase(digits.find_last_not_of('0') + 1);
	if(digits.empty())
		point = 1;
}

Decimal::Decimal(double v) : minus(std::signbit(v))
{
	char buf[64];
	char* end = std::to_chars(buf, buf + sizeof buf, std::fabs(v),
				  std::chars_format::scientific).ptr;
	std::string s(buf, end);
	size_t e = s.find('e');
	point = 1 + std::atoi(s.c_str() + e + 1);
	digits = s.substr(0, e);
	std::erase(digits, '.');
	trim();
}

Decimal::Decimal(Int v, int scale) : minus(v < 0)
{
	for(Int n = minus ? -v : v; n > 0; n /= 10)
		digits.insert(digits.begin(), char('0' + int(n % 10)));
	point = int(digits.size()) - scale;
	trim();
}

// To n digits, halves away from zero.
void
Decimal::round(int n)
{
	if(n >= int(digits.size()))
		return;
	bool up = n >= 0 && at(n) >= '5';
	digits.resize(size_t(std::max(n, 0)));
	if(up) {
		size_t i = digits.size();
		while(i > 0 && digits[i - 1] == '9')
			digits[--i] = '0';
		if(i > 0)
			digits[i - 1]++;
		else {
			digits.insert(digits.begin(), '1');
			point++;
		}
	}
	trim();
}

// The digits from place i to j, where 0 is behind the point; zeros where there are none.
std::string
places(const Decimal& d, int i, int j)
{
	std::string s;
	for(; i < j; i++)
		s += d.at(i + d.point);
	return s;
}

std::string
fixedform(Decimal d, int prec)
{
	d.round(d.point + prec);
	return places(d, std::min(-d.point, -1), 0) + (prec > 0 ? "." : "") +
		places(d, 0, prec);
}

std::string
exponentform(Decimal d, int prec)
{
	d.round(prec + 1);
	int e = d.point - 1;
	std::string s = places(d, -d.point, -d.point + 1) + (prec > 0 ? "." : "") +
		places(d, -d.point + 1, -d.point + 1 + prec);
	return s + fmt::format("e{}{:02}", e < 0 ? '-' : '+', std::abs(e));
}

// A format of print(2) for one number, or for none.
struct Format {
	std::string before;
	std::string after;
	bool left = false;
	bool plus = false;
	bool space = false;
	bool sharp = false;
	bool zero = false;
	int width = 0;
	int prec = 6;
	char verb = 0;	// e f g E G d, or 0: none

	bool parse(std::string_view s);
	std::string operator()(const Decimal& d) const;

private:
	bool flag(char c);
	std::string general(Decimal d) const;
	std::string digits(const Decimal& d) const;
};

bool
Format::flag(char c)
{
	switch(c) {
	case '-': return left = true;
	case '+': return plus = true;
	case ' ': return space = true;
	case '#': return sharp = true;
	case '0': return zero = true;
	}
	return false;
}

// False when it is no format, or asks for more than one number or for a monstrous one.
bool
Format::parse(std::string_view s)
{
	auto number = [&s](int& n) {
		for(n = 0; !s.empty() && s[0] >= '0' && s[0] <= '9'; s.remove_prefix(1))
			n = std::min(n * 10 + (s[0] - '0'), Mostwidth + 1);
		return n <= Mostwidth;
	};
	while(!s.empty()) {
		char c = s[0];
		s.remove_prefix(1);
		if(c != '%' || s.starts_with('%')) {
			(verb ? after : before) += c;
			s.remove_prefix(c == '%');
			continue;
		}
		if(verb)
			return false;
		while(!s.empty() && flag(s[0]))
			s.remove_prefix(1);
		if(!number(width))
			return false;
		if(s.starts_with('.')) {
			s.remove_prefix(1);
			if(!number(prec))
				return false;
		}
		if(s.empty() || std::string_view("efgEGd").find(s[0]) == s.npos)
			return false;
		verb = s[0];
		s.remove_prefix(1);
	}
	return true;
}

// In the shorter form, without zeros at the end unless they are asked for.
std::string
Format::general(Decimal d) const
{
	int p = std::max(prec, 1);
	d.round(p);
	int e = d.point - 1;
	bool fixed = e >= -4 && e < p;
	std::string s = fixed ? fixedform(d, p - 1 - e) : exponentform(d, p - 1);
	size_t end = std::min(s.find('e'), s.size());
	if(sharp || s.find('.') == s.npos)
		return s;
	size_t last = s.find_last_not_of('0', end - 1);
	last += s[last] != '.';
	return s.erase(last, end - last);
}

std::string
Format::digits(const Decimal& d) const
{
	switch(verb) {
	case 'e':
	case 'E': return exponentform(d, prec);
	case 'f': return fixedform(d, prec);
	case 'd': return places(d, std::min(-d.point, -1), 0);	// what is behind is cut off
	}
	return general(d);
}

std::string
Format::operator()(const Decimal& d) const
{
	if(!verb)
		return before;
	std::string s = digits(d);
	if(verb == 'E' || verb == 'G')
		std::ranges::replace(s, 'e', 'E');
	if(sharp && verb != 'd' && s.find('.') == s.npos)
		s.insert(std::min(s.find_first_of("eE"), s.size()), ".");
	bool minus = d.minus && !(verb == 'd' && s.find_first_not_of('0') == s.npos);
	std::string sign = minus ? "-" : plus ? "+" : space ? " " : "";
	size_t n = sign.size() + s.size();
	std::string pad(size_t(width) > n ? size_t(width) - n : 0, zero && !left ? '0' : ' ');
	if(left)
		s = sign + s + pad;
	else
		s = zero ? sign + pad + s : pad + sign + s;
	return before + s + after;
}

// A number of the command line, exact or not.
struct Number {
	double approx = 0;
	bool exact = false;
	Int mantissa = 0;
	int scale = 0;	// digits of it behind the point

	bool parse(std::string_view s);
};

bool
Number::parse(std::string_view s)
{
	if(s.starts_with('+'))
		s.remove_prefix(1);
	auto r = std::from_chars(s.data(), s.data() + s.size(), approx);
	if(r.ec != std::errc() || r.ptr != s.data() + s.size() || std::isnan(approx))
		return false;
	bool minus = s.starts_with('-');
	s.remove_prefix(minus);
	size_t n = 0;
	size_t point = s.npos;
	for(char c : s)
		if(c == '.')
			point = 0;
		else if(c < '0' || c > '9')
			return true;
		else {
			n += mantissa != 0 || c != '0';
			if(n > size_t(Maxscale))
				return true;
			mantissa = mantissa * 10 + (c - '0');
			if(point != s.npos)
				point++;
		}
	scale = point == s.npos ? 0 : int(std::min<size_t>(point, Maxscale + 1));
	mantissa = minus ? -mantissa : mantissa;
	exact = scale <= Maxscale;
	return true;
}

// first, first+incr, ... to last.
class Sequence {
	Number first;
	Number incr;
	Number last;
	bool exact = false;
	int scale = 0;

public:
	Sequence(Number f, Number i, Number l);
	// Calls put with each, until it answers false.
	template<typename F>
	void each(F put) const;
};

Sequence::Sequence(Number f, Number i, Number l) : first(f), incr(i), last(l)
{
	exact = f.exact && i.exact && (l.exact || std::isinf(l.approx));
	scale = std::max({f.scale, i.scale, l.exact ? l.scale : 0});
	for(Number* n : {&first, &incr, &last})
		for(; exact && n->exact && n->scale < scale; n->scale++)
			n->mantissa *= 10;
	if(!l.exact)	// further than anybody counts
		last.mantissa = (Int(1) << 125) * (l.approx < 0 ? -1 : 1);
}

template<typename F>
void
Sequence::each(F put) const
{
	bool up = incr.approx > 0;
	if(!exact) {
		double v = first.approx;
		while(std::isfinite(v) && (up ? v <= last.approx : v >= last.approx)) {
			if(!put(Decimal(v)))
				return;
			v += incr.approx;
		}
		return;
	}
	Int v = first.mantissa;
	while(up ? v <= last.mantissa : v >= last.mantissa) {
		if(!put(Decimal(v, scale)))
			return;
		v += incr.mantissa;
	}
}

// The format in which all have one width; plain %g when one needs an exponent.
Format
equalwidths(const Sequence& seq)
{
	Format g;
	g.verb = 'g';
	size_t whole = 0;
	size_t rest = 0;
	bool good = true;
	seq.each([&](const Decimal& d) {
		pollnotes();
		std::string s = g(d);
		size_t point = std::min(s.find('.'), s.size());
		whole = std::max(whole, point);
		rest = std::max(rest, s.size() - point);
		return good = s.find('e') == s.npos;
	});
	if(!good)
		return g;
	Format f;
	f.verb = 'f';
	f.zero = true;
	f.width = int(whole + rest);
	f.prec = int(std::max<size_t>(rest, 1)) - 1;
	return f;
}
}

void
seq(Argv argv)
{
	Cmdline a(argv, "[-fformat] [-w] [first [incr]] last");
	std::optional<std::string> format;
	bool same = false;
	size_t i = 1;
	// A word that is no flag, such as -5, is a number.
	for(; i < argv.size(); i++) {
		std::string_view s = argv[i];
		if(s == "-w")
			same = true;
		else if(s == "-f" && i + 1 < argv.size())
			format = argv[++i];
		else if(s.starts_with("-f") && s.size() > 2)
			format = s.substr(2);
		else
			break;
	}
	if(i < argv.size() && argv[i] == "--")
		i++;
	size_t n = argv.size() - i;
	if(n < 1 || n > 3)
		a.usage();
	Number v[3];
	for(size_t k = 0; k < n; k++)
		if(!v[k].parse(argv[i + k]))
			a.fatal("bad number: " + argv[i + k]);
	Number one;
	one.parse("1");
	Number incr = n > 2 ? v[1] : one;
	if(incr.approx == 0) {
		a.warn("zero increment");
		exits("zero increment");
	}
	Sequence seq(n > 1 ? v[0] : one, incr, v[n - 1]);
	Format f;
	f.verb = 'g';
	if(format)
		f.verb = 0;
	if(format && !f.parse(*format))
		a.fatal("bad format: " + *format);
	if(!format && same)
		f = equalwidths(seq);
	f.zero |= same;
	if(!(format && format->ends_with('\n')))
		(f.verb ? f.after : f.before) += '\n';
	Bout out(1);
	seq.each([&](const Decimal& d) {
		pollnotes();
		out.put(f(d));
		return true;
	});
	out.flush();
}
}
