#include "lib9/error.h"
#include "tests/test.h"

namespace p9 {

PTEST(env, a_variable_is_a_file_with_its_exact_length)
{
	Fd fd = create("#e/x", OWRITE, 0);
	write(fd, "hello");
	close(std::move(fd));
	EXPECT_EQ(readfile("#e/x"), "hello");
	Dir d = stat("#e/x");
	EXPECT_EQ(d.length, 5u);
	EXPECT_EQ(d.mode, 0666u);
	EXPECT_NE(d.mtime, 0u);
	EXPECT_EQ(d.mtime, stat("/n").mtime);
}

PTEST(env, the_version_changes_with_each_write)
{
	Fd fd = create("#e/x", OWRITE, 0666);
	uint32_t v = fstat(fd).qid.vers;
	uint32_t all = stat("#e").qid.vers;
	write(fd, "1");
	EXPECT_GT(fstat(fd).qid.vers, v);
	EXPECT_GT(stat("#e").qid.vers, all);
	v = fstat(fd).qid.vers;
	Fd again = open("#e/x", OWRITE | OTRUNC);
	EXPECT_GT(fstat(fd).qid.vers, v);
	EXPECT_EQ(fstat(fd).length, 0u);
}

PTEST(env, NS_14_creating_one_that_exists_truncates_it)
{
	writefile("#e/x", "long value");
	Fd fd = create("#e/x", OWRITE, 0666);
	write(fd, "s");
	EXPECT_EQ(readfile("#e/x"), "s");
	EXPECT_ERROR(create("#e/x", OWRITE | OEXCL, 0666), "file already exists: '#e/x'");
}

PTEST(env, writes_at_offsets_and_behind_the_end)
{
	Fd fd = create("#e/x", ORDWR, 0666);
	write(fd, "abc");
	pwrite(fd, std::as_bytes(std::span("Z", 1)), 1);
	pwrite(fd, std::as_bytes(std::span("e", 1)), 5);
	EXPECT_EQ(readfile("#e/x"), std::string("aZc\0\0e", 6));
	std::byte b[10];
	EXPECT_EQ(pread(fd, b, 6), 0u);
	EXPECT_EQ(pread(fd, b, int64_t{1} << 40), 0u);
}

PTEST(env, values_and_environments_have_limits)
{
	std::string big((512 << 10) - 1, 'x');
	Fd a = create("#e/a", OWRITE, 0666);
	write(a, big);
	write(a, "y");
	EXPECT_ERROR(write(a, "z"), Etoobig);
	EXPECT_ERROR(pwrite(a, std::as_bytes(std::span("z", 1)), INT64_MAX), Etoobig);
	writefile("#e/b", big);
	Fd c = create("#e/c", OWRITE, 0666);
	write(c, "1");
	EXPECT_ERROR(write(c, "2"), Enomem);
	remove("#e/a");
	write(c, "2");
	writefile("#e/" + std::string(127, 'n'), "");
	try {
		create("#e/" + std::string(128, 'n'), OWRITE, 0666);
		ADD_FAILURE() << "no Error";
	} catch(const Error& e) {
		EXPECT_TRUE(e.is(Etoolong));
	}
}

PTEST(env, remove_and_ORCLOSE)
{
	writefile("#e/x", "1");
	Fd fd = open("#e/x", OREAD);
	remove("#e/x");
	EXPECT_ERROR(readfile("#e/x"), "file does not exist: '#e/x'");
	std::byte b[1];
	EXPECT_ERROR(read(fd, b), Enonexist);
	close(create("#e/y", OWRITE | ORCLOSE, 0666));
	EXPECT_FALSE(access("#e/y", AEXIST));
	writefile("#e/x", "2");	// a new one: the open descriptor does not mean it
	EXPECT_ERROR(read(fd, b), Enonexist);
}

PTEST(env, NS_56_a_copied_environment_is_the_childs_own)
{
	writefile("#e/x", "parent");
	Fd fd = open("#e/x", OREAD);
	rfork(RFPROC | RFENVG, [&fd] {
		EXPECT_EQ(readfile("#e/x"), "parent");
		writefile("#e/x", "child");
		writefile("#e/y", "child");
		std::string s(10, ' ');
		s.resize(pread(fd, std::as_writable_bytes(std::span(s)), 0));
		EXPECT_EQ(s, "parent");	// opened in the other environment
	});
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(readfile("#e/x"), "parent");
	EXPECT_FALSE(access("#e/y", AEXIST));
	rfork(RFPROC | RFCENVG, [] { EXPECT_TRUE(dirreadall("#e").empty()); });
	EXPECT_EQ(wait().msg, "");
	rfork(RFPROC, [] { writefile("#e/x", "shared"); });
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(readfile("#e/x"), "shared");
}

PTEST(env, a_bound_environment_is_that_of_who_looks)
{
	bind("#e", "/env", MREPL | MCREATE);
	writefile("/env/x", "1");
	rfork(RFPROC | RFENVG, [] {
		writefile("/env/x", "2");
		EXPECT_EQ(getenv("x").value_or(""), "2");
	});
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(readfile("/env/x"), "1");
	EXPECT_EQ(dirreadall("/env").size(), 1u);
}

PTEST(env, wstat_and_specs_are_refused)
{
	writefile("#e/x", "1");
	Dir d = Dir::dontcare();
	d.name = "y";
	EXPECT_ERROR(wstat("#e/x", d), Eperm);
	EXPECT_ERROR(stat("#ex"), Ebadarg);
	EXPECT_ERROR(create("#e/d", OREAD, DMDIR | 0777), "permission denied: '#e/d'");
}
}
