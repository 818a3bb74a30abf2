#include "lib9/disk/mbr.h"

#include <gtest/gtest.h>

#include "lib9/error.h"

namespace p9 {

namespace {

constexpr int64_t Image = 7720960;	// sectors of 9front's qcow2 images
constexpr int64_t Raw = 3862528;	// and of its raw ones

void
puttable(Store& st, uint64_t sector, const Mbrtable& t)
{
	st.write(packmbr(t), sector * 512 + Mbroffset);
}

Mbrentry
entry(uint8_t type, uint32_t lba, uint32_t size)
{
	return {.type = type, .lba = lba, .size = size};
}

std::string
text(const Mbrchain& m)
{
	std::string s;
	for(const Mbrpart& p : m.parts)
		s += std::string(p.isprimary() ? "p" : "s") +
		     std::to_string(p.entry.type) + ":" + std::to_string(p.start) + "-" +
		     std::to_string(p.end) + " ";
	for(const std::string& f : m.faults)
		s += f + ". ";
	return s;
}

Mbrchain
chain(Store& st, int64_t secs = 1000000)
{
	return readmbr(st, 512, secs);
}

Mbrpart
primary(uint8_t type, uint64_t start, uint64_t end)
{
	return {.entry = {.type = type}, .start = start, .end = end};
}

Mbrpart
secondary(uint8_t type, uint64_t ebr, uint64_t start, uint64_t end)
{
	return {{.type = type}, start, end, ebr, Mbrextended};
}

std::string
why(std::vector<Mbrpart> v, uint64_t secs = 1000000)
{
	try {
		layoutmbr(v, guessgeometry(1000000), secs);
		return "";
	} catch(const Error& e) {
		return e.text();
	}
}

std::string
geometry(const std::optional<Geometry>& g)
{
	if(!g)
		return "none";
	return std::to_string(g->c) + "/" + std::to_string(g->h) + "/" +
	       std::to_string(g->s);
}
}

TEST(mbr, the_geometry_of_a_blank_disk_is_the_smallest_usual_one_that_reaches_its_end)
{
	EXPECT_EQ(geometry(guessgeometry(Image)), "957/128/63");
	EXPECT_EQ(geometry(guessgeometry(Raw)), "957/64/63");
	EXPECT_EQ(geometry(guessgeometry(2097152)), "1024/64/32");
	EXPECT_EQ(geometry(guessgeometry(2097153)), "520/64/63");
	EXPECT_EQ(geometry(guessgeometry(1024 * 255 * 63)), "1024/255/63");
	EXPECT_EQ(geometry(guessgeometry(int64_t(1) << 40)), "68441433/255/63");
	EXPECT_EQ(geometry(guessgeometry(1)), "0/64/32");
}

TEST(mbr, entries_that_agree_imply_the_geometry)
{
	Mbrtable t;
	EXPECT_EQ(geometry(partgeometry(t, Image)), "none");
	Geometry g = guessgeometry(Image);
	t[1] = mbrentry(g, {}, Mbrplan9, 0, 63, 957 * 8064);
	EXPECT_EQ(geometry(partgeometry(t, Image)), "957/128/63");
	t[2] = mbrentry(g, {}, 0x0B, 0, 8064, 9000);
	EXPECT_EQ(geometry(partgeometry(t, Image)), "none");
}

TEST(mbr, entries_of_noise_imply_no_impossible_geometry)
{
	Mbrtable t;
	t[0] = {.type = 1, .last = {255, 0xC0, 255}};
	EXPECT_EQ(geometry(partgeometry(t, Image)), "none");
	t[0].last = {255, 0xFF, 255};
	EXPECT_EQ(geometry(partgeometry(t, Image)), "478/256/63");
}

TEST(mbr, a_drivers_geometry_is_translated_as_a_BIOS_does)
{
	EXPECT_EQ(geometry(drivergeometry({0, 0, 0}, Image)), "none");
	EXPECT_EQ(geometry(drivergeometry({1000, 16, 63}, Image)), "1000/16/63");
	EXPECT_EQ(geometry(drivergeometry({7659, 16, 63}, Image)), "957/128/63");
	EXPECT_EQ(geometry(drivergeometry({8170, 15, 63}, Image)), "480/255/63");
	EXPECT_EQ(geometry(drivergeometry({65535, 16, 63}, Image)), "480/255/63");
}

TEST(mbr, CHS_ends_at_cylinder_1023)
{
	Geometry g{957, 128, 63};
	EXPECT_EQ(tochs(g, 63), (Chs{1, 1, 0}));
	EXPECT_EQ(tochs(g, 7717247), (Chs{127, 0x80 | 0x40 | 63, 0xBC}));
	EXPECT_EQ(tochs(g, 1023 * 8064), (Chs{0, 0xC1, 0xFF}));
	EXPECT_EQ(tochs(g, uint64_t(1) << 40), (Chs{127, 0xFF, 0xFF}));
}

TEST(mbr, a_table_packs_into_the_bytes_that_PCs_read)
{
	Mbrtable t;
	t[0] = mbrentry({957, 128, 63}, {.active = Mbractive}, Mbrplan9, 0, 63, 7717248);
	Mbrbytes b = packmbr(t);
	const uint8_t want[] = {0x80, 1, 1, 0, 0x39, 127,  0xFF, 0xBC,
				63,   0, 0, 0, 0x41, 0xC1, 0x75, 0};
	for(size_t i = 0; i < sizeof want; i++)
		EXPECT_EQ(uint8_t(b[i]), want[i]) << i;
	EXPECT_EQ(packmbr(*unpackmbr(b)), b);
	b[65] = {};
	EXPECT_FALSE(unpackmbr(b));
}

TEST(mbr, the_names_of_types)
{
	EXPECT_EQ(mbrtype(0x39)->desc, "PLAN9");
	EXPECT_EQ(mbrtype(0xEF)->name, "esp");
	EXPECT_EQ(mbrtype(0x06)->name, "dos");
	EXPECT_EQ(mbrtype(0x03)->desc, "XENIX USR");
	EXPECT_EQ(mbrtype(0x84), nullptr);
	for(size_t i = 1; i < mbrtypes().size(); i++)
		EXPECT_LT(mbrtypes()[i - 1].type, mbrtypes()[i].type);
}

TEST(mbr, no_table_no_partitions)
{
	Memstore st(1 << 30);
	st.write(Bytes(std::vector<std::byte>(512)), 0);
	EXPECT_EQ(text(chain(st)), "");
	EXPECT_EQ(chain(st).tables.size(), 1u);
	Memstore tiny;
	EXPECT_THROW(chain(tiny), Error);
}

TEST(mbr, chains_are_followed_in_order)
{
	Memstore st(1 << 30);
	puttable(st, 0, {entry(0x83, 2048, 1000), entry(0x0F, 10000, 90000)});
	puttable(st, 10000, {entry(0x83, 63, 500), entry(0x05, 5000, 6000)});
	puttable(st, 15000, {entry(0x82, 63, 700)});
	st.truncate(1000000 * 512);
	EXPECT_EQ(text(chain(st)), "p131:2048-3048 s131:10063-10563 s130:15063-15763 ");
	EXPECT_EQ(chain(st).tables.size(), 3u);
}

TEST(mbr, a_chain_that_loops_ends)
{
	Memstore st(1 << 30);
	puttable(st, 0, {entry(0x05, 100, 1000)});
	puttable(st, 100, {entry(0x83, 1, 1), entry(0x05, 10, 1000)});
	puttable(st, 110, {entry(0x83, 1, 1), entry(0x05, 0, 1000)});
	st.truncate(1000000 * 512);
	EXPECT_EQ(text(chain(st)),
		  "s131:101-102 s131:111-112 "
		  "partition table at sector 100: the chain of tables is a loop. ");
	puttable(st, 0, {entry(0x05, 0, 1000)});
	EXPECT_EQ(text(chain(st)),
		  "partition table at sector 0: the chain of tables is a loop. ");
}

TEST(mbr, a_chain_that_leaves_the_disk_ends)
{
	Memstore st(1 << 30);
	puttable(st, 0,
		 {entry(0x05, 4000000000, 1000), entry(0x83, 4000000000, 4000000000)});
	st.truncate(1000000 * 512);
	EXPECT_EQ(text(chain(st)), "p131:4000000000-8000000000 partition table at sector "
				   "4000000000: beyond the end of the disk. ");
}

TEST(mbr, chains_that_fork_at_every_table_end)
{
	Memstore st(1 << 30);
	puttable(st, 0,
		 {entry(0x05, 1, 1), entry(0x05, 2, 1), entry(0x05, 3, 1),
		  entry(0x05, 4, 1)});
	for(uint32_t i = 1; i < 1000; i++)
		puttable(st, i,
			 {entry(0x05, i, 1), entry(0x05, i + 1, 1), entry(0x83, 1, 1),
			  entry(0x05, i * 2, 1)});
	st.truncate(1000000 * 512);
	EXPECT_LE(chain(st).tables.size(), 128u);
}

TEST(mbr, a_GPT_is_recognized_by_its_protective_entry)
{
	Memstore st(1 << 30);
	puttable(st, 0, {entry(0xEE, 1, 999999)});
	EXPECT_TRUE(chain(st).gpt);
}

TEST(mbr, what_is_laid_out_reads_back)
{
	Memstore st(1 << 30);
	Geometry g = guessgeometry(1000000);
	std::vector<Mbrpart> v = {primary(0x39, 32, 2048 * 10),
		secondary(0x83, 2048 * 10, 2048 * 10 + 32, 2048 * 20),
		secondary(0x82, 2048 * 30, 2048 * 30 + 32, 2048 * 40),
		primary(0x0B, 2048 * 40, 2048 * 50)};
	auto tables = layoutmbr(v, g, 1000000);
	EXPECT_EQ(tables.back().sector, 0u) << "what leads to the others comes last";
	for(const Mbrat& t : tables)
		st.write(t.bytes, t.sector * 512 + Mbroffset);
	st.truncate(1000000 * 512);
	EXPECT_EQ(text(chain(st)), "p57:32-20480 s131:20512-40960 s130:61472-81920 "
				   "p11:81920-102400 ");
}

TEST(mbr, an_extended_partition_at_the_end_has_an_empty_table_for_what_is_free)
{
	Geometry g = guessgeometry(1000000);
	auto tables = layoutmbr({{secondary(0x39, 2048, 2080, 4096)}}, g, 1000000);
	ASSERT_EQ(tables.size(), 3u);
	EXPECT_EQ(tables[0].sector, 4096u);
	EXPECT_EQ(tables[0].bytes, packmbr({}));
	EXPECT_EQ(tables[1].sector, 2048u);
	Mbrtable first = *unpackmbr(tables[2].bytes);
	EXPECT_EQ(first[0].lba + first[0].size, 1000000u);
}

TEST(mbr, what_a_table_cannot_say_is_an_error_before_anything_is_written)
{
	Mbrpart p = primary(0x39, 32, 64);
	EXPECT_EQ(why({p, p, p, p, p}), "more than four primary partitions");
	EXPECT_EQ(why({primary(0x39, 100, 100)}), "bad partition boundaries");
	EXPECT_EQ(why({primary(0x39, uint64_t(1) << 32, uint64_t(1) << 33)}),
		  "partition too large for the table");
	EXPECT_EQ(why({primary(0x39, 1, 2 + (uint64_t(1) << 32))}),
		  "partition too large for the table");
	constexpr auto overlap = "partitions overlap or leave the extended partition";
	// Two in one table: the second would take the place of the first.
	EXPECT_EQ(why({secondary(1, 100, 101, 200), secondary(1, 100, 200, 300)}),
		  overlap);
	EXPECT_EQ(why({secondary(1, 100, 100, 200)}), overlap);
	EXPECT_EQ(why({secondary(1, 100, 101, 300), secondary(1, 200, 201, 400)}),
		  overlap);
	EXPECT_EQ(why({secondary(1, 100, 101, 300), primary(1, 250, 400)}), overlap);
	EXPECT_EQ(why({secondary(1, 100, 101, 2000000)}), overlap);
}
}
