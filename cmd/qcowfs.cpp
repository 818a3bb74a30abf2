// qcowfs: a QEMU disk image as a file.  The program opens or makes the image; the
// server Proc that it starts outlives it, syncs the image when it has been left alone
// for a while, and closes it when the last client has gone.  qcowfs(8).

#include "cmd/cmds.h"
#include "cmd/fdstore.h"
#include "cmd/prog.h"
#include "lib9/9p/srv.h"
#include "lib9/disk/qcow2.h"

namespace p9 {

namespace {

constexpr int64_t Quiet = 5000;	// ms

class Qcowsrv final : public Srv {
	std::unique_ptr<Fdstore> st;	// before the image in it
	Qcow2 disk;
	const bool slow;	// the image lies on a server, which may be long
	const std::string owner;
	const std::string file;
	Idle syncer;

	void trysync();

public:
	Qcowsrv(std::unique_ptr<Fdstore> s, std::string_view user, std::string_view f);
	int fd() const { return st->fd(); }

	void attach(Req& r) override;
	void open(Req& r) override;
	void read(Req& r) override;
	void write(Req& r) override;
	void clunk(Req& r) override;
	void remove(Req&) override { error("remove prohibited"); }
	void wstat(Req& r) override;
	void end() override;
};

Qcowsrv::Qcowsrv(std::unique_ptr<Fdstore> s, std::string_view user, std::string_view f)
	: Srv(kernelsync()), st(std::move(s)),
	  disk(Qcow2::open(*st, kernelsync(), Qcow2::Readwrite)), slow(!st->ishost()),
	  owner(user), file(f), syncer("qcowsync", Quiet, [this] { trysync(); }, &sync)
{
	name = "qcowfs";
	direct = !slow;
	tree = std::make_unique<Tree>(user, user, 0755);
	Ref<File> data = tree->createfile(*tree->root, "data", user, 0666);
	tree->setlength(*data, disk.size());
}

void
Qcowsrv::attach(Req& r)
{
	if(r.ifcall.uname != owner)
		error(Eperm);
	r.respond();
}

void
Qcowsrv::open(Req& r)
{
	if(r.ifcall.mode & OTRUNC)
		error("a disk cannot be truncated");
	r.respond();
}

void
Qcowsrv::read(Req& r)
{
	if(slow)
		srvrelease(r);
	r.ofcall.count = uint32_t(disk.read(r.readroom(), r.ifcall.offset));
	r.respond();
}

void
Qcowsrv::write(Req& r)
{
	if(slow)
		srvrelease(r);
	disk.write(r.data(), r.ifcall.offset);
	syncer.touch();
	r.ofcall.count = r.ifcall.count;
	r.respond();
}

void
Qcowsrv::trysync()
{
	try {
		disk.sync();
	} catch(const Error& e) {
		fprint(2, "qcowfs: " + file + " not synced: " + e.text() + "\n");
	}
}

// What a writer has closed is in the file for whoever looks next.
void
Qcowsrv::clunk(Req& r)
{
	int mode = r.fid->omode & 3;
	if(mode == OWRITE || mode == ORDWR) {
		srvrelease(r);
		trysync();
	}
	r.respond();
}

// A change of nothing is stat(5)'s way to say: make it durable.
void
Qcowsrv::wstat(Req& r)
{
	Dir d = r.d;
	if(d.length != ~uint64_t(0) && (r.fid->isdir() || d.length != disk.size()))
		error("the size of a disk does not change");
	d.length = ~uint64_t(0);
	if(!d.isdontcare())
		error("wstat prohibited");
	srvrelease(r);
	disk.sync();
	r.respond();
}

void
Qcowsrv::end()
{
	syncer.stop();
	try {
		disk.close();
	} catch(const Error& e) {
		fprint(2, "qcowfs: " + file + " not closed: " + e.text() + "\n");
	}
	st->close();
}

// A server that was just unmounted may still be closing the image.
void
waitlock(Fdstore& st)
{
	constexpr int tries = 40;
	for(int i = 1;; i++)
		try {
			st.lockwriter();
			return;
		} catch(const Error& e) {
			if(!e.is(Eexcl) || i == tries)
				throw;
			sleep(50);
		}
}

// An image of size bytes in place of what the file held.  The lock comes before the
// first change: the file may be a running machine's disk.  A size that no image can have
// changes nothing.
std::unique_ptr<Fdstore>
createimage(const std::string& file, uint64_t size)
{
	bool isnew = !trystat(file);
	Fd fd = isnew ? create(file, ORDWR | OEXCL, 0666) : open(file, ORDWR);
	auto st = std::make_unique<Fdstore>(std::move(fd));
	waitlock(*st);
	try {
		Qcow2::create(*st, size);
	} catch(const Error&) {
		if(isnew)
			remove(file);
		throw;
	}
	return st;
}

std::unique_ptr<Fdstore>
openimage(const std::string& file)
{
	auto st = std::make_unique<Fdstore>(open(file, ORDWR));
	waitlock(*st);
	return st;
}

// An Error of the image names nothing; the user wants to know which file it was.
std::string
about(const Error& e, const std::string& file)
{
	return e.name().empty() ? Error(e.reason(), file).text() : e.text();
}
}

void
qcowfs(Argv argv)
{
	Cmdline a(argv, "[-s srv] [-m mntpt ] [-n size] file");
	std::string srvname;
	std::string mntpt = "/mnt/qcow";
	std::optional<uint64_t> size;
	while(char32_t f = a.flag())
		switch(f) {
		case 's': srvname = a.earg(); break;
		case 'm': mntpt = a.earg(); break;
		case 'n': size = a.esize(); break;
		default: a.usage();
		}
	if(a.argc() != 1)
		a.usage();
	std::string file = a.rest()[0];
	const char* doing = size ? "create: " : "open: ";
	try {
		auto st = size ? createimage(file, *size) : openimage(file);
		auto srv = std::make_unique<Qcowsrv>(std::move(st), getuser(), file);
		int fd = srv->fd();
		doing = "";
		postmountsrv(std::move(srv), srvname, mntpt, MREPL, {fd});
		close(fd);
	} catch(const Error& e) {
		a.fatal(doing + about(e, file));
	}
}
}
