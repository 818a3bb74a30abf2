// File trees for servers whose files lie in memory: names, directories, entries
// and permissions.  What is in a file is the server's, in File::aux.  9pfile(2).
//
// References: a directory holds its children, a child its directory; removefile
// cuts both.  A Tree must outlive its Files.  Everything in an entry is guarded by
// the Tree's lock, which is held for a few instructions; nothing here sleeps.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib9/fcall.h"
#include "lib9/ref.h"
#include "lib9/spin.h"

namespace p9 {

class Tree;

class File final : public Counted {
public:
	Tree& tree;
	const Ref<Counted> aux;	// the server's own

	File(Tree& t, Dir entry, Ref<Counted> a)
		: tree(t), aux(std::move(a)), d(std::move(entry))
	{
	}
	template<class T> T& as() const
	{
		assert(dynamic_cast<T*>(aux.get()));
		return static_cast<T&>(*aux.get());
	}

private:
	friend class Tree;
	~File() override = default;

	// Guarded by the Tree's lock.
	Dir d;
	Ref<File> parent;	// empty in the root, and once removed
	uint64_t seq = 0;	// its place in the parent
	std::map<uint64_t, Ref<File>> kids;	// in the order that they came
	std::unordered_map<std::string_view, File*> names;	// kids, by d.name
};

class Tree {
public:
	// A root directory; perm may lack DMDIR.
	Tree(std::string_view uid, std::string_view gid, uint32_t perm);
	~Tree();
	Tree(const Tree&) = delete;

	const Ref<File> root;

	// A new file or (perm has DMDIR) directory of owner uid and dir's group.  Errors:
	// "create in deleted directory", Eexist.
	Ref<File> createfile(File& dir, std::string_view name, std::string_view uid,
		uint32_t perm, Ref<Counted> aux = nullptr);

	// Takes f out of its directory; it lives on while somebody has it.  Errors: "no
	// parent", "cannot remove root", "has children".
	void removefile(File& f);

	// The file of that name; ".." is the parent, and the root's own.  Empty when
	// there is none.
	Ref<File> walkfile(File& dir, std::string_view name);
	Ref<File> parentof(File& f);	// empty for the root and what was removed
	// As far as there are names, and uid may search: where it ends if that is all of
	// them.
	Ref<File> walk(File& from, std::span<const std::string_view> names,
		std::string_view uid, Few<Qid>& qids);

	Dir statfile(File& f);
	void statfile(File& f, Dir& d);	// the same into d, whose strings keep their room
	Qid qidof(File& f);
	uint64_t lengthof(File& f);

	// Whether uid has all of the access asked for (AREAD AWRITE AEXEC): what others
	// may, and what the owner may if he is he, and what the group may if its name is
	// his.
	bool hasperm(File& f, std::string_view uid, int access);

	// Raises Eperm or "not owner" unless stat(5) lets uid make this change, and
	// Eexist for a name that is taken.
	void checkwstat(File& f, std::string_view uid, const Dir& d);
	// Makes it, but for the length, which is the server's.  Errors: Eexist.
	void wstatfile(File& f, const Dir& d);

	// f was written by uid: a new version, time and muid.
	void written(File& f, std::string_view uid);
	void setlength(File& f, uint64_t n);

	// Whole entries of the directory from the cursor on (0 is the first), which moves
	// behind them.  Files that come and go do not make it skip or repeat others. 
	// Error Eshort when not even one fits.
	size_t readdir(File& dir, uint64_t& cursor, Buf);

private:
	mutable Spin lk;
	uint64_t lastpath = 0;
	uint64_t lastseq = 0;

	File* step(File& dir, std::string_view name);
};

// As Tree::hasperm, of any entry.
bool hasperm(const Dir& d, std::string_view uid, int access);
}
