// A Store in something that has the operations of a file: a descriptor of a
// program, a Chan of the kernel.  Those derive from it.
//
// A wstat that changes nothing flushes; where a server refuses it (memory, old
// servers) there is nothing better and flush does nothing.  On the host's files
// DMEXCL takes the locks that QEMU heeds.

#pragma once

#include "lib9/dir.h"
#include "lib9/disk/store.h"

namespace p9 {

class Filestore : public Store {
	bool onhost = false;	// on #U
	bool syncs = false;

	// As read(2): fewer bytes than asked may come before the end.
	virtual size_t pread(Buf b, uint64_t off) = 0;
	virtual size_t pwrite(Bytes b, uint64_t off) = 0;
	virtual Dir fstat() = 0;
	virtual void fwstat(const Dir& d) = 0;

protected:
	// To be called once before all else, when the file can be reached.
	void begin();

public:
	// Calls sleep on no other Proc: the file is the host's.
	bool ishost() const { return onhost; }

	size_t read(Buf b, uint64_t off) override;
	void write(Bytes b, uint64_t off) override;
	void flush() override;
	uint64_t size() override { return fstat().length; }
	void truncate(uint64_t n) override;
	void lockwriter() override;
};
}
