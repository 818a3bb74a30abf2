// Trees of host files.  Every name is opened beneath the tree's root with
// RESOLVE_IN_ROOT, so links that are absolute start there and nothing leads out.

#include "port/osfile.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "emu/oserr.h"
#include "emu/oshandle.h"
#include "emu/osstat.h"
#include "lib9/error.h"

namespace p9 {

namespace {

// The host says EAGAIN when something was renamed while it resolved a name.
constexpr int Tries = 64;

std::string_view
lastof(const std::string& path)
{
	size_t i = path.rfind('/');
	return i == path.npos ? std::string_view(path)
			      : std::string_view(path).substr(i + 1);
}

std::string
dirpart(const std::string& path)
{
	size_t i = path.rfind('/');
	return i == path.npos ? std::string() : path.substr(0, i);
}

int
hostflags(int omode)
{
	static constexpr int modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY};
	int f = modes[omode & 3] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	return omode & OTRUNC ? f | O_TRUNC : f;
}

// Descriptors are ours to the limit: thousands of Chans are normal.  Answers it.
rlim_t
raiselimit()
{
	rlimit l;
	if(getrlimit(RLIMIT_NOFILE, &l) != 0)
		return RLIM_INFINITY;
	if(l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
		getrlimit(RLIMIT_NOFILE, &l);
	}
	return l.rlim_cur;
}

// Whether fd is one of the last, which are for connections: who opens all files that he
// can must not keep others from calling.
bool
oneofthelast(int fd)
{
	static const rlim_t limit = raiselimit();
	return rlim_t(fd) >= limit - std::min<rlim_t>(limit / 4, 1024);
}

class Tree final : public Hosttree {
	const Osfd root;  // -1: base in outer
	const bool whole; // the host's own root: nothing to keep names in
	const uint32_t number;
	const Ref<Tree> outer;
	const std::string base;

public:
	Tree(Osfd fd, bool all, uint32_t n) : root(std::move(fd)), whole(all), number(n)
	{
	}
	Tree(Ref<Tree> t, std::string path)
	    : root(-1), whole(false), number(t->number), outer(std::move(t)),
	      base(std::move(path))
	{
	}
	std::optional<Dir> trystat(const std::string& path) override;
	Ref<Hostfile> open(const std::string& path, int omode) override;
	Ref<Hostfile> create(const std::string& path, int omode, uint32_t perm) override;
	void remove(const std::string& path) override;
	void wstat(const std::string& path, const Dir&) override;
	void rename(const std::string& path, const std::string& newname) override;
	Ref<Hosttree> beneath(const std::string& path) override
	{
		return mk<Tree>(Ref<Tree>(*this), path);
	}
	uint32_t id() const override { return number; }

private:
	int64_t resolve(const std::string& path, int flags, mode_t mode = 0);
	Osfd mustresolve(const std::string& path, int flags);
	Osfd parentof(const std::string& path);
	Ref<Hostfile> opened(int64_t fd, const std::string& path, int omode);
	Ref<Hostfile> made(int64_t fd, Osfd dir, const std::string& path, int omode);
	int64_t waitreader(const std::string& path, int flags);
};

int64_t
Tree::resolve(const std::string& path, int flags, mode_t mode)
{
	Osfd own(-1);
	if(outer) {
		int64_t fd = outer->resolve(base, O_PATH | O_DIRECTORY);
		if(fd < 0)
			return fd;
		own = Osfd(int(fd));
	}
	int at = outer ? int(own) : int(root);
	open_how how = {};
	how.flags = unsigned(flags | O_CLOEXEC);
	how.mode = mode;
	how.resolve = RESOLVE_IN_ROOT;
	const char* name = path.empty() ? "." : path.c_str();
	int64_t r = -EAGAIN;
	for(int i = 0; i < Tries && r == -EAGAIN; i++)
		r = hostcall([&] {
			return ::syscall(SYS_openat2, at, name, &how, sizeof how);
		});
	return r;
}

Osfd
Tree::mustresolve(const std::string& path, int flags)
{
	int64_t r = resolve(path, flags);
	if(r < 0)
		oserror(int(-r));
	return Osfd(int(r));
}

Osfd
Tree::parentof(const std::string& path)
{
	if(path.empty())
		error(Eperm);
	return mustresolve(dirpart(path), O_PATH | O_DIRECTORY);
}

std::optional<Dir>
Tree::trystat(const std::string& path)
{
	struct statx s;
	if(whole) {
		int64_t r = hostcall([&] {
			return statx(root, path.c_str(), AT_EMPTY_PATH, STATX_BASIC_STATS,
				     &s);
		});
		if(r == 0)
			return dirof(s);
	}
	int64_t fd = resolve(path, O_PATH);
	if(fd < 0)
		fd = resolve(path, O_PATH | O_NOFOLLOW); // a link that leads nowhere
	if(fd == -ENOENT || fd == -ENOTDIR || fd == -ENAMETOOLONG)
		return {};
	if(fd < 0)
		oserror(int(-fd));
	Osfd f{int(fd)};
	return dirof(fdstatx(f));
}

// A FIFO without a reader: somebody may come.
int64_t
Tree::waitreader(const std::string& path, int flags)
{
	int64_t r = -ENXIO;
	for(int ms = 10; r == -ENXIO; ms = std::min(2 * ms, 200)) {
		Osfd f = mustresolve(path, O_PATH);
		if(!S_ISFIFO(fdstatx(f).stx_mode))
			break;
		tsleep(ms);
		r = resolve(path, flags);
	}
	return r;
}

Ref<Hostfile>
Tree::opened(int64_t fd, const std::string& path, int omode)
{
	if(fd < 0)
		oserror(int(-fd));
	Osfd own{int(fd)};
	if(oneofthelast(own))
		error(Enofd);
	return hosthandle(std::move(own), omode, Ref<Hosttree>(*this), path);
}

Ref<Hostfile>
Tree::open(const std::string& path, int omode)
{
	int flags = hostflags(omode);
	int64_t fd = resolve(path, flags);
	if(fd == -EPERM && flags & O_ACCMODE)
		fd = resolve(path, flags | O_APPEND); // a file that only grows
	if(fd == -ENXIO && (flags & O_ACCMODE) == O_WRONLY)
		fd = waitreader(path, flags);
	if(fd >= 0 && (omode & 3) == OEXEC) {
		Osfd f{int(fd)};
		if(!(fdstatx(f).stx_mode & 0111))
			error(Eperm);
		fd = f.release();
	}
	return opened(fd, path, omode);
}

// What has been made has its descriptor: that of its directory, if fd is one of the last.
Ref<Hostfile>
Tree::made(int64_t fd, Osfd dir, const std::string& path, int omode)
{
	if(fd >= 0 && oneofthelast(int(fd))) {
		Osfd last{int(fd)};
		fd = mustcall([&] { return ::dup3(last, dir, O_CLOEXEC); });
		dir.release();
	}
	return opened(fd, path, omode);
}

Ref<Hostfile>
Tree::create(const std::string& path, int omode, uint32_t perm)
{
	Osfd dir = parentof(path);
	if(oneofthelast(dir))
		error(Enofd);
	uint32_t cut = fdstatx(dir).stx_mode;
	if(perm & DMDIR) {
		std::string name(lastof(path));
		mode_t m = perm & (~0777u | cut) & 0777;
		mustcall([&] { return mkdirat(dir, name.c_str(), m); });
		int64_t fd = resolve(path, O_RDONLY | O_DIRECTORY);
		return made(fd, std::move(dir), path, omode);
	}
	mode_t m = perm & (~0666u | cut) & 0777;
	int64_t fd = resolve(path, hostflags(omode) | O_CREAT | O_EXCL, m);
	auto f = made(fd, std::move(dir), path, omode);
	if(perm & DMEXCL) {
		Dir d = Dir::dontcare();
		d.mode = f->stat().mode | DMEXCL;
		f->wstat(d);
	}
	return f;
}

void
Tree::remove(const std::string& path)
{
	Osfd dir = parentof(path);
	std::string name(lastof(path));
	int64_t r = hostcall([&] { return unlinkat(dir, name.c_str(), 0); });
	// Linux says EISDIR of a directory, others EPERM.
	if(r == -EISDIR || r == -EPERM) {
		int64_t again = hostcall(
			[&] { return unlinkat(dir, name.c_str(), AT_REMOVEDIR); });
		if(again != -ENOTDIR)
			r = again;
	}
	if(r < 0)
		oserror(int(-r));
}

void
Tree::wstat(const std::string& path, const Dir& d)
{
	if(d.isdontcare())
		return open(path, OREAD)->wstat(d);
	Osfd f = mustresolve(path, O_PATH);
	changefile(f, fdstatx(f), d);
}

void
Tree::rename(const std::string& path, const std::string& newname)
{
	Osfd dir = parentof(path);
	std::string name(lastof(path));
	if(name == newname)
		return;
	auto move = [&](unsigned flags) {
		return hostcall([&] {
			return renameat2(dir, name.c_str(), dir, newname.c_str(), flags);
		});
	};
	int64_t r = move(RENAME_NOREPLACE);
	if(r == -EINVAL) { // a file system that does not know the flag
		struct statx s;
		r = hostcall([&] {
			return statx(dir, newname.c_str(), AT_SYMLINK_NOFOLLOW,
				     STATX_TYPE, &s);
		});
		r = r == 0 ? -EEXIST : move(0);
	}
	if(r < 0)
		oserror(int(-r));
}
}

Ref<Hosttree>
hosttree(const std::string& root)
{
	static std::atomic<uint32_t> trees{0};
	raiselimit();
	int64_t fd = hostcall(
		[&] { return ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); });
	if(fd < 0)
		oserror(int(-fd), root);
	bool whole = root == "/";
	return mk<Tree>(Osfd(int(fd)), whole, whole ? 0 : ++trees);
}
}
