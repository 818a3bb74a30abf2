// The programs of section 1, as a shell runs them.

#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// The status of test(1).
std::string
truth(const Argv& expr)
{
	Argv v = {"test"};
	v.insert(v.end(), expr.begin(), expr.end());
	return run(v).status;
}

constexpr const char* True = "";
constexpr const char* False = "false";
}

PTEST(cmds, echo_writes_its_arguments)
{
	stdns();
	EXPECT_EQ(run({"echo", "a", "", "b c"}).out, "a  b c\n");
	EXPECT_EQ(run({"echo", "-n", "a"}).out, "a");
	EXPECT_EQ(run({"echo"}).out, "\n");
}

PTEST(cmds, help_is_on_the_standard_output_and_usage_on_the_other)
{
	stdns();
	Ran r = run({"ls", "--help"});
	EXPECT_EQ(r.out, "usage: ls [-dlmnpqrstuFQT] [file ...]\n");
	EXPECT_EQ(r.status, "");
	r = run({"ls", "-Z"});
	EXPECT_EQ(r.err, "usage: ls [-dlmnpqrstuFQT] [file ...]\n");
	EXPECT_EQ(r.status, "usage");
}

PTEST(cmds, cat_joins_files_and_ends_at_the_first_that_is_missing)
{
	stdns();
	writefile("/tmp/a", "one\n");
	writefile("/tmp/b", "two\n");
	EXPECT_EQ(run({"cat", "/tmp/a", "/tmp/b"}).out, "one\ntwo\n");
	EXPECT_EQ(run({"cat"}, "in").out, "in");
	Ran r = run({"cat", "/tmp/a", "/env/no", "/tmp/b"});
	EXPECT_EQ(r.out, "one\n");
	EXPECT_EQ(r.err, "cat: can't open /env/no: file does not exist: '/env/no'\n");
	EXPECT_NE(r.status, "");
}

PTEST(cmds, cp_copies_into_directories_and_refuses_itself)
{
	stdns();
	writefile("/tmp/a", std::string(3'000'000, 'x'));
	close(create("/tmp/d", OREAD, DMDIR | 0777));
	EXPECT_EQ(run({"cp", "/tmp/a", "/tmp/d"}).status, "");
	EXPECT_EQ(readfile("/tmp/d/a"), std::string(3'000'000, 'x'));
	Ran r = run({"cp", "/tmp/a", "/tmp/a"});
	EXPECT_EQ(r.err, "cp: /tmp/a and /tmp/a are the same file\n");
	EXPECT_EQ(r.status, "errors");
	EXPECT_EQ(run({"cp", "/tmp/d", "/tmp/e"}).err, "cp: /tmp/d is a directory\n");
	r = run({"cp", "/tmp/a", "/tmp/a", "/tmp/b"});
	EXPECT_EQ(r.err, "cp: /tmp/b not a directory\n");
	EXPECT_EQ(r.status, "bad usage");
}

PTEST(cmds, mv_renames_in_a_directory_and_copies_between)
{
	stdns();
	writefile("/tmp/a", "A");
	writefile("/tmp/b", "B");
	EXPECT_EQ(run({"mv", "/tmp/a", "/tmp/b"}).status, "");
	EXPECT_EQ(readfile("/tmp/b"), "A");
	EXPECT_FALSE(trystat("/tmp/a"));
	close(create("/tmp/d", OREAD, DMDIR | 0777));
	EXPECT_EQ(run({"mv", "/tmp/b", "/tmp/d"}).status, "");
	EXPECT_EQ(readfile("/tmp/d/b"), "A");
	EXPECT_FALSE(trystat("/tmp/b"));
	EXPECT_EQ(run({"mv", "/tmp/d", "/env/d"}).err,
		"mv: /tmp/d is a directory, not copied to /env/d\n");
	EXPECT_EQ(run({"mv", "/tmp/d", "/tmp/e"}).status, "");
	EXPECT_EQ(readfile("/tmp/e/b"), "A");
}

PTEST(cmds, rm_removes_trees_and_is_silent_when_forced)
{
	stdns();
	EXPECT_EQ(run({"mkdir", "-p", "/tmp/d/e/f"}).status, "");
	writefile("/tmp/d/e/x", "x");
	EXPECT_NE(run({"rm", "/tmp/d"}).status, "");
	EXPECT_EQ(run({"rm", "-r", "/tmp/d"}).status, "");
	EXPECT_FALSE(trystat("/tmp/d"));
	Ran r = run({"rm", "-f", "/tmp/d"});
	EXPECT_EQ(r.err + r.status, "");
}

PTEST(cmds, mkdir_says_what_is_there_already)
{
	stdns();
	EXPECT_EQ(run({"mkdir", "-m", "700", "/tmp/d"}).status, "");
	EXPECT_EQ(stat("/tmp/d").mode, DMDIR | 0700u);
	Ran r = run({"mkdir", "/tmp/d"});
	EXPECT_EQ(r.err, "mkdir: /tmp/d already exists\n");
	EXPECT_EQ(r.status, "error");
	EXPECT_EQ(run({"mkdir", "-m", "8", "/tmp/e"}).status, "usage");
}

PTEST(cmds, test_knows_files)
{
	stdns();
	writefile("/tmp/a", "x");
	writefile("/tmp/empty", "");
	EXPECT_EQ(truth({"-e", "/tmp/a"}), True);
	EXPECT_EQ(truth({"-e", "/env/b"}), False);
	EXPECT_EQ(truth({"-f", "/tmp/a", "-a", "-d", "/tmp"}), True);
	EXPECT_EQ(truth({"-d", "/tmp/a"}), False);
	EXPECT_EQ(truth({"-s", "/tmp/a"}), True);
	EXPECT_EQ(truth({"-s", "/tmp/empty"}), False);
	EXPECT_EQ(truth({"-r", "/tmp/a"}), True);
	EXPECT_EQ(truth({"-x", "/bin/cat"}), True);
	EXPECT_EQ(truth({"-A", "/tmp/a"}), False);
	EXPECT_EQ(truth({"/tmp/a", "-older", "1h"}), False);
	EXPECT_EQ(truth({"/tmp/a", "-older", "99999999999"}), "bad syntax");
}

PTEST(cmds, test_knows_strings_and_numbers)
{
	stdns();
	EXPECT_EQ(truth({"a"}), True);
	EXPECT_EQ(truth({""}), False);
	EXPECT_EQ(truth({"a", "=", "a"}), True);
	EXPECT_EQ(truth({"a", "!=", "a"}), False);
	EXPECT_EQ(truth({"-n", ""}), False);
	EXPECT_EQ(truth({"-z", ""}), True);
	EXPECT_EQ(truth({"0x10", "-eq", "16"}), True);
	EXPECT_EQ(truth({"2", "-lt", "10"}), True);
	EXPECT_EQ(truth({"3", "-ge", "4"}), False);
	EXPECT_EQ(truth({"-1", "-gt", "-2"}), True);
}

PTEST(cmds, test_binds_not_and_or_in_this_order)
{
	stdns();
	EXPECT_EQ(truth({"a", "-o", "", "-a", ""}), True);
	EXPECT_EQ(truth({"(", "a", "-o", "", ")", "-a", ""}), False);
	EXPECT_EQ(truth({"!", ""}), True);
	EXPECT_EQ(truth({"!", "!", "a"}), True);
	EXPECT_EQ(truth({"!", "a", "-o", "a"}), True);
}

PTEST(cmds, test_says_what_is_wrong)
{
	stdns();
	EXPECT_EQ(truth({}), "usage");
	Ran r = run({"test", "(", "a"});
	EXPECT_EQ(r.err, "test: argument expected\n");
	EXPECT_EQ(r.status, "bad syntax");
	r = run({"test", "a", "b"});
	EXPECT_EQ(r.err, "test: unexpected operator/operand: b\n");
	EXPECT_EQ(run({"[", "a"}).err, "test: ] missing\n");
	EXPECT_EQ(run({"[", "a", "]"}).status, "");
	EXPECT_EQ(run({"test", "-f"}).err, "test: argument expected\n");
}

PTEST(cmds, dd_counts_records)
{
	stdns();
	writefile("/tmp/a", "0123456789");
	Ran r = run({"dd", "-if", "/tmp/a", "-bs", "4"});
	EXPECT_EQ(r.out, "0123456789");
	EXPECT_EQ(r.err, "2+1 records in\n2+1 records out\n");
	r = run({"dd", "-if", "/tmp/a", "-ibs", "3", "-obs", "5"});
	EXPECT_EQ(r.out, "0123456789");
	EXPECT_EQ(r.err, "3+1 records in\n2+0 records out\n");
	r = run({"dd", "-if", "/tmp/a", "-bs", "2", "-iseek", "1", "-count", "2"});
	EXPECT_EQ(r.out, "2345");
	EXPECT_EQ(
		run({"dd", "-if", "/tmp/a", "-bs", "2", "-skip", "4", "-quiet", "1"}).err,
		"");
}

PTEST(cmds, dd_seeks_in_its_output_and_keeps_it_when_asked)
{
	stdns();
	writefile("/tmp/o", "abcdefgh");
	EXPECT_EQ(run({"dd", "-of", "/tmp/o", "-bs", "2", "-oseek", "1", "-trunc", "0"},
		      "XY")
			  .status,
		  "");
	EXPECT_EQ(readfile("/tmp/o"), "abXYefgh");
	run({"dd", "-of", "/tmp/o", "-bs", "2", "-oseek", "1"}, "Z");
	EXPECT_EQ(readfile("/tmp/o"), std::string("\0\0Z", 3));
}

PTEST(cmds, dd_converts)
{
	stdns();
	EXPECT_EQ(run({"dd", "-conv", "ucase,swab"}, "abcde").out, "BADCE");
	EXPECT_EQ(run({"dd", "-conv", "block", "-cbs", "4"}, "ab\nabcdef\n").out,
		  "ab  abcd");
	EXPECT_EQ(run({"dd", "-conv", "unblock", "-cbs", "4"}, "ab  abcd").out,
		  "ab\nabcd\n");
	EXPECT_EQ(run({"dd", "-conv", "sync", "-bs", "4"}, "ab").out,
		  std::string("ab\0\0", 4));
}

PTEST(cmds, dd_refuses_bad_numbers)
{
	stdns();
	Ran r = run({"dd", "-bs", "4q"});
	EXPECT_EQ(r.err, "dd: invalid size suffix 'q'\n");
	EXPECT_EQ(r.status, "invalid");
	EXPECT_EQ(run({"dd", "-ibs", "0"}).status, "counts");
	EXPECT_EQ(run({"dd", "-bs", "4000m"}).status, "range");
	EXPECT_EQ(run({"dd", "-count", "99999999999999999999"}).status, "range");
	EXPECT_EQ(run({"dd", "-nope", "1"}).err, "dd: bad arg: -nope\n");
	EXPECT_EQ(run({"dd", "-bs"}).err, "dd: arg -bs needs a value\n");
	EXPECT_EQ(run({"dd", "-bs", "1x2k", "-quiet", "1"}, "a").out, "a");
}

PTEST(cmds, cmp_finds_the_first_difference)
{
	stdns();
	writefile("/tmp/a", "one\ntwo\n");
	writefile("/tmp/b", "one\nTwo\nthree\n");
	Ran r = run({"cmp", "-L", "/tmp/a", "/tmp/b"});
	EXPECT_EQ(r.out, "/tmp/a /tmp/b differ: char 5 line 2\n");
	EXPECT_EQ(r.status, "differ");
	r = run({"cmp", "-l", "/tmp/a", "/tmp/b"});
	EXPECT_EQ(r.out, "     5 0x74 0x54\nEOF on /tmp/a after 8 bytes\n");
	EXPECT_EQ(r.status, "EOF");
	EXPECT_EQ(run({"cmp", "-s", "/tmp/a", "/tmp/b"}).out, "");
	EXPECT_EQ(run({"cmp", "/tmp/a", "/tmp/a"}).status, "");
	EXPECT_EQ(run({"cmp", "/tmp/a", "/tmp/a", "0", "0x4"}).status, "differ");
}

PTEST(cmds, wc_counts_what_is_asked_in_its_own_order)
{
	stdns();
	EXPECT_EQ(run({"wc"}, "a bc\n d\n").out, "      2       3       8\n");
	EXPECT_EQ(run({"wc", "-c", "-l"}, "a\n").out, "      1       2\n");
	EXPECT_EQ(run({"wc", "-rb"}, "h\xc3\xa9\xff\xc3").out, "      4       2\n");
	writefile("/tmp/a", "x\n");
	EXPECT_EQ(run({"wc", "-l", "/tmp/a", "/tmp/a"}).out,
		"      1 /tmp/a\n      1 /tmp/a\n      2 total\n");
	EXPECT_EQ(run({"wc", "/env/b"}).status, "can't open");
}

PTEST(cmds, ls_sorts_quotes_and_marks)
{
	stdns();
	close(create("/tmp/d", OREAD, DMDIR | 0777));
	writefile("/tmp/d/b", "bb");
	writefile("/tmp/d/a b", "");
	close(create("/tmp/d/sub", OREAD, DMDIR | 0755));
	EXPECT_EQ(run({"ls", "/tmp/d"}).out, "'/tmp/d/a b'\n/tmp/d/b\n/tmp/d/sub\n");
	EXPECT_EQ(run({"ls", "-pF", "/tmp/d"}).out, "'a b'\nb\nsub/\n");
	EXPECT_EQ(run({"ls", "-pQr", "/tmp/d"}).out, "sub\nb\na b\n");
	EXPECT_EQ(run({"ls", "-d", "/tmp/d/"}).out, "/tmp/d\n");
	EXPECT_EQ(run({"lc", "/tmp/d"}).out, "'a b' b     sub/\n");
	Ran r = run({"ls", "/env/no", "/tmp/d/b"});
	EXPECT_EQ(r.out, "/tmp/d/b\n");
	EXPECT_EQ(r.err, "ls: /env/no: file does not exist: '/env/no'\n");
	EXPECT_EQ(r.status, "errors");
	std::string l = run({"ls", "-l", "/tmp/d/b"}).out;
	EXPECT_TRUE(l.starts_with("--rw-rw-rw- M ")) << l;
	EXPECT_TRUE(l.ends_with(" /tmp/d/b\n")) << l;
}

PTEST(cmds, date_prints_days_of_the_past)
{
	stdns();
	EXPECT_EQ(run({"date", "-u", "0"}).out, "Thu Jan  1 00:00:00 GMT 1970\n");
	EXPECT_EQ(run({"date", "-ui", "951782400"}).out, "2000-02-29\n");
	EXPECT_EQ(run({"date", "-ut", "-1"}).err.substr(0, 5), "usage");
	EXPECT_EQ(run({"date", "-ut", "--", "-1"}).out, "1969-12-31T23:59:59+00:00\n");
	EXPECT_EQ(run({"date", "-un", "1700000000"}).out, "1700000000\n");
	EXPECT_EQ(run({"date", "-u", "-f", "[on] D/M/YY _h:mm A", "1700000000"}).out,
		"on 14/11/23 22:13 PM\n");
	EXPECT_NE(run({"date", "12x"}).status, "");
}

PTEST(cmds, touch_makes_and_sets)
{
	stdns();
	EXPECT_EQ(run({"touch", "-t", "1000", "/tmp/a"}).status, "");
	EXPECT_EQ(stat("/tmp/a").mtime, 1000u);
	Ran r = run({"touch", "-c", "/env/b"});
	EXPECT_EQ(r.err, "touch: /env/b: cannot wstat: file does not exist\n");
	EXPECT_EQ(r.status, "touch");
}

PTEST(cmds, bind_and_mount_name_what_is_to_blame)
{
	stdns();
	Ran r = run({"bind", "/env/no", "/tmp"});
	EXPECT_EQ(r.err, "bind: /env/no: file does not exist: '/env/no'\n");
	EXPECT_EQ(r.status, "bind");
	EXPECT_EQ(run({"bind", "-q", "/env/no", "/tmp"}).status, "");
	EXPECT_EQ(run({"bind", "-ab", "/env", "/tmp"}).status, "usage");
	r = run({"mount", "/srv/no", "/n/x"});
	EXPECT_EQ(r.err, "mount: can't open /srv/no: file does not exist: '/srv/no'\n");
	EXPECT_EQ(r.status, "open");
	EXPECT_EQ(run({"unmount", "/env"}).status, "");
	EXPECT_EQ(run({"unmount", "/usr"}).err, "unmount: /usr: not mounted\n");
}

PTEST(cmds, bind_changes_the_name_space_of_its_parent)
{
	stdns();
	EXPECT_EQ(run({"bind", "/bin", "/n/b"}).status, "");
	EXPECT_TRUE(access("/n/b/cat", AEXIST));
	EXPECT_NE(run({"ns"}).out.find("bind /bin /n/b\n"), std::string::npos);
}

PTEST(cmds, ps_lists_itself_and_kill_only_prints)
{
	stdns();
	EXPECT_NE(run({"ps"}).out.find(" ps\n"), std::string::npos);
	std::string k = run({"kill", "mntgen"}).out;
	EXPECT_TRUE(k.starts_with("echo kill>/proc/")) << k;
	EXPECT_TRUE(k.ends_with("/note # mntgen\n")) << k;
}

PTEST(cmds, sleep_takes_parts_of_a_second)
{
	stdns();
	EXPECT_EQ(run({"sleep", "1.25"}).status, "");
	alarm(1000);
	EXPECT_EQ(run({"sleep", "0.9995"}).status, "");
	EXPECT_GT(alarm(0), 0);
}

PTEST(mntgen, names_are_there_when_asked_for_and_listed_while_used)
{
	stdns();
	EXPECT_TRUE(stat("/n/some").mode & DMDIR);
	EXPECT_TRUE(dirreadall("/n").empty());
	bind("/bin", "/n/some", MREPL);
	auto l = dirreadall("/n");
	EXPECT_EQ(l.size(), 1u);
	EXPECT_EQ(l.at(0).name, "some");
	EXPECT_TRUE(access("/n/some/cat", AEXIST));
	EXPECT_FALSE(trystat("/n/other/below"));
	EXPECT_ERROR(create("/n/x/y", OWRITE, 0666), "create prohibited: '/n/x/y'");
}

PTEST(srv, a_command_is_posted_and_mounted)
{
	stdns();
	Ran r = run({"srv", "-q", "-c", "-e", "ramfs -i", "scr", "/n/scr"});
	EXPECT_EQ(r.err + r.status, "post...\n");
	writefile("/n/scr/f", "hello");
	EXPECT_EQ(readfile("/n/scr/f"), "hello");
	r = run({"srv", "-e", "no such command", "scr"});
	EXPECT_EQ(r.err + r.status, "srv: /srv/scr already exists\n");
	r = run({"srv", "-q", "-e", "no such command", "scr"});
	EXPECT_EQ(r.err + r.status, "");
	unmount("", "/n/scr");
	remove("/srv/scr");
}
}
