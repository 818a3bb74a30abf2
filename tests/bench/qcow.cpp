// Disk images through the mount driver and qcowfs: reading and writing what is
// allocated against the image file itself, and filling a new one against qemu-img.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include "cmd/cmds.h"
#include "lib9/error.h"
#include "port/os.h"
#include "port/sys.h"
#include "tests/bench/bench.h"
#include "tests/bench/command.h"

namespace p9 {

namespace {

constexpr size_t Disksize = 512 << 20;
constexpr size_t Piece = 1 << 20;
constexpr size_t Round = 64 << 20;	// bytes in a round of either side
constexpr int Rounds = 11;

// Runs a program of the machine in a Proc of its own; its name space is ours.
void
program(void (*fn)(Argv), Argv argv)
{
	rfork(RFPROC | RFFDG, [=] { fn(argv); });
	Waitmsg w = wait();
	if(!w.msg.empty())
		error(w.msg);
}

std::vector<std::byte>
noise(size_t n)
{
	std::vector<std::byte> v(n);
	std::mt19937_64 gen(n);
	for(std::byte& b : v)
		b = std::byte(gen());
	return v;
}

enum class Way { Read, Write };

// Where each call of a round begins: in order, or anywhere for small ones.
std::vector<int64_t>
places(size_t size, int round)
{
	std::vector<int64_t> v;
	std::mt19937_64 gen(static_cast<unsigned>(round));
	size_t start = Round * size_t(round) % Disksize;
	for(size_t i = 0; i < Round / size; i++)
		if(size < 64 << 10)
			v.push_back(int64_t(gen() % (Disksize / size) * size));
		else
			v.push_back(int64_t(start + i * size));
	return v;
}

template<class F>
double
rate(size_t size, const std::vector<int64_t>& at, F call)
{
	int64_t t = osnow();
	for(int64_t off : at)
		call(off);
	return double(at.size() * size) / double(osnow() - t);
}

void
fill(int fd)
{
	std::vector<std::byte> b = noise(Piece);
	for(size_t off = 0; off < Disksize; off += Piece)
		pwrite(fd, b, int64_t(off));
}

Figure
measure(Way way, size_t size, double share)
{
	Tempdir dir;
	std::string image = dir.name + "/image.qcow2";
	std::vector<double> ours, peers;
	inmachine([&] {
		std::vector<std::byte> b = noise(size);
		program(qcowfs, {"qcowfs", "-n", "512m", "-m", "/mnt", "#U" + image});
		Fd fd = open("/mnt/data", ORDWR);
		fill(fd);
		int host = ::open(image.c_str(), O_RDWR | O_CLOEXEC);
		for(int r = 0; r < Rounds; r++) {
			auto at = places(size, r);
			peers.push_back(rate(size, at, [&](int64_t off) {
				if(way == Way::Read)
					return ::pread(host, b.data(), size, off);
				return ::pwrite(host, b.data(), size, off);
			}));
			ours.push_back(rate(size, at, [&](int64_t off) {
				return way == Way::Read ? pread(fd, b, off) : pwrite(fd, b, off);
			}));
		}
		::close(host);
		close(std::move(fd));
		unmount("", "/mnt");
	});
	return {median(ours), median(peers), share * median(peers)};
}

double
share(size_t size)
{
	return size >= Piece ? 0.95 : size >= 64 << 10 ? 0.90 : 0.60;
}

void
makeraw(const std::string& file)
{
	int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	std::vector<std::byte> b = noise(Piece);
	for(size_t off = 0; off < Disksize; off += Piece)
		if(::pwrite(fd, b.data(), b.size(), int64_t(off)) < 0)
			error("no space for the benchmark's files");
	fdatasync(fd);
	::close(fd);
}

// Seconds from the start of a machine until it has ended, and with it the image's file
// server.
double
machineconvert(const std::string& raw, const std::string& image)
{
	int64_t t = osnow();
	inmachine([&] {
		std::vector<std::byte> b(Piece);
		program(qcowfs, {"qcowfs", "-n", "512m", "-m", "/mnt", "#U" + image});
		Fd from = open("#U" + raw, OREAD);
		Fd to = open("/mnt/data", OWRITE);
		while(size_t n = read(from, b))
			write(to, Bytes(b).first(n));
		close(std::move(from));
		close(std::move(to));
		unmount("", "/mnt");
	});
	return double(osnow() - t) / 1e9;
}

// Its default would leave all in the host's cache; ours is on the disk when it ends.
double
peerconvert(const std::string& raw, const std::string& image)
{
	int64_t t = osnow();
	pid_t pid = fork();
	if(pid == 0) {
		execlp("qemu-img", "qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-t",
			"writeback", raw.c_str(), image.c_str(), nullptr);
		_exit(127);
	}
	int status = 0;
	waitpid(pid, &status, 0);
	if(status != 0)
		error("qemu-img failed");
	return double(osnow() - t) / 1e9;
}
}

Figure
qcowread(size_t size)
{
	return measure(Way::Read, size, share(size));
}

Figure
qcowwrite(size_t size)
{
	return measure(Way::Write, size, share(size));
}

Figure
qcowalloc()
{
	Tempdir dir;
	std::string raw = dir.name + "/raw";
	makeraw(raw);
	std::vector<double> ours, peers;
	for(int r = 0; r < 5; r++) {
		std::string image = dir.name + "/ours" + std::to_string(r);
		ours.push_back(machineconvert(raw, image));
		std::filesystem::remove(image);
		image = dir.name + "/peers" + std::to_string(r);
		peers.push_back(peerconvert(raw, image));
		std::filesystem::remove(image);
	}
	return {median(ours), median(peers), median(peers)};
}
}
