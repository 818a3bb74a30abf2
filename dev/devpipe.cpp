// Pipes.  Each attach makes one: what is written to data is read from data1 and
// the other way.  Every Chan of a pipe holds a reference on it; side counts the
// open ones of each end, and the last to close hangs up the other end.
//
// Blocks pass whole, with their loans, to a reader by bread that asks for enough;
// so iounit stays 0.  pipe(3).

#include "lib9/error.h"
#include "port/dev.h"
#include "port/proc.h"
#include "port/qio.h"

namespace p9 {

namespace {

// A qid's path is the pipe's number times four and one of these.
enum : uint64_t { Qdir, Qdata0, Qdata1, Qmask = 3 };

constexpr size_t Pipesize = 256 << 10;

struct Pipe final : Counted {
	const uint64_t path;
	// To be read at data, at data1.
	Queue q[2] = {Queue(Pipesize), Queue(Pipesize)};
	Lock lk;	// guards open; taken before a Queue's
	int open[2] = {0, 0};

	explicit Pipe(uint64_t n) : path(4 * n) {}
};

class Pipedev final : public Gendev {
	std::atomic<uint64_t> npipes{0};

	Dir entry(Pipe& p, uint64_t end);

public:
	Pipedev() : Gendev(U'|', "pipe") {}

	Ref<Chan> attach(std::string_view spec) override;
	std::vector<Dir> list(const Chan& c) override;
	std::optional<Dir> lookup(Chan& c, std::string_view elem) override;
	Dir parent(const Chan& c) override { return entry(c.as<Pipe>(), Qdir); }
	Dir self(Chan& c) override { return entry(c.as<Pipe>(), c.qid.path & Qmask); }
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	Block bread(Chan& c, size_t n, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	size_t bwrite(Chan& c, Block b, int64_t off) override;
};

size_t
side(const Chan& c)
{
	return (c.qid.path & Qmask) == Qdata1;
}

Queue&
readq(Chan& c)
{
	return c.as<Pipe>().q[side(c)];
}

Queue&
writeq(Chan& c)
{
	return c.as<Pipe>().q[!side(c)];
}

Ref<Chan>
Pipedev::attach(std::string_view spec)
{
	auto p = mk<Pipe>(++npipes);
	auto c = devattach(*this, spec);
	c->qid.path = p->path | Qdir;
	c->aux = std::move(p);
	return c;
}

Dir
Pipedev::entry(Pipe& p, uint64_t end)
{
	switch(end) {
	case Qdata0:
		return file(p.path | end, "data", 0666, p.q[0].len());
	case Qdata1:
		return file(p.path | end, "data1", 0666, p.q[1].len());
	}
	return dir(p.path, "#|", 0500);
}

std::vector<Dir>
Pipedev::list(const Chan& c)
{
	return {entry(c.as<Pipe>(), Qdata0), entry(c.as<Pipe>(), Qdata1)};
}

std::optional<Dir>
Pipedev::lookup(Chan& c, std::string_view elem)
{
	if(elem == "data")
		return entry(c.as<Pipe>(), Qdata0);
	if(elem == "data1")
		return entry(c.as<Pipe>(), Qdata1);
	return {};
}

Ref<Chan>
Pipedev::open(Ref<Chan> c, int omode)
{
	if(c->isdir() && (omode & ~OCEXEC) != OREAD)
		error(Ebadarg);
	c = Gendev::open(std::move(c), omode);
	if(!c->isdir()) {
		Pipe& p = c->as<Pipe>();
		std::scoped_lock l(p.lk);
		p.open[side(*c)]++;
	}
	return c;
}

void
Pipedev::close(Chan& c)
{
	if(c.isdir() || !(c.flag & COPEN))
		return;
	Pipe& p = c.as<Pipe>();
	std::scoped_lock l(p.lk);
	if(--p.open[side(c)] == 0) {
		writeq(c).hangup();
		readq(c).close();
	}
	// With both ends closed the pipe, bound somewhere, can be used again.
	if(p.open[0] == 0 && p.open[1] == 0) {
		p.q[0].reopen();
		p.q[1].reopen();
	}
}

size_t
Pipedev::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	return readq(c).read(buf);
}

Block
Pipedev::bread(Chan& c, size_t n, int64_t off)
{
	if(c.isdir())
		return Dev::bread(c, n, off);
	return readq(c).bget(n);
}

// Who is told by a note, as programs are that do not look at errors.  A server is not:
// it must be able to write back what it holds when its client has gone.
bool
wantsnote(const Chan& c, const Proc& p)
{
	return !(c.flag & CMSG) && !p.kernel && !p.server;
}

// Runs put on the end that c writes to.
template<class F>
void
writeto(Chan& c, F put)
{
	try {
		put(writeq(c));
	} catch(const Error& e) {
		if(e.is(Ehungup) && wantsnote(c, up()))
			up().post("sys: write on closed pipe");
		throw;
	}
}

size_t
Pipedev::write(Chan& c, Bytes buf, int64_t)
{
	writeto(c, [buf](Queue& q) { q.write(buf); });
	return buf.size();
}

size_t
Pipedev::bwrite(Chan& c, Block b, int64_t)
{
	size_t n = b.size();
	writeto(c, [&b](Queue& q) { q.bput(std::move(b)); });
	return n;
}
}

Dev&
pipedev()
{
	static Pipedev dev;
	return dev;
}
}
