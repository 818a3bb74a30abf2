// A Sedio in memory, for tests and fuzzers: files are strings, and the script may take so
// many steps only.

#pragma once

#include <cstring>

#include "cmd/sed/sed.h"
#include "lib9/error.h"

namespace p9 {

class Sedmem final : public Sedio {
	std::vector<std::string> inputs;
	size_t nextinput = 0;
	std::string_view rest;
	long steps;

public:
	static constexpr std::string_view Esteps = "too many steps";
	std::vector<std::string> out{1};	// by file

	Sedmem(std::vector<std::string> texts, long maxsteps)
		: inputs(std::move(texts)), steps(maxsteps)
	{
	}
	bool next() override
	{
		if(nextinput == inputs.size())
			return false;
		rest = inputs[nextinput++];
		return true;
	}
	size_t read(Buf b) override
	{
		// Pieces of odd sizes, as pipes give them.
		size_t n = std::min({rest.size(), b.size(), size_t(100003)});
		std::memcpy(b.data(), rest.data(), n);
		rest.remove_prefix(n);
		return n;
	}
	int create(const std::string&) override
	{
		out.emplace_back();
		return int(out.size()) - 1;
	}
	void write(int n, std::string_view s) override { out[size_t(n)] += s; }
	void copy(const std::string& name, const Put& put) override { put(name); }
	void step() override
	{
		if(--steps < 0)
			error(Esteps);
	}
};
}
