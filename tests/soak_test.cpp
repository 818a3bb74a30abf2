// Clients of every kind that die at any moment, for EMU_SOAK seconds (2 unless it is
// set): afterwards nothing of them is left in the exporter.  `./check soak' runs it for
// ten minutes.

#include <filesystem>
#include <random>

#include "cmd/dial.h"
#include "lib9/fcall.h"
#include "port/proc.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

constexpr int Slots = 24;	// clients at a time

using Random = std::mt19937;

int
upto(Random& rnd, int n)
{
	return int(rnd() % unsigned(n));
}

// A directory of the host's for the test's sockets and files.
struct Hostdir {
	std::string path = "/tmp/emusoak.XXXXXX";

	Hostdir()
	{
		if(!mkdtemp(path.data()))
			error("mkdtemp", path);
	}
	~Hostdir() { std::filesystem::remove_all(path); }
};

size_t
hostfds()
{
	std::filesystem::directory_iterator i("/proc/self/fd");
	return size_t(std::distance(begin(i), end(i)));
}

// What is served: memory, files of the host, and a pipe that nobody writes.
void
maketree(const std::string& hostdir)
{
	netns();
	for(std::string_view d : {"/tmp/host", "/tmp/pipe"})
		close(create(d, OREAD, DMDIR | 0777));
	p9::bind("#U" + hostdir, "/tmp/host", MREPL | MCREATE);
	bind("#|", "/tmp/pipe", MREPL);
	writefile("/tmp/big", std::string(1 << 20, 'b'));
	writefile("/tmp/host/big", std::string(1 << 20, 'h'));
}

// A client that uses the tree as anybody would.
void
useroutine(Random& rnd, const std::string& addr, int who)
{
	static constexpr std::string_view where[] = {"/n/x", "/n/x/host"};
	Netcall c = dial(addr);
	mount(c.data, -1, "/n/x", MREPL | MCREATE | (upto(rnd, 2) ? MCACHE : 0), "");
	close(std::move(c.ctl));
	for(int i = upto(rnd, 40); i > 0; i--) {
		std::string dir(where[upto(rnd, 2)]);
		std::string mine = dir + "/f" + std::to_string(who);
		switch(upto(rnd, 7)) {
		case 0: writefile(mine, std::string(size_t(upto(rnd, 100000)), 'x')); break;
		case 1: readfile(dir + "/big"); break;
		case 2: dirreadall(dir); break;
		case 3: create(mine, ORDWR | ORCLOSE, 0666).release(); break;
		case 4:
			if(access(mine, AEXIST))
				remove(mine);
			break;
		case 5: {
			Dir d = Dir::dontcare();
			d.name = "g" + std::to_string(who);
			if(access(mine, AEXIST) && !access(dir + "/" + d.name, AEXIST))
				wstat(mine, d);
			break;
		}
		case 6: open(dir + "/big", OREAD).release(); break;
		}
	}
}

// One that waits for what never comes.
void
sleeproutine(const std::string& addr)
{
	Netcall c = dial(addr);
	mount(c.data, -1, "/n/x", MREPL, "");
	std::array<std::byte, 10> b;
	Fd f = open("/n/x/pipe/data", OREAD);
	read(f, b);
}

template<class M>
void
add(std::vector<std::byte>& v, const M& m, uint16_t tag)
{
	size_t at = v.size();
	v.resize(at + sizeM(m));
	packM(m, tag, Buf(v).subspan(at));
}

// Some requests, right and wrong, whose answers are perhaps read.
std::vector<std::byte>
requests(Random& rnd)
{
	static constexpr std::string_view names[] = {"big", "host", "pipe", "data", "..", "new", ""};
	std::vector<std::byte> v;
	add(v, Tversion{.msize = uint32_t(256 + upto(rnd, 100000)), .version = "9P2000"}, NOTAG);
	add(v, Tattach{.fid = 0, .uname = "soak"}, 1);
	for(int i = upto(rnd, 200); i > 0; i--) {
		uint32_t fid = uint32_t(upto(rnd, 6));
		uint32_t other = uint32_t(upto(rnd, 6));
		auto tag = uint16_t(upto(rnd, 30));
		Twalk w{.fid = fid, .newfid = other};
		for(int n = upto(rnd, 3); n > 0; n--)
			w.wname.add(names[upto(rnd, int(std::size(names)))]);
		switch(upto(rnd, 10)) {
		case 0: add(v, Tattach{.fid = fid, .uname = "soak"}, tag); break;
		case 1:
		case 2: add(v, w, tag); break;
		case 3: add(v, Topen{.fid = fid, .mode = uint8_t(upto(rnd, 3))}, tag); break;
		case 4:
			add(v, Tcreate{.fid = fid, .name = "new", .perm = 0666,
				.mode = uint8_t(ORDWR | (upto(rnd, 2) ? ORCLOSE : 0))}, tag);
			break;
		case 5:
		case 6: add(v, Tread{.fid = fid, .offset = 0, .count = uint32_t(upto(rnd, 60000))}, tag); break;
		case 7: add(v, Tclunk{.fid = fid}, tag); break;
		case 8: add(v, Tflush{.oldtag = uint16_t(upto(rnd, 30))}, tag); break;
		case 9: add(v, Tstat{.fid = fid}, tag); break;
		}
	}
	if(upto(rnd, 4) == 0)
		v[size_t(upto(rnd, int(v.size())))] ^= std::byte(1 << upto(rnd, 8));
	v.resize(v.size() - size_t(upto(rnd, 30)));
	return v;
}

// One that speaks 9P by itself, and may go in the middle of a message.
void
rawroutine(Random& rnd, const std::string& addr)
{
	Netcall c = dial(addr);
	std::vector<std::byte> v = requests(rnd);
	Bytes rest = v;
	std::array<std::byte, 65536> b;
	bool reads = upto(rnd, 3) > 0;
	while(!rest.empty()) {
		size_t n = std::min(rest.size(), size_t(1 + upto(rnd, 3000)));
		write(c.data, rest.first(n));
		rest = rest.subspan(n);
		if(reads && upto(rnd, 4) == 0)
			read(c.data, b);
	}
	if(upto(rnd, 3) == 0)
		sleep(upto(rnd, 20));
}

void
kill(int pid)
{
	try {
		postnote(pid, "kill");
	} catch(const Error&) {
		return;	// it has ended
	}
}

// One client after the other, each perhaps killed.
void
slot(int who, const std::vector<std::string>& addrs, int64_t until, std::atomic<int>& lived)
{
	Random rnd(unsigned(who) * 7919 + 1);
	while(nsec() < until) {
		int kind = upto(rnd, 10);
		const std::string& addr = addrs[size_t(upto(rnd, int(addrs.size())))];
		auto seed = unsigned(rnd());
		int pid = rfork(RFPROC | RFNAMEG | RFCFDG, [=] {
			Random mine(seed);
			try {
				if(kind < 4)
					useroutine(mine, addr, who);
				else if(kind < 6)
					sleeproutine(addr);
				else
					rawroutine(mine, addr);
			} catch(const Error&) {
				return;	// another was quicker, or it was hung up
			}
		});
		sleep(upto(rnd, 30));
		if(kind >= 4 || upto(rnd, 2))
			kill(pid);
		wait();
		lived++;
	}
}

// Gives every call to the export, until the announcement is hung up.
void
takecalls(const Announced& a, int ctl)
{
	try {
		for(;;) {
			Netcall c = listen(a);
			write(ctl, "start " + std::to_string(int(c.data)));
			close(std::move(c.data));
			close(std::move(c.ctl));
		}
	} catch(const Error&) {
		return;
	}
}

// Until it is so, but not for ever.
template<class F>
void
settle(std::string_view what, F isso)
{
	for(int i = 0; i < 1000 && !isso(); i++)
		sleep(10);
	EXPECT_TRUE(isso()) << what << '\n'
		<< readfile("#X/export/0/status") << hangreport();
}

int64_t
seconds()
{
	const char* s = std::getenv("EMU_SOAK");
	return s ? std::atoll(s) : 2;
}
}

PREAL(soak, clients_that_die_at_any_moment_leave_nothing)
{
	Hostdir host;
	maketree(host.path);
	size_t fds = hostfds();
	std::vector<Announced> at;
	at.push_back(announce("unix!" + host.path + "/sock"));
	at.push_back(announce("tcp!127.0.0.1!0"));
	std::string tcp = readfile(at[1].dir + "/local");
	std::vector<std::string> addrs{"unix!" + host.path + "/sock", "tcp!" + tcp.substr(0, tcp.size() - 1)};
	Fd ctl = open("#X/export/clone", ORDWR);
	write(ctl, "root /tmp");
	for(const Announced& a : at)
		rfork(RFPROC, [&] { takecalls(a, ctl); });
	int64_t until = nsec() + seconds() * 1'000'000'000;
	std::atomic<int> lived{0};
	for(int i = 0; i < Slots; i++)
		rfork(RFPROC, [&, i] { slot(i, addrs, until, lived); });
	for(int i = 0; i < Slots; i++)
		EXPECT_EQ(wait().msg, "");
	std::printf("%d clients in %d s\n", lived.load(), int(seconds()));
	settle("connections have ended", [] {
		std::string s = readfile("#X/export/0/status");
		return s.find('\n') == s.size() - 1;
	});
	// A new client is served.
	Netcall c = dial(addrs[0]);
	mount(c.data, -1, "/n/x", MREPL, "");
	EXPECT_EQ(readfile("/n/x/big").size(), size_t(1) << 20);
	unmount("", "/n/x");
	close(std::move(c.ctl));
	for(Announced& a : at)
		write(a.ctl, "hangup");
	for(size_t i = 0; i < at.size(); i++)
		wait();
	for(Announced& a : at)
		close(std::move(a.ctl));
	write(ctl, "stop");
	close(std::move(ctl));
	settle("host descriptors are closed", [&] { return hostfds() == fds; });
	unmount("", "/tmp/pipe");
	unmount("", "/tmp/host");
}
}
