// The table of checks, and what each kind of them begins and ends with.

#include <unistd.h>

#include <algorithm>
#include <functional>

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

std::vector<Check>&
table()
{
	static std::vector<Check> all;
	return all;
}

// A new directory for one check, and its end.
class Workdir {
	enum : uint32_t { High = 0x40000000 }; // fids that no check has

	Client& client;
	const Options& o;
	std::string name;

	static void removeall(Client& c, uint32_t fid)
	{
		c.walk(fid, fid + 1, {});
		c.open(fid + 1, OREAD);
		std::vector<Dir> all = c.list(fid + 1);
		c.clunk(fid + 1);
		for(const Dir& d : all) {
			c.walk(fid, fid + 1, {d.name});
			if(d.mode & DMDIR)
				removeall(c, fid + 1);
			else
				c.either(Tremove{.fid = fid + 1});
		}
		c.call<Rremove>(Tremove{.fid = fid});
	}
	bool removed(Client& c)
	{
		try {
			c.walkto(High, o.dir);
			c.walk(High, High, {name});
			removeall(c, High);
			return true;
		} catch(const Failed&) {
			return false;
		}
	}

public:
	Workdir(Client& c) : client(c), o(c.options())
	{
		static int n = 0;
		std::string s = "conform." + std::to_string(::getpid()) + "." + std::to_string(n++);
		c.walkto(Work, o.dir);
		Tcreate m{.fid = Work, .name = s, .perm = DMDIR | 0777, .mode = OREAD};
		Reply r = c.ask(m);
		if(r.error())
			throw Skipped("no directory can be made: " + std::string(r.error()->ename));
		name = s;
		c.clunk(Work);
		std::vector<std::string> path = o.dir;
		path.push_back(name);
		c.walkto(Work, path);
	}
	Workdir(const Workdir&) = delete;
	// What the server keeps for the next client must go, if need be by a new connection.
	~Workdir()
	{
		if(name.empty() || removed(client))
			return;
		try {
			Client c(o);
			removed(c);
		} catch(const Failed&) {
		}
	}
};

// fid File is at a plain file below fid at that can be opened; or false.
bool
findfile(Client& c, uint32_t at, int depth)
{
	c.walk(at, 100, {});
	if(!c.either(Topen{.fid = 100, .mode = OREAD})) {
		c.clunk(100);
		return false;
	}
	std::vector<Dir> all = c.list(100);
	c.clunk(100);
	for(const Dir& d : all) {
		if(c.ask(Client::walkmsg(at, File, {d.name})).error())
			continue;
		if(d.mode & DMDIR) {
			c.walk(File, uint32_t(200 + depth), {});
			c.clunk(File);
			if(depth < 3 && findfile(c, uint32_t(200 + depth), depth + 1))
				return true;
			continue;
		}
		c.walk(File, 100, {});
		bool good = c.either(Topen{.fid = 100, .mode = OREAD});
		c.clunk(100);
		if(good)
			return true;
		c.clunk(File);
	}
	return false;
}

// A command must end well with the connection, whatever the check did.
void
ends(Client& c)
{
	std::string wrong = c.finish();
	if(!wrong.empty())
		throw Failed(wrong);
}
}

std::span<const Check>
checks()
{
	std::ranges::sort(table(), {}, [](const Check& c) { return std::string_view(c.name); });
	return table();
}

checking::Entry::Entry(const char* name, void (*run)(const Options&))
{
	table().push_back({name, run});
}

void
checking::root(const Options& o, void (*body)(Client&))
{
	Client c(o);
	body(c);
	ends(c);
}

void
checking::work(const Options& o, void (*body)(Client&))
{
	Client c(o);
	{
		Workdir w(c);
		body(c);
	}
	ends(c);
}

void
checking::file(const Options& o, void (*body)(Client&))
{
	Client c(o);
	std::optional<Workdir> w;
	try {
		w.emplace(c);
		c.walk(Work, 2, {});
		c.clunk(Work);
		c.file(2, File, "file", "some text for a file\n");
		c.clunk(2);
	} catch(const Skipped&) {
		c.clunk(Work);
		c.walkto(2, o.dir);
		if(!findfile(c, 2, 0))
			throw Skipped("no file can be made or found");
		c.clunk(2);
	}
	body(c);
	w.reset();
	ends(c);
}

void
checking::block(const Options& o, void (*body)(Client&))
{
	if(o.blocking.empty())
		throw Skipped("no file is named (-b) of which a read waits");
	Client c(o);
	c.walkto(Blocked, o.blocking);
	c.open(Blocked, OREAD);
	body(c);
	ends(c);
}
}
