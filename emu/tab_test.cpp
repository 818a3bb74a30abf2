#include "emu/tab.h"

#include <gtest/gtest.h>

#include "lib9/error.h"
#include "port/console.h"
#include "port/proc.h"
#include "port/qlock.h"
#include "port/rendez.h"
#include "tests/test.h"

namespace p9 {

TEST(columns, are_read_downwards)
{
	EXPECT_EQ(columns({"a", "bb", "ccc", "d", "e"}, 12, 24), "a    d\nbb   e\nccc\n");
	EXPECT_EQ(columns({"a", "b"}, 80, 24), "a  b\n");
	EXPECT_EQ(columns({}, 80, 24), "");
}

TEST(columns, runes_are_counted_not_bytes)
{
	EXPECT_EQ(columns({"ää", "b"}, 80, 24), "ää  b\n");
}

TEST(columns, a_name_wider_than_the_screen_has_a_row)
{
	EXPECT_EQ(columns({"long", "longer"}, 3, 24), "long\nlonger\n");
	EXPECT_EQ(columns({"x"}, 0, 0), "x\n");
}

TEST(columns, what_does_not_fit_the_screen_is_counted)
{
	std::vector<std::string> n(100, "name");
	EXPECT_EQ(columns(n, 6, 5), "name\nname\nname\nand 97 more\n");
}

namespace {

// What a completer's Proc said to those who wait.
struct Answer {
	Lock lk; // guards what follows
	Rendez r;
	int times = 0;
	std::optional<Completion> got;

	void tell(std::optional<Completion> c)
	{
		std::scoped_lock l(lk);
		times++;
		got = std::move(c);
		r.wakeup();
	}
	void wait()
	{
		std::unique_lock l(lk);
		r.sleep(l, "completion", [this] { return times > 0; });
	}
};

Completion
shout(std::string_view line)
{
	return {line.size(), std::string(line) + "!", {}};
}
}

PTEST(complete, the_completer_runs_in_a_proc_of_its_own)
{
	Answer a;
	completer([](std::string_view line) {
		Completion c = shout(line);
		c.choices = {std::to_string(getpid()), getwd()};
		return c;
	});
	chdir("/env");
	Ref<Proc> p = complete("hello", [&](auto c) { a.tell(std::move(c)); });
	ASSERT_TRUE(p);
	a.wait();
	ASSERT_TRUE(a.got);
	EXPECT_EQ(a.got->text, "hello!");
	EXPECT_EQ(a.got->choices, (std::vector{std::to_string(p->pid), std::string("/env")}));
	EXPECT_NE(p->pid, getpid());
}

PTEST(complete, a_program_without_a_completer_has_none)
{
	EXPECT_FALSE(complete("x", [](auto) { ADD_FAILURE(); }));
	completer(shout);
	int pid = rfork(RFFDG, [] { EXPECT_FALSE(complete("x", [](auto) {})); });
	EXPECT_EQ(wait().pid, pid);
}

PTEST(complete, one_that_fails_says_so)
{
	Answer a;
	completer([](std::string_view) -> Completion { error(Enonexist); });
	Ref<Proc> p = complete("x", [&](auto c) { a.tell(std::move(c)); });
	a.wait();
	EXPECT_FALSE(a.got);
}

PTEST(complete, one_that_waits_is_interrupted)
{
	Answer a;
	completer([](std::string_view) {
		sleep(1000000);
		return Completion();
	});
	Ref<Proc> p = complete("x", [&](auto c) { a.tell(std::move(c)); });
	yield();
	p->interrupt();
	a.wait();
	EXPECT_FALSE(a.got);
	EXPECT_EQ(a.times, 1);
}
}
