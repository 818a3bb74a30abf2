// Any bytes as an expression and a text: the fast way finds what trying everything finds.
// The first byte is the flags, the expression ends at the first zero byte.

#include <cstdlib>
#include <string>

#include "lib9/error.h"
#include "tests/regexpref.h"

using namespace p9;

namespace {

bool
same(Submatch a, Submatch b)
{
	return a.begin == b.begin && a.end == b.end;
}

void
need(bool good)
{
	if(!good)
		std::abort();
}

void
matches(Regexp& re, Regexpref& ref, std::string_view text)
{
	std::vector<Submatch> m(re.nparen() + 1);
	for(size_t from : {size_t(0), text.size() / 3, text.size()}) {
		Submatch all = ref.find(text, from);
		need(re.match(text, m, from) == all.taken());
		if(from == 0)
			need(re.match(text) == all.taken());
		if(!all.taken())
			continue;
		need(same(m[0], all));
		for(Submatch s : m)
			if(s.taken())
				need(m[0].begin <= s.begin && s.begin <= s.end && s.end <= m[0].end);
		auto subs = ref.submatches(text, all);
		for(size_t i = 0; i < subs.size(); i++)
			need(same(m[i], subs[i]));
	}
}

void
lines(Regexp& re, Regexpref& ref, std::string_view text)
{
	std::vector<Submatch> found;
	re.eachline(text, [&found](Submatch m) {
		found.push_back(m);
		return true;
	});
	size_t n = 0;
	for(size_t p = 0; p < text.size();) {
		size_t end = std::min(text.find('\n', p), text.size());
		if(ref.find(text.substr(p, end - p), 0).taken()) {
			need(n < found.size() && same(found[n], {p, end}));
			n++;
		}
		p = end + 1;
	}
	need(n == found.size());
	need(same(re.matchline(text), n ? found[0] : Submatch{}));
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	std::string s(data, data + size);
	if(s.empty())
		return 0;
	unsigned flags = uint8_t(s[0]) & 15;
	size_t end = std::min(s.find('\0', 1), s.size());
	std::string e = s.substr(1, end - 1);
	std::string text = s.substr(std::min(end + 1, s.size()), 200);
	if(e.size() > 100)
		return 0;
	try {
		Regexp re(e, flags);
		Regexpref ref(e, flags);
		matches(re, ref, text);
		lines(re, ref, text);
	} catch(const Error&) {
	}
	return 0;
}
