// Any bytes as a mkfile that includes itself and runs commands: it is read or refused.
// What was read can be matched and shown.

#include <cstdlib>
#include <string>

#include "cmd/mk/mkfile.h"
#include "lib9/error.h"

using namespace p9;

namespace {

class Fuzzhost final : public Mkhost {
	std::string text;
	int left = 20; // commands and files

public:
	explicit Fuzzhost(std::string s) : text(std::move(s)) {}

	std::string read(const std::string& name) override
	{
		if(name == "nosuch" || left-- == 0)
			error(Enonexist, name);
		return text.substr(0, text.size() / 2);
	}
	Output command(const std::string& cmd) override
	{
		if(left-- <= 0)
			return {};
		return {cmd, cmd.size() % 3 != 0};
	}
	void message(std::string_view) override {}
};

void
use(const Rules& rules, const Mkvars& vars)
{
	int most = 100;
	rules.all([&](const Rule& r) {
		if(most-- <= 0)
			return;
		std::string shown = showrecipe(*r.recipe, vars);
		recipefront(shown);
		if(r.is(Aregexp) != r.pattern.has_value())
			std::abort();
		if(r.is(Aregexp))
			r.pattern->match("a/b.c");
		for(std::string_view name : {"", "a", "a.o", "a/b.c"}) {
			auto stem = matchstem(name, r.target);
			if(!stem)
				continue;
			// Only the first % of a pattern is one.
			size_t i = r.target.find_first_of("%&");
			if(r.target.substr(0, i) + *stem + r.target.substr(i + 1) != name)
				std::abort();
		}
	});
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	Fuzzhost host(std::string(data, data + size));
	Mkvars vars;
	Rules rules;
	Mkparser parser(vars, rules, host);
	try {
		parser.argument("X=" + std::string(data, data + size / 4));
		parser.parse("mkfile");
	} catch(const Error& e) {
		if(!e.is(Emkstop))
			std::abort();
	}
	use(rules, vars);
	return 0;
}
