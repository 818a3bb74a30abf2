#include "cmd/tm.h"

#include <fmt/format.h>

#include <algorithm>

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

// One part of a format: c repeated n times.
std::string
part(const Tm& t, char c, size_t n, int pad, int64_t nsec)
{
	auto num = [&](int64_t v) {
		if(n < 2 && !pad)
			return fmt::format("{}", v);
		return pad ? fmt::format("{:>2}", v) : fmt::format("{:02}", v);
	};
	auto word = [&](std::string_view s) {
		return std::string(s.substr(0, n == 3 ? 3 : s.npos));
	};
	switch(c) {
	case 'Y':
		return n == 2 ? fmt::format("{:02}", t.year % 100)
			      : fmt::format("{}", t.year);
	case 'M': return n > 2 ? word(Months[t.mon]) : num(t.mon + 1);
	case 'D': return num(t.mday);
	case 'W':
		if(n == 1)
			return fmt::format("{}", t.wday);
		return std::string(n == 2 ? Days[t.wday].substr(0, 3) : Days[t.wday]);
	case 'h': return num(t.hour);
	case 'H': return num(t.hour % 12 == 0 ? 12 : t.hour % 12);
	case 'm': return num(t.min);
	case 's': return num(t.sec);
	case 't': return fmt::format("{:03}", nsec / 1'000'000);
	case 'a': return t.hour < 12 ? "am" : "pm";
	case 'A': return t.hour < 12 ? "AM" : "PM";
	}
	if(n == 3)
		return t.zone;
	int m = std::abs(t.off) / 60;
	return fmt::format("{}{:02}{}{:02}", t.off < 0 ? '-' : '+', m / 60,
			   n == 1 ? "" : ":", m % 60);
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

Zone
Zone::local()
{
	Zone z;
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
	std::string s;
	int pad = 0;
	for(size_t i = 0; i < fmt.size();) {
		char c = fmt[i];
		size_t n = std::min(fmt.find_first_not_of(c, i), fmt.size()) - i;
		if(c == '_') {
			pad = 1;
			i++;
		} else if(c == '[') {
			size_t end = std::min(fmt.find(']', i), fmt.size());
			s += fmt.substr(i + 1, end - i - 1);
			i = end + 1;
		} else if(std::string_view("YMDWhHmstaAZ").find(c) !=
			  std::string_view::npos) {
			s += part(t, c, n, pad, nsec);
			pad = 0;
			i += n;
		} else {
			s += c;
			i++;
		}
	}
	return s;
}
}
