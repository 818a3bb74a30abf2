// The list of benchmarks, and how they are run and printed.

#include "tests/bench/bench.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <regex>

#include "lib9/error.h"
#include "port/boot.h"
#include "port/os.h"

namespace p9 {

double
median(std::vector<double> v)
{
	std::ranges::sort(v);
	return v.empty() ? 0 : v[v.size() / 2];
}

double
percall(int n, const std::function<void()>& call)
{
	std::vector<double> rounds;
	for(int i = 0; i < n / 10; i++)
		call();
	for(int r = 0; r < 15; r++) {
		int64_t t = osnow();
		for(int i = 0; i < n; i++)
			call();
		rounds.push_back(double(osnow() - t) / n);
	}
	return median(rounds);
}

void
inmachine(const std::function<void()>& fn, int workers, Pin pin)
{
	Bootcfg cfg;
	cfg.workers = workers;
	cfg.pinned = pin == Pin::Yes;
	std::string why;
	Bootend end = boot(cfg, [&] {
		try {
			fn();
		} catch(const Error& e) {
			why = e.text();
		}
	});
	if(!why.empty() || !end.stuck.empty()) {
		fprintf(stderr, "bench: %s\n%s", why.c_str(), end.stuck.c_str());
		std::exit(1);
	}
}

double
memcpyrate()
{
	static double rate;
	if(rate != 0)
		return rate;
	constexpr size_t Size = 256 << 20;
	std::vector<char> from(Size, 'x'), to(Size, 'y');
	std::vector<double> rounds;
	for(int i = 0; i < 7; i++) {
		int64_t t = osnow();
		memcpy(to.data(), from.data(), Size);
		asm volatile("" ::"r"(to.data()) : "memory");
		rounds.push_back(double(Size) / double(osnow() - t));
	}
	return rate = median(rounds);
}

namespace {

struct Bench {
	const char* name;
	const char* unit;
	bool atleast;	// the figure should be at least the goal; else at most
	const char* peer;
	std::function<Figure()> run;
};

const Bench all[] = {
	{"rpc.stat", "us", false, "", rpcstat},
	{"rpc.read1", "us", false, "", rpcread1},
	{"rpc.unix", "us", false, "bare ping-pong", rpcunix},
	{"seq.read.8k", "GB/s", true, "memcpy of 256 MiB", seqread8k},
	{"seq.write.8k", "GB/s", true, "memcpy of 256 MiB", seqwrite8k},
	{"seq.read.1m", "GB/s", true, "memcpy of 256 MiB", seqread1m},
	{"seq.write.1m", "GB/s", true, "memcpy of 256 MiB", seqwrite1m},
	{"qcow.read.1m", "GB/s", true, "pread", [] { return qcowread(1 << 20); }},
	{"qcow.write.1m", "GB/s", true, "pwrite", [] { return qcowwrite(1 << 20); }},
	{"qcow.read.64k", "GB/s", true, "pread", [] { return qcowread(64 << 10); }},
	{"qcow.write.64k", "GB/s", true, "pwrite", [] { return qcowwrite(64 << 10); }},
	{"qcow.read.4k", "GB/s", true, "pread", [] { return qcowread(4 << 10); }},
	{"qcow.write.4k", "GB/s", true, "pwrite", [] { return qcowwrite(4 << 10); }},
	{"qcow.alloc", "s", false, "qemu-img convert", qcowalloc},
	{"namec.local", "us", false, "", nameclocal},
	{"namec.9p", "us", false, "", namec9p},
	{"namec.union", "us", false, "one directory", namecunion},
	{"rfork.10k", "us", false, "", rfork10k},
	{"rfork.10k.bind", "us", false, "", bind10k},
	{"start", "ms", false, "", startup},
	{"net.unix", "us", false, "bare ping-pong", netunix},
	{"net.tcp.read", "GB/s", true, "bare copy", nettcpread},
	{"net.tcp.read.ahead", "GB/s", true, "bare copy", nettcpreadahead},
	{"net.tcp.write", "GB/s", true, "bare copy", nettcpwrite},
	{"net.du", "s", false, "local", netdu},
	{"net.idle", "KiB", false, "", netidle},
	{"clients.conn", "us", false, "10 connections", clientsconn},
	{"grep", "s", false, "9base", greptext},
	{"sed", "s", false, "9base", sedtext},
	{"clients.1000", "us", false, "10 clients", clients1000},
	{"proc.memory", "KiB", false, "", procmemory},
	{"proc.memory.used", "KiB", false, "", procmemoryused},
	{"rc.loop", "us", false, "9base rc", rcloop},
	{"rc.backquote", "ms", false, "9base rc", rcbackquote},
	{"mk.uptodate", "s", false, "9base mk", mkuptodate},
};

void
print(const Bench& b, const Figure& f)
{
	bool met = b.atleast ? f.ours >= f.goal : f.ours <= f.goal;
	printf("%s\t%.4g\t%s\t%.4g\t%s\t%s\t", b.name, f.ours, b.unit, f.goal, met ? "yes" : "no",
		b.peer);
	if(*b.peer)
		printf("%.4g", f.peers);
	printf("\n");
	fflush(stdout);
}
}
}

int
main(int argc, char** argv)
{
	if(argc == 3 && argv[1] == std::string_view("--serve"))
		return p9::serveunix(atoi(argv[2]));
	fprintf(stderr, "name\tfigure\tunit\tgoal\tmet\tpeer\tpeer's figure\n");
	std::regex pattern(argc > 1 ? argv[1] : ".*");
	bool any = false;
	for(const p9::Bench& b : p9::all)
		if(std::regex_match(b.name, pattern)) {
			any = true;
			p9::print(b, b.run());
		}
	if(!any)
		fprintf(stderr, "bench: no benchmark matches %s\n", argv[1]);
	return any ? 0 : 1;
}
