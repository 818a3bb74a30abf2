// Arguments and numbers of command lines.  arg(2).

#include "lib9/args.h"

#include <charconv>
#include <utility>

#include "lib9/utf.h"

namespace p9 {

Args::Args(Argv argv) : v(std::move(argv))
{
	if(!v.empty())
		argv0 = v[0];
}

char32_t
Args::flag()
{
	if(pos != 0 && pos < v[next - 1].size()) {
		char32_t r;
		pos += decode(std::string_view(v[next - 1]).substr(pos), r);
		return r;
	}
	pos = 0;
	if(ended || next >= v.size() || v[next].size() < 2 || v[next][0] != '-') {
		ended = true;
		return 0;
	}
	if(v[next++] == "--") {
		ended = true;
		return 0;
	}
	pos = 1;
	return flag();
}

std::optional<std::string>
Args::argf()
{
	size_t at = std::exchange(pos, 0);
	if(at != 0 && at < v[next - 1].size())
		return v[next - 1].substr(at);
	if(next >= v.size())
		return {};
	return v[next++];
}

Argv
Args::rest() const
{
	return Argv(v.end() - std::ptrdiff_t(argc()), v.end());
}

namespace {

// The digits at the front of s, which it takes off, in the base that they begin with.
std::optional<uint64_t>
takenumber(std::string_view& s)
{
	int base = 10;
	if(s.starts_with("0x") || s.starts_with("0X")) {
		base = 16;
		s.remove_prefix(2);
	} else if(s.starts_with('0')) {
		base = 8;
	}
	uint64_t n;
	auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), n, base);
	if(ec != std::errc{})
		return {};
	s.remove_prefix(size_t(end - s.data()));
	return n;
}
}

std::optional<uint64_t>
parsesize(std::string_view s)
{
	std::optional<uint64_t> n = takenumber(s);
	if(!n || s.size() > 1)
		return {};
	if(s.empty())
		return n;
	size_t i = std::string_view("kmgt").find(char(tolowerrune(uint8_t(s[0]))));
	if(i == std::string_view::npos)
		return {};
	int shift = 10 * int(i + 1);
	if(*n > UINT64_MAX >> shift)
		return {};
	return *n << shift;
}

std::optional<int64_t>
parseint(std::string_view s)
{
	bool neg = s.starts_with('-');
	if(neg || s.starts_with('+'))
		s.remove_prefix(1);
	std::optional<uint64_t> n = takenumber(s);
	if(!n || !s.empty() || *n > uint64_t(INT64_MAX) + (neg ? 1 : 0))
		return {};
	return neg ? int64_t(0 - *n) : int64_t(*n);
}
}
