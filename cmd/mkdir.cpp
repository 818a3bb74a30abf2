// mkdir(1).

#include <charconv>

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

// True when it was made.
bool
make(const Cmdline& a, const std::string& dir, uint32_t mode)
{
	if(trystat(dir)) {
		a.warn(dir + " already exists");
		return false;
	}
	try {
		close(create(dir, OREAD, DMDIR | mode));
		return true;
	} catch(const Error& e) {
		a.warn("can't create " + dir + ": " + e.text());
		return false;
	}
}

// The directories above dir that are missing, and dir.
bool
makeall(const Cmdline& a, const std::string& dir, uint32_t mode)
{
	for(size_t i = 1; (i = dir.find('/', i)) != dir.npos; i++) {
		std::string above = dir.substr(0, i);
		if(!trystat(above) && !make(a, above, mode))
			return false;
	}
	return trystat(dir) || make(a, dir, mode);
}
}

void
mkdir(Argv argv)
{
	Cmdline a(argv, "[-p] [-m mode] dir...");
	bool parents = false;
	uint32_t mode = 0777;
	while(char32_t f = a.flag())
		switch(f) {
		case 'm': {
			std::string s = a.earg();
			auto [end, ec] =
				std::from_chars(s.data(), s.data() + s.size(), mode, 8);
			if(ec != std::errc{} || end != s.data() + s.size() || mode > 0777)
				a.usage();
			break;
		}
		case 'p': parents = true; break;
		default: a.usage();
		}
	if(a.argc() == 0)
		a.usage();
	bool ok = true;
	for(const std::string& s : a.rest())
		ok &= parents ? makeall(a, s, mode) : make(a, s, mode);
	if(!ok)
		exits("error");
}
}
