// Queues of Blocks: pipes, consoles, connections.  Flow control is by the
// writer's own position: a writer waits until what it put is within the limit,
// so that two writers cannot keep each other asleep.  Readers and writers are
// served first come, first served.  See qio(10).

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib9/block.h"
#include "port/qlock.h"
#include "port/rendez.h"

namespace p9 {

// First in, first out; grows as needed and keeps what it has.
class Blockring {
	std::unique_ptr<Block[]> v;
	size_t cap = 0;	// a power of two
	size_t head = 0;
	size_t n = 0;

	void grow();

public:
	size_t size() const { return n; }
	bool empty() const { return n == 0; }
	Block& front() { return v[head]; }
	void put(Block&& b);
	void putfront(Block&& b);
	Block get();
};

class Queue {
public:
	// limit: bytes that may lie here before a writer waits; besides, no more than
	// Maxblocks.  Messages: a read ends at a Block's end and the rest of a Block that was
	// too large for it is thrown away.
	enum Mode { Stream, Messages };
	enum : size_t { Maxblocks = 4096, Maxatomic = 64 << 10 };
	explicit Queue(size_t limit, Mode mode = Stream);
	~Queue();
	Queue(const Queue&) = delete;

	// One Block whole, sleeping until there is one; empty at the end (after hangup, see
	// DM-32: three times, then Ehungup).  Loans stay in it.  A Block of more than n bytes
	// is flattened, and only its front is answered.
	Block bget(size_t n = size_t(-1));
	// As bget; what is lent is flattened.
	Block get(size_t n);
	size_t read(Buf);

	// Puts b, then sleeps while it lies beyond the limit.  An interrupted writer's Block
	// stays queued.  Ehungup when the queue is closed, or is closed before a reader that
	// b waits for has come.  bput never splits a Block.
	void bput(Block b);
	// In Blocks of at most Maxatomic bytes (pipe(3)'s atomic size); a message in one.
	size_t write(Bytes);

	// As bput without waiting: false (and b untouched) when full or closed.
	bool tryput(Block& b);
	// For those who may not sleep (interrupts, loop callbacks); never refuses unless closed.
	void produce(Block b);

	// No more comes: readers drain what lies here and then see the end; writers Ehungup.
	// With a message, readers then get it as the Error.
	void hangup(std::string_view msg = {});
	// Both ends: what lies here is dropped too.
	void close();
	void reopen();

	size_t len();	// bytes that lie here
	bool isclosed();
	void setlimit(size_t n);

private:
	// A Proc that waits, on its stack.
	struct Waiter {
		Rendez r;
		Waiter* next = nullptr;
		// A writer's: where what it put ends.
		uint64_t pos = 0;
		uint64_t seq = 0;
		enum State { Waiting, Go, Hungup } state = Waiting;
	};
	struct Waiters {
		Waiter* head = nullptr;
		Waiter* tail = nullptr;

		void put(Waiter&);
		void remove(Waiter&);
	};
	class Reader;

	Lock lk;	// guards all below
	Blockring blocks;
	size_t limit;
	const Mode mode;
	uint64_t rpos = 0;	// bytes that readers took, in all
	uint64_t wpos = 0;	// bytes that writers put, in all
	uint64_t rseq = 0;	// the same in Blocks
	uint64_t wseq = 0;
	uint64_t drops = 0;	// how often what lay here was dropped
	bool closed = false;
	int eofs = 0;
	std::string err;
	Waiters readers;	// the first may take
	Waiters writers;	// in order of position

	bool within(uint64_t pos, uint64_t seq) const;
	void put(Block&& b);
	Block take();
	Block takefront(std::unique_lock<Lock>& l, size_t n);
	void ended();
	void wakereader();
	void wakewriters();
	void freewriters(Waiter::State s);
};
}
