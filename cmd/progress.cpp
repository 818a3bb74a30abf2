#include "cmd/progress.h"

#include <fmt/format.h>

#include "cmd/prog.h"

namespace p9 {

namespace {

constexpr int64_t Second = 1'000'000'000;

// 12345678 as 11.8M.
std::string
human(double n)
{
	std::string_view unit = " KMGT";
	while(n >= 1000 && unit.size() > 1) {
		n /= 1024;
		unit.remove_prefix(1);
	}
	return fmt::format("{:5.1f}{}", n, unit[0]);
}
}

Progress::Progress(std::string_view name, int64_t bytes)
	: what(name), total(bytes), begin(nsec()), last(begin + 2 * Second - Second / 4),
	  enabled(isterminal(2))
{
}

void
Progress::look()
{
	int64_t now = nsec();
	if(now - last >= Second / 4)
		draw(now);
}

void
Progress::draw(int64_t now)
{
	constexpr int width = 30;
	std::string line = "\r" + what + " ";
	if(total > 0) {
		int64_t part = std::min(done, total);
		auto full = size_t(double(width) * double(part) / double(total));
		line += "[" + std::string(full, '=') + std::string(width - full, ' ') +
			"] ";
		line += fmt::format("{:3.0f}% ", 100 * double(part) / double(total));
	}
	line += human(double(done)) + " " +
		human(double(done) * Second / double(now - begin));
	fprint(2, line + "/s \033[K");
	last = now;
	shown = true;
}

void
Progress::clear()
{
	if(shown)
		fprint(2, "\r\033[K");
	shown = false;
}
}
