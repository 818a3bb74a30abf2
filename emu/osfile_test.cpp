// Host files below a root of their own, and those that may wait for ever.

#include "port/osfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "emu/oserr.h"
#include "emu/oslock.h"
#include "lib9/error.h"
#include "tests/test.h"

namespace p9 {

namespace {

namespace stdfs = std::filesystem;

struct Tmp {
	stdfs::path dir;

	Tmp()
	{
		std::string t = (stdfs::temp_directory_path() / "emutestXXXXXX").string();
		dir = mkdtemp(t.data());
	}
	~Tmp() { stdfs::remove_all(dir); }
};

std::string
text(Hostfile& f)
{
	std::byte buf[100];
	size_t n = f.read(buf, 0);
	return {reinterpret_cast<char*>(buf), n};
}
}

TEST(osfile, an_absolute_link_starts_at_the_trees_root)
{
	Tmp t;
	stdfs::create_directory(t.dir / "etc");
	std::ofstream(t.dir / "etc/passwd") << "inside";
	stdfs::create_symlink("/etc/passwd", t.dir / "link");
	auto tree = hosttree(t.dir.string());
	EXPECT_EQ(text(*tree->open("link", OREAD)), "inside");
	EXPECT_EQ(tree->trystat("link")->length, 6u);
}

TEST(osfile, no_name_leads_out_of_the_tree)
{
	Tmp t;
	stdfs::create_directory(t.dir / "in");
	std::ofstream(t.dir / "secret") << "outside";
	stdfs::create_symlink("../secret", t.dir / "in/up");
	stdfs::create_symlink("/proc/self/cwd", t.dir / "in/magic");
	auto tree = hosttree((t.dir / "in").string());
	EXPECT_THROW(tree->open("up", OREAD), Error);
	EXPECT_THROW(tree->open("../secret", OREAD), Error);
	EXPECT_THROW(tree->open("magic", OREAD), Error);
	EXPECT_EQ(tree->trystat("../secret"), std::nullopt);
}

TEST(osfile, entries_of_a_smaller_tree_follow_links_inside_it)
{
	Tmp t;
	stdfs::create_directory(t.dir / "d");
	std::ofstream(t.dir / "d/a") << "12345";
	stdfs::create_symlink("/d/a", t.dir / "link");
	auto tree = hosttree(t.dir.string());
	auto dir = tree->open("", OREAD);
	for(const Dir& d : dir->entries()) {
		EXPECT_EQ(d.length, d.name == "link" ? 5u : 0u);
	}
	EXPECT_TRUE(dir->entries().empty());
}

TEST(osfile, every_errno_has_words)
{
	for(int e = 1; e < 134; e++)
		EXPECT_FALSE(oserrtext(e).empty()) << e;
	EXPECT_EQ(oserrtext(ENOENT), Enonexist);
	EXPECT_EQ(oserrtext(EDQUOT), Enospace);
}

TEST(osfile, the_locks_are_those_of_a_QEMU_that_writes)
{
	Tmp t;
	std::string name = (t.dir / "a").string();
	int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	int other = ::open(name.c_str(), O_RDWR | O_CLOEXEC);
	ASSERT_EQ(imagelock(fd, Lockas::Writer, true), 0);
	for(int byte : {100, 101, 103, 201, 203}) {
		struct flock l = {};
		l.l_type = F_WRLCK;
		l.l_start = byte;
		l.l_len = 1;
		ASSERT_EQ(fcntl(other, F_OFD_GETLK, &l), 0);
		EXPECT_EQ(l.l_type, F_RDLCK) << byte;
	}
	EXPECT_EQ(imagelock(other, Lockas::Reader, true), EAGAIN);
	imageunlock(fd);
	EXPECT_EQ(imagelock(other, Lockas::Reader, true), 0);
	EXPECT_EQ(imagelock(fd, Lockas::Writer, true), EAGAIN);
	::close(fd);
	::close(other);
}

PREAL(osfile, a_reader_of_a_FIFO_waits_for_the_writer_and_stops_none)
{
	Tmp t;
	std::string name = (t.dir / "fifo").string();
	ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
	auto [r, w] = pipe();
	int out = w;
	rfork(0, [&name, out] {
		std::string s = readfile("#U" + name);
		write(out, s);
	});
	Fd fd = p9::open("#U" + name, OWRITE); // until the reader is there
	write(fd, "through");
	p9::close(std::move(fd));
	std::byte buf[20];
	EXPECT_EQ(read(r, buf), 7u);
	wait();
}

// Neither is refused because the other waits.
PREAL(osfile, what_several_write_to_a_FIFO_at_a_time_is_not_mixed)
{
	constexpr size_t Big = 4 << 20;	// more than the host keeps
	Tmp t;
	std::string name = (t.dir / "fifo").string();
	ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
	std::string got;
	int reader = rfork(0, [&] { got = readfile("#U" + name); });
	Fd fd = p9::open("#U" + name, OWRITE); // until the reader is there
	for(char letter : {'x', 'y'})
		rfork(0, [fd = int(fd), letter] { write(fd, std::string(Big, letter)); });
	for(int i = 0; i < 2; i++) {
		Waitmsg w = wait();
		EXPECT_NE(w.pid, reader);
		EXPECT_EQ(w.msg, "");
	}
	p9::close(std::move(fd));
	EXPECT_EQ(wait().msg, "");
	ASSERT_EQ(got.size(), 2 * Big);
	EXPECT_EQ(got.find_first_not_of(got[0]), Big);
	EXPECT_EQ(got.find(got[0], Big), got.npos);
}

PREAL(osfile, a_note_ends_the_wait_for_a_FIFO)
{
	Tmp t;
	std::string name = (t.dir / "fifo").string();
	ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
	int pid = rfork(RFNOTEG, [&name] { readfile("#U" + name); });
	p9::sleep(50);
	postnote(pid, "interrupt");
	EXPECT_NE(wait().msg.find("interrupt"), std::string::npos);
}
}
