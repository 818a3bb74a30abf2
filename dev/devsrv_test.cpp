#include "lib9/error.h"
#include "port/dev.h"
#include "port/pgrp.h"
#include "tests/test.h"

namespace p9 {

namespace {

void
post(std::string_view name, int fd, int omode = OWRITE, uint32_t perm = 0600)
{
	Fd f = create(name, omode, perm);
	write(f, std::to_string(fd));
}

std::string
readtext(int fd)
{
	std::string s(100, ' ');
	s.resize(read(fd, std::as_writable_bytes(std::span(s))));
	return s;
}
}

PTEST(srv, opening_a_posted_file_gives_the_channel)
{
	auto [a, b] = pipe();
	post("#s/x", a);
	close(std::move(a));
	Fd again = open("#s/x", ORDWR);
	write(again, "hello");
	EXPECT_EQ(readtext(b), "hello");
	EXPECT_EQ(fd2path(again), "#|/data");
	Dir d = stat("#s/x");
	EXPECT_EQ(d.mode, 0600u);
	EXPECT_EQ(d.uid, eve());
	remove("#s/x");
	EXPECT_ERROR(open("#s/x", ORDWR), "file does not exist: '#s/x'");
}

PTEST(srv, a_channel_stays_posted_when_nobody_has_it_open)
{
	auto [a, b] = pipe();
	post("#s/x", a);
	close(std::move(a));
	write(b, "kept");
	EXPECT_EQ(readtext(open("#s/x", OREAD)), "kept");
	remove("#s/x");
	EXPECT_EQ(readtext(b), "");
}

PTEST(srv, a_second_number_is_refused)
{
	auto [a, b] = pipe();
	Fd f = create("#s/x", OWRITE, 0600);
	EXPECT_ERROR(open("#s/x", ORDWR), "device shut down: '#s/x'");
	EXPECT_ERROR(write(f, "99"), Ebadfd);
	EXPECT_ERROR(write(f, "nonsense"), Ebadarg);
	EXPECT_ERROR(write(f, std::string(32, '1')), Etoobig);
	write(f, "0x" + std::to_string(a) + "\n");
	EXPECT_ERROR(write(f, std::to_string(b)), Ebadusefd);
}

PTEST(srv, what_creating_and_opening_refuse)
{
	auto [a, b] = pipe();
	EXPECT_ERROR(create("#s/x", ORDWR, 0600), "permission denied: '#s/x'");
	EXPECT_ERROR(create("#s/x", OREAD, DMDIR | 0700), "permission denied: '#s/x'");
	EXPECT_ERROR(create("#s/clone", OWRITE, 0600), "file already exists: '#s/clone'");
	post("#s/x", a);
	EXPECT_ERROR(open("#s/x", OWRITE | OTRUNC), "file already exists: '#s/x'");
	EXPECT_ERROR(create("#s/x", OWRITE, 0600), "file already exists: '#s/x'");
	EXPECT_ERROR(open("#s/x", ORDWR | ORCLOSE), "permission denied: '#s/x'");
	EXPECT_ERROR(open("#s", OWRITE), Eisdir);
}

PTEST(srv, the_mode_must_be_the_channels_own)
{
	writefile("#e/v", "1");
	Fd fd = open("#e/v", OREAD);
	post("#s/x", fd);
	EXPECT_TRUE(open("#s/x", OREAD).isopen());
	EXPECT_ERROR(open("#s/x", OWRITE), "permission denied: '#s/x'");
	auto [a, b] = pipe();
	post("#s/y", a, OWRITE, 0400);
	EXPECT_TRUE(open("#s/y", OREAD).isopen());
	EXPECT_ERROR(open("#s/y", ORDWR), "permission denied: '#s/y'");
}

PTEST(srv, ORCLOSE_on_create_removes_it_with_that_descriptor)
{
	auto [a, b] = pipe();
	Fd f = create("#s/x", OWRITE | ORCLOSE, 0600);
	write(f, std::to_string(a));
	EXPECT_TRUE(access("#s/x", AEXIST));
	close(std::move(f));
	EXPECT_FALSE(access("#s/x", AEXIST));
}

PTEST(srv, the_owner_may_change_name_and_mode)
{
	auto [a, b] = pipe();
	post("#s/x", a);
	post("#s/y", b);
	Dir d = Dir::dontcare();
	d.name = "z";
	d.mode = 0444;
	wstat("#s/x", d);
	EXPECT_EQ(stat("#s/z").mode, 0444u);
	EXPECT_FALSE(access("#s/x", AEXIST));
	d.name = "y";
	d.mode = 0;
	EXPECT_ERROR(wstat("#s/z", d), Eexist);
	EXPECT_EQ(stat("#s/z").mode, 0444u);
	d.name = "a/b";
	EXPECT_ERROR(wstat("#s/z", d), "bad character in file name: 'a/b'");
}

PTEST(srv, the_posted_channel_remembers_its_name_for_ns)
{
	bind("#s", "/srv", MREPL | MCREATE);
	auto [a, b] = pipe();
	post("/srv/x", a);
	Ref<Chan> c = fdtochan(a, -1, Chkmnt::No);
	EXPECT_EQ(c->srvname, "/srv/x");
	close(std::move(c));
}

PTEST(srv, a_board_lasts_as_long_as_its_clone_file_is_open)
{
	auto [a, b] = pipe();
	Fd lease = open("#s/clone", OREAD);
	std::string id = readtext(lease);
	std::string board = "#s/" + id;
	EXPECT_EQ(stat(board).mode, DMDIR | 0555);
	post(board + "/x", a);
	EXPECT_EQ(dirreadall(board).size(), 2u);
	EXPECT_FALSE(access("#s/x", AEXIST));
	EXPECT_TRUE(open(board + "/x", ORDWR).isopen());
	EXPECT_EQ(stat(board + "/..").qid, stat("#s").qid);
	Fd half = create(board + "/y", OWRITE, 0600);
	p9::bind(board, "/n", MREPL | MCREATE);	// else std::bind
	close(std::move(lease));
	EXPECT_FALSE(access(board, AEXIST));
	EXPECT_ERROR(write(half, std::to_string(a)), Eshutdown);
	EXPECT_ERROR(open("/n/clone", OREAD), "device shut down: '/n/clone'");
	EXPECT_ERROR(create("/n/z", OWRITE, 0600), "device shut down: '/n/z'");
	EXPECT_EQ(dirreadall("/n").size(), 1u);
}

PTEST(srv, boards_stand_in_boards_and_can_be_walked_to_until_the_last_goes)
{
	Fd outer = open("#s/clone", OREAD);
	std::string board = "#s/" + readtext(outer);
	Fd inner = open(board + "/clone", OREAD);
	std::string both = board + "/" + readtext(inner);
	auto [a, b] = pipe();
	post(both + "/x", a);
	close(std::move(a));
	EXPECT_EQ(stat(both + "/../..").qid, stat("#s").qid);
	close(std::move(outer));
	EXPECT_TRUE(access(both + "/x", AEXIST));
	EXPECT_ERROR(open(board + "/clone", OREAD),
		"device shut down: '" + board + "/clone'");
	close(std::move(inner));
	EXPECT_FALSE(access(board, AEXIST));
	EXPECT_EQ(readtext(b), "");
}

// BUG of the original: the clone file was not open after its open, so it could be opened
// twice, and closing any reference ended the board.
PTEST(srv, a_copy_of_the_clone_descriptor_does_not_end_the_board)
{
	Fd lease = open("#s/clone", OREAD);
	std::string board = "#s/" + readtext(lease);
	close(dup(lease));
	EXPECT_TRUE(access(board, AEXIST));
	EXPECT_EQ(stat(board + "/clone").mode, 0444u);
	EXPECT_ERROR(open(board + "/clone", OWRITE),
		"permission denied: '" + board + "/clone'");
}

// The machine gives up what is posted: the test's own check finds a Chan that is left.
PTEST(srv, what_is_posted_at_the_end_goes)
{
	auto [a, b] = pipe();
	post("#s/left", a);
}

PRACE(srv, posting_and_removing_at_once)
{
	auto [a, b] = pipe();
	int fd = a;
	rfork(RFPROC, [fd] {
		try {
			post("#s/x", fd);
		} catch(const Error& e) {
			EXPECT_TRUE(e.is(Enonexist)) << e.text();
		}
	});
	rfork(RFPROC, [] {
		try {
			remove("#s/x");
		} catch(const Error& e) {
			EXPECT_TRUE(e.is(Enonexist)) << e.text();
		}
	});
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(wait().msg, "");
}
}
