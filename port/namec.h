// Names to channels.  Each answers a Chan of up()'s name space; each may sleep in
// the devices that it walks, holding no lock.  The rows NS-1 to NS-18.  See
// namec(10).

#pragma once

#include <string>
#include <string_view>

#include "port/dev.h"
#include "port/mount.h"

namespace p9 {

// The file, opened; through mounts.
Ref<Chan> nameopen(std::string_view name, int omode);
// Made (or truncated) and opened: create(2), NS-14.
Ref<Chan> namecreate(std::string_view name, int omode, uint32_t perm);
// Reached through mounts, not opened: stat, wstat, access.
Ref<Chan> nameaccess(std::string_view name);
// As nameopen and nameaccess, but a name that is not there is an answer and no Error: then c
// is empty and why is what the Error's text would be.
struct Tried {
	Ref<Chan> c;
	std::string why;
};
Tried trynameopen(std::string_view name, int omode);
Tried trynameaccess(std::string_view name);
// For remove(2): refuses mount points.
Ref<Chan> nameremove(std::string_view name);
// A directory, not crossed: chdir(2).
Ref<Chan> namedir(std::string_view name);
// What bind(2) binds: crossed, with the union that stands there.
struct Bound {
	Ref<Chan> c;
	Ref<const Mountlist> umh;
};
Bound namebind(std::string_view name);
// What is mounted on: not crossed.
Ref<Chan> namemount(std::string_view name);
// unmount(2)'s first argument: opened, and "#x" alone is allowed without the mask.
Ref<Chan> nameunmount(std::string_view name);

// The last steps alone, from a Chan that stands before the mount on its place and stays as it
// is: for exports.  Opened, created (the name must be new for the device) or reached,
// through mounts; a union directory is read as one.
Ref<Chan> chanopen(Ref<Chan> c, int omode);
Ref<Chan> chancreate(Ref<Chan> dir, std::string_view elem, int omode, uint32_t perm);
Ref<Chan> chanaccess(Ref<Chan> c);

// Walks from c by names through mounts (all or nothing), for exports and tests: the
// Chan, or an Error with the elements up to the one that failed.
Ref<Chan> walk(Ref<Chan> c, Names names, bool nomount);

// Ebadchar, Etoolong, or nothing.  slashok: whole path names.
enum class Slash { No, Ok };
void validname(std::string_view name, Slash);

// A stat buffer from a stranger: Ebadstat unless every size and name in it is right
// (DM-21).
void validstat(Bytes);
}
