#include "tests/9pconform/client.h"

#include <algorithm>

namespace p9 {

Client::Client(const Options& opt, Begin b, uint32_t size) : Conn(opt.target), o(opt)
{
	if(b == Begin::Nothing)
		return;
	send(Tversion{.msize = size, .version = VERSION9P}, NOTAG);
	Reply r = recv(NOTAG);
	const Rversion* v = r.as<Rversion>();
	if(!v || v->version != VERSION9P || v->msize > size || v->msize < 64)
		throw Failed("expected an Rversion of 9P2000, got " + r.text());
	msize = v->msize;
	if(b == Begin::Attach)
		call<Rattach>(Tattach{.fid = 0, .uname = o.uname, .aname = o.aname});
}

// A reply is one message, of a server's type, and no longer than was settled.
Reply
Client::check(Message b) const
{
	Reply r;
	std::optional<Fcall> m = unpack(b, r.tag);
	uint8_t type = b.size() >= MSGHDR ? msgtype(b) : 0;
	if(!m || !(type & 1))
		throw Failed("expected a reply, got " + fmt9p(Bytes(b)));
	if(b.size() > msize)
		throw Failed("a reply of " + std::to_string(b.size()) + " bytes is above msize " +
			std::to_string(msize));
	r.bytes = std::move(b);
	r.m = *m;
	return r;
}

void
Client::hungup() const
{
	std::string s = said();
	std::ranges::replace(s, '\n', ' ');
	throw Failed("the server hung up" + (s.empty() ? s : " and said: " + s.substr(0, 500)));
}

std::optional<Reply>
Client::tryrecv()
{
	if(!others.empty()) {
		Reply r = std::move(others.front());
		others.pop_front();
		return r;
	}
	Message b = Conn::read();
	if(b.empty())
		return {};
	return check(std::move(b));
}

Reply
Client::recv()
{
	std::optional<Reply> r = tryrecv();
	if(!r)
		hungup();
	return std::move(*r);
}

Reply
Client::recv(uint16_t tag)
{
	for(auto it = others.begin(); it != others.end(); ++it)
		if(it->tag == tag) {
			Reply r = std::move(*it);
			others.erase(it);
			return r;
		}
	for(;;) {
		Message b = Conn::read();
		if(b.empty())
			hungup();
		Reply r = check(std::move(b));
		if(r.tag == tag)
			return r;
		others.push_back(std::move(r));
	}
}

void
Client::notsaid(const Reply& r, Texts t) const
{
	std::string_view want = o.texts == "lib9p" ? t.lib9p
		: o.texts == "exportfs"            ? t.exportfs
						   : std::string_view{};
	if(!want.empty() && r.error()->ename != want)
		throw Failed("expected the error `" + std::string(want) + "', got " + r.text());
}

Twalk
Client::walkmsg(uint32_t fid, uint32_t newfid, Namelist names)
{
	Twalk m{.fid = fid, .newfid = newfid};
	for(std::string_view s : names)
		m.wname.add(s);
	return m;
}

Qid
Client::walk(uint32_t fid, uint32_t newfid, Namelist names)
{
	const Rwalk& r = call<Rwalk>(walkmsg(fid, newfid, names));
	same(r.wqid.size(), names.size(), "the qids of a walk");
	return names.size() == 0 ? Qid{} : r.wqid.back();
}

void
Client::walkto(uint32_t newfid, const std::vector<std::string>& path)
{
	walk(0, newfid, {});
	for(const std::string& s : path)
		walk(newfid, newfid, {s});
}

Ropen
Client::open(uint32_t fid, int mode)
{
	return call<Ropen>(Topen{.fid = fid, .mode = uint8_t(mode)});
}

Rcreate
Client::create(uint32_t dir, uint32_t fid, std::string_view name, uint32_t perm, int mode)
{
	if(fid != dir)
		walk(dir, fid, {});
	return call<Rcreate>(
		Tcreate{.fid = fid, .name = name, .perm = perm, .mode = uint8_t(mode)});
}

std::string
Client::read(uint32_t fid, uint64_t off, uint32_t count)
{
	const Rread& r = call<Rread>(Tread{.fid = fid, .offset = off, .count = count});
	must(r.data.size() <= count, "no more than was asked for");
	return {reinterpret_cast<const char*>(r.data.data()), r.data.size()};
}

void
Client::put(uint32_t fid, std::string_view text, uint64_t off)
{
	Twrite m{.fid = fid, .offset = off, .data = std::as_bytes(std::span(text))};
	same(call<Rwrite>(m).count, text.size(), "the count of a write");
}

void
Client::clunk(uint32_t fid)
{
	call<Rclunk>(Tclunk{.fid = fid});
}

Dir
Client::stat(uint32_t fid)
{
	std::optional<Dir> d = convM2D(call<Rstat>(Tstat{.fid = fid}).stat);
	if(!d)
		throw Failed("expected a whole entry, got " + last->text());
	return *d;
}

Twstat
Client::wstatmsg(uint32_t fid, const Dir& d, Message& room)
{
	room.resize(sizeD2M(d));
	convD2M(d, room);
	return {.fid = fid, .stat = room};
}

void
Client::wstat(uint32_t fid, const Dir& d)
{
	Message room;
	call<Rwstat>(wstatmsg(fid, d, room));
}

void
Client::wstatrefused(uint32_t fid, const Dir& d)
{
	Message room;
	refused(wstatmsg(fid, d, room));
}

std::vector<Dir>
Client::list(uint32_t fid, uint32_t count)
{
	std::vector<Dir> all;
	for(uint64_t off = 0;;) {
		std::string s = read(fid, off, count);
		if(s.empty())
			return all;
		off += s.size();
		for(Bytes rest = std::as_bytes(std::span(s)); !rest.empty();) {
			std::optional<Dir> d = convM2D(takeentry(rest));
			must(d.has_value(), "whole entries in a directory");
			all.push_back(std::move(*d));
		}
	}
}

void
Client::file(uint32_t dir, uint32_t fid, std::string_view name, std::string_view text)
{
	create(dir, fid, name);
	if(!text.empty())
		put(fid, text);
	clunk(fid);
	walk(dir, fid, {name});
}

void
Client::mkdir(uint32_t dir, uint32_t fid, std::string_view name, uint32_t perm)
{
	create(dir, fid, name, DMDIR | perm, OREAD);
	clunk(fid);
	walk(dir, fid, {name});
}
}
