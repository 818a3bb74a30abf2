// Name resolution and the mount table, in a machine with one worker: the goals are
// in the README.  No host, no 9P: all in memory devices.

#include <benchmark/benchmark.h>

#include "port/boot.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/sys.h"
#include "tests/memdev.h"

namespace p9 {

namespace {
void
inmachine(std::function<void()> body)
{
	Bootcfg cfg;
	cfg.workers = 1;
	boot(cfg, std::move(body));
}

// /a/b/c/d/e/f/g/h with a memory device mounted on each second element.
void
fourmounts()
{
	Memdev& m = memworld();
	m.mkdir("/a/b");
	std::string at = "/a/b";
	const char* below[] = {"/c/d", "/e/f", "/g/h", "/x"};
	for(uint32_t i = 0; i < 4; i++) {
		Memdev& d = freshmem(i + 1);
		d.mkdir(below[i]);
		cmount(*up().pgrp, d.attach({}), namemount(at), {}, MREPL, {});
		at += below[i];
	}
}

void
resolve(benchmark::State& state)
{
	inmachine([&] {
		fourmounts();
		for(auto _ : state)
			close(nameaccess("/a/b/c/d/e/f/g/h"));
	});
}

// The last of n elements of a union has the name.
void
inunion(benchmark::State& state)
{
	inmachine([&] {
		Memdev& m = memworld();
		m.mkdir("/u");
		for(uint32_t i = 1; i < state.range(0); i++)
			cmount(*up().pgrp, freshmem(i).attach({}), namemount("/u"), {}, MBEFORE,
				{});
		m.mkdir("/u/name");
		for(auto _ : state)
			close(nameaccess("/u/name"));
	});
}

void
mount10000()
{
	memworld();
	Ref<Chan> root = up().slash;
	for(uint64_t i = 0; i < 10000; i++) {
		Ref<Chan> on = devclone(*root);
		on->qid.path = 1000 + i;
		cmount(*up().pgrp, root, on, {}, MREPL, {});
	}
}

void
forkns(benchmark::State& state)
{
	inmachine([&] {
		mount10000();
		for(auto _ : state)
			rfork(RFNAMEG);
	});
}

void
bindafterfork(benchmark::State& state)
{
	inmachine([&] {
		mount10000();
		Ref<Chan> root = up().slash;
		Ref<Pgrp> all = up().pgrp;
		for(auto _ : state) {
			Ref<Pgrp> p = all->copy();
			cmount(*p, root, root, {}, MREPL, {});
		}
	});
}

void
readfd(benchmark::State& state)
{
	inmachine([&] {
		memworld().mkfile("/f", "x");
		Fd fd = open("/f", OREAD);
		std::byte b[1];
		for(auto _ : state)
			pread(fd, b, 0);
	});
}

void
missing(benchmark::State& state)
{
	inmachine([&] {
		memworld();
		for(auto _ : state)
			trystat("/none");
	});
}
}

BENCHMARK(resolve)->Name("namec/8_elements_4_mounts");
BENCHMARK(inunion)->Name("namec/union_of")->Arg(1)->Arg(8);
BENCHMARK(forkns)->Name("namec/rfork_RFNAMEG_10000_mounts");
BENCHMARK(bindafterfork)->Name("namec/first_bind_after_it");
BENCHMARK(readfd)->Name("sys/pread_1_byte");
BENCHMARK(missing)->Name("sys/trystat_missing");
}
