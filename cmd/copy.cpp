#include "cmd/copy.h"

#include "cmd/progress.h"
#include "lib9/cleanname.h"

namespace p9 {

bool
samefile(const Dir& a, const Dir& b)
{
	return a.qid == b.qid && a.dev == b.dev && a.type == b.type;
}

bool
copydata(const Cmdline& a, int fdf, int fdt, const std::string& from,
	 const std::string& to, uint64_t length)
{
	Block b = copybuf();
	Progress bar(from, int64_t(length));
	std::string doing = "error reading " + from;
	try {
		while(size_t n = read(fdf, b.room())) {
			doing = "error writing " + to;
			writeall(fdt, b.room().first(n));
			doing = "error reading " + from;
			bar.step(n);
		}
		return true;
	} catch(const Error& e) {
		bar.clear();
		a.warn(doing + ": " + e.text());
		return false;
	}
}

std::string
intodir(const std::string& from, const std::string& to)
{
	return joinname(to, basename(from));
}
}
