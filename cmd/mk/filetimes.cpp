// When files were changed.

#include <algorithm>

#include "cmd/mk/graph.h"
#include "lib9/cleanname.h"
#include "lib9/error.h"
#include "port/sys.h"

namespace p9 {

namespace {

// A file that is there has a time that is not 0.
int64_t
timeof(const Dir& d)
{
	return std::max<int64_t>(d.mtime, 1);
}

}

// The files of a directory.  Nothing when it cannot be read: a file in it may be there.
std::optional<Filetimes::Files>
Filetimes::readdir(const std::string& dir)
{
	Files files;
	auto d = trystat(dir);
	if(!d || !(d->mode & DMDIR))
		return files;
	try {
		Fd fd = open(dir, OREAD);
		for(;;) {
			std::vector<Dir> l = dirread(fd);
			if(l.empty())
				return files;
			// Of a union's, the first is the one that opens.
			for(Dir& one : l)
				files.try_emplace(std::move(one.name), timeof(one));
		}
	} catch(const Error&) {
		return {};
	}
}

int64_t
Filetimes::now()
{
	return nsec() / 1'000'000'000;
}

int64_t
Filetimes::fresh(const std::string& name)
{
	auto d = trystat(name);
	return d ? timeof(*d) : 0;
}

int64_t
Filetimes::of(const std::string& name)
{
	if(auto p = pretended.find(name); p != pretended.end())
		return p->second;
	if(name.empty())
		return 0;
	std::string clean =
		name.find_first_of("/.") == name.npos ? name : cleanname(name);
	std::string dir(dirname(clean));
	std::string last(basename(clean));
	if(last == ".." || last == "." || last == "/")
		return fresh(clean);
	auto d = dirs.find(dir);
	if(d == dirs.end())
		d = dirs.emplace(dir, readdir(dir)).first;
	if(!d->second)
		return fresh(clean);
	auto f = d->second->find(last);
	return f == d->second->end() ? 0 : f->second;
}
}
