// ramfs(4): a file tree in memory.  A file is 64 KiB chunks, each as long as what was
// written to it; what is not there reads as zeros.  One session serves it, whose
// hooks run one at a time: contents need no lock.

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/9p/srv.h"
#include "port/sys.h"

namespace p9 {

namespace {

constexpr uint64_t Chunksize = 64 * 1024;
constexpr uint64_t Maxfile = uint64_t(16) << 40;
constexpr uint64_t Maxmem = 800 << 20; // without -u

constexpr std::string_view Efilebig = "file too big";
constexpr std::string_view Enomemory = "no memory";

struct Memory {
	uint64_t used = 0;
	uint64_t max = Maxmem;
};

// The bytes of one file.
class Ramfile final : public Counted {
	struct Chunk {
		std::unique_ptr<std::byte[]> p;
		size_t len = 0;
	};
	using Page = std::array<Chunk, 512>;

	Memory& mem;
	std::vector<std::unique_ptr<Page>> pages;

	~Ramfile() override { truncate(0); }

	Chunk* find(uint64_t i)
	{
		uint64_t page = i / std::tuple_size_v<Page>;
		if(page >= pages.size() || !pages[page])
			return nullptr;
		return &(*pages[page])[i % std::tuple_size_v<Page>];
	}

	// Chunk i with room for the n bytes from o on, which the caller fills.
	Chunk& need(uint64_t i, size_t o, size_t n)
	{
		uint64_t page = i / std::tuple_size_v<Page>;
		if(page >= pages.size())
			pages.resize(page + 1);
		if(!pages[page])
			pages[page] = std::make_unique<Page>();
		Chunk& c = (*pages[page])[i % std::tuple_size_v<Page>];
		if(c.len < o + n)
			grow(c, o, n);
		return c;
	}

	void grow(Chunk& c, size_t o, size_t n)
	{
		size_t len = std::max({o + n, 2 * c.len, size_t(512)});
		len = std::min(len, size_t(Chunksize));
		if(mem.used + (len - c.len) > mem.max)
			error(Enomemory);
		auto p = std::make_unique_for_overwrite<std::byte[]>(len);
		if(c.len > 0)
			std::memcpy(p.get(), c.p.get(), c.len);
		if(o > c.len)
			std::memset(p.get() + c.len, 0, o - c.len);
		std::memset(p.get() + o + n, 0, len - (o + n));
		mem.used += len - c.len;
		c.p = std::move(p);
		c.len = len;
	}

public:
	int nopen = 0;

	explicit Ramfile(Memory& m) : mem(m) {}

	// Requires: the file is that long.
	void read(Buf b, uint64_t off)
	{
		while(!b.empty()) {
			size_t o = off % Chunksize;
			size_t n = std::min(b.size(), size_t(Chunksize - o));
			Chunk* c = find(off / Chunksize);
			size_t have = c && c->len > o ? std::min(n, c->len - o) : 0;
			if(have > 0)
				std::memcpy(b.data(), c->p.get() + o, have);
			if(have < n)
				std::memset(b.data() + have, 0, n - have);
			b = b.subspan(n);
			off += n;
		}
	}

	void write(Bytes b, uint64_t off)
	{
		while(!b.empty()) {
			size_t o = off % Chunksize;
			size_t n = std::min(b.size(), size_t(Chunksize - o));
			Chunk& c = need(off / Chunksize, o, n);
			std::memcpy(c.p.get() + o, b.data(), n);
			b = b.subspan(n);
			off += n;
		}
	}

	// What lies behind n reads as zeros from now on.
	void truncate(uint64_t n)
	{
		uint64_t first = n / Chunksize;
		if(Chunk* c = find(first); c && c->len > n % Chunksize) {
			size_t o = n % Chunksize;
			std::memset(c->p.get() + o, 0, c->len - o);
		}
		uint64_t per = std::tuple_size_v<Page>;
		uint64_t i = n % Chunksize ? first + 1 : first;
		for(; i < pages.size() * per; i++) {
			Chunk* c = find(i);
			if(!c) {
				i |= per - 1;
				continue;
			}
			mem.used -= c->len;
			*c = {};
		}
		pages.resize(std::min(uint64_t(pages.size()), n / Chunksize / per + 1));
		if(n == 0)
			pages.clear();
	}
};

class Ramfs final : public Srv {
public:
	Memory mem;

	Ramfs() : Srv(kernelsync())
	{
		name = "ramfs";
		direct = true;
		tree = std::make_unique<Tree>(getuser(), getuser(), 0777);
	}
	~Ramfs() override { tree.reset(); } // its files give their memory back

	void open(Req& r) override
	{
		if(!r.fid->isdir()) {
			Dir d = tree->statfile(*r.fid->file);
			Ramfile& f = r.fid->file->as<Ramfile>();
			if((d.mode & DMEXCL) && f.nopen > 0)
				return r.responderror(Eexcl);
			if((r.ifcall.mode & OTRUNC) && !(d.mode & DMAPPEND))
				settrunc(r, 0);
			f.nopen++;
		}
		r.respond();
	}

	void create(Req& r) override
	{
		bool dir = r.ifcall.perm & DMDIR;
		Ref<Ramfile> f;
		if(!dir)
			f = mk<Ramfile>(mem);
		r.newfid->file = tree->createfile(*r.fid->file, r.ifcall.name, r.fid->uid,
						  r.ifcall.perm, f);
		r.ofcall.qid = tree->qidof(*r.newfid->file);
		if(f)
			f->nopen++;
		r.respond();
	}

	void destroyfid(Fid& f) override
	{
		if(f.isopen() && !f.isdir())
			f.file->as<Ramfile>().nopen--;
	}

	void read(Req& r) override
	{
		uint64_t len = tree->lengthof(*r.fid->file);
		uint64_t off = r.ifcall.offset;
		if(off < len) {
			size_t n = size_t(std::min(uint64_t(r.ifcall.count), len - off));
			r.fid->file->as<Ramfile>().read(r.readroom().first(n), off);
			r.ofcall.count = uint32_t(n);
		}
		r.respond();
	}

	void write(Req& r) override
	{
		File& file = *r.fid->file;
		uint64_t len = tree->lengthof(file);
		uint64_t off = r.fid->qid.type & QTAPPEND ? len : r.ifcall.offset;
		uint64_t end = off + r.ifcall.count;
		if(end > Maxfile)
			error(Efilebig);
		Bytes data = r.data();
		file.as<Ramfile>().write(data, off);
		if(end > len && r.ifcall.count > 0)
			tree->setlength(file, end);
		r.ofcall.count = r.ifcall.count;
		r.respond();
	}

	void wstat(Req& r) override
	{
		File& file = *r.fid->file;
		if(r.d.length != ~uint64_t(0) && r.d.length > Maxfile)
			error(Efilebig);
		if(r.d.length != ~uint64_t(0) && !r.fid->isdir())
			settrunc(r, r.d.length);
		tree->wstatfile(file, r.d); // its mtime counts, not that of the length
		r.respond();
	}

private:
	void settrunc(Req& r, uint64_t n)
	{
		File& file = *r.fid->file;
		if(n < tree->lengthof(file))
			file.as<Ramfile>().truncate(n);
		tree->setlength(file, n);
		tree->written(file, r.fid->uid);
	}
};

struct Options {
	int debug = 0;
	bool stdio = false;
	bool unlimited = false;
	int flag = 0;
	std::string srvname;
	std::string mtpt = "/tmp";
};

Options
options(Cmdline& a)
{
	Options o;
	while(char32_t f = a.flag())
		switch(f) {
		case 'D':
			o.debug++;
			break;
		case 'i':
			o.stdio = true;
			o.srvname = o.mtpt = "";
			break;
		case 'p':
			break; // the host keeps Procs' memory from each other's programs
		case 's':
			o.srvname = "ramfs";
			o.mtpt = "";
			break;
		case 'S':
			o.srvname = a.earg();
			o.mtpt = "";
			break;
		case 'm':
			o.mtpt = a.earg();
			break;
		case 'u':
			o.unlimited = true;
			break;
		case 'b':
			o.flag |= MBEFORE;
			break;
		case 'a':
			o.flag |= MAFTER;
			break;
		case 'c':
			o.flag |= MCREATE;
			break;
		default:
			a.usage();
		}
	if(a.argc() > 0)
		a.usage();
	if(o.flag == 0)
		o.flag = MREPL | MCREATE;
	return o;
}
}

void
ramfs(Argv argv)
{
	Cmdline a(std::move(argv), "[-Dipsubac] [-m mountpoint] [-S srvname]");
	Options o = options(a);
	auto srv = std::make_unique<Ramfs>();
	srv->chatty = o.debug;
	if(o.unlimited)
		srv->mem.max = ~uint64_t(0);
	if(o.stdio) {
		srv->log = [](std::string_view line) {
			fprint(2, std::string(line) + "\n");
		};
		std::unique_ptr<Transport> t = fdtransport(0, 1);
		srv->serve(*t);
		return;
	}
	postmountsrv(std::move(srv), o.srvname, o.mtpt, o.flag);
}
}
