// Requests of the mount driver: replies in any order, notes, servers that die or lie.

#include <gtest/gtest.h>

#include <algorithm>

#include <fmt/format.h>

#include "dev/devmnt.h"
#include "port/dev.h"
#include "tests/scripted.h"
#include "tests/test.h"

namespace p9 {

namespace {

std::string
statname(Chan& c)
{
	return c.dev.stat(c).name;
}

void
replystat(Script& s, uint16_t tag, std::string_view name)
{
	Dir d;
	d.name = name;
	std::byte b[512];
	s.reply(tag, Rstat{Bytes(b).first(convD2M(d, b))});
}

// One byte of the file at off, as text.
std::string
readat(Chan& c, int64_t off)
{
	std::byte b[1];
	size_t n = c.dev.read(c, b, off);
	return n == 0 ? "" : std::string(1, char(b[0]));
}

// What a call says when msg answers it.
std::string
answered(Block msg, std::function<void(Chan&)> call)
{
	std::string failure;
	Scripted srv([&](Script& s) {
		s.session();
		s.recv();
		s.raw(std::move(msg));
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	try {
		call(*root);
	} catch(const Error& e) {
		failure = e.text();
	}
	return failure;
}

// ---- many callers

// k callers read at offsets 0 to k-1; the server answers in the order of perm.
void
permuted(const std::vector<size_t>& perm)
{
	size_t k = perm.size();
	Scripted srv([&](Script& s) {
		s.session();
		std::vector<uint16_t> tags(k);
		for(size_t i = 0; i < k; i++) {
			auto t = s.expect<Tread>();
			tags[t->offset] = t.tag;
		}
		for(size_t i : perm) {
			std::string text(1, char('a' + i));
			s.reply(tags[i], Rread{bytes(text)});
		}
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	std::vector<Actor> callers;
	for(size_t i = 0; i < k; i++)
		callers.emplace_back("caller", [&root, i] {
			EXPECT_EQ(readat(*root, int64_t(i)), std::string(1, char('a' + i)));
		});
	for(Actor& a : callers)
		a.join();
}

PTEST(mnt, DM_25_DM_26_replies_in_any_order_reach_their_callers)
{
	std::vector<size_t> perm = {0, 1, 2, 3};
	do
		permuted(perm);
	while(std::ranges::next_permutation(perm).found);
}

PRACE(mnt, DM_26_BD_1_BD_2_callers_come_and_go_while_others_read_for_them)
{
	static constexpr int Callers = 5, Calls = 6;
	Scripted srv([](Script& s) {
		s.session();
		std::vector<Got<Tread>> held;
		int left[Callers] = {};
		std::ranges::fill(left, Calls);
		for(int i = 0; i < Callers * Calls; i++) {
			held.push_back(s.expect<Tread>());
			left[held.back()->offset]--;
			// Another will surely send one: answer both then, the later first.
			auto able = [](int n) { return n > 0; };
			if(held.size() == 1 && std::ranges::count_if(left, able) > 1)
				continue;
			for(auto it = held.rbegin(); it != held.rend(); ++it) {
				std::string text(1, char('a' + (*it)->offset));
				s.reply(*it, Rread{bytes(text)});
			}
			held.clear();
		}
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	std::vector<Actor> callers;
	for(int i = 0; i < Callers; i++)
		callers.emplace_back("caller", [&root, i] {
			for(int j = 0; j < Calls; j++)
				EXPECT_EQ(readat(*root, i), std::string(1, char('a' + i)));
		});
	for(Actor& a : callers)
		a.join();
}

PTEST(mnt, DM_1_with_all_tags_taken_a_call_fails_and_the_next_succeeds_when_one_is_free)
{
	auto [ours, theirs] = chanpipe();
	{
		auto m = mk<Mnt>(*ours, VERSION9P, 8192);
		std::vector<Rpc*> all;
		for(int i = 0; i < 65534; i++) {
			all.push_back(&m->alloc(Tstat::type, 1));
			EXPECT_EQ(all.back()->tag, i + 1);
		}
		EXPECT_ERROR(m->alloc(Tstat::type, 1), "no free tags on the connection");
		m->free(*all[500]);
		EXPECT_EQ(m->alloc(Tstat::type, 1).tag, 501);
	}
	close(std::move(ours));
	close(std::move(theirs));
}

PTEST(mnt, DM_1_BM_11_65534_calls_are_outstanding_on_one_connection_and_no_more)
{
	constexpr int Callers = 1000;	// stand for the rest, whose tags are taken by hand
	Signal all;
	Scripted srv([&](Script& s) {
		s.session();
		std::vector<uint16_t> tags;
		for(int i = 0; i < Callers; i++)
			tags.push_back(s.expect<Tread>().tag);
		all.set();
		for(uint16_t t : tags)
			s.reply(t, Rread{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	Mnt& m = static_cast<Mnt&>(*root->mchan->mux);
	std::vector<Rpc*> taken;
	for(int i = 0; i < 65534 - Callers; i++)
		taken.push_back(&m.alloc(Tstat::type, 1));
	std::vector<Actor> callers;
	for(int i = 0; i < Callers; i++)
		callers.emplace_back("caller", [&root] { readat(*root, 0); });
	all.wait();
	for(Actor& a : callers)
		a.join();
	for(Rpc* r : taken)
		m.free(*r);
}

// ---- flush

PTEST(mnt, DM_40_DM_43_an_interrupted_call_is_flushed_and_fails_when_rflush_comes_first)
{
	Actor* caller = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tstat>();
		caller->note();
		auto f = s.expect<Tflush>();
		EXPECT_EQ(f->oldtag, t.tag);
		EXPECT_NE(f.tag, t.tag);
		s.reply(f, Rflush{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Actor a("caller", [&] { EXPECT_ERROR(statname(*root), Eintr); });
	caller = &a;
	a.join();
}

PTEST(mnt, DM_42_a_reply_before_rflush_counts)
{
	Actor* caller = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tstat>();
		caller->note();
		auto f = s.expect<Tflush>();
		replystat(s, t.tag, "answer");
		s.reply(f, Rflush{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Actor a("caller", [&] { EXPECT_EQ(statname(*root), "answer"); });
	caller = &a;
	a.join();
}

PTEST(mnt, DM_41_DM_44_each_further_note_sends_a_flush_of_the_first_tag)
{
	Actor* caller = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tstat>();
		std::vector<uint16_t> flushes;
		for(int i = 0; i < 5; i++) {
			caller->note();
			auto f = s.expect<Tflush>();
			EXPECT_EQ(f->oldtag, t.tag);
			EXPECT_EQ(std::ranges::count(flushes, f.tag), 0);
			flushes.push_back(f.tag);
		}
		s.reply(flushes[2], Rflush{});
		s.reply(flushes[4], Rflush{});
		// The others are settled by the last; what still comes is dropped.
		s.reply(flushes[0], Rflush{});
		s.reply(t, Rerror{"late"});
		auto again = s.expect<Tstat>();
		EXPECT_NE(again.tag, t.tag);
		EXPECT_EQ(std::ranges::count(flushes, again.tag), 0);
		replystat(s, again.tag, "x");
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Actor a("caller", [&] { EXPECT_ERROR(statname(*root), Eintr); });
	caller = &a;
	a.join();
	EXPECT_EQ(statname(*root), "x");
}

PTEST(mnt, DM_28_DM_43_BM_10_late_and_unknown_replies_are_dropped)
{
	Actor* caller = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tread>();
		caller->note();
		auto f = s.expect<Tflush>();
		s.reply(f, Rflush{});
		s.reply(t, Rread{bytes("late")});
		s.reply(uint16_t(0), Rread{bytes("zero")});
		s.reply(NOTAG, Rread{bytes("notag")});
		s.reply(uint16_t(40000), Rread{bytes("far")});
		auto u = s.expect<Tread>();
		s.reply(uint16_t(u.tag + 1), Rread{bytes("n")});
		s.reply(u, Rread{bytes("y")});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	Actor a("caller", [&] { EXPECT_ERROR(readat(*root, 0), Eintr); });
	caller = &a;
	a.join();
	EXPECT_EQ(readat(*root, 0), "y");
}

PTEST(mnt, DM_27_an_interrupted_reader_hands_the_gate_over)
{
	Actor* first = nullptr;
	Signal second, third;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tread>();
		second.set();
		auto u = s.expect<Tread>();
		third.set();
		auto v = s.expect<Tread>();
		first->note();
		auto f = s.expect<Tflush>();
		EXPECT_EQ(f->oldtag, t.tag);
		s.reply(v, Rread{bytes("c")});
		s.reply(u, Rread{bytes("b")});
		s.reply(f, Rflush{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	Actor a("a", [&] { EXPECT_ERROR(readat(*root, 0), Eintr); });
	first = &a;
	Actor b("b", [&] {
		second.wait();
		EXPECT_EQ(readat(*root, 0), "b");
	});
	Actor c("c", [&] {
		third.wait();
		EXPECT_EQ(readat(*root, 0), "c");
	});
	a.join();
	b.join();
	c.join();
}

// Callers are interrupted at any moment; the server answers each request and each flush,
// in an order that the rules allow.  A call has its own answer or was interrupted.
PRACE(mnt, DM_42_DM_43_BD_1_BD_4_notes_at_any_moment_cross_no_replies)
{
	static constexpr int Callers = 3, Calls = 4;
	int done = 0;
	Scripted srv([&](Script& s) {
		s.session();
		std::vector<Got<Tread>> held;
		auto release = [&] {
			for(auto& t : held)
				s.reply(t, Rread{bytes(std::string(1, char('a' + t->offset)))});
			held.clear();
		};
		while(done < Callers) {
			Block b = s.recv();
			Tflush f;
			Tclunk c;
			if(b.empty())
				return;
			uint16_t tag = msgtag(b.data());
			if(unpackM(b.data(), f)) {
				if(f.oldtag % 2 == 0)
					release();
				std::erase_if(held, [&](auto& t) { return t.tag == f.oldtag; });
				s.reply(tag, Rflush{});
			} else if(unpackM(b.data(), c)) {
				s.reply(tag, Rclunk{});
				return;
			} else {
				Got<Tread> t;
				EXPECT_TRUE(unpackM(b.data(), t.m));
				t.tag = tag;
				held.push_back(std::move(t));
				if(held.size() == 2 || done == Callers - 1)
					release();
			}
		}
		release();
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	std::vector<Actor> callers;
	for(int i = 0; i < Callers; i++)
		callers.emplace_back("caller", [&, i] {
			for(int j = 0; j < Calls; j++) {
				try {
					EXPECT_EQ(readat(*root, i), std::string(1, char('a' + i)));
				} catch(const Error& e) {
					EXPECT_EQ(e.text(), Eintr);
				}
				while(up().nextnote())
					;
			}
			done++;
		});
	// Until all have ended: a note frees the one whose request is held back for company.
	while(done < Callers) {
		for(Actor& a : callers)
			a.note();
		for(int i = 0; i < 20 && done < Callers; i++)
			yield();
	}
	for(Actor& a : callers)
		a.join();
	close(std::move(root));
}

PTEST(mnt, DM_45_BD_5_the_fid_of_an_interrupted_clunk_is_never_used_again)
{
	Actor* caller = nullptr;
	uint32_t fid = 0;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tclunk>();
		fid = t->fid;
		caller->note();
		auto f = s.expect<Tflush>();
		s.reply(f, Rflush{});
		s.attach();
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Actor a("caller", [&] { close(std::move(root)); });
	caller = &a;
	a.join();
	Ref<Chan> again = srv.attach();
	EXPECT_NE(again->fid, fid);
}

PTEST(mnt, DM_45_a_clunk_answered_before_its_rflush_frees_the_fid)
{
	Actor* caller = nullptr;
	uint32_t fid = 0;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tclunk>();
		fid = t->fid;
		caller->note();
		auto f = s.expect<Tflush>();
		s.reply(t, Rclunk{});
		s.reply(f, Rflush{});
		s.attach();
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Actor a("caller", [&] { close(std::move(root)); });
	caller = &a;
	a.join();
	Ref<Chan> again = srv.attach();
	EXPECT_EQ(again->fid, fid);
}

PTEST(mnt, DM_46_a_walk_answered_before_its_rflush_counts_and_a_flushed_one_made_nothing)
{
	Actor* caller = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Twalk>();
		caller->note();
		auto f = s.expect<Tflush>();
		Rwalk r;
		r.wqid.add({7, 0, 0});
		s.reply(t, r);
		s.reply(f, Rflush{});
		t = s.expect<Twalk>();
		caller->note();
		f = s.expect<Tflush>();
		s.reply(f, Rflush{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Actor a("caller", [&] {
		Ref<Chan> c = walkto(*root, {"x"});
		EXPECT_EQ(c->qid.path, 7u);
		EXPECT_ERROR(walkto(*root, {"x"}), Eintr);
	});
	caller = &a;
	a.join();
	drainclose();
}

// ---- servers that die, or lie

PTEST(mnt, DM_32_DM_33_BD_10_when_the_server_dies_nobody_hangs)
{
	constexpr int Callers = 6;
	Scripted srv([](Script& s) {
		s.session();
		for(int i = 0; i < Callers; i++)
			s.expect<Tread>();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	std::vector<Actor> callers;
	for(int i = 0; i < Callers; i++)
		callers.emplace_back("caller", [&] { readat(*root, 0); },
			Actor::Errors::Keep);
	int rpcerrors = 0;
	for(Actor& a : callers) {
		a.join();
		if(a.failure() == Emountrpc)
			rpcerrors++;
		else
			EXPECT_EQ(a.failure(), Ehungup);
	}
	EXPECT_GE(rpcerrors, 1);
	EXPECT_ERROR(readat(*root, 0), Ehungup);
	EXPECT_FALSE(up().noted());
}

PRACE(mnt, DM_32_a_server_that_dies_at_any_moment_frees_all_callers)
{
	Scripted srv([](Script& s) {
		s.session();
		auto t = s.expect<Tread>();
		s.recv();
		s.reply(t, Rread{bytes("x")});
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	std::vector<Actor> callers;
	for(int i = 0; i < 4; i++)
		callers.emplace_back("caller", [&] {
			for(;;)
				readat(*root, 0);
		}, Actor::Errors::Keep);
	callers[0].note();
	for(Actor& a : callers)
		a.join();
}

PTEST(mnt, DM_24_DM_48_a_reply_of_another_type_is_an_rpc_error)
{
	EXPECT_EQ(answered(Script::message(1, Rclunk{}), statname), Emountrpc);
	EXPECT_EQ(answered(Script::message(1, Rflush{}), statname), Emountrpc);
	EXPECT_EQ(answered(Script::message(1, Tstat{}), statname), Emountrpc);
	EXPECT_EQ(answered(Script::message(1, Rerror{"its own"}), statname), "its own");
	EXPECT_EQ(answered(Script::message(1, Rerror{""}), statname), Emountrpc);
	EXPECT_EQ(answered(Script::message(1, Rerror{std::string(5000, 'e')}), statname).size(),
		size_t(ERRMAX - 1));
}

PTEST(mnt, DM_30_BM_2_a_size_that_can_be_none_ends_the_session)
{
	for(auto size : {"00 00 00 00", "01 00 00 00", "06 00 00 00", "19 20 00 00",
		    "00 00 00 80", "ff ff ff ff"}) {
		std::string b = hex(std::string(size) + "7d 01 00");
		EXPECT_EQ(answered(Block::of(bytes(b)), statname), Emountrpc) << size;
	}
}

PTEST(mnt, BM_3_an_rread_shorter_than_its_header_is_an_rpc_error)
{
	auto call = [](Chan& c) {
		c.qid.type = 0;
		readat(c, 0);
	};
	for(auto text : {"07 00 00 00 75 01 00", "08 00 00 00 75 01 00 00",
		    "0a 00 00 00 75 01 00 01 00 00", "0b 00 00 00 75 01 00 01 00 00 00",
		    "0c 00 00 00 75 01 00 00 00 00 00 41", "0c 00 00 00 75 01 00 ff ff ff ff 41"})
		EXPECT_EQ(answered(Block::of(bytes(hex(text))), call), Emountrpc) << text;
}

PTEST(mnt, DM_30_a_connection_that_went_wrong_fails_at_once_for_all)
{
	Signal second;
	Scripted srv([&](Script& s) {
		s.session();
		s.expect<Tread>();
		second.set();
		s.expect<Tread>();
		s.raw(bytes(hex("00 00 00 00 00 00 00")));
		while(!s.recv().empty())
			;
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	Actor a("a", [&] { EXPECT_ERROR(readat(*root, 0), Emountrpc); });
	Actor b("b", [&] {
		second.wait();
		EXPECT_ERROR(readat(*root, 0), Emountrpc);
	});
	a.join();
	b.join();
	EXPECT_ERROR(readat(*root, 0), Emountrpc);
}

PTEST(mnt, BD_3_a_message_that_cannot_be_made_fails_and_waits_for_nothing)
{
	Scripted srv([](Script& s) {
		s.session();
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	std::string name(70000, 'n');
	EXPECT_ERROR(walkto(*root, {name}), Etoolong);
	name.resize(9000);
	EXPECT_ERROR(walkto(*root, {name}), Etoolong);
}

PTEST(mnt, what_a_caller_waits_for_says_server_fid_and_tag)
{
	std::string text;
	Actor* caller = nullptr;
	Scripted srv([&](Script& s) {
		s.session();
		auto t = s.expect<Tread>();
		while((text = caller->proc().waittext()).empty())
			yield();
		s.reply(t, Rread{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	root->qid.type = 0;
	Actor a("caller", [&] { readat(*root, 0); });
	caller = &a;
	a.join();
	EXPECT_EQ(text, fmt::format("reply from #| to Tread fid {} tag 1", root->fid));
}
}
}
