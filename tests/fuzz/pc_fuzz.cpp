// Any bytes as lines of pc: each prints or is refused, and a number that was printed as
// the settings of the start would have it prints as itself.

#include <cstdlib>

#include "cmd/pc/calc.h"
#include "lib9/error.h"

using namespace p9;

namespace {

calc::Calchost
smallhost()
{
	calc::Calchost h;
	h.maxbits = 2048;
	return h;
}

void
reads(const std::string& shown)
{
	calc::Calc fresh(smallhost());
	// A minus is an operator, so it may stand before any number.
	if(fresh.line(shown.substr(0, shown.size() - 1)) != shown)
		std::abort();
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	std::string_view s(reinterpret_cast<const char*>(data), size);
	calc::Calc c(smallhost());
	while(!s.empty()) {
		std::string_view line = s.substr(0, s.find('\n'));
		s.remove_prefix(std::min(line.size() + 1, s.size()));
		try {
			std::string out = c.line(line);
			bool plain = line.find_first_of("<>_'") == line.npos;
			if(out.empty() || !plain)
				continue;
			// Settings of earlier lines still count.
			calc::Calc once(smallhost());
			std::string alone = once.line(line);
			if(!alone.empty())
				reads(alone);
		} catch(const Error&) {
			continue;
		}
	}
	return 0;
}
