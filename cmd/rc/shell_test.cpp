// The shell in a machine.  What it prints for each construct is in tests/rc; here is
// what a script cannot see, and that it leaves nothing behind.

#include "port/sys.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

Ran
sh(const std::string& commands, std::string_view in = {})
{
	return run({"rc", "-c", commands}, in);
}

// Runs rc with a note sent to its group as soon as it has written a line.
Ran
shnoted(const std::string& commands, std::string_view note)
{
	auto [r, w] = pipe();
	int wfd = w;
	int pid = rfork(RFFDG | RFNOTEG, [wfd, commands] {
		dup(wfd, 1).release();
		dup(wfd, 2).release();
		exec("/bin/rc", {"rc", "-c", commands});
	});
	close(std::move(w));
	Ran ran;
	std::array<std::byte, 512> buf;
	bool sent = false;
	while(size_t n = read(r, buf)) {
		for(size_t i = 0; i < n; i++)
			ran.out += char(buf[i]);
		if(!std::exchange(sent, true))
			postnotepg(pid, note);
	}
	std::string msg = wait().msg;
	size_t colon = msg.find(": ");
	ran.status = colon == msg.npos ? msg : msg.substr(colon + 2);
	return ran;
}
}

PTEST(rc, a_subshell_does_not_change_its_parent)
{
	stdns();
	Ran r = sh("x=1; fn f {echo old}; @{x=2; fn f {echo new}; cd /tmp}; echo $x; f");
	EXPECT_EQ(r.out, "1\nold\n");
}

PTEST(rc, two_shells_run_side_by_side)
{
	stdns();
	EXPECT_EQ(sh("rc -c 'x=a; for(i in 1 2 3) x=`{echo $x$i}; echo $x >/tmp/a' &"
		"rc -c 'x=b; for(i in 1 2 3) x=`{echo $x$i}; echo $x >/tmp/b' &"
		"wait; cat /tmp/a /tmp/b").out, "a123\nb123\n");
}

PTEST(rc, a_change_in_the_parent_does_not_reach_a_running_subshell)
{
	stdns();
	EXPECT_EQ(sh("x=old; {sleep 0; echo $x >/tmp/x} & x=new; wait; "
		"cat /tmp/x; echo $x").out, "old\nnew\n");
}

PTEST(rc, a_failing_program_leaves_its_wait_message)
{
	stdns();
	Ran r = sh("rc -c 'exit why'; ~ $status 'rc '*': why' && echo yes");
	EXPECT_EQ(r.out, "yes\n");
	EXPECT_EQ(sh("exit why").status, "why");
	EXPECT_EQ(sh("rc -c 'exit a' | rc -c 'exit b'; "
		"~ $status *': a|rc '*': b' && echo both").out, "both\n");
}

PTEST(rc, a_command_that_is_not_there_says_so)
{
	stdns();
	Ran r = sh("nosuch");
	EXPECT_EQ(r.err, "rc -c:1: nosuch: file does not exist: './nosuch'\n");
	EXPECT_EQ(r.status, "file does not exist: './nosuch'");
}

PTEST(rc, an_interrupt_ends_a_script)
{
	stdns();
	EXPECT_EQ(shnoted("echo go; while(~ 1 1) sleep 1", "interrupt").out, "go\n");
	EXPECT_NE(shnoted("echo go; sleep 1000; echo no", "interrupt").status, "");
	EXPECT_EQ(shnoted("echo go; while(~ 1 1){}", "interrupt").status, "interrupt");
}

PTEST(rc, fn_sigint_is_called_for_an_interrupt)
{
	stdns();
	Ran r = shnoted(
		"fn sigint {echo caught $#*; exit done}; echo go; while(~ 1 1) sleep 1",
		"interrupt");
	EXPECT_EQ(r.out, "go\ncaught 0\n");
	EXPECT_EQ(r.status, "done");
	EXPECT_EQ(shnoted("fn sighup {x=on}; echo go; while(! ~ $x on) sleep 1; echo $x",
		"hangup").out, "go\non\n");
}

PTEST(rc, a_long_here_document_does_not_block)
{
	stdns();
	std::string text(200000, 'x');
	EXPECT_EQ(
		sh("cat >/tmp/out <<'E'\n" + text + "\nE\ncat >/tmp/copy </tmp/out").err,
		"");
	EXPECT_EQ(readfile("/tmp/out"), text + "\n");
	// Nobody reads it.
	EXPECT_EQ(sh("echo done <<'E'\n" + text + "\nE\n").out, "done\n");
}

PTEST(rc, recursion_without_end_is_an_error)
{
	stdns();
	Ran r = sh("fn f {\n\tf\n}\nf");
	EXPECT_EQ(r.err, "rc -c:2: stack overflow\n");
	EXPECT_EQ(r.status, "stack overflow");
	// A file that reads itself.
	writefile("/tmp/self", "# itself\n. /tmp/self\n");
	r = sh(". /tmp/self");
	EXPECT_EQ(r.err, "/tmp/self:2: stack overflow\n");
	// Whoever types goes on.
	r = run({"rc", "-i"}, "fn f {f}\nf\necho alive\n");
	EXPECT_EQ(r.out, "alive\n");
	EXPECT_EQ(r.err, "% % /fd/0:1: stack overflow\n% % ");
}

PTEST(rc, an_interactive_shell_goes_on_after_errors)
{
	stdns();
	Ran r = run({"rc", "-i"},
		    "echo a\n$nosuch\necho )\n>/no/x echo\necho $#status\n");
	EXPECT_EQ(r.out, "a\n1\n");
	EXPECT_EQ(r.err, "% % /fd/0:2: empty argument list\n"
		"% /fd/0:3: token ')': syntax error\n"
		"% /fd/0:4: > can't create: /no/x: file does not exist: '/no'\n"
		"% % ");
}

PTEST(rc, descriptors_are_not_left_to_programs)
{
	stdns();
	// Only 0, 1, 2 and what ls has /fd open on.
	Ran r = sh("echo >/tmp/n; {{ls -p /fd | cat} >/tmp/f} </tmp/n >[5]/tmp/g\n"
		   "cat /tmp/f");
	EXPECT_EQ(r.out, "0\n0ctl\n1\n1ctl\n2\n2ctl\n3\n3ctl\n5\n5ctl\n");
}

PTEST(rc, functions_with_here_documents_are_exported_whole)
{
	stdns();
	EXPECT_EQ(sh("fn f {cat <<E | cat; echo $1 >[1=2] | cat\nhello $1\nE\n}\n"
		"rc -c 'f x'").out, "hello x\n");
}

PRACE(rc, pipelines_end_whatever_runs_first)
{
	stdns();
	EXPECT_EQ(sh("for(i in 1 2 3) {echo a; echo b} | {x=`{cat}; echo $#x} | cat").out,
		"2\n2\n2\n");
}
}
