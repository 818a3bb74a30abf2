#include "lib9/error.h"
#include "port/dev.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "tests/test.h"

namespace p9 {

namespace {

std::string
readtext(int fd, size_t n = 100)
{
	std::string s(n, ' ');
	s.resize(read(fd, std::as_writable_bytes(std::span(s))));
	return s;
}
}

PTEST(pipe, both_ways)
{
	auto [a, b] = pipe();
	write(a, "to b");
	write(b, "to a");
	EXPECT_EQ(fstat(a).length, 4u);
	EXPECT_EQ(readtext(a), "to a");
	EXPECT_EQ(readtext(b), "to b");
	EXPECT_EQ(fstat(a).length, 0u);
	EXPECT_EQ(fstat(a).name, "data");
	EXPECT_EQ(fstat(b).name, "data1");
}

PTEST(pipe, NS_18_its_name_is_that_of_the_device)
{
	auto [a, b] = pipe();
	EXPECT_EQ(fd2path(a), "#|/data");
	EXPECT_EQ(fd2path(b), "#|/data1");
}

PTEST(pipe, NS_42_it_cannot_seek)
{
	auto [a, b] = pipe();
	EXPECT_ERROR(seek(a, 0, 0), Eisstream);
}

PTEST(pipe, each_attach_is_a_pipe_of_its_own)
{
	bind("#|", "/n", MREPL);
	bind("#|", "/mnt", MREPL);
	EXPECT_NE(stat("/n").qid.path, stat("/mnt").qid.path);
	EXPECT_EQ(dirreadall("/n").size(), 2u);
	Fd a = open("/n/data", ORDWR), b = open("/n/data1", ORDWR);
	write(a, "through a name");
	EXPECT_EQ(stat("/n/data1").length, 14u);
	EXPECT_EQ(stat("/mnt/data1").length, 0u);
	EXPECT_EQ(readtext(b), "through a name");
	EXPECT_ERROR(open("/n", OWRITE), "bad arg in system call: '/n'");
	EXPECT_EQ(stat("/n/..").qid, stat("/").qid);
}

PTEST(pipe, writes_keep_together_and_apart)
{
	auto [a, b] = pipe();
	write(a, "one");
	write(a, "two");
	EXPECT_EQ(readtext(b), "one");
	EXPECT_EQ(readtext(b, 1), "t");
	EXPECT_EQ(readtext(b), "wo");
	std::string big(65536 + 1, 'x');
	write(a, big);
	EXPECT_EQ(readtext(b, 100000).size(), 65536u);
	EXPECT_EQ(readtext(b, 100000).size(), 1u);
}

PTEST(pipe, a_Block_passes_whole_with_its_loan)
{
	auto [a, b] = pipe();
	std::string mine = "payload";
	Block out = Block::alloc(10);
	out.loan = mk<Loan>(std::as_writable_bytes(std::span(mine)));
	out.lent = mine.size();
	EXPECT_EQ(bwrite(a, std::move(out)), 7u);
	Block in = bread(b, 100);
	EXPECT_EQ(in.lent, 7u);
	bwrite(a, Block::alloc(1 << 20));
	in = Block::alloc(200000);
	in.produced(200000);
	bwrite(a, std::move(in));
	EXPECT_EQ(bread(b, 1 << 20).size(), 0u);
	EXPECT_EQ(bread(b, 1 << 20).size(), 200000u);
}

PTEST(pipe, DM_32_the_end_is_read_three_times)
{
	auto [a, b] = pipe();
	write(a, "last");
	close(std::move(a));
	EXPECT_EQ(readtext(b), "last");
	for(int i = 0; i < 3; i++)
		EXPECT_EQ(readtext(b), "");
	EXPECT_ERROR(readtext(b), Ehungup);
}

PTEST(pipe, DM_32_closing_the_read_end_hangs_up_a_blocked_writer)
{
	auto [a, b] = pipe();
	bool noted = false;
	int mine = a, other = b;
	rfork(RFPROC | RFFDG, [&noted, mine, other] {
		close(other);
		notify([&noted](const std::string& n) {
			noted = n == "sys: write on closed pipe";
			return true;
		});
		EXPECT_ERROR(write(mine, std::string(1 << 20, 'x')), Ehungup);
	});
	sleep(100);
	close(std::move(a));
	EXPECT_EQ(readtext(b, 10).size(), 10u);
	close(std::move(b));
	EXPECT_EQ(wait().msg, "");
	EXPECT_TRUE(noted);
}

PTEST(pipe, a_write_on_a_closed_pipe_ends_a_program_that_has_no_handler)
{
	rfork(RFPROC, [] {
		auto [a, b] = pipe();
		close(std::move(b));
		write(a, "x");
		ADD_FAILURE() << "it goes on";
	});
	EXPECT_TRUE(wait().msg.ends_with(": sys: write on closed pipe"));
}

PTEST(pipe, a_mounts_connection_gets_the_error_without_the_note)
{
	auto [a, b] = pipe();
	Ref<Chan> c = fdtochan(a, -1, Chkmnt::No);
	c->flag |= CMSG;
	close(std::move(b));
	bool noted = false;
	notify([&noted](const std::string&) { return noted = true; });
	EXPECT_ERROR(c->dev.write(*c, std::as_bytes(std::span("x", 1)), 0), Ehungup);
	close(std::move(c));
	pollnotes();
	EXPECT_FALSE(noted);
}

PTEST(pipe, with_both_ends_closed_it_is_as_new)
{
	bind("#|", "/n", MREPL);
	for(int i = 0; i < 2; i++) {
		Fd a = open("/n/data", ORDWR), b = open("/n/data1", ORDWR);
		write(a, "left behind");
		close(std::move(a));
		close(std::move(b));
	}
	Fd a = open("/n/data", ORDWR), b = open("/n/data1", ORDWR);
	write(a, "new");
	EXPECT_EQ(readtext(b), "new");
}

PTEST(pipe, a_note_ends_a_read)
{
	auto [a, b] = pipe();
	int pid = rfork(RFPROC, [&a = a] {
		notify([](const std::string&) { return true; });
		EXPECT_ERROR(readtext(a), Eintr);
	});
	sleep(10);
	postnote(pid, "alarm");
	EXPECT_EQ(wait().msg, "");
}

namespace {

void
useandclose()
{
	auto [a, b] = pipe();
	int ends[] = {a.release(), b.release()};
	for(int i = 0; i < 2; i++)
		rfork(RFPROC | RFFDG, [mine = ends[i], other = ends[!i]] {
			notify([](const std::string&) { return true; });
			close(other);
			try {
				write(mine, "x");
				readtext(mine, 1);
			} catch(const Error& e) {
				EXPECT_TRUE(e.is(Ehungup));
			}
			close(mine);
		});
	close(ends[0]);
	close(ends[1]);
	wait();
	wait();
}
}

// Whoever closes last, and in whatever order: readers end, and nothing is left.
PRACE(pipe, closing_both_ends_while_both_are_used)
{
	useandclose();
}

PREAL(pipe, closing_both_ends_while_two_workers_use_them)
{
	for(int i = 0; i < 300; i++)
		useandclose();
}
}
