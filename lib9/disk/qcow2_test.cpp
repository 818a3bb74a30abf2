// The engine by itself, over memory: the rows QC and what is ours.  The rows BQ are in
// qcow2bq_test.cpp, crashes in qcow2crash_test.cpp, what qemu-img says of our images in
// qcow2oracle_test.cpp.

#include "lib9/disk/qcow2.h"

#include <gtest/gtest.h>

#include "lib9/disk/faultstore.h"
#include "tests/qcow2_disk.h"

namespace p9::qcow2test {

TEST(qcow2, QC_4_a_new_image_has_the_layout_of_the_seed)
{
	Memstore st;
	Qcow2::create(st, 3770 * M);
	EXPECT_EQ(0x514649fbu, peek<uint32_t>(st, 0));
	EXPECT_EQ(3u, peek<uint32_t>(st, 4));
	EXPECT_EQ(0u, peek<uint64_t>(st, 8));
	EXPECT_EQ(16u, peek<uint32_t>(st, 20));
	EXPECT_EQ(3770 * M, peek<uint64_t>(st, 24));
	EXPECT_EQ(0u, peek<uint32_t>(st, 32));
	EXPECT_EQ(8u, peek<uint32_t>(st, 36));
	EXPECT_EQ(0x10000u, peek<uint64_t>(st, 40));
	EXPECT_EQ(0x20000u, peek<uint64_t>(st, 48));
	EXPECT_EQ(1u, peek<uint32_t>(st, 56));
	EXPECT_EQ(4u, peek<uint32_t>(st, 96));
	EXPECT_EQ(104u, peek<uint32_t>(st, 100));
	EXPECT_EQ(0u, peek<uint64_t>(st, 104));
	EXPECT_EQ(0x30000u, peek<uint64_t>(st, 0x20000));
	for(uint64_t i = 0; i < 5; i++)
		EXPECT_EQ(i < 4 ? 1 : 0, peek<uint16_t>(st, 0x30000 + i * 2));
	EXPECT_EQ(0x40000u, st.size());
}

TEST(qcow2, QC_5_what_is_no_image_is_refused_with_the_seeds_texts)
{
	Stdsync sy;
	Memstore st;
	auto why = [&] { return reason([&] { Qcow2::open(st, sy, Qcow2::Readonly); }); };
	EXPECT_EQ("short read on header", why());
	Qcow2::create(st, M);
	poke<uint32_t>(st, 96, 7);
	EXPECT_EQ("unsupported refcount size 7", why());
	poke<uint32_t>(st, 4, 4);
	EXPECT_EQ("unsupported version: 4", why());
	poke<uint32_t>(st, 0, 0x514649fc);
	EXPECT_EQ("invalid magic", why());
	st.truncate(71);
	EXPECT_EQ("short read on header", why());
}

TEST(qcow2, QC_6_reads_are_clipped_and_what_was_never_written_is_zero)
{
	Disk d(M, 16);
	EXPECT_EQ(fill(100, 0), get(d.q, M - 100, 4096));
	EXPECT_EQ(fill(200 * K, 0), get(d.q, 1000, 200 * K));
}

TEST(qcow2, QC_7_a_write_across_the_end_writes_nothing)
{
	Disk d(M, 16);
	auto b = fill(1024, 7);
	EXPECT_EQ("end of device", reason([&] { d.q.write(b, M - 512); }));
	EXPECT_EQ("end of device", reason([&] { d.q.write(b, UINT64_MAX - 10); }));
	EXPECT_EQ("end of device", reason([&] { d.q.write(b, M + 1); }));
	EXPECT_EQ(fill(512, 0), get(d.q, M - 512, 512));
	d.q.write({}, M);
	d.q.write(b, M - 1024);
	EXPECT_EQ(b, get(d.q, M - 1024, 1024));
}

TEST(qcow2, QC_8_a_new_cluster_is_entered_with_COPIED_and_counted)
{
	Disk d(M, 16);
	d.q.write(fill(10, 1), 0);
	d.q.close();
	uint64_t l1 = peek<uint64_t>(d.st, 0x10000);
	EXPECT_EQ(Copied | 0x40000, l1);
	EXPECT_EQ(Copied | 0x50000, peek<uint64_t>(d.st, 0x40000));
	EXPECT_EQ(1, peek<uint16_t>(d.st, 0x30000 + 5 * 2));
	EXPECT_EQ(0, peek<uint16_t>(d.st, 0x30000 + 6 * 2));
	EXPECT_EQ(0x60000u, d.st.size());
	sound(d.st);
}

TEST(qcow2, QC_9_a_damaged_table_fails_the_request_and_no_other)
{
	Disk d(2 * M, 9);
	d.q.write(fill(512, 1), 0);
	d.q.write(fill(512, 2), M);
	d.q.close();
	uint64_t l2 = d.l2();
	poke<uint64_t>(d.st, l2, Copied);
	d.reopen();
	EXPECT_EQ(
		"corrupt image: L2 entry 0x8000000000000000 of the disk's cluster at 0x0",
		reason([&] { get(d.q, 0, 512); }));
	EXPECT_EQ(
		"corrupt image: L2 entry 0x8000000000000000 of the disk's cluster at 0x0",
		reason([&] { d.q.write(fill(512, 3), 0); }));
	EXPECT_EQ(fill(512, 2), get(d.q, M, 512));
	d.q.write(fill(512, 3), M);
	EXPECT_EQ(fill(512, 3), get(d.q, M, 512));
}

TEST(qcow2, QC_10_a_part_of_a_new_cluster_leaves_zeros_around_it)
{
	Disk d(M, 16);
	d.q.write(fill(10, 9), 70 * K);
	auto want = fill(64 * K, 0);
	std::fill_n(want.begin() + 6 * K, 10, std::byte(9));
	EXPECT_EQ(want, get(d.q, 64 * K, 64 * K));
}

TEST(qcow2, readers_see_whole_writes_while_others_write_and_sync)
{
	Disk d(4 * M, 9);
	std::atomic<bool> stop{false};
	for(int w = 0; w < 2; w++)
		d.sy.spawn("writer", [&d, &stop, w] {
			for(uint64_t c = w; c < 8192; c += 2)
				d.q.write(fill(512, int(c & 0x7f) + 1), c * 512);
			stop = true;
		});
	d.sy.spawn("syncer", [&] {
		while(!stop)
			d.q.sync();
	});
	d.sy.spawn("reader", [&] {
		while(!stop)
			for(uint64_t c = 0; c < 8192; c += 13) {
				auto b = get(d.q, c * 512, 512);
				ASSERT_TRUE(b == fill(512, 0) ||
					    b == fill(512, int(c & 0x7f) + 1));
			}
	});
	d.sy.join();
	d.q.close();
	sound(d.st);
}

TEST(qcow2, a_table_is_never_taken_for_data)
{
	Disk d(M, 9);
	d.q.write(fill(512, 1), 0);
	d.q.close();
	uint64_t l1 = peek<uint64_t>(d.st, 40);
	poke<uint64_t>(d.st, d.l2(), Copied | l1);
	uint64_t was = peek<uint64_t>(d.st, l1);
	d.reopen();
	EXPECT_EQ("corrupt image: cluster that is not the disk's own at 0x0",
		  reason([&] { d.q.write(fill(512, 7), 0); }));
	d.q.write(fill(512, 7), 512);
	d.q.close();
	EXPECT_EQ(was, peek<uint64_t>(d.st, l1));
}

TEST(qcow2, autoclear_bits_go_before_the_first_write_and_not_earlier)
{
	Disk d(M, 16);
	poke<uint64_t>(d.st, 88, 0xf1);
	d.reopen();
	get(d.q, 0, 10);
	d.q.sync();
	EXPECT_EQ(0xf1u, peek<uint64_t>(d.st, 88));
	d.q.write(fill(1, 1), 0);
	EXPECT_EQ(0u, peek<uint64_t>(d.st, 88));
}

TEST(qcow2, an_image_that_was_only_read_is_not_touched)
{
	Memstore st;
	Qcow2::create(st, M);
	Faultstore f(st);
	Stdsync sy;
	Qcow2 q = Qcow2::open(f, sy, Qcow2::Readwrite);
	get(q, 0, M);
	q.close();
	EXPECT_EQ(0u, f.count);
	Qcow2 r = Qcow2::open(f, sy, Qcow2::Readonly);
	EXPECT_EQ(Erofs, reason([&] { r.write(fill(1, 1), 0); }));
	r.sync();
	r.close();
	EXPECT_EQ(0u, f.count);
	EXPECT_EQ(Eshutdown, reason([&] { get(r, 0, 1); }));
}

TEST(qcow2, a_sync_after_a_small_new_write_costs_one_flush_while_the_reservation_lasts)
{
	Memstore st;
	Qcow2::create(st, 16 * M, 16);
	Faultstore f(st);
	Stdsync sy;
	Qcow2 q = Qcow2::open(f, sy, Qcow2::Readwrite);
	for(uint64_t i = 0; i < 200; i++) {
		q.write(fill(4096, 1), i * 64 * K);
		q.sync();
	}
	size_t flushes = 0;
	for(const Faultstore::Op& op : f.log())
		flushes += op.kind == Faultstore::Op::Flush;
	EXPECT_LE(flushes, 203u);
}

TEST(qcow2, clusters_that_lie_together_are_one_call_of_the_store)
{
	Memstore st;
	Qcow2::create(st, 16 * M, 16);
	Faultstore f(st);
	Stdsync sy;
	Qcow2 q = Qcow2::open(f, sy, Qcow2::Readwrite);
	q.write(oracle::noise(M, 1), 0);
	EXPECT_EQ(2u, f.count);	// with the new table's room
	uint64_t was = f.reads;
	EXPECT_EQ(oracle::noise(M, 1), get(q, 0, M));
	EXPECT_EQ(was + 1, f.reads);
}

// The cache holds 32 tables of 2 MiB, each of which maps 512 GiB.
TEST(qcow2, more_tables_than_the_cache_holds_come_and_go)
{
	Disk d(50ull << 39, 21, G);
	auto where = [](uint64_t i) { return (i << 39) + i * 4096; };
	for(uint64_t i = 0; i < 50; i++)
		d.q.write(oracle::noise(4096, uint32_t(i)), where(i));
	for(uint64_t i = 0; i < 50; i++)
		ASSERT_EQ(oracle::noise(4096, uint32_t(i)), get(d.q, where(i), 4096)) << i;
	for(uint64_t i = 0; i < 50; i++)
		d.q.write(oracle::noise(512, uint32_t(i + 100)), where(i) + 4 * M);
	d.q.close();
	d.reopen(Qcow2::Readonly);
	for(uint64_t i = 0; i < 50; i++) {
		ASSERT_EQ(oracle::noise(4096, uint32_t(i)), get(d.q, where(i), 4096)) << i;
		ASSERT_EQ(oracle::noise(512, uint32_t(i + 100)),
			  get(d.q, where(i) + 4 * M, 512));
	}
}
}
