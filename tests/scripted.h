// A 9P server for tests that says what its script says: right replies, wrong ones,
// bytes that are none, in any order, and then goes.  The script runs in a Proc of its
// own at the other end of a pipe; nothing in it depends on time.
//
//	Scripted srv([](Script& s) {
//		s.session();
//		auto t = s.expect<Tstat>();
//		s.reply(t, Rerror{"no"});
//	});
//	Ref<Chan> root = srv.attach();
//
// Actor: a Proc of a test's, joined.  Signal: what one of them waits for.

#pragma once

#include <functional>
#include <string>

#include "lib9/fcall.h"
#include "port/chan.h"
#include "port/proc.h"
#include "port/rendez.h"
#include "port/sysfile.h"

namespace p9 {

// An event: who waits for it goes on once it is set.
class Signal {
	Lock lk;
	bool isset = false;
	std::vector<Proc*> waiting;

public:
	void set();
	void wait();	// notes do not end it
};

// Runs fn in a Proc of its own until join(), which the destructor calls.  An Error out of
// fn fails the test unless it is failure().
class Actor {
	struct State : Counted {
		Signal over;
		std::string failure;
	};
	Ref<State> st;
	Ref<Proc> p;

public:
	enum class Errors { Fail, Keep };
	Actor(std::string_view name, std::function<void()> fn, Errors e = Errors::Fail);
	~Actor() { join(); }
	Actor(Actor&&) = default;
	void join();
	void note() { p->post("interrupt"); }
	// After join: the Error that ended it, "" when none did.
	const std::string& failure() const { return st->failure; }
	Proc& proc() { return *p; }
};

// Until p waits for what has that in its words.
inline void
waituntil(Proc& p, std::string_view what)
{
	while(p.waittext().find(what) == std::string::npos)
		yield();
}

// A message of type T that came, with the bytes that it points into.
template<class T> struct Got {
	Block b;
	T m;
	uint16_t tag;

	const T* operator->() const { return &m; }
};

// The server's side of a connection, for a script.
class Script {
	Ref<Chan> c;
	Msgreader in;

	[[noreturn]] void unexpected(std::string_view wanted, const Block& b);

public:
	explicit Script(Ref<Chan> chan) : c(std::move(chan)) {}
	~Script() { hangup(); }

	Block recv();	// the next message; empty when the client has gone
	template<class T> Got<T> expect()
	{
		Got<T> g;
		g.b = recv();
		if(!unpackM(g.b.data(), g.m, g.b.lent))
			unexpected(T::text, g.b);
		g.tag = msgtag(g.b.data());
		return g;
	}
	void raw(Bytes b);
	void raw(Block b);
	template<class R> static Block message(uint16_t tag, const R& r)
	{
		Block b = Block::alloc(sizeM(r));
		b.produced(packM(r, tag, b.room()));
		return b;
	}
	template<class R> void reply(uint16_t tag, const R& r) { raw(message(tag, r)); }
	template<class T, class R> void reply(const Got<T>& t, const R& r) { reply(t.tag, r); }
	template<class T, class R> void answer(const R& r)
	{
		auto t = expect<T>();
		reply(t, r);
	}
	// The usual beginnings: Tversion and Tattach; then Tclunks until the client has gone.
	void version(uint32_t msize = 8192 + IOHDRSZ);
	void attach(Qid root = {1, 0, QTDIR});
	void session(uint32_t msize = 8192 + IOHDRSZ)
	{
		version(msize);
		attach();
	}
	void finish();
	void hangup();
};

class Scripted {
	Ref<Chan> conn;
	std::unique_ptr<Actor> actor;

public:
	explicit Scripted(std::function<void(Script&)> script);
	~Scripted() { end(); }

	// The client's end.
	Ref<Chan> chan() const { return conn; }
	Ref<Chan> attach(std::string_view spec = {}, int flags = 0);
	// Gives up the client's end and waits for the script to end.
	void end();
	void join() { actor->join(); }
};

// Both ends of a new pipe.
std::pair<Ref<Chan>, Ref<Chan>> chanpipe();

inline Bytes
bytes(std::string_view s)
{
	return std::as_bytes(std::span(s));
}

// The bytes of a message given in hexadecimal and blanks; for malformed ones.
std::string hex(std::string_view text);

// The file at names below c; what walk(2) is to the mount driver.  Fails the test when it
// is not there.
Ref<Chan> walkto(Chan& c, std::initializer_list<std::string_view> names);
}
