#include "lib9/disk/prep.h"

#include <gtest/gtest.h>

#include "lib9/disk/sdctl.h"
#include "lib9/error.h"

namespace p9 {

namespace {

std::string
text(const std::vector<Preppart>& v)
{
	std::string s;
	for(const Preppart& p : v)
		s += p.name + " " + std::to_string(p.start) + "-" +
		     std::to_string(p.end) + " ";
	return s;
}

std::string
layout(int64_t secs, std::vector<std::string> names, Autodisk d = {})
{
	d.secs = secs;
	try {
		return text(autoprep(d, names));
	} catch(const Error& e) {
		return e.text();
	}
}
}

// The layouts of 9front's images.
TEST(prep, the_amd64_image_has_9fat_nvram_and_fs)
{
	EXPECT_EQ(layout(7717185, {"9fat", "nvram", "fs"}),
		  "9fat 0-204800 nvram 204800-204801 fs 204801-7717185 ");
	EXPECT_EQ(layout(3858561, {"fs", "nvram", "9fat"}),
		  "9fat 0-204800 nvram 204800-204801 fs 204801-3858561 ");
}

// Where the sizes fill the disk but the first two sectors are taken, 9front's formula for
// the last partition leaves a sector over.
TEST(prep, without_9fat_the_first_two_sectors_are_kept)
{
	EXPECT_EQ(layout(7515648, {"nvram", "fs"}), "nvram 2-3 fs 3-7515647 ");
	EXPECT_EQ(layout(3657024, {"nvram", "fs"}), "nvram 2-3 fs 3-3657023 ");
}

TEST(prep, shares_go_by_weight_within_bounds)
{
	EXPECT_EQ(layout(20000000, {"fossil", "arenas"}),
		  "fossil 2-3333335 arenas 3333335-19999999 ");
	EXPECT_EQ(layout(20000000, {"swap", "other"}),
		  "other 2-18951426 swap 18951426-19999999 ");
	EXPECT_EQ(layout(600000, {"9fat", "fs"}), "9fat 0-190400 fs 190400-600000 ");
	EXPECT_EQ(layout(1000, {}), "");
}

TEST(prep, a_disk_that_is_too_small_is_said_to_be)
{
	EXPECT_EQ(layout(1000, {"fs"}), "fs 2-999 ") << "the last one is cut";
	EXPECT_EQ(layout(500000, {"9fat", "fs", "arenas"}),
		  "ran out of disk space during autoxpartition.");
	EXPECT_EQ(layout(0, {"nvram"}), "ran out of disk space during autoxpartition.");
	EXPECT_EQ(layout(1, {"nvram"}), "ran out of disk space during autoxpartition.");
}

TEST(prep, partitions_are_aligned_to_the_sectors_of_the_hardware)
{
	Autodisk d{.psecsize = 4096, .offset = 63};
	for(const Preppart& p :
	    autoprep({.secs = 7717185, .psecsize = 4096, .offset = 63}, {"nvram", "fs"}))
		EXPECT_EQ((p.start + 63) % 8, 0);
	EXPECT_EQ(layout(7717185, {"9fat", "nvram", "fs"}, d).substr(0, 28),
		  "9fat 0-204801 nvram 204801-2");
	d = {.secsize = 4096, .psecsize = 4096};
	EXPECT_EQ(layout(1000000, {"9fat", "nvram", "fs"}, d),
		  "9fat 0-25600 nvram 25600-25601 fs 25601-1000000 ");
}

TEST(prep, a_table_is_lines_in_a_sector)
{
	Preptable t = parseprep(
		std::string_view("part 9fat 0 2048\npart fs 2048 4096\n\0part x", 45));
	EXPECT_TRUE(t.found);
	EXPECT_FALSE(t.fault);
	EXPECT_EQ(text(t.parts), "9fat 0-2048 fs 2048-4096 ");
	EXPECT_EQ(text(parseprep("part\ta\r0x10  020 \n").parts), "");
	EXPECT_EQ(text(parseprep("part\ta\r010  0x20 \n").parts), "a 8-32 ");
	EXPECT_FALSE(parseprep("").found);
	EXPECT_FALSE(parseprep(" part a 1 2").found);
}

TEST(prep, lines_that_no_table_has_are_left_out)
{
	for(const char* s :
	    {"part", "part a", "part a 1", "part a 1 2 3", "partition a 1 2",
	     "part a 2 2", "part a 3 2", "part a -1 2", "part a 1 2x",
	     "part a 1 99999999999999999999", "part a 0 9223372036854775807",
	     "part a/b 1 2", "part \x1b[2J 1 2", "part \x7f 1 2"}) {
		Preptable t = parseprep(std::string(s) + "\npart good 5 6\n");
		EXPECT_TRUE(t.found && t.fault) << s;
		EXPECT_EQ(text(t.parts), "good 5-6 ") << s;
	}
}

TEST(prep, what_is_written_reads_back_and_must_fit)
{
	std::vector<Preppart> v = {{"9fat", 0, 204800}, {"größe", 204800, 7717185}};
	std::string s = formatprep(v, 512);
	EXPECT_EQ(s.size(), 512u);
	EXPECT_EQ(text(parseprep(s).parts), text(v));
	EXPECT_EQ(formatprep({}, 512), std::string(512, '\0'));
	v.assign(32, {"a-name-of-some-length", 1, 2});
	EXPECT_THROW(formatprep(v, 512), Error);
	EXPECT_EQ(formatprep(v, 4096).size(), 4096u);
	v = {{std::string(512 - 10, 'n'), 1, 2}};
	EXPECT_EQ(parseprep(formatprep(v, 512)).parts.size(), 1u) << "the sector is full";
}

TEST(sdctl, lines_of_a_ctl_file)
{
	Sdctl sd = parsesdctl("inquiry QEMU  HARDDISK\nconfig 0040\n"
			      "geometry 7720960 512 7659 16 63\nalignment 4096 0\n"
			      "part data 0 7720960\npart plan9 63 7717248\n");
	EXPECT_EQ(sd.inquiry, "QEMU  HARDDISK");
	EXPECT_EQ(sd.secs, 7720960);
	EXPECT_EQ(sd.secsize, 512);
	EXPECT_EQ(sd.c * sd.h * sd.s, 7659 * 16 * 63);
	EXPECT_EQ(sd.psecsize, 4096);
	ASSERT_EQ(sd.parts.size(), 2u);
	EXPECT_EQ(sd.parts[1].name, "plan9");
	EXPECT_EQ(sd.parts[1].end, 7717248);
	EXPECT_EQ(formatsdctl(sd), "inquiry QEMU  HARDDISK\ngeometry 7720960 512\n"
				   "part data 0 7720960\npart plan9 63 7717248\n");
}

TEST(sdctl, lines_that_make_no_sense_are_passed_over)
{
	Sdctl sd = parsesdctl(
		"geometry\ngeometry x 512\ngeometry 1 0\ngeometry 1 -512\n"
		"geometry 99999999999999999999 512\nalignment 0 0\n"
		"part a 2 1\npart b -1 5\npart '' 1 2\npart c 1\npart d 1 2 e\n"
		"geometry 100 512 1 300 99\n'");
	EXPECT_EQ(sd.secs, 100);
	EXPECT_EQ(sd.h, 0);
	EXPECT_EQ(sd.psecsize, 0);
	ASSERT_EQ(sd.parts.size(), 1u);
	EXPECT_EQ(sd.parts[0].name, "d");
	EXPECT_EQ(parsesdctl("").secsize, 0);
}
}
