// diff(1): two files' lines, the hunks in which they differ, and how they are printed.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace p9 {

// What of a line counts: all, -b or -w.
enum class Blanks { Count, Squeeze, Ignore };

// A file in memory.  Lines are counted from 1 and have their newlines; the last may lack
// it.
class Difffile {
	std::string text;
	std::vector<size_t> ends;	// ends[i] is behind line i
	// What of each line counts, if that is not all.
	std::string keys;
	std::vector<size_t> keyends;

public:
	const std::string name;

	Difffile(std::string called, std::string text, Blanks);
	size_t lines() const { return ends.size() - 1; }
	std::string_view line(size_t i) const
	{
		return std::string_view(text).substr(ends[i - 1], ends[i] - ends[i - 1]);
	}
	std::string_view key(size_t i) const
	{
		if(keyends.empty())
			return line(i);
		return std::string_view(keys).substr(
			keyends[i - 1], keyends[i] - keyends[i - 1]);
	}
};

// Lines a to b of the first file stand for c to d of the second; b = a - 1 or d = c - 1
// are none, before line a or c.
struct Hunk {
	int64_t a, b, c, d;
};

// From the first to the last.  step is called now and then and may throw.
std::vector<Hunk> differences(
	const Difffile& x, const Difffile& y, const std::function<void()>& step);

// Whether the beginning of a file shows that it is not text.
bool binary(std::string_view start);

// Prints hunks as mode says: one of e f n c a u, or 0.
class Diffprinter {
	const Difffile& x;
	const Difffile& y;
	const char mode;
	const std::function<void(std::string_view)> put;

	void range(int64_t a, int64_t b, char separator);
	void lines(const Difffile& f, int64_t a, int64_t b, std::string_view before);
	void head(const Hunk& h);
	void grouphead(const Hunk& h);
	void group(const Hunk* h, const Hunk* end);

public:
	Diffprinter(const Difffile& from, const Difffile& to, char m,
		std::function<void(std::string_view)> out)
		: x(from), y(to), mode(m), put(std::move(out))
	{
	}
	void hunk(const Hunk& h);
	void withcontext(const std::vector<Hunk>& hunks);
	void all(const std::vector<Hunk>& hunks);
};
}
