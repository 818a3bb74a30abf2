// fdisk and prep on disks that fail while they write.

#include <algorithm>
#include <atomic>

#include "lib9/9p/srv.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

struct Faults {
	std::string data = std::string(4 << 20, '\0');
	uint64_t at = ~uint64_t(0);	// of writes that fail
	int times = 0;	// how many of them still do
};

// A disk in memory, one file.
class Baddisk final : public Srv {
	Faults& f;

public:
	explicit Baddisk(Faults& faults) : Srv(kernelsync()), f(faults)
	{
		name = "baddisk";
		tree = std::make_unique<Tree>(getuser(), getuser(), 0555);
		auto file = tree->createfile(*tree->root, "data", getuser(), 0666);
		tree->setlength(*file, f.data.size());
	}

	void read(Req& r) override
	{
		readbuf(r, std::as_bytes(std::span(f.data)));
		r.respond();
	}

	void write(Req& r) override
	{
		if(r.ifcall.offset == f.at && f.times > 0) {
			f.times--;
			error("bad sector");
		}
		Bytes b = r.data();
		std::ranges::copy(b, std::as_writable_bytes(std::span(f.data))
					     .subspan(r.ifcall.offset)
					     .begin());
		r.ofcall.count = r.ifcall.count;
		r.respond();
	}
};

const std::string Baddata = "/n/bad/data";

void
serve(Faults& f)
{
	stdns();
	postmountsrv(std::make_unique<Baddisk>(f), "", "/n/bad", MREPL);
	EXPECT_EQ(run({"disk/mbr", Baddata}).status, "");
	Ran r = run({"disk/fdisk", "-b", Baddata}, "a p1 0 1\na s2 1 2\na s3 2 3\nw\n");
	EXPECT_EQ(r.status, "");
	EXPECT_EQ(r.err.find('?'), std::string::npos) << r.err;
}
}

PTEST(diskedit, when_a_table_cannot_be_written_fdisk_puts_the_old_ones_back)
{
	Faults f;
	serve(f);
	std::string before = f.data;
	f.at = 446;
	f.times = 1;
	Ran r = run({"disk/fdisk", Baddata}, "d s2\na p4 3 4\nw\np\n");
	EXPECT_NE(r.err.find("write 66 bytes at 0.446 failed: bad sector\n"
			     "restored old partition tables\n"),
		  std::string::npos)
		<< r.err;
	EXPECT_EQ(r.status, "restored");
	EXPECT_TRUE(f.data == before);
	unmount("", "/n/bad");
}

PTEST(diskedit, what_cannot_be_put_back_is_said_to_be_inconsistent)
{
	Faults f;
	serve(f);
	f.at = 446;
	f.times = 2;
	Ran r = run({"disk/fdisk", Baddata}, "d s2\nw\n");
	EXPECT_NE(r.err.find("some writes failed during restoration"), std::string::npos)
		<< r.err;
	EXPECT_EQ(r.status, "inconsistent");
	unmount("", "/n/bad");
}

PTEST(diskedit, prep_puts_its_old_table_back)
{
	Faults f;
	serve(f);
	EXPECT_EQ(run({"disk/prep", "-b", Baddata}, "a x 2 5\nw\n").status, "");
	std::string before = f.data;
	EXPECT_TRUE(before.substr(512).starts_with("part x 2 5\n"));
	f.at = 512;
	f.times = 1;
	Ran r = run({"disk/prep", Baddata}, "d x\na y 3 4\nw\n");
	EXPECT_EQ(r.status, "restored") << r.err;
	EXPECT_TRUE(f.data == before);
	f.times = 2;
	r = run({"disk/prep", Baddata}, "d x\nw\n");
	EXPECT_EQ(r.status, "inconsistent") << r.err;
	unmount("", "/n/bad");
}

PTEST(diskedit, mbr_says_that_it_could_not_write)
{
	Faults f;
	serve(f);
	f.at = 0;
	f.times = 1;
	Ran r = run({"disk/mbr", Baddata});
	EXPECT_EQ(r.err, "mbr: /n/bad/data: bad sector\n");
	EXPECT_EQ(r.status, "/n/bad/data: bad sector");
	unmount("", "/n/bad");
}

PTEST(diskedit, output_that_nobody_takes_is_a_failure)
{
	Faults f;
	serve(f);
	for(const char* prog : {"disk/fdisk", "disk/prep"}) {
		auto [r, w] = pipe();
		close(std::move(r));
		rfork(RFFDG, [prog, fd = int(w)] {
			dup(fd, 1).release();
			exec(std::string("/bin/") + prog, {prog, "-r", Baddata});
		});
		EXPECT_NE(wait().msg, "") << prog;
	}
	unmount("", "/n/bad");
}
}
