// ramfs(4) through the mount driver, and what 9p(2) does in the kernel: posting,
// mounting, and a server's end.

#include <map>
#include <random>

#include "cmd/cmds.h"
#include "lib9/9p/srv.h"
#include "tests/test.h"

namespace p9 {

namespace {

// A ramfs on /tmp.
void
mountram()
{
	ramfs({"ramfs"});
}

std::string
text(std::string_view name)
{
	return readfile(name);
}

// Puts s at off, opening the file or making it.
void
put(std::string_view name, std::string_view s, int64_t off = 0)
{
	Fd f = access(name, AEXIST) ? open(name, OWRITE) : create(name, OWRITE, 0666);
	pwrite(f, std::as_bytes(std::span(s)), off);
	close(std::move(f));
}

uint64_t
length(std::string_view name)
{
	return stat(name).length;
}

void
truncate(std::string_view name, uint64_t n)
{
	Dir d = Dir::dontcare();
	d.length = n;
	wstat(name, d);
}

void
rename(std::string_view name, std::string_view to)
{
	Dir d = Dir::dontcare();
	d.name = to;
	wstat(name, d);
}
}

PTEST(ramfs, files_keep_what_is_written)
{
	mountram();
	writefile("/tmp/a", "hello");
	EXPECT_EQ(text("/tmp/a"), "hello");
	put("/tmp/a", "p!", 3);
	EXPECT_EQ(text("/tmp/a"), "help!");
	writefile("/tmp/a", "x");
	EXPECT_EQ(text("/tmp/a"), "x");
	EXPECT_EQ(stat("/tmp/a").uid, getuser());
	remove("/tmp/a");
	EXPECT_ERROR(text("/tmp/a"), "file not found: '/tmp/a'");
}

PTEST(ramfs, a_wstat_of_length_and_mtime_leaves_that_mtime)
{
	mountram();
	writefile("/tmp/a", "hello");
	Dir d = Dir::dontcare();
	d.length = 2;
	d.mtime = 1000000;
	wstat("/tmp/a", d);
	EXPECT_EQ(stat("/tmp/a").mtime, 1000000u);
	EXPECT_EQ(text("/tmp/a"), "he");
}

PTEST(ramfs, directories_nest_and_refuse_to_go_while_they_have_children)
{
	mountram();
	close(create("/tmp/d", OREAD, DMDIR | 0777));
	close(create("/tmp/d/e", OREAD, DMDIR | 0777));
	writefile("/tmp/d/e/f", "deep");
	EXPECT_EQ(text("/tmp/d/../d/e/f"), "deep");
	EXPECT_ERROR(remove("/tmp/d/e"), "remove e: has children");
	rename("/tmp/d/e/f", "g");
	EXPECT_EQ(text("/tmp/d/e/g"), "deep");
	EXPECT_EQ(dirreadall("/tmp/d/e").size(), 1u);
	remove("/tmp/d/e/g");
	remove("/tmp/d/e");
	remove("/tmp/d");
	EXPECT_TRUE(dirreadall("/tmp").empty());
}

PTEST(ramfs, holes_read_as_zeros_at_any_offset)
{
	mountram();
	const int64_t far = (int64_t(16) << 40) - 3;
	put("/tmp/sparse", "end", far);
	EXPECT_EQ(length("/tmp/sparse"), uint64_t(far) + 3);
	Fd f = open("/tmp/sparse", ORDWR);
	std::byte b[6];
	EXPECT_EQ(pread(f, b, far - 3), 6u);
	EXPECT_EQ(b[2], std::byte{0});
	EXPECT_EQ(b[3], std::byte{'e'});
	EXPECT_ERROR(pwrite(f, b, far), "file too big");
	EXPECT_EQ(length("/tmp/sparse"), uint64_t(far) + 3);
	truncate("/tmp/sparse", 10);
	truncate("/tmp/sparse", uint64_t(far) + 3);
	EXPECT_EQ(pread(f, b, far), 3u);
	EXPECT_EQ(b[0], std::byte{0});
	close(std::move(f));
}

PTEST(ramfs, large_reads_and_writes_arrive_whole)
{
	mountram();
	std::string big(3 << 20, '\0');
	for(size_t i = 0; i < big.size(); i++)
		big[i] = char(i * 7 + i / 4096);
	writefile("/tmp/big", big);
	EXPECT_TRUE(text("/tmp/big") == big);
	put("/tmp/big", std::string_view(big).substr(0, 100000), 65530);
	std::string now = text("/tmp/big");
	EXPECT_TRUE(now ==
		    big.substr(0, 65530) + big.substr(0, 100000) + big.substr(165530));
}

PTEST(ramfs, append_only_and_exclusive_files)
{
	mountram();
	Fd f = create("/tmp/log", OWRITE, DMAPPEND | 0666);
	write(f, "one ");
	pwrite(f, std::as_bytes(std::span("two", 3)), 0);
	close(std::move(f));
	EXPECT_EQ(text("/tmp/log"), "one two");
	close(open("/tmp/log", OWRITE | OTRUNC));
	EXPECT_EQ(text("/tmp/log"), "one two");
	f = create("/tmp/lock", OWRITE, DMEXCL | 0666);
	EXPECT_ERROR(open("/tmp/lock", OREAD), "exclusive use file already open: '/tmp/lock'");
	close(std::move(f));
	close(open("/tmp/lock", OREAD));
}

PTEST(ramfs, LP_16_orclose_removes)
{
	mountram();
	Fd f = create("/tmp/x", ORDWR | ORCLOSE, 0666);
	EXPECT_TRUE(access("/tmp/x", AEXIST));
	close(std::move(f));
	EXPECT_FALSE(access("/tmp/x", AEXIST));
}

PTEST(ramfs, LP_29_it_is_posted_and_can_be_mounted_twice)
{
	bind("#s", "/srv", MREPL | MCREATE);
	ramfs({"ramfs", "-S", "mem"});
	for(std::string_view at : {"/tmp", "/n"}) {
		Fd fd = open("/srv/mem", ORDWR);
		mount(fd, -1, at, MREPL | MCREATE, "");
	}
	writefile("/tmp/a", "seen");
	EXPECT_EQ(text("/n/a"), "seen");
	unmount({}, "/tmp");
	EXPECT_EQ(text("/n/a"), "seen");
	unmount({}, "/n");
	remove("/srv/mem");
}

PTEST(ramfs, LP_29_a_server_that_ends_takes_its_srv_file_with_it)
{
	bind("#s", "/srv", MREPL | MCREATE);
	auto srv = std::make_unique<Srv>(kernelsync());
	postmountsrv(std::move(srv), "x", {}, 0);
	EXPECT_TRUE(access("/srv/x", AEXIST));
	Fd fd = open("/srv/x", ORDWR);
	write(fd, "junk that is no message"); // ends the session
	std::byte b[10];
	EXPECT_EQ(read(fd, b), 0u);
	close(std::move(fd));
	for(int i = 0; i < 100 && access("/srv/x", AEXIST); i++)
		sleep(1);
	EXPECT_FALSE(access("/srv/x", AEXIST));
}

PTEST(ramfs, usage_is_an_error)
{
	rfork(RFPROC | RFFDG, [] { ramfs({"ramfs", "-z"}); });
	EXPECT_NE(wait().msg.find("usage"), std::string::npos);
}

PTEST(ramfs, random_calls_do_what_a_model_says)
{
	mountram();
	std::mt19937 rnd(1);
	std::map<std::string, std::string> model;
	for(int i = 0; i < 2000; i++) {
		std::string name = "/tmp/f" + std::to_string(rnd() % 8);
		std::string s(rnd() % 5000, char('a' + rnd() % 26));
		size_t off = rnd() % 200000;
		bool there = model.contains(name);
		switch(rnd() % 6) {
		case 0:
			writefile(name, s);
			model[name] = s;
			break;
		case 1:
		case 2: {
			put(name, s, int64_t(off));
			std::string& t = model[name];
			if(!s.empty())
				t.resize(std::max(t.size(), off + s.size()));
			if(!s.empty())
				t.replace(off, s.size(), s);
			break;
		}
		case 3:
			if(there) {
				truncate(name, off);
				model[name].resize(off);
			}
			break;
		case 4: {
			std::string to = "/tmp/f" + std::to_string(rnd() % 8);
			if(there && !model.contains(to)) {
				rename(name, to.substr(5));
				model[to] = std::move(model[name]);
				model.erase(name);
			}
			break;
		}
		case 5:
			if(there)
				remove(name);
			model.erase(name);
		}
		ASSERT_EQ(access(name, AEXIST), model.contains(name));
		if(there = model.contains(name); there) {
			ASSERT_TRUE(text(name) == model[name]) << i;
		}
	}
	EXPECT_EQ(dirreadall("/tmp").size(), model.size());
}
}
