// A name space as 9P: through the mount driver, and by hand.

#include "port/exportfs.h"

#include <set>

#include "tests/exportclient.h"
#include "tests/runprog.h"

namespace p9 {

PTEST(exportfs, EX_1_EX_18_what_is_exported_is_mounted_and_used_as_any_tree)
{
	stdns();
	writefile("/tmp/a", "hello");
	mounted("/tmp", "/n/x");
	EXPECT_EQ(readfile("/n/x/a"), "hello");
	writefile("/n/x/b", std::string(100000, 'b'));
	EXPECT_EQ(readfile("/tmp/b"), std::string(100000, 'b'));
	close(create("/n/x/d", OREAD, DMDIR | 0755));
	writefile("/n/x/d/f", "f");
	EXPECT_EQ(names("/n/x"), names("/tmp"));
	EXPECT_EQ(stat("/n/x/d/f").length, 1u);
	Dir d = Dir::dontcare();
	d.name = "g";
	wstat("/n/x/d/f", d);
	EXPECT_EQ(readfile("/tmp/d/g"), "f");
	remove("/n/x/d/g");
	EXPECT_EQ(names("/tmp/d"), "");
	EXPECT_ERROR(open("/n/x/none", OREAD), "file not found: '/n/x/none'");	// ramfs's
	unmount("", "/n/x");
}

PTEST(exportfs, EX_20_BX_20_dotdot_stays_inside_by_position)
{
	stdns();
	close(create("/tmp/d", OREAD, DMDIR | 0755));
	writefile("/tmp/secret", "s");
	writefile("/tmp/d/f", "f");
	bind("/tmp/d", "/n/alias", MREPL);
	Client c(exported("/n/alias"));
	c.session();
	EXPECT_EQ(c.err(Twalk{.fid = 0, .newfid = 1, .wname = path({"..", "..", "f"})}), "none");
	EXPECT_EQ(c.err(Twalk{.fid = 0, .newfid = 2, .wname = path({"..", "secret"})}), "none");
	EXPECT_EQ(c.err(Tstat{.fid = 2}), "no such fid");
	EXPECT_EQ(c.err(Twalk{.fid = 0, .newfid = 2, .wname = path({"../secret"})}),
		Ebadchar);
	EXPECT_EQ(c.err(Twalk{.fid = 0, .newfid = 2, .wname = path({"secret"})}),
		"file not found");
}

PTEST(exportfs, EX_4_a_read_only_export_changes_nothing)
{
	stdns();
	writefile("/tmp/a", "hello");
	mounted("/tmp", "/n/x", readonly());
	EXPECT_EQ(readfile("/n/x/a"), "hello");
	EXPECT_ERROR(open("/n/x/a", OWRITE), "file system read only: '/n/x/a'");
	EXPECT_ERROR(open("/n/x/a", OREAD | OTRUNC), "file system read only: '/n/x/a'");
	EXPECT_ERROR(remove("/n/x/a"), "file system read only");
	EXPECT_ERROR(create("/n/x/b", OWRITE, 0666), "file system read only: '/n/x/b'");
	EXPECT_EQ(readfile("/tmp/a"), "hello");
	unmount("", "/n/x");
}

// Two ramfs number their files alike.
PTEST(exportfs, EX_25_EX_26_BX_15_mounts_inside_are_shown_with_qids_of_their_own)
{
	stdns();
	run({"ramfs", "-m", "/n/other"});
	close(create("/tmp/m", OREAD, DMDIR | 0755));
	writefile("/tmp/f", "outer");
	writefile("/n/other/f", "inner");
	bind("/n/other", "/tmp/m", MREPL);
	mounted("/tmp", "/n/x");
	EXPECT_EQ(readfile("/n/x/m/f"), "inner");
	std::set<uint64_t> paths;
	for(const Dir& d : dirreadall("/n/x")) {
		EXPECT_EQ(d.qid.path, stat("/n/x/" + d.name).qid.path) << d.name;
		paths.insert(d.qid.path);
	}
	for(const Dir& d : dirreadall("/n/x/m")) {
		EXPECT_EQ(d.qid.path, stat("/n/x/m/" + d.name).qid.path) << d.name;
		paths.insert(d.qid.path);
	}
	paths.insert(stat("/n/x").qid.path);
	EXPECT_EQ(paths.size(), 4u);	// m f, f, and the root
	EXPECT_ERROR(remove("/n/x/m"), "is a mount point");
	unmount("", "/n/x");
	unmount("", "/tmp/m");
	unmount("", "/n/other");
}

PTEST(exportfs, a_filter_hides_names_from_walks_and_listings)
{
	stdns();
	writefile("/tmp/seen", "s");
	writefile("/tmp/hidden", "h");
	mounted("/tmp", "/n/x",
		hiding());
	EXPECT_EQ(names("/n/x"), "seen");
	EXPECT_ERROR(open("/n/x/hidden", OREAD), "file does not exist: '/n/x/hidden'");
	EXPECT_ERROR(create("/n/x/hidden", OWRITE, 0666), "permission denied: '/n/x/hidden'");
	unmount("", "/n/x");
}

PTEST(exportfs, BX_9_nothing_is_served_before_a_version)
{
	stdns();
	Client c(exported("/tmp"));
	EXPECT_EQ(c.err(Tattach{.fid = 0}), "Tversion not seen");
	c.session();
	EXPECT_EQ(c.err(Topen{.fid = 0, .mode = OREAD}), "none");
	EXPECT_EQ(c.err(Tread{.fid = 0, .count = 8192}), "read/write -- count too big");
	EXPECT_EQ(c.err(Tread{.fid = 0, .offset = 5, .count = 100}),
		"can't seek on a directory");
	EXPECT_EQ(c.err(Tread{.fid = 0, .offset = ~uint64_t(0), .count = 1}), Enegoff);
	EXPECT_EQ(c.err(Topen{.fid = 0, .mode = OREAD}), "open/create -- unknown mode");
	EXPECT_EQ(c.err(Twalk{.fid = 0, .newfid = 1}), "walk of open fid");
	EXPECT_EQ(c.err(Tauth{.afid = 9}), "authentication not required");
}

// EX-10, EX-12: the read never ends by itself; flushed, it is not answered.
PRACE(exportfs, EX_10_EX_12_a_flush_ends_a_request_that_sleeps)
{
	bind("#|", "/n", MREPL);
	Fd hold = open("/n/data1", ORDWR);
	Client c(exported("/n"));
	c.session();
	c.rpc(Twalk{.fid = 0, .newfid = 1, .wname = path({"data"})});
	c.rpc(Topen{.fid = 1, .mode = OREAD});
	c.send(Tread{.fid = 1, .count = 10}, 5);
	c.send(Tflush{.oldtag = 5}, 6);
	uint16_t tag;
	Fcall f = c.recv(tag);
	EXPECT_TRUE(std::holds_alternative<Rflush>(f));
	EXPECT_EQ(tag, 6);
	EXPECT_EQ(c.err(Tclunk{.fid = 1}), "none");
	unmount("", "/n");
}

// EX-14: nobody is left waiting when the client goes.
PRACE(exportfs, EX_14_the_end_of_the_connection_ends_what_sleeps)
{
	bind("#|", "/n", MREPL);
	Fd hold = open("/n/data1", ORDWR);
	{
		Client c(exported("/n"));
		c.session();
		c.rpc(Twalk{.fid = 0, .newfid = 1, .wname = path({"data"})});
		c.rpc(Topen{.fid = 1, .mode = ORDWR});
		for(uint16_t t = 10; t < 20; t++)
			c.send(Tread{.fid = 1, .count = 10}, t);
	}
	unmount("", "/n");
}

// EX-18 of another kind: each client of a service is a client of its own.
PTEST(exportfs, a_service_is_exported_by_mounting_it_for_each_client)
{
	stdns();
	run({"ramfs", "-S", "ram"});
	Exportopts o;
	o.service = "/srv/ram";
	Fd fd = exported("", o);
	mount(fd, -1, "/n/x", MREPL | MCREATE, "");
	writefile("/n/x/f", "text");
	Fd direct = open("/srv/ram", ORDWR);
	mount(direct, -1, "/n/y", MREPL, "");
	EXPECT_EQ(readfile("/n/y/f"), "text");
	unmount("", "/n/y");
	unmount("", "/n/x");
	remove("/srv/ram");
}

// The end of a session, and a Tversion in the middle of one, remove by the hook that
// otherwise runs beside others: nobody reads for it then.
PRACE(exportfs, what_was_opened_to_be_removed_goes_with_the_session)
{
	stdns();
	for(bool again : {false, true}) {
		auto [mine, its] = pipe();
		rfork(RFPROC | RFFDG, [fd = int(its), other = int(mine)] {
			close(other);
			exportfs(fd, fd, "/tmp");
		});
		close(std::move(its));
		{
			Client c(std::move(mine));
			c.session();
			EXPECT_EQ(c.err(Tcreate{.fid = 0, .name = "f", .perm = 0666,
					.mode = OWRITE | ORCLOSE}), "none");
			EXPECT_TRUE(access("/tmp/f", AEXIST));
			if(again) {
				c.session();
				EXPECT_FALSE(access("/tmp/f", AEXIST));
				EXPECT_EQ(c.err(Tstat{.fid = 0}), "none");
			}
		}
		EXPECT_EQ(wait().msg, "");
		EXPECT_FALSE(access("/tmp/f", AEXIST));
	}
}

PTEST(exportfs, an_open_file_is_renamed_while_others_look_at_it)
{
	stdns();
	writefile("/tmp/f", "text");
	Client c(exported("/tmp"));
	c.session();
	c.rpc(Twalk{.fid = 0, .newfid = 1, .wname = path({"f"})});
	c.rpc(Topen{.fid = 1, .mode = OREAD});
	c.send(Tstat{.fid = 1}, 1);
	c.send(renaming(1, "g"), 2);
	c.send(Tstat{.fid = 1}, 3);
	uint16_t tag;
	for(int i = 0; i < 3; i++)
		EXPECT_FALSE(std::holds_alternative<Rerror>(c.recv(tag)));
	EXPECT_EQ(readfile("/tmp/g"), "text");
}

PTEST(exportfs, an_open_file_that_was_renamed_has_its_new_name)
{
	stdns();
	writefile("/tmp/f", "text");
	Client c(exported("/tmp"));
	c.session();
	c.rpc(Twalk{.fid = 0, .newfid = 1, .wname = path({"f"})});
	c.rpc(Topen{.fid = 1, .mode = OREAD});
	EXPECT_EQ(c.err(renaming(1, "g")), "none");
	Fcall f = c.rpc(Tstat{.fid = 1});
	EXPECT_EQ(convM2D(std::get<Rstat>(f).stat)->name, "g");
}

PTEST(exportfs, the_root_is_not_the_clients_to_remove_or_rename)
{
	stdns();
	close(create("/tmp/d", OREAD, DMDIR | 0777));
	Client c(exported("/tmp/d"));
	c.session();
	EXPECT_EQ(c.err(renaming(0, "e")), "permission denied");
	c.rpc(Twalk{.fid = 0, .newfid = 1});
	EXPECT_EQ(c.err(Tremove{.fid = 1}), "permission denied");
	EXPECT_TRUE(access("/tmp/d", AEXIST));
}

PTEST(exportfs, an_open_file_of_a_device_that_removes_nothing_is_closed)
{
	stdns();
	close(create("/tmp/p", OREAD, DMDIR | 0777));
	p9::bind("#|", "/tmp/p", MREPL);
	Client c(exported("/tmp/p"));
	c.session();
	c.rpc(Twalk{.fid = 0, .newfid = 1, .wname = path({"data"})});
	c.rpc(Topen{.fid = 1, .mode = ORDWR});
	Fd other = open("/tmp/p/data1", ORDWR);
	EXPECT_EQ(c.err(Tremove{.fid = 1}), "permission denied");
	char b[1];
	EXPECT_EQ(read(other, std::as_writable_bytes(std::span(b))), 0u);
}

namespace {

// A client sends requests with so many tags in turn, and reads when it has sent all.
void
deaf(const Exportopts& o, int tags)
{
	stdns();
	Client c(exported("/tmp", o));
	c.session();
	constexpr int N = 6000;
	size_t before = dirreadall("#p").size();
	rfork(RFPROC | RFMEM, [&c, tags] {
		for(int i = 0; i < N; i++) {
			c.send(Tstat{.fid = 0}, uint16_t(i % tags));
			sleep(1);	// until it is being answered
		}
	});
	sleep(2 * N);
	EXPECT_LT(dirreadall("#p").size(), before + 32);
	int answered = 0, refused = 0;
	for(int i = 0; i < N; i++) {
		std::string s = c.next();
		answered += s.starts_with("Rstat");
		refused += s.ends_with("ename too many requests") || s.ends_with("ename duplicate tag");
	}
	EXPECT_EQ(answered + refused, N);
	EXPECT_GT(answered, N / 10);
	EXPECT_EQ(wait().msg, "");
}
}

// A request stands aside for the next one with its tag while its reply is written.  If the
// client did not read, there was no end of them, each with a Proc.
PTEST(exportfs, a_client_that_does_not_read_gets_no_more_requests_by_using_one_tag)
{
	Exportopts o;
	o.limits.reqs = 8;
	deaf(o, 1);
}

// They counted until the reply was made, and then waited to write it.
PTEST(exportfs, requests_whose_replies_nobody_reads_are_at_work)
{
	Exportopts o;
	o.limits.conns = 1;
	o.limits.working = 8;
	deaf(o, 1000);
}

PTEST(exportfs, a_file_gets_no_name_that_is_hidden)
{
	stdns();
	writefile("/tmp/seen", "s");
	mounted("/tmp", "/n/x", hiding());
	Dir d = Dir::dontcare();
	d.name = "hidden";
	EXPECT_ERROR(wstat("/n/x/seen", d), "permission denied");
	Fd fd = open("/n/x/seen", OREAD);
	EXPECT_ERROR(fwstat(fd, d), "permission denied");
	d.name = "other";
	fwstat(fd, d);
	close(std::move(fd));
	EXPECT_EQ(names("/n/x"), "other");
	unmount("", "/n/x");
}

// Each attach is a mount of its own, of one server; so many kinds of qids there were, and
// with 65536 of them the export was at its end.
PTEST(exportfs, EX_26_a_file_of_a_service_has_one_qid_whoever_attaches)
{
	stdns();
	run({"ramfs", "-S", "ram"});
	Exportopts o;
	o.service = "/srv/ram";
	Client c(exported("", o));
	c.session();
	uint64_t root = c.stat(0).qid.path;
	for(uint32_t fid = 1; fid < 4; fid++) {
		c.rpc(Tattach{.fid = fid, .uname = "x"});
		EXPECT_EQ(c.stat(fid).qid.path, root);
	}
	remove("/srv/ram");
}
}
