// The faults of the seed (rows BQ), over memory.

#include "lib9/disk/qcow2.h"

#include <gtest/gtest.h>

#include "lib9/disk/faultstore.h"
#include "tests/qcow2_disk.h"

namespace p9::qcow2test {

TEST(qcow2, BQ_1_BQ_2_counts_above_255_go_up_and_down_right)
{
	Disk d(64 * K, 9);
	d.q.write(fill(512, 1), 0);
	d.q.close();
	uint64_t block = peek<uint64_t>(d.st, peek<uint64_t>(d.st, 48));
	uint64_t data = peek<uint64_t>(d.st, d.l2()) & ~Copied;
	poke<uint64_t>(d.st, d.l2(), data);	// shared, it says
	poke<uint16_t>(d.st, block + data / 512 * 2, 0x0200);
	d.reopen();
	d.q.write(fill(1, 2), 0);
	d.q.close();
	EXPECT_EQ(0x01ff, peek<uint16_t>(d.st, block + data / 512 * 2));
}

TEST(qcow2, BQ_3_data_behind_a_hole_in_the_same_read)
{
	Disk d(M, 16);
	auto b = oracle::noise(64 * K, 1);
	d.q.write(b, 128 * K);
	d.q.write(b, 256 * K);
	auto got = get(d.q, 64 * K, 320 * K);
	auto want = fill(320 * K, 0);
	std::copy(b.begin(), b.end(), want.begin() + 64 * K);
	std::copy(b.begin(), b.end(), want.begin() + 192 * K);
	EXPECT_EQ(want, got);
}

TEST(qcow2, BQ_4_an_error_says_what_is_wrong_and_where)
{
	Disk d(M, 16);
	d.q.write(fill(10, 1), 0);
	d.q.close();
	poke<uint64_t>(d.st, 0x10000, Copied | 0x770000);
	d.reopen();
	EXPECT_EQ("corrupt image: L2 table at 0x770000",
		  reason([&] { get(d.q, 0, 10); }));
}

TEST(qcow2, BQ_5_a_read_behind_the_end_answers_nothing)
{
	Disk d(M, 16);
	EXPECT_EQ(fill(0, 0), get(d.q, M, 10));
	EXPECT_EQ(fill(0, 0), get(d.q, M + 1, 10));
	EXPECT_EQ(fill(0, 0), get(d.q, UINT64_MAX - 5, 100));
}

TEST(qcow2, BQ_6_a_last_cluster_that_the_file_cuts_short_reads_as_zeros_there)
{
	Disk d(M, 16);
	d.q.write(fill(64 * K, 5), 0);
	d.q.close();
	d.st.truncate(0x50000 + 1000);
	d.reopen(Qcow2::Readonly);
	auto want = fill(64 * K, 0);
	std::fill_n(want.begin(), 1000, std::byte(5));
	EXPECT_EQ(want, get(d.q, 0, 64 * K));
}

// Shares the disk's only data cluster and L2 table as a snapshot does: both count 2.
static void
share(Disk& d)
{
	uint64_t block = peek<uint64_t>(d.st, peek<uint64_t>(d.st, 48));
	uint64_t c = 1ull << peek<uint32_t>(d.st, 20);
	uint64_t l2 = d.l2(), data = peek<uint64_t>(d.st, l2) & ~Copied;
	poke<uint64_t>(d.st, peek<uint64_t>(d.st, 40), l2);
	poke<uint64_t>(d.st, l2, data);
	poke<uint16_t>(d.st, block + l2 / c * 2, 2);
	poke<uint16_t>(d.st, block + data / c * 2, 2);
}

TEST(qcow2, BQ_7_a_shared_cluster_is_copied_and_never_written)
{
	Disk d(M, 16);
	d.q.write(fill(64 * K, 1), 0);
	d.q.close();
	share(d);
	uint64_t l2 = d.l2(), data = peek<uint64_t>(d.st, l2);
	d.reopen();
	d.q.write(fill(100, 2), 1000);
	d.q.close();
	EXPECT_NE(l2, d.l2());
	EXPECT_EQ(data, peek<uint64_t>(d.st, l2));
	auto old = fill(64 * K, 0);
	d.st.read(old, data);
	EXPECT_EQ(fill(64 * K, 1), old);
	auto want = fill(64 * K, 1);
	std::fill_n(want.begin() + 1000, 100, std::byte(2));
	d.reopen();
	EXPECT_EQ(want, get(d.q, 0, 64 * K));
}

// QEMU leaves this behind when it dies while it goes back to a snapshot.
TEST(qcow2, BQ_7_a_stale_COPIED_flag_is_not_believed)
{
	Disk d(M, 16);
	d.q.write(fill(64 * K, 1), 0);
	d.q.close();
	uint64_t l2 = d.l2(), data = peek<uint64_t>(d.st, l2);
	share(d);
	poke<uint64_t>(d.st, 0x10000, l2 | Copied);
	poke<uint64_t>(d.st, l2, data);
	d.reopen();
	d.q.write(fill(64 * K, 2), 0);
	d.q.close();
	auto old = fill(64 * K, 0);
	d.st.read(old, data & ~Copied);
	EXPECT_EQ(fill(64 * K, 1), old);
}

TEST(qcow2, BQ_8_what_a_copy_replaces_loses_its_count)
{
	Disk d(M, 16);
	d.q.write(fill(64 * K, 1), 0);
	d.q.close();
	share(d);
	uint64_t l2 = d.l2(), data = peek<uint64_t>(d.st, l2);
	d.reopen();
	d.q.write(fill(100, 2), 1000);
	d.q.close();
	EXPECT_EQ(1, peek<uint16_t>(d.st, 0x30000 + l2 / (64 * K) * 2));
	EXPECT_EQ(1, peek<uint16_t>(d.st, 0x30000 + data / (64 * K) * 2));
}

TEST(qcow2, BQ_9_version_2_images_open_and_bytes_behind_their_header_mean_nothing)
{
	Disk d(M, 16);
	d.q.write(fill(10, 3), 5);
	d.q.close();
	poke<uint32_t>(d.st, 4, 2);
	for(uint64_t off = 72; off < 104; off += 8)
		poke<uint64_t>(d.st, off, UINT64_MAX);
	d.reopen();
	EXPECT_EQ(fill(10, 3), get(d.q, 5, 10));
	d.q.write(fill(10, 4), 500 * K);
	d.q.close();
	sound(d.st);
}

TEST(qcow2, BQ_10_BQ_11_what_it_cannot_do_is_refused_by_name)
{
	Stdsync sy;
	auto why = [&](Qcow2::Mode mode, const std::function<void(Store&)>& change) {
		Memstore st;
		Qcow2::create(st, M);
		change(st);
		return reason([&] { Qcow2::open(st, sy, mode); });
	};
	auto feature = [](uint64_t v) {
		return [v](Store& st) { poke<uint64_t>(st, 72, v); };
	};
	auto crypt = [](uint32_t v) {
		return [v](Store& st) { poke<uint32_t>(st, 32, v); };
	};
	const auto R = Qcow2::Readonly, W = Qcow2::Readwrite;
	EXPECT_EQ("unsupported external data file", why(R, feature(4)));
	EXPECT_EQ("unsupported extended L2 entries", why(R, feature(16)));
	EXPECT_EQ("unsupported feature: incompatible feature bit 63",
		  why(R, feature(1ull << 63)));
	EXPECT_EQ("unsupported encryption AES", why(R, crypt(1)));
	EXPECT_EQ("unsupported encryption LUKS", why(R, crypt(2)));
	EXPECT_EQ("", why(R, feature(1)));
	EXPECT_EQ("image is dirty: it may only be read until qemu-img check -r all",
		  why(W, feature(1)));
	EXPECT_EQ("", why(R, feature(2)));
	EXPECT_EQ("image is marked corrupt: it may only be read", why(W, feature(2)));
	EXPECT_EQ("unsupported backing file 'base'", why(R, [](Store& st) {
			  st.write(std::as_bytes(std::span("base", 4)), 1000);
			  poke<uint64_t>(st, 8, 1000);
			  poke<uint32_t>(st, 16, 4);
		  }));
	EXPECT_EQ("unsupported feature: frobnication", why(W, [](Store& st) {
			  poke<uint64_t>(st, 72, 1 << 9);
			  poke<uint32_t>(st, 104, 0x6803f857);
			  poke<uint32_t>(st, 108, 48);
			  poke<uint16_t>(st, 112, 9);
			  st.write(std::as_bytes(std::span("frobnication", 12)), 114);
		  }));
	EXPECT_EQ("unsupported compression type 7", why(R, [](Store& st) {
			  poke<uint64_t>(st, 72, 8);
			  poke<uint32_t>(st, 100, 112);
			  poke<uint8_t>(st, 104, 7);
		  }));
	EXPECT_EQ("corrupt image: compression type at 0x68", why(R, feature(8)));
}

TEST(qcow2, BQ_12_header_numbers_are_checked_before_they_are_used)
{
	Stdsync sy;
	auto why = [&](uint64_t off, auto v) {
		Memstore st;
		Qcow2::create(st, M);
		poke(st, off, v);
		return reason([&] { Qcow2::open(st, sy, Qcow2::Readwrite); });
	};
	EXPECT_EQ("unsupported cluster size 2^200", why(20, uint32_t(200)));
	EXPECT_EQ("unsupported cluster size 2^8", why(20, uint32_t(8)));
	EXPECT_EQ("corrupt image: L1 table size at 0x24", why(36, uint32_t(0x20000001)));
	EXPECT_EQ("corrupt image: L1 table size at 0x24", why(36, uint32_t(0)));
	EXPECT_EQ("corrupt image: L1 table size at 0x24", why(24, uint64_t(1) << 60));
	EXPECT_EQ("corrupt image: disk size at 0x18", why(24, UINT64_MAX));
	EXPECT_EQ("corrupt image: L1 table offset at 0x28", why(40, uint64_t(0x10200)));
	EXPECT_EQ("corrupt image: L1 table offset at 0x28", why(40, uint64_t(1) << 40));
	EXPECT_EQ("corrupt image: refcount table offset at 0x30",
		  why(48, uint64_t(0x20008)));
	EXPECT_EQ("corrupt image: refcount table offset at 0x30",
		  why(48, uint64_t(1) << 40));
	EXPECT_EQ("corrupt image: refcount table size at 0x38", why(56, uint32_t(0)));
	EXPECT_EQ("corrupt image: refcount table size at 0x38", why(56, UINT32_MAX));
	EXPECT_EQ("corrupt image: number of snapshots at 0x3c", why(60, UINT32_MAX));
	EXPECT_EQ("corrupt image: header length at 0x64", why(100, uint32_t(96)));
	EXPECT_EQ("corrupt image: backing file name at 0x8", why(8, uint64_t(1) << 20));
}

TEST(qcow2, BQ_13_zero_clusters_read_as_zeros_and_reserved_bits_are_no_address)
{
	Disk d(M, 9);
	for(int i = 0; i < 4; i++)
		d.q.write(fill(512, i + 1), i * 512);
	d.q.close();
	uint64_t l2 = d.l2(), e = peek<uint64_t>(d.st, l2 + 8);
	poke<uint64_t>(d.st, l2 + 8, e | 1);	// zero, and it has a place
	poke<uint64_t>(d.st, l2 + 24, peek<uint64_t>(d.st, l2 + 24) | 0x3f00000000000000);
	d.reopen();
	EXPECT_EQ(fill(512, 0), get(d.q, 512, 512));
	EXPECT_EQ(fill(512, 4), get(d.q, 1536, 512));
	d.q.write(fill(10, 9), 600);
	auto want = fill(512, 0);
	std::fill_n(want.begin() + 88, 10, std::byte(9));
	EXPECT_EQ(want, get(d.q, 512, 512));
	EXPECT_EQ(fill(512, 3), get(d.q, 1024, 512));
	d.q.close();
	EXPECT_EQ(e, peek<uint64_t>(d.st, l2 + 8));
	sound(d.st);
}

TEST(qcow2, BQ_13_a_zero_flag_in_version_2_is_corruption)
{
	Disk d(M, 9);
	d.q.write(fill(512, 1), 0);
	d.q.close();
	poke<uint64_t>(d.st, d.l2(), peek<uint64_t>(d.st, d.l2()) | 1);
	poke<uint32_t>(d.st, 4, 2);
	d.reopen();
	EXPECT_NE(std::string::npos,
		  reason([&] { get(d.q, 0, 1); }).find("corrupt image"));
}

TEST(qcow2, BQ_14_BQ_24_tables_that_the_file_cuts_off_are_errors)
{
	Disk d(M, 16);
	d.q.write(fill(10, 1), 0);
	d.q.close();
	d.st.truncate(0x40000 + 100);
	d.reopen();
	EXPECT_EQ("corrupt image: L2 table at 0x40000", reason([&] { get(d.q, 0, 1); }));
	poke<uint32_t>(d.st, 60, 3);	// snapshots, at
	poke<uint64_t>(d.st, 64, 0x50000);
	EXPECT_EQ("corrupt image: snapshot table offset at 0x40",
		  reason([&] { d.reopen(); }));
}

TEST(qcow2, BQ_15_a_compressed_cluster_that_is_garbage_fails_that_read_alone)
{
	Disk d(M, 16);
	d.q.write(fill(64 * K, 0xff), 0);
	d.q.write(fill(64 * K, 2), 64 * K);
	d.q.close();
	poke<uint64_t>(d.st, d.l2(), 1ull << 62 | 0x50000);
	d.reopen();
	EXPECT_EQ("corrupt image: compressed cluster at 0x50000",
		  reason([&] { get(d.q, 0, 10); }));
	EXPECT_EQ(fill(64 * K, 2), get(d.q, 64 * K, 64 * K));
}

TEST(qcow2, BQ_16_the_refcount_table_of_a_large_image_has_room_for_all_of_it)
{
	for(uint64_t size : {16ull << 40, 17ull << 40, 1ull << 50}) {
		Memstore st(2 * G);
		Qcow2::create(st, size, 18);
		uint64_t c = 1 << 18,
			 covers = peek<uint32_t>(st, 56) * (c / 8) * (c / 2) * c;
		EXPECT_GE(covers, size + size / 1000);
	}
}

TEST(qcow2, BQ_17_an_image_of_no_bytes_is_sound)
{
	Disk d(0, 16);
	EXPECT_EQ(0u, d.q.size());
	EXPECT_EQ(fill(0, 0), get(d.q, 0, 10));
	EXPECT_EQ("end of device", reason([&] { d.q.write(fill(1, 1), 0); }));
	d.q.close();
	sound(d.st);
}

TEST(qcow2, BQ_18_every_new_refcount_block_counts_itself)
{
	Disk d(8 * M, 9);	// a block counts 128 KiB of the file
	auto b = oracle::noise(M, 3);
	for(uint64_t off = 0; off < 8 * M; off += M)
		d.q.write(b, off);
	d.q.close();
	sound(d.st);
	d.reopen();
	for(uint64_t off = 0; off < 8 * M; off += M)
		EXPECT_EQ(b, get(d.q, off, M));
}

TEST(qcow2, BQ_18_the_refcount_table_moves_when_it_is_full)
{
	Disk d(24 * M, 9);
	poke<uint32_t>(d.st, 56, 1);	// 64 entries of 128 KiB: 8 MiB
	d.reopen();
	auto b = oracle::noise(M, 3);
	for(uint64_t off = 0; off < 24 * M; off += M) {
		d.q.write(b, off);
		d.q.sync();
	}
	d.q.close();
	EXPECT_NE(1u, peek<uint32_t>(d.st, 56));
	EXPECT_EQ(0, oracle::check(d.st).corruptions) << oracle::check(d.st).why;
	d.reopen();
	for(uint64_t off = 0; off < 24 * M; off += M)
		EXPECT_EQ(b, get(d.q, off, M));
}

TEST(qcow2, BQ_19_counts_are_durable_before_the_tables_that_need_them)
{
	Memstore st;
	Qcow2::create(st, M, 16);
	Faultstore f(st);
	Stdsync sy;
	Qcow2 q = Qcow2::open(f, sy, Qcow2::Readwrite);
	q.write(fill(10, 1), 0);
	q.sync();
	std::vector<std::string> order;
	for(const Faultstore::Op& op : f.log()) {
		if(op.kind == Faultstore::Op::Flush)
			order.push_back("flush");
		else if(op.kind == Faultstore::Op::Write)
			order.push_back(op.off < 0x20000   ? "L1"
					: op.off < 0x40000 ? "counts"
					: op.off < 0x50000 ? "L2"
							   : "data");
	}
	// The first L2 is the table's room in the file, which nothing points to yet.
	EXPECT_EQ((std::vector<std::string>{"L2", "data", "counts", "flush", "L2", "L1",
					    "flush"}),
		  order);
}

TEST(qcow2, a_full_disk_does_not_lose_what_was_written_before_it_was_full)
{
	Memstore st;
	Qcow2::create(st, M, 16);
	Faultstore f(st);
	Stdsync sy;
	Qcow2 q = Qcow2::open(f, sy, Qcow2::Readwrite);
	q.write(fill(10, 1), 0);
	q.sync();
	// Tables and counts go to what was written before: no room is taken by a sync.
	std::vector<std::pair<uint64_t, uint64_t>> had = {{0, 4 * 64 * K}};
	size_t synced = 0;
	for(const Faultstore::Op& op : f.log()) {
		synced += op.kind == Faultstore::Op::Flush;
		if(op.kind != Faultstore::Op::Write)
			continue;
		uint64_t end = op.off + op.data.size();
		bool covered = false;
		for(auto& [from, to] : had)
			covered |= op.off >= from && end <= to;
		EXPECT_TRUE(covered || synced == 0) << op.off;
		had.push_back({op.off, end});
	}
}

TEST(qcow2, BQ_20_no_room_on_the_host_is_an_error_of_one_request)
{
	for(uint64_t cap = 0; cap < 40; cap++) {
		Disk d(M, 9, (24 + cap) * 512);
		int failed = 0;
		for(int i = 0; i < 64; i++)
			failed += reason([&] {
					  d.q.write(fill(512, i + 1), i * 2048);
				  }) == Enospace;
		EXPECT_GT(failed, 0);
		reason([&] { d.q.sync(); });
		EXPECT_EQ(0, oracle::check(d.st).corruptions) << oracle::check(d.st).why;
		for(int i = 0; i < 64; i++) {
			auto got = get(d.q, i * 2048, 512);
			EXPECT_TRUE(got == fill(512, i + 1) || got == fill(512, 0));
		}
	}
}

TEST(qcow2, BQ_21_sizes_are_rounded_up_to_sectors)
{
	EXPECT_EQ(512u, Disk(1, 16).q.size());
	EXPECT_EQ(1024u, Disk(513, 16).q.size());
}

TEST(qcow2, BQ_22_an_image_that_cannot_be_made_is_an_error)
{
	Memstore small(1000), st;
	EXPECT_EQ(Enospace, reason([&] { Qcow2::create(small, M); }));
	EXPECT_EQ("image too large for this cluster size",
		  reason([&] { Qcow2::create(st, 1ull << 55, 9); }));
	EXPECT_EQ("image too large", reason([&] { Qcow2::create(st, UINT64_MAX, 21); }));
	EXPECT_EQ("unsupported cluster size 2^22",
		  reason([&] { Qcow2::create(st, M, 22); }));
}

TEST(qcow2, BQ_23_all_four_bytes_of_the_magic_count)
{
	for(uint64_t i = 0; i < 4; i++) {
		Disk d(M, 16);
		poke<uint8_t>(d.st, i, 0);
		EXPECT_EQ("invalid magic", reason([&] { d.reopen(); }));
	}
}

TEST(qcow2, BQ_27_two_writers_of_one_cluster_place_it_once)
{
	for(int round = 0; round < 20; round++) {
		Disk d(256 * K, 12);
		for(int w = 0; w < 8; w++)
			d.sy.spawn("writer", [&d, w] {
				for(uint64_t c = 0; c < 64; c++)
					d.q.write(fill(512, w + 1), c * 4096 + w * 512);
			});
		d.sy.join();
		d.q.close();
		sound(d.st);
		d.reopen();
		for(uint64_t s = 0; s < 512; s++)
			ASSERT_EQ(fill(512, int(s % 8) + 1), get(d.q, s * 512, 512));
	}
}
}
