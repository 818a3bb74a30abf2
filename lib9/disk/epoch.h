// Epochs tell when those who might still look at a thing have gone, so that readers
// need no lock.  A reader enters before it looks at shared tables and leaves when it
// has done; a thing that was taken out of the tables in epoch e may be reused once
// over(e).  Nobody ever waits: whoever wants things back calls advance() from time
// to time.

#pragma once

#include <atomic>
#include <cstdint>

namespace p9 {

class Epochs {
	alignas(64) std::atomic<uint64_t> now{2};
	struct alignas(64) Count {
		std::atomic<long> n{0};
	} in[2];	// readers of even and of odd epochs

public:
	class Guard {
		Count* c;

	public:
		explicit Guard(Epochs& ep)
		{
			for(;;) {
				uint64_t e = ep.now.load();
				c = &ep.in[e & 1];
				c->n.fetch_add(1);
				if(ep.now.load() == e)
					return;
				c->n.fetch_sub(1);
			}
		}
		~Guard() { c->n.fetch_sub(1); }
		Guard(const Guard&) = delete;
		Guard& operator=(const Guard&) = delete;
	};

	uint64_t current() const { return now.load(); }

	// The next epoch begins if all readers of the one before this have left.
	void advance()
	{
		uint64_t e = now.load();
		if(in[(e + 1) & 1].n.load() == 0)
			now.compare_exchange_strong(e, e + 1);
	}

	bool over(uint64_t e) const { return now.load() >= e + 2; }
};
}
