// Devices: what serves files inside the kernel.  A device writes what differs
// from the defaults here.  All operations run in the caller's Proc and may
// sleep unless it is said otherwise; all may throw Error.  See dev(10).

#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lib9/block.h"
#include "lib9/dir.h"
#include "port/chan.h"

namespace p9 {

using Names = std::span<const std::string_view>;

// What a walk reached.  clone is set only if every name was walked; nqid counts the
// names that were.
struct Walkqid {
	Ref<Chan> clone;
	size_t nqid = 0;
	std::array<Qid, MAXWELEM> qid;
};

class Dev {
public:
	const char32_t dc;	// the letter after '#'
	const std::string_view name;

	Dev(char32_t letter, std::string_view n) : dc(letter), name(n) {}
	virtual ~Dev() = default;
	Dev(const Dev&) = delete;

	// When the machine boots; in no Proc.
	virtual void reset() {}
	// When the first program has ended, in a Proc, while others may still run: gives up
	// what is kept for programs.
	virtual void shutdown() {}

	// The root of the tree that spec names, not open.
	virtual Ref<Chan> attach(std::string_view spec) = 0;

	// Walks from c, which stays, by at most MAXWELEM names; none clones.  A missing name is
	// a short answer, not an Error.
	virtual Walkqid walk(Chan& c, Names) = 0;

	// The directory c has been bound, or is served: for a Proc that is confined, nothing
	// that begins here may lead out of it, as a symbolic link of the host could.
	virtual void becomeroot(Chan&) {}

	virtual Dir stat(Chan& c) = 0;

	// Opens c and answers it, or another Chan in its place (dup(3)).
	virtual Ref<Chan> open(Ref<Chan> c, int omode) = 0;

	// Makes name in the directory c and opens it; c becomes it.
	virtual Ref<Chan> create(Ref<Chan> c, std::string_view name, int omode, uint32_t perm);

	// The last reference has gone.  What it throws is dropped by close(Ref<Chan>).
	virtual void close(Chan&) {}

	// A directory reads as whole stat(5) entries.
	virtual size_t read(Chan&, Buf, int64_t off) = 0;
	virtual size_t write(Chan&, Bytes, int64_t off);
	// A message whose payload lies elsewhere, in one write where the host can.  Answers
	// how many bytes of both went; the default, one of head at least.  Not both empty.
	virtual size_t writev(Chan&, Bytes head, Bytes tail);

	// Whole Blocks.  The default goes by way of read and write and flattens loans.
	virtual Block bread(Chan&, size_t n, int64_t off);
	virtual size_t bwrite(Chan&, Block, int64_t off);

	// Removes the file; c, which may be open, is then closed by the caller without
	// Dev::close, even after an Error.  The default refuses.
	virtual void remove(Chan&);
	virtual void wstat(Chan&, const Dir&);
};

// A new Chan of d, not open, path #letter+spec.
Ref<Chan> devattach(Dev& d, std::string_view spec = {});
// A copy of c, not open: as walk by no names does.
Ref<Chan> devclone(Chan& c);

// For devices whose tree is computed: write list and parent, and walk, stat and
// directory reads come from them.
class Gendev : public Dev {
public:
	using Dev::Dev;

	// The entries of the directory c.
	virtual std::vector<Dir> list(const Chan& c) = 0;
	// The entry of one name in c; default: by way of list.
	virtual std::optional<Dir> lookup(Chan& c, std::string_view elem);
	// The entry of c's parent, for .. ; the root is its own.  Default: the root's.
	virtual Dir parent(const Chan& c);
	// c, whose qid is set, was reached by walk from `from': give it its aux.  Default:
	// from's.
	virtual void arrived(Chan& c, const Chan& from);
	// The entry of c itself; default: found in its parent's list by qid.
	virtual Dir self(Chan& c);

	Ref<Chan> attach(std::string_view spec) override;
	Walkqid walk(Chan& c, Names) override;
	Dir stat(Chan& c) override;
	// Checks the mode against the entry's permission for up()'s user.
	Ref<Chan> open(Ref<Chan> c, int omode) override;

protected:
	// An entry: owner and group eve, times those of boot.
	Dir file(uint64_t path, std::string_view n, uint32_t perm, uint64_t length = 0,
		uint32_t vers = 0) const;
	Dir dir(uint64_t path, std::string_view n, uint32_t perm = 0555) const;
	// Directory reads: whole entries that fit, from where off stands.  Eshort when not
	// even one fits.
	size_t readdir(Chan& c, Buf, int64_t off);
};

// Reads of text and bytes at an offset.
size_t readstr(Buf, int64_t off, std::string_view text);
size_t readbuf(Buf, int64_t off, Bytes);

// What Chan::mode becomes: OREAD OWRITE ORDWR (OEXEC reads) for a mode with flags, or
// Ebadarg.
int openmode(int omode);
// Raises Eperm unless up()'s user may open a file of owner and perm so.
void devpermcheck(std::string_view owner, uint32_t perm, int omode);

// When the machine was booted, in seconds since 1970: the time of files that keep none.
uint32_t kerndate();
// One line of /proc/n/fd and /fd/nctl, with its newline.
std::string fdline(int fd, Chan& c);

// Who the machine belongs to; everything is eve's without privileges (auth.cpp).
std::string eve();
void seteve(std::string_view user);
bool iseve();

// The machine: every device by name (emu/devtab.cpp; tests have their own).
std::span<Dev* const> devtab();
Dev* devbyletter(char32_t dc);	// nullptr when there is none
}
