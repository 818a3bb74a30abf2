// What the kernel says: kept in a ring for /dev/kmesg, and shown.

#include "port/console.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "lib9/error.h"
#include "port/os.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/qio.h"

namespace p9 {

namespace {

constexpr size_t Progstack = 1 << 20;

struct Kmesg {
	Lock lk; // guards what follows
	std::array<char, 64 << 10> ring;
	uint64_t end = 0; // bytes printed since boot
	bool diverted = false;
};

Kmesg&
kmesg()
{
	static Kmesg& k = *new Kmesg;
	return k;
}

Queue&
kprintq()
{
	static Queue& q = *new Queue(8 << 10);
	return q;
}

std::atomic<int> foreground{0};
}

void
setforeground(int noteid)
{
	foreground = noteid;
}

void
noteforeground(std::string_view note)
{
	int id = foreground;
	for(const Ref<Proc>& p : procs()) {
		bool in;
		{
			std::scoped_lock l(p->lk);
			in = p->noteid == id && !p->kernel;
		}
		if(in)
			p->post(note);
	}
}

// However the Proc ends, whoever waits is told.
static void
runcompleter(Completer fn, std::string_view line, const Completed& done)
{
	struct Told {
		const Completed& tell;
		std::optional<Completion> got;
		~Told() { tell(std::move(got)); }
	} told{done, {}};
	try {
		told.got = fn(line);
	} catch(const Error&) {
		// There is nothing to offer.
	}
}

Ref<Proc>
complete(std::string line, Completed done)
{
	Proc& me = up();
	if(!me.completer)
		return {};
	auto body = [fn = me.completer, line = std::move(line),
			done = std::move(done)] { runcompleter(fn, line, done); };
	Proc& p = newproc("complete", std::move(body), Progstack);
	p.nowait = true;
	p.user = me.peek(&Proc::user);
	p.pgrp = me.pgrp;
	p.fgrp = mk<Fgrp>();
	p.egrp = me.egrp;
	p.rgrp = mk<Rgrp>();
	p.slash = me.slash;
	p.dot = me.dot;
	Ref<Proc> r(p);
	start(p);
	return r;
}

void
print(std::string_view text)
{
	Kmesg& k = kmesg();
	bool diverted;
	{
		std::scoped_lock l(k.lk);
		std::string_view s =
			text.substr(text.size() - std::min(text.size(), k.ring.size()));
		for(char c : s)
			k.ring[k.end++ % k.ring.size()] = c;
		diverted = k.diverted;
	}
	if(diverted && kprintq().len() < 64 << 10)
		kprintq().produce(Block::of(std::as_bytes(std::span(text))));
	else
		oslog(text);
}

size_t
kmesgread(Buf b, int64_t off)
{
	Kmesg& k = kmesg();
	std::scoped_lock l(k.lk);
	uint64_t kept = std::min<uint64_t>(k.end, k.ring.size());
	if(off < 0 || uint64_t(off) >= kept)
		return 0;
	size_t n = std::min<size_t>(b.size(), kept - uint64_t(off));
	uint64_t at = k.end - kept + uint64_t(off);
	for(size_t i = 0; i < n; i++)
		b[i] = std::byte(k.ring[(at + i) % k.ring.size()]);
	return n;
}

void
kprintopen()
{
	Kmesg& k = kmesg();
	{
		std::scoped_lock l(k.lk);
		if(k.diverted)
			error(Einuse);
		k.diverted = true;
	}
	kprintq().reopen();
}

void
kprintclose()
{
	{
		std::scoped_lock l(kmesg().lk);
		kmesg().diverted = false;
	}
	kprintq().close();
}

size_t
kprintread(Buf b)
{
	return kprintq().read(b);
}
}
