// The locks that QEMU takes on image files, so that qemu-img and we keep off each
// other's writers.  They belong to the open file and go when it is closed.

#pragma once

namespace p9 {

enum class Lockas { Reader, Writer };

// Takes what an opener of that kind takes.  readable, writable: how fd is open.  Answers
// 0, or EAGAIN when another's locks forbid it (then none is kept), or another errno.
// Does not wait.
int imagelock(int fd, Lockas as, bool readable);
void imageunlock(int fd);
}
