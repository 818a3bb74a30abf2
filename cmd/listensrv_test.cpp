// listensrv of 9p(2): one Srv for all who call.

#include "cmd/listensrv.h"
#include "cmd/prog.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// A file, count, that counts its reads; whoever reads gate waits until somebody writes it.
class Countsrv : public Srv {
	std::unique_ptr<Sync::Mutex> lk = sync.mutex();
	std::unique_ptr<Sync::Cond> opened = sync.cond();
	int n = 0;
	bool isopen = false;

public:
	Countsrv() : Srv(kernelsync())
	{
		name = "countsrv";
		tree = std::make_unique<Tree>("glenda", "glenda", 0777);
		tree->createfile(*tree->root, "count", "glenda", 0666);
		tree->createfile(*tree->root, "gate", "glenda", 0666);
	}
	void read(Req& r) override
	{
		std::unique_lock l(*lk);
		if(tree->statfile(*r.fid->file).name == "gate")
			while(!isopen)
				opened->wait(l);
		else if(r.ifcall.offset == 0)
			readstr(r, std::to_string(++n));
		l.unlock();
		r.respond();
	}
	void write(Req& r) override
	{
		std::unique_lock l(*lk);
		isopen = true;
		opened->notifyall();
		l.unlock();
		r.ofcall.count = r.ifcall.count;
		r.respond();
	}
};

void
call(const std::string& addr, std::string_view mtpt)
{
	Netcall c = dial(addr);
	close(std::move(c.ctl));
	mount(c.data, -1, mtpt, MREPL, "");
}
}

PREAL(listensrv, all_callers_share_one_Srv_and_none_waits_for_another)
{
	netns();
	std::string addr = listensrv(std::make_unique<Countsrv>(), "tcp!127.0.0.1!0");
	EXPECT_TRUE(addr.starts_with("tcp!127.0.0.1!")) << addr;
	call(addr, "/mnt");
	call(addr, "/n");
	EXPECT_EQ(readfile("/mnt/count"), "1");
	EXPECT_EQ(readfile("/n/count"), "2");
	rfork(RFPROC, [] { readfile("/mnt/gate"); });
	EXPECT_EQ(readfile("/n/count"), "3");
	Fd f = open("/n/gate", OWRITE); // only another's session can open it
	write(f, "x");
	close(std::move(f));
	EXPECT_EQ(wait().msg, "");
	unmount({}, "/mnt");
	call(addr, "/mnt"); // callers come and go
	EXPECT_EQ(readfile("/mnt/count"), "4");
}

PREAL(listensrv, what_others_can_reach_must_be_said)
{
	netns();
	EXPECT_ERROR(listensrv(std::make_unique<Countsrv>(), "tcp!*!0"),
		     "others can reach it: say insecure: 'tcp!*!0'");
	std::string addr =
		listensrv(std::make_unique<Countsrv>(), "tcp!*!0", Reach::Others);
	call("tcp!127.0.0.1!" + addr.substr(addr.rfind('!') + 1), "/mnt");
	EXPECT_EQ(readfile("/mnt/count"), "1");
	EXPECT_ERROR(listensrv(std::make_unique<Countsrv>(), addr, Reach::Others),
		     "address in use: '" + addr + "'");
}
}
