// Any client against the 9P engine with a file tree: the input is what it sends,
// each message behind a byte that says how to mend it, so that most get far.

#include <cstdlib>

#include "lib9/9p/srv.h"
#include "lib9/fcall.h"
#include "tests/stdsync.h"

namespace p9 {

namespace {

struct Text final : Counted {
	std::string s;
};

class Fuzzsrv final : public Srv {
public:
	explicit Fuzzsrv(Sync& s) : Srv(s)
	{
		tree = std::make_unique<Tree>("a", "a", 0777);
		direct = true;
	}
	void create(Req& r) override
	{
		r.newfid->file = tree->createfile(*r.fid->file, r.ifcall.name, r.fid->uid,
						  r.ifcall.perm, mk<Text>());
		r.ofcall.qid = tree->qidof(*r.newfid->file);
		r.respond();
	}
	void read(Req& r) override
	{
		readstr(r, r.fid->file->as<Text>().s);
		r.respond();
	}
	void write(Req& r) override
	{
		Bytes b = r.data();
		std::string& s = r.fid->file->as<Text>().s;
		if(s.size() < 1000)
			s.append(reinterpret_cast<const char*>(b.data()), b.size());
		r.ofcall.count = r.ifcall.count;
		r.respond();
	}
	void wstat(Req& r) override
	{
		tree->wstatfile(*r.fid->file, r.d);
		r.respond();
	}
};

class Fuzzclient final : public Transport {
	Bytes rest;

public:
	size_t max = 8192 + IOHDRSZ;

	explicit Fuzzclient(Bytes b) : rest(b) {}

	// A length byte, a type byte, and the body; fids are kept few.
	Block read() override
	{
		if(rest.size() < 2)
			return {};
		size_t n = std::min(size_t(rest[0]), rest.size() - 2);
		Block b = Block::alloc(MSGHDR + n);
		putle(b.room().data(), uint32_t(MSGHDR + n));
		b.room()[4] = std::byte(100 + uint8_t(rest[1]) % 30);
		setmsgtag(b.room(), 1);
		b.produced(MSGHDR);
		b.append(rest.subspan(2, n));
		rest = rest.subspan(2 + n);
		return b;
	}
	// A reply must be a message, and no longer than was settled.
	void write(Block b) override
	{
		b.flatten();
		uint16_t tag;
		if(b.size() > std::max(max, size_t(256)) || !unpack(b.data(), tag))
			std::abort();
	}
	void msize(size_t n) override { max = n; }
};
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* p, size_t n)
{
	p9::Stdsync sync;
	{
		p9::Fuzzsrv srv(sync);
		p9::Fuzzclient c({reinterpret_cast<const std::byte*>(p), n});
		srv.serve(c);
	}
	if(p9::Block::live() != 0)
		std::abort();
	return 0;
}
