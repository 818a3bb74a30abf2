// #U: files of the host as files of the name space.

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "port/dev.h"
#include "port/osfile.h"
#include "tests/scripted.h"
#include "tests/test.h"

namespace p9 {

namespace {

namespace stdfs = std::filesystem;

// A directory of the host for one test, and its name under #U.
struct Tmp {
	stdfs::path dir;
	std::string u;

	Tmp()
	{
		std::string t = (stdfs::temp_directory_path() / "emutestXXXXXX").string();
		dir = mkdtemp(t.data());
		u = "#U" + dir.string();
	}
	~Tmp() { stdfs::remove_all(dir); }
	void put(const std::string& name, const std::string& text) const
	{
		std::ofstream(dir / name) << text;
	}
	std::string get(const std::string& name) const
	{
		std::ifstream f(dir / name);
		return {std::istreambuf_iterator<char>(f), {}};
	}
	std::string at(const std::string& name) const { return u + "/" + name; }
};

std::vector<std::string>
names(const std::string& dir)
{
	std::vector<std::string> l;
	for(const Dir& d : dirreadall(dir))
		l.push_back(d.name);
	std::ranges::sort(l);
	return l;
}

Dir
change()
{
	return Dir::dontcare();
}
}

PTEST(devfs, a_file_is_written_and_read_back)
{
	Tmp t;
	writefile(t.at("a"), "hello");
	EXPECT_EQ(t.get("a"), "hello");
	EXPECT_EQ(readfile(t.at("a")), "hello");
	Fd fd = open(t.at("a"), ORDWR);
	pwrite(fd, std::as_bytes(std::span("XY", 2)), 1);
	EXPECT_EQ(t.get("a"), "hXYlo");
	close(std::move(fd));
	writefile(t.at("a"), "b");
	EXPECT_EQ(t.get("a"), "b");
}

PTEST(devfs, stat_tells_what_the_host_says)
{
	Tmp t;
	t.put("a", "hello");
	stdfs::permissions(t.dir / "a", stdfs::perms(0640));
	stdfs::create_directory(t.dir / "d");
	Dir a = stat(t.at("a"));
	EXPECT_EQ(a.name, "a");
	EXPECT_EQ(a.mode, 0640u);
	EXPECT_EQ(a.length, 5u);
	EXPECT_EQ(a.type, uint16_t('U'));
	EXPECT_EQ(a.uid, hostuser());
	Dir d = stat(t.at("d"));
	EXPECT_EQ(d.qid.type, QTDIR);
	EXPECT_EQ(d.length, 0u);
	EXPECT_NE(a.qid.path, d.qid.path);
	EXPECT_ERROR(stat(t.at("no")), "file does not exist: '" + t.at("no") + "'");
}

PTEST(devfs, the_version_changes_with_the_file)
{
	Tmp t;
	t.put("a", "1");
	uint32_t before = stat(t.at("a")).qid.vers;
	stdfs::last_write_time(t.dir / "a", stdfs::file_time_type::clock::now() +
						    std::chrono::seconds(5));
	EXPECT_NE(stat(t.at("a")).qid.vers, before);
}

PTEST(devfs, two_names_of_a_file_are_one_file)
{
	Tmp t;
	t.put("a", "x");
	stdfs::create_hard_link(t.dir / "a", t.dir / "b");
	EXPECT_EQ(stat(t.at("a")).qid, stat(t.at("b")).qid);
}

PTEST(devfs, links_show_their_target_and_lead_nowhere_when_it_is_gone)
{
	Tmp t;
	t.put("a", "text");
	stdfs::create_directory(t.dir / "d");
	stdfs::create_symlink("a", t.dir / "rel");
	stdfs::create_symlink(t.dir / "d", t.dir / "abs");
	stdfs::create_symlink("nowhere", t.dir / "dangling");
	EXPECT_EQ(readfile(t.at("rel")), "text");
	EXPECT_EQ(stat(t.at("abs")).qid.type, QTDIR);
	EXPECT_EQ(stat(t.at("dangling")).mode, 0u);
	EXPECT_ERROR(open(t.at("dangling"), OREAD),
		     "file does not exist: '" + t.at("dangling") + "'");
	auto l = dirreadall(t.u);
	auto rel = std::ranges::find(l, "rel", &Dir::name);
	ASSERT_TRUE(rel != l.end());
	EXPECT_EQ(rel->length, 4u);
	remove(t.at("dangling"));
	remove(t.at("abs"));
	EXPECT_EQ(names(t.u), (std::vector<std::string>{"a", "d", "rel"}));
}

PTEST(devfs, dotdot_goes_up_the_path_and_never_above_the_root)
{
	Tmp t;
	stdfs::create_directory(t.dir / "d");
	t.put("a", "x");
	EXPECT_EQ(readfile(t.at("d/../a")), "x");
	EXPECT_EQ(stat("#U/../../..").qid, stat("#U").qid);
}

PTEST(devfs, names_that_Plan_9_refuses_are_shown_escaped_and_can_be_used)
{
	Tmp t;
	t.put(std::string("b\xFF") + "d", "1");
	t.put("tab\there", "2");
	std::vector<std::string> l = names(t.u);
	ASSERT_EQ(l.size(), 2u);
	EXPECT_EQ(l[0], std::string("b\xEF\x83\xBF") + "d");
	for(const std::string& n : l) {
		EXPECT_EQ(readfile(t.at(n)).size(), 1u);
		remove(t.at(n));
	}
	EXPECT_TRUE(stdfs::is_empty(t.dir));
}

TEST(devfs, BX_19_no_escape_makes_a_slash_or_a_dotdot)
{
	EXPECT_EQ(hostname("a\xEF\x80\xAF-"), std::nullopt);
	EXPECT_EQ(hostname("\xEF\x80\xAE\xEF\x80\xAE"), std::nullopt);
	EXPECT_EQ(hostname(".."), std::nullopt);
	EXPECT_EQ(hostname("\xEF\x80\x80"), std::nullopt);
	for(std::string n : {"plain", "h\xC3\xA9", "\x01\xFF", "\xEF\x80\x81"})
		EXPECT_EQ(hostname(shownname(n)), n);
}

PTEST(devfs, a_directory_of_any_size_is_read_whole)
{
	Tmp t;
	constexpr int n = 3000;
	for(int i = 0; i < n; i++)
		t.put("a-file-with-a-long-name-" + std::to_string(i), "");
	EXPECT_EQ(names(t.u).size(), size_t(n));
	Fd fd = open(t.u, OREAD);
	EXPECT_FALSE(dirread(fd).empty());
	seek(fd, 0, 0);
	size_t got = 0;
	for(auto l = dirread(fd); !l.empty(); l = dirread(fd))
		got += l.size();
	EXPECT_EQ(got, size_t(n));
}

PTEST(devfs, create_cuts_the_permission_by_the_directorys)
{
	Tmp t;
	stdfs::permissions(t.dir, stdfs::perms(0700));
	close(create(t.at("a"), OWRITE, 0666));
	EXPECT_EQ(stat(t.at("a")).mode, 0600u);
	close(create(t.at("d"), OREAD, DMDIR | 0777));
	EXPECT_EQ(stat(t.at("d")).mode, DMDIR | 0700u);
	close(create(t.at("x"), OWRITE, 0777));
	EXPECT_EQ(stat(t.at("x")).mode & 0100, 0100u);
	EXPECT_ERROR(create(t.at("a"), OWRITE | OEXCL, 0666),
		     "file already exists: '" + t.at("a") + "'");
	EXPECT_ERROR(create(t.at("no/a"), OWRITE, 0666),
		     "file does not exist: '" + t.at("no") + "'");
}

PTEST(devfs, ORCLOSE_removes_the_file_when_it_is_closed)
{
	Tmp t;
	Fd fd = create(t.at("a"), ORDWR | ORCLOSE, 0666);
	write(fd, "x");
	EXPECT_TRUE(access(t.at("a"), AEXIST));
	close(std::move(fd));
	EXPECT_FALSE(access(t.at("a"), AEXIST));
}

PTEST(devfs, remove_says_why_it_cannot)
{
	Tmp t;
	stdfs::create_directory(t.dir / "d");
	t.put("d/a", "");
	EXPECT_ERROR(remove(t.at("d")), "directory is not empty");
	remove(t.at("d/a"));
	remove(t.at("d"));
	EXPECT_TRUE(stdfs::is_empty(t.dir));
}

PTEST(devfs, wstat_renames_but_not_onto_another)
{
	Tmp t;
	t.put("a", "1");
	t.put("b", "2");
	Dir d = change();
	d.name = "b";
	EXPECT_ERROR(wstat(t.at("a"), d), "file already exists");
	d.name = "c";
	wstat(t.at("a"), d);
	EXPECT_EQ(t.get("c"), "1");
	EXPECT_FALSE(stdfs::exists(t.dir / "a"));
}

PTEST(devfs, wstat_changes_mode_length_and_time)
{
	Tmp t;
	t.put("a", "hello");
	Dir d = change();
	d.mode = 0600;
	d.length = 2;
	d.mtime = 1000000;
	wstat(t.at("a"), d);
	Dir now = stat(t.at("a"));
	EXPECT_EQ(now.mode, 0600u);
	EXPECT_EQ(now.length, 2u);
	EXPECT_EQ(now.mtime, 1000000u);
	EXPECT_EQ(t.get("a"), "he");
}

PTEST(devfs, a_wstat_that_must_fail_changes_nothing)
{
	Tmp t;
	t.put("a", "hello");
	Dir d = change();
	d.length = 0;
	d.uid = "somebody-else";
	EXPECT_ERROR(wstat(t.at("a"), d), "permission denied");
	d = change();
	d.length = 0;
	d.mode = DMDIR | 0755;
	EXPECT_ERROR(wstat(t.at("a"), d), "permission denied");
	d = change();
	d.muid = "somebody-else";
	EXPECT_ERROR(wstat(t.at("a"), d), "permission denied");
	EXPECT_EQ(t.get("a"), "hello");
}

PTEST(devfs, of_a_wstat_all_changes_happen_or_none)
{
	Tmp t;
	t.put("a", "hello");
	t.put("b", "");
	Dir was = stat(t.at("a"));
	auto fails = [&](std::string_view name, uint64_t length, const char* why) {
		Dir d = change();
		d.name = name;
		d.length = length;
		d.mode = 0611;
		d.mtime = 1000000;
		EXPECT_ERROR(wstat(t.at("a"), d), why);
		Dir is = stat(t.at("a"));
		is.qid.vers = was.qid.vers;
		EXPECT_EQ(is, was);
	};
	fails("b", 2, "file already exists");
	fails("c", uint64_t(1) << 63, "bad arg in system call");
	Fd fd = open(t.at("a"), ORDWR);
	fails("c", uint64_t(1) << 63, "bad arg in system call");
}

// That the old name has been taken meanwhile was told instead.
PRACE(devfs, why_a_wstat_failed_is_told_though_the_name_cannot_be_taken_back)
{
	Tmp t;
	t.put("a", "hello");
	bool over = false;
	Actor taker("taker", [&] {
		for(; !over; yield())
			if(!stdfs::exists(t.dir / "a"))
				t.put("a", "");
	});
	Dir d = change();
	d.name = "c";
	d.length = uint64_t(1) << 63;
	EXPECT_ERROR(wstat(t.at("a"), d), "bad arg in system call");
	over = true;
	taker.join();
}

PTEST(devfs, a_wstat_of_nothing_syncs_an_open_file)
{
	Tmp t;
	Fd fd = create(t.at("a"), OWRITE, 0666);
	write(fd, "x");
	fwstat(fd, Dir::dontcare());
	wstat(t.at("a"), Dir::dontcare());
	EXPECT_EQ(t.get("a"), "x");
}

PTEST(devfs, setting_DMEXCL_on_an_open_file_keeps_other_writers_out)
{
	Tmp t;
	t.put("a", "x");
	Fd w1 = open(t.at("a"), ORDWR);
	Fd w2 = open(t.at("a"), ORDWR);
	Fd r1 = open(t.at("a"), OREAD);
	Fd r2 = open(t.at("a"), OREAD);
	Dir d = change();
	d.mode = fstat(r1).mode | DMEXCL;
	fwstat(r1, d);
	fwstat(r2, d); // readers agree
	EXPECT_TRUE(fstat(r1).mode & DMEXCL);
	EXPECT_ERROR(fwstat(w1, d), "exclusive use file already open");
	close(std::move(r1));
	close(std::move(r2));
	fwstat(w1, d);
	EXPECT_ERROR(fwstat(w2, d), "exclusive use file already open");
	close(std::move(w1));
	fwstat(w2, d);
}

PTEST(devfs, a_directory_is_not_opened_for_writing)
{
	Tmp t;
	EXPECT_ERROR(open(t.u, OWRITE), "file is a directory: '" + t.u + "'");
	t.put("a", "x");
	EXPECT_ERROR(open(t.at("a"), OEXEC), "permission denied: '" + t.at("a") + "'");
	EXPECT_ERROR(open(t.at("a/b"), OREAD), "not a directory: '" + t.at("a") + "'");
}

PTEST(devfs, a_full_disk_is_no_space_left_on_device)
{
	Fd fd = open("#U/dev/full", OWRITE);
	EXPECT_ERROR(write(fd, "x"), "file system is full");
}

PTEST(devfs, an_attach_specifier_is_refused)
{
	EXPECT_ERROR(open("#Uno", OREAD), "bad attach specifier: 'no'");
}

PTEST(devfs, bound_files_are_reached_through_the_name_space)
{
	Tmp t;
	t.put("a", "x");
	p9::bind(t.u, "/mnt", MREPL | MCREATE);
	EXPECT_EQ(readfile("/mnt/a"), "x");
	writefile("/mnt/b", "y");
	EXPECT_EQ(t.get("b"), "y");
	unmount("", "/mnt");
}

// The name was changed under who read it.
PREAL(devfs, a_file_that_gets_names_while_it_is_looked_at_has_one_of_them)
{
	Tmp t;
	const std::string a(100, 'a'), b(200, 'b');
	writefile(t.at(a), "x");
	Fd fd = open(t.at(a), OREAD);
	rfork(RFPROC | RFFDG, [&, f = int(fd)] {
		for(int i = 0; i < 500; i++) {
			Dir d = Dir::dontcare();
			d.name = i % 2 ? a : b;
			fwstat(f, d);
		}
	});
	for(int i = 0; i < 500; i++) {
		std::string s = fstat(fd).name;
		EXPECT_TRUE(s == a || s == b) << s;
	}
	EXPECT_EQ(wait().msg, "");
}
}
