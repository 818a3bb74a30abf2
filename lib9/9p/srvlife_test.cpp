// The engine against a scripted client: answers, the life of requests and fids,
// helpers, trees, limits and loans (LP-20 to LP-27, LP-32, BL-2, BL-8, BL-11).

#include "lib9/9p/srv.h"

#include "tests/treesrv.h"

namespace p9 {

TEST(lib9p, LP_20_a_tag_is_free_as_soon_as_its_reply_is_there)
{
	Treesrv s;
	Attached c(s);
	for(int i = 0; i < 2000; i++)
		ASSERT_EQ(c.err(Tstat{.fid = 0}, 7), "");
}

TEST(lib9p, LP_21_a_fid_lives_while_a_request_uses_it)
{
	struct Countsrv : Keepsrv {
		std::atomic<int> gone{0};
		void destroyfid(Fid&) override { gone++; }
	} s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "");
	EXPECT_EQ(s.gone, 0);
	s.answer("x");
	EXPECT_EQ(c.next(), "Rread tag 5 count 1 'x'");
	c.end();
	EXPECT_EQ(s.gone, 2);
}

TEST(lib9p, LP_22_start_comes_first_and_end_last)
{
	struct Endsrv : Treesrv {
		std::string log2;
		void start() override { log2 += "start "; }
		void end() override { log2 += "end"; }
		void destroyfid(Fid& f) override
		{
			Treesrv::destroyfid(f);
			log2 += "fid ";
		}
	} s;
	Attached c(s);
	c.end();
	EXPECT_EQ(s.log2, "start fid end");
}

TEST(lib9p, LP_22_the_end_flushes_what_is_outstanding)
{
	Keepsrv s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	c.end();
	EXPECT_EQ(c.next(), "Rerror tag 5 ename interrupted");
}

// The first is not answered yet, though its request is: an Rflush of the second would
// tell the client that both are.
TEST(lib9p, LP_7_a_flush_of_what_was_answered_waits_for_those_before_it)
{
	Keepsrv s;
	s.holdflush = true;
	s.cancels = false;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	s.wait(1);
	c.send(Tflush{.oldtag = 5}, 6);
	s.waitflushes(1);
	s.answer("x");
	EXPECT_EQ(c.next(), "Rread tag 5 count 1 'x'");
	c.send(Tflush{.oldtag = 5}, 7);
	EXPECT_EQ(c.err(Tstat{.fid = 9}, 8), "unknown fid");
	s.flushes[0]->respond();
	EXPECT_EQ(c.next(), "Rflush tag 6");
	EXPECT_EQ(c.next(), "Rflush tag 7");
	// And the tags are free.
	EXPECT_EQ(c.rpc(Tflush{.oldtag = 5}, 5), "Rflush tag 5");
}

TEST(lib9p, LP_23_a_released_hook_sleeps_while_others_are_served)
{
	struct Relsrv : Gensrv {
		std::mutex m;
		std::condition_variable c;
		int go = 0;
		std::atomic<int> inside{0};

		void read(Req& r) override
		{
			srvrelease(r);
			{
				std::unique_lock l(m);
				c.wait(l, [&] { return go > 0 || r.flushed(); });
			}
			srvacquire(r);
			EXPECT_EQ(++inside, 1);
			readstr(r, "x");
			inside--;
			r.respond();
		}
		void flush(Req& r) override
		{
			{
				std::scoped_lock l(m);
				c.notify_all();
			}
			r.respond();
		}
	} s;
	{
		Attached c(s);
		for(uint32_t i = 1; i <= 20; i++) {
			c.walk(0, i, {"7"});
			c.err(Topen{.fid = i, .mode = OREAD});
			c.send(Tread{.fid = i, .offset = 0, .count = 10},
			       uint16_t(100 + i));
		}
		EXPECT_EQ(c.walk(0, 30, {}), ""); // all twenty sleep
		EXPECT_EQ(c.rpc(Tflush{.oldtag = 101}, 2), "Rread tag 101 count 1 'x'");
		EXPECT_EQ(c.next(), "Rflush tag 2");
		{
			std::scoped_lock l(s.m);
			s.go = 1;
			s.c.notify_all();
		}
		for(int i = 2; i <= 20; i++)
			EXPECT_NE(c.next().find("Rread tag 1"), std::string::npos);
		s.go = 0;
		c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
		EXPECT_EQ(c.walk(0, 31, {}), "");
	} // the end flushes the one that sleeps
	gsync.join();
}

TEST(lib9p, LP_23_at_most_eight_Procs_stay_with_nothing_to_do)
{
	// Counts who is there, besides the Proc that called serve.
	struct Countsync final : Sync {
		Stdsync& s;
		std::mutex m;
		std::condition_variable c;
		int n = 0;
		int max = 0;
		explicit Countsync(Stdsync& std) : s(std) {}
		std::unique_ptr<Mutex> mutex() override { return s.mutex(); }
		std::unique_ptr<RWMutex> rwmutex() override { return s.rwmutex(); }
		std::unique_ptr<Cond> cond() override { return s.cond(); }
		void spawn(std::string_view name, std::function<void()> fn) override
		{
			change(1);
			s.spawn(name, [this, fn = std::move(fn)] {
				fn();
				change(-1);
			});
		}
		void change(int d)
		{
			std::scoped_lock l(m);
			n += d;
			max = std::max(n, max);
			c.notify_all();
		}
		void wait(int want)
		{
			std::unique_lock l(m);
			c.wait(l, [&] { return n <= want; });
		}
	} sync(gsync);
	struct Relsrv : Srv {
		std::mutex m;
		std::condition_variable c;
		bool go = false;
		explicit Relsrv(Sync& s) : Srv(s) {}
		void stat(Req& r) override
		{
			srvrelease(r);
			std::unique_lock l(m);
			c.wait(l, [&] { return go; });
			r.respond();
		}
	} s(sync);
	{
		Attached c(s);
		for(uint16_t i = 0; i < 20; i++)
			c.send(Tstat{.fid = 0}, uint16_t(100 + i));
		EXPECT_EQ(c.walk(0, 1, {}), ""); // all twenty sleep
		{
			std::scoped_lock l(s.m);
			s.go = true;
			s.c.notify_all();
		}
		for(int i = 0; i < 20; i++)
			EXPECT_NE(c.next().find("Rstat"), std::string::npos);
		sync.wait(9); // eight, and the one that reads
		EXPECT_EQ(sync.max, 20);
	}
	gsync.join();
	EXPECT_EQ(sync.n, 0);
}

TEST(lib9p, LP_23_a_hook_may_release_and_acquire_again_and_again)
{
	struct Relsrv : Gensrv {
		std::atomic<int> inside{0};
		void read(Req& r) override
		{
			for(int i = 0; i < 10; i++) {
				srvrelease(r);
				std::this_thread::yield();
				srvacquire(r);
				EXPECT_EQ(++inside, 1);
				inside--;
			}
			Gensrv::read(r);
		}
	} s;
	{
		Attached c(s);
		c.walk(0, 1, {"7"});
		c.err(Topen{.fid = 1, .mode = OREAD});
		for(uint16_t i = 0; i < 50; i++)
			c.send(Tread{.fid = 1, .offset = 0, .count = 10}, i);
		for(int i = 0; i < 50; i++)
			EXPECT_NE(c.next().find("count 1 '7'"), std::string::npos);
	}
	gsync.join();
}

TEST(lib9p, LP_24_readbuf_clips_to_what_is_there)
{
	Gensrv s;
	Attached c(s);
	c.walk(0, 1, {"123"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	EXPECT_EQ(c.read(1, 0, 2), "12");
	EXPECT_EQ(c.read(1, 2, 2), "3");
	EXPECT_EQ(c.read(1, 3, 2), "");
	EXPECT_EQ(c.read(1, 4, 2), "");
}

TEST(lib9p, LP_25_dirread9p_never_splits_an_entry)
{
	Gensrv s;
	Attached c(s);
	c.err(Topen{.fid = 0, .mode = OREAD});
	uint64_t off = 0;
	size_t n = 0;
	for(;;) {
		std::string got = c.read(0, off, 333);
		if(got.empty())
			break;
		off += got.size();
		Bytes b = std::as_bytes(std::span(got));
		while(!b.empty())
			EXPECT_EQ(convM2D(takeentry(b))->name, std::to_string(n++));
	}
	EXPECT_EQ(n, 100u);
	EXPECT_EQ(c.read(0, off, 333), ""); // the end stays the end
	std::string again = c.read(0, 0, 333);
	Bytes b = std::as_bytes(std::span(again));
	EXPECT_EQ(convM2D(takeentry(b))->name, "0"); // offset 0 begins anew
}

TEST(lib9p, LP_25_BL_8_an_entry_larger_than_the_count_is_an_error)
{
	Gensrv s;
	Attached c(s);
	c.err(Topen{.fid = 0, .mode = OREAD});
	EXPECT_EQ(c.err(Tread{.fid = 0, .offset = 0, .count = 20}),
		  "i/o count too small");
	Treesrv t;
	Attached c2(t);
	c2.make(1, "f");
	c2.err(Topen{.fid = 0, .mode = OREAD});
	EXPECT_EQ(c2.err(Tread{.fid = 0, .offset = 0, .count = 20}),
		  "i/o count too small");
}

// Linux's client fills one buffer with several reads.
TEST(lib9p, LP_25_what_is_left_of_a_buffer_may_hold_no_entry)
{
	Treesrv t;
	Gensrv g;
	for(Srv* s : {static_cast<Srv*>(&t), static_cast<Srv*>(&g)}) {
		Attached c(*s);
		if(s == &t)
			for(int i = 0; i < 100; i++)
				c.make(uint32_t(10 + i), std::to_string(i));
		c.err(Topen{.fid = 0, .mode = OREAD});
		uint64_t off = 0;
		size_t n = 0;
		for(size_t full = 1; full > 0;) { // a buffer of 333 bytes
			full = 0;
			while(full < 333) {
				std::string got = c.read(0, off, uint32_t(333 - full));
				if(got.empty())
					break;
				off += got.size();
				full += got.size();
				Bytes b = std::as_bytes(std::span(got));
				while(!b.empty())
					EXPECT_EQ(convM2D(takeentry(b))->name,
						  std::to_string(n++));
			}
		}
		EXPECT_EQ(n, 100u);
		EXPECT_FALSE(c.read(0, 0, 333).empty());
		EXPECT_EQ(c.read(0, c.read(0, 0, 333).size(), 20), ""); // not the end
		EXPECT_EQ(c.err(Tread{.fid = 0, .offset = 0, .count = 20}),
			  "i/o count too small");
	}
}

TEST(lib9p, LP_26_permissions_add_up)
{
	Dir d;
	d.uid = "glenda";
	d.gid = "sys";
	d.mode = 0421;
	EXPECT_TRUE(hasperm(d, "eve", AEXEC));
	EXPECT_FALSE(hasperm(d, "eve", AREAD));
	EXPECT_TRUE(hasperm(d, "glenda", AREAD | AEXEC));
	EXPECT_FALSE(hasperm(d, "glenda", AWRITE));
	EXPECT_TRUE(hasperm(d, "sys", AWRITE | AEXEC)); // leads the group of his name
	EXPECT_FALSE(hasperm(d, "sys", AREAD));
}

TEST(lib9p, LP_27_file_trees_refuse_what_cannot_be)
{
	Tree t("a", "a", 0777);
	Ref<File> d = t.createfile(*t.root, "d", "a", DMDIR | 0777);
	Ref<File> f = t.createfile(*d, "f", "a", 0666);
	EXPECT_NE(t.qidof(*d).path, t.qidof(*f).path);
	auto why = [](auto fn) {
		try {
			fn();
		} catch(const Error& e) {
			return e.text();
		}
		return std::string();
	};
	EXPECT_EQ(why([&] { t.createfile(*d, "f", "a", 0666); }), "file already exists");
	EXPECT_EQ(why([&] { t.removefile(*t.root); }), "cannot remove root");
	EXPECT_EQ(why([&] { t.removefile(*d); }), "has children");
	EXPECT_EQ(t.walkfile(*d, ".."), t.root);
	EXPECT_EQ(t.walkfile(*t.root, ".."), t.root);
	t.removefile(*f);
	EXPECT_EQ(why([&] { t.removefile(*f); }), "no parent");
	t.removefile(*d);
	EXPECT_EQ(why([&] { t.createfile(*d, "g", "a", 0666); }),
		  "create in deleted directory");
	EXPECT_FALSE(t.walkfile(*d, ".."));
}

TEST(lib9p, LP_32_a_chatty_server_tells_every_message)
{
	Treesrv s;
	s.chatty = 1;
	{
		Testclient c(s);
		c.version();
	}
	ASSERT_EQ(s.lines.size(), 2u);
	EXPECT_EQ(s.lines[0], "<- Tversion tag 1 msize 8216 version '9P2000'");
	EXPECT_EQ(s.lines[1], "-> Rversion tag 1 msize 8216 version '9P2000'");
}

TEST(lib9p, LP_32_a_transcript_names_the_descriptor)
{
	struct Three final : Transport {
		Block q = Block::alloc(64);
		Block read() override { return std::exchange(q, Block()); }
		void write(Block) override {}
		std::string label() const override { return "3"; }
	} conn;
	conn.q.produced(packM(Tflush{.oldtag = 7}, 8, conn.q.room()));
	Treesrv s;
	s.chatty = 1;
	s.serve(conn);
	ASSERT_EQ(s.lines.size(), 2u);
	EXPECT_EQ(s.lines[0], "<-3- Tflush tag 8 oldtag 7");
	EXPECT_EQ(s.lines[1], "-3-> Rflush tag 8");
}

TEST(lib9p, BL_2_a_reply_that_does_not_fit_is_an_error)
{
	struct Bigsrv : Gensrv {
		void stat(Req& r) override
		{
			r.d.name = std::string(300, 'x');
			r.respond();
		}
	} s;
	Attached c(s, 256);
	EXPECT_EQ(c.err(Tstat{.fid = 0}), "reply does not fit in a message");
	Twalk m{.fid = 0, .newfid = 1};
	for(int i = 0; i < 16; i++)
		m.wname.add("d");
	EXPECT_EQ(c.err(m), ""); // 16 qids are 217 bytes
	struct Longsrv : Gensrv {
		void stat(Req& r) override { r.responderror(std::string(99999, 'e')); }
	} l;
	Attached c2(l, 256);
	EXPECT_EQ(c2.err(Tstat{.fid = 0}).size(), size_t(ERRMAX - 1));
}

TEST(lib9p, BL_11_a_client_that_goes_away_harms_nobody)
{
	Keepsrv s;
	{
		Attached c(s);
		c.walk(0, 1, {"7"});
		c.err(Topen{.fid = 1, .mode = OREAD});
		c.send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
		s.wait(1);
		c.conn.out.close();
		s.answer("x");
	}
	Attached c(s);
	EXPECT_EQ(c.walk(0, 1, {"7"}), "");
}

TEST(lib9p, at_most_512_requests_are_outstanding)
{
	Keepsrv s;
	Attached c(s);
	c.walk(0, 1, {"7"});
	c.err(Topen{.fid = 1, .mode = OREAD});
	for(uint16_t i = 0; i < 512; i++)
		c.send(Tread{.fid = 1, .offset = 0, .count = 10}, uint16_t(1000 + i));
	s.wait(512);
	EXPECT_EQ(c.err(Tstat{.fid = 1}, 7), "too many requests");
	EXPECT_EQ(c.rpc(Tflush{.oldtag = 1000}, 7), "Rerror tag 1000 ename interrupted");
	EXPECT_EQ(c.next(), "Rflush tag 7");
	EXPECT_EQ(c.walk(0, 9, {}), "");
}

TEST(lib9p, at_most_65536_fids_are_known)
{
	Gensrv s;
	Attached c(s);
	for(uint32_t i = 1; i < 65536; i++)
		ASSERT_EQ(c.walk(0, i * 77, {}), "");
	EXPECT_EQ(c.walk(0, 5, {}), "too many fids");
	EXPECT_EQ(c.err(Tclunk{.fid = 77}), "");
	EXPECT_EQ(c.walk(0, 5, {}), "");
}

TEST(lib9p, a_lent_buffer_is_read_into_and_written_from)
{
	for(bool direct : {false, true}) {
		Treesrv s;
		s.direct = direct;
		Attached c(s);
		c.make(1, "f");
		std::string text = "from elsewhere";
		Twrite w{.fid = 1, .offset = 0, .data = {}};
		Block b = Block::alloc(64);
		b.produced(packM(w, 3, b.room(), text.size()));
		b.loan = mk<Loan>(std::as_writable_bytes(std::span(text)));
		b.lent = text.size();
		c.sendraw(std::move(b));
		EXPECT_EQ(c.next(), "Rwrite tag 3 count 14");
		std::string into(20, '-');
		Block rb = Block::alloc(64);
		rb.produced(
			packM(Tread{.fid = 1, .offset = 5, .count = 20}, 3, rb.room()));
		Ref<Loan> loan = mk<Loan>(std::as_writable_bytes(std::span(into)));
		rb.loan = loan;
		c.sendraw(std::move(rb));
		Block reply = c.recvblock();
		EXPECT_EQ(reply.own(), size_t(RREADHDR));
		EXPECT_EQ(reply.lent, 9u);
		EXPECT_TRUE(reply.loan == loan);
		EXPECT_EQ(into, "elsewhere-----------");
	}
}

TEST(lib9p, a_lent_write_that_was_taken_back_is_interrupted)
{
	Treesrv s;
	Attached c(s);
	c.make(1, "f");
	std::string text = "gone";
	Block b = Block::alloc(64);
	b.produced(packM(Twrite{.fid = 1, .offset = 0, .data = {}}, 3, b.room(),
			 text.size()));
	b.loan = mk<Loan>(std::as_writable_bytes(std::span(text)));
	b.lent = text.size();
	b.loan->revoke();
	c.sendraw(std::move(b));
	EXPECT_EQ(c.next(), "Rerror tag 3 ename interrupted");
	EXPECT_EQ(c.read(1), "");
}

TEST(lib9p, a_read_whose_room_was_taken_back_gets_its_own)
{
	for(bool direct : {false, true}) {
		Treesrv s;
		s.direct = direct;
		Attached c(s);
		c.make(1, "f");
		c.write(1, 0, "text");
		std::string into(20, '-');
		Block rb = Block::alloc(64);
		rb.produced(
			packM(Tread{.fid = 1, .offset = 0, .count = 20}, 3, rb.room()));
		rb.loan = mk<Loan>(std::as_writable_bytes(std::span(into)));
		rb.loan->revoke();
		c.sendraw(std::move(rb));
		EXPECT_EQ(c.next(), "Rread tag 3 count 4 'text'");
		EXPECT_EQ(into, std::string(20, '-'));
	}
}
}
