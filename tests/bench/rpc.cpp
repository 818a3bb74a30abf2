// Calls and transfers through the mount driver, a pipe and a lib9p server Proc.

#include "lib9/9p/srv.h"
#include "port/os.h"
#include "port/sys.h"
#include "tests/bench/bench.h"
#include "tests/bench/mem.h"

namespace p9 {

namespace {

constexpr std::string_view Mtpt = "/n";

void
withserver(size_t size, const std::function<void()>& fn)
{
	inmachine([&] {
		postmountsrv(std::make_unique<Memserver>(kernelsync(), size), "", Mtpt, MREPL);
		fn();
	});
}

double
percallus(std::function<void(int fd)> call)
{
	double ns = 0;
	withserver(4096, [&] {
		Fd fd = open("/n/f", OREAD);
		ns = percall(20000, [&] { call(fd); });
		close(std::move(fd));
	});
	return ns / 1000;
}

enum class Way { Read, Write };

// GB/s over the whole file in calls of n bytes.
double
transfer(Way way, size_t n)
{
	constexpr size_t Size = 256 << 20;
	std::vector<double> rounds;
	withserver(Size, [&] {
		Fd fd = open("/n/f", ORDWR);
		std::vector<std::byte> buf(n);
		for(int r = 0; r < 7; r++) {
			int64_t t = osnow();
			for(size_t off = 0; off < Size; off += n)
				if(way == Way::Read)
					pread(fd, buf, int64_t(off));
				else
					pwrite(fd, buf, int64_t(off));
			rounds.push_back(double(Size) / double(osnow() - t));
		}
		close(std::move(fd));
	});
	return median(rounds);
}

Figure
seq(Way way, size_t n, double share)
{
	Figure f;
	f.peers = memcpyrate();
	f.goal = share * f.peers;
	f.ours = transfer(way, n);
	return f;
}
}

Figure
rpcstat()
{
	return {percallus([](int fd) { fstat(fd); }), 0, 0.4};
}

Figure
rpcread1()
{
	return {percallus([](int fd) {
		std::byte b[1];
		pread(fd, b, 0);
	}),
		0, 0.4};
}

Figure
seqread8k()
{
	return seq(Way::Read, 8 << 10, 0.6);
}

Figure
seqwrite8k()
{
	return seq(Way::Write, 8 << 10, 0.6);
}

Figure
seqread1m()
{
	return seq(Way::Read, 1 << 20, 0.9);
}

Figure
seqwrite1m()
{
	return seq(Way::Write, 1 << 20, 0.9);
}
}
