// Reading ahead of a Proc that reads a plain file in order, on a mount that allows it
// (MCACHE); one for each open file.  See mnt(3).
//
// Once the Proc has read two messages' worth in order, the driver asks for more than
// it wants: as much as was read so far, at most Window messages and Windowbytes, and
// nothing beyond the length that the server told.  Each Tread is a kproc's, which ends
// with it; so there is always somebody who reads the connection.  They borrow the
// connection and the fid: stop() waits for them, and comes before the fid is clunked.
// A server may never answer, so a note ends that wait, and a Proc that ends, which takes no
// note, does not begin it; then both are left to the last of them, which clunks the fid.
//
// What came is of no use when a write through the mount has ended since (its stamp,
// see mntcache.h, has changed), and what lies behind a short or failed reply is
// thrown away: then the reader asks for itself, and gets the truth.

#pragma once

#include <deque>

#include "lib9/block.h"
#include "port/chan.h"
#include "port/rendez.h"

namespace p9 {

class Mnt;
class Mntcache;

class Readahead final : public Counted {
	struct Slot;
	using Slots = std::deque<Ref<Slot>>;

	Mntcache& cache;	// which c holds
	Chan& c;	// which holds this; the kprocs do not look at it
	Mnt& mnt;
	const uint32_t fid;

	Lock lk;	// guards what follows
	uint64_t next = 0;	// where a reader in order goes on
	uint64_t seq = 0;	// bytes read in order
	Slots slots;	// each begins where the one before ends
	size_t nrunning = 0;	// kprocs
	bool stopped = false;
	Ref<Chan> left;	// the connection, when the fid is for the last kproc to clunk
	Rendez idle;	// stop's

	void drop(Slots& gone);
	void skip(uint64_t off, Slots& gone);
	Slots plan(uint64_t off);
	void launch(const Slots& v);
	void run(Slot& s);
	void finish(Slot& s, Block b);
	Block fetch(const Slot& s);
	void clunk(Ref<Chan> conn);
	Ref<Slot> claim(uint64_t off);
	void await(Slot& s);
	size_t copy(const Slot& s, Buf b, uint64_t off);
	~Readahead() override;

public:
	static constexpr size_t Window = 8;
	static constexpr size_t Windowbytes = 4 << 20;	// but two messages always
	// Of all open files; each message counts for at least Leastbytes.
	static constexpr size_t Maxbytes = 64 << 20;
	static constexpr size_t Leastbytes = 256 << 10;

	Readahead(Mntcache& m, Chan& chan);

	// A reader wants b, at most a message, at off; answers what was read ahead of it.  0:
	// it must ask itself.  Sleeps; a note ends it with Eintr.
	size_t read(Buf b, uint64_t off);
	// A reader has got n bytes at off otherwise.
	void passed(size_t n, uint64_t off);
	// No more; waits until no Tread is outstanding.  False when a note came first, or up()
	// ends: the fid is not the caller's any more.
	bool stop();
};
}
