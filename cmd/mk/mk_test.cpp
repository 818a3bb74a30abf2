// mk in a machine.  What it prints for each kind of rule is in tests/peer/mk.cases; here
// is what a script cannot see.

#include "port/sys.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// A directory with a mkfile, and it is the current one.
void
mkdirwith(const std::string& mkfile)
{
	stdns();
	chdir("/tmp");
	writefile("mkfile", mkfile);
}

Ran
mkrun(Argv args = {})
{
	args.insert(args.begin(), "mk");
	return run(args);
}

size_t
count(std::string_view text, std::string_view what)
{
	size_t n = 0;
	for(size_t i = 0; (i = text.find(what, i)) != text.npos; i += what.size())
		n++;
	return n;
}

enum class Whom { Mk, Group };

// Runs mk, and posts a note as soon as what it prints has the word ready so many times.
Ran
mknoted(size_t times, std::string_view note, Whom whom, Argv args = {})
{
	auto [r, w] = pipe();
	int wfd = w;
	args.insert(args.begin(), "mk");
	int pid = rfork(RFFDG | RFNOTEG, [wfd, args] {
		dup(wfd, 1).release();
		dup(wfd, 2).release();
		exec("/bin/mk", args);
	});
	close(std::move(w));
	Ran ran;
	std::array<std::byte, 512> buf;
	bool sent = false;
	while(size_t n = read(r, buf)) {
		for(size_t i = 0; i < n; i++)
			ran.out += char(buf[i]);
		if(sent || count(ran.out, "ready\n") < times)
			continue;
		sent = true;
		if(whom == Whom::Mk)
			postnote(pid, note);
		else
			postnotepg(pid, note);
	}
	std::string msg = wait().msg;
	size_t colon = msg.find(": ");
	ran.status = colon == msg.npos ? msg : msg.substr(colon + 2);
	return ran;
}
}

PTEST(mk, a_recipe_that_fails_says_so_and_its_D_target_goes)
{
	mkdirwith("a:DQ: b c\n\techo half >a\n\techo 1 2 3\n\texit wrong\nb:Q:\n\techo >b\n"
		  "c:VQ:\n\t~ 0 0\n");
	Ran r = mkrun();
	EXPECT_EQ(r.out, "1 2 3\n");
	size_t pid = r.err.find("rc ");
	ASSERT_NE(pid, r.err.npos);
	EXPECT_EQ(r.err.substr(0, pid), "mk: echo half >a ...  : exit status=");
	EXPECT_EQ(r.err.substr(r.err.find(": wrong")), ": wrong, deleting 'a'\n");
	EXPECT_EQ(r.status, "error");
	EXPECT_FALSE(trystat("a"));
	EXPECT_TRUE(trystat("b"));
}

PTEST(mk, after_a_failure_it_waits_for_what_runs_and_starts_no_more)
{
	mkdirwith("NPROC=2\nall:V: a b c\na:QD:\n\techo >a; exit wrong\n"
		  "b:QD:\n\techo half >b; sleep 2; echo >done; exit late\nc:Q:\n\techo >c\n");
	Ran r = mkrun();
	EXPECT_TRUE(r.err.find("wrong, deleting 'a'\n") != r.err.npos) << r.err;
	EXPECT_TRUE(r.err.find("late, deleting 'b'\n") != r.err.npos) << r.err;
	EXPECT_EQ(r.status, "error");
	EXPECT_TRUE(trystat("done"));
	EXPECT_FALSE(trystat("a"));
	EXPECT_FALSE(trystat("b"));
	EXPECT_FALSE(trystat("c"));
}

PRACE(mk, an_interrupt_ends_recipes_and_removes_what_they_made)
{
	mkdirwith("NPROC=2\nall:V: x.a y.b c\n%.a:QD:\n\techo half >$target\n\techo ready\n"
		  "\tsleep 1000\n\techo never\n%.b:Q:\n\techo half >$target; echo ready\n"
		  "\tsleep 1000\nc:VQ:\n\techo never\n");
	Ran r = mknoted(2, "interrupt", Whom::Group);
	EXPECT_EQ(count(r.out, "deleting"), 1u) << r.out;
	EXPECT_EQ(count(r.out, "never"), 0u);
	EXPECT_EQ(r.status, "error");
	EXPECT_FALSE(trystat("x.a"));
	EXPECT_TRUE(trystat("y.b"));
}

PTEST(mk, a_note_to_mk_alone_is_passed_on)
{
	mkdirwith("x:QD:\n\techo half >x; echo ready; sleep 5; echo never\n");
	Ran r = mknoted(1, "hangup", Whom::Mk);
	EXPECT_TRUE(r.out.ends_with(", deleting 'x'\nmk: hangup\n")) << r.out;
	EXPECT_EQ(count(r.out, "never"), 0u);
	EXPECT_EQ(r.status, "error");
	EXPECT_FALSE(trystat("x"));
}

PTEST(mk, a_note_that_is_none_of_its_own_ends_it)
{
	mkdirwith("x:Q:\n\techo ready; sleep 5\n");
	EXPECT_EQ(mknoted(1, "alarm", Whom::Mk).status, "alarm");
}

// Each recipe writes its lines in pieces, to 1 and 2, which lead to one pipe.
PRACE(mk, lines_of_recipes_that_run_side_by_side_are_whole)
{
	mkdirwith("NPROC=3\nall:VQ: a b c d\n\t~ 0 0\n%:VQ:\n"
		  "\tfor(i in 1 2 3) {echo -n $stem; echo -n $stem >[1=2]; echo $i}\n"
		  "\techo -n $stem.\n");
	Ran r = mknoted(1, "", Whom::Mk);
	for(std::string t : {"a", "b", "c", "d"}) {
		size_t at = 0;
		for(std::string i : {"1", "2", "3"}) {
			at = r.out.find(t + t + i + "\n", at);
			EXPECT_NE(at, r.out.npos) << t << i << " in " << r.out;
		}
		EXPECT_EQ(count(r.out, t + "."), 1u);
	}
	EXPECT_EQ(r.out.size(), 4u * (3 * 4 + 2));
	EXPECT_EQ(r.status, "");
}

PTEST(mk, what_a_recipe_leaves_running_writes_on)
{
	mkdirwith("NPROC=2\nall:V: a\na:VQ:\n\techo now\n\t{sleep 10; echo later} &\n");
	Ran r = mknoted(1, "", Whom::Mk);
	EXPECT_EQ(r.out, "now\nlater\n");
	EXPECT_EQ(r.status, "");
}

PTEST(mk, standard_output_and_error_stay_apart)
{
	mkdirwith("NPROC=2\nall:VQ: a b\n\t~ 0 0\n%:VQ:\n\techo out; echo err >[1=2]\n");
	Ran r = mkrun();
	EXPECT_EQ(r.out, "out\nout\n");
	EXPECT_EQ(r.err, "err\nerr\n");
}

PTEST(mk, a_long_chain_takes_no_stack)
{
	constexpr int N = 20'000;
	std::string text = "all:V: x0\n";
	for(int i = 0; i < N; i++)
		text += "x" + std::to_string(i) + ":V: x" + std::to_string(i + 1) + "\n";
	text += "x" + std::to_string(N) + ":VQ:\n\techo bottom\n";
	mkdirwith(text);
	Ran r = mkrun();
	EXPECT_EQ(r.out, "bottom\n");
	EXPECT_EQ(r.status, "");
	writefile("mkfile", text + "x" + std::to_string(N) + ": x1\n");
	r = mkrun();
	EXPECT_LT(r.err.size(), 10'000u);
	EXPECT_TRUE(r.err.starts_with("mk: cycle in graph detected at target x1\n\tx1 <-"));
	EXPECT_EQ(r.status, "error");
}

PTEST(mk, endless_metarules_end)
{
	mkdirwith("NREP=1000\n%: %.c\n\techo $target\n");
	Ran r = mkrun({"x"});
	EXPECT_EQ(r.err, "mk: don't know how to make 'x' in directory /tmp\n");
	writefile("mkfile", "NREP=100000\n%: %.c\n\techo $target\n");
	r = mkrun({"x"});
	EXPECT_TRUE(r.err.starts_with("mk: name too long: x.c.c.c")) << r.err;
	EXPECT_EQ(r.status, "error");
}

PTEST(mk, the_environment_has_lists_as_env_3_says)
{
	mkdirwith("A=1 2\nB='' x\nC=one\nD=''\nE=\nall:VQ:\n\tcp /env/[ABCDW] /tmp/d; test -e "
		  "/env/E || echo no E\n\ttest -e /env/target && cp /env/^(prereq target) d\n"
		  "all:V: p q\np q:VQ:\n\t~ 0 0\n");
	close(create("d", OREAD, DMDIR | 0777));
	putenv("W", std::string("a\0b c\0", 6));
	putenv("E", "before");
	Ran r = mkrun({"C=two"});
	EXPECT_EQ(r.err, "");
	EXPECT_EQ(r.out, "no E\n");
	EXPECT_EQ(readfile("d/A"), std::string("1\0002\0", 4));
	EXPECT_EQ(readfile("d/B"), std::string("\0x\0", 3));
	EXPECT_EQ(readfile("d/D"), std::string("\0", 1));
	EXPECT_EQ(readfile("d/C"), std::string("two"));
	EXPECT_EQ(readfile("d/W"), std::string("a\0b c\0", 6));
	EXPECT_EQ(readfile("d/prereq"), std::string("p\0q\0", 4));
	EXPECT_EQ(readfile("d/target"), "all");
	EXPECT_EQ(getenv("E"), "before");	// mk's variables are its own
	EXPECT_EQ(getenv("A"), std::nullopt);
	putenv("W", "");
	putenv("E", "");
}

PTEST(mk, a_list_too_long_for_the_environment_is_told)
{
	std::string text = "all:VQ: ";
	for(int i = 0; i < 30'000; i++)
		text += "a-name-of-twenty-bytes" + std::to_string(i) + " ";
	mkdirwith(text + "\n\techo $#prereq\na%:V: z\nz:VQ:\n\t~ 0 0\n");
	Ran r = mkrun();
	EXPECT_EQ(r.out, "0\n");
	EXPECT_EQ(r.err, "mk: can't write /env/newprereq: read or write too large\n"
			 "mk: can't write /env/prereq: read or write too large\n");
}

PTEST(mk, a_directory_and_what_is_bound_over_it)
{
	mkdirwith("old: u/a u/b\n\techo stale $newprereq\n");
	close(create("one", OREAD, DMDIR | 0777));
	close(create("two", OREAD, DMDIR | 0777));
	close(create("u", OREAD, DMDIR | 0777));
	for(std::string f : {"one/a", "two/a", "two/b", "old"})
		writefile(f, "");
	auto touch = [](const std::string& name, uint32_t t) {
		Dir d = Dir::dontcare();
		d.mtime = t;
		wstat(name, d);
	};
	touch("one/a", 10);
	touch("two/a", 30);
	touch("two/b", 10);
	touch("old", 20);
	bind("one", "u", MREPL);
	bind("two", "u", MAFTER);
	EXPECT_EQ(mkrun().out, "mk: 'old' is up to date\n");
	touch("one/a", 30);
	EXPECT_EQ(mkrun().out, "echo stale u/a\nstale u/a\n");
	unmount({}, "u");
}

PTEST(mk, two_run_side_by_side)
{
	stdns();
	chdir("/tmp");
	for(std::string d : {"a", "b"}) {
		close(create(d, OREAD, DMDIR | 0777));
		writefile(d + "/mkfile", "X=" + d + "\nall:VQ: 1 2 3\n\techo $X all >>out\n"
					 "%:Q:\n\techo $X $stem >>out; echo >$target\n");
	}
	Ran r = run({"rc", "-c", "@{cd a; mk} & @{cd b; mk} & wait; cat a/out b/out"});
	EXPECT_EQ(r.out, "a 1\na 2\na 3\na all\nb 1\nb 2\nb 3\nb all\n");
}

PTEST(mk, nobody_reads_what_it_writes)
{
	mkdirwith("all:V: a b\n%:V:\n\techo $target\n");
	Ran r = run({"rc", "-c", "mk | cat /dev/null; echo done"});
	EXPECT_EQ(r.out, "done\n");
}

PTEST(mk, usage_by_the_number_of_recipes)
{
	mkdirwith("NPROC=2\nall:V: a b\n%:VQ:\n\techo\n");
	EXPECT_TRUE(mkrun({"-u"}).out.ends_with("0: 0\n1: 0\n2: 0\n"));
}
}
