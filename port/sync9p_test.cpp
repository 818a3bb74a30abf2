// Servers whose hooks wait, in the kernel: the locks and Procs that kernelsync gives
// them, flushes, and ends.

#include <algorithm>

#include "lib9/9p/srv.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

std::atomic<int> nended{0}; // Gatesrvs that have

// A file, gate: reads of it wait until something is written, and then answer that.
class Gatesrv : public Srv {
	std::unique_ptr<Sync::Mutex> m = sync.mutex();
	std::unique_ptr<Sync::Cond> c = sync.cond();
	std::string text;

public:
	int nwaiting = 0;

	Gatesrv() : Srv(kernelsync())
	{
		name = "gate";
		tree = std::make_unique<Tree>("glenda", "glenda", 0777);
		tree->createfile(*tree->root, "gate", "glenda", 0666);
	}
	void end() override { nended++; }

	void read(Req& r) override
	{
		if(r.ifcall.offset > 0)
			return r.respond();
		srvrelease(r);
		{
			std::unique_lock l(*m);
			nwaiting++;
			while(text.empty() && !r.flushed())
				c->wait(l);
			nwaiting--;
		}
		srvacquire(r);
		if(text.empty())
			return r.responderror(Eintr);
		readstr(r, text);
		r.respond();
	}
	void write(Req& r) override
	{
		{
			std::scoped_lock l(*m);
			Bytes b = r.data();
			text.assign(reinterpret_cast<const char*>(b.data()), b.size());
			r.ofcall.count = uint32_t(b.size());
			c->notifyall();
		}
		r.respond();
	}
	void flush(Req& r) override
	{
		{
			std::scoped_lock l(*m);
			c->notifyall();
		}
		r.respond();
	}
};

void
mountgate()
{
	nended = 0;
	postmountsrv(std::make_unique<Gatesrv>(), {}, "/mnt", MREPL);
}

// Lets the others run until they wait.
void
settle()
{
	sleep(10);
}
}

PRACE(sync9p, LP_23_hooks_that_were_released_wait_beside_others)
{
	mountgate();
	int got = 0;
	for(int i = 0; i < 12; i++)
		rfork(RFPROC, [&] {
			if(readfile("/mnt/gate") == "open")
				got++;
		});
	settle();
	EXPECT_EQ(stat("/mnt/gate").length, 0u);
	Fd f = open("/mnt/gate", OWRITE);
	write(f, "open");
	close(std::move(f));
	for(int i = 0; i < 12; i++)
		EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(got, 12);
	unmount({}, "/mnt");
	settle();
	EXPECT_EQ(nended, 1);
}

PRACE(sync9p, LP_7_an_interrupted_read_is_flushed_and_the_next_is_served)
{
	mountgate();
	std::string why;
	int pid = rfork(RFPROC | RFNOTEG, [&] {
		notify([](const std::string&) { return true; });
		try {
			readfile("/mnt/gate");
		} catch(const Error& e) {
			why = e.reason();
		}
		EXPECT_EQ(readfile("/mnt/gate"), "late");
	});
	settle();
	postnote(pid, "wake up");
	settle();
	EXPECT_EQ(why, Eintr);
	writefile("/mnt/gate", "late");
	EXPECT_EQ(wait().msg, "");
	unmount({}, "/mnt");
}

PRACE(sync9p, LP_22_a_server_ends_though_its_client_died_waiting)
{
	mountgate();
	int pid = rfork(RFPROC | RFNOTEG, [] { readfile("/mnt/gate"); });
	settle();
	unmount({}, "/mnt");
	postnote(pid, "die");
	EXPECT_NE(wait().msg, "");
	settle();
	EXPECT_EQ(nended, 1);
}

// The connection is cut by junk while hooks wait: all are flushed, the Srv ends, and
// whoever called it hears so.
PRACE(sync9p, LP_22_a_session_that_is_cut_flushes_what_waits)
{
	nended = 0;
	std::pair<Fd, Fd> ends = pipe();
	Fd& mine = ends.first;
	Fd& its = ends.second;
	int fd = its;
	spawnserver("gate", {its}, [fd] {
		Gatesrv s;
		std::unique_ptr<Transport> t = fdtransport(fd, fd);
		s.serve(*t);
	});
	close(std::move(its));
	auto send = [&](const auto& m, uint16_t tag) {
		std::byte b[100];
		size_t n = packM(m, tag, b);
		write(mine, Bytes(b).first(n));
	};
	auto receive = [&] {
		std::byte b[200];
		size_t n = read(mine, b);
		return n == 0 ? "end" : fmt9p(Bytes(b).first(n));
	};
	send(Tattach{.fid = 0, .uname = "glenda"}, 1);
	EXPECT_NE(receive().find("Rattach"), std::string::npos);
	Twalk w{.fid = 0, .newfid = 1};
	w.wname.add("gate");
	send(w, 1);
	EXPECT_NE(receive().find("Rwalk"), std::string::npos);
	send(Topen{.fid = 1, .mode = OREAD}, 1);
	EXPECT_NE(receive().find("Ropen"), std::string::npos);
	send(Tread{.fid = 1, .offset = 0, .count = 10}, 5);
	send(Tread{.fid = 1, .offset = 0, .count = 10}, 6);
	settle();
	write(mine, "junk that is no message");
	std::vector<std::string> last{receive(), receive(), receive()};
	std::ranges::sort(last);
	EXPECT_EQ(last[0], "Rerror tag 5 ename interrupted");
	EXPECT_EQ(last[1], "Rerror tag 6 ename interrupted");
	EXPECT_EQ(last[2], "end");
	EXPECT_EQ(nended, 1);
	close(std::move(mine));
}

PREAL(sync9p, many_Procs_share_what_a_mutex_guards)
{
	std::unique_ptr<Sync::Mutex> m = kernelsync().mutex();
	std::unique_ptr<Sync::RWMutex> rw = kernelsync().rwmutex();
	long n = 0;
	long k = 0;
	for(int i = 0; i < 20; i++)
		rfork(RFPROC, [&] {
			for(int j = 0; j < 1000; j++) {
				{
					std::scoped_lock l(*m);
					n++;
				}
				if(j % 10 == 0) {
					std::scoped_lock l(*rw);
					k++;
				} else {
					std::shared_lock l(*rw);
					if(k < 0)
						n = 0;
				}
			}
		});
	for(int i = 0; i < 20; i++)
		wait();
	EXPECT_EQ(n, 20000);
	EXPECT_EQ(k, 2000);
}

// Else a request of 20 bytes would keep room for the longest message from others.
PTEST(sync9p, a_short_message_is_kept_in_little_room)
{
	stdns();
	std::string msg("\x13\0\0\0\x64\xff\xff\0\x20\0\0\6\0" "9P2000", 19);
	writefile("/tmp/msg", msg);
	Fd fd = open("/tmp/msg", ORDWR);
	std::unique_ptr<Transport> t = fdtransport(fd, fd);
	t->msize(MAXMSIZE);
	Block b = t->read();
	EXPECT_EQ(std::string(reinterpret_cast<const char*>(b.data().data()), b.own()), msg);
	EXPECT_LE(b.room().size(), 2048u);
}
}
