// Crashes: a workload runs over a Store that logs, and every state that a crash could
// have left of it is opened and judged.  A state is sound when its counts hold all
// references, each sector holds what was last synced or a later write, and a snapshot
// is as it was; and when all that is still so after more writes to it.

#include <cstring>
#include <gtest/gtest.h>

#include "lib9/disk/faultstore.h"
#include "tests/qcow2_disk.h"

namespace p9::qcow2test {

namespace {

enum : uint64_t { Sector = 512 };

// The disk as the snapshot in an image has it: its L1 table in the place of ours.
std::vector<std::byte>
snapshot(Store& st)
{
	if(peek<uint32_t>(st, 60) == 0)
		return {};
	Memstore copy;
	copystore(st, copy);
	uint64_t e = peek<uint64_t>(st, 64);
	poke(copy, 40, peek<uint64_t>(st, e));
	poke(copy, 36, peek<uint32_t>(st, e + 8));
	Stdsync sy;
	Qcow2 q = Qcow2::open(copy, sy, Qcow2::Readonly);
	return get(q, 0, q.size());
}

class Workload {
	struct Did {
		size_t pos;	// the length of the log when it began
		uint64_t sector, n;
		bool done;	// without an Error
	};

	Memstore base, work;
	std::vector<std::byte> initial, snap;
	std::mt19937 r;
	std::vector<Did> writes;	// write i fills its sectors with the number i+1
	struct Sync1 {
		size_t pos;	// the length of the log when it ended
		size_t writes;	// that were before it
	};
	std::vector<Sync1> syncs{{0, 0}};

	static std::vector<std::byte> pattern(size_t sectors, uint32_t id)
	{
		std::vector<std::byte> b(sectors * Sector);
		for(size_t i = 0; i < b.size(); i += sizeof id)
			std::memcpy(&b[i], &id, sizeof id);
		return b;
	}

	bool holds(Bytes sector, uint64_t s, uint32_t id) const
	{
		if(id == 0)
			return std::memcmp(sector.data(), &initial[s * Sector], Sector) ==
			       0;
		return std::memcmp(sector.data(), pattern(1, id).data(), Sector) == 0;
	}

	// The writes that sector s may hold when the log was cut at pos.
	std::vector<uint32_t> allowed(uint64_t s, size_t pos) const
	{
		size_t safe = 0;
		for(const Sync1& y : syncs)
			if(y.pos <= pos)
				safe = y.writes;
		std::vector<uint32_t> ids{0};
		for(size_t i = 0; i < writes.size() && (i < safe || writes[i].pos < pos);
		    i++) {
			if(s < writes[i].sector || s >= writes[i].sector + writes[i].n)
				continue;
			if(i < safe && writes[i].done)
				ids.clear();
			ids.push_back(uint32_t(i + 1));
		}
		return ids;
	}

	void content(Bytes all, size_t pos) const
	{
		for(uint64_t s = 0; s < all.size() / Sector; s++) {
			bool ok = false;
			for(uint32_t id : allowed(s, pos))
				ok = ok || holds(all.subspan(s * Sector, Sector), s, id);
			ASSERT_TRUE(ok) << "sector " << s << " after step " << pos;
		}
	}

	void more(Store& st)
	{
		Stdsync sy;
		Qcow2 q = Qcow2::open(st, sy, Qcow2::Readwrite);
		auto all = get(q, 0, q.size());
		for(int i = 0; i < 10; i++) {
			size_t s = r() % (all.size() / Sector);
			auto b = pattern(1, r());
			q.write(b, s * Sector);
			std::copy(b.begin(), b.end(), all.begin() + long(s * Sector));
		}
		q.close();
		q = Qcow2::open(st, sy, Qcow2::Readonly);
		ASSERT_EQ(all, get(q, 0, q.size()));
		ASSERT_EQ(0, oracle::check(st).corruptions) << oracle::check(st).why;
		ASSERT_EQ(snap, snapshot(st));
	}

public:
	Faultstore log;

	explicit Workload(Store& from, uint32_t seed = 1) : r(seed), log(work)
	{
		copystore(from, base);
		copystore(from, work);
		Stdsync sy;
		Qcow2 q = Qcow2::open(base, sy, Qcow2::Readonly);
		initial = get(q, 0, q.size());
		snap = snapshot(base);
	}

	// Errors are counted, and go on to the next step.
	int run(int steps)
	{
		int errors = 0;
		Stdsync sy;
		Qcow2 q = Qcow2::open(log, sy, Qcow2::Readwrite);
		for(int i = 0; i < steps; i++) {
			bool last = i == steps - 1;
			auto step = [&] {
				last || r() % 6 == 0 ? synced(q, last) : write(q);
			};
			errors += !reason(step).empty();
		}
		return errors;
	}

	void write(Qcow2& q)
	{
		uint64_t all = initial.size() / Sector, s = r() % all;
		uint64_t n = std::min<uint64_t>(1 + r() % 12, all - s);
		writes.push_back({log.log().size(), s, n, false});
		q.write(pattern(n, uint32_t(writes.size())), s * Sector);
		writes.back().done = true;
	}

	void synced(Qcow2& q, bool last)
	{
		size_t n = writes.size();
		if(last)
			q.close();
		else
			q.sync();
		syncs.push_back({log.log().size(), n});
	}

	// Judges a state after `pos' steps of the log.
	void judge(Store& st, size_t pos)
	{
		oracle::Verdict v = oracle::check(st);
		ASSERT_EQ(0, v.corruptions) << v.why << " after step " << pos;
		Stdsync sy;
		Qcow2 q = Qcow2::open(st, sy, Qcow2::Readwrite);
		auto all = get(q, 0, q.size());
		ASSERT_NO_FATAL_FAILURE(content(all, pos));
		ASSERT_EQ(snap, snapshot(st));
		if(pos % 5 == 0) {
			ASSERT_NO_FATAL_FAILURE(more(st));
		}
	}

	void prefixes()
	{
		Memstore now;
		copystore(base, now);
		for(size_t pos = 0; pos <= log.log().size(); pos++) {
			Memstore st;
			copystore(now, st);
			ASSERT_NO_FATAL_FAILURE(judge(st, pos));
			if(pos < log.log().size())
				replay(now, log.log()[pos]);
		}
	}

	// Each place in the log, each with `times' choices of what survives.
	void subsets(int times)
	{
		for(size_t i = 0; i < (log.log().size() + 1) * times; i++) {
			size_t pos = i / times;
			Memstore st;
			copystore(base, st);
			crash(st, std::span(log.log()).first(pos), r);
			ASSERT_NO_FATAL_FAILURE(judge(st, pos));
		}
	}

	// What is there after the run itself.
	void judgeend() { ASSERT_NO_FATAL_FAILURE(judge(work, log.log().size() + 1)); }
	oracle::Verdict verdict() { return oracle::check(work); }
};

void
every(Store& base, int steps, int times)
{
	Workload w(base);
	EXPECT_EQ(0, w.run(steps));
	ASSERT_NO_FATAL_FAILURE(w.prefixes());
	ASSERT_NO_FATAL_FAILURE(w.subsets(times));
	EXPECT_EQ(0, w.verdict().leaks);
}

// An image that qemu-img and qemu-io make with these arguments; FILE is its name.
void
qemu(Store& st, std::initializer_list<std::string> commands)
{
	oracle::Tempfile f;
	for(std::string c : commands) {
		bool io = c[0] == '-';
		c.replace(c.find("FILE"), 4, f.name());
		oracle::Answer a = io ? oracle::qemuio(c) : oracle::qemuimg(c);
		ASSERT_EQ(0, a.status) << c << "\n" << a.out;
	}
	f.load(st);
}
}

TEST(qcow2crash, BQ_19_a_new_image)
{
	Memstore st;
	Qcow2::create(st, 48 * K, 9);
	every(st, 150, 2);
}

TEST(qcow2crash, BQ_19_large_clusters)
{
	Memstore st;
	Qcow2::create(st, 160 * K, 14);
	every(st, 60, 1);
}

TEST(qcow2crash, BQ_7_BQ_19_an_image_with_snapshots)
{
	Memstore st;
	ASSERT_NO_FATAL_FAILURE(
		qemu(st, {"create -q -f qcow2 -o cluster_size=512 FILE 200k",
			  "-c 'write -q -P 1 3k 120k' FILE", "snapshot -c one FILE",
			  "-c 'write -q -P 2 8k 9k' -c 'write -q -z 20k 2k' FILE",
			  "snapshot -c two FILE"}));
	every(st, 100, 3);
}

TEST(qcow2crash, BQ_15_BQ_19_compressed_clusters)
{
	Memstore st;
	ASSERT_NO_FATAL_FAILURE(
		qemu(st, {"create -q -f qcow2 -o cluster_size=4k FILE 64k",
			  "-c 'write -q -c -P 1 0 4k' -c 'write -q -c -P 2 4k 4k' "
			  "-c 'write -q -c -P 3 32k 4k' FILE",
			  "snapshot -c one FILE", "-c 'write -q -c -P 4 8k 4k' FILE"}));
	every(st, 60, 1);
}

TEST(qcow2crash, BQ_13_BQ_19_zero_clusters_that_have_a_place)
{
	Memstore st;
	ASSERT_NO_FATAL_FAILURE(qemu(
		st,
		{"create -q -f qcow2 -o cluster_size=1k,preallocation=metadata FILE 48k",
		 "-c 'write -q -P 9 0 48k' -c 'write -q -z 8k 32k' FILE"}));
	every(st, 120, 2);
}

// Counts of 64 bits in clusters of 512 bytes: a block counts 32 KiB, and the table has
// room for 2 MiB; it moves during the run.
TEST(qcow2crash, BQ_18_BQ_19_the_refcount_table_moves)
{
	Memstore st;
	ASSERT_NO_FATAL_FAILURE(qemu(
		st, {"create -q -f qcow2 -o cluster_size=512,refcount_bits=64 FILE 2M"}));
	Stdsync sy;
	Qcow2 q = Qcow2::open(st, sy, Qcow2::Readwrite);
	q.write(oracle::noise(1800 * K, 1), 0);
	q.close();
	ASSERT_EQ(1u, peek<uint32_t>(st, 56));
	every(st, 30, 1);
}

TEST(qcow2crash, BQ_20_no_room_once_at_any_step)
{
	Memstore st;
	ASSERT_NO_FATAL_FAILURE(
		qemu(st, {"create -q -f qcow2 -o cluster_size=512 FILE 24k",
			  "-c 'write -q -P 1 3k 10k' FILE", "snapshot -c one FILE"}));
	uint64_t steps = 0;
	{
		Workload w(st);
		w.run(50);
		steps = w.log.count;
	}
	for(uint64_t n = 0; n < steps; n++) {
		Workload w(st);
		w.log.fail(n, n + 1);
		EXPECT_EQ(1, w.run(50)) << "step " << n;
		ASSERT_NO_FATAL_FAILURE(w.judgeend()) << "step " << n;
	}
}

TEST(qcow2crash, BQ_20_no_room_any_more_from_any_step_on)
{
	Memstore st;
	Qcow2::create(st, 24 * K, 9);
	uint64_t steps = 0;
	{
		Workload w(st);
		w.run(50);
		steps = w.log.count;
	}
	for(uint64_t n = 0; n < steps; n++) {
		Workload w(st);
		w.log.fail(n);
		EXPECT_LE(1, w.run(50));
		ASSERT_NO_FATAL_FAILURE(w.judgeend()) << "step " << n;
	}
}
}
