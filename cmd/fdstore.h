// A disk image's Store in an open descriptor of this program.

#pragma once

#include "lib9/disk/filestore.h"
#include "port/sys.h"

namespace p9 {

class Fdstore final : public Filestore {
	Fd f;

	size_t pread(Buf b, uint64_t off) override
	{
		return p9::pread(f, b, int64_t(off));
	}
	size_t pwrite(Bytes b, uint64_t off) override
	{
		return p9::pwrite(f, b, int64_t(off));
	}
	Dir fstat() override { return p9::fstat(f); }
	void fwstat(const Dir& d) override { p9::fwstat(f, d); }

public:
	explicit Fdstore(Fd fd) : f(std::move(fd)) { begin(); }
	int fd() const { return f; }
	void close() { p9::close(std::move(f)); }
};
}
