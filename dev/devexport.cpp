// Exports: name spaces given to others by 9P.  #X/export/clone opens as the ctl of a
// new export, whose directory has ctl, log and status.  What is written to ctl first
// says what to show and how; start then serves a connection, as often as one likes.
// export(3); port/exportfs does the work.
//
// An export is there as long as its ctl is open somewhere or a connection of it lasts.

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <map>

#include "lib9/error.h"
#include "lib9/parse.h"
#include "lib9/quote.h"
#include "lib9/regexp.h"
#include "port/dev.h"
#include "port/exportfs.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/qio.h"
#include "port/qlock.h"

namespace p9 {

namespace {

// A qid's path: the file, and the export.
enum File : uint64_t { Qtop, Qdir, Qclone, Qone, Qctl, Qlog, Qstatus };
enum : unsigned { Numshift = 8 };

constexpr size_t Maxlog = 64 << 10;	// bytes that wait for a reader
constexpr size_t Maxshare = 4096;
constexpr std::string_view Ebegun = "export has begun";

File
fileof(const Chan& c)
{
	return File(c.qid.path & 0xFF);
}

size_t
numof(const Chan& c)
{
	return size_t(c.qid.path >> Numshift);
}

uint64_t
qpath(File f, size_t n)
{
	return f | uint64_t(n) << Numshift;
}

std::string
lostlines(size_t n)
{
	return fmt::format("{} lines lost\n", n);
}

Block
textblock(std::string_view s)
{
	return Block::of(std::as_bytes(std::span(s)));
}

// Which paths are there: those that every + matches and no -.
class Patterns {
	std::vector<Regexp> must;
	std::vector<Regexp> mustnot;

public:
	void add(std::string_view rule)
	{
		if(rule.empty() || (rule[0] != '+' && rule[0] != '-'))
			error(Ebadarg, rule);
		(rule[0] == '+' ? must : mustnot).emplace_back(rule.substr(1));
	}
	bool operator()(std::string_view path)
	{
		auto matches = [&](Regexp& e) { return e.match(path); };
		return std::ranges::all_of(must, matches) &&
			std::ranges::none_of(mustnot, matches);
	}
};

// A connection while it is served; whoever waits for its end.
struct Served final : public Counted {
	Lock lk;	// guards what follows
	bool over = false;
	Rendez end;
};

// One export.
class Share final : public Counted {
	QLock lk;	// guards what follows
	Exportopts opts;
	Ref<Chan> root;
	std::string rootname;
	std::shared_ptr<Patterns> patterns;
	std::unique_ptr<Export> x;	// from the first start on; who is a user uses it freely
	bool stopped = false;
	std::vector<Transport*> outside;	// connections that lead out of this machine

	Queue lines{Maxlog};
	std::atomic<size_t> lost{0};	// lines that nobody read in time

	~Share() override { assert(!root); }
	void limit(const Cmdbuf& cb);
	void msize(const Cmdbuf& cb);
	void pattern(std::string_view rule);

public:
	const size_t n;
	int users = 0;	// Chans of ctl that are open, connections; guarded by Exportdev::lk

	explicit Share(size_t i) : n(i) {}

	void configure(int what, const Cmdbuf& cb);
	// A connection of two of up()'s descriptors, to be served by run().
	struct Taken {
		std::unique_ptr<Transport> t;
		bool outside;
	};
	Taken take(int infd, int outfd);
	void run(Taken& c);
	// A connection that was taken is served no more.
	void forget(Taken& c);
	void stop();
	void shutdown();
	void close();

	void say(std::string_view line);
	size_t readlog(Buf b) { return lines.read(b); }
	std::string status();
};

enum What { Root, Service, Readonly, Pattern, Msize, Limit, Transcript, Start, Serve, Stop };

class Exportdev final : public Gendev {
	QLock lk;	// guards what follows
	std::map<size_t, Ref<Share>> shares;

	Ref<Share> newshare();
	void use(Share& s);
	void leave(Ref<Share> s);
	void control(Ref<Share> s, const Cmdbuf& cb);
	Ref<Served> start(Ref<Share> s, const Cmdbuf& cb);
	static void await(Share& s, Served& v);

public:
	Exportdev() : Gendev(U'X', "export") {}

	void shutdown() override;
	std::vector<Dir> list(const Chan& c) override;
	Dir parent(const Chan& c) override;
	Dir self(Chan& c) override;
	void arrived(Chan& c, const Chan& from) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
};

void
Share::limit(const Cmdbuf& cb)
{
	const std::pair<std::string_view, size_t*> known[] = {
		{"connections", &opts.limits.conns}, {"fids", &opts.limits.fids},
		{"requests", &opts.limits.reqs}, {"memory", &opts.limits.memory},
		{"working", &opts.limits.working},
	};
	int64_t value = cb.num(2);
	for(auto [name, at] : known)
		if(cb.f[1] == name && value > 0) {
			*at = size_t(value);
			return;
		}
	cmderror(cb, Ebadarg);
}

void
Share::msize(const Cmdbuf& cb)
{
	int64_t value = cb.num(1);
	if(value < 256)
		cmderror(cb, Ebadarg);
	opts.msize = std::min(size_t(value), size_t(MAXMSIZE));
}

void
Share::pattern(std::string_view rule)
{
	if(!patterns) {
		patterns = std::make_shared<Patterns>();
		opts.visible = [p = patterns](std::string_view path) { return (*p)(path); };
	}
	patterns->add(rule);
}

void
Share::configure(int what, const Cmdbuf& cb)
{
	Ref<Chan> dir;
	if(what == Root)
		dir = namedir(cb.f[1]);
	{
		std::scoped_lock l(lk);
		if(x || stopped)
			error(Ebegun);
		switch(what) {
		case Root:
			std::swap(root, dir);
			rootname = cb.f[1];
			break;
		case Service: opts.service = cb.f[1]; break;
		case Readonly: opts.readonly = true; break;
		case Pattern: pattern(cb.f[1]); break;
		case Msize: msize(cb); break;
		case Limit: limit(cb); break;
		case Transcript: opts.transcript = true; break;
		}
	}
	if(dir)
		p9::close(std::move(dir));
}

Share::Taken
Share::take(int infd, int outfd)
{
	std::scoped_lock l(lk);
	if(stopped)
		error(Ehungup);
	if(bool(root) == !opts.service.empty())
		error(root ? "root and service" : "no root");
	bool pipe = fdtochan(infd, -1, Chkmnt::No)->dev.dc == U'|';
	std::unique_ptr<Transport> t = exportconn(infd, outfd);
	if(!x) {
		opts.log = [this](std::string_view line) { say(line); };
		x = std::make_unique<Export>(root, opts);
	}
	if(!pipe)
		outside.push_back(t.get());
	return {std::move(t), !pipe};
}

void
Share::run(Taken& c)
{
	say("connection from " + c.t->peer);
	x->serve(*c.t);
	say("connection from " + c.t->peer + " ended");
	forget(c);
}

void
Share::forget(Taken& c)
{
	std::scoped_lock l(lk);
	std::erase(outside, c.t.get());
}

// Nobody comes any more, and who is there goes.
void
Share::stop()
{
	{
		std::scoped_lock l(lk);
		stopped = true;
	}
	if(x)
		x->hangup();
	if(size_t before = lost.exchange(0))
		lines.produce(textblock(lostlines(before)));
	lines.hangup();
}

// The machine ends.  A client inside may have something to bring home still, and goes by
// itself; those outside would stay.
void
Share::shutdown()
{
	std::scoped_lock l(lk);
	stopped = true;
	for(Transport* t : outside)
		t->hangup();
}

// Nobody has it any more, but its status may be looked at.
void
Share::close()
{
	stop();
	std::unique_ptr<Export> gone;
	{
		std::scoped_lock l(lk);
		gone = std::move(x);
	}
	if(root)
		p9::close(std::move(root));
}

// Does not sleep: what nobody reads is counted.
void
Share::say(std::string_view line)
{
	size_t before = lost.exchange(0);
	std::string s = before > 0 ? lostlines(before) : "";
	Block b = textblock(s.append(line).append("\n"));
	if(!lines.tryput(b))
		lost += before + 1;
}

std::string
Share::status()
{
	std::scoped_lock l(lk);
	std::string s = fmt::format("{} {}", opts.service.empty() ? "root" : "service",
		quoted(opts.service.empty() ? rootname : opts.service));
	if(opts.readonly)
		s += " readonly";
	s += fmt::format(" msize {}{}\n", opts.msize, stopped ? " stopped" : "");
	if(!x)
		return s;
	for(const Srvstat& c : x->status()) {
		s += fmt::format("{} fids {} requests {} memory {} in {} out {}", quoted(c.peer),
			c.fids, c.reqs, c.memory, c.in, c.out);
		if(!c.oldest.empty())
			s += fmt::format(" oldest {} tag {} {} ms", c.oldest, c.tag,
				ticks() - c.since);
		s += '\n';
	}
	return s;
}

// With one user: the caller's Chan.
Ref<Share>
Exportdev::newshare()
{
	std::unique_lock l(lk);
	size_t n = 0;
	for(const auto& [used, s] : shares) {
		if(used != n)
			break;
		n++;
	}
	if(n >= Maxshare) {
		l.unlock();
		error(Enodev);
	}
	Ref<Share> s = mk<Share>(n);
	s->users = 1;
	shares.emplace(n, s);
	return s;
}

void
Exportdev::use(Share& s)
{
	std::scoped_lock l(lk);
	if(s.users == 0)
		error(Enonexist);
	s.users++;
}

void
Exportdev::leave(Ref<Share> s)
{
	bool last;
	{
		std::scoped_lock l(lk);
		last = --s->users == 0;
		if(last)
			shares.erase(s->n);
	}
	if(last)
		s->close();
}

void
Exportdev::shutdown()
{
	std::vector<Ref<Share>> all;
	{
		std::scoped_lock l(lk);
		for(auto& [n, s] : shares)
			all.push_back(s);
	}
	for(Ref<Share>& s : all)
		s->shutdown();
}

std::vector<Dir>
Exportdev::list(const Chan& c)
{
	std::vector<Dir> l;
	switch(fileof(c)) {
	case Qtop:
		l.push_back(dir(Qdir, "export"));
		break;
	case Qdir: {
		l.push_back(file(Qclone, "clone", 0660));
		std::scoped_lock g(lk);
		for(const auto& [n, s] : shares)
			l.push_back(dir(qpath(Qone, n), std::to_string(n)));
		break;
	}
	case Qone:
		l.push_back(file(qpath(Qctl, numof(c)), "ctl", 0660));
		l.push_back(file(qpath(Qlog, numof(c)), "log", 0440));
		l.push_back(file(qpath(Qstatus, numof(c)), "status", 0440));
		break;
	default:
		break;
	}
	return l;
}

Dir
Exportdev::parent(const Chan& c)
{
	return fileof(c) == Qone ? dir(Qdir, "export") : dir(Qtop, "#X");
}

// The files of an export that is over can still be looked at by who has them open.
Dir
Exportdev::self(Chan& c)
{
	switch(fileof(c)) {
	case Qtop: return dir(Qtop, "#X");
	case Qdir: return dir(Qdir, "export");
	case Qclone: return file(Qclone, "clone", 0660);
	case Qone: return dir(c.qid.path, std::to_string(numof(c)));
	case Qctl: return file(c.qid.path, "ctl", 0660);
	case Qlog: return file(c.qid.path, "log", 0440);
	case Qstatus: return file(c.qid.path, "status", 0440);
	}
	error(Enonexist);
}

void
Exportdev::arrived(Chan& c, const Chan& from)
{
	c.aux = {};
	if(fileof(c) < Qone)
		return;
	if(from.aux && numof(c) == numof(from)) {
		c.aux = from.aux;
		return;
	}
	std::scoped_lock l(lk);
	if(auto i = shares.find(numof(c)); i != shares.end())
		c.aux = i->second;
}

Ref<Chan>
Exportdev::open(Ref<Chan> c, int omode)
{
	File f = fileof(*c);
	if(f > Qone && !c->aux)
		error(Enonexist);
	c = Gendev::open(std::move(c), omode);
	if(f == Qclone) {
		Ref<Share> s = newshare();
		c->qid = {.path = qpath(Qctl, s->n), .vers = 0, .type = QTFILE};
		c->aux = std::move(s);
	} else if(f == Qctl) {
		c->flag &= ~unsigned(COPEN);	// until it is a user
		use(c->as<Share>());
		c->flag |= COPEN;
	}
	return c;
}

void
Exportdev::close(Chan& c)
{
	if((c.flag & COPEN) && fileof(c) == Qctl)
		leave(Ref<Share>(c.as<Share>()));
}

// A descriptor in the i-th field.
int
fdfield(const Cmdbuf& cb, size_t i)
{
	int64_t n = cb.num(i);
	if(n < 0 || n > INT_MAX)
		cmderror(cb, Ebadfd);
	return int(n);
}

// Serves the connection in a kernel process.
Ref<Served>
Exportdev::start(Ref<Share> s, const Cmdbuf& cb)
{
	if(cb.f.size() < 2 || cb.f.size() > 3)
		cmderror(cb, "bad # args to command");
	int in = fdfield(cb, 1);
	int out = cb.f.size() > 2 ? fdfield(cb, 2) : in;
	auto c = std::make_shared<Share::Taken>(s->take(in, out));
	use(*s);
	auto v = mk<Served>();
	auto run = [this, s, c, v]() mutable {
		up().server = true;
		s->run(*c);
		c.reset();
		leave(std::move(s));
		std::scoped_lock l(v->lk);
		v->over = true;
		v->end.wakeup();
	};
	try {
		kproc("export", std::move(run));
	} catch(const Error&) {
		s->forget(*c);
		leave(std::move(s));
		throw;
	}
	return v;
}

// Until it is over.  Who does not want to wait any more does not want it served either.
void
Exportdev::await(Share& s, Served& v)
{
	std::unique_lock l(v.lk);
	try {
		v.end.sleep(l, "the export's client", [&] { return v.over; });
	} catch(const Error&) {
		l.unlock();
		s.stop();
		l.lock();
		v.end.sleepon(l, "the export's end", [&] { return v.over; });
		throw;
	}
}

void
Exportdev::control(Ref<Share> s, const Cmdbuf& cb)
{
	static constexpr Cmdtab tab[] = {
		{Root, "root", 2}, {Service, "service", 2}, {Readonly, "readonly", 1},
		{Pattern, "pattern", 2}, {Msize, "msize", 2}, {Limit, "limit", 3},
		{Transcript, "transcript", 1}, {Start, "start", 0}, {Serve, "serve", 0},
		{Stop, "stop", 1},
	};
	int what = lookupcmd(cb, tab).index;
	switch(what) {
	case Start:
		start(std::move(s), cb);
		break;
	case Serve: {
		Ref<Served> v = start(s, cb);
		await(*s, *v);
		break;
	}
	case Stop:
		s->stop();
		break;
	default:
		s->configure(what, cb);
	}
}

size_t
Exportdev::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	Share& s = c.as<Share>();
	switch(fileof(c)) {
	case Qctl: return readstr(buf, off, std::to_string(s.n));
	case Qlog: return s.readlog(buf);
	case Qstatus: return readstr(buf, off, s.status());
	default: return 0;
	}
}

size_t
Exportdev::write(Chan& c, Bytes buf, int64_t)
{
	if(fileof(c) != Qctl)
		error(Eperm);
	control(Ref<Share>(c.as<Share>()), parsecmd(buf));
	return buf.size();
}
}

Dev&
exportdev()
{
	static Exportdev dev;
	return dev;
}
}
