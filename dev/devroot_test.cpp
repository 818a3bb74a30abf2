#include "lib9/error.h"
#include "port/cmdtab.h"
#include "port/dev.h"
#include "tests/test.h"

namespace p9 {

namespace {

std::string
names(const std::vector<Dir>& l)
{
	std::string s;
	for(const Dir& d : l)
		s += (s.empty() ? "" : " ") + d.name;
	return s;
}
}

PTEST(root, it_has_the_directories_that_a_name_space_begins_with)
{
	EXPECT_EQ(names(dirreadall("#/")),
		"386 bin dev env fd lib man mnt n net proc rc srv tmp usr");
	EXPECT_EQ(names(dirreadall("/n")), "");
	Dir d = stat("#//n");
	EXPECT_EQ(d.mode, DMDIR | 0555);
	EXPECT_EQ(d.uid, eve());
	EXPECT_EQ(d.type, uint16_t('/'));
	EXPECT_EQ(d.length, 0u);
	EXPECT_NE(d.mtime, 0u);
}

PTEST(root, every_program_is_a_file_of_one_line)
{
	for(const Program& p : cmdtab()) {
		std::string name = "/bin/" + std::string(p.name);
		std::string line = "#!emu " + std::string(p.name) + "\n";
		EXPECT_EQ(readfile(name), line);
		Dir d = stat(name);
		EXPECT_EQ(d.mode, 0555u);
		EXPECT_EQ(d.length, line.size());
	}
}

PTEST(root, every_file_that_is_built_in_can_be_read)
{
	for(const Rootfile& f : rootfiles()) {
		EXPECT_EQ(readfile(f.path), f.text) << f.path;
		EXPECT_EQ(stat(f.path).length, f.text.size());
	}
}

PTEST(root, NS_9_dot_dot_of_the_root_is_the_root)
{
	EXPECT_EQ(stat("#//..").qid, stat("#/").qid);
	EXPECT_EQ(stat("#//bin/..").qid, stat("#/").qid);
	EXPECT_EQ(stat("#//bin/../n/.").qid, stat("#//n").qid);
	EXPECT_ERROR(stat("#/n"), Ebadspec);	// NS-4: / and n are letter and spec
}

PTEST(root, nothing_can_be_made_changed_or_removed)
{
	EXPECT_ERROR(create("/n/x", OWRITE, 0666), "permission denied: '/n/x'");
	EXPECT_ERROR(remove("/n"), Eperm);
	EXPECT_ERROR(open("/n", OWRITE), "permission denied: '/n'");
	EXPECT_ERROR(open("/none", OREAD), "file does not exist: '/none'");
	Dir d = Dir::dontcare();
	d.name = "m";
	EXPECT_ERROR(wstat("/n", d), Eperm);
}

PTEST(root, a_directory_read_gives_whole_entries_from_where_the_last_one_ended)
{
	Fd fd = open("#/", OREAD);
	std::vector<std::byte> buf(200);
	std::vector<std::string> got;
	while(size_t n = read(fd, buf)) {
		Bytes b(buf.data(), n);
		while(!b.empty()) {
			auto d = convM2D(takeentry(b));
			ASSERT_TRUE(d);
			got.push_back(d->name);
		}
	}
	EXPECT_EQ(got.size(), 15u);
	EXPECT_EQ(got.back(), "usr");
	seek(fd, 0, 0);
	EXPECT_ERROR(read(fd, Buf(buf.data(), 20)), Eshort);
}
}
