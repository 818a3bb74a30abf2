// The living Procs as files.  A qid's path is the pid times 32 and the number of
// the file, 0 for the directory; its version is the pid.  A Chan holds nothing of
// the Proc: who has ended is found out at the next read or write.  proc(3).

#include <fmt/format.h>

#include "lib9/error.h"
#include "lib9/parse.h"
#include "lib9/quote.h"
#include "port/dev.h"
#include "port/pgrp.h"
#include "port/sched.h"

namespace p9 {

namespace {

enum : uint64_t {
	Qdir,
	Qargs,
	Qctl,
	Qfd,
	Qnote,
	Qnoteid,
	Qnotepg,
	Qns,
	Qppid,
	Qstatus,
	Qtext,
	Qwait,
	Qmask = 31,
};
constexpr int Shift = 5;

constexpr size_t Statsize = 28 + 28 + 12 + 9 * 12;
constexpr int64_t Waitpoll = 20;	// ms between looks at another's wait records

struct Row {
	uint64_t file;
	std::string_view name;
	uint32_t perm;
};
constexpr Row Rows[] = {
	{Qargs, "args", 0660},
	{Qctl, "ctl", 0640},
	{Qfd, "fd", 0444},
	{Qnote, "note", 0640},
	{Qnoteid, "noteid", 0664},
	{Qnotepg, "notepg", 0640},
	{Qns, "ns", 0444},
	{Qppid, "ppid", 0444},
	{Qstatus, "status", 0444},
	{Qtext, "text", 0640},
	{Qwait, "wait", 0440},
};

enum { CMclose, CMclosefiles, CMinterrupt, CMkill, CMnointerrupt, CMnothing, CMrefused };
// What 9front knows and we cannot do is a bad request; what changes nothing that can be
// seen here is accepted.
constexpr Cmdtab Ctls[] = {
	{CMclose, "close", 2},
	{CMclosefiles, "closefiles", 1},
	{CMinterrupt, "interrupt", 1},
	{CMkill, "kill", 1},
	{CMnointerrupt, "nointerrupt", 1},
	{CMnothing, "fixedpri", 2},
	{CMnothing, "hang", 1},
	{CMnothing, "nohang", 1},
	{CMnothing, "noswap", 1},
	{CMnothing, "pri", 2},
	{CMnothing, "private", 1},
	{CMnothing, "wired", 2},
	{CMrefused, "start", 1},
	{CMrefused, "startstop", 1},
	{CMrefused, "startsyscall", 1},
	{CMrefused, "stop", 1},
	{CMrefused, "trace", 0},
	{CMrefused, "waitstop", 1},
};

class Procdev final : public Gendev {
	Dir procdir(Proc& p) const;
	Dir entry(Proc& p, const Row& r) const;
	Dir owned(Dir d, Proc& p) const;

public:
	Procdev() : Gendev(U'p', "proc") {}

	std::vector<Dir> list(const Chan& c) override;
	std::optional<Dir> lookup(Chan& c, std::string_view elem) override;
	Dir self(Chan& c) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	void wstat(Chan& c, const Dir& d) override;
};

uint64_t
fileof(const Chan& c)
{
	return c.qid.path & Qmask;
}

Ref<Proc>
procof(const Chan& c)
{
	auto p = procbypid(int(c.qid.path >> Shift));
	if(!p)
		error(Eprocdied);
	return p;
}

std::string_view
textof(Bytes b)
{
	return {static_cast<const char*>(static_cast<const void*>(b.data())), b.size()};
}

Dir
Procdev::owned(Dir d, Proc& p) const
{
	d.qid.vers = uint32_t(p.pid);
	d.uid = p.peek(&Proc::user);
	return d;
}

Dir
Procdev::procdir(Proc& p) const
{
	return owned(dir(uint64_t(p.pid) << Shift, std::to_string(p.pid)), p);
}

Dir
Procdev::entry(Proc& p, const Row& r) const
{
	size_t len = 0;
	if(r.file == Qstatus)
		len = Statsize;
	if(r.file == Qwait) {
		// Not its size, but more than 0 when there is something to read.
		std::scoped_lock l(p.lk);
		len = p.waitq.size();
	}
	return owned(file(uint64_t(p.pid) << Shift | r.file, r.name, r.perm, len), p);
}

std::vector<Dir>
Procdev::list(const Chan& c)
{
	std::vector<Dir> l;
	if(c.qid.path == Qdir) {
		for(auto& p : procs())
			l.push_back(procdir(*p));
		return l;
	}
	auto p = procof(c);
	for(const Row& r : Rows)
		l.push_back(entry(*p, r));
	return l;
}

std::optional<Dir>
Procdev::lookup(Chan& c, std::string_view elem)
{
	if(c.qid.path != Qdir)
		return Gendev::lookup(c, elem);
	auto pid = parseint(elem);
	if(!pid || *pid <= 0 || *pid > INT32_MAX || std::to_string(*pid) != elem)
		return {};
	auto p = procbypid(int(*pid));
	if(!p)
		return {};
	return procdir(*p);
}

Dir
Procdev::self(Chan& c)
{
	if(c.qid.path == Qdir)
		return parent(c);
	auto p = procof(c);
	for(const Row& r : Rows)
		if(r.file == fileof(c))
			return entry(*p, r);
	return procdir(*p);
}

Ref<Chan>
Procdev::open(Ref<Chan> c, int omode)
{
	int mode = openmode(omode);
	switch(fileof(*c)) {
	case Qfd:
	case Qns:
	case Qtext:
		if(mode != OREAD)
			error(Eperm);
		break;
	case Qnotepg:
		if(mode != OWRITE)
			error(Eperm);
	}
	c = Gendev::open(std::move(c), omode);
	// The group as it is now.
	if(fileof(*c) == Qnotepg)
		c->qid.vers = uint32_t(procof(*c)->peek(&Proc::noteid));
	return c;
}

// A line at most from each read, as the originals do.
size_t
readline(Buf buf, int64_t off, std::string_view text)
{
	if(off >= 0 && uint64_t(off) < text.size())
		text = text.substr(0, text.find('\n', size_t(off)) + 1);
	return readstr(buf, off, text);
}

std::string
argstext(Proc& p)
{
	std::scoped_lock l(p.lk);
	if(p.setargs)
		return p.text + " [" + (p.args.empty() ? "" : p.args[0]) + "]";
	std::string s;
	for(const std::string& a : p.args)
		s += (s.empty() ? "" : " ") + quoted(a);
	return s;
}

std::string
pathof(const Ref<Chan>& c)
{
	if(!c)
		error(Eprocdied);
	std::scoped_lock l(c->lock);
	return c->path->s;
}

std::string
fdtext(Proc& p)
{
	std::string s = pathof(p.peek(&Proc::dot)) + "\n";
	auto fg = p.peek(&Proc::fgrp);
	if(!fg)
		return s;
	for(auto& [fd, c] : fg->all())
		s += fdline(fd, *c);
	return s;
}

std::string
nstext(Proc& p)
{
	auto pg = p.peek(&Proc::pgrp);
	if(!pg)
		error(Eprocdied);
	std::string s;
	for(const std::string& line : nslines(*pg))
		s += line + "\n";
	return s + "cd " + quoted(pathof(p.peek(&Proc::dot))) + "\n";
}

// Twelve fields in fixed columns; for one that is parked a second line says what it
// waits for.  Of the times, milliseconds, only its age is known; memory is everybody's.
std::string
statustext(Proc& p)
{
	std::string text = p.peek(&Proc::text).substr(0, 27);
	std::string user = p.peek(&Proc::user).substr(0, 27);
	int pri = p.kernel ? 13 : 10;
	std::string s = fmt::format("{:<27} {:<27} {:<11} ", text, user, p.statename());
	s += fmt::format("{:11} {:11} {:11} {:11} {:11} {:11} {:11} {:11} {:11}\n", 0, 0,
		ticks() - p.sched->born, 0, 0, 0, 0, pri, pri);
	std::string what = p.waittext();
	if(!what.empty())
		s += "waits for " + what + "\n";
	return s;
}

// Takes the oldest note, with a NUL behind it.
size_t
readnote(Proc& p, Buf buf)
{
	if(buf.empty())
		error(Etoosmall);
	auto note = p.nextnote();
	if(!note)
		return 0;
	size_t n = std::min(note->size() + 1, buf.size());
	readstr(buf.first(n - 1), 0, *note);
	buf[n - 1] = std::byte{0};
	return n;
}

std::string
waittext(const Waitrec& w)
{
	return fmt::format("{} {} {} {} {}", w.pid, w.time[0], w.time[1], w.time[2],
		quoted(w.msg));
}

// The next record of p's children, in the form of await.  p itself sleeps; another looks
// now and then.
size_t
readwait(Chan& c, Buf buf)
{
	for(;;) {
		auto p = procof(c);
		std::optional<Waitrec> w;
		{
			std::scoped_lock l(p->lk);
			if(!p->waitq.empty()) {
				w = std::move(p->waitq.front());
				p->waitq.erase(p->waitq.begin());
			} else if(p.get() == &up() && p->nchild == 0) {
				error(Enochild);
			}
		}
		if(w)
			return readstr(buf, 0, waittext(*w));
		if(p.get() != &up()) {
			tsleep(Waitpoll);
			continue;
		}
		up().block("await");
		if(up().takenote())
			error(Eintr);
	}
}

size_t
Procdev::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	if(fileof(c) == Qwait)
		return readwait(c, buf);
	auto p = procof(c);
	switch(fileof(c)) {
	case Qargs:
		return readstr(buf, off, argstext(*p));
	case Qctl:
		return readstr(buf, off, fmt::format("{:11} ", p->pid));
	case Qfd:
		return readline(buf, off, fdtext(*p));
	case Qnote:
		return readnote(*p, buf);
	case Qnoteid:
		return readstr(buf, off, fmt::format("{:11} ", p->peek(&Proc::noteid)));
	case Qns:
		return readline(buf, off, nstext(*p));
	case Qppid: {
		auto above = p->peek(&Proc::parent);
		return readstr(buf, off, fmt::format("{:11} ", above ? above->pid : 0));
	}
	case Qstatus:
		return readstr(buf, off, statustext(*p));
	case Qtext:
		return readstr(buf, off, "#!emu " + p->peek(&Proc::text) + "\n");
	}
	error(Eperm);
}

void
checknote(Proc& p, std::string_view note)
{
	if(p.kernel)
		error(Eperm);
	if(note.size() >= ERRMAX)
		error(Etoobig);
}

void
closefd(Proc& p, int64_t fd)
{
	auto fg = p.peek(&Proc::fgrp);
	if(!fg)
		error(Eprocdied);
	if(fd < 0 || fd > INT32_MAX)
		error(Ebadfd);
	p9::close(fg->take(int(fd)));
}

void
ctl(Proc& p, std::string_view msg)
{
	Cmdbuf cb = parsecmd(msg);
	const Cmdtab& ct = lookupcmd(cb, Ctls);
	if(p.kernel)
		error(Eperm);
	switch(ct.index) {
	case CMclose:
		closefd(p, cb.num(1));
		break;
	case CMclosefiles:
		if(auto fg = p.peek(&Proc::fgrp))
			fg->closeall();
		break;
	case CMinterrupt:
		p.interrupt();
		break;
	case CMkill:
		p.post("sys: killed");
		break;
	case CMnointerrupt:
		if(p.noted())
			error("notes pending");
		p.takenote();
		break;
	case CMrefused:
		error(Ebadctl);
	}
}

// p joins a note group that is its own or that another Proc of its user is in.
void
setnoteid(Proc& p, std::string_view text)
{
	auto id = parseint(trim(text));
	if(p.kernel)
		error(Eperm);
	if(!id || *id <= 0 || *id > INT32_MAX)
		error(Ebadarg);
	bool found = *id == p.pid;
	for(auto& q : procs())
		if(!q->kernel && q->peek(&Proc::noteid) == *id) {
			if(q->peek(&Proc::user) != p.peek(&Proc::user))
				error(Eperm);
			found = true;
		}
	if(!found)
		error(Ebadarg);
	std::scoped_lock l(p.lk);
	p.noteid = int(*id);
}

void
setargs(Proc& p, std::string_view text, int64_t off)
{
	if(off != 0 || text.size() >= ERRMAX)
		error(Etoobig);
	Argv args{std::string(text)};
	std::scoped_lock l(p.lk);
	p.args.swap(args);
	p.setargs = true;
}

size_t
Procdev::write(Chan& c, Bytes buf, int64_t off)
{
	std::string_view text = textof(buf);
	if(fileof(c) == Qnotepg) {
		for(auto& p : procs())
			if(p.get() != &up() && !p->kernel &&
				uint32_t(p->peek(&Proc::noteid)) == c.qid.vers) {
				checknote(*p, text);
				p->post(text);
			}
		return buf.size();
	}
	auto p = procof(c);
	switch(fileof(c)) {
	case Qargs:
		setargs(*p, text, off);
		break;
	case Qctl:
		ctl(*p, text);
		break;
	case Qnote:
		checknote(*p, text);
		if(!p->post(text))
			error("note not posted");
		break;
	case Qnoteid:
		setnoteid(*p, text);
		break;
	default:
		error(Eperm);
	}
	return buf.size();
}

// A change of user, as on any file of the Proc.
void
Procdev::wstat(Chan& c, const Dir& d)
{
	if(c.isdir() || d.mode != ~uint32_t{0})
		error(Eperm);
	auto p = procof(c);
	std::string user = p->peek(&Proc::user);
	if(user != up().user && !iseve())
		error(Eperm);
	if(d.uid.empty() || d.uid == user)
		return;
	if(!iseve())
		error(Eperm);
	user = d.uid;
	std::scoped_lock l(p->lk);
	p->user.swap(user);
}
}

Dev&
procdev()
{
	static Procdev dev;
	return dev;
}
}
