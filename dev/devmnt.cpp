// The mount driver: files of a 9P server.  Each operation is one request; reads and
// writes are cut to what the server takes.  What the server says of itself is
// checked before it is shown: entries, counts, qids of a walk.  mnt(3).

#include "dev/devmnt.h"

#include <algorithm>

#include <fmt/format.h>

#include "dev/mntahead.h"
#include "dev/mntcache.h"
#include "lib9/endian.h"
#include "lib9/error.h"
#include "port/dev.h"
#include "port/mnt.h"
#include "port/namec.h"

namespace p9 {

Dev& mntdev();

namespace {

constexpr std::string_view Esbadstat = "invalid directory entry received from server";
constexpr std::string_view Ebadconv = "bad fversion conversion on reply";
constexpr size_t Minmsize = 256;
constexpr size_t Maxversion = 8192 + IOHDRSZ;	// of the Rversion

std::atomic<uint32_t> lastdevno{0};	// of mounts: tells them apart in the mount table

class Mntdev final : public Dev {
public:
	Mntdev() : Dev(U'M', "mnt") {}

	// Only mount(2) gets here, by mntattach.
	Ref<Chan> attach(std::string_view) override { error(Enoattach); }
	Walkqid walk(Chan& c, Names names) override;
	Dir stat(Chan& c) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	Ref<Chan> create(Ref<Chan> c, std::string_view elem, int omode, uint32_t perm) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	void remove(Chan& c) override;
	void wstat(Chan& c, const Dir& d) override;
};

// What is kept of c's mount; null when it allows that not, or not of such a file.
Mntcache*
cacheof(const Chan& c)
{
	if(!(c.flag & CCACHE) || !Mntcache::cacheable(c.qid))
		return nullptr;
	return &c.as<Mntcache>();
}

// Around a change of c's content by other than writes, which may fail half done.
class Changing {
	Mntcache* const cache;
	const uint64_t path;

public:
	Changing(const Chan& c, bool does) : cache(does ? cacheof(c) : nullptr), path(c.qid.path)
	{
		if(cache)
			cache->forget(path);
	}
	~Changing()
	{
		if(cache)
			cache->forget(path);
	}
	Changing(const Changing&) = delete;
};

// The request m, which must be answered by an R.
template<class R, class T>
R
rpc(Call& call, const T& m)
{
	if(!call.send(m))
		call.fail();
	return call.reply<R>();
}

// A Chan of the server at conn by a fid that it has accepted.
Ref<Chan>
mntchan(Ref<Chan> conn, uint32_t fid, const Qid& qid)
{
	auto c = devattach(mntdev());
	c->devno = ++lastdevno;
	c->fid = fid;
	c->qid = qid;
	c->mchan = std::move(conn);
	return c;
}

// What is sent in one message to or from c.
size_t
chunk(const Chan& c, size_t n)
{
	size_t most = mntof(c).maxio();
	if(c.iounit != 0)
		most = std::min(most, c.iounit);
	return std::min(n, most);
}

void
opened(Chan& c, const Qid& qid, size_t iounit, int omode)
{
	size_t most = mntof(c).maxio();
	c.qid = qid;
	c.offset = 0;
	c.mode = openmode(omode);
	c.iounit = iounit == 0 || iounit > most ? most : iounit;
	c.flag |= COPEN;
}

// A short answer is a missing name, and so is the usual Rerror, so that a name tried in a
// union costs no exception.
Walkqid
Mntdev::walk(Chan& c, Names names)
{
	if(names.size() > MAXWELEM)
		error("devmnt: too many name elements");
	Mnt& m = mntof(c);
	Walkqid wq;
	Twalk t;
	t.fid = c.fid;
	t.newfid = m.newfid();
	for(std::string_view n : names)
		t.wname.add(n);
	Call call(m, Twalk::type, c.fid);
	if(!call.send(t)) {
		m.freefid(t.newfid);
		if(names.empty() || call.errtext() != Enonexist)
			call.fail();
		return wq;
	}
	auto qids = call.reply<Rwalk>().wqid;
	if(qids.size() > names.size()) {
		forget<Rclunk>(m, Tclunk{.fid = t.newfid});
		error("too many QIDs returned by walk");
	}
	wq.nqid = qids.size();
	std::ranges::copy(qids, wq.qid.begin());
	if(wq.nqid < names.size()) {
		m.freefid(t.newfid);
		return wq;
	}
	wq.clone = devclone(c);
	wq.clone->fid = t.newfid;
	wq.clone->mchan = c.mchan;
	wq.clone->flag |= c.flag & CCACHE;
	if(!qids.empty())
		wq.clone->qid = qids.back();
	return wq;
}

// The device and its number in an entry are ours, not the server's.
void
localize(Buf entry, const Chan& c)
{
	validstat(entry);
	putle(entry.data() + 2, uint16_t(c.dev.dc));
	putle(entry.data() + 4, c.devno);
}

Dir
entryof(Bytes entry)
{
	validstat(entry);
	auto d = convM2D(entry);
	if(!d)
		error(Ebadstat);
	return *std::move(d);
}

Dir
Mntdev::stat(Chan& c)
{
	Call call(mntof(c), Tstat::type, c.fid);
	Dir d = entryof(rpc<Rstat>(call, Tstat{.fid = c.fid}).stat);
	d.type = uint16_t(dc);
	d.dev = c.devno;
	return d;
}

// Only a file with a length has content that can be kept: the length is asked for once
// for each version.  A server that does not tell it serves all the same.
void
learnlength(Mntcache& cache, Chan& c)
{
	Call call(mntof(c), Tstat::type, c.fid);
	if(!call.send(Tstat{.fid = c.fid}))
		return;
	Dir d = entryof(call.reply<Rstat>().stat);
	if(d.qid.path == c.qid.path)
		cache.learn(d.qid, d.length);
}

void
opencached(Chan& c, int omode)
{
	Mntcache* cache = cacheof(c);
	if(!cache)
		return;
	bool known = cache->opened(c.qid);
	if(c.mode == OWRITE || (omode & OTRUNC))
		return;
	if(!known)
		learnlength(*cache, c);
	c.ahead = mk<Readahead>(*cache, c);
}

// Whether c's fid is still the caller's to give back.
bool
stopahead(Chan& c)
{
	return !c.ahead || static_cast<Readahead&>(*c.ahead).stop();
}

Ref<Chan>
Mntdev::open(Ref<Chan> c, int omode)
{
	openmode(omode);
	{
		Changing trunc(*c, omode & OTRUNC);
		Call call(mntof(*c), Topen::type, c->fid);
		Topen t{.fid = c->fid, .mode = uint8_t(omode & ~OCEXEC)};
		auto r = rpc<Ropen>(call, t);
		opened(*c, r.qid, r.iounit, omode);
	}
	opencached(*c, omode);
	return c;
}

Ref<Chan>
Mntdev::create(Ref<Chan> c, std::string_view elem, int omode, uint32_t perm)
{
	openmode(omode);
	Call call(mntof(*c), Tcreate::type, c->fid);
	Tcreate t{.fid = c->fid, .name = elem, .perm = perm,
		.mode = uint8_t(omode & ~OCEXEC)};
	auto r = rpc<Rcreate>(call, t);
	opened(*c, r.qid, r.iounit, omode);
	if(Mntcache* cache = cacheof(*c))
		cache->created(c->qid);
	return c;
}

void
Mntdev::close(Chan& c)
{
	if(stopahead(c))
		forget<Rclunk>(mntof(c), Tclunk{.fid = c.fid});
}

void
Mntdev::remove(Chan& c)
{
	if(!stopahead(c))
		error(Eintr);
	Changing gone(c, true);
	forget<Rremove>(mntof(c), Tremove{.fid = c.fid});
}

size_t
readchunk(Chan& c, Buf b, int64_t off)
{
	Call call(mntof(c), Tread::type, c.fid);
	call.offer(b);
	Tread t{.fid = c.fid, .offset = uint64_t(off), .count = uint32_t(b.size())};
	if(!call.send(t))
		call.fail();
	return call.take(b);
}

size_t
writechunk(Chan& c, Bytes b, int64_t off)
{
	Call call(mntof(c), Twrite::type, c.fid);
	Twrite t{.fid = c.fid, .offset = uint64_t(off), .data = b};
	if(call.lendout(b))
		t.data = {};
	return std::min<size_t>(rpc<Rwrite>(call, t).count, b.size());
}

// A write while it lasts: however it ends, the cache hears of it.
class Writing {
	Mntcache& cache;
	const uint64_t path;
	const uint64_t stamp;
	const Bytes b;
	const uint64_t off;

public:
	size_t done = 0;

	Writing(Mntcache& m, const Chan& c, Bytes buf, int64_t o)
		: cache(m), path(c.qid.path), stamp(m.state(path).stamp), b(buf), off(uint64_t(o))
	{
	}
	~Writing() { cache.wrote(path, stamp, b.first(done), b.size(), off); }
	Writing(const Writing&) = delete;
};

size_t
writecached(Chan& c, Bytes b, int64_t off)
{
	Writing w(*cacheof(c), c, b, off);
	return w.done = writechunk(c, b, off);
}

// Moves buf by as many requests as it takes, until one falls short or a note waits; at
// least one.  Answers the bytes moved.
template<class B>
size_t
chunks(Chan& c, B buf, int64_t off, size_t (*move)(Chan&, B, int64_t))
{
	size_t all = 0;
	for(;;) {
		B b = buf.subspan(all);
		b = b.first(chunk(c, b.size()));
		size_t n = move(c, b, off + int64_t(all));
		all += n;
		if(n != b.size() || all == buf.size() || up().noted())
			return all;
	}
}

// What is kept or was read ahead, and what is not from the server, in turn; ends as chunks
// does.
size_t
readcached(Mntcache& cache, Chan& c, Buf buf, int64_t off)
{
	auto* ahead = static_cast<Readahead*>(c.ahead.get());
	size_t all = 0;
	do {
		Buf b = buf.subspan(all);
		uint64_t at = uint64_t(off) + all;
		size_t n = cache.read(c.qid.path, b, at);
		if(n != 0 && ahead)
			ahead->passed(n, at);
		b = b.first(chunk(c, b.size()));
		if(n == 0 && ahead)
			n = ahead->read(b, at);
		if(n == 0) {
			uint64_t stamp = cache.state(c.qid.path).stamp;
			n = readchunk(c, b, int64_t(at));
			cache.fill(c.qid.path, stamp, b.first(n), at);
			if(n != b.size())
				return all + n;
		}
		all += n;
	} while(all < buf.size() && !up().noted());
	return all;
}

size_t
Mntdev::read(Chan& c, Buf buf, int64_t off)
{
	if(Mntcache* cache = cacheof(c))
		return readcached(*cache, c, buf, off);
	size_t n = chunks(c, buf, off, readchunk);
	if(!c.isdir())
		return n;
	for(Buf rest = buf.first(n); !rest.empty();) {
		Bytes b = rest;
		size_t len = takeentry(b).size();
		if(len == 0)
			error(Esbadstat);
		localize(rest.first(len), c);
		rest = rest.subspan(len);
	}
	return n;
}

size_t
Mntdev::write(Chan& c, Bytes buf, int64_t off)
{
	return chunks(c, buf, off, cacheof(c) ? writecached : writechunk);
}

void
Mntdev::wstat(Chan& c, const Dir& d)
{
	if(sizeD2M(d) > STATMAX)
		error(Etoolong);
	Block b = Block::alloc(sizeD2M(d));
	b.produced(convD2M(d, b.room()));
	Changing length(c, d.length != Dir::dontcare().length);
	Call call(mntof(c), Twstat::type, c.fid);
	rpc<Rwstat>(call, Twstat{.fid = c.fid, .stat = b.data()});
}

std::string
username()
{
	std::scoped_lock l(up().lk);
	return up().user;
}

// Sends Tversion and answers the Rversion's bytes.
Block
exchangeversion(Chan& conn, const Tversion& t)
{
	Block b = Block::alloc(sizeM(t));
	b.produced(packM(t, NOTAG, b.room()));
	size_t n = b.size();
	show9p(conn, "-> ", b);
	if(conn.dev.bwrite(conn, std::move(b), 0) != n)
		error("short write in fversion");
	Msgreader in;
	Block r;
	try {
		r = in.next(conn, Maxversion);
	} catch(const Error& e) {
		if(e.is(Msgreader::Ebadmsg))
			error(Ebadconv);
		throw;
	}
	if(r.empty())
		error("EOF receiving fversion reply");
	if(in.rest())
		error(Ebadconv);
	show9p(conn, "<- ", r);
	return r;
}

// What the server said, checked against what was asked.
Rversion
checkversion(const Block& b, const Tversion& t)
{
	Rversion r;
	if(msgtype(b.data()) == RLERROR)
		error("server speaks only 9P2000.L");
	if(Rerror e; unpackM(b.data(), e))
		error(e.ename);
	uint16_t tag;
	if(!unpack(b.data(), tag))
		error(Ebadconv);
	if(!unpackM(b.data(), r))
		error("unexpected reply type in fversion");
	if(r.msize > t.msize)
		error("server tries to increase msize in fversion");
	if(r.msize < Minmsize || r.msize > MAXMSIZE)
		error("nonsense value of msize in fversion");
	if(r.version != t.version && r.version != VERSION9P)
		error("bad 9P version returned from server");
	return r;
}

// As an already settled connection answers.
void
sameversion(const Mnt& m, std::string_view asked)
{
	if(!asked.starts_with(m.version))
		error(fmt::format("incompatible 9P versions {} {}", m.version, asked));
}

Mnt&
settle(Chan& conn)
{
	std::string version;
	mntversion(conn, version, 0);
	return static_cast<Mnt&>(*conn.mux);
}
}

// Concurrent mounters of one connection: the second waits and finds it settled.  A
// connection is no directory, so its rdlock is free for that.
size_t
mntversion(Chan& conn, std::string& version, size_t msize)
{
	auto l = elocked(conn.rdlock);
	if(version.empty())
		version = VERSION9P;
	if(!version.starts_with(VERSION9P))
		error("bad 9P version specification");
	if(conn.mux) {
		const Mnt& m = static_cast<Mnt&>(*conn.mux);
		sameversion(m, version);
		version = m.version;
		return version.size();
	}
	if(conn.flag & CMSG)
		error(Ebadusefd);	// it is served, not spoken to
	if(msize == 0 || msize > MAXMSIZE)
		msize = MAXMSIZE;
	if(conn.iounit != 0)
		msize = std::min(msize, conn.iounit);
	if(version.size() > Maxversion - IOHDRSZ)
		error("bad fversion conversion on send");
	Tversion t{.msize = uint32_t(msize), .version = version};
	Block b = exchangeversion(conn, t);
	Rversion r = checkversion(b, t);
	conn.mux = mk<Mnt>(conn, r.version, r.msize);
	conn.flag |= CMSG;
	version = r.version;
	return version.size();
}

Ref<Chan>
mntauth(Ref<Chan> conn, std::string_view spec)
{
	Mnt& m = settle(*conn);
	std::string user = username();
	uint32_t afid = m.newfid();
	Call call(m, Tauth::type, afid);
	if(!call.send(Tauth{.afid = afid, .uname = user, .aname = spec})) {
		m.freefid(afid);
		call.fail();
	}
	Qid qid = call.reply<Rauth>().aqid;
	auto c = mntchan(std::move(conn), afid, qid);
	opened(*c, qid, 0, ORDWR);
	return c;
}

Ref<Chan>
mntattach(Ref<Chan> conn, Ref<Chan> auth, std::string_view spec, int flags)
{
	Mnt& m = settle(*conn);
	if(auth && (&auth->dev != &mntdev() || auth->mchan != conn))
		error(Ebadusefd);
	std::string user = username();
	Tattach t{.fid = m.newfid(), .afid = auth ? auth->fid : NOFID, .uname = user,
		.aname = spec};
	Call call(m, Tattach::type, t.fid);
	if(!call.send(t)) {
		m.freefid(t.fid);
		call.fail();
	}
	Qid qid = call.reply<Rattach>().qid;
	auto c = mntchan(std::move(conn), t.fid, qid);
	if(flags & MCACHE) {
		c->flag |= CCACHE;
		c->aux = mk<Mntcache>();
	}
	return c;
}

Dev&
mntdev()
{
	static Mntdev dev;
	return dev;
}
}
