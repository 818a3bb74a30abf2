// date(1).

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "cmd/tm.h"

namespace p9 {

void
date(Argv argv)
{
	constexpr int64_t second = 1'000'000'000;
	Cmdline a(argv, "[-itunm] [-f fmt] [seconds]");
	std::string fmt = "WW MMM _D hh:mm:ss ZZZ YYYY";
	bool number = false;
	bool gmt = false;
	while(char32_t f = a.flag())
		switch(f) {
		case 'n': number = true; break;
		case 'u': gmt = true; break;
		case 't': fmt = "YYYY-MM-DDThh:mm:ssZZ"; break;
		case 'i': fmt = "YYYY-MM-DD"; break;
		case 'm': fmt = "WW, DD MMM YYYY hh:mm:ss Z"; break;
		case 'f': fmt = a.earg(); break;
		default: a.usage();
		}
	if(a.argc() > 1)
		a.usage();
	int64_t now = nsec();
	int64_t sec = now / second;
	if(a.argc() == 1) {
		auto n = parseint(a.rest()[0]);
		// Years that people write with nine digits are enough.
		if(!n || *n > INT64_C(1) << 55 || *n < -(INT64_C(1) << 55))
			a.fatal("bad time: " + a.rest()[0]);
		sec = *n;
		now = 0;
	}
	std::string s = std::to_string(sec);
	if(!number)
		s = tmfmt((gmt ? Zone() : Zone::local())(sec), fmt, now % second);
	Bout out(1);
	out.put(s + "\n");
	out.flush();
}
}
