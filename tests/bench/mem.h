// A server in memory with one file, for benchmarks of the way to it.

#pragma once

#include <vector>

#include "lib9/9p/srv.h"

namespace p9 {

class Memserver final : public Srv {
	std::vector<std::byte> bytes;

public:
	Memserver(Sync& s, size_t size) : Srv(s), bytes(size)
	{
		direct = true;
		tree = std::make_unique<Tree>("bench", "bench", DMDIR | 0777);
		tree->setlength(*tree->createfile(*tree->root, "f", "bench", 0666), size);
	}

	void read(Req& r) override
	{
		readbuf(r, bytes);
		r.respond();
	}

	void write(Req& r) override
	{
		size_t off = std::min<size_t>(r.ifcall.offset, bytes.size());
		Bytes b = r.data().first(std::min<size_t>(r.ifcall.count, bytes.size() - off));
		std::memcpy(bytes.data() + off, b.data(), b.size());
		r.ofcall.count = uint32_t(b.size());
		r.respond();
	}
};
}
