// A Store for tests: it passes calls on to another, writes down what changes it, and
// fails when told.  From the log any state can be built that a crash may leave.
// For one caller at a time.

#pragma once

#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "lib9/disk/store.h"

namespace p9 {

class Faultstore final : public Store {
public:
	struct Op {
		enum Kind { Write, Truncate, Flush } kind;
		uint64_t off;	// Truncate: the length
		std::vector<std::byte> data;
	};

private:
	Store& under;
	std::vector<Op> ops;
	uint64_t failfrom = UINT64_MAX, failto = UINT64_MAX;

	void step();

public:
	uint64_t count = 0;	// calls that change, whether they failed or not
	uint64_t reads = 0;

	explicit Faultstore(Store& s) : under(s) {}

	// The changing calls from number `from' on, up to `to', raise Enospace; a write
	// that fails has written about the first half of its bytes, whole sectors.
	void fail(uint64_t from, uint64_t to = UINT64_MAX);

	const std::vector<Op>& log() const { return ops; }

	size_t read(Buf b, uint64_t off) override;
	void write(Bytes b, uint64_t off) override;
	void flush() override;
	uint64_t size() override { return under.size(); }
	void truncate(uint64_t n) override;
};

// Does one step of a log.
void replay(Store& to, const Faultstore::Op& op);

// Does a log as a crash at its end may have left it: all up to the last Flush, and of
// the rest what r chooses, writes sector by sector.
void crash(Store& to, std::span<const Faultstore::Op> log, std::mt19937& r);

// Makes `to' equal to `from'.
void copystore(Store& from, Store& to);
}
