// The descriptors of the Proc as files: opening n answers the very Chan that is
// descriptor n, nctl tells about it.  A qid's path is 2n+1 for n and 2n+2 for
// nctl.  dup(3).

#include "lib9/args.h"
#include "lib9/error.h"
#include "port/dev.h"
#include "port/pgrp.h"
#include "port/proc.h"

namespace p9 {

namespace {

class Dup final : public Gendev {
	Dir entry(uint64_t path, int mode) const;

public:
	Dup() : Gendev(U'd', "dup") {}

	std::vector<Dir> list(const Chan& c) override;
	std::optional<Dir> lookup(Chan& c, std::string_view elem) override;
	Dir self(Chan& c) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
};

int
fdof(uint64_t path)
{
	return int((path - 1) / 2);
}

bool
isctl(uint64_t path)
{
	return path % 2 == 0;
}

// The mode that fd is open in; nothing when it is not open.
std::optional<int>
fdmode(int fd)
{
	for(auto& [n, c] : up().fgrp->all())
		if(n == fd)
			return c->mode;
	return {};
}

Dir
Dup::entry(uint64_t path, int mode) const
{
	static constexpr uint32_t perm[] = {0400, 0200, 0600, 0};
	std::string n = std::to_string(fdof(path));
	if(isctl(path))
		return file(path, n + "ctl", 0400);
	return file(path, n, perm[mode & 3]);
}

std::vector<Dir>
Dup::list(const Chan&)
{
	std::vector<Dir> l;
	for(auto& [fd, c] : up().fgrp->all()) {
		uint64_t path = 2 * uint64_t(fd) + 1;
		l.push_back(entry(path, c->mode));
		l.push_back(entry(path + 1, c->mode));
	}
	return l;
}

std::optional<Dir>
Dup::lookup(Chan&, std::string_view elem)
{
	std::string_view digits = elem;
	if(digits.ends_with("ctl"))
		digits.remove_suffix(3);
	auto fd = parseint(digits);
	if(!fd || *fd < 0 || *fd > INT32_MAX || std::to_string(*fd) != digits)
		return {};
	auto mode = fdmode(int(*fd));
	if(!mode)
		return {};
	return entry(2 * uint64_t(*fd) + 1 + (digits.size() != elem.size()), *mode);
}

Dir
Dup::self(Chan& c)
{
	if(c.isdir())
		return parent(c);
	auto mode = fdmode(fdof(c.qid.path));
	if(!mode)
		error(Enonexist);
	return entry(c.qid.path, *mode);
}

Ref<Chan>
Dup::open(Ref<Chan> c, int omode)
{
	if(omode & ORCLOSE)
		error(Eperm);
	if(c->isdir() && (omode & ~OCEXEC) != OREAD)
		error(Eisdir);
	if(c->isdir() || isctl(c->qid.path))
		return Gendev::open(std::move(c), omode);
	auto f = fdtochan(fdof(c->qid.path), openmode(omode), Chkmnt::No);
	p9::close(std::move(c));
	return f;
}

size_t
Dup::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	int fd = fdof(c.qid.path);
	auto f = fdtochan(fd, -1, Chkmnt::No);
	std::string line = fdline(fd, *f);
	p9::close(std::move(f));
	return readstr(buf, off, line);
}
}

Dev&
dupdev()
{
	static Dup dev;
	return dev;
}
}
