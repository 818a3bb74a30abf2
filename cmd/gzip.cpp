// gzip(1), gunzip.

#include <fmt/format.h>

#include "cmd/cmds.h"
#include "cmd/copy.h"
#include "cmd/prog.h"
#include "cmd/tm.h"
#include "lib9/gzip.h"

namespace p9 {

namespace {

struct Zipflags {
	bool tostdout = false;
	bool verbose = false;
	bool debug = false;
	bool nomtime = false;
	int level = 6;
	// Of gunzip alone.
	bool table = false;
	bool settimes = false;
};

// What is being made: the file of a name, or without one what descriptor 1 is.  A file
// that is not finished goes away, also when a note ends the program.
class Product {
	Fd fd;
	bool badwrite = false;

public:
	const std::string name;

	explicit Product(const std::string& file)
		: fd(file.empty() ? Fd() : create(file, OWRITE, 0666)),
		  name(file.empty() ? "<stdout>" : file)
	{
		notify([this](const std::string&) {
			drop();
			return false;
		});
	}
	~Product() { notify({}); }

	bool isfile() const { return fd.isopen(); }
	bool failed() const { return badwrite; }
	void put(Bytes b)
	{
		badwrite = true;
		writeall(isfile() ? int(fd) : 1, b);
		badwrite = false;
	}
	void settime(uint32_t mtime)
	{
		Dir d = Dir::dontcare();
		d.mtime = mtime;
		fwstat(fd, d);
	}
	void keep()
	{
		if(isfile())
			close(std::move(fd));
	}
	void drop()
	{
		if(!isfile())
			return;
		close(std::move(fd));
		try {
			remove(name);
		} catch(const Error& e) {
			fprint(2, "can't remove " + name + ": " + e.text() + "\n");
		}
	}
};

// from is never written over.
void
mayreplace(const Dir& from, const std::string& to)
{
	auto d = trystat(to);
	if(d && samefile(from, *d))
		error("it is the file itself");
}

std::string_view
lastelem(std::string_view file)
{
	return file.substr(file.rfind('/') + 1);
}

std::string
packedname(std::string_view file)
{
	std::string s(lastelem(file));
	if(s.ends_with(".tar"))
		return s.replace(s.size() - 4, 4, ".tgz");
	return s + ".gz";
}

void
pack(const Cmdline& a, Zipflags f, int fd, const Gzhead& h, Product& to)
{
	Gzwriter z(h, f.level, [&to](Bytes b) { to.put(b); });
	Block b = copybuf();
	while(size_t n = read(fd, b.room())) {
		z.write(b.room().first(n));
		pollnotes();
	}
	z.end();
	if(f.debug)
		a.warn(fmt::format("{} bytes to {}", z.in, z.out));
}

// False when it failed, which has been said; so below.
bool
packfile(const Cmdline& a, Zipflags f, const std::string& file)
{
	std::string doing = "can't open " + file;
	try {
		Fd fd = open(file, OREAD);
		doing = "can't stat " + file;
		Dir d = fstat(fd);
		if(d.mode & DMDIR) {
			a.warn("can't compress a directory: " + file);
			return false;
		}
		std::string name = f.tostdout ? "" : packedname(file);
		doing = "can't create " + name;
		mayreplace(d, name);
		Product to(name);
		if(f.verbose)
			fprint(2, "compressing " + file + " to " + to.name + "\n");
		try {
			pack(a, f, fd, {f.nomtime ? 0 : d.mtime, file}, to);
			to.keep();
		} catch(const Error&) {
			to.drop();
			doing = (to.failed() ? "error writing " + to.name
					     : "error reading " + file);
			throw;
		}
		return true;
	} catch(const Error& e) {
		a.warn(doing + ": " + e.text());
		return false;
	}
}

// The rest is what gunzip does.

std::string
unpackedname(std::string_view file)
{
	std::string s(lastelem(file));
	size_t dot = s.rfind('.');
	std::string_view suffix = dot == s.npos ? "" : std::string_view(s).substr(dot);
	if(dot != 0 && suffix == ".gz")
		s.resize(dot);
	else if(suffix == ".tgz")
		s.replace(dot, 4, ".tar");
	return s;
}

void
list(Zipflags f, const Gzhead& h, uint64_t length, Bout& out)
{
	if(!f.verbose) {
		out.put(h.name + "\n");
		return;
	}
	std::string when = tmfmt(Zone::local()(h.mtime), "WW MMM _D hh:mm:ss ZZZ YYYY");
	out.put(fmt::format("{:<32} {:10} {}\n", h.name, length, when));
}

// One member; false at the end of the stream.
bool
unpackmember(const Cmdline& a, Zipflags f, Gzreader& z, Product* to)
{
	Gzhead h;
	if(!z.member(h))
		return false;
	if(h.name.empty())
		h.name = "<unnamed file>";
	if(h.reserved)
		a.warn("reserved flags set, data may not be decompressed correctly");
	if(to && f.verbose)
		fprint(2, "extracting " + h.name + " to " + to->name + "\n");
	for(Bytes b = z.read(); !b.empty(); b = z.read()) {
		if(to)
			to->put(b);
		pollnotes();
	}
	if(f.debug)
		a.warn(fmt::format("{} bytes of {}", z.out, h.name));
	if(!to) {
		Bout out(1);
		list(f, h, z.out, out);
		out.flush();
	} else if(f.settimes && to->isfile() && h.mtime != 0) {
		to->settime(h.mtime);
	}
	return true;
}

// to is nullptr when only the table is wanted.
bool
unpack(const Cmdline& a, Zipflags f, Gzreader& z, const std::string& file, Product* to)
{
	uint64_t good = 0;	// where the last whole member ended
	try {
		while(unpackmember(a, f, z, to))
			good = z.in;
		if(to)
			to->keep();
		return true;
	} catch(const Error& e) {
		if(to && to->failed()) {
			a.warn("can't write " + to->name + ": " + e.text());
			to->drop();
			return false;
		}
		if(good > 0 && !z.inmember()) {
			a.warn(fmt::format("{}: corrupted data after byte {} ignored",
					   file, good));
			if(to)
				to->keep();
			return false;
		}
		a.warn(file + ": " + e.text());
		if(to && to->isfile()) {
			a.warn("removing output file " + to->name);
			to->drop();
		}
		return false;
	}
}

bool
unpackfile(const Cmdline& a, Zipflags f, const std::string& file)
{
	std::string doing = "can't open " + file;
	try {
		Fd fd = open(file, OREAD);
		Block b = copybuf();
		Gzreader z([&]() -> Bytes { return b.room().first(read(fd, b.room())); });
		doing = "can't read " + file;
		if(!z.isgzip()) {
			a.warn(file + " is not a gzip deflate file");
			return false;
		}
		if(f.table)
			return unpack(a, f, z, file, nullptr);
		std::string name = f.tostdout ? "" : unpackedname(file);
		if(name == file) {
			a.warn("can't overwrite " + file);
			return false;
		}
		doing = "can't create " + name;
		mayreplace(fstat(fd), name);
		Product to(name);
		return unpack(a, f, z, file, &to);
	} catch(const Error& e) {
		a.warn(doing + ": " + e.text());
		return false;
	}
}
}

void
gzip(Argv argv)
{
	Cmdline a(argv, "[-cvnD] [-1-9] [file ...]");
	Zipflags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'D': f.debug = true; break;
		case 'v': f.verbose = true; break;
		case 'c': f.tostdout = true; break;
		case 'n': f.nomtime = true; break;
		default:
			if(c < '1' || c > '9')
				a.usage();
			f.level = int(c - '0');
		}
	bool ok = true;
	if(a.argc() == 0) {
		Product to("");
		uint32_t now = uint32_t(nsec() / 1'000'000'000);
		pack(a, f, 0, {f.nomtime ? 0 : now, {}}, to);
	}
	for(const std::string& s : a.rest())
		ok &= packfile(a, f, s);
	if(!ok)
		exits("errors");
}

void
gunzip(Argv argv)
{
	Cmdline a(argv, "[-ctTvD] [file ...]");
	Zipflags f;
	while(char32_t c = a.flag())
		switch(c) {
		case 'D': f.debug = true; break;
		case 'c': f.tostdout = true; break;
		case 't': f.table = true; break;
		case 'T': f.settimes = true; break;
		case 'v': f.verbose = true; break;
		default: a.usage();
		}
	bool ok = true;
	if(a.argc() == 0) {
		Block b = copybuf();
		Gzreader z([&]() -> Bytes { return b.room().first(read(0, b.room())); });
		Product to("");
		ok = unpack(a, f, z, "<stdin>", f.table ? nullptr : &to);
	}
	for(const std::string& s : a.rest())
		ok &= unpackfile(a, f, s);
	if(!ok)
		exits("errors");
}
}
