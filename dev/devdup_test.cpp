#include "lib9/error.h"
#include "tests/test.h"

namespace p9 {

namespace {

bool
hasname(const std::vector<Dir>& l, std::string_view elem)
{
	for(const Dir& d : l)
		if(d.name == elem)
			return true;
	return false;
}
}

PTEST(dup, opening_n_gives_the_same_file_with_its_offset)
{
	Fd fd = create("#e/x", ORDWR, 0666);
	write(fd, "hello, world");
	seek(fd, 0, 0);
	std::string name = "#d/" + std::to_string(fd);
	Fd copy = open(name, OREAD);
	std::byte b[5];
	EXPECT_EQ(read(copy, b), 5u);
	EXPECT_EQ(seek(fd, 0, 1), 5);
	EXPECT_EQ(fd2path(copy), "#e/x");
}

PTEST(dup, the_mode_must_be_one_that_n_is_open_in)
{
	Fd fd = create("#e/x", OWRITE, 0666);
	std::string name = "#d/" + std::to_string(fd);
	EXPECT_EQ(stat(name).mode, 0200u);
	EXPECT_ERROR(open(name, OREAD), "inappropriate use of fd: '" + name + "'");
	EXPECT_ERROR(open(name, OWRITE | ORCLOSE), "permission denied: '" + name + "'");
	EXPECT_TRUE(open(name, OWRITE).isopen());
}

PTEST(dup, nctl_tells_about_n)
{
	Fd fd = create("#e/x", ORDWR, 0666);
	write(fd, "hello");
	std::string n = std::to_string(fd);
	std::string line = readfile("#d/" + n + "ctl");
	EXPECT_EQ(line,
		"  " + n + " rw e    0 (0000000000000001 0 00)     0        5 #e/x\n");
	EXPECT_EQ(stat("#d/" + n + "ctl").mode, 0400u);
	EXPECT_ERROR(open("#d/" + n + "ctl", OWRITE),
		"permission denied: '#d/" + n + "ctl'");
}

PTEST(dup, the_directory_has_what_is_open_and_only_that)
{
	Fd fd = open("#/", OREAD);
	std::string n = std::to_string(fd);
	auto l = dirreadall("#d");
	EXPECT_TRUE(hasname(l, n));
	EXPECT_TRUE(hasname(l, n + "ctl"));
	EXPECT_FALSE(hasname(l, "77"));
	for(const char* bad : {"#d/77", "#d/00", "#d/x", "#d/-1", "#d/0x0", "#d/ctl",
		    "#d/99999999999999999999", "#d/4294967296"})
		EXPECT_ERROR(open(bad, OREAD),
			"file does not exist: '" + std::string(bad) + "'");
	Fd d = open("#d", OREAD);
	EXPECT_ERROR(open("#d", OWRITE), Eisdir);
}
}
