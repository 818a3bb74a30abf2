// Benchmarks.  Each is a function that measures, in one run, our figure and a
// peer's where there is one; bench.cpp lists them all with their goals.  A line:
// name, figure, unit, goal, yes or no, peer, the peer's figure, tab-separated.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace p9 {

struct Figure {
	double ours = 0;
	double peers = 0;
	double goal = 0;	// in the figure's unit; may follow from the peer's
};

// Figures of single calls are medians over rounds of n calls each: nanoseconds a call.
double percall(int n, const std::function<void()>& call);
double median(std::vector<double> v);

// Runs fn as the first Proc of a machine with one worker, or so many, each on a CPU of its
// own; or of one that runs as emu does.
enum class Pin { No, Yes };
void inmachine(const std::function<void()>& fn, int workers = 1, Pin pin = Pin::Yes);
void infree(const std::function<void()>& fn);

// Bytes a nanosecond (GB/s) of memcpy over 256 MiB, the yardstick of transfers.
double memcpyrate();

Figure rpcstat();
Figure rpcread1();
Figure rpcunix();
double barepingpong();	// us: bare messages of the same sizes
int serveunix(int hostfd);	// what the other process of rpcunix runs
Figure seqread8k();
Figure seqwrite8k();
Figure seqread1m();
Figure seqwrite1m();
Figure qcowread(size_t size);
Figure qcowwrite(size_t size);
Figure qcowalloc();
Figure nameclocal();
Figure namec9p();
Figure namecunion();
Figure rfork10k();
Figure bind10k();
Figure startup();
Figure clients1000();
Figure greptext();
Figure sedtext();
Figure procmemory();
Figure procmemoryused();
Figure rcloop();
Figure rcbackquote();
Figure mkuptodate();
Figure netunix();
Figure nettcpread();
Figure nettcpreadahead();
Figure nettcpwrite();
Figure netdu();
Figure netidle();
Figure clientsconn();
}
