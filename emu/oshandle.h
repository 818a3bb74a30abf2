// An open file of the host, and what it shares with the tree that it was found in.

#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "port/osfile.h"

namespace p9 {

// A descriptor that is closed when it goes.
class Osfd {
	int fd = -1;

public:
	Osfd() = default;
	explicit Osfd(int n) : fd(n) {}
	Osfd(Osfd&& f) noexcept : fd(f.release()) {}
	Osfd& operator=(Osfd&& f) noexcept
	{
		std::swap(fd, f.fd);
		return *this;
	}
	~Osfd();
	operator int() const { return fd; }
	int release() { return std::exchange(fd, -1); }
};

// What fd stands for; fd may be one that only holds the place.
struct statx fdstatx(int fd);

// wstat(5), but for the name, on the file that fd holds (O_PATH will do).  now: its
// state.  All is checked before anything is changed.
void changefile(int fd, const struct statx& now, const Dir& d);

// fd's file, open as omode says.  Directories need their tree and path.
Ref<Hostfile> hosthandle(Osfd fd, int omode, Ref<Hosttree> tree, std::string path);
}
