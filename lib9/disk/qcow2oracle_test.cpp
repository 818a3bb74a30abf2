// What qemu-img says of our images, and what we read of its.

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "lib9/disk/faultstore.h"
#include "tests/qcow2_disk.h"

namespace p9::qcow2test {

namespace {

// An image in a file for qemu and in memory for us, and the disk as a plain file.
struct Both {
	oracle::Tempfile file, raw;
	Memstore st, plain;
	Stdsync sy;

	// Runs qemu-io when the command begins with -, else qemu-img.  FILE and RAW are
	// the names of the two files.
	void qemu(std::string c, int status = 0)
	{
		for(size_t i; (i = c.find("FILE")) != c.npos;)
			c.replace(i, 4, file.name());
		for(size_t i; (i = c.find("RAW")) != c.npos;)
			c.replace(i, 3, raw.name());
		oracle::Answer a = c[0] == '-' ? oracle::qemuio(c) : oracle::qemuimg(c);
		ASSERT_EQ(status, a.status) << c << "\n" << a.out;
	}
	Qcow2 open(Qcow2::Mode mode) { return Qcow2::open(st, sy, mode); }

	// Writes, some of them across clusters, to the image and to the plain disk.
	void scribble(uint32_t seed, int writes, size_t most)
	{
		std::mt19937 r(seed);
		Qcow2 q = open(Qcow2::Readwrite);
		if(plain.size() < q.size())
			plain.truncate(q.size());
		for(int i = 0; i < writes; i++) {
			uint64_t off = r() % q.size();
			auto b = oracle::noise(
				std::min<uint64_t>(1 + r() % most, q.size() - off), r());
			q.write(b, off);
			plain.write(b, off);
			if(r() % 8 == 0)
				q.sync();
		}
		q.close();
	}

	// qemu-img finds no fault, and the same bytes as in the plain disk.
	void agree()
	{
		file.save(st);
		raw.save(plain);
		ASSERT_NO_FATAL_FAILURE(qemu("check FILE"));
		ASSERT_NO_FATAL_FAILURE(qemu("compare -f qcow2 -F raw FILE RAW"));
	}

	// We read the image as qemu-img does; plain has its bytes then.
	void same()
	{
		ASSERT_NO_FATAL_FAILURE(qemu("convert -f qcow2 -O raw FILE RAW"));
		file.load(st);
		raw.load(plain);
		Qcow2 q = open(Qcow2::Readonly);
		ASSERT_EQ(plain.size(), q.size());
		auto want = fill(q.size(), 0);
		plain.read(want, 0);
		ASSERT_TRUE(want == get(q, 0, q.size()));
	}

	void snapshotis(const std::string& name, Store& want)
	{
		ASSERT_NO_FATAL_FAILURE(qemu("convert -l snapshot.name=" + name +
					     " -f qcow2 -O raw FILE RAW"));
		Memstore got;
		raw.load(got);
		auto a = fill(want.size(), 0), b = a;
		want.read(a, 0);
		got.read(b, 0);
		ASSERT_TRUE(a == b);
	}
};

const char Filler[] = "-c 'write -q -P 0x11 0 192k' -c 'write -q -P 0x22 1M 4k' "
		      "-c 'write -q -P 0x33 1234567 70001' -c 'write -q -z 64k 64k' "
		      "-c 'write -q -z -u 128k 64k' -c 'write -q -P 0x44 2M 1M' "
		      "-c 'discard -q 2500k 256k' -c 'write -q -z 2M 3k' FILE";
}

TEST(qcow2oracle, QC_4_qemu_accepts_new_images_of_any_cluster_size)
{
	for(unsigned bits = 9; bits <= 21; bits++)
		for(uint64_t size : {0ul, 1ul, 3 * M, 3770 * M}) {
			if(bits == 9 && size > 3 * M)
				continue;
			SCOPED_TRACE(fmt::format("clusters 2^{} size {}", bits, size));
			Both b;
			Qcow2::create(b.st, size, bits);
			b.file.save(b.st);
			ASSERT_NO_FATAL_FAILURE(b.qemu("check FILE"));
		}
}

TEST(qcow2oracle, QC_8_what_we_write_qemu_reads)
{
	for(unsigned bits : {9, 12, 16, 21}) {
		SCOPED_TRACE(bits);
		Both b;
		Qcow2::create(b.st, 5 * M + 512, bits);
		for(uint32_t round = 0; round < 3; round++) {
			b.scribble(round, 60, 100 * K);
			ASSERT_NO_FATAL_FAILURE(b.agree());
		}
	}
}

TEST(qcow2oracle, BQ_18_qemu_finds_every_refcount_block_counted)
{
	Both b;
	ASSERT_NO_FATAL_FAILURE(b.qemu(
		"create -q -f qcow2 -o cluster_size=512,refcount_bits=64 FILE 6M"));
	b.file.load(b.st);
	b.scribble(1, 100, 400 * K);	// the table grows too
	ASSERT_NO_FATAL_FAILURE(b.agree());
}

TEST(qcow2oracle, QC_6_BQ_9_BQ_13_we_read_what_qemu_writes_and_write_on)
{
	for(const char* o :
	    {"compat=0.10", "cluster_size=512", "cluster_size=2M", "refcount_bits=1",
	     "refcount_bits=4", "refcount_bits=8", "refcount_bits=32", "refcount_bits=64",
	     "preallocation=metadata", "lazy_refcounts=on"}) {
		SCOPED_TRACE(o);
		Both b;
		ASSERT_NO_FATAL_FAILURE(
			b.qemu(fmt::format("create -q -f qcow2 -o {} FILE 4M", o)));
		ASSERT_NO_FATAL_FAILURE(b.qemu(Filler));
		ASSERT_NO_FATAL_FAILURE(b.same());
		b.scribble(7, 40, 200 * K);
		ASSERT_NO_FATAL_FAILURE(b.agree());
	}
}

TEST(qcow2oracle, BQ_15_compressed_clusters_are_read_and_can_be_written_over)
{
	for(const char* o : {"cluster_size=512", "cluster_size=4k,compression_type=zstd",
			     "cluster_size=64k", "cluster_size=64k,compression_type=zstd",
			     "cluster_size=2M", "compat=0.10"}) {
		SCOPED_TRACE(o);
		Both b;
		for(uint64_t off = 0; off < 3 * M; off += 1000)
			b.plain.write(oracle::noise(700, uint32_t(off)), off);
		b.plain.write(fill(M, 'x'), M);
		b.plain.truncate(3 * M);
		b.raw.save(b.plain);
		ASSERT_NO_FATAL_FAILURE(b.qemu(
			fmt::format("convert -c -f raw -O qcow2 -o {} RAW FILE", o)));
		ASSERT_NO_FATAL_FAILURE(b.same());
		b.scribble(3, 40, 100 * K);
		ASSERT_NO_FATAL_FAILURE(b.agree());
	}
}

TEST(qcow2oracle, BQ_7_BQ_8_snapshots_stay_as_they_were)
{
	for(unsigned bits : {9, 16}) {
		SCOPED_TRACE(bits);
		Both b;
		Memstore one, two;
		Qcow2::create(b.st, 2 * M, bits);
		b.scribble(1, 40, 50 * K);
		ASSERT_NO_FATAL_FAILURE(b.agree());
		copystore(b.plain, one);
		ASSERT_NO_FATAL_FAILURE(b.qemu("snapshot -c one FILE"));
		b.file.load(b.st);
		b.scribble(2, 40, 50 * K);
		ASSERT_NO_FATAL_FAILURE(b.agree());
		copystore(b.plain, two);
		ASSERT_NO_FATAL_FAILURE(b.qemu("snapshot -c two FILE"));
		b.file.load(b.st);
		b.scribble(3, 40, 50 * K);
		ASSERT_NO_FATAL_FAILURE(b.agree());
		ASSERT_NO_FATAL_FAILURE(b.snapshotis("one", one));
		ASSERT_NO_FATAL_FAILURE(b.snapshotis("two", two));
		ASSERT_NO_FATAL_FAILURE(b.qemu("snapshot -a one FILE"));
		ASSERT_NO_FATAL_FAILURE(b.qemu("snapshot -d two FILE"));
		ASSERT_NO_FATAL_FAILURE(b.same());
		b.scribble(4, 40, 50 * K);
		ASSERT_NO_FATAL_FAILURE(b.agree());
		ASSERT_NO_FATAL_FAILURE(b.snapshotis("one", one));
	}
}

TEST(qcow2oracle, BQ_10_BQ_11_qemus_features_that_we_lack_are_refused_by_name)
{
	auto why = [](std::string create) {
		Both b;
		b.qemu("create -q -f raw RAW 1M");
		b.qemu(create);
		b.file.load(b.st);
		return reason([&] { b.open(Qcow2::Readonly); }).substr(0, 24);
	};
	EXPECT_EQ("unsupported backing file",
		  why("create -q -f qcow2 -F raw -b RAW FILE"));
	EXPECT_EQ("unsupported external dat",
		  why("create -q -f qcow2 -o data_file=RAW FILE 1M"));
	EXPECT_EQ("unsupported extended L2 ",
		  why("create -q -f qcow2 -o extended_l2=on FILE 1M"));
	EXPECT_EQ("unsupported encryption A",
		  why("create -q --object secret,id=s,data=pw -f qcow2 "
		      "-o encrypt.format=aes,encrypt.key-secret=s FILE 1M"));
}

TEST(qcow2oracle, bitmaps_do_not_claim_to_know_what_we_wrote)
{
	Both b;
	ASSERT_NO_FATAL_FAILURE(b.qemu("create -q -f qcow2 FILE 1M"));
	ASSERT_NO_FATAL_FAILURE(b.qemu("bitmap --add FILE b"));
	ASSERT_NO_FATAL_FAILURE(b.same());
	b.scribble(1, 10, 10 * K);
	b.file.save(b.st);
	oracle::Answer a = oracle::qemuimg("info " + b.file.name());
	EXPECT_EQ(std::string::npos, a.out.find("name: b")) << a.out;
}

TEST(qcow2oracle, freed_clusters_are_used_again)
{
	Both b;
	b.plain.write(fill(4 * M, 'x'), 0);
	b.raw.save(b.plain);
	ASSERT_NO_FATAL_FAILURE(
		b.qemu("convert -c -f raw -O qcow2 -o cluster_size=4k RAW FILE"));
	b.file.load(b.st);
	for(uint32_t round = 0; round < 3; round++)
		b.scribble(round, 200, 64 * K);
	ASSERT_NO_FATAL_FAILURE(b.agree());
	EXPECT_LE(b.st.size(), 4 * M + 512 * K);
}
}
