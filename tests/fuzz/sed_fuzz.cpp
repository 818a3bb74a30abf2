// Any bytes as a script of sed: refused, or run over a little text within limits, and a
// script that may pass over lines does the same as one that looks at every line.

#include <cstdlib>

#include "cmd/sed/memio.h"

using namespace p9;

namespace {

constexpr std::string_view Text = "one two\n\nthree: a/b\\c\xFF\xC3\n\tübér 東京\naaaa\nxyz 12 3\n";

// Runs it, or answers why not.
std::string
run(const std::string& script, Sedflags f, std::string& out)
{
	Sedmem io({std::string(Text), "", "last"}, 2000);
	Sedscript s(io);
	std::string why;
	try {
		s.add(script, f.flush);
		s.finish();
		Sed sed(io, s, f);
		try {
			sed.run();
		} catch(const Error& e) {
			why = e.reason();
			sed.flush();
		}
	} catch(const Error& e) {
		why = e.reason();
	}
	size_t n = 0;
	for(const std::string& o : io.out)
		n += o.size();
	if(n > 1 << 28)
		std::abort();
	out = io.out[0];
	return why;
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	if(size < 1)
		return 0;
	Sedflags f{.quiet = bool(data[0] & 1), .flush = bool(data[0] & 2), .max = 1 << 14};
	std::string script(data + 1, data + size);
	std::string fast, slow;
	if(!run(script, f, fast).empty())
		return 0;
	// An address of the last line, which does nothing, makes it look at all.
	if(run("${\n}\n" + script, f, slow).empty() && fast != slow)
		std::abort();
	return 0;
}
