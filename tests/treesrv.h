// File servers for tests of the 9P engine without a kernel: the smallest ramfs, one
// that computes its files, and one that keeps its requests.

#pragma once

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "tests/memconn.h"

namespace p9 {

inline Stdsync gsync;

struct Text final : Counted {
	std::string s;
};

// A tree in memory: the smallest ramfs.
class Treesrv : public Srv {
public:
	std::atomic<int> nfid{0};
	std::vector<std::string> lines;

	Treesrv() : Srv(gsync)
	{
		name = "treesrv";
		tree = std::make_unique<Tree>("glenda", "sys", 0775);
		log = [this](std::string_view s) { lines.emplace_back(s); };
	}
	~Treesrv() override { EXPECT_EQ(nfid, 0); }

	void clone(Fid&, Fid&) override { nfid++; }
	void attach(Req& r) override
	{
		nfid++;
		r.respond();
	}
	void destroyfid(Fid& f) override
	{
		if(f.file)
			nfid--;
	}
	void open(Req& r) override
	{
		if(r.ifcall.mode & OTRUNC)
			r.fid->file->as<Text>().s.clear();
		r.respond();
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
		std::string& s = r.fid->file->as<Text>().s;
		Bytes b = r.data();
		size_t end = size_t(r.ifcall.offset) + b.size();
		if(end > 1 << 20)
			error("too far");
		s.resize(std::max(s.size(), end));
		std::memcpy(s.data() + r.ifcall.offset, b.data(), b.size());
		tree->setlength(*r.fid->file, s.size());
		r.ofcall.count = uint32_t(b.size());
		r.respond();
	}
	void wstat(Req& r) override
	{
		tree->wstatfile(*r.fid->file, r.d);
		r.respond();
	}
};

// A client of s with fid 0 at the root.
struct Attached : Testclient {
	explicit Attached(Srv& s, uint32_t msize = 8192 + IOHDRSZ) : Testclient(s)
	{
		version(msize);
		attach();
	}
	// fid becomes a new file of that name in the root, open ORDWR.
	void make(uint32_t fid, std::string_view name, uint32_t perm = 0664,
		uint8_t mode = ORDWR)
	{
		EXPECT_EQ(walk(0, fid, {}), "");
		call<Rcreate>(
			Tcreate{.fid = fid, .name = name, .perm = perm, .mode = mode});
	}
};

// /n is a file for every number n; its text is n.  Directories go to any depth under d.
class Gensrv : public Srv {
public:
	Gensrv() : Srv(gsync) { name = "gensrv"; }

	std::optional<Qid> walk1(Fid& f, std::string_view elem) override
	{
		if(elem == "..")
			return Qid{.path = 0, .vers = 0, .type = QTDIR};
		if(elem == "d")
			return Qid{.path = f.qid.path + 1000, .vers = 0, .type = QTDIR};
		if(elem == "broken")
			error("is broken");
		if(elem.size() > 3 || elem.find_first_not_of("0123456789") != elem.npos)
			return {};
		uint64_t n = uint64_t(std::stoi(std::string(elem)));
		return Qid{.path = n, .vers = 0, .type = 0};
	}
	void read(Req& r) override
	{
		if(r.fid->isdir())
			dirread9p(r, [](size_t n) -> std::optional<Dir> {
				if(n >= 100)
					return {};
				Dir d;
				d.name = std::to_string(n);
				return d;
			});
		else
			readstr(r, std::to_string(r.fid->qid.path));
		r.respond();
	}
};

// Keeps its reads until it is told to answer.
class Keepsrv : public Gensrv {
public:
	std::mutex m;
	std::condition_variable c;
	std::vector<Req*> kept;
	std::vector<Req*> flushes;
	bool holdflush = false;
	bool cancels = true;

	void read(Req& r) override
	{
		std::scoped_lock l(m);
		kept.push_back(&r);
		c.notify_all();
	}
	void flush(Req& r) override
	{
		std::unique_lock l(m);
		auto it = std::ranges::find(kept, r.oldreq.get());
		if(it != kept.end() && cancels) {
			Req* old = *it;
			kept.erase(it);
			old->responderror(Eintr);
		}
		if(holdflush) {
			flushes.push_back(&r);
			c.notify_all();
			return;
		}
		l.unlock();
		r.respond();
	}
	void wait(size_t n)
	{
		std::unique_lock l(m);
		c.wait(l, [&] { return kept.size() >= n; });
	}
	void waitflushes(size_t n)
	{
		std::unique_lock l(m);
		c.wait(l, [&] { return flushes.size() >= n; });
	}
	void answer(std::string_view s)
	{
		std::vector<Req*> v;
		{
			std::scoped_lock l(m);
			v.swap(kept);
		}
		for(Req* r : v) {
			readstr(*r, s);
			r->respond();
		}
	}
};
}
