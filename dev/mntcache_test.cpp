// What the mount driver keeps of files (MCACHE), and when it must not.

#include "dev/mntcache.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lib9/error.h"
#include "port/namec.h"
#include "port/sysfile.h"
#include "tests/cellserver.h"
#include "tests/onefile.h"
#include "tests/test.h"

namespace p9 {

namespace {

// Runs client against a server that does what script says after the attach.
void
against(std::function<void(Script&)> script, std::function<void(Chan&)> client)
{
	Scripted srv([&](Script& s) {
		s.session();
		script(s);
		s.finish();
	});
	Ref<Chan> root = srv.attach({}, MCACHE);
	client(*root);
	close(std::move(root));
	srv.end();
}

// A client that reads the file twice, and gets it from the server both times.
void
readsanew(Chan& root)
{
	Ref<Chan> c = openfile(root);
	EXPECT_EQ(readstring(*c, 3, 0), "one");
	EXPECT_EQ(readstring(*c, 3, 0), "two");
}

// ---- what is kept

PTEST(mntcache, what_was_read_is_not_asked_for_again_by_any_open_file)
{
	against(
		[](Script& s) {
			servenew(s);
			serveread(s, "hello");
			serveclunk(s);
			serveopen(s);	// its length is known
			serveopen(s);
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 5, 0), "hello");
			EXPECT_EQ(readstring(*c, 5, 0), "hello");
			close(std::move(c));
			Ref<Chan> a = openfile(root);
			Ref<Chan> b = openfile(root);
			EXPECT_EQ(readstring(*a, 3, 1), "ell");
			EXPECT_EQ(readstring(*b, 5, 0), "hello");
		});
}

PTEST(mntcache, of_a_partial_hit_only_the_rest_is_asked_for)
{
	against(
		[](Script& s) {
			servenew(s);
			serveread(s, "hello");
			auto t = s.expect<Tread>();
			EXPECT_EQ(t->offset, 5u);
			EXPECT_EQ(t->count, 3u);
			s.reply(t, Rread{bytes(" wo")});
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 5, 0), "hello");
			EXPECT_EQ(readstring(*c, 8, 0), "hello wo");
			EXPECT_EQ(readstring(*c, 4, 3), "lo w");
		});
}

PTEST(mntcache, the_end_of_a_file_is_asked_for_each_time)
{
	against(
		[](Script& s) {
			servenew(s, Plain, 5);
			serveread(s, "hello");
			serveread(s, "");
			serveread(s, "!");
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 5, 0), "hello");
			EXPECT_EQ(readstring(*c, 5, 5), "");
			EXPECT_EQ(readstring(*c, 5, 5), "!");
			EXPECT_EQ(readstring(*c, 6, 0), "hello!");
		});
}

PTEST(mntcache, another_version_at_open_forgets_what_was_kept)
{
	constexpr Qid Changed{7, 2, QTFILE};
	against(
		[&](Script& s) {
			servenew(s);
			serveread(s, "old");
			serveclunk(s);
			servenew(s, Changed);
			serveread(s, "new");
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 3, 0), "old");
			close(std::move(c));
			c = openfile(root);
			EXPECT_EQ(readstring(*c, 3, 0), "new");
		});
}

PTEST(mntcache, a_file_that_changes_between_open_and_stat_is_kept_in_the_later_version)
{
	constexpr Qid Changed{7, 2, QTFILE};
	against(
		[&](Script& s) {
			serveopen(s);
			servestat(s, Changed, 3);
			serveread(s, "new");
			serveclunk(s);
			serveopen(s, Changed);
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 3, 0), "new");
			close(std::move(c));
			c = openfile(root);
			EXPECT_EQ(readstring(*c, 3, 0), "new");
		});
}

// ---- what is not

PTEST(mntcache, directories_and_files_that_others_append_to_are_not_kept)
{
	for(uint8_t type : {QTAPPEND, QTEXCL, QTAUTH, QTMOUNT}) {
		against(
			[&](Script& s) {
				serveopen(s, Qid{7, 1, type});
				serveread(s, "one");
				serveread(s, "two");
			},
			readsanew);
	}
	against(
		[](Script& s) {
			serveopen(s, Qid{7, 1, QTDIR});
			serveread(s, "");
			serveread(s, "");
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 100, 0), "");
			EXPECT_EQ(readstring(*c, 100, 0), "");
		});
}

// As those of devices, whose content is made when it is read.
PTEST(mntcache, a_file_of_no_length_or_of_none_that_can_be_is_not_kept)
{
	for(uint64_t length : {uint64_t(0), ~uint64_t(0)})
		against(
			[&](Script& s) {
				servenew(s, Plain, length);
				serveread(s, "one");
				serveread(s, "two");
			},
			readsanew);
}

PTEST(mntcache, a_server_that_has_no_stat_serves_all_the_same)
{
	against(
		[](Script& s) {
			serveopen(s);
			s.answer<Tstat>(Rerror{"no stat"});
			serveread(s, "one");
			serveread(s, "two");
		},
		readsanew);
}

PTEST(mntcache, a_stat_of_another_file_tells_nothing)
{
	against(
		[](Script& s) {
			serveopen(s);
			servestat(s, Qid{8, 1, QTFILE}, 3);
			serveread(s, "one");
			serveread(s, "two");
		},
		readsanew);
}

PTEST(mntcache, without_MCACHE_nothing_is_kept)
{
	Scripted srv([](Script& s) {
		s.session();
		serveopen(s);
		serveread(s, "one");
		serveread(s, "two");
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Ref<Chan> c = openfile(*root);
	EXPECT_EQ(readstring(*c, 3, 0), "one");
	EXPECT_EQ(readstring(*c, 3, 0), "two");
}

PTEST(mntcache, two_mounts_of_a_connection_keep_each_their_own)
{
	Scripted srv([](Script& s) {
		s.session();
		servenew(s);
		serveread(s, "one");
		s.attach();
		servenew(s);
		serveread(s, "two");
		s.finish();
	});
	Ref<Chan> a = srv.attach({}, MCACHE);
	Ref<Chan> c = openfile(*a);
	EXPECT_EQ(readstring(*c, 3, 0), "one");
	Ref<Chan> b = srv.attach("other", MCACHE);
	Ref<Chan> d = openfile(*b);
	EXPECT_EQ(readstring(*d, 3, 0), "two");
	EXPECT_EQ(readstring(*c, 3, 0), "one");
}

// ---- writes

PTEST(mntcache, own_writes_go_through_and_are_kept_over_the_next_open)
{
	against(
		[](Script& s) {
			servenew(s);
			serveread(s, "hello world");
			auto w = s.expect<Twrite>();
			EXPECT_EQ(w->offset, 6u);
			s.reply(w, Rwrite{5});
			serveclunk(s);
			serveopen(s, Qid{7, 2, QTFILE});
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root, ORDWR);
			EXPECT_EQ(readstring(*c, 11, 0), "hello world");
			EXPECT_EQ(writestring(*c, "there", 6), 5u);
			EXPECT_EQ(readstring(*c, 11, 0), "hello there");
			close(std::move(c));
			c = openfile(root);
			EXPECT_EQ(readstring(*c, 11, 0), "hello there");
		});
}

PTEST(mntcache, what_is_written_into_a_new_file_is_kept)
{
	against(
		[](Script& s) {
			Rwalk clone;
			s.answer<Twalk>(clone);
			s.answer<Tcreate>(Rcreate{.qid = Plain, .iounit = 0});
			s.answer<Twrite>(Rwrite{5});
			s.answer<Twrite>(Rwrite{6});
			serveclunk(s);
			serveopen(s, Qid{7, 3, QTFILE});
		},
		[](Chan& root) {
			Ref<Chan> c = cclone(root);
			c = root.dev.create(std::move(c), "file", OWRITE, 0666);
			EXPECT_EQ(writestring(*c, "hello", 0), 5u);
			EXPECT_EQ(writestring(*c, " world", 5), 6u);
			close(std::move(c));
			c = openfile(root);
			EXPECT_EQ(readstring(*c, 11, 0), "hello world");
		});
}

PTEST(mntcache, of_a_write_that_fails_or_falls_short_nothing_is_kept)
{
	against(
		[](Script& s) {
			servenew(s);
			serveread(s, "hello");
			s.answer<Twrite>(Rerror{Eio});
			serveread(s, "HEllo");
			s.answer<Twrite>(Rwrite{1});
			serveread(s, "xEllo");
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root, ORDWR);
			EXPECT_EQ(readstring(*c, 5, 0), "hello");
			EXPECT_ERROR(writestring(*c, "HELLO", 0), Eio);
			EXPECT_EQ(readstring(*c, 5, 0), "HEllo");
			EXPECT_EQ(writestring(*c, "xyz", 0), 1u);
			EXPECT_EQ(readstring(*c, 5, 0), "xEllo");
		});
}

PTEST(mntcache, BM_8_truncation_by_open_and_by_wstat_forgets)
{
	against(
		[](Script& s) {
			servenew(s);
			serveread(s, "hello");
			serveopen(s, Qid{7, 2, QTFILE});
			serveread(s, "");
			s.answer<Twstat>(Rwstat{});
			serveread(s, "two");
			serveclunk(s);
			servenew(s, Qid{7, 3, QTFILE}, 3);
			serveread(s, "two");
			s.answer<Twstat>(Rerror{Eperm});
			serveread(s, "two");
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 5, 0), "hello");
			Ref<Chan> t = openfile(root, ORDWR | OTRUNC);
			EXPECT_EQ(readstring(*c, 5, 0), "");
			Dir d = Dir::dontcare();
			d.length = 3;
			c->dev.wstat(*c, d);
			EXPECT_EQ(readstring(*t, 5, 0), "two");
			close(std::move(t));
			t = openfile(root);
			EXPECT_EQ(readstring(*t, 3, 0), "two");
			EXPECT_EQ(readstring(*t, 3, 0), "two");
			EXPECT_ERROR(t->dev.wstat(*t, d), Eperm);
			EXPECT_EQ(readstring(*t, 3, 0), "two");
		});
}

PTEST(mntcache, a_wstat_of_the_mode_alone_forgets_nothing)
{
	against(
		[](Script& s) {
			servenew(s);
			serveread(s, "hello");
			s.answer<Twstat>(Rwstat{});
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 5, 0), "hello");
			Dir d = Dir::dontcare();
			d.mode = 0600;
			c->dev.wstat(*c, d);
			EXPECT_EQ(readstring(*c, 5, 0), "hello");
		});
}

PTEST(mntcache, a_removed_file_is_forgotten_whose_qid_another_may_get)
{
	against(
		[](Script& s) {
			servenew(s);
			serveread(s, "old");
			s.answer<Tremove>(Rremove{});
			servenew(s);
			serveread(s, "new");
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root);
			EXPECT_EQ(readstring(*c, 3, 0), "old");
			c->flag |= CREMOVED;
			c->dev.remove(*c);
			close(std::move(c));
			c = openfile(root);
			EXPECT_EQ(readstring(*c, 3, 0), "new");
		});
}

// ---- at the same time

PTEST(mntcache, what_a_read_brings_beside_a_write_that_has_ended_is_not_kept)
{
	against(
		[](Script& s) {
			servenew(s);
			auto r = s.expect<Tread>();
			s.answer<Twrite>(Rwrite{3});
			s.reply(r, Rread{bytes("old")});
			serveread(s, "new");
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root, ORDWR);
			Actor reader("reader", [&] { EXPECT_EQ(readstring(*c, 3, 0), "old"); });
			while(reader.proc().waittext().find("Tread") == std::string::npos)
				yield();
			EXPECT_EQ(writestring(*c, "new", 100), 3u);
			reader.join();
			EXPECT_EQ(readstring(*c, 3, 0), "new");
			EXPECT_EQ(readstring(*c, 3, 0), "new");
		});
}

PTEST(mntcache, of_two_writes_at_a_time_only_the_server_knows_the_last)
{
	against(
		[](Script& s) {
			servenew(s);
			auto a = s.expect<Twrite>();
			auto b = s.expect<Twrite>();
			s.reply(b, Rwrite{3});
			s.reply(a, Rwrite{3});
			serveread(s, "two");
		},
		[](Chan& root) {
			Ref<Chan> c = openfile(root, ORDWR);
			Actor one("one", [&] { writestring(*c, "one", 0); });
			Actor two("two", [&] { writestring(*c, "two", 0); });
			one.join();
			two.join();
			EXPECT_EQ(readstring(*c, 3, 0), "two");
			EXPECT_EQ(readstring(*c, 3, 0), "two");
		});
}

constexpr size_t Cells = 3 * Mntcache::Pagesize / sizeof(uint64_t);

// The writers have numbers of their own, each its cells.
PRACE(mntcache, a_reader_never_sees_less_than_what_was_written_before_it_began)
{
	constexpr size_t Writers = 2, Readers = 2, Turns = 6;
	static uint64_t written[Cells];
	std::ranges::fill(written, 0);
	postmountsrv(std::make_unique<Cellserver>(kernelsync(), Cells), "", "/n", MREPL | MCACHE);
	std::vector<Actor> all;
	for(size_t w = 0; w < Writers; w++)
		all.emplace_back("writer", [w] {
			Ref<Chan> c = nameopen("/n/f", ORDWR);
			for(uint64_t i = 1; i <= Turns; i++) {
				size_t cell = (i * 1013 + w) % (Cells - 100) / Writers * Writers + w;
				uint64_t n = i;
				chanwrite(*c, std::as_bytes(std::span(&n, 1)), int64_t(cell * 8));
				written[cell] = n;
				chanread(*c, std::as_writable_bytes(std::span(&n, 1)), int64_t(cell * 8));
				EXPECT_EQ(n, i);
			}
			close(std::move(c));
		});
	for(size_t r = 0; r < Readers; r++)
		all.emplace_back("reader", [r] {
			std::vector<uint64_t> got(Cells / 2), before(Cells);
			for(size_t i = 0; i < Turns; i++) {
				Ref<Chan> c = nameopen("/n/f", OREAD);
				std::ranges::copy(written, before.begin());
				size_t first = (i + r) % 3 * Cells / 6;
				size_t n = chanread(*c, std::as_writable_bytes(std::span(got)),
					int64_t(first * 8)) / 8;
				for(size_t k = 0; k < n; k++)
					ASSERT_GE(got[k], before[first + k]) << "cell " << first + k;
				close(std::move(c));
			}
		});
	for(Actor& a : all)
		a.join();
	unmount("", "/n");
}
}
}
