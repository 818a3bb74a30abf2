// Calls and transfers to an export of another emu, against bare sockets.

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cmd/cmds.h"
#include "cmd/dial.h"
#include "port/boot.h"
#include "port/os.h"
#include "port/sys.h"
#include "tests/bench/bench.h"
#include "tests/bench/command.h"
#include "tests/bench/exporter.h"

namespace p9 {

namespace {

constexpr int Rounds = 5;
constexpr size_t Size = 256 << 20;
constexpr size_t Piece = 1 << 20;
const std::string Hostroot = "/n/host";	// of the exporting emu

// Runs fn in a machine that has what is at address on /n; as emu is, without pins.
void
attached(const std::string& address, int flag, const std::function<void()>& fn)
{
	infree([&] {
		p9::bind("#I", "/net", MREPL);
		Netcall call = dial(address);
		p9::mount(call.data, -1, "/n", MREPL | flag, "");
		close(std::move(call.data));
		close(std::move(call.ctl));
		fn();
		p9::unmount("", "/n");
	});
}

// ---- sequential transfers

enum class Way { Read, Write };

struct Bigfile {
	Tempdir dir{"/dev/shm"};
	std::string name = dir.name + "/big";

	Bigfile()
	{
		std::ofstream f(name);
		std::string piece(Piece, 'x');
		for(size_t n = 0; n < Size; n += Piece)
			f << piece;
	}
};

double
gbs(int64_t ns)
{
	return double(Size) / double(ns);
}

// The other side of a bare copy: between the file and the socket.
[[noreturn]] void
copier(Way way, const std::string& file, int fd)
{
	std::vector<char> b(Piece);
	int f = ::open(file.c_str(), O_RDWR);
	for(size_t off = 0; off < Size;) {
		ssize_t n = way == Way::Read ? ::pread(f, b.data(), Piece, off_t(off))
					     : ::read(fd, b.data(), Piece);
		ssize_t m = 0;
		while(m < n) {
			ssize_t k = way == Way::Read
				? ::write(fd, b.data() + m, size_t(n - m))
				: ::pwrite(f, b.data() + m, size_t(n - m), off_t(off) + m);
			if(k <= 0)
				_exit(1);
			m += k;
		}
		if(n <= 0)
			_exit(1);
		off += size_t(n);
	}
	// What was written has arrived.
	if(way == Way::Write && ::write(fd, "", 1) != 1)
		_exit(1);
	_exit(0);
}

double
bare(Way way, const std::string& file)
{
	auto [mine, its] = tcppair();
	pid_t pid = fork();
	if(pid == 0) {
		::close(mine);
		copier(way, file, its);
	}
	::close(its);
	std::vector<char> b(Piece, 'y');
	int64_t t = osnow();
	for(size_t done = 0; done < Size;) {
		ssize_t n = way == Way::Read ? ::read(mine, b.data(), Piece)
					     : ::write(mine, b.data(), Piece);
		if(n <= 0)
			benchfails("bare copy");
		done += size_t(n);
	}
	if(way == Way::Write && ::read(mine, b.data(), 1) != 1)
		benchfails("bare copy");
	double rate = gbs(osnow() - t);
	::close(mine);
	waitpid(pid, nullptr, 0);
	return rate;
}

double
ours(Way way, const Exporter& x, int flag)
{
	double rate = 0;
	attached(x.address(), flag, [&] {
		Fd fd = open("/n/big", ORDWR);
		std::vector<std::byte> b(Piece);
		int64_t t = osnow();
		for(size_t off = 0; off < Size; off += Piece) {
			size_t n = way == Way::Read ? pread(fd, b, int64_t(off))
						    : pwrite(fd, b, int64_t(off));
			if(n != Piece)
				benchfails("short transfer");
		}
		rate = gbs(osnow() - t);
		close(std::move(fd));
	});
	return rate;
}

Figure
seqtcp(Way way, int flag)
{
	Bigfile big;
	Exporter x("tcp!127.0.0.1!0", Hostroot + big.dir.name, 2);
	std::vector<double> mine, peers;
	for(int r = 0; r < Rounds; r++) {
		peers.push_back(bare(way, big.name));
		mine.push_back(ours(way, x, flag));
	}
	return {median(mine), median(peers), 0.7 * median(peers)};
}

// ---- a walk over a tree

constexpr int Dirs = 100, Files = 100;

// Seconds of du over a tree that the calling machine sees.
double
duseconds(const std::string& dir)
{
	std::vector<double> rounds;
	for(int r = 0; r < Rounds; r++) {
		int64_t t = osnow();
		rfork(RFPROC | RFFDG, [&dir] {
			Fd null = open("#c/null", ORDWR);
			for(int fd : {0, 1, 2})
				dup(null, fd).release();
			du({"du", "-s", dir});
		});
		wait();
		rounds.push_back(double(osnow() - t) / 1e9);
	}
	return median(rounds);
}
}

void
infree(const std::function<void()>& fn)
{
	inmachine(fn, 2, Pin::No);
}

Figure
nettcpread()
{
	return seqtcp(Way::Read, 0);
}

Figure
nettcpreadahead()
{
	return seqtcp(Way::Read, MCACHE);
}

Figure
nettcpwrite()
{
	return seqtcp(Way::Write, 0);
}

// The same call as rpc.unix's, to another emu's export: of a file of the kernel's, so that
// it is the way that is measured.
Figure
netunix()
{
	Tempdir dir;
	std::vector<double> mine, peers;
	Exporter x("unix!" + dir.name + "/s", "/dev", 1, Exporter::Cpu::First);
	for(int r = 0; r < Rounds; r++) {
		peers.push_back(barepingpong());
		inmachine([&] {
			p9::bind("#I", "/net", MREPL);
			Netcall call = dial(x.address());
			p9::mount(call.data, -1, "/n", MREPL, "");
			close(std::move(call.data));
			close(std::move(call.ctl));
			Fd f = open("/n/zero", OREAD);
			std::byte b[1];
			mine.push_back(percall(5000, [&] { pread(f, b, 0); }) / 1000);
			close(std::move(f));
			p9::unmount("", "/n");
		});
	}
	return {median(mine), median(peers), 1.15 * median(peers)};
}

// The local side is the same tree by way of the same device.
Figure
netdu()
{
	Tempdir dir("/dev/shm");
	for(int d = 0; d < Dirs; d++) {
		std::string sub = dir.name + "/" + std::to_string(d);
		std::filesystem::create_directory(sub);
		for(int f = 0; f < Files; f++)
			std::ofstream(sub + "/" + std::to_string(f)) << "some bytes\n";
	}
	Figure fig;
	infree([&] {
		p9::bind("#U", "/n", MREPL);
		fig.peers = duseconds("/n" + dir.name);
		p9::unmount("", "/n");
	});
	Exporter x("tcp!127.0.0.1!0", Hostroot + dir.name, 2);
	attached(x.address(), 0, [&] { fig.ours = duseconds("/n"); });
	fig.goal = 3 * fig.peers;
	return fig;
}
}
