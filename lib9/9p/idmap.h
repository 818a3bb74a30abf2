// A map from small numbers (fids, tags) to pointers: open addressing, no
// allocation but when it grows.  Owns nothing.

#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace p9 {

template<class T> class Idmap {
	struct Slot {
		uint32_t id = 0;
		T* p = nullptr;	// null: free
	};
	// A power of two, at most half full.
	std::vector<Slot> slots = std::vector<Slot>(16);
	size_t n = 0;

	size_t mask() const { return slots.size() - 1; }
	// Clients count fids and tags upwards, so neighbours fall beside each other; the
	// odd multiplier keeps other patterns apart.
	size_t home(uint32_t id) const
	{
		return (id ^ (id * 0x9E3779B1u >> 16)) & mask();
	}
	size_t locate(uint32_t id) const
	{
		size_t i = home(id);
		while(slots[i].p && slots[i].id != id)
			i = (i + 1) & mask();
		return i;
	}
	void grow()
	{
		std::vector<Slot> old(slots.size() * 2);
		old.swap(slots);
		for(const Slot& s : old)
			if(s.p)
				slots[locate(s.id)] = s;
	}

public:
	size_t size() const { return n; }
	T* find(uint32_t id) const { return slots[locate(id)].p; }

	// Answers what was there before, or null.
	T* put(uint32_t id, T* p)
	{
		if(2 * (n + 1) > slots.size())
			grow();
		Slot& s = slots[locate(id)];
		s.id = id;
		T* old = std::exchange(s.p, p);
		n += old == nullptr;
		return old;
	}

	T* erase(uint32_t id)
	{
		size_t i = locate(id);
		T* old = std::exchange(slots[i].p, nullptr);
		if(!old)
			return nullptr;
		n--;
		// What lies behind moves up into the hole, unless it is at home there.
		for(size_t j = (i + 1) & mask(); slots[j].p; j = (j + 1) & mask())
			if(((j - home(slots[j].id)) & mask()) >= ((j - i) & mask())) {
				slots[i] = std::exchange(slots[j], Slot{});
				i = j;
			}
		return old;
	}

	template<class F> void each(F f) const
	{
		for(const Slot& s : slots)
			if(s.p)
				f(*s.p);
	}
};
}
