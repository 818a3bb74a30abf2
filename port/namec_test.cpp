#include "port/namec.h"

#include "port/pgrp.h"
#include "port/proc.h"
#include "tests/memdev.h"
#include "tests/test.h"

namespace p9 {

namespace {
// What is mounted at name is the i-th memory device, which is empty.
Memdev&
mountmem(uint32_t i, std::string_view name, int flag)
{
	Memdev& m = freshmem(i);
	cmount(*up().pgrp, m.attach({}), namemount(name), {}, flag, {});
	return m;
}

std::string
pathof(std::string_view name)
{
	Ref<Chan> c = namedir(name);
	return std::string(c->name());
}
}

PTEST(namec, NS_1_an_empty_name_is_an_error_of_its_own)
{
	Memdev& m = memworld();
	EXPECT_ERROR(open("", OREAD), "empty file name");
	EXPECT_ERROR(create("", OREAD, 0666), "empty file name");
	EXPECT_ERROR(chdir(""), "empty file name");
	EXPECT_EQ(m.nwalk, 0);
}

PTEST(namec, NS_2_control_characters_and_endless_names_are_refused)
{
	Memdev& m = memworld();
	EXPECT_ERROR(open("/a\tb", OREAD), "bad character in file name: '/a\tb'");
	EXPECT_ERROR(open("/a\x7f", OREAD), "bad character in file name: '/a\x7f'");
	EXPECT_ERROR(open(std::string_view("/a\0b", 4), OREAD),
		     std::string_view("bad character in file name: '/a\0b'", 34));
	EXPECT_ERROR(open(std::string(64 * 1024, 'a'), OREAD), Etoolong);
	EXPECT_ERROR(validname("a/b", Slash::No), "bad character in file name: 'a/b'");
	validname("\xff\xfe \xc3\xa9", Slash::No);
	m.mkfile("/" + std::string(64 * 1024 - 2, 'a'));
	open("/" + std::string(64 * 1024 - 2, 'a'), OREAD);
}

PTEST(namec, NS_3_slashes_and_dots_vanish_but_at_the_end_want_a_directory)
{
	Memdev& m = memworld();
	m.mkfile("/a/b/f", "text");
	EXPECT_EQ(readfile("///a/./b//././f"), "text");
	EXPECT_EQ(pathof("/a//b/."), "/a/b");
	EXPECT_ERROR(open("/a/b/f/", OREAD), "not a directory: '/a/b/f'");
	EXPECT_ERROR(open("/a/b/f/.", OREAD), "not a directory: '/a/b/f'");
	EXPECT_ERROR(open("/a/b/f//.//", OREAD), "not a directory: '/a/b/f'");
	open("/a/b/", OREAD);
	EXPECT_EQ(stat("a/b/.").name, "b");
	EXPECT_ERROR(stat("/nothing/../a"), "file does not exist: '/nothing'");
}

PTEST(namec, NS_4_a_device_name_goes_to_the_next_slash)
{
	EXPECT_EQ(pathof("#s"), "#s");
	EXPECT_EQ(pathof("#/"), "#/");
	EXPECT_EQ(pathof("#//bin"), "#/bin");
	EXPECT_ERROR(open("#", OREAD), Ebadsharp);
	EXPECT_ERROR(open("#\u03bb/x", OREAD), Ebadsharp);
	EXPECT_ERROR(open("#" + std::string(200, 's'), OREAD), Efilename);
}

PTEST(namec, NS_5_device_names_see_no_mounts)
{
	bind("#e", "/mnt", MREPL);
	EXPECT_EQ(stat("/mnt").qid, stat("#e").qid);
	EXPECT_NE(stat("#//mnt").qid, stat("#e").qid);
	EXPECT_EQ(dirreadall("#//mnt").size(), 0u);
}

PTEST(namec, NS_6_a_masked_device_is_not_attached_but_can_be_unmounted)
{
	bind("#s", "/n", MREPL);
	rfork(RFNAMEG | RFNOMNT);
	EXPECT_ERROR(open("#s", OREAD), Enoattach);
	EXPECT_ERROR(bind("#s", "/mnt", MREPL), Enoattach);
	EXPECT_ERROR(unmount("#s/", "/n"), Enoattach);
	EXPECT_ERROR(mount(*std::make_unique<Fd>(), -1, "/n", MREPL, ""), Enoattach);
	open("#|", OREAD);
	unmount("#s", "/n");
	EXPECT_TRUE(nslines(*up().pgrp).empty());
}

PTEST(namec, NS_7_a_walk_is_all_or_nothing_and_says_how_far_it_came)
{
	Memdev& m = memworld();
	m.mkfile("/a/f");
	EXPECT_ERROR(open("/a/b/c/d", OREAD), "file does not exist: '/a/b'");
	EXPECT_ERROR(open("/a/f/c/d", OREAD), "not a directory: '/a/f'");
	EXPECT_ERROR(open("a/x", OREAD), "file does not exist: 'a/x'");
	long before = Chan::live();
	EXPECT_ERROR(open("/a/f/c", OREAD), "not a directory: '/a/f'");
	EXPECT_EQ(Chan::live(), before);
}

PTEST(namec, NS_7_a_long_name_is_walked_in_pieces_through_mounts)
{
	Memdev& m = memworld();
	std::string deep;
	for(int i = 0; i < 40; i++)
		deep += "/" + std::to_string(i);
	m.mkfile(deep, "deep");
	EXPECT_EQ(readfile(deep), "deep");
	EXPECT_EQ(m.nwalk, 3);
	Memdev& other = mountmem(1, deep.substr(0, deep.find("/16")), MREPL);
	other.mkfile("/16/x", "other");
	EXPECT_EQ(readfile(deep.substr(0, deep.find("/17")) + "/x"), "other");
	EXPECT_ERROR(open(deep, OREAD),
		     "file does not exist: '" + deep.substr(0, deep.find("/18")) + "'");
}

PTEST(namec, NS_7_every_mount_on_the_way_is_crossed)
{
	Memdev& m = memworld();
	m.mkdir("/a/b");
	Memdev& one = mountmem(1, "/a/b", MREPL);
	one.mkdir("/c/d");
	Memdev& two = mountmem(2, "/a/b/c/d", MREPL);
	two.mkfile("/e/f", "found");
	EXPECT_EQ(readfile("/a/b/c/d/e/f"), "found");
	EXPECT_EQ(pathof("/a/b/c/d/e"), "/a/b/c/d/e");
}

PTEST(namec, NS_8_a_union_falls_back_on_the_first_name_only)
{
	Memdev& m = memworld();
	m.mkdir("/u/a");
	m.mkfile("/v/a/b", "second");
	m.mkfile("/v/c", "c");
	bind("/v", "/u", MAFTER);
	EXPECT_EQ(readfile("/u/c"), "c");
	EXPECT_ERROR(open("/u/a/b", OREAD), "file does not exist: '/u/a/b'");
}

PTEST(namec, NS_8_an_element_that_fails_is_as_one_without_the_name)
{
	Memdev& m = memworld();
	m.mkfile("/u/f", "first");
	m.mkdir("/x");
	m.mkdir("/y");
	Memdev& broken = mountmem(1, "/x", MREPL);
	Memdev& good = mountmem(2, "/y", MREPL);
	good.mkfile("/g", "good");
	bind("/x", "/u", MBEFORE);
	bind("/y", "/u", MAFTER);
	broken.failwalk = Ehungup;
	EXPECT_EQ(readfile("/u/f"), "first");
	EXPECT_EQ(readfile("/u/g"), "good");
	EXPECT_ERROR(open("/u/none", OREAD), "i/o on hungup channel: '/u/none'");
	broken.failwalk = "";
	EXPECT_ERROR(open("/u/none", OREAD), "file does not exist: '/u/none'");
}

PTEST(namec, NS_9_dotdot_comes_out_where_the_mount_was_entered)
{
	Memdev& m = memworld();
	m.mkfile("/a/here", "left");
	m.mkdir("/a/on");
	m.mkdir("/alias");
	Memdev& tree = mountmem(1, "/a/on", MREPL);
	tree.mkfile("/sub/f", "in");
	EXPECT_EQ(readfile("/a/on/sub/../../here"), "left");
	EXPECT_EQ(readfile("/a/on/../here"), "left");
	chdir("/a/on/sub");
	EXPECT_EQ(getwd(), "/a/on/sub");
	EXPECT_EQ(readfile("../../here"), "left");
	chdir("..");
	EXPECT_EQ(getwd(), "/a/on");
	EXPECT_EQ(readfile("sub/f"), "in");
	chdir("..");
	EXPECT_EQ(getwd(), "/a");
}

PTEST(namec, NS_9_an_alias_is_left_at_its_own_side)
{
	Memdev& m = memworld();
	m.mkdir("/a/b/c");
	m.mkfile("/x/beside", "yes");
	m.mkdir("/x/y");
	bind("/a/b", "/x/y", MREPL);
	chdir("/x/y/c");
	EXPECT_EQ(getwd(), "/x/y/c");
	EXPECT_EQ(readfile("../../beside"), "yes");
	EXPECT_ERROR(open("/a/b/c/../../beside", OREAD),
		     "file does not exist: '/a/b/c/../../beside'");
}

PTEST(namec, NS_9_above_the_root_is_the_root)
{
	Memdev& m = memworld();
	m.mkfile("/f", "root");
	EXPECT_EQ(readfile("/../../f"), "root");
	EXPECT_EQ(pathof("/.."), "/");
	Memdev& tree = mountmem(1, "/", MREPL);
	tree.mkfile("/g", "mounted");
	EXPECT_EQ(readfile("/../g"), "mounted");
	EXPECT_EQ(readfile("/g"), "mounted");
	tree.mkdir("/d");
	EXPECT_EQ(pathof("/d/../.."), "/");
}

PTEST(namec, NS_10_long_names_are_cut_at_the_front_within_ERRMAX)
{
	memworld();
	std::string name;
	for(int i = 0; i < 100; i++)
		name += "\u03b1\u03b2\u03b3";
	std::string text;
	try {
		open("/" + name, OREAD);
	} catch(const Error& e) {
		text = e.text();
	}
	EXPECT_LT(text.size(), ERRMAX);
	EXPECT_TRUE(text.starts_with("file does not exist: '...")) << text;
	EXPECT_TRUE(text.ends_with("\u03b2\u03b3'")) << text;
}

PTEST(namec, NS_11_what_is_opened_is_nobody_elses_and_knows_its_mount_point)
{
	Memdev& m = memworld();
	m.mkdir("/a");
	Ref<Chan> c = nameopen("/", OREAD);
	EXPECT_NE(c, up().slash);
	EXPECT_FALSE(up().slash->flag & COPEN);
	EXPECT_FALSE(c->ismtpt);
	mountmem(1, "/a", MREPL);
	c = nameopen("/a", OREAD);
	EXPECT_TRUE(c->ismtpt);
	EXPECT_FALSE(c->umh);
	EXPECT_EQ(c->name(), "/a");
	EXPECT_EQ(c->ref, 1);
	c = nameaccess("/a");
	EXPECT_TRUE(c->ismtpt);
	EXPECT_EQ(c->ref, 1);
	bind("/", "/a", MAFTER);
	EXPECT_TRUE(nameopen("/a", OREAD)->umh);
	EXPECT_FALSE(nameaccess("/a")->umh);
}

PTEST(namec, NS_12_bind_crosses_and_chdir_and_mount_do_not)
{
	Memdev& m = memworld();
	m.mkdir("/a");
	m.mkfile("/f");
	Ref<Chan> before = namemount("/a");
	mountmem(1, "/a", MREPL);
	EXPECT_TRUE(eqchan(*namemount("/a"), *before));
	EXPECT_TRUE(eqchan(*namedir("/a"), *before));
	Bound b = namebind("/a");
	EXPECT_FALSE(eqchan(*b.c, *before));
	EXPECT_EQ(b.umh->m.size(), 1u);
	EXPECT_FALSE(namebind("/f").umh);
	EXPECT_ERROR(chdir("/f"), "not a directory: '/f'");
	chdir("/a");
	EXPECT_EQ(dirreadall(".").size(), 0u);
	mountmem(2, ".", MREPL).mkfile("/new");
	EXPECT_EQ(dirreadall(".").size(), 1u);
}

PTEST(namec, NS_13_open_flags_are_the_kernels)
{
	Memdev& m = memworld();
	m.mkfile("/f", "text");
	m.mkdir("/d");
	EXPECT_ERROR(open("/d", OEXEC), "cannot exec directory: '/d'");
	Ref<Chan> c = nameopen("/f", OREAD | OCEXEC);
	EXPECT_TRUE(c->flag & CCEXEC);
	c = nameopen("/f", OREAD | ORCLOSE);
	EXPECT_TRUE(c->flag & CRCLOSE);
	close(std::move(c));
	EXPECT_FALSE(m.has("/f"));
	EXPECT_ERROR(open("/d", 0x80), Ebadarg);
}

PTEST(namec, NS_14_create_truncates_what_is_there_unless_it_must_be_new)
{
	Memdev& m = memworld();
	m.mkfile("/f", "old");
	EXPECT_ERROR(create("/f", OWRITE | OEXCL, 0666), "file already exists: '/f'");
	EXPECT_EQ(m.text("/f"), "old");
	create("/f", OWRITE, 0666);
	EXPECT_EQ(m.text("/f"), "");
	Fd fd = create("/g", ORDWR | OEXCL | OCEXEC, 0666);
	write(fd, "new");
	EXPECT_EQ(fd2path(fd), "/g");
	EXPECT_EQ(m.text("/g"), "new");
	EXPECT_ERROR(create("/", OREAD, DMDIR | 0777), Eexist);
	EXPECT_ERROR(create("/d/", OREAD, 0666), "create without DMDIR: '/d'");
	create("/d/", OREAD, DMDIR | 0777);
	EXPECT_TRUE(stat("/d").mode & DMDIR);
	EXPECT_ERROR(create("/none/x", OREAD, 0666), "file does not exist: '/none'");
	EXPECT_ERROR(create("/f/x", OREAD, 0666), "not a directory: '/f/x'");
}

PTEST(namec, NS_14_a_file_is_made_in_the_first_element_that_allows_it)
{
	Memdev& m = memworld();
	m.mkdir("/u");
	m.mkdir("/a");
	m.mkdir("/b");
	bind("/a", "/u", MBEFORE);
	EXPECT_ERROR(create("/u/x", OWRITE, 0666), std::string(Enocreate) + ": '/u/x'");
	bind("/b", "/u", MAFTER | MCREATE);
	create("/u/x", OWRITE, 0666);
	EXPECT_TRUE(m.has("/b/x"));
	m.mkfile("/a/y", "text");
	create("/u/y", OWRITE, 0666);
	EXPECT_FALSE(m.has("/b/y"));
	EXPECT_EQ(m.text("/a/y"), "");
}

PTEST(namec, NS_14_who_loses_the_race_to_create_opens_what_the_other_made)
{
	Memdev& m = memworld();
	m.oncreate = [&m] {
		if(!m.has("/f"))
			m.mkfile("/f", "other's");
	};
	Fd fd = create("/f", OWRITE, 0666);
	EXPECT_EQ(m.text("/f"), "");
	close(std::move(fd));
	remove("/f");
	EXPECT_ERROR(create("/f", OWRITE | OEXCL, 0666), "file already exists: '/f'");
	m.oncreate = nullptr;
	m.failcreate = Erofs;
	EXPECT_ERROR(create("/new", OWRITE, 0666), "read only file system: '/new'");
}

PRACE(namec, NS_14_two_procs_that_make_one_file_both_have_it)
{
	memworld();
	auto make = [] {
		Fd fd = create("/f", OWRITE, 0666);
		EXPECT_EQ(write(fd, "x"), 1u);
		close(std::move(fd));
	};
	rfork(RFPROC, make);
	make();
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(readfile("/f"), "x");
}

PRACE(namec, a_walk_while_mounts_come_and_go_ends_on_one_side)
{
	Memdev& m = memworld();
	m.mkfile("/a/f", "under");
	m.mkfile("/b/f", "over");
	rfork(RFPROC, [] {
		for(int i = 0; i < 4; i++) {
			bind("/b", "/a", i % 2 ? MREPL : MBEFORE);
			unmount({}, "/a");
		}
	});
	for(int i = 0; i < 8; i++) {
		std::string s = readfile("/a/f");
		EXPECT_TRUE(s == "under" || s == "over") << s;
	}
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(readfile("/a/f"), "under");
}

PTEST(namec, NS_15_a_file_made_through_a_mount_has_the_users_path)
{
	Memdev& m = memworld();
	m.mkdir("/a/b");
	Memdev& tree = mountmem(1, "/a/b", MREPL | MCREATE);
	Fd fd = create("/a/./b//f", OWRITE, 0666);
	EXPECT_EQ(fd2path(fd), "/a/b/f");
	EXPECT_TRUE(tree.has("/f"));
	EXPECT_FALSE(m.has("/a/b/f"));
}

PTEST(namec, NS_16_mount_points_are_neither_removed_nor_renamed)
{
	Memdev& m = memworld();
	m.mkdir("/a");
	mountmem(1, "/a", MREPL);
	EXPECT_ERROR(remove("/a"), "is a mount point: '/a'");
	Dir d = Dir::dontcare();
	d.name = "b";
	EXPECT_ERROR(wstat("/a", d), "is a mount point: '/a'");
	d = Dir::dontcare();
	d.mode = DMDIR | 0700;
	wstat("/a", d);
	unmount({}, "/a");
	remove("/a");
	EXPECT_FALSE(m.has("/a"));
}

PTEST(namec, NS_17_stat_answers_the_name_that_was_used)
{
	Memdev& m = memworld();
	m.mkfile("/a/f");
	m.mkdir("/b");
	bind("/a", "/b", MREPL);
	EXPECT_EQ(stat("/").name, "/");
	EXPECT_EQ(stat("/b").name, "b");
	EXPECT_EQ(stat("/b/f").name, "f");
	EXPECT_EQ(stat("#s").name, "#s");
	chdir("/b");
	EXPECT_EQ(stat(".").name, "b");
	Fd fd = open("/b", OREAD);
	EXPECT_EQ(fstat(fd).name, "b");
}

PTEST(namec, NS_18_fd2path_is_the_path_as_it_was_walked)
{
	Memdev& m = memworld();
	m.mkfile("/a/f");
	EXPECT_EQ(fd2path(open("/a/../a//f", OREAD)), "/a/f");
	auto [a, b] = pipe();
	EXPECT_EQ(fd2path(a), "#|/data");
	EXPECT_EQ(fd2path(b), "#|/data1");
}

PTEST(namec, walk_for_others_tells_the_names_up_to_the_failing_one)
{
	Memdev& m = memworld();
	m.mkfile("/a/f");
	std::string_view good[] = {"a", "f"}, bad[] = {"a", "g", "h"};
	EXPECT_EQ(walk(up().slash, good, true)->name(), "/a/f");
	EXPECT_ERROR(walk(up().slash, bad, false), "file does not exist: 'a/g'");
}
}
