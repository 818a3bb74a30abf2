// Numbers in bytes, little endian (9P, FAT, MBR) and big endian (qcow2).
// The caller has checked that the bytes are there.

#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

#include "lib9/plan9.h"

namespace p9 {

template<std::unsigned_integral T>
constexpr T
byteswap(T v)
{
	T r = 0;
	for(size_t i = 0; i < sizeof(T); i++)
		r = T(r | T(T(v >> (8 * i)) & 0xFF) << (8 * (sizeof(T) - 1 - i)));
	return r;
}

template<std::unsigned_integral T>
inline T
getle(const std::byte* p)
{
	T v;
	std::memcpy(&v, p, sizeof v);
	return std::endian::native == std::endian::little ? v : byteswap(v);
}

template<std::unsigned_integral T>
inline T
getbe(const std::byte* p)
{
	T v;
	std::memcpy(&v, p, sizeof v);
	return std::endian::native == std::endian::big ? v : byteswap(v);
}

template<std::unsigned_integral T>
inline void
putle(std::byte* p, T v)
{
	if(std::endian::native != std::endian::little)
		v = byteswap(v);
	std::memcpy(p, &v, sizeof v);
}

template<std::unsigned_integral T>
inline void
putbe(std::byte* p, T v)
{
	if(std::endian::native != std::endian::big)
		v = byteswap(v);
	std::memcpy(p, &v, sizeof v);
}
}
