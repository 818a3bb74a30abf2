// The mount driver against servers that say whatever the test wants.

#include <gtest/gtest.h>

#include "lib9/endian.h"
#include "lib9/error.h"
#include "port/dev.h"
#include "port/mnt.h"
#include "tests/scripted.h"
#include "tests/test.h"

namespace p9 {

Dev& mntdev();

namespace {

// A file of the server, walked to; qid path 7.
Ref<Chan>
file(Chan& root)
{
	return walkto(root, {"file"});
}

void
servewalk(Script& s, Qid qid = {7, 0, QTFILE})
{
	Rwalk r;
	r.wqid.add(qid);
	s.answer<Twalk>(r);
}

Bytes
entry(std::string_view name, std::byte (&b)[256])
{
	Dir d;
	d.name = name;
	d.uid = d.gid = d.muid = "glenda";
	return {b, convD2M(d, b)};
}

// ---- the beginning

PTEST(mnt, DM_4_version_is_sent_once_with_notag_for_two_mounts_at_once)
{
	Scripted srv([](Script& s) {
		s.version();
		auto a = s.expect<Tattach>();
		auto b = s.expect<Tattach>();
		EXPECT_NE(a.tag, b.tag);
		EXPECT_NE(a->fid, b->fid);
		s.reply(b, Rattach{});
		s.reply(a, Rattach{});
		s.finish();
	});
	Actor one("one", [&] { srv.attach(); });
	Actor two("two", [&] { srv.attach(); });
	one.join();
	two.join();
	srv.end();
}

PTEST(mnt, DM_5_msize_defaults_to_the_most_and_to_the_connections_iounit)
{
	Scripted srv([](Script& s) {
		EXPECT_EQ(s.expect<Tversion>()->msize, MAXMSIZE);
	});
	std::string v;
	EXPECT_ERROR(mntversion(*srv.chan(), v, 0), "EOF receiving fversion reply");
	srv.end();

	Scripted small([](Script& s) { EXPECT_EQ(s.expect<Tversion>()->msize, 4096u); });
	small.chan()->iounit = 4096;
	EXPECT_ERROR(mntversion(*small.chan(), v, 8192), "EOF receiving fversion reply");
}

PTEST(mnt, DM_6_a_version_of_something_else_is_not_even_sent)
{
	Scripted srv([](Script& s) { EXPECT_TRUE(s.recv().empty()); });
	std::string v = "8P";
	EXPECT_ERROR(mntversion(*srv.chan(), v, 0), "bad 9P version specification");
}

PTEST(mnt, DM_7_BD_14_a_settled_connection_compares_and_sends_nothing)
{
	Scripted srv([](Script& s) {
		s.version();
		EXPECT_TRUE(s.recv().empty());
	});
	std::string v;
	EXPECT_EQ(mntversion(*srv.chan(), v, 0), 6u);
	EXPECT_EQ(v, "9P2000");
	v = "9P2000.u";
	EXPECT_EQ(mntversion(*srv.chan(), v, 0), 6u);
	EXPECT_EQ(v, "9P2000");
	v = "9P200";
	EXPECT_ERROR(mntversion(*srv.chan(), v, 0), "bad 9P version specification");
}

PTEST(mnt, DM_7_another_suffix_than_the_settled_one_is_incompatible)
{
	Scripted srv([](Script& s) {
		auto t = s.expect<Tversion>();
		s.reply(t, Rversion{.msize = 8192, .version = "9P2000.x"});
		EXPECT_TRUE(s.recv().empty());
	});
	std::string v = "9P2000.x";
	EXPECT_EQ(mntversion(*srv.chan(), v, 0), 8u);
	v = "9P2000";
	EXPECT_ERROR(mntversion(*srv.chan(), v, 0),
		"incompatible 9P versions 9P2000.x 9P2000");
}

// What mntversion says when Tversion of msize 65536 is answered by r.
std::string
versionerror(Block r)
{
	std::string failure;
	Scripted srv([&r](Script& s) {
		s.expect<Tversion>();
		s.raw(std::move(r));
		s.recv();
	});
	try {
		std::string v;
		mntversion(*srv.chan(), v, 65536);
		failure = "settled";
		EXPECT_TRUE(srv.chan()->flag & CMSG);
	} catch(const Error& e) {
		failure = e.text();
		EXPECT_FALSE(srv.chan()->flag & CMSG);
		EXPECT_FALSE(srv.chan()->mux);
	}
	srv.end();
	return failure;
}

std::string
versionerror(uint32_t msize, std::string_view version)
{
	return versionerror(Script::message(NOTAG, Rversion{msize, version}));
}

PTEST(mnt, DM_8_BM_4_what_a_server_may_answer_to_tversion)
{
	EXPECT_EQ(versionerror(65536, "9P2000"), "settled");
	EXPECT_EQ(versionerror(256, "9P2000"), "settled");
	EXPECT_EQ(versionerror(65537, "9P2000"), "server tries to increase msize in fversion");
	EXPECT_EQ(versionerror(255, "9P2000"), "nonsense value of msize in fversion");
	EXPECT_EQ(versionerror(0, "9P2000"), "nonsense value of msize in fversion");
	for(auto v : {"", "9", "9P", "9P200", "unknown", "9P2000.u", "9P20000"})
		EXPECT_EQ(versionerror(8192, v), "bad 9P version returned from server") << v;
	EXPECT_EQ(versionerror(Script::message(NOTAG, Rerror{"go away"})), "go away");
	EXPECT_EQ(versionerror(Script::message(NOTAG, Rclunk{})),
		"unexpected reply type in fversion");
}

PTEST(mnt, DM_8_BM_2_junk_and_surplus_for_an_rversion_is_refused)
{
	for(auto text : {"00 00 00 00 65 ff ff", "06 00 00 00 65 ff ff", "00 00 00 80 65 ff ff",
		    "07 00 00 00 65 ff ff", "07 00 00 00 63 ff ff",
		    "13 00 00 00 65 ff ff 00 20 00 00 06 00 39 50 32 30 30 30 00"})
		EXPECT_EQ(versionerror(Block::of(bytes(hex(text)))),
			"bad fversion conversion on reply") << text;
}

PTEST(mnt, rlerror_to_tversion_says_what_the_server_speaks)
{
	EXPECT_EQ(versionerror(Block::of(bytes(hex("0b 00 00 00 07 ff ff 5f 00 00 00")))),
		"server speaks only 9P2000.L");
}

PTEST(mnt, BM_1_an_rversion_may_come_byte_by_byte)
{
	Scripted srv([](Script& s) {
		s.expect<Tversion>();
		Block b = Script::message(NOTAG, Rversion{8192, VERSION9P});
		for(size_t i = 0; i < b.own(); i++)
			s.raw(b.data().subspan(i, 1));
		s.attach();
		s.finish();
	});
	EXPECT_TRUE(srv.attach()->isdir());
}

PTEST(mnt, BD_12_mounting_a_dead_server_can_be_interrupted)
{
	Signal got, gone;
	Scripted srv([&](Script& s) {
		s.expect<Tversion>();
		got.set();
		gone.wait();
	});
	Actor a("mounter", [&] { srv.attach(); }, Actor::Errors::Keep);
	got.wait();
	Actor b("second", [&] { srv.attach(); }, Actor::Errors::Keep);
	b.note();
	b.join();
	EXPECT_EQ(b.failure(), "interrupted");
	a.note();
	a.join();
	EXPECT_EQ(a.failure(), "interrupted");
	gone.set();
}

PTEST(mnt, BM_16_a_failed_version_can_be_tried_again)
{
	Scripted srv([](Script& s) {
		auto t = s.expect<Tversion>();
		s.reply(t, Rversion{1 << 30, VERSION9P});
		s.session();
		s.finish();
	});
	EXPECT_ERROR(srv.attach(), "server tries to increase msize in fversion");
	srv.attach();
}

PTEST(mnt, DM_9_a_mounted_connection_is_for_messages_only)
{
	Scripted srv([](Script& s) {
		s.session();
		s.finish();
	});
	srv.attach();
	EXPECT_TRUE(srv.chan()->flag & CMSG);
	EXPECT_TRUE(srv.chan()->mux);
}

PTEST(mnt, DM_10_BM_12_auth_gives_an_open_file_of_the_connection)
{
	Scripted srv([](Script& s) {
		s.version();
		auto t = s.expect<Tauth>();
		EXPECT_EQ(t->uname, eve());
		EXPECT_EQ(t->aname, "tree");
		s.reply(t, Rauth{{9, 0, QTAUTH}});
		auto a = s.expect<Tattach>();
		EXPECT_EQ(a->afid, t->afid);
		EXPECT_NE(a->fid, t->afid);
		s.reply(a, Rattach{});
		s.finish();
	});
	Ref<Chan> auth = mntauth(srv.chan(), "tree");
	EXPECT_EQ(auth->qid, (Qid{9, 0, QTAUTH}));
	EXPECT_EQ(auth->mode, ORDWR);
	EXPECT_EQ(auth->iounit, 8192u);
	EXPECT_EQ(auth->offset, 0);
	EXPECT_EQ(auth->mchan, srv.chan());
	mntattach(srv.chan(), auth, "tree", 0);
}

PTEST(mnt, DM_10_a_refused_auth_sends_no_clunk)
{
	Scripted srv([](Script& s) {
		s.version();
		s.answer<Tauth>(Rerror{"authentication not required"});
		EXPECT_TRUE(s.recv().empty());
	});
	EXPECT_ERROR(mntauth(srv.chan(), ""), "authentication not required");
}

PTEST(mnt, BM_6_an_afid_of_another_connection_is_refused)
{
	auto script = [](Script& s) {
		s.version();
		s.answer<Tauth>(Rauth{});
		s.finish();
	};
	Scripted one(script);
	Scripted two([](Script& s) {
		s.version();
		s.finish();
	});
	Ref<Chan> auth = mntauth(one.chan(), "");
	EXPECT_ERROR(mntattach(two.chan(), auth, "", 0), Ebadusefd);
	EXPECT_ERROR(mntattach(one.chan(), two.chan(), "", 0), Ebadusefd);
}

PTEST(mnt, DM_11_attach_names_user_and_tree_and_mcache_marks_the_root)
{
	Scripted srv([](Script& s) {
		s.version();
		auto t = s.expect<Tattach>();
		EXPECT_EQ(t->afid, NOFID);
		EXPECT_EQ(t->uname, eve());
		EXPECT_EQ(t->aname, "spec");
		s.reply(t, Rattach{{1, 2, QTDIR}});
		servewalk(s);
		s.finish();
	});
	Ref<Chan> root = srv.attach("spec", MCACHE);
	EXPECT_EQ(root->qid, (Qid{1, 2, QTDIR}));
	EXPECT_TRUE(root->flag & CCACHE);
	EXPECT_TRUE(file(*root)->flag & CCACHE);
}

PTEST(mnt, DM_12_BM_5_the_device_itself_cannot_be_attached)
{
	EXPECT_ERROR(mntdev().attach(""), Enoattach);
}

PTEST(mnt, DM_13_each_mount_has_a_number_of_its_own_and_its_files_share_it)
{
	Scripted srv([](Script& s) {
		s.session();
		s.attach();
		servewalk(s);
		s.finish();
	});
	Ref<Chan> a = srv.attach();
	Ref<Chan> b = srv.attach();
	EXPECT_NE(a->devno, b->devno);
	EXPECT_EQ(file(*b)->devno, b->devno);
}

PTEST(mnt, BD_6_BD_7_BM_15_a_failed_attach_leaves_the_connection_usable)
{
	Scripted srv([](Script& s) {
		s.version();
		s.answer<Tattach>(Rerror{"unknown user"});
		s.attach();
		s.finish();
	});
	EXPECT_ERROR(srv.attach(), "unknown user");
	srv.attach();
}

// ---- tags

PTEST(mnt, DM_1_DM_2_BM_14_BD_8_a_lone_client_uses_the_lowest_tag_again_and_again)
{
	Scripted srv([](Script& s) {
		s.session();
		std::byte b[256];
		for(int i = 0; i < 100; i++) {
			auto t = s.expect<Tstat>();
			EXPECT_EQ(t.tag, 1);
			s.reply(t, Rstat{entry("x", b)});
		}
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	for(int i = 0; i < 100; i++)
		EXPECT_EQ(root->dev.stat(*root).name, "x");
}

PTEST(mnt, DM_3_two_connections_have_tags_of_their_own)
{
	Signal both;
	auto script = [&both](Script& s) {
		s.session();
		auto t = s.expect<Tstat>();
		EXPECT_EQ(t.tag, 1);
		both.wait();
		s.reply(t, Rerror{"no"});
		s.finish();
	};
	Scripted one(script);
	Scripted two([&](Script& s) {
		s.session();
		auto t = s.expect<Tstat>();
		EXPECT_EQ(t.tag, 1);
		both.set();
		s.reply(t, Rerror{"no"});
		s.finish();
	});
	Ref<Chan> a = one.attach();
	Ref<Chan> b = two.attach();
	Actor x("x", [&] { EXPECT_ERROR(a->dev.stat(*a), "no"); });
	Actor y("y", [&] { EXPECT_ERROR(b->dev.stat(*b), "no"); });
	x.join();
	y.join();
}

// ---- walk

PTEST(mnt, DM_14_more_than_sixteen_names_are_refused)
{
	Scripted srv([](Script& s) {
		s.session();
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	std::vector<std::string_view> names(17, "x");
	EXPECT_ERROR(root->dev.walk(*root, names), "devmnt: too many name elements");
}

PTEST(mnt, DM_14_DM_15_DM_16_a_walk_that_falls_short_makes_no_file_and_no_clunk)
{
	Scripted srv([](Script& s) {
		s.session();
		auto t = s.expect<Twalk>();
		EXPECT_EQ(t->wname.size(), 2u);
		uint32_t fid = t->newfid;
		Rwalk r;
		r.wqid.add({3, 0, QTDIR});
		s.reply(t, r);
		t = s.expect<Twalk>();
		EXPECT_EQ(t->newfid, fid);
		s.reply(t, Rerror{Enonexist});
		t = s.expect<Twalk>();
		EXPECT_EQ(t->newfid, fid);
		s.reply(t, Rwalk{});
		t = s.expect<Twalk>();
		s.reply(t, Rerror{"permission denied"});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	std::string_view names[] = {"a", "b"};
	Walkqid wq = root->dev.walk(*root, names);
	EXPECT_EQ(wq.nqid, 1u);
	EXPECT_EQ(wq.qid[0], (Qid{3, 0, QTDIR}));
	EXPECT_FALSE(wq.clone);
	for(int i = 0; i < 2; i++) {
		wq = root->dev.walk(*root, names);
		EXPECT_EQ(wq.nqid, 0u);
		EXPECT_FALSE(wq.clone);
	}
	EXPECT_ERROR(root->dev.walk(*root, names), Eperm);
}

PTEST(mnt, DM_15_BM_13_a_walk_by_no_names_is_another_fid_of_the_same_file)
{
	Scripted srv([](Script& s) {
		s.session();
		auto t = s.expect<Twalk>();
		EXPECT_EQ(t->wname.size(), 0u);
		EXPECT_NE(t->newfid, t->fid);
		s.reply(t, Rwalk{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Walkqid wq = root->dev.walk(*root, {});
	EXPECT_EQ(wq.clone->qid, root->qid);
	EXPECT_EQ(wq.clone->mchan, root->mchan);
	EXPECT_NE(wq.clone->fid, root->fid);
	EXPECT_NE(wq.clone, root);
}

PTEST(mnt, BM_9_too_many_qids_are_an_error_and_the_new_fid_is_clunked)
{
	Scripted srv([](Script& s) {
		s.session();
		auto t = s.expect<Twalk>();
		Rwalk r;
		r.wqid.add({});
		r.wqid.add({});
		s.reply(t, r);
		auto c = s.expect<Tclunk>();
		EXPECT_EQ(c->fid, t->newfid);
		s.reply(c, Rclunk{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	EXPECT_ERROR(file(*root), "too many QIDs returned by walk");
}

// ---- stat, open, close

PTEST(mnt, DM_17_DM_22_BD_9_stat_of_a_long_entry_shows_our_device)
{
	std::string name(40000, 'n');
	Scripted srv([&](Script& s) {
		s.session(MAXMSIZE);
		Dir d;
		d.type = 'x';
		d.dev = 99;
		d.name = name;
		Block b = Block::alloc(sizeD2M(d));
		b.produced(convD2M(d, b.room()));
		s.answer<Tstat>(Rstat{b.data()});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Dir d = root->dev.stat(*root);
	EXPECT_EQ(d.name, name);
	EXPECT_EQ(d.type, 'M');
	EXPECT_EQ(d.dev, root->devno);
}

PTEST(mnt, DM_17_DM_21_a_stat_whose_inner_size_is_wrong_is_malformed)
{
	Scripted srv([](Script& s) {
		s.session();
		std::byte b[256];
		Bytes e = entry("x", b);
		putle(b, uint16_t(e.size() - 1));
		s.answer<Tstat>(Rstat{e});
		putle(b, uint16_t(0xFFFF));
		s.answer<Tstat>(Rstat{e});
		s.answer<Tstat>(Rstat{e.first(1)});
		s.answer<Tstat>(Rstat{});
		s.answer<Tstat>(Rstat{entry("a\nb", b)});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	for(int i = 0; i < 4; i++)
		EXPECT_ERROR(root->dev.stat(*root), Ebadstat);
	EXPECT_THROW(root->dev.stat(*root), Error);
}

PTEST(mnt, DM_18_BM_7_open_takes_qid_and_iounit_from_the_reply)
{
	Scripted srv([](Script& s) {
		s.session();
		for(uint32_t unit : {0u, 100u, 8193u}) {
			servewalk(s);
			auto t = s.expect<Topen>();
			EXPECT_EQ(t->mode, OEXEC | OTRUNC | ORCLOSE);
			s.reply(t, Ropen{{7, 3, 0}, unit});
		}
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	std::vector<Ref<Chan>> keep;
	for(size_t unit : {8192u, 100u, 8192u}) {
		Ref<Chan> c = root->dev.open(file(*root), OEXEC | OTRUNC | ORCLOSE | OCEXEC);
		EXPECT_EQ(c->iounit, unit);
		EXPECT_EQ(c->mode, OREAD);
		EXPECT_EQ(c->qid, (Qid{7, 3, 0}));
		EXPECT_TRUE(c->flag & COPEN);
		keep.push_back(std::move(c));
	}
}

PTEST(mnt, DM_18_create_sends_name_mode_and_perm)
{
	Scripted srv([](Script& s) {
		s.session();
		auto t = s.expect<Tcreate>();
		EXPECT_EQ(t->name, "new");
		EXPECT_EQ(t->perm, 0640u);
		EXPECT_EQ(t->mode, ORDWR);
		s.reply(t, Rcreate{{8, 0, 0}, 0});
		s.finish();
	});
	Ref<Chan> c = srv.attach();
	c = c->dev.create(std::move(c), "new", ORDWR, 0640);
	EXPECT_EQ(c->qid.path, 8u);
	EXPECT_EQ(c->mode, ORDWR);
}

PTEST(mnt, DM_23_clunk_and_remove_forget_the_fid_even_if_refused)
{
	Scripted srv([](Script& s) {
		s.session();
		uint32_t fid = 0;
		for(int i = 0; i < 2; i++) {
			auto w = s.expect<Twalk>();
			if(fid != 0) {
				EXPECT_EQ(w->newfid, fid);
			}
			fid = w->newfid;
			Rwalk r;
			r.wqid.add({});
			s.reply(w, r);
			auto t = s.expect<Tclunk>();
			EXPECT_EQ(t->fid, fid);
			s.reply(t, Rerror{"cannot"});
		}
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	close(file(*root));
	close(file(*root));
}

PTEST(mnt, wstat_sends_the_entry)
{
	Scripted srv([](Script& s) {
		s.session();
		auto t = s.expect<Twstat>();
		auto d = convM2D(t->stat);
		EXPECT_TRUE(d);
		EXPECT_EQ(d->name, "other");
		s.reply(t, Rwstat{});
		s.finish();
	});
	Ref<Chan> root = srv.attach();
	Dir d = Dir::dontcare();
	d.name = "other";
	root->dev.wstat(*root, d);
}
}
}
