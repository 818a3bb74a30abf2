// The file server that 9p(2) shows, as it stands there, mounted and used.

#include <fstream>
#include <sstream>

#include "tests/test.h"

// [9p(2)
#include "lib9/9p/srv.h"
#include "port/sys.h"

namespace p9 {

// Two files: count is how often it was read, note keeps what is written to it.
struct Notefs : Srv {
	int count = 0;
	std::string note;

	Notefs() : Srv(kernelsync())
	{
		name = "notefs";
		tree = std::make_unique<Tree>(getuser(), getuser(), 0555);
		tree->createfile(*tree->root, "count", getuser(), 0444);
		tree->createfile(*tree->root, "note", getuser(), 0666);
	}
	void read(Req& r) override
	{
		if(tree->statfile(*r.fid->file).name == "note")
			readstr(r, note);
		else if(r.ifcall.offset == 0)
			readstr(r, std::to_string(++count) + "\n");
		r.respond();
	}
	void write(Req& r) override
	{
		Bytes b = r.data();
		if(r.ifcall.offset + b.size() > 1000)
			error("note too long");
		note.resize(r.ifcall.offset);
		for(std::byte c : b)
			note += char(c);
		r.ofcall.count = r.ifcall.count;
		r.respond();
	}
};

void
notefs(Argv)
{
	postmountsrv(std::make_unique<Notefs>(), "note", "/mnt", MREPL);
}
}
// 9p(2)]

namespace p9 {

PTEST(notefs, works_as_it_stands_in_the_manual)
{
	bind("#s", "/srv", MREPL | MCREATE);
	notefs({});
	EXPECT_EQ(readfile("/mnt/count"), "1\n");
	EXPECT_EQ(readfile("/mnt/count"), "2\n");
	Fd f = open("/mnt/note", ORDWR);
	write(f, "remember");
	close(std::move(f));
	EXPECT_EQ(readfile("/mnt/note"), "remember");
	f = open("/mnt/note", ORDWR);
	EXPECT_ERROR(write(f, std::string(1001, 'x')), "note too long");
	EXPECT_ERROR(create("/mnt/x", OWRITE, 0666),
		     "mounted directory forbids creation: '/mnt/x'");
	unmount({}, "/mnt");
	remove("/srv/note");
}

TEST(notefs, stands_in_the_manual_as_it_is_compiled)
{
	auto slurp = [](const std::string& file) {
		std::ifstream in(file);
		std::ostringstream s;
		s << in.rdbuf();
		return s.str();
	};
	std::string self = slurp(__FILE__);
	ASSERT_FALSE(self.empty()) << "the source is not here";
	size_t a = self.find("\n// [9p(2)\n") + 11;
	std::string code = self.substr(a, self.find("\n// 9p(2)]\n") + 1 - a);
	for(size_t at = 0; (at = code.find('\\', at)) != code.npos; at += 2)
		code.replace(at, 1, "\\e");
	std::string top(__FILE__, std::string(__FILE__).rfind("cmd/"));
	EXPECT_NE(slurp(top + "man/2/9p").find(code), std::string::npos);
}
}
