// What each message needs before its hook runs: 9p(2), intro(5).  A refusal is an
// answer here, not an exception: clients cause them at will.

#include "lib9/9p/session.h"

#include <limits>

namespace p9 {

namespace {

// What a mode of open(5) asks of the permissions.
int
accessof(uint8_t mode)
{
	static constexpr int need[] = {AREAD, AWRITE, AREAD | AWRITE, AEXEC};
	return need[mode & 3] | (mode & OTRUNC ? AWRITE : 0);
}

bool
goodname(std::string_view s)
{
	return !s.empty() && s != "." && s != "..";
}

// What is wrong with the changes d of a file with this qid, or nothing (LP-19).
std::string_view
badwstat(const Dir& d, const Qid& qid)
{
	if(d.qid.path != ~uint64_t(0) && d.qid.path != qid.path)
		return "wstat -- attempt to change qid.path";
	if(d.qid.vers != ~uint32_t(0) && d.qid.vers != qid.vers)
		return "wstat -- attempt to change qid.vers";
	if(d.qid.type != 0xFF && d.qid.type != qid.type)
		return "wstat -- attempt to change qid.type";
	if(d.mode == ~uint32_t(0))
		return {};
	if(d.mode & ~(DMDIR | DMAPPEND | DMEXCL | DMTMP | 0777))
		return "wstat -- unknown bits in mode";
	uint8_t type = uint8_t(d.mode >> 24);
	if((type ^ qid.type) & QTDIR || (d.qid.type != 0xFF && d.qid.type != type))
		return "wstat -- qid.type/mode mismatch";
	return {};
}
}

void
Session::serve(Req& r, const Tauth& m)
{
	r.ifcall.uname = m.uname;
	r.ifcall.aname = m.aname;
	std::string_view why = reserve(m.afid, r.afid);
	if(!why.empty())
		return fail(r, why);
	if(!belongs(*r.afid, m.uname))
		return fail(r, srv.texts.toomuchmem);
	r.ofcall.qid = {.path = 0, .vers = 0, .type = QTAUTH};
	srv.auth(r);
}

void
Session::serve(Req& r, const Tattach& m)
{
	r.ifcall.uname = m.uname;
	r.ifcall.aname = m.aname;
	if(m.afid != NOFID) {
		std::scoped_lock l(lk);
		Fid* f = fids.find(m.afid);
		if(f && f->known)
			r.afid = Ref<Fid>(*f);
	}
	if(m.afid != NOFID && !r.afid)
		return fail(r, srv.texts.unknownfid);
	std::string_view why = reserve(m.fid, r.fid);
	if(!why.empty())
		return fail(r, why);
	if(!belongs(*r.fid, m.uname))
		return fail(r, srv.texts.toomuchmem);
	r.ofcall.qid = {.path = 0, .vers = 0, .type = QTDIR};
	if(srv.tree) {
		r.fid->file = srv.tree->root;
		r.ofcall.qid = srv.tree->qidof(*r.fid->file);
	}
	srv.attach(r);
}

void
Session::serve(Req& r, const Tflush& m)
{
	Ref<Req> old;
	{
		std::scoped_lock l(lk);
		Req* o = tags.find(m.oldtag);
		if(o && o != &r)
			old = Ref<Req>(*o);
	}
	flush(r, std::move(old));
}

void
Session::flush(Req& r, Ref<Req> old)
{
	if(old) {
		old->wasflushed.store(true);
		std::scoped_lock l(lk);
		if(old->state.load() != Req::Answered || old->draining || old->flushes) {
			Req** at = &old->flushes;
			while(*at)
				at = &(*at)->next;
			*at = &r;
			r.oldreq = old;
		}
	}
	if(r.oldreq && old->state.load() < Req::Responded && old->type != Tflush::type)
		srv.flush(r);
	else
		flushready(r);
}

// nf begins where r.fid is.
void
Session::begin(Req& r, Fid& nf)
{
	nf.qid = r.qid;
	nf.file = r.fid->file;
	srv.clone(*r.fid, nf);
}

void
Session::serve(Req& r, const Twalk& m)
{
	if(!r.fid)
		return fail(r, srv.texts.unknownfid);
	if(r.omode != -1)
		return fail(r, srv.texts.cloneopen);
	if(!m.wname.empty() && !(r.qid.type & QTDIR))
		return fail(r, srv.texts.walknodir);
	r.ifcall.wname = m.wname;
	if(m.newfid == m.fid)
		r.newfid = Ref<Fid>::adopt(&newfid(m.fid));
	else if(std::string_view why = reserve(m.newfid, r.newfid); !why.empty())
		return fail(r, why);
	if(!belongs(*r.newfid, r.fid->uid))
		return fail(r, srv.texts.toomuchmem);
	if(srv.tree)
		return walktree(r);
	r.newfid->qid = r.qid;
	srv.walk(r);
}

void
Session::walktree(Req& r)
{
	begin(r, *r.newfid);
	if(r.fid->file) {
		Ref<File> f = srv.tree->walk(*r.fid->file, r.ifcall.wname, r.fid->uid,
					     r.ofcall.wqid);
		if(f)
			r.newfid->file = std::move(f);
	}
	respond(r);
}

void
Session::serve(Req& r, const Topen& m)
{
	if(!r.fid)
		return fail(r, srv.texts.unknownfid);
	Fid& f = *r.fid;
	r.ifcall.mode = m.mode;
	{
		std::scoped_lock l(lk);
		r.opening = f.omode == -1 && !f.opening;
		f.opening |= r.opening;
		r.ofcall.qid = f.qid;
	}
	if(!r.opening)
		return fail(r, srv.texts.openopen);
	if(f.isdir() && (m.mode & ~ORCLOSE & ~OCEXEC) != OREAD)
		return fail(r, Eisdir);
	if(f.file) {
		if(!srv.tree->hasperm(*f.file, f.uid, accessof(m.mode)))
			return fail(r, Eperm);
		if((m.mode & ORCLOSE) && !mayremove(f))
			return fail(r, Eperm);
		r.ofcall.qid = srv.tree->qidof(*f.file);
	}
	srv.open(r);
}

bool
Session::mayremove(Fid& f)
{
	Ref<File> dir = srv.tree->parentof(*f.file);
	return dir && srv.tree->hasperm(*dir, f.uid, AWRITE);
}

void
Session::serve(Req& r, const Tcreate& m)
{
	if(!r.fid)
		return fail(r, srv.texts.unknownfid);
	Fid& f = *r.fid;
	if(r.omode != -1)
		return fail(r, srv.texts.openopen);
	if(!(r.qid.type & QTDIR))
		return fail(r, srv.texts.createnodir);
	if(!goodname(m.name))
		return fail(r, Efilename);
	if(m.name.find('/') != m.name.npos)
		return fail(r, Ebadchar);
	r.ifcall.name = m.name;
	r.ifcall.perm = m.perm;
	r.ifcall.mode = m.mode;
	if(f.file) {
		if(!srv.tree->hasperm(*f.file, f.uid, AWRITE))
			return fail(r, Eperm);
		// open(5): a new file may do no more than its directory.
		uint32_t rights = m.perm & DMDIR ? 0777 : 0666;
		r.ifcall.perm &= ~rights | srv.tree->statfile(*f.file).mode;
	}
	r.ofcall.qid = r.qid;
	r.newfid = Ref<Fid>::adopt(&newfid(m.fid));
	if(!belongs(*r.newfid, f.uid))
		return fail(r, srv.texts.toomuchmem);
	begin(r, *r.newfid);
	srv.create(r);
}

void
Session::serve(Req& r, const Tread& m)
{
	if(!r.fid)
		return fail(r, srv.texts.unknownfid);
	if(r.omode == -1 || (r.omode & 3) == OWRITE)
		return fail(r, srv.texts.readmode);
	constexpr uint64_t top = std::numeric_limits<int64_t>::max();
	bool dir = r.fid->isdir();
	if(m.offset > top)
		return fail(r, srv.texts.negoffset);
	if(dir && m.offset != 0 && m.offset != r.diroff)
		return fail(r, srv.texts.diroffset);
	if(!srv.texts.bigcount.empty() && m.count > msize - IOHDRSZ)
		return fail(r, srv.texts.bigcount);
	if(m.count > uint32_t(std::numeric_limits<int32_t>::max()))
		return fail(r, srv.texts.readmode);
	uint64_t count = std::min(uint64_t(r.room), top - m.offset);
	r.ifcall.offset = m.offset;
	r.ifcall.count = uint32_t(count);
	if(!dir || !r.fid->file)
		return srv.read(r);
	if(m.offset == 0)
		r.fid->dirseq = 0;
	Buf room = readroom(r, Mayclaim);
	r.ofcall.count = uint32_t(srv.tree->readdir(*r.fid->file, r.fid->dirseq, room));
	respond(r);
}

void
Session::serve(Req& r, const Twrite& m)
{
	if(!r.fid)
		return fail(r, srv.texts.unknownfid);
	constexpr uint64_t top = std::numeric_limits<int64_t>::max();
	int how = r.omode & 3;
	uint64_t count = m.data.size() + r.in.lent;
	if(r.omode == -1 || (how != OWRITE && how != ORDWR))
		return fail(r, srv.texts.writemode);
	if(r.fid->isdir())
		return fail(r, srv.texts.writedir);
	if(m.offset > top || count > top - m.offset)
		return fail(r, srv.texts.writeoffset);
	r.ifcall.offset = m.offset;
	r.ifcall.count = uint32_t(std::min(count, uint64_t(msize - IOHDRSZ)));
	if(r.in.lent == 0)
		r.payload = m.data.first(r.ifcall.count);
	srv.write(r);
}

// The fid goes at once, whatever uses it still.
void
Session::serve(Req& r, const Tclunk& m)
{
	if(!takefid(r, m.fid))
		return fail(r, srv.texts.unknownfid);
	if(r.omode == -1)
		respond(r);
	else if(r.omode & ORCLOSE)
		clunk(r);
	else
		srv.clunk(r);
}

// A fid that was opened ORCLOSE.
void
Session::clunk(Req& r)
{
	srv.remove(r);
}

void
Session::serve(Req& r, const Tremove& m)
{
	if(!takefid(r, m.fid))
		return fail(r, srv.texts.unknownfid);
	if(r.fid->file && r.fid->file != srv.tree->root && !mayremove(*r.fid))
		return fail(r, Eperm);
	srv.remove(r);
}

void
Session::serve(Req& r, const Tstat&)
{
	if(!r.fid)
		return fail(r, srv.texts.unknownfid);
	if(r.fid->file)
		srv.tree->statfile(*r.fid->file, r.d);
	else
		r.d = {};
	srv.stat(r);
}

void
Session::serve(Req& r, const Twstat& m)
{
	if(!r.fid)
		return fail(r, srv.texts.unknownfid);
	std::optional<Dir> d = convM2D(m.stat);
	if(!d)
		return fail(r, "bad directory in wstat");
	r.d = std::move(*d);
	// Who changes a file is its muid in any case, and Linux's client says so.
	if(r.d.muid == r.fid->uid)
		r.d.muid.clear();
	Qid qid = r.fid->file ? srv.tree->qidof(*r.fid->file) : r.qid;
	std::string_view why = badwstat(r.d, qid);
	if(!why.empty())
		return fail(r, why);
	if(!r.d.name.empty() &&
	   (!goodname(r.d.name) || r.d.name.find('/') != r.d.name.npos))
		return fail(r, Ebadchar);
	if(r.fid->file)
		srv.tree->checkwstat(*r.fid->file, r.fid->uid, r.d);
	srv.wstat(r);
}
}
