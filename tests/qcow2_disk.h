// What the tests of the qcow2 engine share: an image in memory, and looking into it.

#pragma once

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "lib9/disk/qcow2.h"
#include "lib9/disk/store.h"
#include "lib9/endian.h"
#include "lib9/error.h"
#include "tests/qcow2_oracle.h"
#include "tests/stdsync.h"

namespace p9::qcow2test {

inline constexpr uint64_t K = 1024, M = K * K, G = K * M;
inline constexpr uint64_t Copied = 1ull << 63;

inline std::string
reason(const std::function<void()>& fn)
{
	try {
		fn();
	} catch(const Error& e) {
		return e.reason();
	}
	return "";
}

inline std::vector<std::byte>
fill(size_t n, int v)
{
	return std::vector<std::byte>(n, std::byte(v));
}

inline std::vector<std::byte>
get(Qcow2& q, uint64_t off, size_t n)
{
	auto b = fill(n, 0xee);
	b.resize(q.read(b, off));
	return b;
}

template <class T>
T
peek(Store& st, uint64_t off)
{
	std::byte b[sizeof(T)] = {};
	st.read(b, off);
	return getbe<T>(b);
}

template <class T>
void
poke(Store& st, uint64_t off, T v)
{
	std::byte b[sizeof(T)];
	putbe<T>(b, v);
	st.write(b, off);
}

// A new image in memory, open for writing.
struct Disk {
	Memstore st;
	Stdsync sy;
	Qcow2 q;

	Disk(uint64_t size, unsigned bits, uint64_t cap = 64 * M)
	    : st(cap), q(made(st, sy, size, bits))
	{
	}
	static Qcow2 made(Store& st, Sync& sy, uint64_t size, unsigned bits)
	{
		Qcow2::create(st, size, bits);
		return Qcow2::open(st, sy, Qcow2::Readwrite);
	}
	void reopen(Qcow2::Mode mode = Qcow2::Readwrite)
	{
		q = Qcow2::open(st, sy, mode);
	}
	// The host offset of the first data cluster's entry.
	uint64_t l2() { return peek<uint64_t>(st, peek<uint64_t>(st, 40)) & ~Copied; }
};

inline void
sound(Store& st)
{
	oracle::Verdict v = oracle::check(st);
	EXPECT_EQ(0, v.corruptions) << v.why;
	EXPECT_EQ(0, v.leaks);
}
}
