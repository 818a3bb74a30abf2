// What the mount driver gives to the system calls: version(5), auth and attach on
// a connection.  See mnt(3).

#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "port/chan.h"

namespace p9 {

// Settles the version of 9P on conn, once: later calls are compared with it and send
// nothing.  version "" asks for 9P2000 and becomes what was settled, whose length is
// answered; msize 0 asks for the most.  From then on conn is CMSG.  Sleeps; a note ends
// it with Eintr.
size_t mntversion(Chan& conn, std::string& version, size_t msize);

// A file to authenticate by, open: its afid is used by the attach that it is given to.
Ref<Chan> mntauth(Ref<Chan> conn, std::string_view spec);

// The root of the tree spec of the server at conn; settles its version if nobody has.
// auth: empty, or of the same connection (Ebadusefd).  flags: MCACHE is looked at.
Ref<Chan> mntattach(Ref<Chan> conn, Ref<Chan> auth, std::string_view spec, int flags);

// emu -D: every message that the mount driver sends or gets is printed.
inline std::atomic<bool> transcript9p{false};
}
