// Version(5), attach(5), auth(5).

#include "tests/9pconform/check.h"

namespace p9 {

namespace {

// The answer to a Tversion on a connection where nothing was said before.
Reply
versioned(Client& c, uint32_t msize, std::string_view version, uint16_t tag = NOTAG)
{
	c.settle(std::max(msize, uint32_t(256)));
	c.send(Tversion{.msize = msize, .version = version}, tag);
	Reply r = c.recv(tag);
	if(const Rversion* v = r.as<Rversion>())
		must(v->msize <= msize || v->version == "unknown", "no more than the msize asked for");
	return r;
}

const Rversion&
rversion(const Reply& r)
{
	const Rversion* v = r.as<Rversion>();
	if(!v)
		throw Failed("expected Rversion, got " + r.text());
	return *v;
}

// What is no version of ours must be called unknown, and a right one may follow.
void
unknown(const Options& o, std::string_view version)
{
	Client c(o, Client::Begin::Nothing);
	Reply r = versioned(c, 8192, version);
	same(rversion(r).version, "unknown", "the version");
	Reply again = versioned(c, 8192, VERSION9P);
	same(rversion(again).version, VERSION9P, "the version after an unknown one");
	c.call<Rattach>(Tattach{.fid = 0, .uname = o.uname, .aname = o.aname});
}
}

CHECK_RAW(version, answer)
{
	Client c(o, Client::Begin::Nothing);
	Reply r = versioned(c, 8192 + IOHDRSZ, VERSION9P);
	same(rversion(r).version, VERSION9P, "the version");
	must(rversion(r).msize >= 256, "an msize of use");
}

// The tag should be NOTAG; a server answers with what came.
CHECK_RAW(version, other_tag)
{
	Client c(o, Client::Begin::Nothing);
	rversion(versioned(c, 8192, VERSION9P, 0x1234));
}

CHECK_RAW(version, not_9p)
{
	unknown(o, "8P2000");
}

CHECK_RAW(version, empty)
{
	unknown(o, "");
}

CHECK_RAW(version, prefix)
{
	unknown(o, "9");
}

// A server may answer an earlier version than the client's, never a later one.
CHECK_RAW(version, older)
{
	unknown(o, "9P1999");
}

// A later version than any: 9P2000, or unknown.
CHECK_RAW(version, later)
{
	Client c(o, Client::Begin::Nothing);
	Reply r = versioned(c, 8192, "9P2050");
	std::string_view v = rversion(r).version;
	must(v == VERSION9P || v == "unknown", "9P2000 or unknown, not " + std::string(v));
}

// What stands behind a period may be dropped or understood.
CHECK_RAW(version, suffix)
{
	for(std::string_view s : {"9P2000.u", "9P2000.x.y", "9P2000."}) {
		Client c(o, Client::Begin::Nothing);
		Reply r = versioned(c, 8192, s);
		std::string_view v = rversion(r).version;
		must(v == VERSION9P || v == s, "9P2000 or the client's own, not " + std::string(v));
	}
}

// Too small: an Rerror, an Rversion of no more than was asked, or the end.  If it was not
// the end a right one may follow.
CHECK_RAW(version, small)
{
	for(uint32_t n : {0u, 1u, 7u, 23u, 24u, 25u, 63u, 255u}) {
		Client c(o, Client::Begin::Nothing);
		c.send(Tversion{.msize = n, .version = VERSION9P}, NOTAG);
		std::optional<Reply> small = c.tryrecv();
		if(!small)
			continue;
		if(const Rversion* v = small->as<Rversion>())
			must(v->msize <= n, "no more than the msize asked for");
		Reply r = versioned(c, 8192, VERSION9P);
		same(rversion(r).version, VERSION9P, "the version after a small msize");
	}
}

CHECK_RAW(version, msize_256)
{
	Client c(o, Client::Begin::Attach, 256);
	must(c.maxmsg() <= 256, "an msize of 256");
	c.stat(Root);
	c.walk(Root, 1, {});
	c.open(1, OREAD);
	c.read(1, 0, 4096 - 24 > c.maxdata() ? uint32_t(c.maxdata()) : 1);
}

CHECK_RAW(version, msize_huge)
{
	Client c(o, Client::Begin::Attach, 0xFFFFFFFF);
	must(c.maxmsg() >= 256, "an msize of use");
	c.stat(Root);
}

// All fids are clunked: numbers are free, and old ones unknown.
CHECK_ROOT(version, again)
{
	c.walk(Root, 1, {});
	c.open(1, OREAD);
	rversion(versioned(c, 8192, VERSION9P));
	c.refused(Tstat{.fid = Root}, {.lib9p = "unknown fid", .exportfs = "no such fid"});
	c.refused(Tread{.fid = 1, .count = 100});
	c.call<Rattach>(Tattach{.fid = 1, .uname = c.options().uname, .aname = c.options().aname});
	c.stat(1);
}

// The new msize counts from the Rversion on, whether less or more.
CHECK_WORK(version, another_msize)
{
	c.create(Work, 2, "f");
	c.put(2, std::string(4096, 'x'));
	std::vector<std::string> path = c.options().dir;
	Dir d = c.stat(Work);
	for(uint32_t n : {512u, 16384u}) {
		rversion(versioned(c, n, VERSION9P));
		c.call<Rattach>(Tattach{.fid = 0, .uname = c.options().uname, .aname = c.options().aname});
		c.walkto(1, path);
		c.walk(1, 1, {d.name, "f"});
		c.open(1, OREAD);
		uint32_t want = std::min(n - uint32_t(IOHDRSZ), 4096u);
		must(!c.read(1, 0, want).empty(), "data");
	}
}

// An end of a session is the end of what was opened to be removed.
CHECK_WORK(version, removes_orclose)
{
	c.create(Work, 2, "gone", 0666, ORDWR | ORCLOSE);
	Dir d = c.stat(Work);
	rversion(versioned(c, 8192 + IOHDRSZ, VERSION9P));
	c.call<Rattach>(Tattach{.fid = 0, .uname = c.options().uname, .aname = c.options().aname});
	c.walkto(1, c.options().dir);
	c.walk(1, 1, {d.name});
	c.refused(Client::walkmsg(1, 2, {"gone"}));
}

// Nothing of the old session is answered after the Rversion.
CHECK_BLOCK(version, aborts)
{
	for(uint16_t tag = 10; tag < 20; tag++)
		c.send(Tread{.fid = Blocked, .count = 100}, tag);
	c.send(Tversion{.msize = 8192, .version = VERSION9P}, NOTAG);
	while(c.recv().tag != NOTAG) {
	}
	c.call<Rattach>(Tattach{.fid = 0, .uname = c.options().uname, .aname = c.options().aname});
	for(uint16_t tag = 10; tag < 20; tag++)
		must(c.ask(Tstat{.fid = Root}, tag).as<Rstat>(), "an answer to the new request");
}

// Tversion comes first.  Others are refused, or served, or end the connection.
CHECK_RAW(version, first)
{
	auto before = [&](const auto& m) {
		Client c(o, Client::Begin::Nothing);
		c.send(m);
		std::optional<Reply> r = c.tryrecv();
		if(r && o.texts == "exportfs")
			same(r->error() ? r->error()->ename : "", "Tversion not seen", "the error");
	};
	before(Tattach{.fid = 0, .uname = o.uname, .aname = o.aname});
	before(Tstat{.fid = 0});
	before(Tread{.fid = 0, .count = 0xFFFFFFFF});
	before(Tclunk{.fid = 0});
	before(Client::walkmsg(0, 0, {}));
	before(Topen{.fid = 0});
}

CHECK_ROOT(attach, qid)
{
	const Options& o = c.options();
	Qid q = c.call<Rattach>(Tattach{.fid = 1, .uname = o.uname, .aname = o.aname}).qid;
	must(q.type & QTDIR, "a directory");
	same(c.stat(1).qid.path, q.path, "the qid path of stat");
	same(c.stat(1).qid.type, q.type, "the qid type of stat");
}

// Two files are the same if and only if their qids are.
CHECK_ROOT(attach, another)
{
	const Options& o = c.options();
	Qid q = c.call<Rattach>(Tattach{.fid = 1, .uname = o.uname, .aname = o.aname}).qid;
	same(c.stat(Root).qid.path, q.path, "the qid path of another attach");
}

CHECK_ROOT(attach, fid_in_use)
{
	const Options& o = c.options();
	c.refused(Tattach{.fid = Root, .uname = o.uname, .aname = o.aname},
		{.lib9p = "duplicate fid", .exportfs = "fid in use"});
	c.stat(Root);
}

CHECK_ROOT(attach, many)
{
	const Options& o = c.options();
	for(uint32_t fid = 1; fid < 50; fid++)
		c.call<Rattach>(Tattach{.fid = fid * 1234567, .uname = o.uname, .aname = o.aname});
	for(uint32_t fid = 1; fid < 50; fid++)
		c.clunk(fid * 1234567);
}

// NOFID names no fid: refused, or a number as any.
CHECK_ROOT(attach, nofid)
{
	const Options& o = c.options();
	if(c.either(Tattach{.fid = NOFID, .uname = o.uname, .aname = o.aname}))
		c.stat(NOFID);
	c.stat(Root);
}

// An afid that is none: refused, or not looked at where nobody has to prove anything.
CHECK_ROOT(attach, unknown_afid)
{
	const Options& o = c.options();
	Tattach m{.fid = 1, .afid = Unknown, .uname = o.uname, .aname = o.aname};
	if(!o.texts.empty())
		c.refused(m, {.lib9p = "unknown fid", .exportfs = "no such fid"});
	else
		c.either(m);
	c.stat(Root);
}

// A file of the tree proves nothing.
CHECK_ROOT(attach, afid_of_a_file)
{
	const Options& o = c.options();
	c.walk(Root, 1, {});
	c.either(Tattach{.fid = 2, .afid = 1, .uname = o.uname, .aname = o.aname});
	c.stat(Root);
	c.stat(1);
}

// A user or a tree that is not there: refused, or taken.
CHECK_ROOT(attach, long_names)
{
	std::string s(3000, 'u');
	c.either(Tattach{.fid = 1, .uname = s, .aname = c.options().aname});
	c.either(Tattach{.fid = 2, .uname = c.options().uname, .aname = s});
	c.either(Tattach{.fid = 3, .uname = "", .aname = c.options().aname});
	c.stat(Root);
}

// Refused, when nobody has to prove who he is, or a file of type QTAUTH.
CHECK_ROOT(auth, answer)
{
	const Options& o = c.options();
	Reply r = c.ask(Tauth{.afid = 1, .uname = o.uname, .aname = o.aname});
	if(const Rauth* a = r.as<Rauth>())
		must(a->aqid.type & QTAUTH, "a qid of type QTAUTH");
	else
		c.call<Rattach>(Tattach{.fid = 1, .uname = o.uname, .aname = o.aname});
}

CHECK_ROOT(auth, fid_in_use)
{
	c.refused(Tauth{.afid = Root, .uname = c.options().uname});
	c.stat(Root);
}
}
