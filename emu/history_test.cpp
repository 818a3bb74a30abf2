#include "emu/history.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace p9 {

namespace {

// A directory of its own, gone at the end.
class Place {
	std::string dir;

public:
	Place()
	{
		char name[] = "/tmp/historyXXXXXX";
		dir = mkdtemp(name);
	}
	~Place() { [[maybe_unused]] int r = system(("rm -r " + dir).c_str()); }
	std::string file() const { return dir + "/a/b/history"; }
	void write(std::string_view text) const
	{
		mkdir((dir + "/a").c_str(), 0700);
		mkdir((dir + "/a/b").c_str(), 0700);
		std::ofstream(file(), std::ios::binary) << text;
	}
	std::string read() const
	{
		std::ostringstream s;
		s << std::ifstream(file(), std::ios::binary).rdbuf();
		return s.str();
	}
};

using Lines = std::vector<std::string>;
}

TEST(history, lines_come_back_in_order)
{
	Place p;
	Historyfile a(p.file());
	EXPECT_TRUE(a.load().empty());
	a.append("one");
	a.append("zwei äöü");
	EXPECT_EQ(Historyfile(p.file()).load(), (Lines{"one", "zwei äöü"}));
}

TEST(history, what_is_not_utf8_is_skipped)
{
	Place p;
	p.write(std::string("a\xff"
			    "b\n\n\xfe\n\0c\n\xc3\n", 12));
	EXPECT_EQ(Historyfile(p.file()).load(), (Lines{"ab", "c"}));
}

TEST(history, an_unfinished_line_keeps_to_itself)
{
	Place p;
	p.write("whole\ncut o");
	Historyfile h(p.file());
	EXPECT_EQ(h.load(), (Lines{"whole", "cut o"}));
	h.append("next");
	EXPECT_EQ(p.read(), "whole\ncut o\nnext\n");
}

TEST(history, long_lines_are_not_kept)
{
	Place p;
	Historyfile h(p.file());
	h.append(std::string(Historyfile::Maxline + 1, 'x'));
	h.append("");
	h.append("short");
	EXPECT_EQ(p.read(), "short\n");
}

TEST(history, the_newest_lines_are_kept)
{
	Place p;
	std::string text;
	for(int i = 0; i < 1200; i++)
		text += std::to_string(i) + "\n";
	p.write(text);
	Lines l = Historyfile(p.file()).load();
	ASSERT_EQ(l.size(), 1000u);
	EXPECT_EQ(l.front(), "200");
	EXPECT_EQ(l.back(), "1199");
	EXPECT_TRUE(p.read().starts_with("200\n201\n"));
}

TEST(history, a_long_session_does_not_let_it_grow_for_ever)
{
	Place p;
	Historyfile h(p.file());
	for(int i = 0; i < 2500; i++)
		h.append(std::to_string(i));
	std::string s = p.read();
	EXPECT_LE(std::ranges::count(s, '\n'), 2000);
	EXPECT_TRUE(s.ends_with("2498\n2499\n"));
}

TEST(history, a_file_that_is_huge_or_no_text_is_left_alone)
{
	Place p;
	p.write(std::string(6 << 20, 'x'));
	Historyfile h(p.file());
	EXPECT_TRUE(h.load().empty());
	h.append("line");
	EXPECT_EQ(p.read().size(), size_t(6 << 20) + 6);
	EXPECT_EQ(Historyfile(p.file()).load(), Lines{"line"});
}

TEST(history, what_is_no_file_is_not_touched)
{
	Place p;
	p.write("");
	unlink(p.file().c_str());
	mkfifo(p.file().c_str(), 0600);
	Historyfile h(p.file());
	EXPECT_TRUE(h.load().empty());
	h.append("line");
	struct stat st;
	ASSERT_EQ(stat(p.file().c_str(), &st), 0);
	EXPECT_TRUE(S_ISFIFO(st.st_mode));
	Historyfile none("");
	none.append("line");
	EXPECT_TRUE(none.load().empty());
	Historyfile nodir("/dev/null/history");
	nodir.append("line");
	EXPECT_TRUE(nodir.load().empty());
}

TEST(history, several_at_a_time_lose_no_line_while_it_is_trimmed)
{
	Place p;
	constexpr int Each = 150;
	std::string old;
	for(size_t i = 0; i < Historyfile::Maxlines; i++)
		old += "old\n";
	p.write(old);
	std::vector<std::thread> all;
	for(int k = 0; k < 3; k++)
		all.emplace_back([&, k] {
			Historyfile h(p.file());
			for(int i = 0; i < Each; i++)
				h.append(std::to_string(k) + "." + std::to_string(i));
		});
	// Who comes later finds too many lines, again and again.
	all.emplace_back([&] {
		for(int i = 0; i < 50; i++) {
			Historyfile h(p.file());
			h.append(std::string(100, 'x'));
			h.load();
		}
	});
	for(std::thread& t : all)
		t.join();
	Lines l = Historyfile(p.file()).load();
	EXPECT_EQ(l.size(), Historyfile::Maxlines);
	for(int k = 0; k < 3; k++) {
		std::vector<std::string> want, got;
		std::string head = std::to_string(k) + ".";
		for(int i = 0; i < Each; i++)
			want.push_back(head + std::to_string(i));
		std::ranges::copy_if(l, std::back_inserter(got),
			[&](const std::string& s) { return s.starts_with(head); });
		EXPECT_EQ(got, want);
	}
}

// As a stopped emu would keep it.
TEST(history, a_lock_that_is_kept_is_not_waited_for_for_ever)
{
	Place p;
	p.write("old\n");
	int other = open(p.file().c_str(), O_RDWR);
	ASSERT_EQ(flock(other, LOCK_EX), 0);
	Historyfile h(p.file(), 5);
	h.append("one");
	h.append("two");
	EXPECT_EQ(p.read(), "old\none\ntwo\n");
	close(other);
}

TEST(history, its_place_is_as_the_xdg_specification_says)
{
	setenv("XDG_STATE_HOME", "/x/state", 1);
	setenv("HOME", "/x/home", 1);
	EXPECT_EQ(Historyfile::place(), "/x/state/emu/history");
	setenv("XDG_STATE_HOME", "relative", 1);
	EXPECT_EQ(Historyfile::place(), "/x/home/.local/state/emu/history");
	unsetenv("XDG_STATE_HOME");
	EXPECT_EQ(Historyfile::place(), "/x/home/.local/state/emu/history");
	unsetenv("HOME");
	EXPECT_EQ(Historyfile::place(), "");
}
}
