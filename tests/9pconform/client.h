// A 9P client that believes nothing: each reply must be a well-formed one to what
// was sent.  For the checks of 9pconform; what goes wrong throws Failed.
//
//	Client c(o);			// versioned, fid 0 is the root
//	c.walk(0, 1, {"a"});
//	c.refused(Tread{.fid = 1, .count = 8});

#pragma once

#include <deque>
#include <initializer_list>
#include <map>
#include <optional>

#include "lib9/fcall.h"
#include "tests/9pconform/conn.h"

namespace p9 {

// What to test and how, from the command line.
struct Options {
	Target target;
	std::string uname = "glenda";
	std::string aname;
	std::vector<std::string> dir; // where files may be made
	std::vector<std::string> blocking; // a file of which a read waits
	std::vector<std::string> feeding; // and one to write what it reads then
	std::string texts; // "lib9p", "exportfs", or none are looked at
	bool slow = false;
};

// The text that an Rerror must have of servers known to us; empty: any will do.
struct Texts {
	std::string_view lib9p = {};
	std::string_view exportfs = {};
};

struct Reply {
	Message bytes; // what m points into
	uint16_t tag = 0;
	Fcall m;

	template<class R> const R* as() const { return std::get_if<R>(&m); }
	const Rerror* error() const { return as<Rerror>(); }
	std::string text() const { return fmt9p(m, tag); }
};

using Namelist = std::initializer_list<std::string_view>;

class Client : public Conn {
	const Options& o;
	size_t msize = 8192 + IOHDRSZ;
	std::deque<Reply> others; // came while another was waited for
	std::optional<Reply> last; // what call answered points into it

	Reply check(Message b) const;
	void notsaid(const Reply& r, Texts t) const;

public:
	enum class Begin { Nothing, Version, Attach };
	Client(const Options& opt, Begin b = Begin::Attach, uint32_t size = 8192 + IOHDRSZ);

	const Options& options() const { return o; }
	size_t maxmsg() const { return msize; }
	size_t maxdata() const { return msize - IOHDRSZ; }
	// Of the first Rversion on; the next one counts.
	void settle(size_t n) { msize = n; }

	template<class T> static Message message(const T& m, uint16_t tag = 1)
	{
		Message b(sizeM(m));
		packM(m, tag, b);
		return b;
	}
	template<class T> void send(const T& m, uint16_t tag = 1)
	{
		if(!write(message(m, tag)))
			hungup();
	}
	[[noreturn]] void hungup() const;
	// The next reply, in the order in which they came; of a tag; none at the end.
	Reply recv();
	Reply recv(uint16_t tag);
	std::optional<Reply> tryrecv();

	// The answer to m: of its type, or an Rerror.
	template<class T> Reply ask(const T& m, uint16_t tag = 1)
	{
		send(m, tag);
		Reply r = recv(tag);
		uint8_t type = msgtype(r.bytes);
		if(type != T::type + 1 && !r.error())
			throw Failed("expected an answer to " + fmt9p(Fcall(m), tag) +
				", got " + r.text());
		return r;
	}
	template<class R, class T> const R& call(const T& m)
	{
		last = ask(m);
		if(const R* r = last->as<R>())
			return *r;
		throw Failed("expected success of " + fmt9p(Fcall(m), 1) + ", got " +
			last->text());
	}
	// m must be answered by an Rerror.
	template<class T> void refused(const T& m, Texts t = {})
	{
		Reply r = ask(m);
		if(!r.error())
			throw Failed("expected Rerror to " + fmt9p(Fcall(m), 1) + ", got " +
				r.text());
		notsaid(r, t);
	}
	// The manual leaves it open; whether it succeeded.
	template<class T> bool either(const T& m) { return !ask(m).error(); }

	// What most checks are made of.
	static Twalk walkmsg(uint32_t fid, uint32_t newfid, Namelist names);
	Qid walk(uint32_t fid, uint32_t newfid, Namelist names); // the last qid
	void walkto(uint32_t newfid, const std::vector<std::string>& path); // from the root
	Ropen open(uint32_t fid, int mode);
	// fid walks to dir's place first, so that dir stays.
	Rcreate create(uint32_t dir, uint32_t fid, std::string_view name,
		uint32_t perm = 0666, int mode = ORDWR);
	std::string read(uint32_t fid, uint64_t off = 0, uint32_t count = 4096);
	void put(uint32_t fid, std::string_view text, uint64_t off = 0);
	void clunk(uint32_t fid);
	Dir stat(uint32_t fid);
	static Twstat wstatmsg(uint32_t fid, const Dir& d, Message& room);
	void wstat(uint32_t fid, const Dir& d);
	void wstatrefused(uint32_t fid, const Dir& d); // must be refused
	bool known(uint32_t fid) { return either(Tstat{.fid = fid}); }
	// All entries of an open directory, from its start.
	std::vector<Dir> list(uint32_t fid, uint32_t count = 4096);
	// A file of that name in dir, of this text, not open: fid stands there.
	void file(uint32_t dir, uint32_t fid, std::string_view name, std::string_view text = {});
	void mkdir(uint32_t dir, uint32_t fid, std::string_view name, uint32_t perm = 0777);
};

// Fails the check unless got is want.
template<class A, class B>
void
same(const A& got, const B& want, std::string_view what)
{
	if(got == want)
		return;
	auto text = [](const auto& v) -> std::string {
		using V = std::decay_t<decltype(v)>;
		if constexpr(std::is_same_v<V, Qid>)
			return fmtqid(v);
		else if constexpr(std::is_integral_v<V> || std::is_enum_v<V>)
			return std::to_string(v);
		else
			return "`" + std::string(v).substr(0, 200) + "'";
	};
	throw Failed(std::string(what) + ": expected " + text(want) + ", got " + text(got));
}
inline void
must(bool b, std::string_view what)
{
	if(!b)
		throw Failed("expected " + std::string(what));
}
}
