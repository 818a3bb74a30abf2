#include "cmd/tm.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib9/quote.h"
#include "port/sys.h"

namespace p9 {

namespace {

constexpr std::string_view Days[] = {"Sunday", "Monday", "Tuesday", "Wednesday",
	"Thursday", "Friday", "Saturday"};
constexpr std::string_view Months[] = {"January", "February", "March", "April", "May",
	"June", "July", "August", "September", "October", "November", "December"};

// Big-endian, as the file is.
int64_t
number(std::string_view s, size_t at, size_t n)
{
	uint64_t v = uint8_t(s[at]) & 0x80 ? ~uint64_t(0) : 0;
	for(size_t i = 0; i < n; i++)
		v = v << 8 | uint8_t(s[at + i]);
	return int64_t(v);
}

// The counts in the header of one part of a zoneinfo file.
struct Tzhead {
	enum : size_t { Size = 44 };
	size_t isut, isstd, leap, time, type, chars;

	static bool good(std::string_view s)
	{
		return s.size() >= Size && s.starts_with("TZif");
	}
	explicit Tzhead(std::string_view s)
	{
		size_t* all[] = {&isut, &isstd, &leap, &time, &type, &chars};
		for(size_t i = 0; i < 6; i++)
			*all[i] = size_t(std::clamp<int64_t>(number(s, 20 + 4 * i, 4), 0,
							     1 << 20));
	}
	// Bytes of the data behind it, for times of n bytes.
	size_t data(size_t n) const
	{
		return time * (n + 1) + type * 6 + chars + leap * (n + 4) + isstd + isut;
	}
};

int64_t
floordiv(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

// The year, month and day that lie days behind 1970 began, in years from March on.
void
civil(int64_t days, Tm& t)
{
	int64_t z = days + 719468;
	int64_t era = floordiv(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	t.mday = int(doy - (153 * mp + 2) / 5 + 1);
	t.mon = int(mp < 10 ? mp + 2 : mp - 10);
	t.year = yoe + era * 400 + (t.mon <= 1);
	bool leap = (t.year % 4 == 0 && t.year % 100 != 0) || t.year % 400 == 0;
	t.yday = int(t.mon >= 2 ? doy + 59 + leap : doy - 306);
}

// A part of a format: its letter, how often it stands there, and the width that the _ in
// front give it.
struct Part {
	char c;
	size_t n;
	size_t pad;

	std::string text(std::string_view s) const { return fmt::format("{:>{}}", s, pad); }
	std::string number(int64_t v, size_t digits) const
	{
		return text(fmt::format("{:0{}}", v, digits));
	}
	// A name, short at n letters, whole beyond.
	std::string name(std::string_view s, size_t at) const
	{
		return text(n == at ? s.substr(0, 3) : s);
	}
};

// nsec in units of 10^-digits, in the forms plain and padded: the lower three digits in
// the first two forms, six in the next two, nine in the last.
std::string
fraction(const Part& p, int64_t nsec, size_t digits)
{
	int64_t v = nsec;
	for(size_t i = digits; i < 9; i++)
		v /= 10;
	size_t shown = std::min((p.n + 1) / 2 * 3, digits);
	int64_t most = 1;
	for(size_t i = 0; i < shown; i++)
		most *= 10;
	if(digits == 6 && p.n == 3)
		return std::to_string(v % most);	// Plan 9 pads this one less
	return p.number(v % most, p.n % 2 == 0 || (digits == 3 && p.n > 1) ? shown : 1);
}

std::string
zonetext(const Tm& t, const Part& p)
{
	if(p.n > 2)
		return p.n == 3 ? p.text(t.zone) : "";
	int m = std::abs(t.off) / 60;
	return p.text(fmt::format("{}{:02}{}{:02}", t.off < 0 ? '-' : '+', m / 60,
				  p.n == 1 ? "" : ":", m % 60));
}

std::string
ordinal(int day)
{
	if(day / 10 == 1 || day % 10 == 0 || day % 10 > 3)
		return "th";
	return day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : "rd";
}

// How often a letter may stand in a row; 0: it is no part.
size_t
mostletters(char c)
{
	switch(c) {
	case 'D':
	case 'H':
	case 'h':
	case 'm':
	case 's': return 2;
	case 'W':
	case 't': return 3;
	case 'Y':
	case 'M':
	case 'u': return 4;
	case 'n': return 6;
	case 'Z': return SIZE_MAX;
	case 'a':
	case 'A':
	case 'o':
	case 'z': return 1;
	}
	return 0;
}

std::string
part(const Tm& t, const Part& p, int64_t nsec)
{
	switch(p.c) {
	case 'Y': return p.number(p.n == 2 ? (t.year - 1900) % 100 : t.year, 1);
	case 'M':
		return p.n > 2 ? p.name(Months[t.mon], 3) : p.number(t.mon + 1, p.n);
	case 'D': return p.number(t.mday, p.n);
	case 'o': return ordinal(t.mday);
	case 'W':
		return p.n > 1 ? p.name(Days[t.wday], 2) : p.number(t.wday + 1, 1);
	case 'h': return p.number(t.hour, p.n);
	case 'H': return p.number(t.hour % 12, p.n);
	case 'm': return p.number(t.min, p.n);
	case 's': return p.number(t.sec, p.n);
	case 't': return fraction(p, nsec, 3);
	case 'u': return fraction(p, nsec, 6);
	case 'n': return fraction(p, nsec, 9);
	case 'a': return p.text(t.hour < 12 ? "am" : "pm");
	case 'A': return p.text(t.hour < 12 ? "AM" : "PM");
	}
	return zonetext(t, p);
}

// What stands in brackets, from behind the first of them; takes it off s.
std::string
bracketed(std::string_view& s, std::string_view fmt)
{
	std::string r;
	for(int depth = 1; !s.empty(); s.remove_prefix(1)) {
		depth += s[0] == '[';
		depth -= s[0] == ']';
		if(depth == 0)
			break;
		if(s[0] == '\\' && s.size() > 1)
			s.remove_prefix(1);
		r += s[0];
	}
	if(s.empty())
		error("garbled format " + std::string(fmt));
	s.remove_prefix(1);
	return r;
}
}

// The second part of the file has 64-bit times.
void
Zone::load(std::string_view s)
{
	if(!Tzhead::good(s) || s[4] < '2')
		return;
	size_t first = Tzhead::Size + Tzhead(s).data(4);
	if(s.size() < first)
		return;
	s.remove_prefix(first);
	if(!Tzhead::good(s))
		return;
	Tzhead h(s);
	s.remove_prefix(Tzhead::Size);
	if(s.size() < h.data(8) || h.type == 0)
		return;
	size_t type = h.time * 9;
	std::string_view names = s.substr(type + 6 * h.type, h.chars);
	for(size_t i = 0; i < h.type; i++) {
		size_t at = type + 6 * i;
		std::string_view n =
			names.substr(std::min<size_t>(uint8_t(s[at + 5]), names.size()));
		types.push_back(
			{int(number(s, at, 4)), std::string(n.substr(0, n.find('\0')))});
	}
	for(size_t i = 0; i < h.time; i++)
		changes.push_back({number(s, 8 * i, 8),
			std::min<size_t>(uint8_t(s[8 * h.time + i]), h.type - 1)});
}

// The zone's two names and offsets, then the seconds at which the second one begins and
// ends.  Nothing is taken of what is otherwise.
void
Zone::loadplan9(std::string_view s)
{
	std::vector<std::string_view> f =
		getfields(s, std::string_view(" \t\n\0", 4), Seps::Runs);
	std::vector<int64_t> n;
	for(size_t i = 1; i < f.size(); i += i == 1 ? 2 : 1)
		if(auto v = parseint(f[i]); v && *v >= INT32_MIN && *v <= UINT32_MAX)
			n.push_back(*v);
		else
			return;
	constexpr int64_t day = 24 * 3600;
	if(n.size() < 2 || std::abs(n[0]) > day || std::abs(n[1]) > day)
		return;
	types = {{int(n[0]), std::string(f[0])}, {int(n[1]), std::string(f[2])}};
	for(size_t i = 2; i + 1 < n.size() && n[i] != 0; i += 2) {
		changes.push_back({n[i] + 1, 1});
		changes.push_back({n[i + 1] + 1, 0});
	}
}

Zone
Zone::local()
{
	Zone z;
	try {
		z.loadplan9(readfile("/env/timezone", 1 << 16));
		if(!z.types.empty())
			return z;
	} catch(const Error&) {
		// The host's, then.
	}
	for(const char* file : {"/env/TZFILE", "/n/host/etc/localtime"})
		try {
			z.load(readfile(file, 1 << 20));
			if(!z.types.empty())
				break;
		} catch(const Error&) {
			continue;
		}
	return z;
}

Tm
Zone::operator()(int64_t sec) const
{
	Tm t{};
	t.zone = "GMT";
	if(!types.empty()) {
		size_t i = 0;
		for(const Change& c : changes)
			if(c.when <= sec)
				i = c.type;
		t.off = types[i].off;
		t.zone = types[i].name;
	}
	sec += t.off;
	int64_t days = floordiv(sec, 86400);
	int64_t rest = sec - days * 86400;
	civil(days, t);
	t.hour = int(rest / 3600);
	t.min = int(rest / 60 % 60);
	t.sec = int(rest % 60);
	t.wday = int((days % 7 + 11) % 7);
	return t;
}

std::string
lsdate(const Zone& z, int64_t sec, int64_t now)
{
	constexpr int64_t day = 24 * 3600;
	Tm t = z(sec);
	bool far = sec < now - 180 * day || sec > now + day;
	return tmfmt(t, far ? "MMM _D  YYYY" : "MMM _D hh:mm");
}

std::string
tmfmt(const Tm& t, std::string_view fmt, int64_t nsec)
{
	std::string r;
	for(std::string_view s = fmt; !s.empty();) {
		size_t pad = std::min(s.find_first_not_of('_'), s.size());
		s.remove_prefix(pad);
		if(s.empty())
			break;
		char c = s[0];
		size_t n = std::min(s.find_first_not_of(c), s.size());
		s.remove_prefix(n);
		size_t most = mostletters(c);
		if(most > 0 && (n > most || (c == 'Y' && n == 3)))
			error("garbled format " + std::string(fmt));
		if(most > 0)
			r += part(t, {c, n, n + pad}, nsec);
		else if(c == '[')
			r += bracketed(s, fmt);
		else if(c != '?')
			r.append(n, c);
	}
	return r;
}
}
