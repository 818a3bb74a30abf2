// A server of one file of numbers, for tests in which whoever writes one writes a greater
// one.

#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "lib9/9p/srv.h"

namespace p9 {

class Cellserver final : public Srv {
	std::vector<uint64_t> cells;

public:
	Cellserver(Sync& s, size_t n) : Srv(s), cells(n)
	{
		tree = std::make_unique<Tree>("test", "test", DMDIR | 0777);
		tree->setlength(*tree->createfile(*tree->root, "f", "test", 0666), n * sizeof(uint64_t));
	}
	void read(Req& r) override
	{
		readbuf(r, std::as_bytes(std::span(cells)));
		r.respond();
	}
	void write(Req& r) override
	{
		Bytes b = r.data();
		auto to = std::as_writable_bytes(std::span(cells));
		std::ranges::copy(b, to.subspan(r.ifcall.offset, b.size()).begin());
		r.ofcall.count = uint32_t(b.size());
		r.respond();
	}
};
}
