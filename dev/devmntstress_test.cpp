// The mount driver with two workers: callers, notes and loans at once.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include <fmt/format.h>

#include "lib9/error.h"
#include "port/dev.h"
#include "tests/scripted.h"
#include "tests/test.h"

namespace p9 {

namespace {

constexpr size_t Size = 2000;	// enough to be lent

// Answers reads with bytes that say their offset, the later of two first; drops what is
// flushed.  Until the client clunks.
class Stressed {
	Script& s;
	std::vector<Got<Tread>> held;
	int nread = 0;

	void answer(Got<Tread>& t)
	{
		std::byte b[Size];
		std::ranges::fill(b, std::byte(t->offset));
		if(t.b.loan && t.b.loan->claim()) {
			std::ranges::copy(b, t.b.loan->bytes().begin());
			t.b.loan->unclaim();
			Block r = Block::alloc(RREADHDR);
			r.produced(packM(Rread{}, t.tag, r.room(), Size));
			r.loan = t.b.loan;
			r.lent = Size;
			s.raw(std::move(r));
		} else {
			s.reply(t, Rread{b});
		}
	}
	void release()
	{
		for(auto it = held.rbegin(); it != held.rend(); ++it)
			answer(*it);
		held.clear();
	}

public:
	explicit Stressed(Script& script) : s(script) {}

	void run()
	{
		for(;;) {
			Block b = s.recv();
			if(b.empty())
				return;
			uint16_t tag = msgtag(b.data());
			Tflush f;
			Tclunk c;
			if(unpackM(b.data(), c)) {
				s.reply(tag, Rclunk{});
			} else if(unpackM(b.data(), f)) {
				if(f.oldtag % 2 == 0)
					release();
				std::erase_if(held, [&](auto& t) { return t.tag == f.oldtag; });
				s.reply(tag, Rflush{});
			} else {
				Got<Tread> t;
				ASSERT_TRUE(unpackM(b.data(), t.m));
				t.b = std::move(b);
				t.tag = tag;
				held.push_back(std::move(t));
				if(++nread % 3 != 0)
					release();
			}
		}
	}
};

// What is held back for company is freed by a note or by the next read.
PREAL(mnt, DM_26_DM_42_BD_2_callers_and_notes_on_two_workers)
{
	constexpr int Callers = 8, Calls = 2000;
	std::atomic<int> done{0};
	Scripted srv([](Script& s) {
		s.session();
		Stressed(s).run();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	std::vector<Actor> callers;
	for(int i = 0; i < Callers; i++)
		callers.emplace_back("caller", [&, i] {
			std::byte b[Size];
			for(int j = 0; j < Calls; j++) {
				try {
					ASSERT_EQ(root->dev.read(*root, b, i), Size);
					ASSERT_EQ(std::ranges::count(b, std::byte(i)), long(Size));
				} catch(const Error& e) {
					ASSERT_EQ(e.text(), Eintr);
				}
				while(up().nextnote())
					;
			}
			done++;
		});
	while(done < Callers) {
		for(Actor& a : callers)
			a.note();
		for(int i = 0; i < 100; i++)
			yield();
	}
	for(Actor& a : callers)
		a.join();
}

// The wait was an object with a virtual function, and whoever looked could meet it half gone.
PREAL(mnt, who_looks_at_a_wait_meets_it_whole)
{
	Scripted srv([](Script& s) {
		s.session();
		for(int i = 0; i < 500; i++)
			s.reply(s.expect<Tread>(), Rread{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	std::byte b[1];
	std::atomic<bool> done = false;
	Actor a("caller", [&] {
		for(int i = 0; i < 500; i++)
			root->dev.read(*root, b, 0);
		done = true;
	});
	std::string whole = fmt::format("reply from #| to Tread fid {} tag 1", root->fid);
	while(!done) {
		std::string text = a.proc().waittext();
		if(text.starts_with("reply")) {
			EXPECT_EQ(text, whole);
		}
		yield();
	}
	a.join();
}
}
}
