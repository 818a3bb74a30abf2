// mv(1).

#include "cmd/cmds.h"
#include "cmd/copy.h"
#include "lib9/cleanname.h"

namespace p9 {

namespace {

// Whatever is in the way of the new name, in every element of a union.
void
hardremove(const std::string& file)
{
	remove(file);
	while(trystat(file))
		try {
			remove(file);
		} catch(const Error&) {
			return;
		}
}

bool
samedir(std::string_view a, std::string_view b)
{
	if(a == b)
		return true;
	auto da = trystat(a);
	auto db = trystat(b);
	return da && db && samefile(*da, *db);
}

// By a copy; the directories are not the same or the server cannot rename.
bool
movedata(const Cmdline& a, const std::string& from, const Dir& d, const std::string& to,
	std::string& doing)
{
	doing = "can't open " + from;
	Fd fdf = open(from, OREAD);
	doing = "can't remove " + to;
	if(auto td = trystat(to); td && td->mode & DMAPPEND)
		hardremove(to);	// create would not truncate it
	doing = "can't create " + to;
	Fd fdt = create(to, OWRITE, d.mode);
	if(!copydata(a, fdf, fdt, from, to, d.length))
		return false;
	Dir nd = Dir::dontcare();
	nd.mtime = d.mtime;
	nd.mode = d.mode;
	try {
		fwstat(fdt, nd);
	} catch(const Error&) {
		// Some users may not; the file has been moved all the same.
	}
	close(std::move(fdt));
	doing = "can't remove " + from;
	remove(from);
	return true;
}

// Within one directory; false when the server cannot.
bool
rename(const std::string& from, const std::string& to, std::string& doing)
{
	doing = "can't remove " + to;
	if(trystat(to))
		hardremove(to);
	Dir nd = Dir::dontcare();
	nd.name = basename(to);
	doing = "can't rename directory " + from;
	try {
		wstat(from, nd);
		return true;
	} catch(const Error&) {
		if(stat(from).mode & DMDIR)
			throw;
		return false;
	}
}

bool
move(const Cmdline& a, const std::string& from, const std::string& to)
{
	std::string doing = "can't stat " + from;
	try {
		Dir d = stat(from);
		if(samedir(dirname(from), dirname(to))) {
			auto td = trystat(to);
			if(from == to || (td && samefile(d, *td))) {
				a.warn(from + " and " + to + " are the same");
				return false;
			}
			if(rename(from, to, doing))
				return true;
		}
		if(d.mode & DMDIR) {
			a.warn(from + " is a directory, not copied to " + to);
			return false;
		}
		return movedata(a, from, d, to, doing);
	} catch(const Error& e) {
		a.warn(doing + ": " + e.text());
		return false;
	}
}
}

void
mv(Argv argv)
{
	Cmdline a(argv, "fromfile tofile\n\tmv fromfile ... todir");
	while(a.flag())
		a.usage();
	if(a.argc() < 2)
		a.usage();
	Argv from = a.rest();
	for(std::string& s : from)
		s = cleanname(s);
	std::string to = from.back();
	from.pop_back();
	auto d = trystat(to);
	bool todir = d && d->mode & DMDIR;
	if(todir && from.size() == 1) {
		// A directory takes another's place; it does not move into it.
		auto fd = trystat(from[0]);
		todir = !(fd && fd->mode & DMDIR);
	}
	if(from.size() > 1 && !todir) {
		a.warn(to + " not a directory");
		exits("bad usage");
	}
	bool ok = true;
	for(const std::string& s : from)
		ok &= move(a, s, todir ? intodir(s, to) : to);
	if(!ok)
		exits("failure");
}
}
