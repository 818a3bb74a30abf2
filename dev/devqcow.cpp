// Disk images of QEMU's as files.  #Q/ctl takes `open NAME FILE' and `close NAME';
// #Q/NAME/data is the disk, #Q/NAME/ctl tells about it and takes `sync' and
// `close'.  An image that was changed and then left alone for a while is synced.  A
// qid's path is 4n plus which file of disk n it is.  qcow(3).

#include <fmt/format.h>

#include <map>

#include "lib9/disk/filestore.h"
#include "lib9/disk/qcow2.h"
#include "lib9/parse.h"
#include "lib9/quote.h"
#include "port/console.h"
#include "port/dev.h"
#include "port/idle.h"
#include "port/namec.h"
#include "port/qlock.h"
#include "port/sys.h"
#include "port/sysfile.h"

namespace p9 {

namespace {

enum : uint64_t { Qdir, Qctl, Qdata };	// of a disk; disk 0 is the device itself
constexpr int64_t Quiet = 5000;	// ms

class Chanstore final : public Filestore {
	Ref<Chan> c;

	size_t pread(Buf b, uint64_t off) override
	{
		return chanread(*c, b, int64_t(off));
	}
	size_t pwrite(Bytes b, uint64_t off) override
	{
		return chanwrite(*c, b, int64_t(off));
	}
	Dir fstat() override { return chanstat(*c); }
	void fwstat(const Dir& d) override { chanwstat(*c, d); }

public:
	explicit Chanstore(Ref<Chan> file) : c(std::move(file)) { begin(); }
	void close() { p9::close(std::move(c)); }
};

// An open image.  Its Chans and the device's table refer to it.
struct Disk final : public Counted {
	const uint64_t id;
	const std::string name;
	const std::string file;
	Chanstore store;	// before the image in it
	RWLock busy;	// shared by requests; whole for the end
	Qcow2 image;
	int users = 0;	// that have data open; guarded by Qcowdev::lk
	bool listed = true;	// guarded by Qcowdev::lk
	Idle syncer;

	Disk(uint64_t i, std::string n, std::string f)
		: id(i), name(std::move(n)), file(std::move(f)),
		  store(nameopen(file, ORDWR)),
		  image(Qcow2::open(store, kernelsync(), Qcow2::Readwrite)),
		  syncer("qcowsync", Quiet, [this] { trysync(); })
	{
	}
	void trysync();
	void end();
	void lastend();
};

class Qcowdev final : public Gendev {
	QLock lk;	// guards what follows
	std::map<std::string, Ref<Disk>, std::less<>> disks;
	uint64_t lastid = 0;

	Dir dirof(const Disk& k) const { return dir(4 * k.id, k.name); }
	Disk& disk(Chan& c) const;
	void opendisk(const std::string& n, const std::string& f);
	void closedisk(const std::string& n);
	std::string listing();
	void control(Chan& c, const Cmdbuf& cb);

public:
	Qcowdev() : Gendev(U'Q', "qcow") {}

	void shutdown() override;
	std::vector<Dir> list(const Chan& c) override;
	Dir parent(const Chan& c) override;
	void arrived(Chan& c, const Chan& from) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	void wstat(Chan& c, const Dir& d) override;
};

void
Disk::trysync()
{
	std::shared_lock l(busy);
	try {
		image.sync();
	} catch(const Error& e) {
		if(!e.is(Eshutdown))
			print("#Q: " + file + " not synced: " + e.text() + "\n");
	}
}

// The image is whole in its file; when this raises an Error it stays open.
void
Disk::end()
{
	{
		std::unique_lock l(busy);
		image.close();
	}
	syncer.stop();
	store.close();
}

// Nobody can look at it any more.
void
Disk::lastend()
{
	try {
		end();
	} catch(const Error& e) {
		print("#Q: " + file + " not closed: " + e.text() + "\n");
		syncer.stop();
	}
}

// An Error of an image names nothing; the user wants to know which file it was.
Ref<Disk>
opened(uint64_t id, const std::string& name, const std::string& file)
{
	try {
		return mk<Disk>(id, name, file);
	} catch(const Error& e) {
		if(e.name().empty())
			error(e.reason(), file);
		throw;
	}
}

uint64_t
which(const Chan& c)
{
	return c.qid.path % 4;
}

bool
isdata(const Chan& c)
{
	return which(c) == Qdata;
}

Disk&
Qcowdev::disk(Chan& c) const
{
	if(!c.aux)
		error(Enonexist);
	return c.as<Disk>();
}

// The image is opened with no lock held: its server may be slow.
void
Qcowdev::opendisk(const std::string& n, const std::string& f)
{
	validname(n, Slash::No);
	if(n.empty() || n == "ctl" || n == "." || n == "..")
		error(Ebadarg, n);
	uint64_t id;
	{
		std::scoped_lock l(lk);
		if(disks.contains(n))
			error(Eexist, n);
		id = ++lastid;
	}
	Ref<Disk> k = opened(id, n, f);
	{
		std::scoped_lock l(lk);
		if(disks.emplace(n, k).second)
			return;
	}
	k->end();
	error(Eexist, n);
}

void
Qcowdev::closedisk(const std::string& n)
{
	Ref<Disk> k;
	{
		std::scoped_lock l(lk);
		auto it = disks.find(n);
		if(it == disks.end())
			error(Enonexist, n);
		if(it->second->users > 0)
			error(Einuse, n);
		k = it->second;
		k->listed = false;
		disks.erase(it);
	}
	try {
		k->end();
	} catch(const Error&) {
		std::scoped_lock l(lk);
		k->listed = disks.emplace(n, k).second;
		throw;
	}
}

// What a server still has open is closed by its last close.
void
Qcowdev::shutdown()
{
	std::vector<Ref<Disk>> idle;
	{
		std::scoped_lock l(lk);
		for(auto& [n, k] : disks) {
			k->listed = false;
			if(k->users == 0)
				idle.push_back(k);
		}
		disks.clear();
	}
	for(auto& k : idle)
		k->lastend();
}

std::vector<Dir>
Qcowdev::list(const Chan& c)
{
	std::vector<Dir> l;
	if(c.aux) {
		const Disk& k = c.as<Disk>();
		l.push_back(file(4 * k.id + Qctl, "ctl", 0660));
		l.push_back(file(4 * k.id + Qdata, "data", 0660, k.image.size()));
		return l;
	}
	l.push_back(file(Qctl, "ctl", 0660));
	std::scoped_lock g(lk);
	for(auto& [n, k] : disks)
		l.push_back(dirof(*k));
	return l;
}

Dir
Qcowdev::parent(const Chan& c)
{
	if(c.aux && which(c) != Qdir)
		return dirof(c.as<Disk>());
	return Gendev::parent(c);
}

void
Qcowdev::arrived(Chan& c, const Chan& from)
{
	uint64_t id = c.qid.path / 4;
	c.aux = nullptr;
	if(id == 0)
		return;
	if(from.aux && from.as<Disk>().id == id) {
		c.aux = from.aux;
		return;
	}
	std::scoped_lock l(lk);
	for(auto& [n, k] : disks)
		if(k->id == id)
			c.aux = k;
}

Ref<Chan>
Qcowdev::open(Ref<Chan> c, int omode)
{
	if(isdata(*c) && omode & OTRUNC)
		error("a disk cannot be truncated");
	c = Gendev::open(std::move(c), omode);
	if(!isdata(*c))
		return c;
	Disk& k = disk(*c);
	std::scoped_lock l(lk);
	if(!k.listed) {
		// The close that follows does not count.
		c->flag &= ~unsigned(COPEN);
		error(Eshutdown);
	}
	k.users++;
	return c;
}

void
Qcowdev::close(Chan& c)
{
	if(!isdata(c) || !(c.flag & COPEN))
		return;
	Disk& k = disk(c);
	bool last;
	{
		std::scoped_lock l(lk);
		last = --k.users == 0 && !k.listed;
	}
	if(last)
		k.lastend();
}

std::string
Qcowdev::listing()
{
	std::string s;
	std::scoped_lock l(lk);
	for(auto& [n, k] : disks)
		s += fmt::format("{} {} {}\n", quoted(n), quoted(k->file),
				 k->image.size());
	return s;
}

size_t
Qcowdev::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	if(off < 0)
		error(Enegoff);
	if(c.qid.path == Qctl)
		return readstr(buf, off, listing());
	Disk& k = disk(c);
	std::shared_lock l(k.busy);
	if(isdata(c))
		return k.image.read(buf, uint64_t(off));
	return readstr(buf, off, k.image.info());
}

void
Qcowdev::control(Chan& c, const Cmdbuf& cb)
{
	enum { Open, Close, Sync };
	static constexpr Cmdtab devtab[] = {{Open, "open", 3}, {Close, "close", 2}};
	static constexpr Cmdtab disktab[] = {{Close, "close", 1}, {Sync, "sync", 1}};
	if(c.qid.path == Qctl) {
		if(lookupcmd(cb, devtab).index == Open)
			opendisk(cb.f[1], cb.f[2]);
		else
			closedisk(cb.f[1]);
		return;
	}
	Disk& k = disk(c);
	if(lookupcmd(cb, disktab).index == Close)
		return closedisk(k.name);
	std::shared_lock l(k.busy);
	k.image.sync();
}

size_t
Qcowdev::write(Chan& c, Bytes buf, int64_t off)
{
	if(!isdata(c)) {
		control(c, parsecmd(buf));
		return buf.size();
	}
	if(off < 0)
		error(Enegoff);
	Disk& k = disk(c);
	std::shared_lock l(k.busy);
	k.image.write(buf, uint64_t(off));
	k.syncer.touch();
	return buf.size();
}

// A change of nothing makes the disk durable.
void
Qcowdev::wstat(Chan& c, const Dir& d)
{
	if(!isdata(c) || !d.isdontcare())
		error(Eperm);
	Disk& k = disk(c);
	std::shared_lock l(k.busy);
	k.image.sync();
}
}

Dev&
qcowdev()
{
	static Qcowdev dev;
	return dev;
}
}
