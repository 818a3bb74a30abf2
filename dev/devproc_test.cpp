#include "lib9/error.h"
#include "lib9/quote.h"
#include "port/dev.h"
#include "port/proc.h"
#include "tests/test.h"

namespace p9 {

namespace {

std::string
file(int pid, std::string_view elem)
{
	return "#p/" + std::to_string(pid) + "/" + std::string(elem);
}

void
put(const std::string& name, std::string_view text)
{
	Fd fd = open(name, OWRITE);
	write(fd, text);
}

std::string
readonce(int fd, size_t n = 1000)
{
	std::string s(n, ' ');
	s.resize(read(fd, std::as_writable_bytes(std::span(s))));
	return s;
}

// A child that sleeps until a note ends it.
int
sleeper()
{
	int pid = rfork(RFPROC | RFNOTEG, [] { sleep(1000000); });
	sleep(10);
	return pid;
}
}

PTEST(proc, the_directory_has_the_living)
{
	int pid = sleeper();
	Dir d = stat("#p/" + std::to_string(pid));
	EXPECT_EQ(d.mode, DMDIR | 0555);
	EXPECT_EQ(d.uid, eve());
	EXPECT_EQ(dirreadall("#p/" + std::to_string(pid)).size(), 11u);
	EXPECT_FALSE(access("#p/99999", AEXIST));
	EXPECT_FALSE(access("#p/0" + std::to_string(pid), AEXIST));
	Fd fd = open(file(pid, "status"), OREAD);
	put(file(pid, "ctl"), "kill");
	EXPECT_EQ(wait().msg, "init " + std::to_string(pid) + ": sys: killed");
	EXPECT_ERROR(readonce(fd), Eprocdied);
	EXPECT_FALSE(access("#p/" + std::to_string(pid), AEXIST));
}

PTEST(proc, status_is_twelve_fields_in_columns_and_what_it_waits_for)
{
	int pid = sleeper();
	std::string s = readfile(file(pid, "status"));
	EXPECT_EQ(s.find('\n'), 28u + 28 + 12 + 9 * 12 - 1);
	EXPECT_EQ(tokenize(s.substr(0, s.find('\n'))).size(), 12u);
	EXPECT_EQ(s.substr(0, 28), "init" + std::string(24, ' '));
	EXPECT_EQ(s.substr(56, 12), "Wakeme      ");
	EXPECT_EQ(s.substr(s.find('\n')), "\nwaits for sleep\n");
	s = readfile(file(getpid(), "status"));
	EXPECT_EQ(s.substr(56, 12), "Running     ");
	EXPECT_EQ(s.find('\n'), s.size() - 1);
	EXPECT_EQ(stat(file(pid, "status")).length, 176u);
	put(file(pid, "ctl"), "kill");
}

PTEST(proc, NS_38_ns_gives_the_mounts_in_order_a_line_a_read)
{
	bind("#s", "/srv", MREPL | MCREATE);
	bind("#e", "/env", MAFTER);
	chdir("/srv");
	Fd fd = open(file(getpid(), "ns"), OREAD);
	EXPECT_EQ(readonce(fd), "bind -c #s /srv\n");
	std::string rest, line;
	while(!(line = readonce(fd)).empty()) {
		EXPECT_EQ(line.find('\n'), line.size() - 1);
		rest += line;
	}
	EXPECT_NE(rest.find("bind -a #e /env\n"), rest.npos) << rest;
	EXPECT_TRUE(rest.ends_with("\ncd /srv\n")) << rest;
	EXPECT_ERROR(open(file(getpid(), "ns"), OWRITE),
		"permission denied: '" + file(getpid(), "ns") + "'");
}

PTEST(proc, fd_lists_the_descriptors)
{
	Fd fd = create("#e/x", OWRITE, 0666);
	write(fd, "hello");
	std::string s = readfile(file(getpid(), "fd"));
	EXPECT_TRUE(s.starts_with("/\n")) << s;
	size_t i = s.find(" w  e    0 (0000000000000001 0 00)     0        5 #e/x\n");
	EXPECT_NE(i, s.npos) << s;
}

PTEST(proc, args_are_quoted_and_can_be_written)
{
	{
		std::scoped_lock l(up().lk);
		up().args = {"cmd", "two words", ""};
	}
	std::string name = file(getpid(), "args");
	EXPECT_EQ(readfile(name), "cmd 'two words' ''");
	put(name, "serving x");
	EXPECT_EQ(readfile(name), "init [serving x]");
	Fd fd = open(name, OWRITE);
	EXPECT_ERROR(write(fd, std::string(128, 'x')), Etoobig);
}

PTEST(proc, text_names_the_program)
{
	procsetname("cat");
	EXPECT_EQ(readfile(file(getpid(), "text")), "#!emu cat\n");
}

PTEST(proc, pid_ppid_and_noteid_are_numbers)
{
	int pid = sleeper();
	EXPECT_EQ(readfile(file(pid, "ppid")).size(), 12u);
	EXPECT_EQ(std::stoi(readfile(file(pid, "ppid"))), getpid());
	EXPECT_EQ(std::stoi(readfile(file(pid, "noteid"))), pid);
	EXPECT_EQ(std::stoi(readfile(file(pid, "ctl"))), pid);
	int mine = std::stoi(readfile(file(getpid(), "noteid")));
	put(file(pid, "noteid"), std::to_string(mine));
	EXPECT_EQ(std::stoi(readfile(file(pid, "noteid"))), mine);
	put(file(pid, "noteid"), std::to_string(pid));
	EXPECT_EQ(std::stoi(readfile(file(pid, "noteid"))), pid);
	Fd fd = open(file(pid, "noteid"), OWRITE);
	EXPECT_ERROR(write(fd, "98765"), Ebadarg);
	EXPECT_ERROR(write(fd, "x"), Ebadarg);
	put(file(pid, "ctl"), "kill");
}

PTEST(proc, a_note_can_be_posted_and_taken_back)
{
	std::string got;
	int pid = rfork(RFPROC, [&got] {
		notify([&got](const std::string& n) {
			got += n + ".";
			return true;
		});
		for(int i = 0; i < 2; i++)
			EXPECT_ERROR(sleep(1000000), Eintr);
	});
	sleep(10);
	put(file(pid, "note"), "alarm");
	sleep(10);
	put(file(pid, "note"), "hangup");
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(got, "alarm.hangup.");
	Fd fd = open(file(getpid(), "note"), ORDWR);
	EXPECT_ERROR(write(fd, std::string(128, 'x')), Etoobig);
	EXPECT_EQ(readonce(fd), "");
}

PTEST(proc, notepg_reaches_the_group_but_not_the_writer)
{
	int n = 0;
	for(int i = 0; i < 2; i++)
		rfork(RFPROC, [&n] {
			notify([&n](const std::string& note) {
				n += note == "interrupt";
				return true;
			});
			EXPECT_ERROR(sleep(1000000), Eintr);
		});
	int other = sleeper();
	sleep(10);
	Fd fd = open(file(getpid(), "notepg"), OWRITE);
	write(fd, "interrupt");
	wait();
	wait();
	EXPECT_EQ(n, 2);
	EXPECT_TRUE(access(file(other, "ctl"), AEXIST));
	put(file(other, "ctl"), "kill");
	EXPECT_ERROR(open(file(getpid(), "notepg"), OREAD),
		"permission denied: '" + file(getpid(), "notepg") + "'");
}

PTEST(proc, wait_gives_a_record_as_await)
{
	int pid = rfork(RFPROC, [] {
		sleep(50);
		exits("no good");
	});
	Fd fd = open(file(getpid(), "wait"), OREAD);
	std::string p = std::to_string(pid);
	EXPECT_EQ(readonce(fd), p + " 0 0 50 'init " + p + ": no good'");
	EXPECT_ERROR(readonce(fd), Enochild);
}

PTEST(proc, another_can_read_the_wait_file)
{
	int me = getpid();
	std::string got;
	int reader = rfork(RFPROC, [&got, me] {
		Fd fd = open(file(me, "wait"), OREAD);
		got = readonce(fd);
	});
	int child = rfork(RFPROC | RFNOTEG, [] { sleep(200); });
	sleep(1000);
	EXPECT_TRUE(got.starts_with(std::to_string(child) + " ")) << got;
	EXPECT_EQ(wait().pid, reader);
}

PTEST(proc, ctl_closes_descriptors)
{
	auto [a, b] = pipe();
	put(file(getpid(), "ctl"), "close " + std::to_string(b));
	int gone = b.release();
	EXPECT_ERROR(fd2path(gone), Ebadfd);
	Fd fd = open(file(getpid(), "ctl"), OWRITE);
	EXPECT_ERROR(write(fd, "close 77"), Ebadfd);
	write(fd, "closefiles");
	EXPECT_ERROR(fd2path(a.release()), Ebadfd);
	EXPECT_ERROR(fd2path(fd.release()), Ebadfd);
}

PTEST(proc, ctl_interrupt_ends_a_sleep_without_a_note)
{
	int pid = rfork(RFPROC, [] { EXPECT_ERROR(sleep(1000000), Eintr); });
	sleep(10);
	put(file(pid, "ctl"), "interrupt");
	EXPECT_EQ(wait().msg, "");
}

PTEST(proc, ctl_kill_is_not_seen_by_a_handler)
{
	int pid = rfork(RFPROC, [] {
		notify([](const std::string&) { return true; });
		for(;;)
			try {
				sleep(1000000);
			} catch(const Error&) {
			}
	});
	sleep(10);
	put(file(pid, "ctl"), "kill\n");
	EXPECT_TRUE(wait().msg.ends_with("sys: killed"));
}

PTEST(proc, ctl_refuses_what_it_does_not_know)
{
	int pid = sleeper();
	Fd fd = open(file(pid, "ctl"), OWRITE);
	EXPECT_ERROR(write(fd, "stop"), Ebadctl);
	EXPECT_ERROR(write(fd, "close"), "bad # args to command: \"close\"");
	EXPECT_ERROR(write(fd, "dance now"), "unknown control message: \"dance now\"");
	write(fd, "nohang");
	write(fd, "kill");
}

PTEST(proc, the_kernels_own_take_no_notes)
{
	Proc& p = kproc("idler", [] { tsleep(100); });
	int pid = p.pid;
	Fd fd = open(file(pid, "note"), OWRITE);
	EXPECT_ERROR(write(fd, "x"), Eperm);
	fd = open(file(pid, "ctl"), OWRITE);
	EXPECT_ERROR(write(fd, "kill"), Eperm);
}

namespace {

void
lookatone()
{
	int pid = rfork(RFPROC | RFFDG | RFNAMEG, [] { chdir("/n"); });
	for(const char* elem : {"ns", "fd", "status", "args"})
		try {
			Fd fd = open(file(pid, elem), OREAD);
			readonce(fd);
		} catch(const Error& e) {
			EXPECT_TRUE(e.is(Eprocdied) || e.is(Enonexist)) << e.text();
		}
	EXPECT_EQ(wait().msg, "");
}
}

PRACE(proc, looking_at_one_that_ends)
{
	lookatone();
}

PREAL(proc, looking_at_one_that_ends_on_another_worker)
{
	for(int i = 0; i < 300; i++)
		lookatone();
}
}
