// namespace(6), line by line.

#include "cmd/newns.h"

#include "port/sys.h"
#include "tests/test.h"

namespace p9 {

namespace {

// What text prints, done in this name space with descriptor 2 a pipe.
std::string
messages(std::string_view text, int failures)
{
	auto [r, w] = pipe();
	int old = dup(w, 2).release();
	EXPECT_EQ(addns(text, "ns"), failures);
	close(old); // the write end, but for w
	close(std::move(w));
	std::string s(4000, 0);
	s.resize(readn(r, std::as_writable_bytes(std::span(s))));
	return s;
}
}

PTEST(newns, binds_mounts_and_changes_directory)
{
	EXPECT_EQ(
		addns("# a comment\n\n  bind #e /env\nbind -a #c /dev\ncd /dev\n", "ns"),
		0);
	EXPECT_EQ(getwd(), "/dev");
	EXPECT_TRUE(access("/dev/null", AEXIST));
	EXPECT_EQ(addns("unmount #c /dev\nunmount /env", "ns"), 0);
	EXPECT_FALSE(access("/dev/null", AEXIST));
}

PTEST(newns, a_variable_stands_for_its_value)
{
	bind("#e", "/env", MREPL | MCREATE);
	putenv("dir", std::string_view("dev\0x", 5));
	EXPECT_EQ(addns("bind #c '/'$dir\ncd /$dir/../$dir", "ns"), 0);
	EXPECT_EQ(getwd(), "/dev");
	EXPECT_EQ(messages("cd /no$nothing/such", 1),
		  "ns:1: cd: file does not exist: '/no'\n");
}

PTEST(newns, a_bad_line_is_told_and_the_next_is_done)
{
	EXPECT_EQ(
		messages("frob a b\nbind -x a b\nbind a\nbind -q /no /dev\nbind #c /dev",
			 3),
		"ns:1: frob: unknown command\nns:2: bind: bad usage\nns:3: bind: bad "
		"usage\n");
	EXPECT_TRUE(access("/dev/null", AEXIST));
}

PTEST(newns, clear_leaves_nothing_mounted)
{
	EXPECT_EQ(addns("bind #c /dev\nclear\n", "ns"), 0);
	EXPECT_FALSE(access("/dev/null", AEXIST));
}

PTEST(newns, a_file_that_reads_itself_comes_to_an_end)
{
	bind("#e", "/env", MREPL | MCREATE);
	writefile("/env/more", "bind #c /dev\n");
	EXPECT_EQ(addns(". /env/more", "ns"), 0);
	EXPECT_TRUE(access("/dev/null", AEXIST));
	writefile("/env/loop", ". /env/loop\n");
	EXPECT_EQ(messages(". /env/loop", 1),
		  "/env/loop:1: .: too many files that read files\n");
}
}
