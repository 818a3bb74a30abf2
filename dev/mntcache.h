// What the mount driver keeps of plain files on a mount that allows it (MCACHE): pages
// of what was read and written, by the qid's path.  See mnt(3).
//
// The Chans of a mount share its Mntcache; what it keeps goes with the last of them.
// All mounts share the limits, and the file that was used longest ago goes first.
//
// A page never changes: a write puts another in its place.  So readers copy from
// pages that they hold, outside of the lock.
//
// A file's stamp is a number that no state before had: it changes whenever a write
// through the mount has ended, and when the file is forgotten.  What a read brought
// is kept only if the stamp still is what it was before the Tread was sent; else the
// server may have read before it wrote.  Nothing here sleeps.

#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "lib9/dir.h"
#include "lib9/ref.h"

namespace p9 {

class Mntcache final : public Counted {
	struct Page;
	struct File;
	struct All;
	using Pages = std::vector<Ref<Page>>;
	using Gone = std::vector<std::unique_ptr<File>>;

	std::unordered_map<uint64_t, std::unique_ptr<File>> files;	// guarded by All::lk

	static All& all();
	static void unlink(File& f, Gone& gone);
	static void trim(Gone& gone);
	static Ref<Page> merge(const Page* old, size_t lo, Bytes piece);
	static Pages merged(const Pages& were, Bytes b, uint64_t off);
	File* find(uint64_t path);
	File& enter(const Qid& q, std::unique_ptr<File>& fresh, Gone& gone);
	void install(uint64_t path, uint64_t stamp, uint64_t off, const Pages& were, Pages now);
	~Mntcache() override;

public:
	static constexpr size_t Pagesize = 16 << 10;
	static constexpr size_t Maxfile = 8 << 20;	// bytes from the start of each file
	static constexpr size_t Maxfiles = 4093;	// of all mounts
	static constexpr size_t Maxbytes = 64 << 20;	// of all mounts

	// A file as a transfer of it finds it.
	struct State {
		uint64_t stamp = 0;	// 0: nothing is kept of it
		uint64_t length = 0;	// that the server told, and own writes made
	};

	Mntcache();

	// Directories change unseen, and so may what others append to.
	static bool cacheable(const Qid& q)
	{
		return !(q.type & (QTDIR | QTAPPEND | QTEXCL | QTAUTH | QTMOUNT));
	}

	// The file was opened: what is kept of another version is forgotten.  False when the
	// length of this one is not known: nothing is kept until learn() tells it.
	bool opened(const Qid& q);
	// What a stat said.  A file of no length may be none that has content of its own.
	void learn(const Qid& q, uint64_t length);
	// It is new and empty.
	void created(const Qid& q);
	// Its content is about to change, or has changed, otherwise than by a write.
	void forget(uint64_t path);

	State state(uint64_t path);
	// Copies what is kept from off on, as far as it goes; 0 when there is none.
	size_t read(uint64_t path, Buf buf, uint64_t off);
	bool holds(uint64_t path, uint64_t off);	// the byte there
	// A read that began at stamp brought b.
	void fill(uint64_t path, uint64_t stamp, Bytes b, uint64_t off);
	// A write that began at stamp has ended: of the asked bytes the server took done, none
	// when it is not known which.
	void wrote(uint64_t path, uint64_t stamp, Bytes done, size_t asked, uint64_t off);

	// Bytes that are kept now: tests end with none.
	static size_t live();
};
}
