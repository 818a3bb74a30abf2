// The console and the small files about the machine: #c, bound on /dev.  Texts are
// 9front's, for programs parse them.  consctl's rawon holds as long as some Chan
// of consctl that asked for it is open.  cons(3).

#include <algorithm>

#include "lib9/endian.h"
#include "lib9/error.h"
#include "lib9/parse.h"
#include "lib9/utf.h"
#include "port/boot.h"
#include "port/console.h"
#include "port/dev.h"
#include "port/osfile.h"
#include "port/pgrp.h"
#include "port/sched.h"

namespace p9 {

namespace {

enum : uint64_t {
	Qdir,
	Qbintime,
	Qcons,
	Qconsctl,
	Qcputime,
	Qdrivers,
	Qhostdomain,
	Qhostowner,
	Qhoststderr,
	Qhoststdin,
	Qhoststdout,
	Qkmesg,
	Qkprint,
	Qnull,
	Qosversion,
	Qpid,
	Qppid,
	Qrandom,
	Qreboot,
	Qswap,
	Qsysname,
	Qsysstat,
	Qtime,
	Quser,
	Qzero,
};

constexpr size_t Num = 12;	      // a column of a small number, with its blank
constexpr size_t Vlnum = 22;	      // of a large one
constexpr int64_t Hz = 1'000'000'000; // ticks a second in time and bintime
constexpr size_t Maxname = 27;	      // of a user or a domain

struct File {
	uint64_t path;
	std::string_view name;
	uint32_t perm;
	uint64_t length = 0;
};

// clang-format off
constexpr File files[] = {
	{Qbintime, "bintime", 0664, 24},
	{Qcons, "cons", 0660},
	{Qconsctl, "consctl", 0220},
	{Qcputime, "cputime", 0444, 6 * Num},
	{Qdrivers, "drivers", 0666},
	{Qhostdomain, "hostdomain", 0664},
	{Qhostowner, "hostowner", 0664},
	{Qhoststderr, "hoststderr", 0220},
	{Qhoststdin, "hoststdin", 0440},
	{Qhoststdout, "hoststdout", 0220},
	{Qkmesg, "kmesg", 0440},
	{Qkprint, "kprint", DMEXCL | 0440},
	{Qnull, "null", 0666},
	{Qosversion, "osversion", 0444},
	{Qpid, "pid", 0444, Num},
	{Qppid, "ppid", 0444, Num},
	{Qrandom, "random", 0444},
	{Qreboot, "reboot", 0664},
	{Qswap, "swap", 0664},
	{Qsysname, "sysname", 0664},
	{Qsysstat, "sysstat", 0666},
	{Qtime, "time", 0664, Num + 3 * Vlnum},
	{Quser, "user", 0666},
	{Qzero, "zero", 0444},
};
// clang-format on

// What a write to a file of one name leaves there.
struct Text {
	Lock lk;
	std::string s; // guarded by lk

	std::string get()
	{
		std::scoped_lock l(lk);
		return s;
	}
	void set(std::string t)
	{
		std::scoped_lock l(lk);
		s.swap(t);
	}
};

std::string
column(int64_t n, size_t width)
{
	std::string s = std::to_string(n);
	return std::string(s.size() < width - 1 ? width - 1 - s.size() : 0, ' ') + s +
	       ' ';
}

std::string
timetext()
{
	int64_t now = todget();
	return column(now / Hz, Num) + column(now, Vlnum) + column(osnow(), Vlnum) +
	       column(Hz, Vlnum);
}

size_t
readbintime(Buf b, int64_t off)
{
	std::array<std::byte, 24> t;
	putbe(&t[0], uint64_t(todget()));
	putbe(&t[8], uint64_t(osnow()));
	putbe(&t[16], uint64_t(Hz));
	return readbuf(b, off, t);
}

// User, system, real, and the children's: we count real time only.
std::string
cputimetext()
{
	std::string s = column(0, Num) + column(0, Num);
	s += column(ticks() - up().sched->born, Num);
	return s + column(0, Num) + column(0, Num) + column(0, Num);
}

std::string
driverstext()
{
	std::string s;
	for(Dev* d : devtab())
		if(up().pgrp->devallowed(d->dc))
			s += "#" + encode(d->dc) + " " + std::string(d->name) + "\n";
	return s;
}

// A line for each worker; what we do not count is 0.
std::string
sysstattext()
{
	std::string s;
	for(int i = 0; i < schedworkers(); i++) {
		s += column(i, Num) + column(i == 0 ? int64_t(nswitches()) : 0, Num);
		for(int k = 0; k < 8; k++)
			s += column(0, Num);
		s += '\n';
	}
	return s;
}

std::string
swaptext()
{
	constexpr uint64_t page = 4096;
	Hostmem m = hostmem();
	std::string used =
		std::to_string(m.used / page) + "/" + std::to_string(m.total / page);
	return std::to_string(m.total) + " memory\n" + std::to_string(page) +
	       " pagesize\n" + "0 kernel\n" + used +
	       " user\n0/0 swap\n0/0 kernel malloc\n0/0 kernel draw\n";
}

std::string
user()
{
	std::scoped_lock l(up().lk);
	return up().user;
}

std::string_view
trimmed(Bytes b)
{
	std::string_view s(reinterpret_cast<const char*>(b.data()), b.size());
	if(s.ends_with('\n'))
		s.remove_suffix(1);
	return s;
}

void
onlyeve()
{
	if(!iseve())
		error(Eperm);
}

void
checkname(std::string_view s)
{
	bool bad = std::ranges::any_of(
		s, [](char c) { return c == '/' || (c >= 0 && c < 0x20); });
	if(s.empty() || s.size() > Maxname || bad)
		error(Ebadarg);
}

// The machine is another's from now on; what was the old owner's is his.
void
changeowner(std::string_view name)
{
	onlyeve();
	checkname(name);
	std::string old = eve();
	seteve(name);
	for(const Ref<Proc>& p : procs()) {
		std::scoped_lock l(p->lk);
		if(p->user == old)
			p->user = name;
	}
}

// The one way to change who one is.
void
becomenone(std::string_view name)
{
	if(name != "none")
		error(Eperm);
	std::scoped_lock l(up().lk);
	up().user = name;
}

// chdev & letters, chdev &~ letters, chdev ~: what this name space may attach.
void
changedrivers(Bytes msg)
{
	Cmdbuf cb = parsecmd(msg);
	bool good = cb.f.size() >= 2 && cb.f[0] == "chdev";
	std::string_view op = good ? std::string_view(cb.f[1]) : std::string_view();
	std::u32string letters;
	for(size_t i = 2; i < cb.f.size(); i++)
		letters += runes(cb.f[i]);
	if(op == "&" && !letters.empty())
		up().pgrp->devkeep(letters);
	else if(op == "&~" && !letters.empty())
		up().pgrp->devdrop(letters);
	else if(op == "~" && letters.empty())
		up().pgrp->devkeep({});
	else
		cmderror(cb, Ebadctl);
}

// On an open consctl: whether it asked for raw.
struct Ctl final : public Counted {
	bool raw = false;
};

class Cons final : public Gendev {
	Text sysname;
	Text domain;
	QLock rawlk;
	int nraw = 0; // Chans of consctl that asked for it; guarded by rawlk

public:
	Cons() : Gendev(U'c', "cons") {}
	void reset() override;
	std::vector<Dir> list(const Chan&) override;
	std::optional<Dir> lookup(Chan&, std::string_view elem) override;
	Dir self(Chan& c) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	std::string systemname() { return sysname.get(); }

private:
	std::string text(uint64_t path);
	void control(Ctl& ctl, std::string_view msg);
	void setraw(Ctl& ctl, bool on);
};

void
Cons::reset()
{
	sysname.set(hostsysname());
	domain.set({});
	nraw = 0;
}

std::vector<Dir>
Cons::list(const Chan&)
{
	std::vector<Dir> l;
	for(const File& f : files)
		l.push_back(file(f.path, f.name, f.perm, f.length));
	return l;
}

std::optional<Dir>
Cons::lookup(Chan&, std::string_view elem)
{
	for(const File& f : files)
		if(f.name == elem)
			return file(f.path, f.name, f.perm, f.length);
	return {};
}

Dir
Cons::self(Chan& c)
{
	for(const File& f : files)
		if(f.path == c.qid.path)
			return file(f.path, f.name, f.perm, f.length);
	return parent(c);
}

Ref<Chan>
Cons::open(Ref<Chan> c, int omode)
{
	c = Gendev::open(std::move(c), omode);
	if(c->qid.path == Qconsctl)
		c->aux = mk<Ctl>();
	if(c->qid.path != Qkprint)
		return c;
	try {
		kprintopen();
	} catch(const Error&) {
		c->flag &= ~unsigned(COPEN); // it is not ours to close
		throw;
	}
	return c;
}

void
Cons::close(Chan& c)
{
	if(!(c.flag & COPEN))
		return;
	if(c.qid.path == Qconsctl)
		setraw(c.as<Ctl>(), false);
	else if(c.qid.path == Qkprint)
		kprintclose();
}

void
Cons::setraw(Ctl& ctl, bool on)
{
	std::scoped_lock l(rawlk);
	if(ctl.raw == on)
		return;
	ctl.raw = on;
	nraw += on ? 1 : -1;
	if(nraw == (on ? 1 : 0))
		consmode(on ? Consmode::Raw : Consmode::Cooked);
}

void
Cons::control(Ctl& ctl, std::string_view msg)
{
	if(msg.starts_with("rawon"))
		setraw(ctl, true);
	else if(msg.starts_with("rawoff"))
		setraw(ctl, false);
	else
		error(Ebadctl);
}

std::string
Cons::text(uint64_t path)
{
	switch(path) {
	case Qcputime:
		return cputimetext();
	case Qdrivers:
		return driverstext();
	case Qhostdomain:
		return domain.get();
	case Qhostowner:
		return eve();
	case Qosversion:
		return "2000";
	case Qpid:
		return column(up().pid, Num);
	case Qppid: {
		std::scoped_lock l(up().lk);
		return column(up().parent ? up().parent->pid : 0, Num);
	}
	case Qswap:
		return swaptext();
	case Qsysname:
		return sysname.get();
	case Qsysstat:
		return sysstattext();
	case Qtime:
		return timetext();
	case Quser:
		return user();
	}
	return {};
}

size_t
Cons::read(Chan& c, Buf buf, int64_t off)
{
	switch(c.qid.path) {
	case Qdir:
		return readdir(c, buf, off);
	case Qcons:
		return consread(buf);
	case Qhoststdin:
		return stdread(buf);
	case Qbintime:
		return readbintime(buf, off);
	case Qkmesg:
		return kmesgread(buf, off);
	case Qkprint:
		return kprintread(buf);
	case Qrandom:
		osrandom(buf.data(), buf.size());
		return buf.size();
	case Qzero:
		std::ranges::fill(buf, std::byte{0});
		return buf.size();
	}
	return readstr(buf, off, text(c.qid.path));
}

size_t
Cons::write(Chan& c, Bytes buf, int64_t off)
{
	switch(c.qid.path) {
	case Qcons:
		return conswrite(buf);
	case Qhoststdout:
		return stdwrite(1, buf);
	case Qhoststderr:
		return stdwrite(2, buf);
	case Qconsctl:
		control(c.as<Ctl>(), trimmed(buf));
		break;
	case Qdrivers:
		changedrivers(buf);
		break;
	case Qhostowner:
		changeowner(trimmed(buf));
		break;
	case Qhostdomain:
		onlyeve();
		checkname(trimmed(buf));
		domain.set(std::string(trimmed(buf)));
		break;
	case Quser:
		becomenone(trimmed(buf));
		break;
	case Qsysname:
		if(off != 0 || trimmed(buf).empty() || buf.size() > 255)
			error(Ebadarg);
		sysname.set(std::string(trimmed(buf)));
		break;
	case Qreboot:
		onlyeve();
		if(trimmed(buf) != "halt")
			error(Ebadctl);
		endmachine("halt");
		break;
	case Qnull:
	case Qsysstat:
		break;
	default:
		error(Eperm); // the clock and the memory are the host's
	}
	return buf.size();
}

Cons&
thecons()
{
	static Cons dev;
	return dev;
}
}

Dev&
consdev()
{
	return thecons();
}

std::string
sysname()
{
	return thecons().systemname();
}
}
