// Images in QEMU's qcow2 format, versions 2 and 3, over a Store.  qcow2(5).
//
// An image maps guest clusters to host clusters by two levels of tables, and
// counts the references to each host cluster.  The engine keeps one rule: at
// every moment, whatever part of the unflushed writes survives a crash, each
// cluster that a durable table points to has a durable count.  A crash may leave
// clusters that are counted and not used, never the reverse, and each 512-byte
// sector of the guest then holds what was last synced or a later write to it.
//
// New data goes to the Store at once.  Tables and counts change in memory, and
// sync() writes them: counts, (flush), tables, flush.  The first flush is needed
// only when counts changed, and those are raised for 8 MiB at a time.
//
// What it opens: cluster sizes 512 to 2 MiB, refcounts of 1 to 64 bits, internal
// snapshots (their data is never touched: shared clusters are copied when written),
// compressed clusters (deflate and zstd; written as plain ones), zero clusters.
// What it refuses, by name: backing files, encryption, external data files,
// extended L2 entries, any feature it does not know; for writing also images
// marked dirty or corrupt.
//
// Any number of callers may read, write and sync at the same time.  Reading, and
// writing of clusters that exist, takes no lock; writers of new clusters take
// turns.  Every call may sleep.  What the Store raises comes through, and is the
// end of that request only: the image stays whole and usable.

#pragma once

#include <memory>
#include <string>

#include "lib9/disk/store.h"
#include "lib9/plan9.h"
#include "lib9/sync.h"

namespace p9 {

namespace qcow2 {
class Image;
}

class Qcow2 {
	std::unique_ptr<qcow2::Image> im;

	explicit Qcow2(std::unique_ptr<qcow2::Image> i);

public:
	enum Mode { Readonly, Readwrite };

	// Makes an empty image of size bytes, rounded up to 512, in st, which should be
	// empty: version 3, clusters of 1<<clusterbits bytes (9 to 21), 16-bit counts.
	// It is durable when it returns.  Errors: Eexcl, `image too large ...', what the
	// store raises.
	static void create(Store& st, uint64_t size, unsigned clusterbits = 16);

	// Opens the image in st; both st and sy must outlive it.  Readwrite makes this
	// the Store's only writer.  Nothing is written before the first write. Errors:
	// `short read on header', `invalid magic', `unsupported ...' with the name of the
	// feature, `corrupt image: ...' with the offset of the fault, Eexcl.
	static Qcow2 open(Store& st, Sync& sy, Mode mode);

	Qcow2(Qcow2&&) noexcept;
	Qcow2& operator=(Qcow2&&) noexcept;

	// Does not close: what was not synced is lost, as in a crash.
	~Qcow2();

	// The size of the disk in bytes, a multiple of 512.
	uint64_t size() const;

	// Reads at off.  Answers fewer bytes than asked only at the end of the disk, 0 at
	// and behind it.
	size_t read(Buf b, uint64_t off);

	// Writes all of b at off.  Errors: `end of device' when it would cross the end of
	// the disk (nothing is written then), Erofs.  After other Errors each sector of
	// the range holds its old or its new bytes.
	void write(Bytes b, uint64_t off);

	// When it returns, all writes that returned before it was called are durable.
	void sync();

	// Syncs and gives unused clusters back.  All calls after it raise Eshutdown; no
	// other call may run.  When it raises an Error the image is as after a crash, and
	// it may be called again.
	void close();

	// A few lines for people: version, cluster size, features.
	std::string info() const;
};
}
