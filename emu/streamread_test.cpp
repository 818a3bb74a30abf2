// When a reader looks again before it sleeps.

#include "emu/streamread.h"

#include <gtest/gtest.h>

namespace p9 {

namespace {

constexpr int64_t Us = 1000;

// Waits until it is to look: how many sleep.
int
sleepsbefore(Patience& p)
{
	int n = 0;
	while(n < 5000 && !p.look())
		n++;
	return n;
}
}

TEST(streamread, only_who_slept_shortly_looks)
{
	Patience p;
	EXPECT_FALSE(p.look());
	p.slept(Patience::Soon - 1);
	EXPECT_TRUE(p.look());
	p.slept(Patience::Soon);
	EXPECT_FALSE(p.look());
}

TEST(streamread, as_long_as_it_pays_it_is_looked_each_time)
{
	Patience p;
	p.slept(5 * Us);
	for(int i = 0; i < 100; i++) {
		EXPECT_TRUE(p.look());
		p.looked(true, 2 * Us);
	}
}

TEST(streamread, what_a_vain_look_cost_is_earned_back_by_sleeps)
{
	Patience p;
	p.slept(5 * Us);
	ASSERT_TRUE(p.look());
	p.looked(false, 100 * Us);
	EXPECT_EQ(sleepsbefore(p), 50);
	p.looked(true, 2 * Us);
	EXPECT_EQ(sleepsbefore(p), 0);
}

// Another process had the CPU for a slice: it would have been the sleeper's before.
TEST(streamread, what_is_found_late_did_not_pay)
{
	Patience p;
	p.slept(5 * Us);
	ASSERT_TRUE(p.look());
	p.looked(true, 3000 * Us);
	EXPECT_EQ(sleepsbefore(p), 1500);
}
}
