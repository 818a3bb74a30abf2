// A device of real directories and files in memory, for tests and benchmarks: no
// host, no 9P, no permissions.  Devices of one letter differ by devno.  They are
// made once and live on, for Chans may be closed late; each test empties those
// that it uses.

#pragma once

#include <map>
#include <string>

#include "port/dev.h"
#include "port/qlock.h"
#include "port/rendez.h"

namespace p9 {

class Memdev : public Dev {
public:
	explicit Memdev(uint32_t no = 0);
	~Memdev() override;

	// Names are those of the device's own tree; what leads to the last is made.
	void mkdir(std::string_view at);
	void mkfile(std::string_view at, std::string_view text = {});
	std::string text(std::string_view at); // of a file; "" when it is not there
	bool has(std::string_view at);
	void clear();

	std::atomic<int> nwalk{0}; // calls of walk with names
	// Errors to raise instead of doing it; "" is none.
	std::string failwalk, failopen, failcreate, failstat;
	std::function<void()> oncreate; // before each create, e.g. for a race

	Ref<Chan> attach(std::string_view spec) override;
	Walkqid walk(Chan& c, Names) override;
	Dir stat(Chan& c) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	Ref<Chan> create(Ref<Chan> c, std::string_view, int omode,
			 uint32_t perm) override;
	void close(Chan&) override;
	size_t read(Chan&, Buf, int64_t off) override;
	size_t write(Chan&, Bytes, int64_t off) override;
	void remove(Chan&) override;
	void wstat(Chan&, const Dir&) override;

private:
	struct File;
	Lock lk; // guards the tree
	Ref<File> root;
	uint32_t devno;
	uint64_t nextpath = 1;

	Ref<File> make(File& in, std::string_view elem, uint32_t mode);
	Ref<File> path(std::string_view rest, bool making);
	void unlink(File&);
	Dir entry(const File&) const;
	size_t readdir(File&, Buf, int64_t off);
};

// One whose walks get no answer, as a dead server's, until answer() or a note.
class Stuckdev final : public Memdev {
	Lock wlk;
	bool dead = false; // guarded by wlk, as the rest
	std::vector<Rendez*> waiting;

public:
	using Memdev::Memdev;
	void die();
	void answer();
	size_t nwaiting();
	Walkqid walk(Chan& c, Names) override;
};

// The i-th, empty.
Memdev& freshmem(uint32_t i = 0);
Stuckdev& freshstuck();

// An empty memory device as up()'s root and working directory, in an empty name space.
Memdev& memworld();
}
