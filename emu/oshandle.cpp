// Open files of the host.  Regular files, directories and block devices are read and
// written at an offset, straight; what is a stream is non-blocking and its Proc
// waits in the event loop.

#include "emu/oshandle.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "emu/oserr.h"
#include "emu/streamread.h"
#include "emu/oslock.h"
#include "emu/osstat.h"
#include "lib9/error.h"
#include "port/os.h"
#include "port/qlock.h"

namespace p9 {

namespace {

constexpr uint32_t Untouched32 = ~uint32_t{0};
constexpr uint64_t Untouched64 = ~uint64_t{0};

// The name by which the host follows a descriptor that only holds a place.
std::string
byfd(int fd)
{
	return "/proc/self/fd/" + std::to_string(fd);
}

void
setlength(int fd, uint64_t length)
{
	if(length > INT64_MAX)
		error(Ebadarg);
	int64_t r = hostcall([&] { return ftruncate(fd, off_t(length)); });
	if(r == -EBADF || r == -EINVAL) {
		std::string name = byfd(fd);
		r = hostcall([&] { return truncate(name.c_str(), off_t(length)); });
	}
	if(r < 0)
		oserror(int(-r));
}

void
settimes(int fd, const timespec (&t)[2])
{
	std::string name = byfd(fd);
	mustcall([&] { return utimensat(AT_FDCWD, name.c_str(), t, 0); });
}

void
settimes(int fd, uint32_t atime, uint32_t mtime)
{
	auto spec = [](uint32_t t) {
		return timespec{t == Untouched32 ? 0 : time_t(t),
				t == Untouched32 ? UTIME_OMIT : 0};
	};
	settimes(fd, {spec(atime), spec(mtime)});
}

// What no wstat may change.
void
checkchange(const struct statx& now, const Dir& is, const Dir& d)
{
	if((!d.uid.empty() && d.uid != is.uid) || (!d.muid.empty() && d.muid != is.muid))
		error(Eperm);
	if(d.mode != Untouched32 &&
	   (d.mode ^ is.mode) & (DMDIR | DMAPPEND | DMTMP | DMAUTH))
		error(Eperm);
	if(d.length != Untouched64 && d.length != is.length && !S_ISREG(now.stx_mode))
		error(S_ISDIR(now.stx_mode) ? Eisdir : Eperm);
}

// The changes of one wstat, of which all happen or none.
class Change {
	const int fd;
	const struct statx& now;
	const Dir& is;
	bool group = false, mode = false, times = false; // what has been changed

	void chmod(uint32_t bits)
	{
		std::string name = byfd(fd);
		mode_t m = (now.stx_mode & 07000) | (bits & 0777);
		mustcall([&] { return ::chmod(name.c_str(), m); });
	}
	void chgrp(unsigned gid)
	{
		mustcall([&] { return fchownat(fd, "", uid_t(-1), gid, AT_EMPTY_PATH); });
	}

public:
	Change(int f, const struct statx& n, const Dir& d) : fd(f), now(n), is(d) {}

	// The length comes last, for it cannot be undone, and the times are for the owner
	// alone; it sets them too, so they are set again.
	void make(std::optional<unsigned> gid, const Dir& d)
	{
		if(gid) {
			chgrp(*gid);
			group = true;
		}
		if(d.mode != Untouched32 && (d.mode ^ is.mode) & 0777) {
			chmod(d.mode);
			mode = true;
		}
		if(d.atime != Untouched32 || d.mtime != Untouched32) {
			settimes(fd, d.atime, d.mtime);
			times = true;
		}
		if(d.length != Untouched64 && d.length != is.length) {
			setlength(fd, d.length);
			if(times)
				settimes(fd, d.atime, d.mtime);
		}
	}
	// What cannot be taken back either stays.
	void undo()
	{
		auto back = [](bool done, auto fn) {
			try {
				if(done)
					fn();
			} catch(const Error&) {
			}
		};
		back(times, [&] {
			auto spec = [](const statx_timestamp& t) {
				return timespec{time_t(t.tv_sec), long(t.tv_nsec)};
			};
			settimes(fd, {spec(now.stx_atime), spec(now.stx_mtime)});
		});
		back(mode, [&] { chmod(is.mode); });
		back(group, [&] { chgrp(now.stx_gid); });
	}
};

class Handle final : public Hostfile {
	Osfd fd;
	const int mode;
	const Ref<Hosttree> tree;
	const std::string path;
	bool stream = false;
	QLock in;	     // whose turn it is to read a stream
	QLock out;	     // and to write: what two write is not mixed
	Streamread reader;   // a stream's
	bool fifo = false;   // nobody has written to it yet
	uint64_t blocks = 0; // a block device's bytes
	bool locked = false;

public:
	Handle(Osfd f, int omode, Ref<Hosttree> t, std::string p);
	~Handle() override;
	Dir stat() override;
	size_t read(Buf, int64_t off) override;
	size_t write(Bytes, int64_t off) override;
	std::vector<Dir> entries() override;
	void rewind() override;
	void wstat(const Dir&) override;

private:
	size_t readstream(Buf);
	size_t writestream(Bytes);
	std::optional<Dir> entry(const char* name, unsigned char type);
	void setlock(bool on);
	void sync();
};

Handle::Handle(Osfd f, int omode, Ref<Hosttree> t, std::string p)
    : fd(std::move(f)), mode(omode & 3), tree(std::move(t)), path(std::move(p))
{
	struct statx s = fdstatx(fd);
	if(S_ISREG(s.stx_mode) || S_ISDIR(s.stx_mode))
		return;
	if(S_ISBLK(s.stx_mode)) {
		hostcall([&] { return ioctl(fd, BLKGETSIZE64, &blocks); });
		return;
	}
	fifo = S_ISFIFO(s.stx_mode) && mode != OWRITE;
	stream = hostcall([&] { return lseek(fd, 0, SEEK_CUR); }) == -ESPIPE;
}

Handle::~Handle()
{
	if(stream)
		closingfd(fd.release());
}

Dir
Handle::stat()
{
	Dir d = dirof(fdstatx(fd));
	if(locked)
		d.mode |= DMEXCL;
	if(blocks)
		d.length = blocks;
	return d;
}

// That nobody has written to a FIFO yet is no end of it.
size_t
Handle::readstream(Buf b)
{
	auto turn = elocked(in);
	auto get = [&] { return ::read(fd, b.data(), b.size()); };
	if(fifo && !b.empty()) {
		int64_t n = hostcall(get);
		if(n == 0 || n == -EAGAIN || n == -EINTR)
			waitfd(fd, false);
		fifo = false;
		if(n > 0)
			return size_t(n);
	}
	int64_t n = reader.read(fd, b.size(), get);
	if(n < 0)
		oserror(int(-n));
	return size_t(n);
}

size_t
Handle::read(Buf b, int64_t off)
{
	if(stream)
		return readstream(b);
	return size_t(mustcall([&] { return pread(fd, b.data(), b.size(), off); }));
}

size_t
Handle::writestream(Bytes b)
{
	auto turn = elocked(out);
	size_t done = 0;
	while(done < b.size()) {
		int64_t n = hostcall(
			[&] { return ::write(fd, b.data() + done, b.size() - done); });
		if(n >= 0)
			done += size_t(n);
		else if(n == -EAGAIN)
			waitfd(fd, true);
		else if(n != -EINTR)
			oserror(int(-n));
	}
	return done;
}

// All of it, or the Error that stopped it: what the host took before stays written.
size_t
Handle::write(Bytes b, int64_t off)
{
	if(stream)
		return writestream(b);
	size_t done = 0;
	do {
		done += size_t(mustcall([&] {
			return pwrite(fd, b.data() + done, b.size() - done,
				      off + int64_t(done));
		}));
	} while(done < b.size());
	return done;
}

// A file that went since its name was read is no entry.
std::optional<Dir>
Handle::entry(const char* name, unsigned char type)
{
	std::string shown = shownname(name);
	std::optional<Dir> d;
	if(type != DT_LNK) {
		struct statx s;
		int64_t r = hostcall([&] {
			return statx(fd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS,
				     &s);
		});
		if(r < 0)
			return {};
		if(!S_ISLNK(s.stx_mode))
			d = dirof(s);
	}
	if(!d)
		d = tree->trystat(path.empty() ? name : path + "/" + name);
	if(d)
		d->name = std::move(shown);
	return d;
}

std::vector<Dir>
Handle::entries()
{
	struct Entry {
		uint64_t ino;
		int64_t off;
		unsigned short len;
		unsigned char type;
	};
	constexpr size_t nameat = 19; // behind the three numbers and the type
	std::vector<Dir> l;
	// Not more: what comes of it waits with the file until it is read.
	std::vector<char> dirbuf(8 << 10);
	while(l.empty()) {
		int64_t n = mustcall([&] {
			return ::syscall(SYS_getdents64, int(fd), dirbuf.data(),
					 dirbuf.size());
		});
		if(n == 0)
			break;
		for(size_t i = 0; i < size_t(n);) {
			Entry e;
			std::memcpy(&e, &dirbuf[i], nameat);
			const char* name = &dirbuf[i + nameat];
			i += e.len;
			if(std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0)
				continue;
			if(auto d = entry(name, e.type))
				l.push_back(std::move(*d));
		}
	}
	return l;
}

void
Handle::rewind()
{
	mustcall([&] { return lseek(fd, 0, SEEK_SET); });
}

void
Handle::setlock(bool on)
{
	if(!on) {
		imageunlock(fd);
	} else {
		Lockas as =
			mode == OREAD || mode == OEXEC ? Lockas::Reader : Lockas::Writer;
		int e = imagelock(fd, as, mode != OWRITE);
		if(e == EAGAIN)
			error(Eexcl);
		if(e != 0)
			oserror(e);
	}
	locked = on;
}

void
Handle::sync()
{
	int64_t r = hostcall([&] { return fdatasync(fd); });
	if(r < 0 && r != -EINVAL && r != -EROFS) // a stream has no disk
		oserror(int(-r));
}

void
Handle::wstat(const Dir& d)
{
	if(d.isdontcare())
		return sync();
	Dir rest = d;
	if(d.mode != Untouched32) {
		if(bool(d.mode & DMEXCL) != locked)
			setlock(!locked);
		rest.mode &= ~uint32_t(DMEXCL);
	}
	changefile(fd, fdstatx(fd), rest);
}
}

Osfd::~Osfd()
{
	if(fd >= 0)
		::close(fd);
}

struct statx
fdstatx(int fd)
{
	struct statx s;
	mustcall([&] { return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &s); });
	return s;
}

void
changefile(int fd, const struct statx& now, const Dir& d)
{
	Dir is = dirof(now);
	checkchange(now, is, d);
	std::optional<unsigned> gid;
	if(!d.gid.empty() && d.gid != is.gid && !(gid = gidof(d.gid)))
		error("unknown group", d.gid);
	if(d.mode != Untouched32 && d.mode & DMEXCL)
		error(Eperm); // of an open file only
	Change change{fd, now, is};
	try {
		change.make(gid, d);
	} catch(const Error&) {
		change.undo();
		throw;
	}
}

Ref<Hostfile>
hosthandle(Osfd fd, int omode, Ref<Hosttree> tree, std::string path)
{
	return mk<Handle>(std::move(fd), omode, std::move(tree), std::move(path));
}
}
