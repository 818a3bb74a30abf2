// sleep(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

// Seconds, with up to three digits behind a point; what is no number ends it.
int64_t
milliseconds(std::string_view s)
{
	constexpr int64_t most = INT64_MAX / 10'000;
	int64_t ms = 0;
	while(!s.empty() && s[0] >= '0' && s[0] <= '9' && ms < most) {
		ms = ms * 10 + 1000 * (s[0] - '0');
		s.remove_prefix(1);
	}
	if(s.empty() || s[0] != '.')
		return ms;
	int64_t unit = 100;
	for(s.remove_prefix(1); !s.empty() && s[0] >= '0' && s[0] <= '9' && unit > 0;
	    unit /= 10) {
		ms += unit * (s[0] - '0');
		s.remove_prefix(1);
	}
	return ms;
}
}

void
sleep(Argv argv)
{
	Cmdline a(argv, "time");
	if(argv.size() > 1)
		sleep(milliseconds(argv[1]));
}
}
