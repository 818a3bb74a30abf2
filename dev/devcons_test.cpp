// #c: the texts that programs parse, and who may write what.

#include <algorithm>

#include "lib9/quote.h"
#include "port/console.h"
#include "port/dev.h"
#include "port/os.h"
#include "tests/test.h"

namespace p9 {

PTEST(devcons, time_is_four_columns_of_fixed_width)
{
	std::string s = readfile("#c/time");
	ASSERT_EQ(s.size(), 78u);
	EXPECT_EQ(s[11], ' ');
	EXPECT_EQ(s[33], ' ');
	EXPECT_EQ(s[77], ' ');
	auto f = tokenize(s);
	ASSERT_EQ(f.size(), 4u);
	EXPECT_EQ(std::stoll(f[0]), std::stoll(f[1]) / 1000000000);
	EXPECT_EQ(f[3], "1000000000");
	EXPECT_EQ(readfile("#c/bintime").size(), 24u);
}

PTEST(devcons, pid_and_ppid_are_twelve_bytes)
{
	std::string s = readfile("#c/pid");
	EXPECT_EQ(s.size(), 12u);
	EXPECT_EQ(std::stoi(s), getpid());
	EXPECT_EQ(readfile("#c/ppid").size(), 12u);
}

PTEST(devcons, null_zero_and_random)
{
	EXPECT_EQ(readfile("#c/null"), "");
	Fd null = open("#c/null", OWRITE);
	EXPECT_EQ(write(null, "gone"), 4u);
	std::array<std::byte, 64> buf;
	buf.fill(std::byte{1});
	Fd zero = open("#c/zero", OREAD);
	EXPECT_EQ(read(zero, buf), buf.size());
	EXPECT_TRUE(
		std::ranges::all_of(buf, [](std::byte b) { return b == std::byte{0}; }));
	Fd random = open("#c/random", OREAD);
	EXPECT_EQ(read(random, buf), buf.size());
	EXPECT_FALSE(
		std::ranges::all_of(buf, [](std::byte b) { return b == std::byte{0}; }));
}

PTEST(devcons, sysname_can_be_set)
{
	EXPECT_EQ(readfile("#c/sysname"), sysname());
	Fd fd = open("#c/sysname", OWRITE);
	write(fd, "gnot\n");
	EXPECT_EQ(readfile("#c/sysname"), "gnot");
	EXPECT_EQ(sysname(), "gnot");
	EXPECT_EQ(readfile("#c/osversion"), "2000");
}

PTEST(devcons, one_becomes_none_and_never_back)
{
	EXPECT_EQ(readfile("#c/user"), eve());
	Fd fd = open("#c/user", OWRITE);
	EXPECT_ERROR(write(fd, "bootes"), "permission denied");
	write(fd, "none");
	EXPECT_EQ(readfile("#c/user"), "none");
	EXPECT_ERROR(write(fd, eve()), "permission denied");
	EXPECT_ERROR(open("#c/hostowner", OWRITE), "permission denied: '#c/hostowner'");
}

PTEST(devcons, NS_53_chdev_takes_devices_away_for_good)
{
	std::string all = readfile("#c/drivers");
	EXPECT_NE(all.find("#c cons\n"), std::string::npos);
	Fd fd = open("#c/drivers", ORDWR);
	EXPECT_ERROR(write(fd, "chdev"),
		     "bad process or channel control request: \"chdev\"");
	EXPECT_ERROR(write(fd, "chdev + x"),
		     "bad process or channel control request: \"chdev + x\"");
	write(fd, "chdev &~ e");
	EXPECT_EQ(readfile("#c/drivers").find("#e env\n"), std::string::npos);
	EXPECT_ERROR(open("#e", OREAD), "mount/attach disallowed");
	write(fd, "chdev & |c");
	EXPECT_EQ(readfile("#c/drivers"), "#| pipe\n#c cons\n");
	write(fd, "chdev & |ce"); // it only shrinks
	EXPECT_EQ(readfile("#c/drivers"), "#| pipe\n#c cons\n");
	write(fd, "chdev ~");
	seek(fd, 0, 0);
	std::byte buf[10];
	EXPECT_EQ(read(fd, buf), 0u);
}

PTEST(devcons, sysstat_has_a_line_for_each_worker)
{
	std::string s = readfile("#c/sysstat");
	EXPECT_EQ(std::ranges::count(s, '\n'), std::ptrdiff_t(s.size() / 121));
	EXPECT_EQ(s.size() % 121, 0u);
	EXPECT_NE(readfile("#c/swap").find(" memory\n4096 pagesize\n"),
		  std::string::npos);
	EXPECT_EQ(readfile("#c/cputime").size(), 72u);
}

PTEST(devcons, kprint_takes_what_the_kernel_prints)
{
	Fd fd = open("#c/kprint", OREAD);
	EXPECT_ERROR(open("#c/kprint", OREAD),
		     "device or object already in use: '#c/kprint'");
	print("a message\n");
	std::byte buf[100];
	EXPECT_EQ(read(fd, buf), 10u);
	close(std::move(fd));
	std::string all = readfile("#c/kmesg");
	EXPECT_TRUE(all.ends_with("a message\n"));
	close(open("#c/kprint", OREAD));
}

PTEST(devcons, consctl_knows_raw_and_nothing_else)
{
	Fd fd = open("#c/consctl", OWRITE);
	EXPECT_EQ(write(fd, "rawon"), 5u);
	EXPECT_EQ(write(fd, "rawoff\n"), 7u);
	EXPECT_ERROR(write(fd, "loud"), "bad process or channel control request");
}

PTEST(devcons, the_directory_lists_every_file_with_its_length)
{
	std::vector<std::string> n;
	for(const Dir& d : dirreadall("#c")) {
		EXPECT_EQ(stat("#c/" + d.name).qid, d.qid) << d.name;
		n.push_back(d.name);
	}
	for(const char* want :
	    {"cons", "consctl", "time", "user", "random", "null", "zero", "kmesg",
	     "drivers", "sysname", "hostowner", "hoststdin"})
		EXPECT_TRUE(std::ranges::find(n, want) != n.end()) << want;
}
}
