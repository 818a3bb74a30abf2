// sed in memory and in a Proc: what the peers' cases cannot show.

#include <gtest/gtest.h>

#include <array>

#include "cmd/sed/memio.h"
#include "port/sys.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

std::string
edited(std::string_view script, std::string_view text, Sedflags f = {})
{
	Sedmem io({std::string(text)}, 1000000);
	Sedscript s(io);
	s.add(script, false);
	s.finish();
	Sed(io, s, f).run();
	return io.out[0];
}

// Lines of which every nth has an x.
std::string
lines(int count, int n)
{
	std::string s;
	for(int i = 1; i <= count; i++)
		s += "line " + std::to_string(i) + (i % n == 0 ? " x\n" : "\n");
	return s;
}
}

TEST(sed, lines_that_are_passed_over_are_as_if_they_were_read)
{
	// The same by way of scripts that must look at every line: the address of the last
	// line is asked first, and does nothing.
	const std::string look = "${\n}\n";
	for(int n : {1, 2, 3, 50, 1000, 100000}) {
		std::string text = lines(20000, n);
		for(const std::string script : {"/x/d", "s/x/y&/", "/x/!d", "/x/p", "/x/N;/x/P",
			    "/x/=\n/9 x/,/1/s/line/row/", "/x/b\ns/7/seven/;tb\n:b",
			    "/x/{;s/l/m/;N;}\n/7/,8!d"}) {
			EXPECT_EQ(edited(script, text), edited(look + script, text));
			EXPECT_EQ(edited(script, text, {.quiet = true}),
				edited(look + script, text, {.quiet = true}));
		}
	}
}

TEST(sed, lines_may_be_longer_than_a_read)
{
	std::string a(3'000'000, 'a');
	EXPECT_EQ(edited("s/b$/c/", a + "b\n" + a + "b"), a + "c\n" + a + "c\n");
	EXPECT_EQ(edited("/b/d", a + "b\n" + a + "\n"), a + "\n");
	EXPECT_EQ(edited("$!N\ns/\\n/-/", a + "\nb\n"), a + "-b\n");
}

TEST(sed, a_space_that_grows_without_end_is_refused)
{
	EXPECT_THROW(edited(":a\ns/.*/&&/\nta", "x\n", {.max = 1 << 20}), Error);
	EXPECT_THROW(edited(":a\nG\nh\nba", "x\n", {.max = 1 << 20}), Error);
	EXPECT_THROW(edited(":a\nH\nx\nba", "x\n", {.max = 1 << 20}), Error);
}

TEST(sed, bytes_that_are_not_utf8_stay)
{
	EXPECT_EQ(edited("s/a/b/\ny/é/e/", "\xFF\xC3"
					  "a\xE9\0z\n"),
		"\xFF\xC3"
		"b\xE9\n");
	EXPECT_EQ(edited("", std::string_view("a\0b\n", 4)), std::string("a\0b\n", 4));
}

TEST(sed, whatever_loops_takes_steps)
{
	for(const char* script : {":a\nba", ":a\ns/x/x/\nta\nba", "G\n:a\nD"}) {
		try {
			edited(script, "x\n");
			ADD_FAILURE() << script;
		} catch(const Error& e) {
			EXPECT_EQ(e.reason(), Sedmem::Esteps) << script;
		}
	}
}

PTEST(sed, a_script_that_never_ends_can_be_interrupted)
{
	stdns();
	auto [r, w] = pipe();
	int rfd = r;
	auto [out, ow] = pipe();
	int ofd = ow;
	int pid = rfork(RFFDG | RFNOTEG, [rfd, ofd] {
		dup(rfd, 0).release();
		dup(ofd, 1).release();
		exec("/bin/sed", {"sed", "-u", "2{\n:a\nba\n}"});
	});
	write(w, "1\n");
	std::array<std::byte, 10> buf;
	EXPECT_EQ(read(out, buf), 2u);
	write(w, "2\n");
	postnote(pid, "interrupt");
	EXPECT_TRUE(wait().msg.ends_with("interrupt"));
}

PTEST(sed, output_that_cannot_be_written_is_an_error)
{
	stdns();
	writefile("/tmp/in", lines(100000, 3));
	Ran r = run({"rc", "-c", "sed p /tmp/in <[1]/tmp/in; echo $status >[1=2]"});
	EXPECT_TRUE(r.err.starts_with("sed: inappropriate use of fd\nsed ")) << r.err;
	EXPECT_TRUE(r.err.ends_with(": error\n")) << r.err;
}
}
