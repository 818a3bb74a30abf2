// du(1).

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

constexpr std::string_view Prefixes[] = {"", "k", "M", "G", "T", "P", "E", "Z", "Y"};

class Du {
	const Cmdline& a;
	std::set<std::tuple<uint16_t, uint32_t, uint64_t>> seen;	// directories
	double bigunit = 0;	// unit, when it has a prefix
	Bout out{1};

	void print(uint64_t amount, const std::string& name);
	uint64_t value(const Dir& d, uint64_t size) const;
	uint64_t quantized(uint64_t length) const;
	void warn(const std::string& name, const Error& e) const;
	uint64_t entry(const std::string& name, const Dir& d);
	uint64_t tree(const std::string& name, const Dir& d);

public:
	bool all = false;
	bool quiet = false;
	bool sumonly = false;
	bool scientific = false;
	bool autoscale = false;
	bool qids = false;
	bool times = false;
	bool accessed = false;
	uint64_t blocksize = 1024;
	uint64_t unit = 0;	// 0: what fits the other flags; at most all ones

	explicit Du(const Cmdline& line) : a(line) {}
	void setunit(std::string_view prefix);
	void run(const std::string& name);
	void end() { out.flush(); }
};

void
Du::setunit(std::string_view prefix)
{
	auto same = [](char x, char y) { return (x | 0x20) == (y | 0x20); };
	unit = 1;
	bigunit = 1;
	for(std::string_view p : Prefixes) {
		if(std::ranges::equal(p, prefix, same))
			return;
		bigunit *= 1024;
		unit = unit > UINT64_MAX / 1024 ? UINT64_MAX : unit * 1024;
	}
	a.fatal("unknown suffix " + std::string(prefix));
}

void
Du::print(uint64_t amount, const std::string& name)
{
	std::string s;
	double v = double(amount) / (bigunit > 0 ? bigunit : double(unit));
	if(autoscale) {
		size_t scale = 0;
		for(; v >= 1024 && scale + 1 < std::size(Prefixes); scale++)
			v /= 1024;
		s = fmt::format("{:.6g}{}", v, Prefixes[scale]);
	} else if(scientific) {
		s = fmt::format("{:.6g}", v);
	} else {
		uint64_t n = amount / unit + (amount % unit != 0);
		s = qids ? fmt::format("{:016x}", n) : std::to_string(n);
	}
	out.put(s + "\t" + rcquoted(name) + "\n");
}

uint64_t
Du::value(const Dir& d, uint64_t size) const
{
	if(qids)
		return d.qid.path;
	if(times)
		return accessed ? d.atime : d.mtime;
	return size;
}

uint64_t
Du::quantized(uint64_t length) const
{
	uint64_t part = length % blocksize;
	uint64_t up = part == 0 ? 0 : blocksize - part;
	return length > UINT64_MAX - up ? UINT64_MAX : length + up;
}

void
Du::warn(const std::string& name, const Error& e) const
{
	if(!quiet)
		a.warn(name + ": " + e.text());
}

uint64_t
Du::entry(const std::string& name, const Dir& d)
{
	bool dir = d.qid.type & QTDIR;
	if(dir && !seen.emplace(d.type, d.dev, d.qid.path).second)
		return 0;
	uint64_t t = dir ? tree(name, d) : quantized(d.length);
	if(dir ? !sumonly : all)
		print(value(d, t), name);
	return t;
}

// What cannot be read counts nothing.
uint64_t
Du::tree(const std::string& name, const Dir& d)
{
	std::vector<Dir> v;
	try {
		stackcheck();
		v = dirreadall(name);
	} catch(const Error& e) {
		warn(name, e);
		return 0;
	}
	pollnotes();
	uint64_t total = 0;
	for(const Dir& e : v)
		total += entry(name + "/" + e.name, e);
	return value(d, total);
}

void
Du::run(const std::string& name)
{
	if(unit == 0)
		unit = qids || times || accessed || autoscale ? 1 : 1024;
	Dir d;
	try {
		d = stat(name);
	} catch(const Error& e) {
		warn(name, e);
		print(0, name);
		return;
	}
	print(d.qid.type & QTDIR ? tree(name, d) : value(d, quantized(d.length)), name);
}
}

void
du(Argv argv)
{
	Cmdline a(argv, "[-aefhnqstu] [-b size] [-p si-pfx] [file ...]");
	Du d(a);
	while(char32_t c = a.flag())
		switch(c) {
		case 'a': d.all = true; break;
		case 'b': d.blocksize = std::max<uint64_t>(a.esize(), 1); break;
		case 'e': d.scientific = true; break;
		case 'f': d.quiet = true; break;
		case 'h': d.autoscale = true; break;
		case 'n':
			d.all = true;
			d.blocksize = 1;
			d.setunit("");
			break;
		case 'p': d.setunit(a.earg()); break;
		case 'q': d.qids = true; break;
		case 's': d.sumonly = true; break;
		case 't': d.times = true; break;
		case 'u': d.accessed = true; break;
		default: a.usage();
		}
	Argv names = a.rest();
	if(names.empty())
		names.push_back(".");
	for(const std::string& s : names)
		d.run(s);
	d.end();
}
}
