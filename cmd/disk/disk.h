// A disk, a partition of one, or a file that is used as one, for the programs that
// write tables on it.  As opendisk of Plan 9: where a ctl file of sd(3)'s kind lies
// beside it, that says where the partition lies and is told of changes.

#pragma once

#include <string>

#include "lib9/disk/mbr.h"
#include "lib9/disk/sdctl.h"
#include "port/sys.h"

namespace p9 {

struct Diskflags {
	bool rdonly = false;
	bool noctl = false;	// a file, whatever lies beside it
};

class Disk final : public Store {
	Fd fd;
	Fd wfd;

	void openctl();
	void findgeometry();

public:
	std::string prefix;	// the name up to the last slash, with it
	std::string part;	// what it is called in the ctl file; empty: a plain file
	Fd ctl;
	bool rdonly = false;
	int64_t secs = 0;
	int64_t secsize = 512;
	int64_t offset = 0;	// of the partition on the disk, in sectors
	int64_t psecsize = 512;	// of the hardware's sectors
	int64_t physalign = 0;
	Geometry geo;
	size_t width = 1;	// of the size in bytes, in digits

	// Errors: `cannot open disk file: WHY', `not a disk file: NAME', `file too small
	// to be a disk', and those of the files.
	Disk(const std::string& name, Diskflags flags);

	bool isdevice() const { return ctl.isopen(); }
	// The text of its ctl file now; a plain file has none.
	Sdctl ctlinfo();
	// As if the sectors were of that size.
	void setsecsize(int64_t n);

	size_t read(Buf b, uint64_t off) override;
	void write(Bytes b, uint64_t off) override;
	void flush() override {}
	uint64_t size() override { return uint64_t(secs * secsize); }
	void truncate(uint64_t) override { error(Eperm); }
	// All of b, or an Error.
	void readall(Buf b, uint64_t off);
};
}
