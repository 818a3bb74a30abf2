// Reading ahead: what is asked for, and what becomes of it when things change.

#include "dev/mntahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib9/error.h"
#include "port/namec.h"
#include "port/sysfile.h"
#include "tests/cellserver.h"
#include "tests/onefile.h"
#include "tests/test.h"

namespace p9 {

namespace {

constexpr size_t Io = 1024;	// what a message carries
constexpr uint64_t Length = 20 * Io + 100;

// The content of every file.
std::string
content(uint64_t off, size_t n)
{
	std::string s(n, 0);
	for(size_t i = 0; i < n; i++)
		s[i] = char((off + i) / 7);
	return s;
}

std::string
upto(uint64_t off, size_t n)
{
	return content(off, off >= Length ? 0 : std::min<size_t>(n, Length - off));
}

// Answers what comes for any number of files; Treads as the test says.  Each file has a
// qid of its own, and no fid is used after its Tclunk.
class Server {
	Script& s;
	std::set<uint32_t> fids;
	std::vector<Got<Tread>> held;
	uint64_t nfile = 0;

	template<class T> bool is(Block& b, Got<T>& g)
	{
		if(!unpackM(b.data(), g.m, b.lent))
			return false;
		g.tag = msgtag(b.data());
		g.b = std::move(b);
		return true;
	}
	void files(Block& b);
	void flushed(uint16_t tag);

public:
	size_t nread = 0;
	size_t most = 0;	// Treads held at a time
	uint64_t end = 0;	// of what was asked for
	bool gone = false;
	std::function<void(Got<Tread>)> onread;

	explicit Server(Script& sc) : s(sc)
	{
		onread = [this](Got<Tread> t) { answer(t); };
	}
	void run();
	void answer(const Got<Tread>& t)
	{
		std::string text = upto(t->offset, t->count);
		s.reply(t, Rread{bytes(text)});
	}
	void hold(Got<Tread> t)
	{
		held.push_back(std::move(t));
		most = std::max(most, held.size());
	}
	bool holds() const { return !held.empty(); }
	void die()
	{
		s.hangup();
		gone = true;
	}
	void release(size_t i)
	{
		Got<Tread> t = std::move(held[i % held.size()]);
		held.erase(held.begin() + long(i % held.size()));
		answer(t);
	}
};

void
Server::run()
{
	while(!gone) {
		Block b = s.recv();
		if(b.empty())
			return;
		Got<Tread> t;
		if(!is(b, t)) {
			files(b);
			continue;
		}
		EXPECT_TRUE(fids.contains(t->fid)) << "fid " << t->fid;
		nread++;
		end = std::max(end, t->offset + t->count);
		onread(std::move(t));
	}
}

void
Server::files(Block& b)
{
	Got<Twalk> w;
	Got<Topen> o;
	Got<Tstat> st;
	Got<Tflush> f;
	Got<Tclunk> c;
	if(is(b, w)) {
		fids.insert(w->newfid);
		Rwalk r;
		r.wqid.add({++nfile, 1, QTFILE});
		s.reply(w, r);
	} else if(is(b, o)) {
		s.reply(o, Ropen{.qid = {nfile, 1, QTFILE}, .iounit = 0});
	} else if(is(b, st)) {
		Dir d;
		d.qid = {nfile, 1, QTFILE};
		d.length = Length;
		d.name = "file";
		std::byte e[256];
		s.reply(st, Rstat{.stat = {e, convD2M(d, e)}});
	} else if(is(b, f)) {
		std::erase_if(held, [&](auto& t) { return t.tag == f->oldtag; });
		s.reply(f, Rflush{});
	} else if(is(b, c)) {
		EXPECT_TRUE(std::ranges::none_of(held, [&](auto& t) { return t->fid == c->fid; }));
		fids.erase(c->fid);
		s.reply(c, Rclunk{});
	} else {
		ADD_FAILURE() << fmt9p(b.data(), b.lent);
	}
}

// Runs client against a Server that setup has changed, and check on what it saw.
void
served(std::function<void(Server&)> setup, std::function<void(Chan&)> client,
	std::function<void(Server&)> check = [](Server&) {})
{
	Scripted srv([&](Script& s) {
		s.session(Io + IOHDRSZ);
		Server f(s);
		setup(f);
		f.run();
		check(f);
	});
	Ref<Chan> root = srv.attach({}, MCACHE);
	client(*root);
	close(std::move(root));
	srv.end();
}

void
readall(Chan& c, size_t n)
{
	uint64_t off = 0;
	for(std::string s; !(s = readstring(c, n, int64_t(off))).empty(); off += s.size())
		ASSERT_EQ(s, upto(off, n)) << off;
	EXPECT_EQ(off, Length);
}

// The next n Treads, by offset.
std::map<uint64_t, Got<Tread>>
gather(Script& s, size_t n)
{
	std::map<uint64_t, Got<Tread>> m;
	while(m.size() < n) {
		auto t = s.expect<Tread>();
		uint64_t off = t->offset;
		m.emplace(off, std::move(t));
	}
	return m;
}

// Runs client against a server that has served the file's first message and been asked
// for two more, of which it does what script says.
void
inorder(std::function<void(Script&, std::map<uint64_t, Got<Tread>>&)> script,
	std::function<void(Chan&)> client, uint64_t length = Length)
{
	Scripted srv([&](Script& s) {
		s.session(Io + IOHDRSZ);
		servenew(s, Plain, length);
		serveread(s, content(0, Io));
		auto m = gather(s, 2);
		EXPECT_TRUE(m.contains(Io) && m.contains(2 * Io));
		script(s, m);
		s.finish();
	});
	Ref<Chan> root = srv.attach({}, MCACHE);
	Ref<Chan> c = openfile(*root, ORDWR);
	EXPECT_EQ(readstring(*c, Io, 0), content(0, Io));
	client(*c);
	close(std::move(c));
	close(std::move(root));
	srv.end();
}

// ---- what is asked for

PTEST(ahead, after_two_messages_in_order_as_much_is_asked_for_as_was_read_and_replies_may_cross)
{
	inorder(
		[](Script& s, auto& m) {
			s.reply(m[2 * Io], Rread{bytes(content(2 * Io, Io))});
			s.reply(m[Io], Rread{bytes(content(Io, Io))});
			auto more = gather(s, 2);
			for(uint64_t off : {4 * Io, 3 * Io})
				s.reply(more[off], Rread{bytes(content(off, Io))});
		},
		[](Chan& c) {
			for(uint64_t off = Io; off < 5 * Io; off += Io)
				EXPECT_EQ(readstring(c, Io, int64_t(off)), content(off, Io));
		}, 5 * Io);
}

PRACE(ahead, a_file_read_in_order_is_whole_with_at_most_8_messages_out)
{
	for(size_t n : {size_t(300), Io, 5 * Io})
		served([](Server&) {}, [n](Chan& root) {
			Ref<Chan> c = openfile(root);
			readall(*c, n);
			close(std::move(c));
		}, [](Server& f) {
			EXPECT_LE(f.nread, 21u + 20);	// and one at the end
		});
}

// Others answer when the reader waits and nothing else can be done.
PRACE(ahead, replies_in_any_order_are_put_in_order)
{
	bool over = false;
	Server* server = nullptr;
	served(
		[&](Server& f) {
			server = &f;
			f.onread = [&f](Got<Tread> t) { f.hold(std::move(t)); };
		},
		[&](Chan& root) {
			Actor releaser("releaser", [&] {
				for(size_t i = 0; !over; i++) {
					for(int k = 0; k < 30; k++)
						yield();
					if(server && server->holds())
						server->release(i * 5);
				}
			});
			Ref<Chan> c = openfile(root);
			readall(*c, Io);
			close(std::move(c));
			over = true;
		},
		[](Server& f) {
			EXPECT_GE(f.most, 2u);
			EXPECT_LE(f.most, Readahead::Window);
		});
}

PTEST(ahead, nothing_beyond_the_known_length_is_asked_for_but_the_end)
{
	inorder(
		[](Script& s, auto& m) {
			EXPECT_EQ(m[2 * Io]->count, 10u);
			s.reply(m[Io], Rread{bytes(content(Io, Io))});
			s.reply(m[2 * Io], Rread{bytes(content(2 * Io, 10))});
			auto t = s.expect<Tread>();
			EXPECT_EQ(t->offset, 2 * Io + 10);
			s.reply(t, Rread{});
		},
		[](Chan& c) {
			EXPECT_EQ(readstring(c, Io, Io), content(Io, Io));
			EXPECT_EQ(readstring(c, 10, 2 * Io), content(2 * Io, 10));
			EXPECT_EQ(readstring(c, Io, 2 * Io + 10), "");
		}, 2 * Io + 10);
}

PTEST(ahead, one_long_read_is_in_order_too)
{
	served([](Server&) {}, [](Chan& root) {
		Ref<Chan> c = openfile(root);
		EXPECT_EQ(readstring(*c, 6 * Io, 0), content(0, 6 * Io));
		close(std::move(c));
	}, [](Server& f) { EXPECT_GT(f.nread, 6u); });
}

PTEST(ahead, what_is_kept_is_not_read_ahead)
{
	size_t before = 0;
	Server* server = nullptr;
	served([&](Server& f) { server = &f; }, [&](Chan& root) {
		Ref<Chan> c = openfile(root);
		readall(*c, Io);
		before = server->nread;
		for(uint64_t off = 0; off < Length; off += Io)
			EXPECT_EQ(readstring(*c, Io, int64_t(off)), upto(off, Io));
		close(std::move(c));
	}, [&](Server& f) { EXPECT_EQ(f.nread, before + 1); });	// 100 bytes and the end
}

PTEST(ahead, who_jumps_about_is_not_read_ahead_for)
{
	served([](Server&) {}, [](Chan& root) {
		Ref<Chan> c = openfile(root);
		for(uint64_t i : {0, 5, 2, 9, 1, 11})
			EXPECT_EQ(readstring(*c, Io, int64_t(i * Io)), content(i * Io, Io));
		close(std::move(c));
	}, [](Server& f) { EXPECT_EQ(f.nread, 6u); });
}

PTEST(ahead, without_MCACHE_there_is_one_call_in_flight)
{
	Scripted srv([](Script& s) {
		s.session(Io + IOHDRSZ);
		Server f(s);
		f.run();
		EXPECT_EQ(f.nread, 5u);
	});
	Ref<Chan> root = srv.attach();
	Ref<Chan> c = openfile(*root);
	EXPECT_EQ(readstring(*c, 5 * Io, 0), content(0, 5 * Io));
	close(std::move(c));
	close(std::move(root));
	srv.end();
}

PTEST(ahead, all_open_files_together_hold_at_most_64_MiB)
{
	constexpr size_t Files = 50, Reads = 9;
	size_t most = Readahead::Maxbytes / Readahead::Leastbytes;
	served([](Server&) {}, [](Chan& root) {
		std::vector<Ref<Chan>> all;
		for(size_t i = 0; i < Files; i++) {
			all.push_back(openfile(root));
			for(size_t k = 0; k < Reads; k++)
				readstring(*all.back(), Io, int64_t(k * Io));
		}
		while(std::ranges::any_of(procs(), [](auto& p) { return p->text == "readahead"; }))
			yield();
		for(Ref<Chan>& c : all)
			close(std::move(c));
	}, [&](Server& f) {
		EXPECT_GT(f.nread, Files * Reads + most * 3 / 4);
		EXPECT_LE(f.nread, Files * Reads + most);
	});
}

// ---- what goes wrong

PTEST(ahead, what_lies_behind_a_short_reply_is_thrown_away)
{
	inorder(
		[](Script& s, auto& m) {
			s.reply(m[2 * Io], Rread{bytes(std::string(Io, 'X'))});
			s.reply(m[Io], Rread{bytes(content(Io, 10))});
			auto t = s.expect<Tread>();
			EXPECT_EQ(t->offset, Io + 10);
			s.reply(t, Rread{});
			auto u = s.expect<Tread>();
			EXPECT_EQ(u->offset, 2 * Io);
			s.reply(u, Rread{bytes("true")});
		},
		[](Chan& c) {
			EXPECT_EQ(readstring(c, Io, Io), content(Io, 10));
			EXPECT_EQ(readstring(c, 4, 2 * Io), "true");
		});
}

PTEST(ahead, a_failed_read_ahead_is_the_readers_own_to_try)
{
	inorder(
		[](Script& s, auto& m) {
			s.reply(m[Io], Rerror{"too many requests"});
			s.reply(m[2 * Io], Rread{bytes(std::string(Io, 'X'))});
			serveread(s, content(Io, Io));
			s.answer<Tread>(Rerror{Eio});
		},
		[](Chan& c) {
			EXPECT_EQ(readstring(c, Io, Io), content(Io, Io));
			EXPECT_ERROR(readstring(c, Io, 2 * Io), Eio);
		});
}

PTEST(ahead, a_reply_of_another_type_or_with_too_much_harms_nobody)
{
	inorder(
		[](Script& s, auto& m) {
			s.reply(m[2 * Io], Rclunk{});
			s.reply(m[Io], Rread{bytes(content(Io, Io))});
			serveread(s, content(2 * Io, Io));
		},
		[](Chan& c) {
			EXPECT_EQ(readstring(c, Io, Io), content(Io, Io));
			EXPECT_EQ(readstring(c, Io, 2 * Io), content(2 * Io, Io));
		}, 3 * Io);
	inorder(
		[](Script& s, auto& m) {
			s.reply(m[Io], Rread{bytes(content(Io, Io))});
			s.reply(m[2 * Io], Rread{bytes(content(2 * Io, Io))});
			auto t = s.expect<Tread>();
			EXPECT_EQ(t->offset, 2 * Io + 10);
			s.reply(t, Rread{});
		},
		[](Chan& c) {
			EXPECT_EQ(readstring(c, Io, Io), content(Io, Io));
			EXPECT_EQ(readstring(c, Io, 2 * Io), content(2 * Io, 10));
		}, 2 * Io + 10);
}

PTEST(ahead, a_write_makes_what_was_read_ahead_useless)
{
	inorder(
		[](Script& s, auto& m) {
			s.reply(m[Io], Rread{bytes(content(Io, Io))});
			s.reply(m[2 * Io], Rread{bytes(std::string(Io, 'X'))});
			s.answer<Twrite>(Rwrite{3});
			auto t = s.expect<Tread>();
			EXPECT_EQ(t->offset, 2 * Io + 3);
			s.reply(t, Rread{bytes("er")});
		},
		[](Chan& c) {
			EXPECT_EQ(readstring(c, Io, Io), content(Io, Io));
			EXPECT_EQ(writestring(c, "new", 2 * Io), 3u);
			EXPECT_EQ(readstring(c, 5, 2 * Io), "newer");
		}, 3 * Io);
}

PTEST(ahead, a_note_ends_the_readers_wait_and_close_flushes_before_the_clunk)
{
	Actor* reader = nullptr;
	inorder(
		[&](Script& s, auto& m) {
			waituntil(reader->proc(), "read ahead");
			reader->note();
			std::set<uint16_t> tags{m[Io].tag, m[2 * Io].tag};
			for(int i = 0; i < 2; i++) {
				auto f = s.expect<Tflush>();
				EXPECT_EQ(tags.erase(f->oldtag), 1u);
				s.reply(f, Rflush{});
			}
			s.answer<Tclunk>(Rclunk{});
		},
		[&](Chan& c) {
			Actor a("reader", [&] { readstring(c, Io, Io); }, Actor::Errors::Keep);
			reader = &a;
			a.join();
			EXPECT_EQ(a.failure(), Eintr);
		});
}

PTEST(ahead, a_seek_flushes_what_is_outstanding)
{
	inorder(
		[](Script& s, auto& m) {
			s.reply(m[Io], Rread{bytes(content(Io, Io))});
			for(int i = 0; i < 2; i++) {	// in either order
				Block b = s.recv();
				if(Tflush f; unpackM(b.data(), f)) {
					EXPECT_EQ(f.oldtag, m[2 * Io].tag);
					s.reply(msgtag(b.data()), Rflush{});
				} else {
					EXPECT_EQ(msgtype(b.data()), Tread::type);
					s.reply(msgtag(b.data()), Rread{bytes("there")});
				}
			}
		},
		[](Chan& c) {
			EXPECT_EQ(readstring(c, Io, Io), content(Io, Io));
			EXPECT_EQ(readstring(c, 5, 9 * Io), "there");
		});
}

PRACE(ahead, a_server_that_dies_at_any_read_leaves_nothing_behind)
{
	for(size_t last : {1u, 2u, 4u, 7u}) {
		Scripted srv([last](Script& s) {
			s.session(Io + IOHDRSZ);
			Server f(s);
			f.onread = [&](Got<Tread> t) {
				if(f.nread < last)
					f.answer(t);
				else
					f.die();
			};
			f.run();
		});
		Ref<Chan> root = srv.attach({}, MCACHE);
		Ref<Chan> c = openfile(*root);
		std::string why;
		try {
			readall(*c, Io);
		} catch(const Error& e) {
			why = e.text();
		}
		EXPECT_NE(why, "");
		close(std::move(c));
		close(std::move(root));
		srv.end();
	}
}

PRACE(ahead, readers_of_one_descriptor_and_notes_at_once)
{
	served([](Server&) {}, [](Chan& root) {
		Ref<Chan> c = openfile(root);
		std::vector<Actor> all;
		for(uint64_t first : {0, 3})
			all.emplace_back("reader", [&, first] {
				for(uint64_t off = first * Io; off < Length; off += 700)
					try {
						std::string s = readstring(*c, 700, int64_t(off));
						ASSERT_FALSE(s.empty());	// a note may cut it
						ASSERT_TRUE(s == upto(off, s.size())) << off;
					} catch(const Error& e) {
						ASSERT_EQ(e.text(), Eintr);
						while(up().nextnote())
							;
					}
			});
		for(Actor& a : all) {
			a.note();
			yield();
		}
		for(Actor& a : all)
			a.join();
		close(std::move(c));
	});
}

// Two readers in order and a writer that comes in between; what was written before a read
// began is in it.
PREAL(ahead, readers_and_a_writer_on_two_workers)
{
	constexpr size_t Cells = 1 << 16, Step = 1000, Rounds = 20;
	static std::atomic<uint64_t> written;
	written = 0;
	auto srv = std::make_unique<Cellserver>(kernelsync(), Cells);
	srv->maxmsize = 8192 + IOHDRSZ;
	postmountsrv(std::move(srv), "", "/n", MREPL | MCACHE);
	std::vector<Actor> all;
	all.emplace_back("writer", [] {
		Ref<Chan> c = nameopen("/n/f", ORDWR);
		for(uint64_t i = 1; i <= Rounds; i++) {
			for(size_t k = 0; k < Cells; k += Step)
				chanwrite(*c, std::as_bytes(std::span(&i, 1)), int64_t(k * 8));
			written = i;
		}
		close(std::move(c));
	});
	for(int r = 0; r < 2; r++)
		all.emplace_back("reader", [] {
			std::vector<uint64_t> got(Step);
			for(uint64_t before = 0; before < Rounds;) {
				before = written;
				Ref<Chan> c = nameopen("/n/f", OREAD);
				while(size_t n = chanread(*c, std::as_writable_bytes(std::span(got)))) {
					ASSERT_EQ(n % 8, 0u);
					ASSERT_GE(got[0], before);
				}
				close(std::move(c));
			}
		});
	for(Actor& a : all)
		a.join();
	unmount("", "/n");
}
}
}
