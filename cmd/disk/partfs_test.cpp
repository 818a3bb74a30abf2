// partfs(8), fdisk and prep on it, in memory.

#include "cmd/cmds.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

const std::string Image = "/tmp/image";
const std::string Sdxx = "/n/d/sdXX/";

void
mkimage(uint64_t size)
{
	Fd fd = create(Image, ORDWR, 0666);
	Dir d = Dir::dontcare();
	d.length = size;
	fwstat(fd, d);
	close(std::move(fd));
}

void
serve(const Argv& more = {})
{
	Argv v = {"disk/partfs", "-m", "/n/d"};
	v.insert(v.end(), more.begin(), more.end());
	v.push_back(Image);
	Ran r = run(v);
	EXPECT_EQ(r.err + r.status, "");
}

// A disk of 1000 sectors, served.
void
setup()
{
	stdns();
	mkimage(512000);
	serve();
}

// What ctl answers to a message; empty when it takes it.
std::string
tell(std::string_view msg)
{
	Fd fd = open(Sdxx + "ctl", OWRITE);
	std::string why;
	try {
		write(fd, msg);
	} catch(const Error& e) {
		why = e.reason();
	}
	close(std::move(fd));
	return why;
}

std::string
ctl()
{
	return readfile(Sdxx + "ctl");
}

size_t
put(std::string_view file, std::string_view s, int64_t off)
{
	Fd fd = open(file, OWRITE);
	size_t n = pwrite(fd, std::as_bytes(std::span(s)), off);
	close(std::move(fd));
	return n;
}

std::string
get(std::string_view file, size_t n, int64_t off)
{
	Fd fd = open(file, OREAD);
	std::string s(n, '?');
	s.resize(pread(fd, std::as_writable_bytes(std::span(s)), off));
	close(std::move(fd));
	return s;
}

template<class F>
std::string
reason(F f)
{
	try {
		f();
		return {};
	} catch(const Error& e) {
		return e.reason();
	}
}

std::string
names()
{
	std::string s;
	for(const Dir& d : dirreadall("/n/d/sdXX"))
		s += d.name + " ";
	return s;
}
}

PTEST(partfs, a_file_is_a_disk_with_ctl_and_data)
{
	setup();
	EXPECT_EQ(names(), "ctl data ");
	EXPECT_EQ(ctl(),
		  "inquiry partfs hard drive\ngeometry 1000 512\npart data 0 1000\n");
	EXPECT_EQ(stat(Sdxx + "data").length, 512000u);
	EXPECT_EQ(stat(Sdxx + "ctl").mode, 0666u);
	EXPECT_EQ(stat(Sdxx + "data").uid, "partfs");
	EXPECT_EQ(stat("/n/d").mode, DMDIR | 0777u);
	EXPECT_FALSE(trystat(Sdxx + "nothing"));
	EXPECT_EQ(stat(Sdxx + "../sdXX").name, "sdXX");
}

PTEST(partfs, usage_and_files_that_cannot_be_opened)
{
	stdns();
	Ran r = run({"disk/partfs"});
	EXPECT_EQ(r.err, "usage: disk/partfs [-Dr] [-d sdname] [-m mtpt] [-s srvname] "
			 "diskimage\n");
	EXPECT_EQ(r.status, "usage");
	EXPECT_EQ(run({"disk/partfs", "/env/no"}).err,
		  "partfs: file does not exist: '/env/no'\n");
	mkimage(512);
	EXPECT_EQ(run({"disk/partfs", "-d", "a/b", Image}).status, "bad disk name: a/b");
	EXPECT_EQ(run({"disk/partfs", "-d", "..", Image}).status, "bad disk name: ..");
	EXPECT_NE(run({"disk/partfs", "-m", "/env/no", Image}).status, "");
}

PTEST(partfs, partitions_come_and_go_by_messages)
{
	setup();
	EXPECT_EQ(tell("part a 10 20"), "");
	EXPECT_EQ(tell("part b 0 1000\n"), "");
	EXPECT_EQ(names(), "ctl data a b ");
	EXPECT_EQ(stat(Sdxx + "a").length, 5120u);
	EXPECT_EQ(tell("part a 10 20"), "") << "the same again is nothing";
	EXPECT_EQ(tell("part a 10 21"),
		  "partition name already in use: \"part a 10 21\"");
	EXPECT_EQ(tell("part data 0 1000"),
		  "partition name already in use: \"part data 0 1000\"");
	EXPECT_EQ(tell("part ctl 0 1"),
		  "partition name already in use: \"part ctl 0 1\"");
	EXPECT_EQ(tell("delpart a"), "");
	EXPECT_EQ(tell("delpart a"), "partition not found: \"delpart a\"");
	EXPECT_EQ(tell("part c 0x10 010"),
		  "bad partition boundaries: \"part c 0x10 010\"");
	EXPECT_EQ(tell("part c 010 0x10"), "");
	EXPECT_EQ(ctl(),
		  "inquiry partfs hard drive\ngeometry 1000 512\npart data 0 1000\n"
		  "part c 8 16\npart b 0 1000\n");
	EXPECT_EQ(tell("delpart data"), "");
	EXPECT_EQ(names(), "ctl c b ");
}

PTEST(partfs, messages_that_make_no_sense_change_nothing)
{
	setup();
	std::string before = ctl();
	for(const char* s : {"",
			     " \n",
			     "part",
			     "part a",
			     "part a 1",
			     "part a 1 2 3",
			     "part a x 2",
			     "part a -1 2",
			     "part a 2 1",
			     "part a 1 1001",
			     "part a 0 9223372036854775807",
			     "part a 0 18446744073709551617",
			     "part a/b 1 2",
			     "part '' 1 2",
			     "part . 1 2",
			     "part .. 1 2",
			     "part 'a b' 1 2",
			     "part 'a\nb' 1 2",
			     "part '\x01' 1 2",
			     "delpart",
			     "delpart a b",
			     "inquiry",
			     "inquiry a b",
			     "inquiry 'a\npart x 1 2'",
			     "geometry",
			     "geometry 1",
			     "geometry 1 2 3",
			     "geometry -1 512",
			     "geometry 1000 0",
			     "geometry 1000 -1",
			     "geometry 1000 9999999",
			     "geometry 9223372036854775807 512",
			     "nonsense",
			     "config"})
		EXPECT_NE(tell(s), "") << s;
	EXPECT_EQ(ctl(), before);
	EXPECT_EQ(tell("part a 1"), "part takes 3 args: \"part a 1\"");
	EXPECT_EQ(tell("delpart"), "delpart takes 1 arg: \"delpart\"");
	EXPECT_EQ(tell("what"), "unknown control message: \"what\"");
}

PTEST(partfs, there_are_64_slots)
{
	setup();
	for(int i = 1; i < 64; i++)
		EXPECT_EQ(tell("part p" + std::to_string(i) + " 0 1"), "");
	EXPECT_EQ(tell("part more 0 1"), "no free partition slots: \"part more 0 1\"");
	EXPECT_EQ(tell("delpart p5"), "");
	EXPECT_EQ(tell("part more 0 1"), "");
}

PTEST(partfs, the_geometry_takes_away_what_no_longer_fits)
{
	setup();
	tell("part a 100 200");
	tell("part b 200 500");
	tell("inquiry 'my disk'");
	EXPECT_EQ(tell("geometry 300 1024"), "");
	EXPECT_EQ(ctl(), "inquiry my disk\ngeometry 300 1024\npart data 0 300\n"
			 "part a 100 200\n");
	EXPECT_EQ(stat(Sdxx + "a").length, 102400u);
}

PTEST(partfs, reads_and_writes_go_to_the_file)
{
	setup();
	tell("part a 10 20");
	EXPECT_EQ(put(Sdxx + "a", "hello", 100), 5u);
	EXPECT_EQ(get(Image, 5, 5220), "hello");
	EXPECT_EQ(get(Sdxx + "data", 5, 5220), "hello");
	put(Image, "world", 5120);
	EXPECT_EQ(get(Sdxx + "a", 5, 0), "world");
}

PTEST(partfs, what_goes_past_the_end_of_a_partition_is_cut)
{
	setup();
	tell("part a 10 20");
	tell("part b 20 30");
	put(Sdxx + "b", "BBBB", 0);
	EXPECT_EQ(put(Sdxx + "a", "123456", 5117), 3u);
	EXPECT_EQ(get(Image, 7, 5120 + 5117), std::string("123BBBB"));
	EXPECT_EQ(get(Sdxx + "a", 100, 5117), "123");
	EXPECT_EQ(get(Sdxx + "a", 100, 5120), "");
	EXPECT_EQ(put(Sdxx + "a", "x", 5120), 0u);
	EXPECT_EQ(reason([] { get(Sdxx + "a", 1, 5121); }),
		  "offset past end of partition");
	EXPECT_EQ(reason([] { put(Sdxx + "a", "x", 5121); }),
		  "offset past end of partition");
	EXPECT_EQ(reason([] { put(Sdxx + "a", "x", int64_t(1) << 62); }),
		  "offset past end of partition");
	EXPECT_EQ(stat(Image).length, 512000u);
}

PTEST(partfs, who_has_a_partition_open_that_goes_gets_an_error)
{
	setup();
	tell("part a 10 20");
	Fd fd = open(Sdxx + "a", ORDWR);
	write(fd, "x");
	tell("delpart a");
	EXPECT_EQ(reason([&fd] { write(fd, "x"); }), "unknown partition");
	tell("part a 30 40");
	EXPECT_EQ(reason([&fd] { write(fd, "x"); }), "unknown partition");
	EXPECT_EQ(reason([&fd] { fstat(fd); }), "partition no longer exists");
	close(std::move(fd));
	EXPECT_EQ(get(Image, 1, 30 * 512), std::string(1, '\0'));
}

PTEST(partfs, read_only_is_that)
{
	stdns();
	mkimage(512000);
	serve({"-r"});
	EXPECT_EQ(tell("part a 10 20"), "");
	EXPECT_EQ(get(Sdxx + "a", 1, 0).size(), 1u);
	EXPECT_EQ(stat(Sdxx + "a").mode, 0444u);
	EXPECT_EQ(reason([] { open(Sdxx + "a", OWRITE); }), Eperm);
	EXPECT_EQ(reason([] { open(Sdxx + "data", ORDWR); }), Eperm);
}

PTEST(partfs, what_a_disk_has_not)
{
	setup();
	EXPECT_NE(reason([] { create(Sdxx + "new", OWRITE, 0666); }), "");
	EXPECT_NE(reason([] { remove(Sdxx + "data"); }), "");
	EXPECT_NE(reason([] { open(Sdxx + "data", ORDWR | ORCLOSE); }), "");
	EXPECT_NE(reason([] { open("/n/d/sdXX", OWRITE); }), "");
	Fd fd = open("/n/d/sdXX", OREAD);
	EXPECT_NE(reason([&fd] { write(fd, "x"); }), "");
	EXPECT_TRUE(trystat(Sdxx + "data"));
}

PTEST(partfs, it_is_mounted_before_dev_and_posted)
{
	stdns();
	bind("#c", "/dev", MREPL);
	mkimage(512000);
	EXPECT_EQ(run({"disk/partfs", "-s", "disk", "-d", "sd00", Image}).status, "");
	EXPECT_EQ(stat("/dev/sd00/data").length, 512000u);
	EXPECT_TRUE(trystat("/dev/pid"));
	EXPECT_TRUE(trystat("/srv/disk"));
	remove("/srv/disk");
	Ran r = run({"disk/partfs", "-D", "-m", "/n/d", Image});
	EXPECT_NE(r.err.find("Tattach"), std::string::npos) << r.err;
}

PTEST(partfs, a_disk_on_a_disk_passes_messages_on)
{
	setup();
	EXPECT_EQ(run({"disk/partfs", "-m", "/n/e", "-d", "sd01", "/n/d/sdXX"}).err, "");
	auto up = [](std::string_view msg) {
		Fd fd = open("/n/e/sd01/ctl", OWRITE);
		return reason([&] { write(fd, msg); });
	};
	EXPECT_EQ(up("part x 1 2"), "");
	EXPECT_EQ(ctl().find("part x"), std::string::npos);
	EXPECT_EQ(up("what"), "unknown control message: \"what\": \"what\"");
	put("/n/e/sd01/x", "deep", 0);
	EXPECT_EQ(get(Image, 4, 512), "deep");
}

PTEST(partfs, the_tables_of_a_whole_image_are_as_9front_makes_them)
{
	stdns();
	mkimage(uint64_t(3770) << 20);
	serve();
	EXPECT_EQ(run({"disk/mbr", Sdxx + "data"}).status, "");
	EXPECT_EQ(run({"disk/fdisk", "-baw", Sdxx + "data"}).status, "");
	Ran r = run({"disk/prep", "-bw", "-a9fat", "-anvram", "-afs", Sdxx + "plan9"});
	EXPECT_EQ(r.out, "9fat 204800\nnvram 1\nfs 7512384\n");
	EXPECT_EQ(r.err + r.status, "");
	EXPECT_EQ(
		get(Sdxx + "plan9", 67, 512),
		"part 9fat 0 204800\npart nvram 204800 204801\npart fs 204801 7717185\n");
	EXPECT_EQ(ctl(),
		  "inquiry partfs hard drive\ngeometry 7720960 512\n"
		  "part data 0 7720960\npart plan9 63 7717248\npart 9fat 63 204863\n"
		  "part nvram 204863 204864\npart fs 204864 7717248\n");
}

PTEST(partfs, an_editor_leaves_what_is_not_its_business_in_ctl)
{
	stdns();
	mkimage(uint64_t(100) << 20);
	serve();
	run({"disk/mbr", Sdxx + "data"});
	run({"disk/fdisk", "-baw", Sdxx + "data"});
	tell("part inside 100 200");
	tell("part outside 0 20");
	Ran r = run({"disk/fdisk", "-p", Sdxx + "data"});
	EXPECT_EQ(r.out, "delpart outside\npart plan9 32 204800\n");
	r = run({"disk/prep", "-p", Sdxx + "plan9"});
	EXPECT_EQ(r.out, "delpart inside\n");
}
}
