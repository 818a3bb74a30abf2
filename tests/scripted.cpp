// Scripted servers, Actors and Signals: see scripted.h.

#include "tests/scripted.h"

#include <gtest/gtest.h>

#include "lib9/error.h"
#include "port/dev.h"
#include "port/mnt.h"

namespace p9 {

void
Signal::set()
{
	std::scoped_lock l(lk);
	isset = true;
	for(Proc* p : waiting)
		p->ready();
	waiting.clear();
}

void
Signal::wait()
{
	std::unique_lock l(lk);
	while(!isset) {
		std::erase(waiting, &up());
		waiting.push_back(&up());
		l.unlock();
		up().block("test's signal");
		l.lock();
	}
}

Actor::Actor(std::string_view name, std::function<void()> fn, Errors e) : st(mk<State>())
{
	p = Ref<Proc>(kproc(name, [s = st, fn = std::move(fn), e, text = std::string(name)] {
		try {
			fn();
		} catch(const Error& err) {
			s->failure = err.text();
			if(e == Errors::Fail)
				ADD_FAILURE() << text << " ended by Error: " << err.text();
		}
		s->over.set();
	}));
}

void
Actor::join()
{
	if(st)
		st->over.wait();
}

Block
Script::recv()
{
	return in.next(*c, MAXMSIZE);
}

void
Script::unexpected(std::string_view wanted, const Block& b)
{
	ADD_FAILURE() << "script wants " << wanted << ", gets "
		      << (b.empty() ? "the end" : fmt9p(b.data(), b.lent));
	error("script failed");
}

void
Script::raw(Block b)
{
	c->dev.bwrite(*c, std::move(b), 0);
}

void
Script::raw(Bytes b)
{
	raw(Block::of(b));
}

void
Script::version(uint32_t msize)
{
	auto t = expect<Tversion>();
	EXPECT_EQ(t.tag, NOTAG);
	reply(t, Rversion{.msize = std::min(msize, t->msize), .version = VERSION9P});
}

void
Script::attach(Qid root)
{
	answer<Tattach>(Rattach{.qid = root});
}

void
Script::finish()
{
	for(;;) {
		Block b = recv();
		if(b.empty())
			return;
		Tclunk t;
		if(!unpackM(b.data(), t))
			unexpected(Tclunk::text, b);
		reply(msgtag(b.data()), Rclunk{});
	}
}

void
Script::hangup()
{
	close(std::move(c));
}

std::pair<Ref<Chan>, Ref<Chan>>
chanpipe()
{
	Ref<Chan> dir = devbyletter(U'|')->attach({});
	Ref<Chan> end[2];
	for(size_t i = 0; i < 2; i++) {
		std::string_view name = i == 0 ? "data" : "data1";
		end[i] = dir->dev.open(walkto(*dir, {name}), ORDWR);
	}
	close(std::move(dir));
	return {std::move(end[0]), std::move(end[1])};
}

Ref<Chan>
walkto(Chan& c, std::initializer_list<std::string_view> names)
{
	Walkqid wq = c.dev.walk(c, Names(names.begin(), names.size()));
	if(!wq.clone)
		error(Enonexist);
	return std::move(wq.clone);
}

Scripted::Scripted(std::function<void(Script&)> script)
{
	Ref<Chan> theirs;
	std::tie(conn, theirs) = chanpipe();
	actor = std::make_unique<Actor>("scripted",
		[script = std::move(script), c = std::move(theirs)]() mutable {
			Script s(std::move(c));
			script(s);
		});
}

Ref<Chan>
Scripted::attach(std::string_view spec, int flags)
{
	return mntattach(conn, {}, spec, flags);
}

void
Scripted::end()
{
	close(std::move(conn));
	actor->join();
}

std::string
hex(std::string_view text)
{
	std::string s;
	int high = -1;
	for(char ch : text) {
		int v = ch <= '9' ? ch - '0' : ch - 'a' + 10;
		if(ch == ' ')
			continue;
		if(high < 0) {
			high = v;
		} else {
			s += char(high << 4 | v);
			high = -1;
		}
	}
	return s;
}
}
