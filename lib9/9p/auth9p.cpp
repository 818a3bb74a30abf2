// An auth fid holds its conversation, and who the client said that it is when it
// began it.

#include "lib9/9p/auth9p.h"

#include <atomic>

namespace p9 {

namespace {

constexpr std::string_view Enotauth = "not an auth fid";
constexpr std::string_view Ebotch = "authrpc botch";

// What an auth fid holds.
struct Afid final : Counted {
	Ref<Authconv> conv;
	std::string uname; // who the client says that it is
	std::string aname;
	std::string user; // who it is, once done
	bool done = false;
};

// Null when f is none; has answered r then.
Afid*
afid(Req& r, Fid* f)
{
	Afid* a = f ? dynamic_cast<Afid*>(f->aux.get()) : nullptr;
	if(!a)
		r.responderror(Enotauth);
	return a;
}

// Looks for the end of the conversation and answers what the server has to say.
Authconv::Step
pull(Afid& a, std::string& out, size_t max)
{
	if(a.done)
		return Authconv::Done;
	Authconv::Step s = a.conv->read(out, max);
	if(s == Authconv::Done) {
		a.done = true;
		a.user = a.conv->user();
	}
	return s;
}

void
answer(Req& r, Afid& a, Authconv::Step s)
{
	switch(s) {
	case Authconv::Ok:
	case Authconv::Done:
		return r.respond();
	case Authconv::Failed:
		return r.responderror(a.conv->why());
	case Authconv::Phase:
		break;
	}
	r.responderror(Ebotch);
}
}

void
auth9p(Req& r, Ref<Authconv> c)
{
	static std::atomic<uint64_t> path{0};
	auto a = mk<Afid>();
	a->conv = std::move(c);
	a->uname = r.ifcall.uname;
	a->aname = r.ifcall.aname;
	r.afid->memory = sizeof(Afid) + a->uname.size() + a->aname.size();
	r.afid->aux = a;
	r.ofcall.qid = {.path = uint64_t(1) << 63 | ++path, .vers = 0, .type = QTAUTH};
	r.respond();
}

void
authread(Req& r)
{
	Afid* a = afid(r, r.fid.get());
	if(!a)
		return;
	std::string out;
	Authconv::Step s = pull(*a, out, r.ifcall.count);
	if(s == Authconv::Ok && out.size() > r.ifcall.count)
		return r.responderror("authread count too small");
	if(s == Authconv::Ok) {
		std::memcpy(r.readroom().data(), out.data(), out.size());
		r.ofcall.count = uint32_t(out.size());
	}
	answer(r, *a, s);
}

void
authwrite(Req& r)
{
	Afid* a = afid(r, r.fid.get());
	if(!a)
		return;
	Authconv::Step s = a->done ? Authconv::Phase : a->conv->write(r.data());
	r.ofcall.count = r.ifcall.count;
	answer(r, *a, s);
}

bool
authattach(Req& r)
{
	if(!r.afid) {
		r.responderror("not authenticated");
		return false;
	}
	Afid* a = afid(r, r.afid.get());
	if(!a)
		return false;
	std::string out;
	if(pull(*a, out, 0) != Authconv::Done) {
		r.responderror("not authenticated");
		return false;
	}
	bool him = a->user == r.ifcall.uname && a->uname == r.ifcall.uname;
	if(him && a->aname == r.ifcall.aname)
		return true;
	r.responderror(him ? "auth aname mismatch" : "auth uname mismatch");
	return false;
}
}
