// Reads and writes of the mount driver: pieces, directories, loans, streams.

#include <gtest/gtest.h>

#include <algorithm>

#include "dev/devmnt.h"
#include "lib9/endian.h"
#include "lib9/error.h"
#include "port/dev.h"
#include "port/mnt.h"
#include "tests/scripted.h"
#include "tests/test.h"

namespace p9 {

namespace {

// The root, to be read and written as a plain file.
Ref<Chan>
plain(Scripted& srv, size_t iounit = 0)
{
	Ref<Chan> c = srv.attach();
	c->qid.type = 0;
	c->iounit = iounit;
	return c;
}

std::string
readstring(Chan& c, size_t n, int64_t off)
{
	std::string s(n, '-');
	s.resize(c.dev.read(c, std::as_writable_bytes(std::span(s)), off));
	return s;
}

// ---- pieces

PTEST(mnt, DM_19_a_long_read_is_cut_to_what_a_message_carries)
{
	Scripted srv([](Script& s) {
		s.session(1024 + IOHDRSZ);
		for(size_t n : {1024u, 1024u, 452u}) {
			auto t = s.expect<Tread>();
			EXPECT_EQ(t->count, n);
			s.reply(t, Rread{bytes(std::string(n, char('a' + t->offset / 1024)))});
		}
		s.finish();
	});
	Ref<Chan> c = plain(srv);
	EXPECT_EQ(readstring(*c, 2500, 0), std::string(1024, 'a') + std::string(1024, 'b')
		+ std::string(452, 'c'));
}

PTEST(mnt, DM_19_BM_7_the_servers_iounit_cuts_too)
{
	Scripted srv([](Script& s) {
		s.session();
		for(size_t n : {100u, 100u, 50u}) {
			auto t = s.expect<Twrite>();
			EXPECT_EQ(t->data.size(), n);
			s.reply(t, Rwrite{uint32_t(n)});
		}
		s.finish();
	});
	Ref<Chan> c = plain(srv, 100);
	EXPECT_EQ(c->dev.write(*c, bytes(std::string(250, 'x')), 7), 250u);
}

PTEST(mnt, DM_19_BD_11_a_short_reply_ends_it_and_the_sum_is_answered)
{
	Scripted srv([](Script& s) {
		s.session();
		s.answer<Tread>(Rread{bytes(std::string(100, 'a'))});
		s.answer<Tread>(Rread{bytes(std::string(30, 'b'))});
		s.answer<Twrite>(Rwrite{100});
		s.answer<Twrite>(Rwrite{0});
		s.finish();
	});
	Ref<Chan> c = plain(srv, 100);
	EXPECT_EQ(readstring(*c, 500, 0).size(), 130u);
	EXPECT_EQ(c->dev.write(*c, bytes(std::string(500, 'x')), 0), 100u);
}

PTEST(mnt, DM_19_no_bytes_are_one_message_all_the_same)
{
	Scripted srv([](Script& s) {
		s.session();
		auto t = s.expect<Tread>();
		EXPECT_EQ(t->count, 0u);
		s.reply(t, Rread{});
		auto w = s.expect<Twrite>();
		EXPECT_EQ(w->data.size(), 0u);
		s.reply(w, Rwrite{});
		s.finish();
	});
	Ref<Chan> c = plain(srv);
	EXPECT_EQ(readstring(*c, 0, 0), "");
	EXPECT_EQ(c->dev.write(*c, {}, 0), 0u);
}

PTEST(mnt, DM_19_a_count_above_what_was_asked_is_cut)
{
	Scripted srv([](Script& s) {
		s.session();
		s.answer<Tread>(Rread{bytes(std::string(4000, 'a'))});
		s.answer<Tread>(Rread{bytes(std::string(4000, 'a'))});
		s.answer<Twrite>(Rwrite{0xFFFFFFFF});
		s.finish();
	});
	Ref<Chan> c = plain(srv);
	EXPECT_EQ(readstring(*c, 10, 0), std::string(10, 'a'));
	EXPECT_EQ(readstring(*c, 2000, 0), std::string(2000, 'a'));
	EXPECT_EQ(c->dev.write(*c, bytes("abc"), 0), 3u);
}

PTEST(mnt, DM_19_BD_12_a_note_ends_a_long_transfer_between_two_pieces)
{
	Actor* reader = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tread>();
		reader->note();
		auto f = s.expect<Tflush>();
		s.reply(t, Rread{bytes(std::string(100, 'a'))});
		s.reply(f, Rflush{});
		s.finish();
	});
	Ref<Chan> c = plain(srv, 100);
	Actor a("reader", [&] { EXPECT_EQ(readstring(*c, 1000, 0).size(), 100u); });
	reader = &a;
	a.join();
}

PTEST(mnt, BD_13_an_error_between_two_pieces_gives_the_tag_back)
{
	Scripted srv([](Script& s) {
		s.session();
		for(int i = 0; i < 3; i++) {
			s.answer<Tread>(Rread{bytes(std::string(100, 'a'))});
			auto t = s.expect<Tread>();
			EXPECT_EQ(t.tag, 1);
			EXPECT_EQ(t->offset, 100u);
			s.reply(t, Rerror{Eio});
		}
		s.finish();
	});
	Ref<Chan> c = plain(srv, 100);
	for(int i = 0; i < 3; i++)
		EXPECT_ERROR(readstring(*c, 200, 0), Eio);
}

PTEST(mnt, BM_8_nothing_is_remembered_of_a_file_that_another_truncates)
{
	Scripted srv([](Script& s) {
		s.session();
		s.answer<Tread>(Rread{bytes("old")});
		s.answer<Tread>(Rread{bytes("n")});
		s.finish();
	});
	Ref<Chan> c = srv.attach({}, MCACHE);
	c->qid.type = 0;
	EXPECT_EQ(readstring(*c, 3, 0), "old");
	EXPECT_EQ(readstring(*c, 3, 0), "n");
}

// ---- directories

size_t
addentry(std::string& to, std::string_view name)
{
	Dir d;
	d.type = 'x';
	d.dev = 77;
	d.name = name;
	std::byte b[512];
	size_t n = convD2M(d, b);
	to.append(static_cast<const char*>(static_cast<const void*>(b)), n);
	return n;
}

// What reading a directory of these bytes says.
std::string
direrror(std::string_view content)
{
	std::string failure;
	Scripted srv([content](Script& s) {
		s.session();
		s.answer<Tread>(Rread{bytes(content)});
		s.finish();
	});
	Ref<Chan> c = srv.attach();
	std::byte b[4096];
	try {
		c->dev.read(*c, b, 0);
	} catch(const Error& e) {
		failure = e.text();
	}
	return failure;
}

PTEST(mnt, DM_20_DM_22_directory_entries_show_our_device)
{
	std::string content;
	addentry(content, "one");
	addentry(content, "two");
	Scripted srv([&](Script& s) {
		s.session();
		s.answer<Tread>(Rread{bytes(content)});
		s.finish();
	});
	Ref<Chan> c = srv.attach();
	std::byte b[4096];
	Bytes got = Bytes(b).first(c->dev.read(*c, b, 0));
	for(std::string_view name : {"one", "two"}) {
		auto d = convM2D(takeentry(got));
		EXPECT_EQ(d->name, name);
		EXPECT_EQ(d->type, 'M');
		EXPECT_EQ(d->dev, c->devno);
	}
	EXPECT_TRUE(got.empty());
}

PTEST(mnt, DM_20_DM_21_a_directory_of_junk_is_refused)
{
	constexpr std::string_view bad = "invalid directory entry received from server";
	std::string good;
	size_t n = addentry(good, "name");
	EXPECT_EQ(direrror(""), "");
	EXPECT_EQ(direrror(good), "");
	EXPECT_EQ(direrror(good + good.substr(0, n - 1)), bad);
	EXPECT_EQ(direrror(good + good.substr(0, 1)), bad);
	EXPECT_EQ(direrror(std::string(5, '\xff')), bad);
	EXPECT_EQ(direrror(std::string(2, '\0')), Ebadstat);
	std::string wrong = good;
	wrong[41] = 99;	// the name's length
	EXPECT_EQ(direrror(wrong), Ebadstat);
	for(std::string_view name : {"a/b", "a\nb", "\x01"}) {
		std::string s;
		addentry(s, name);
		EXPECT_NE(direrror(s), "") << name;
	}
}

// ---- loans

constexpr size_t Much = 4096;

// An Rread whose payload lies in the loan already.
void
replylent(Script& s, Got<Tread>& t, size_t n)
{
	Block r = Block::alloc(RREADHDR);
	r.produced(packM(Rread{}, t.tag, r.room(), n));
	r.loan = t.b.loan;
	r.lent = n;
	s.raw(std::move(r));
}

PTEST(mnt, a_server_in_the_process_reads_straight_into_the_callers_buffer)
{
	std::string buf(Much, '-');
	const Loan* loan = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		for(int i = 0; i < 3; i++) {
			auto t = s.expect<Tread>();
			EXPECT_TRUE(t.b.loan && t.b.lent == 0);
			// The same object serves again and again.
			EXPECT_TRUE(i == 0 || loan == t.b.loan.get());
			loan = t.b.loan.get();
			EXPECT_TRUE(t.b.loan->claim());
			EXPECT_EQ(static_cast<void*>(t.b.loan->bytes().data()), buf.data());
			std::ranges::fill(t.b.loan->bytes().first(1000), std::byte{'x'});
			t.b.loan->unclaim();
			replylent(s, t, 1000);
			t.b = {};
		}
		s.finish();
	});
	Ref<Chan> c = plain(srv);
	for(int i = 0; i < 3; i++) {
		EXPECT_EQ(c->dev.read(*c, std::as_writable_bytes(std::span(buf)), 0), 1000u);
		EXPECT_EQ(buf, std::string(1000, 'x') + std::string(Much - 1000, '-'));
	}
}

PTEST(mnt, a_payload_lent_by_another_is_copied)
{
	Scripted srv([](Script& s) {
		s.session();
		std::string mine(100, 'm');
		auto loan = mk<Loan>(std::as_writable_bytes(std::span(mine)));
		auto t = s.expect<Tread>();
		t.b.loan = loan;
		replylent(s, t, 100);
		s.finish();
		loan->revoke();
	});
	Ref<Chan> c = plain(srv);
	EXPECT_EQ(readstring(*c, Much, 0), std::string(100, 'm'));
}

PTEST(mnt, a_late_server_cannot_touch_the_buffer_of_an_interrupted_read)
{
	Actor* reader = nullptr;
	Signal gone;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tread>();
		reader->note();
		auto f = s.expect<Tflush>();
		s.reply(f, Rflush{});
		gone.wait();
		EXPECT_FALSE(t.b.loan->claim());
		s.finish();
	});
	Ref<Chan> c = plain(srv);
	Actor a("reader", [&] { EXPECT_ERROR(readstring(*c, Much, 0), Eintr); });
	reader = &a;
	a.join();
	gone.set();
}

PTEST(mnt, the_payload_of_an_interrupted_write_is_kept_for_a_late_server)
{
	Actor* writer = nullptr;
	Signal gone;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Twrite>();
		EXPECT_EQ(t.b.lent, Much);
		writer->note();
		auto f = s.expect<Tflush>();
		s.reply(f, Rflush{});
		gone.wait();
		t.b.flatten();
		EXPECT_EQ(std::ranges::count(t.b.data().subspan(TWRITEHDR), std::byte{'w'}),
			long(Much));
		s.finish();
	});
	Ref<Chan> c = plain(srv);
	Actor a("writer", [&] {
		std::string buf(Much, 'w');
		EXPECT_ERROR(c->dev.write(*c, bytes(buf), 0), Eintr);
		std::ranges::fill(buf, '-');
	});
	writer = &a;
	a.join();
	gone.set();
}

// The server copies out of or into the caller's buffer whenever it can, while notes
// come at any moment: nobody sees bytes that are not the caller's.
PRACE(mnt, loans_end_with_the_call_whenever_a_note_comes)
{
	Signal copying;
	Actor* writer = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Twrite>();
		writer->note();
		if(t.b.loan->claim()) {
			Buf b = t.b.loan->bytes();
			for(int i = 0; i < 4; i++) {
				yield();
				EXPECT_EQ(b[size_t(i)], std::byte{'w'});
			}
			t.b.loan->unclaim();
		}
		Block m = s.recv();
		if(Tflush f; unpackM(m.data(), f))
			s.hangup();
	});
	Ref<Chan> c = plain(srv);
	Actor a("writer", [&] {
		std::string buf(Much, 'w');
		try {
			c->dev.write(*c, bytes(buf), 0);
		} catch(const Error&) {
		}
		std::ranges::fill(buf, '-');
	});
	writer = &a;
	a.join();
}

// ---- streams

// A connection that delivers small pieces and whose writes, when told so, are split and
// then fail once: as a socket's do when a note comes.
class Choppy final : public Dev {
public:
	struct End : Counted {
		Ref<Chan> c;
		size_t piece = 3;	// of reads, and of writes while they are split
		int splits = -1;	// writes until the one that fails; -1 whole and never
		std::string_view failure;
		int writes = 0;
	};
	Choppy() : Dev(U'k', "choppy") {}
	Ref<Chan> attach(std::string_view) override { error(Enoattach); }
	Walkqid walk(Chan&, Names) override { return {}; }
	Dir stat(Chan&) override { return {}; }
	Ref<Chan> open(Ref<Chan> c, int) override { return c; }
	void close(Chan& c) override { p9::close(std::move(c.as<End>().c)); }
	size_t read(Chan& c, Buf b, int64_t) override
	{
		End& e = c.as<End>();
		return e.c->dev.read(*e.c, b.first(std::min(b.size(), e.piece)), 0);
	}
	size_t write(Chan& c, Bytes b, int64_t) override
	{
		return writev(c, b, {});
	}
	size_t writev(Chan& c, Bytes head, Bytes tail) override
	{
		End& e = c.as<End>();
		e.writes++;
		if(e.splits >= 0 && e.splits-- == 0)
			error(e.failure);
		std::vector<std::byte> b(head.begin(), head.end());
		b.insert(b.end(), tail.begin(), tail.end());
		if(e.splits >= 0)
			b.resize(std::min(b.size(), e.piece));
		return e.c->dev.write(*e.c, b, 0);
	}
};

// A server behind such a connection.
class Stream {
	Ref<Chan> conn;
	std::unique_ptr<Actor> actor;

public:
	explicit Stream(std::function<void(Script&)> script)
	{
		static Choppy dev;
		auto [ours, theirs] = chanpipe();
		auto e = mk<Choppy::End>();
		e->c = std::move(ours);
		conn = mk<Chan>(dev);
		conn->aux = std::move(e);
		actor = std::make_unique<Actor>("server",
			[script = std::move(script), c = std::move(theirs)]() mutable {
				Script s(std::move(c));
				script(s);
			});
	}
	~Stream()
	{
		close(std::move(conn));
		actor->join();
	}
	Choppy::End& end() { return conn->as<Choppy::End>(); }
	Ref<Chan> plain()
	{
		Ref<Chan> c = mntattach(conn, {}, "", 0);
		c->qid.type = 0;
		return c;
	}
};

PTEST(mnt, DM_29_BM_1_a_stream_may_split_and_join_messages)
{
	Stream srv([](Script& s) {
		s.session();
		auto t = s.expect<Twrite>();
		EXPECT_EQ(t->data.size(), 2000u);
		EXPECT_FALSE(t.b.loan);
		// Two messages in one: one of nobody, and the reply.
		std::byte b[64];
		size_t n = packM(Rflush{}, 999, b);
		n += packM(Rwrite{2000}, t.tag, Buf(b).subspan(n));
		s.raw(Bytes(b, n));
		s.answer<Tread>(Rread{bytes(std::string(3000, 'r'))});
		s.finish();
	});
	Ref<Chan> c = srv.plain();
	srv.end().piece = 64;
	EXPECT_EQ(c->dev.write(*c, bytes(std::string(2000, 'w')), 0), 2000u);
	EXPECT_EQ(readstring(*c, 4000, 0), std::string(3000, 'r'));
}

PTEST(mnt, DM_47_a_message_once_begun_is_finished_and_then_flushed)
{
	Stream srv([](Script& s) {
		s.session();
		auto t = s.expect<Twrite>();
		EXPECT_EQ(t->data.size(), 100u);
		auto f = s.expect<Tflush>();
		EXPECT_EQ(f->oldtag, t.tag);
		s.reply(f, Rflush{});
		s.finish();
	});
	Ref<Chan> c = srv.plain();
	srv.end().splits = 5;
	srv.end().failure = Eintr;
	EXPECT_ERROR(c->dev.write(*c, bytes(std::string(100, 'w')), 0), Eintr);
}

// Its payload goes straight from the caller's buffer, behind the header.
PTEST(mnt, DM_47_a_large_write_is_sent_whole_wherever_a_note_comes)
{
	std::string text(100'000, 'w');
	for(size_t i = 0; i < text.size(); i++)
		text[i] = char(i % 251);
	for(int splits : {1, 2, 3, 50}) {
		Stream srv([&](Script& s) {
			s.session(MAXMSIZE);
			auto t = s.expect<Twrite>();
			EXPECT_TRUE(std::ranges::equal(t->data, bytes(text)));
			auto f = s.expect<Tflush>();
			EXPECT_EQ(f->oldtag, t.tag);
			s.reply(f, Rflush{});
			t = s.expect<Twrite>();
			EXPECT_TRUE(std::ranges::equal(t->data, bytes(text)));
			s.reply(t, Rwrite{100'000});
			s.finish();
		});
		Ref<Chan> c = srv.plain();
		srv.end().piece = 512;
		srv.end().splits = splits;
		srv.end().failure = Eintr;
		EXPECT_ERROR(c->dev.write(*c, bytes(text), 0), Eintr);
		EXPECT_EQ(c->dev.write(*c, bytes(text), 0), text.size());
	}
}

// Linux would send the header alone, at once, and the payload behind it.
PTEST(mnt, a_large_write_is_one_write_of_the_connection)
{
	Stream srv([](Script& s) {
		s.session(MAXMSIZE);
		auto t = s.expect<Twrite>();
		s.reply(t, Rwrite{uint32_t(t->data.size())});
		s.finish();
	});
	Ref<Chan> c = srv.plain();
	srv.end().writes = 0;
	EXPECT_EQ(c->dev.write(*c, bytes(std::string(100'000, 'w')), 0), 100'000u);
	EXPECT_EQ(srv.end().writes, 1);
}

PTEST(mnt, DM_47_a_message_that_was_not_begun_is_flushed_all_the_same)
{
	Stream srv([](Script& s) {
		s.session();
		s.answer<Tflush>(Rflush{});
		s.finish();
	});
	Ref<Chan> c = srv.plain();
	srv.end().splits = 0;
	srv.end().failure = Eintr;
	EXPECT_ERROR(c->dev.write(*c, bytes("x"), 0), Eintr);
}

PTEST(mnt, DM_31_a_message_cut_off_by_an_error_ends_the_session)
{
	Stream srv([](Script& s) {
		s.session();
		EXPECT_ERROR(s.recv(), Msgreader::Ebadmsg);
	});
	Ref<Chan> c = srv.plain();
	srv.end().splits = 2;
	srv.end().failure = Eio;
	EXPECT_ERROR(c->dev.write(*c, bytes(std::string(100, 'w')), 0), Emountrpc);
	EXPECT_ERROR(c->dev.write(*c, bytes("x"), 0), Emountrpc);
}

PTEST(mnt, DM_31_a_short_tversion_is_an_error)
{
	Stream srv([](Script& s) { EXPECT_ERROR(s.recv(), Msgreader::Ebadmsg); });
	srv.end().splits = 9;
	EXPECT_ERROR(srv.plain(), "short write in fversion");
}
}
}
