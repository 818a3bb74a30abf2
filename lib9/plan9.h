// The numbers that programs can see: intro(2), open(2), bind(2), fork(2), stat(5).

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace p9 {

using Bytes = std::span<const std::byte>;
using Buf = std::span<std::byte>;

// open(2)
enum : int {
	OREAD = 0,
	OWRITE = 1,
	ORDWR = 2,
	OEXEC = 3,
	OTRUNC = 0x10,
	OCEXEC = 0x20,
	ORCLOSE = 0x40,
	OEXCL = 0x1000,
};

// bind(2)
enum : int {
	MREPL = 0,
	MBEFORE = 1,
	MAFTER = 2,
	MORDER = 3,
	MCREATE = 4,
	MCACHE = 0x10,
	MMASK = 0x17,
};

// fork(2)
enum : int {
	RFNAMEG = 1 << 0,
	RFENVG = 1 << 1,
	RFFDG = 1 << 2,
	RFNOTEG = 1 << 3,
	RFPROC = 1 << 4,
	RFMEM = 1 << 5,
	RFNOWAIT = 1 << 6,
	RFCNAMEG = 1 << 10,
	RFCENVG = 1 << 11,
	RFCFDG = 1 << 12,
	RFREND = 1 << 13,
	RFNOMNT = 1 << 14,
};

// stat(5)
enum : uint8_t {
	QTDIR = 0x80,
	QTAPPEND = 0x40,
	QTEXCL = 0x20,
	QTMOUNT = 0x10,
	QTAUTH = 0x08,
	QTTMP = 0x04,
	QTFILE = 0,
};
enum : uint32_t {
	DMDIR = 0x80000000,
	DMAPPEND = 0x40000000,
	DMEXCL = 0x20000000,
	DMMOUNT = 0x10000000,
	DMAUTH = 0x08000000,
	DMTMP = 0x04000000,
};

enum : int {
	AEXIST = 0,
	AEXEC = 1,
	AWRITE = 2,
	AREAD = 4,
};

enum : size_t {
	ERRMAX = 128,
	MAXWELEM = 16,
	IOHDRSZ = 24,
	MAXMSIZE = (1 << 20) + IOHDRSZ,	// the msize that we offer, and the most we accept
	MAXNAME = 64 * 1024,
};

inline constexpr uint16_t NOTAG = 0xFFFF;
inline constexpr uint32_t NOFID = 0xFFFFFFFF;
inline constexpr std::string_view VERSION9P = "9P2000";
}
