// The file part of the system calls on Chans rather than descriptors: what the
// export device and the kernel itself need too.

#pragma once

#include <vector>

#include "port/chan.h"
#include "port/dev.h"

namespace p9 {

// Reads c where it stands (or at off, -1 for there): unions, mount points in directories
// and offsets as read(2).  Sleeps.
size_t chanread(Chan& c, Buf, int64_t off = -1);
size_t chanwrite(Chan& c, Bytes, int64_t off = -1);
// At most n bytes, and a whole Block, where c stands.
Block chanbread(Chan& c, size_t n);
size_t chanbwrite(Chan& c, Block b);
int64_t chanseek(Chan& c, int64_t off, int whence); // seek(2); Eisstream for pipes

// stat as programs see it: the name is the last of the path's (NS-17).
Dir chanstat(Chan& c);
void chanwstat(Chan& c, const Dir&); // Eismtpt for a new name on a mount point
void chanremove(Ref<Chan> c);	     // c has its file for itself, as nameremove's

// Whole 9P messages from a connection, whatever pieces it delivers: a Block that comes
// with one message is passed on as it is.
class Msgreader {
	Block pend; // the front of what came and was not taken

	Block take(size_t max);
	Buf missing();
	Block join(Chan& c, size_t max);

public:
	static constexpr std::string_view Ebadmsg = "malformed 9P message";

	// The next message; empty at the end between two.  Error for a size below 7 or
	// above max, and for an end inside a message.
	Block next(Chan& c, size_t max);
	// Something came that no message has been made of.
	bool rest() const { return !pend.empty(); }
};
}
