// Host files: all that #U asks of a host.  emu/osfile.cpp defines it.
//
// A Hosttree is a directory of the host that names are taken beneath: absolute
// symbolic links start there and no name leads out of it.  Paths have no leading
// slash; "" is the root itself.  They are in the host's form (hostname below).
//
// All of these may keep the worker in the host, as regular files do; only what may
// wait for ever (FIFO, terminal, socket) parks the Proc, and a note ends that
// with Eintr.  All throw Error with Plan 9's text for what the host said.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib9/dir.h"
#include "lib9/ref.h"

namespace p9 {

// An open file of the host.
class Hostfile : public Counted {
public:
	virtual Dir stat() = 0; // its name is left empty
	virtual size_t read(Buf, int64_t off) = 0;
	virtual size_t write(Bytes, int64_t off) = 0;
	// A directory's next entries, a good number of them; empty at its end.
	virtual std::vector<Dir> entries() = 0;
	virtual void rewind() = 0;
	// wstat(5) but for the name.  An entry that changes nothing puts what was written
	// on the disk.  DMEXCL takes the locks that QEMU's image files have, or Eexcl.
	virtual void wstat(const Dir&) = 0;
};

class Hosttree : public Counted {
public:
	// Symbolic links are followed; one that leads nowhere is a file without
	// permissions.  Nothing when there is no such file; Eperm when nobody may look.
	virtual std::optional<Dir> trystat(const std::string& path) = 0;
	virtual Ref<Hostfile> open(const std::string& path, int omode) = 0;
	// Eexist when it is there.  perm as create(5): cut by the directory's and the
	// umask.
	virtual Ref<Hostfile> create(const std::string& path, int omode,
				     uint32_t perm) = 0;
	virtual void remove(const std::string& path) = 0; // of a link: the link
	virtual void wstat(const std::string& path, const Dir&) = 0; // but for the name
	// Within its directory; Eexist when the new one is there.
	virtual void rename(const std::string& path, const std::string& newname) = 0;
	// The tree beneath a directory of this one, of the same id.  It is looked up at each
	// use, so what takes the directory's place later is that tree then.
	virtual Ref<Hosttree> beneath(const std::string& path) = 0;
	// Tells trees apart, as stat's dev.
	virtual uint32_t id() const = 0;
};

// The tree at root, an absolute name of the host.
Ref<Hosttree> hosttree(const std::string& root);

// Names of the host that Plan 9 would refuse (control characters, no UTF-8) are shown
// with each such byte b as the rune U+F000+b.  hostname undoes it; nothing for a name
// that could lead elsewhere.
std::string shownname(std::string_view host);
std::optional<std::string> hostname(std::string_view shown);

// The name of the user who runs this process, and of this machine.
std::string hostuser();
std::string hostsysname();
}
