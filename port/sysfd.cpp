// The system calls on files and names: descriptors here, Chans below.  See open(2),
// read(2), stat(2), bind(2).

#include <algorithm>

#include "lib9/utf.h"
#include "port/mnt.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/sys.h"
#include "port/syscall.h"
#include "port/sysfile.h"

namespace p9 {

namespace {
constexpr size_t Envmax = 1 << 20;
constexpr size_t Hugefile = size_t{1} << 40;

// A descriptor's Chan for the time of one call.  Another Proc may have closed the
// descriptor meanwhile: then the end of the call closes the Chan.
class Using {
	Ref<Chan> c;

public:
	Using(int fd, int mode, Chkmnt chk = Chkmnt::Yes) : c(fdtochan(fd, mode, chk)) {}
	explicit Using(Ref<Chan> ch) : c(std::move(ch)) {}
	Using(const Using&) = delete;
	~Using() { close(std::move(c)); }
	Chan& operator*() const { return *c; }
	Chan* operator->() const { return c.get(); }
	Ref<Chan> ref() const { return c; }
};

Fd
newfd(Ref<Chan> c, int omode)
{
	return Fd(up().fgrp->add(std::move(c), omode & OCEXEC));
}

// Whether fn, a system call, gets through.  What was interrupted is no answer.
template <class F>
bool
attempt(F fn)
{
	try {
		fn();
		return true;
	} catch(const Error& e) {
		if(e.is(Eintr))
			throw;
	}
	return false;
}

Bytes
bytes(std::string_view s)
{
	return std::as_bytes(std::span(s));
}
}

Fd::~Fd()
{
	if(n < 0 || !hasup() || !up().fgrp)
		return;
	// A program that ends closes before its parent hears of it.
	if(up().exiting && up().fgrp->ref == 1)
		return;
	up().fgrp->detach(n);
}

Fd
open(std::string_view name, int omode)
{
	return syscall([&] {
		openmode(omode);
		return newfd(nameopen(name, omode), omode);
	});
}

Fd
create(std::string_view name, int omode, uint32_t perm)
{
	return syscall([&] {
		openmode(omode & ~OEXCL);
		return newfd(namecreate(name, omode, perm), omode);
	});
}

void
close(int fd)
{
	syscall([&] { close(up().fgrp->take(fd)); });
}

void
close(Fd fd)
{
	if(fd.isopen())
		close(fd.release());
}

namespace {
// What access(2) tries of a file that is there.
void
tryuse(std::string_view name, Chan& c, int amode)
{
	static constexpr int mode[] = {OREAD, OEXEC, OWRITE, ORDWR,
				       OREAD, OEXEC, ORDWR,  ORDWR};
	if((amode & 7) == AEXIST)
		c.dev.stat(c);
	else if(c.isdir() && !(amode & AWRITE))
		close(nameopen(name, OREAD));
	else
		close(nameopen(name, mode[amode & 7]));
}
}

bool
access(std::string_view name, int amode)
{
	bool ok = false;
	auto look = [&] {
		Tried t = trynameaccess(name);
		if(!t.c) {
			werrstr(t.why);
			return;
		}
		Using c(std::move(t.c));
		tryuse(name, *c, amode);
		ok = true;
	};
	attempt([&] { syscall(look); });
	return ok;
}

void
remove(std::string_view name)
{
	syscall([&] { chanremove(nameremove(name)); });
}

std::pair<Fd, Fd>
pipe()
{
	return syscall([&] {
		static constexpr std::string_view name[] = {"data", "data1"};
		Dev* d = devbyletter(U'|');
		if(!d)
			error(Enodev);
		Using dir(d->attach({}));
		Ref<Chan> end[2];
		for(int i = 0; i < 2; i++)
			end[i] =
				d->open(walk(dir.ref(), Names(&name[i], 1), true), ORDWR);
		auto [a, b] = up().fgrp->addpair(std::move(end[0]), std::move(end[1]));
		return std::pair(Fd(a), Fd(b));
	});
}

Fd
dup(int oldfd, int newfd)
{
	return syscall([&] {
		Ref<Chan> c = fdtochan(oldfd, -1, Chkmnt::No);
		if(newfd == -1)
			return Fd(up().fgrp->add(std::move(c)));
		if(newfd != oldfd)
			close(up().fgrp->put(newfd, std::move(c)));
		return Fd(newfd);
	});
}

size_t
read(int fd, Buf buf)
{
	return syscall([&] {
		Using c(fd, OREAD);
		return chanread(*c, buf);
	});
}

size_t
pread(int fd, Buf buf, int64_t off)
{
	return syscall([&] {
		Using c(fd, OREAD);
		return chanread(*c, buf, off);
	});
}

size_t
readn(int fd, Buf buf)
{
	size_t n = 0;
	while(n < buf.size()) {
		size_t m = read(fd, buf.subspan(n));
		if(m == 0)
			break;
		n += m;
	}
	return n;
}

size_t
write(int fd, Bytes buf)
{
	return syscall([&] {
		Using c(fd, OWRITE);
		return chanwrite(*c, buf);
	});
}

size_t
write(int fd, std::string_view s)
{
	return write(fd, bytes(s));
}

size_t
pwrite(int fd, Bytes buf, int64_t off)
{
	return syscall([&] {
		Using c(fd, OWRITE);
		return chanwrite(*c, buf, off);
	});
}

int64_t
seek(int fd, int64_t off, int whence)
{
	return syscall([&] {
		Using c(fd, -1);
		return chanseek(*c, off, whence);
	});
}

Block
bread(int fd, size_t n)
{
	return syscall([&] {
		Using c(fd, OREAD);
		return chanbread(*c, n);
	});
}

size_t
bwrite(int fd, Block b)
{
	return syscall([&] {
		Using c(fd, OWRITE);
		return chanbwrite(*c, std::move(b));
	});
}

namespace {
std::string
readall(Chan& c, size_t max)
{
	std::string s;
	max = std::min(max, Hugefile);
	size_t step = 8192;
	for(;;) {
		size_t had = s.size();
		s.resize(std::min(had + step, max + 1));
		Buf room = std::as_writable_bytes(std::span(s)).subspan(had);
		size_t n = chanread(c, room);
		s.resize(had + n);
		if(n == 0)
			return s;
		if(s.size() > max)
			error(Etoobig, c.name());
		step = std::min(2 * step, size_t{1} << 20);
	}
}
}

std::string
readfile(std::string_view name, size_t max)
{
	return syscall([&] {
		Using c(nameopen(name, OREAD));
		return readall(*c, max);
	});
}

void
writefile(std::string_view name, std::string_view text)
{
	syscall([&] {
		Using c(namecreate(name, OWRITE, 0666));
		while(!text.empty())
			text.remove_prefix(chanwrite(*c, bytes(text)));
	});
}

Dir
stat(std::string_view name)
{
	return syscall([&] {
		Using c(nameaccess(name));
		return chanstat(*c);
	});
}

Dir
fstat(int fd)
{
	return syscall([&] {
		Using c(fd, -1, Chkmnt::No);
		return chanstat(*c);
	});
}

std::optional<Dir>
trystat(std::string_view name)
{
	std::optional<Dir> d;
	auto look = [&] {
		Tried t = trynameaccess(name);
		if(!t.c) {
			werrstr(t.why);
			return;
		}
		Using c(std::move(t.c));
		d = chanstat(*c);
	};
	attempt([&] { syscall(look); });
	return d;
}

void
wstat(std::string_view name, const Dir& d)
{
	syscall([&] {
		Using c(nameaccess(name));
		chanwstat(*c, d);
	});
}

void
fwstat(int fd, const Dir& d)
{
	syscall([&] {
		Using c(fd, -1);
		chanwstat(*c, d);
	});
}

std::vector<Dir>
dirread(int fd)
{
	return syscall([&] {
		Block b = Block::alloc(STATMAX);
		size_t n = read(fd, b.room().first(STATMAX));
		b.produced(n);
		std::vector<Dir> v;
		for(Bytes rest = b.data(); !rest.empty();) {
			auto d = convM2D(takeentry(rest));
			if(!d)
				error(Ebadstat);
			v.push_back(std::move(*d));
		}
		return v;
	});
}

std::vector<Dir>
dirreadall(std::string_view name)
{
	Fd fd = open(name, OREAD);
	std::vector<Dir> all;
	for(;;) {
		std::vector<Dir> v = dirread(fd);
		if(v.empty())
			break;
		std::ranges::move(v, std::back_inserter(all));
	}
	close(std::move(fd));
	return all;
}

std::string
fd2path(int fd)
{
	return syscall([&] {
		Using c(fd, -1, Chkmnt::No);
		return std::string(c->name());
	});
}

void
chdir(std::string_view name)
{
	syscall([&] { close(up().poke(&Proc::dot, namedir(name))); });
}

std::string
getwd()
{
	return std::string(up().dot->name());
}

namespace {
void
checkflag(int flag)
{
	if((flag & ~MMASK) || (flag & MORDER) == MORDER)
		error(Ebadarg);
}
}

int
bind(std::string_view name, std::string_view old, int flag)
{
	return syscall([&] {
		checkflag(flag);
		Bound b = namebind(name);
		Ref<Chan> on = namemount(old);
		return int(cmount(*up().pgrp, std::move(b.c), std::move(on), b.umh, flag,
				  {}));
	});
}

int
mount(Fd& fd, int afd, std::string_view old, int flag, std::string_view spec)
{
	return syscall([&] {
		checkflag(flag);
		validname(spec, Slash::Ok);
		if(!up().pgrp->devallowed(U'M'))
			error(Enoattach);
		Using conn(fd, ORDWR, Chkmnt::No);
		Ref<Chan> auth;
		if(afd >= 0)
			auth = fdtochan(afd, ORDWR, Chkmnt::No);
		Ref<Chan> c = mntattach(conn.ref(), std::move(auth), spec, flag & MCACHE);
		Ref<Chan> on = namemount(old);
		int id = int(
			cmount(*up().pgrp, std::move(c), std::move(on), {}, flag, spec));
		close(std::move(fd));
		return id;
	});
}

// What is mounted is opened: only so do /srv/x and /fd/0 give the Chan beneath.
void
unmount(std::string_view name, std::string_view old)
{
	syscall([&] {
		Ref<Chan> on = namemount(old);
		Ref<Chan> mounted;
		if(!name.empty())
			mounted = nameunmount(name);
		cunmount(*up().pgrp, on, mounted);
		close(std::move(mounted));
		close(std::move(on));
	});
}

int
fversion(int fd, int msize, std::string& version)
{
	return syscall([&] {
		if(msize < 0)
			error(Ebadarg);
		Using c(fd, ORDWR, Chkmnt::No);
		return int(mntversion(*c, version, size_t(msize)));
	});
}

Fd
fauth(int fd, std::string_view aname)
{
	return syscall([&] {
		validname(aname, Slash::Ok);
		Using c(fd, ORDWR, Chkmnt::No);
		return newfd(mntauth(c.ref(), aname), OCEXEC);
	});
}

std::optional<std::string>
getenv(std::string_view name)
{
	std::optional<std::string> value;
	auto look = [&] {
		Tried t = trynameopen("/env/" + std::string(name), OREAD);
		if(!t.c) {
			werrstr(t.why);
			return;
		}
		Using c(std::move(t.c));
		value = readall(*c, Envmax);
	};
	attempt([&] { syscall(look); });
	return value;
}

void
putenv(std::string_view name, std::string_view value)
{
	writefile("/env/" + std::string(name), value);
}

void
fprint(int fd, std::string_view text)
{
	attempt([&] { write(fd, text); });
}
}
