// QEMU's scheme: byte 100+p is locked (shared) by who uses permission p, byte 200+p
// by who does not let others use it.  Whoever comes tests, with a query for an
// exclusive lock, that nobody forbids what it uses and nobody uses what it
// forbids.

#include "emu/oslock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace p9 {

namespace {

constexpr off_t Uses = 100;
constexpr off_t Forbids = 200;
constexpr unsigned Permread = 1 << 0;
constexpr unsigned Permwrite = 1 << 1;
constexpr unsigned Permresize = 1 << 3;
constexpr int Nperm = 4;

struct Want {
	unsigned uses;
	unsigned forbids;
};

constexpr Want
wantof(Lockas as)
{
	unsigned change = Permwrite | Permresize;
	return {as == Lockas::Writer ? Permread | change : Permread, change};
}

struct flock
byteat(off_t at, int type)
{
	struct flock l = {};
	l.l_type = short(type);
	l.l_whence = SEEK_SET;
	l.l_start = at;
	l.l_len = 1;
	return l;
}

int
lockbyte(int fd, off_t at, int type)
{
	struct flock l = byteat(at, type);
	if(fcntl(fd, F_OFD_SETLK, &l) == 0)
		return 0;
	return errno == EACCES ? EAGAIN : errno;
}

bool
lockedbyothers(int fd, off_t at)
{
	struct flock l = byteat(at, F_WRLCK);
	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

int
lockall(int fd, Want w, int type)
{
	for(int p = 0; p < Nperm; p++) {
		if(w.uses & 1u << p)
			if(int e = lockbyte(fd, Uses + p, type))
				return e;
		if(w.forbids & 1u << p)
			if(int e = lockbyte(fd, Forbids + p, type))
				return e;
	}
	for(int p = 0; p < Nperm; p++) {
		if(w.uses & 1u << p && lockedbyothers(fd, Forbids + p))
			return EAGAIN;
		if(w.forbids & 1u << p && lockedbyothers(fd, Uses + p))
			return EAGAIN;
	}
	return 0;
}
}

int
imagelock(int fd, Lockas as, bool readable)
{
	// A shared lock needs a descriptor that can be read.
	int e = lockall(fd, wantof(as), readable ? F_RDLCK : F_WRLCK);
	if(e != 0)
		imageunlock(fd);
	return e;
}

void
imageunlock(int fd)
{
	struct flock l = byteat(Uses, F_UNLCK);
	l.l_len = Forbids + Nperm - Uses;
	fcntl(fd, F_OFD_SETLK, &l);
}
}
