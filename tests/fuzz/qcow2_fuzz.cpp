// Any bytes as a qcow2 image: opened, read, written, synced, closed and opened again,
// by a script in its last 32 bytes.  Nothing but Errors may come of it.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lib9/disk/qcow2.h"
#include "lib9/error.h"
#include "tests/stdsync.h"

namespace p9 {

namespace {

enum : size_t {
	Script = 32,
	Cap = 4 << 20,	// bytes that the file may grow to
};

// Runs one step; an Error is as good as success.
template <class F>
bool
attempt(F fn)
{
	try {
		fn();
		return true;
	} catch(const Error&) {
		return false;
	}
}

void
step(Qcow2& q, uint8_t op, uint8_t where, Buf b)
{
	uint64_t off = q.size() / 256 * where + op * 97u;
	Buf part = b.first((op & 0xf0) * (where & 1 ? 33u : 1u));
	switch(op % 8) {
	case 0:
	case 1:
	case 2:
		q.read(part, off);
		break;
	case 3:
		q.read(part, (op & 0xf8) * 64u);
		break;
	case 4:
	case 5:
		q.write(part, off);
		break;
	case 6:
		q.write(part, (op & 0xf8) * 64u);
		break;
	case 7:
		q.sync();
	}
}

void
session(Store& st, Sync& sy, Qcow2::Mode mode, Bytes script)
{
	std::vector<std::byte> b(16 * 1024, std::byte(0x5a));
	attempt([&] {
		Qcow2 q = Qcow2::open(st, sy, mode);
		q.info();
		for(size_t i = 0; i + 1 < script.size(); i += 2)
			attempt([&] {
				step(q, uint8_t(script[i]), uint8_t(script[i + 1]), b);
			});
		if(!attempt([&] { q.close(); }))
			attempt([&] { q.close(); });
	});
}
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	using namespace p9;
	if(size < Script || size > Cap / 2)
		return 0;
	Bytes all = std::as_bytes(std::span(data, size));
	Bytes script = all.last(Script);
	Memstore st(Cap);
	st.write(all.first(size - Script), 0);
	Stdsync sy;
	session(st, sy, Qcow2::Readonly, script);
	session(st, sy, Qcow2::Readwrite, script);
	session(st, sy, Qcow2::Readwrite, script.first(8));
	return 0;
}
