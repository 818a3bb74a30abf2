#include "cmd/rc/complete.h"

#include <gtest/gtest.h>

#include "port/sys.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

using Kind = Tabtarget::Kind;

Kind
kind(std::string_view line)
{
	return tabtarget(line).kind;
}

// The directory as text, with $x for variables, a bar, and the element.
std::string
split(std::string_view line)
{
	Tabtarget t = tabtarget(line);
	std::string s;
	for(const Tabtarget::Part& p : t.dir)
		s += p.var ? "$" + p.s : p.s;
	return s + "|" + t.elem;
}

// The line after a Tab that has found these names; those that end in / are directories.
std::string
filled(std::string line, const std::vector<std::string>& names)
{
	std::vector<Tabchoice> found;
	for(std::string n : names) {
		bool dir = n.ends_with('/');
		if(dir)
			n.pop_back();
		found.push_back({n, dir});
	}
	Completion c = tabfill(tabtarget(line), line, found);
	return line.substr(0, line.size() - c.drop) + c.text;
}

std::string
tab(const std::string& line)
{
	Completion c = tabcomplete(line);
	return line.substr(0, line.size() - c.drop) + c.text;
}
}

TEST(tab, the_first_word_of_a_command_is_a_command)
{
	for(std::string_view line : {"ec", "", "a; ec", "a&ec", "a & ec", "a | ec", "a && ec",
		"a || ec", "{ec", "{ ec", "`{ec", "echo `{ec", "a <{ec", "! ec", "@ ec",
		"@{ec", "if(ec", "if(a) ec", "if(a)ec", "if not ec", "while(ec", "while(a) ec",
		"for(i in a b) ec", "for(i) ec", "x=y ec", "x=(a b) ec", "x=`{a} ec",
		"x=y z=w ec", "fn f{ec", "fn f {ec", ">file ec", ">[2=1] ec", "<file >f ec",
		"exec ec", "builtin ec", "time ec", "a |[2] ec", "switch(x){ec", "a; b; ec"})
		EXPECT_EQ(kind(line), Kind::Command) << line;
}

TEST(tab, other_words_are_files)
{
	for(std::string_view line : {"cat f", "cat ", "cat a f", "cat >f", "cat > f", "cat <f",
		"cat >>f", "cat <>f", "cat >[2]f", ">f", "x=f", "x=(f", "x=(a f", "cat (f",
		"cat (a b) f", "a=b c f", "{cat f", "for(i in f", "for(i in a f", "~ $x f",
		"cat <{ls} f", "cat `{ls} f", "cat x=f", "dd -if f", "{ls} >f", "ls | cat f",
		"cat for f", "switch(f", "switch f", "if(a) b f"})
		EXPECT_EQ(kind(line), Kind::File) << line;
}

TEST(tab, what_is_no_word_is_left_alone)
{
	for(std::string_view line : {"# comm", "echo a # comm", "cat <<EO", "for(i", "cat >[2",
		"{ls}f", "(a b)f", "cat `{ls}/f", "cat (a b)^/f", "cat $x(1)f", "cat $x^f",
		"cat *.d/f", "cat $#x/f", "cat $\"x/f", "echo a#b"})
		EXPECT_EQ(kind(line), Kind::None) << line;
}

TEST(tab, variables_functions_and_directories)
{
	for(std::string_view line : {"$pa", "echo $pa", "echo $#pa", "echo $\"pa", "cat a$pa",
		"echo $", "x=$pa", "cat 'a b'$pa"})
		EXPECT_EQ(kind(line), Kind::Variable) << line;
	EXPECT_EQ(split("cat $a/$pa"), "|pa");
	EXPECT_EQ(tabtarget("echo $pa").start, 6u);
	EXPECT_EQ(kind("fn f"), Kind::Function);
	EXPECT_EQ(kind("fn f g"), Kind::Function);
	EXPECT_EQ(kind("cd d"), Kind::Dir);
	EXPECT_EQ(kind("cd"), Kind::Command);
}

TEST(tab, the_word_is_parted_at_its_last_slash)
{
	EXPECT_EQ(split("cat /a/b/c"), "/a/b/|c");
	EXPECT_EQ(split("cat ../x"), "../|x");
	EXPECT_EQ(split("cat /"), "/|");
	EXPECT_EQ(split("cat $home/lib/pro"), "$home/lib/|pro");
	EXPECT_EQ(split("cat 'a b/c d"), "a b/|c d");
	EXPECT_EQ(split("cat 'a b'/c"), "a b/|c");
	EXPECT_EQ(split("cat '#c'/co"), "#c/|co");
	EXPECT_EQ(split("cat it''s/it''s"), "its/|its");
	EXPECT_EQ(split("cat 'it''s/it''s"), "it's/|it's");
	EXPECT_EQ(split("cat a^b/c"), "ab/|c");
	EXPECT_EQ(split("disk/qc"), "disk/|qc");
	EXPECT_EQ(split("cat \xff/\xfe"), "\xff/|\xfe");
}

TEST(tab, one_name_is_put_in_whole)
{
	EXPECT_EQ(filled("cat fi", {"file"}), "cat file ");
	EXPECT_EQ(filled("cat /a/di", {"dir/"}), "cat /a/dir/");
	EXPECT_EQ(filled("cat ", {"file"}), "cat file ");
	EXPECT_EQ(filled("ec", {"echo"}), "echo ");
	EXPECT_EQ(filled("echo $pa", {"path"}), "echo $path");
	EXPECT_EQ(filled("cat ä", {"äöü"}), "cat äöü ");
	EXPECT_EQ(filled("cat file", {"file"}), "cat file ");
}

TEST(tab, of_several_names_what_they_share)
{
	EXPECT_EQ(filled("cat f", {"file", "filter"}), "cat fil");
	EXPECT_EQ(filled("cat fil", {"file", "filter"}), "cat fil");
	EXPECT_EQ(filled("cat f", {"file", "file2/"}), "cat file");
	EXPECT_EQ(filled("cat a", {"aä", "aö"}), "cat a") << "no half rune";
	Completion c = tabfill(tabtarget("cat f"), "cat f", {{"fb", true}, {"fa", false}});
	EXPECT_EQ(c.choices, (std::vector<std::string>{"fa", "fb/"}));
	EXPECT_EQ(c.text, "f");
}

TEST(tab, a_name_found_twice_is_one)
{
	EXPECT_EQ(filled("ec", {"echo", "echo"}), "echo ");
	EXPECT_EQ(filled("ec", {"echo/", "echo"}), "echo ");
}

TEST(tab, nothing_found_changes_nothing)
{
	EXPECT_EQ(filled("cat f", {}), "cat f");
	EXPECT_TRUE(tabfill(tabtarget("cat f"), "cat f", {}).choices.empty());
}

TEST(tab, what_rc_would_take_for_its_own_is_quoted)
{
	EXPECT_EQ(filled("cat t", {"two words"}), "cat 'two words' ");
	EXPECT_EQ(filled("cat /a/t", {"two words"}), "cat /a/'two words' ");
	EXPECT_EQ(filled("cat d", {"d d/"}), "cat 'd d'/");
	EXPECT_EQ(filled("cat i", {"it's"}), "cat 'it''s' ");
	EXPECT_EQ(filled("cat t", {"two words", "two x"}), "cat 'two ");
	EXPECT_EQ(filled("cat 'two ", {"two words", "two x"}), "cat 'two ");
	EXPECT_EQ(filled("cat 'two w", {"two words"}), "cat 'two words' ");
	EXPECT_EQ(filled("cat a", {"a*b"}), "cat 'a*b' ");
	EXPECT_EQ(filled("cat a", {"a=b"}), "cat 'a=b' ");
	EXPECT_EQ(filled("cat '#c'/co", {"cons"}), "cat '#c'/cons ");
}

TEST(tab, quotes_that_are_open_are_gone_on_with)
{
	EXPECT_EQ(filled("cat 'a b/c", {"cd"}), "cat 'a b/cd' ");
	EXPECT_EQ(filled("cat 'a b/c", {"c d/"}), "cat 'a b/c d'/");
	EXPECT_EQ(filled("cat 'a b/i", {"it's", "it'd"}), "cat 'a b/it''");
	EXPECT_EQ(filled("cat 'a b/'c", {"cd"}), "cat 'a b/cd' ");
	EXPECT_EQ(filled("cat 'fi", {"file"}), "cat 'file' ");
	EXPECT_EQ(filled("cat 'fi'", {"file"}), "cat 'file' ");
}

// Whatever the line is, what is put in stands at its end.
TEST(tab, any_line_at_all)
{
	const std::string parts[] = {"a", " ", "'", "$", "/", "(", ")", "{", "}", "`", "<", ">",
		"[", "]", "=", "^", "#", "\"", ";", "&", "|", "if", "for", "fn", "\xff", "ä"};
	uint32_t seed = 1;
	for(int i = 0; i < 20000; i++) {
		std::string line;
		for(int k = 0; k < 12; k++) {
			seed = seed * 1664525 + 1013904223;
			line += parts[(seed >> 16) % std::size(parts)];
		}
		Tabtarget t = tabtarget(line);
		ASSERT_LE(t.start, line.size()) << line;
		Completion c = tabfill(t, line, {{t.elem + "x", false}});
		ASSERT_LE(c.drop, line.size()) << line;
	}
}

PTEST(tab, names_are_those_of_the_name_space)
{
	stdns();
	writefile("/tmp/onlyhere", "x");
	create("/tmp/adir", OREAD, DMDIR | 0777);
	writefile("/tmp/adir/inside", "x");
	EXPECT_EQ(tab("cat /tmp/on"), "cat /tmp/onlyhere ");
	EXPECT_EQ(tab("cat /tmp/adir/"), "cat /tmp/adir/inside ");
	EXPECT_EQ(tab("cd /tmp/"), "cd /tmp/adir/");
	EXPECT_EQ(tab("cat /nosuch/x"), "cat /nosuch/x");
	p9::bind("/tmp/adir", "/tmp", MBEFORE);
	EXPECT_EQ(tab("cat /tmp/ins"), "cat /tmp/inside ");
	chdir("/tmp");
	EXPECT_EQ(tab("cat onl"), "cat onlyhere ");
	EXPECT_EQ(tab("cat '#c'/hosto"), "cat '#c'/hostowner ");
}

PTEST(tab, commands_are_looked_for_along_path)
{
	stdns();
	putenv("path", std::string(".\0/bin\0", 7));
	chdir("/tmp");
	writefile("plainfile", "x");
	EXPECT_EQ(tab("plainf"), "plainf") << "it is no program";
	close(create("program", OWRITE, 0777));
	EXPECT_EQ(tab("progr"), "program ");
	EXPECT_EQ(tab("ech"), "echo ");
	EXPECT_EQ(tab("./progr"), "./program ");
	EXPECT_EQ(tab("/bin/ech"), "/bin/echo ");
	EXPECT_EQ(tab("disk/qcow"), "disk/qcowfs ");
	EXPECT_EQ(tab("what"), "whatis ") << "a builtin";
	EXPECT_EQ(tab("swi"), "switch ") << "a keyword";
	putenv("fn#greet", "fn greet{echo}\n");
	EXPECT_EQ(tab("gree"), "greet ");
	EXPECT_EQ(tab("fn gree"), "fn greet ");
}

PTEST(tab, variables_are_those_of_env)
{
	stdns();
	putenv("thevariable", std::string("/tmp\0", 5));
	putenv("pair", std::string("a\0b\0", 4));
	writefile("/tmp/onlyhere", "x");
	EXPECT_EQ(tab("echo $theva"), "echo $thevariable");
	EXPECT_EQ(tab("echo $#theva"), "echo $#thevariable");
	EXPECT_EQ(tab("cat $thevariable/on"), "cat $thevariable/onlyhere ");
	EXPECT_EQ(tab("cat $pair/on"), "cat $pair/on") << "two directories";
	EXPECT_EQ(tab("cat $unset/on"), "cat $unset/on");
	putenv("fn#thevar", "fn thevar{}\n");
	EXPECT_EQ(tab("echo $theva"), "echo $thevariable") << "functions are none";
}

PTEST(tab, a_dot_is_hidden_until_it_is_typed)
{
	stdns();
	create("/tmp/d", OREAD, DMDIR | 0777);
	writefile("/tmp/d/.hidden", "x");
	writefile("/tmp/d/shown", "x");
	EXPECT_EQ(tab("cat /tmp/d/"), "cat /tmp/d/shown ");
	EXPECT_EQ(tab("cat /tmp/d/."), "cat /tmp/d/.hidden ");
}
}
