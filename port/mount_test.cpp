#include "port/mount.h"

#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "tests/memdev.h"
#include "tests/test.h"

namespace p9 {

namespace {
std::string
names(std::string_view dir)
{
	std::string s;
	for(const Dir& d : dirreadall(dir))
		s += d.name + " ";
	return s;
}

std::string
ns()
{
	std::string s;
	for(const std::string& line : nslines(*up().pgrp))
		s += line + "\n";
	return s;
}

// /a /b and /c, each with a file of its own name in it and one "all" that tells them
// apart.
Memdev&
abc()
{
	Memdev& m = memworld();
	for(std::string d : {"a", "b", "c"}) {
		m.mkfile("/" + d + "/" + d, d);
		m.mkfile("/" + d + "/all", d);
	}
	m.mkdir("/x");
	return m;
}
}

PTEST(mount, NS_30_a_directory_and_a_file_are_an_inconsistent_mount)
{
	abc();
	EXPECT_ERROR(bind("/a/a", "/x", MREPL), Emount);
	EXPECT_ERROR(bind("/x", "/a/a", MREPL), Emount);
	EXPECT_ERROR(bind("/b/b", "/a/a", MBEFORE), Emount);
	EXPECT_ERROR(bind("/b/b", "/a/a", MAFTER), Emount);
	bind("/b/b", "/a/a", MREPL);
	EXPECT_EQ(readfile("/a/a"), "b");
}

PTEST(mount, NS_31_replacing_drops_the_whole_list)
{
	abc();
	bind("/a", "/x", MBEFORE);
	bind("/b", "/x", MBEFORE);
	bind("/c", "/x", MREPL);
	EXPECT_EQ(names("/x"), "all c ");
	EXPECT_EQ(ns(), "bind  /c /x\n");
}

PTEST(mount, NS_31_the_first_union_bind_puts_the_original_first_in_the_list)
{
	Memdev& m = abc();
	m.mkfile("/x/orig");
	bind("/a", "/x", MAFTER);
	EXPECT_EQ(names("/x"), "orig a all ");
	EXPECT_EQ(ns(), "bind  /x /x\nbind -a /a /x\n");
	bind("/b", "/x", MBEFORE);
	EXPECT_EQ(names("/x"), "all b orig a all ");
	EXPECT_EQ(readfile("/x/all"), "b");
}

PTEST(mount, NS_32_binding_a_union_copies_its_elements_in_order)
{
	Memdev& m = abc();
	m.mkdir("/y");
	bind("/a", "/x", MREPL);
	bind("/b", "/x", MAFTER);
	bind("/x", "/y", MREPL);
	unmount({}, "/x");
	EXPECT_EQ(names("/y"), "a all all b ");
	EXPECT_EQ(ns(), "bind  /a /y\nbind -a /b /y\n");
}

PTEST(mount, NS_33_creation_in_a_union_that_is_bound_is_refused)
{
	Memdev& m = abc();
	m.mkdir("/y");
	bind("/a", "/x", MREPL | MCREATE);
	bind("/x", "/y", MREPL | MCREATE); // a single mount with -c passes it on
	unmount({}, "/y");
	bind("/b", "/x", MAFTER);
	EXPECT_ERROR(bind("/x", "/y", MREPL | MCREATE), Emount);
	bind("/a", "/x", MREPL);
	EXPECT_ERROR(bind("/x", "/y", MREPL | MCREATE), Emount);
}

PTEST(mount, NS_34_two_names_of_one_directory_share_its_mounts)
{
	Memdev& m = abc();
	m.mkdir("/n/dir");
	bind("/n", "/x", MREPL);
	bind("/a", "/x/dir", MREPL);
	EXPECT_EQ(names("/n/dir"), "a all ");
}

PTEST(mount, NS_35_unmount_takes_one_element_or_all)
{
	abc();
	EXPECT_ERROR(unmount({}, "/x"), Eunmount);
	bind("/a", "/x", MBEFORE);
	bind("/b", "/x", MAFTER);
	EXPECT_ERROR(unmount("/c", "/x"), Eunion);
	unmount("/a", "/x");
	EXPECT_EQ(names("/x"), "all b ");
	unmount("/x", "/x"); // opens the union: its first element is the original
	EXPECT_EQ(ns(), "bind -a /b /x\n");
	unmount("/b", "/x");
	EXPECT_ERROR(unmount("/b", "/x"), Eunmount);
	bind("/a", "/x", MBEFORE);
	unmount({}, "/x");
	EXPECT_EQ(ns(), "");
}

PTEST(mount, NS_35_unmount_by_the_connection_takes_what_was_mounted_from_it)
{
	Memdev& m = abc();
	m.mkfile("/srv");
	Ref<Chan> conn = nameopen("/srv", ORDWR);
	Ref<Chan> tree = freshmem(1).attach({});
	tree->mchan = conn;
	Ref<Chan> on = namemount("/x");
	cmount(*up().pgrp, tree, on, {}, MREPL, {});
	tree = {};
	cunmount(*up().pgrp, on, conn);
	EXPECT_EQ(ns(), "");
}

PTEST(mount, NS_36_what_is_unmounted_is_opened_and_closed)
{
	abc();
	bind("/a", "/x", MREPL);
	long before = Chan::live();
	EXPECT_ERROR(unmount("/nothing", "/x"), "file does not exist: '/nothing'");
	EXPECT_EQ(ns(), "bind  /a /x\n");
	drainclose();
	EXPECT_EQ(Chan::live(), before);
}

PTEST(mount, NS_38_a_copied_group_keeps_ids_and_order_and_goes_its_own_way)
{
	abc();
	bind("/a", "/x", MREPL);
	bind("/b", "/a", MREPL);
	std::string before = ns();
	rfork(RFNAMEG);
	EXPECT_EQ(ns(), before);
	Ref<Pgrp> mine = up().pgrp;
	Ref<Pgrp> other = mine->copy();
	unmount({}, "/x");
	EXPECT_EQ(nslines(*other).size(), 2u);
	EXPECT_EQ(nslines(*mine).size(), 1u);
	EXPECT_EQ(mine->copy()->mtab, mine->mtab); // shared until one changes
}

PTEST(mount, NS_38_ids_rise_and_ns_sorts_by_them)
{
	abc();
	int a = bind("/a", "/x", MREPL);
	int b = bind("/b", "/c", MREPL);
	EXPECT_LT(a, b);
	EXPECT_EQ(ns(), "bind  /a /x\nbind  /b /c\n");
	bind("/a", "/x", MREPL | MCREATE);
	EXPECT_EQ(ns(), "bind  /b /c\nbind -c /a /x\n");
}

PTEST(mount, bad_flags_are_bad_arguments)
{
	abc();
	EXPECT_ERROR(bind("/a", "/x", MBEFORE | MAFTER), Ebadarg);
	EXPECT_ERROR(bind("/a", "/x", 0x100), Ebadarg);
	EXPECT_ERROR(bind("/a", "/x", -1), Ebadarg);
}

PTEST(mount, a_bind_after_a_fork_of_10000_mounts_copies_only_its_way)
{
	Memdev& m = memworld();
	m.mkdir("/x");
	Ref<Chan> root = up().slash;
	Pgrp& p = *up().pgrp;
	for(uint64_t i = 0; i < 10000; i++) {
		Ref<Chan> on = devclone(*root);
		on->qid.path = 1000 + i;
		cmount(p, root, on, {}, MREPL, {});
	}
	EXPECT_EQ(nslines(p).size(), 10000u);
	Ref<Pgrp> copy = p.copy();
	bind("/x", "/x", MBEFORE);
	EXPECT_EQ(nslines(*copy).size(), 10000u);
	EXPECT_EQ(nslines(p).size(), 10002u);
	p.unmountall();
	EXPECT_EQ(nslines(p).size(), 0u);
}

PRACE(mount, binds_of_two_procs_are_both_kept)
{
	Memdev& m = abc();
	m.mkdir("/y");
	rfork(RFPROC, [] {
		for(int i = 0; i < 3; i++)
			bind("/a", "/x", MAFTER);
	});
	for(int i = 0; i < 3; i++) {
		bind("/b", "/x", MAFTER);
		bind("/b", "/y", MREPL);
	}
	wait();
	EXPECT_EQ(findmount(*up().pgrp, *namemount("/x"))->m.size(), 7u);
}
}
