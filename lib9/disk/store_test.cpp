#include <algorithm>

#include "lib9/disk/store.h"

#include <gtest/gtest.h>

#include "lib9/disk/faultstore.h"
#include "tests/qcow2_disk.h"

namespace p9::qcow2test {

TEST(store, memory_reads_what_was_written_and_zeros_in_between)
{
	Memstore st;
	auto b = oracle::noise(200 * K, 1);
	st.write(b, 100 * K);
	EXPECT_EQ(300 * K, st.size());
	auto got = fill(400 * K, 0xee);
	EXPECT_EQ(300 * K, st.read(got, 0));
	auto want = fill(300 * K, 0);
	std::ranges::copy(b, want.begin() + 100 * K);
	got.resize(300 * K);
	EXPECT_EQ(want, got);
	EXPECT_EQ(0u, st.read(got, 300 * K));
	EXPECT_EQ(0u, st.read(got, UINT64_MAX));
}

TEST(store, what_a_truncation_cut_off_comes_back_as_zeros)
{
	Memstore st;
	st.write(fill(200 * K, 1), 0);
	st.truncate(70 * K);
	st.truncate(200 * K);
	auto got = fill(200 * K, 0xee), want = fill(200 * K, 0);
	std::fill_n(want.begin(), 70 * K, std::byte(1));
	EXPECT_EQ(200 * K, st.read(got, 0));
	EXPECT_EQ(want, got);
}

TEST(store, memory_never_grows_above_its_cap)
{
	Memstore st(1000);
	EXPECT_EQ(Enospace, reason([&] { st.write(fill(2, 1), 999); }));
	EXPECT_EQ(Enospace, reason([&] { st.write(fill(2, 1), UINT64_MAX); }));
	EXPECT_EQ(Enospace, reason([&] { st.truncate(1001); }));
	EXPECT_EQ(0u, st.size());
	st.write(fill(1000, 1), 0);
	EXPECT_EQ(1000u, st.size());
}

TEST(store, a_log_replayed_makes_the_same_store)
{
	Memstore a, b, c;
	Faultstore f(a);
	f.write(fill(1000, 1), 10);
	f.truncate(500);
	f.flush();
	f.write(fill(10, 2), 5000);
	for(const auto& op : f.log())
		replay(b, op);
	copystore(a, c);
	for(Store* s : {static_cast<Store*>(&b), static_cast<Store*>(&c)}) {
		auto want = fill(a.size(), 0), got = want;
		a.read(want, 0);
		EXPECT_EQ(want.size(), s->size());
		s->read(got, 0);
		EXPECT_EQ(want, got);
	}
}

TEST(store, a_crash_keeps_what_was_flushed_and_any_of_the_rest)
{
	Memstore a;
	Faultstore f(a);
	f.write(fill(512, 1), 0);
	f.flush();
	f.write(fill(1024, 2), 512);
	std::mt19937 r(1);
	int kept = 0;
	for(int i = 0; i < 100; i++) {
		Memstore st;
		crash(st, f.log(), r);
		auto b = fill(1536, 0);
		st.read(b, 0);
		EXPECT_EQ(std::byte(1), b[0]);
		kept += b[512] == std::byte(2);
		kept += b[1024] == std::byte(2);
	}
	EXPECT_GT(kept, 50);
	EXPECT_LT(kept, 150);
}

TEST(store, a_step_that_is_told_to_fail_fails_once)
{
	Memstore a;
	Faultstore f(a);
	f.fail(1, 2);
	f.write(fill(512, 1), 0);
	EXPECT_EQ(Enospace, reason([&] { f.write(fill(1024, 2), 512); }));
	EXPECT_EQ(1024u, a.size());	// half of it
	f.flush();
	EXPECT_EQ(2u, f.log().size());
}
}
