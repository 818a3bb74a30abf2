#include "tests/qcow2_oracle.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/core.h>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

namespace p9::oracle {

namespace {

// Counts references as the format's text tells to, cluster by cluster.
class Checker {
	Store& st;
	Verdict v;
	unsigned cb = 0;
	uint64_t filesize = 0;
	std::map<uint64_t, uint64_t> refs;

	uint64_t be(uint64_t off, unsigned bytes)
	{
		std::byte b[8] = {};
		st.read(Buf(b, bytes), off);
		uint64_t x = 0;
		for(unsigned i = 0; i < bytes; i++)
			x = x << 8 | uint64_t(b[i]);
		return x;
	}

	void bad(std::string why)
	{
		if(v.corruptions++ == 0)
			v.why = std::move(why);
	}

	void use(uint64_t off, uint64_t len, const char* what)
	{
		for(uint64_t c = off >> cb; c << cb < off + len; c++) {
			refs[c]++;
			if(c << cb >= filesize)
				bad(fmt::format("{} {:#x} behind the end", what, off));
		}
	}

	uint64_t count(uint64_t c, uint64_t table, uint64_t entries, unsigned order)
	{
		uint64_t per = (8ull << cb) >> order;
		uint64_t block = c / per < entries ? be(table + c / per * 8, 8) : 0;
		if(block == 0)
			return 0;
		uint64_t i = c % per;
		if(order >= 3)
			return be(block + (i << (order - 3)), 1u << (order - 3));
		unsigned bits = 1u << order;
		return be(block + i * bits / 8, 1) >> (i * bits % 8) & ((1u << bits) - 1);
	}

	void l2entry(uint64_t e)
	{
		if(e >> 62 & 1) {
			unsigned x = 62 - (cb - 8);
			uint64_t off = e & ((1ull << x) - 1);
			uint64_t n = ((e & ((1ull << 62) - 1)) >> x) + 1;
			uint64_t len = n * 512 - off % 512;
			for(uint64_t c = off >> cb; c << cb < off + len; c++)
				refs[c]++;
			return;
		}
		if(uint64_t host = e & 0x00fffffffffffe00) {
			use(host, 1, "data");
			if(host % (1ull << cb))
				bad(fmt::format("data {:#x} not aligned", host));
		}
	}

	void tree(uint64_t l1, uint64_t n)
	{
		use(l1, n * 8, "L1");
		for(uint64_t i = 0; i < n; i++) {
			uint64_t l2 = be(l1 + i * 8, 8) & 0x00fffffffffffe00;
			if(l2 == 0)
				continue;
			use(l2, 1, "L2");
			for(uint64_t j = 0; j < 1ull << (cb - 3); j++)
				l2entry(be(l2 + j * 8, 8));
		}
	}

	void copied(uint64_t l1, uint64_t n, auto count)
	{
		auto flag = [&](uint64_t e, const char* what) {
			if(e >> 63 && count((e & 0x00fffffffffffe00) >> cb) != 1)
				bad(fmt::format("{} {:#x} is COPIED and not counted 1",
						what, e));
		};
		for(uint64_t i = 0; i < n; i++) {
			uint64_t e = be(l1 + i * 8, 8);
			flag(e, "L1");
			if(uint64_t l2 = e & 0x00fffffffffffe00)
				for(uint64_t j = 0; j < 1ull << (cb - 3); j++)
					flag(be(l2 + j * 8, 8), "L2");
		}
	}

	void snapshots()
	{
		uint64_t off = be(64, 8), n = be(60, 4), p = off;
		for(; n > 0; n--) {
			tree(be(p, 8), be(p + 8, 4));
			p += 40 + be(p + 36, 4) + be(p + 12, 2) + be(p + 14, 2);
			p = (p + 7) & ~7ull;
		}
		if(p > off)
			use(off, p - off, "snapshot table");
	}

public:
	explicit Checker(Store& s) : st(s) {}

	Verdict run()
	{
		cb = unsigned(be(20, 4));
		filesize = st.size();
		uint64_t table = be(48, 8), entries = (be(56, 4) << cb) / 8;
		unsigned order = be(4, 4) == 2 ? 4 : unsigned(be(96, 4));
		use(0, 1, "header");
		use(table, entries * 8, "refcount table");
		for(uint64_t i = 0; i < entries; i++)
			if(uint64_t block = be(table + i * 8, 8))
				use(block, 1, "refcount block");
		tree(be(40, 8), be(36, 4));
		snapshots();
		auto n = [&](uint64_t c) { return count(c, table, entries, order); };
		copied(be(40, 8), be(36, 4), n);
		for(auto [c, r] : refs)
			if(n(c) < r)
				bad(fmt::format("cluster {} count {} references {}", c,
						n(c), r));
		for(uint64_t c = 0; c << cb < filesize; c++)
			if(n(c) > (refs.count(c) ? refs[c] : 0))
				v.leaks++;
		return v;
	}
};

Answer
run(const std::string& program, const std::string& args)
{
	if(std::system(("command -v " + program + " >/dev/null").c_str()) != 0)
		return {127, program + " is missing: install qemu-utils"};
	Tempfile out;
	int r = std::system(
		fmt::format("{} {} >{} 2>&1 </dev/null", program, args, out.name())
			.c_str());
	std::ifstream f(out.name());
	std::string text(std::istreambuf_iterator<char>(f), {});
	return {r, text};
}
}

Verdict
check(Store& st)
{
	return Checker(st).run();
}

Tempfile::Tempfile()
{
	std::random_device r;
	path = std::filesystem::temp_directory_path() /
	       fmt::format("p9test.{:08x}{:08x}", r(), r());
	std::ofstream f(path);
}

Tempfile::~Tempfile()
{
	std::error_code ec;
	std::filesystem::remove(path, ec);
}

void
Tempfile::save(Store& st) const
{
	std::ofstream f(path, std::ios::binary | std::ios::trunc);
	std::vector<std::byte> b(64 * 1024), z(b.size());
	for(uint64_t off = 0; size_t n = st.read(b, off); off += n) {
		b.resize(n);
		z.resize(n);
		f.seekp(std::streamoff(off));
		if(b != z)
			f.write(reinterpret_cast<char*>(b.data()), std::streamsize(n));
	}
	f.close();
	std::filesystem::resize_file(path, st.size());
}

void
Tempfile::load(Store& st) const
{
	std::ifstream f(path, std::ios::binary);
	std::vector<std::byte> b(64 * 1024), z(b.size());
	st.truncate(0);
	for(uint64_t off = 0;; off += b.size()) {
		f.read(reinterpret_cast<char*>(b.data()), std::streamsize(b.size()));
		size_t n = size_t(f.gcount());
		if(n < b.size() || b != z)
			st.write(Bytes(b).first(n), off);
		if(n < b.size())
			break;
	}
	st.truncate(std::filesystem::file_size(path));
}

Answer
qemuimg(const std::string& args)
{
	return run("qemu-img", args);
}

Answer
qemuio(const std::string& args)
{
	return run("qemu-io", "-f qcow2 -t writeback " + args);
}

std::vector<std::byte>
noise(size_t n, uint32_t seed)
{
	std::mt19937 r(seed);
	std::vector<std::byte> b(n);
	for(std::byte& x : b)
		x = std::byte(r());
	return b;
}
}
