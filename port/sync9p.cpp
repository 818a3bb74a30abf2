// What libraries of lib9 need of the kernel: locks and Procs (kernelsync), 9P
// connections over channels (fdtransport), and servers that are posted and mounted.
// See 9p(2).

#include <atomic>
#include <deque>

#include "lib9/9p/srv.h"
#include "port/dev.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/qlock.h"
#include "port/sys.h"
#include "port/sysfile.h"

namespace p9 {

namespace {

struct Kmutex final : Sync::Mutex {
	QLock q;
	void lock() override { q.lock(); }
	void unlock() override { q.unlock(); }
};

struct Krwmutex final : Sync::RWMutex {
	RWLock q;
	void lock() override { q.lock(); }
	void unlock() override { q.unlock(); }
	void lock_shared() override { q.lock_shared(); }
	void unlock_shared() override { q.unlock_shared(); }
};

// Any number of Procs may wait, each on its own token; notes do not end a wait, for
// the libraries have no way to tell their callers.
class Kcond final : public Sync::Cond {
	struct Waiter {
		Proc* p;
		bool woken = false; // guarded by lk
	};
	Lock lk;
	std::deque<Waiter*> waiting; // guarded by lk

	// Requires: lk held.  The Waiter's frame is gone once its Proc sees woken.
	void wakefirst()
	{
		Waiter* w = waiting.front();
		waiting.pop_front();
		w->woken = true;
		w->p->ready();
	}

public:
	void wait(std::unique_lock<Sync::Mutex>& l) override
	{
		Waiter w{&up()};
		{
			std::scoped_lock l2(lk);
			waiting.push_back(&w);
		}
		l.unlock();
		{
			std::unique_lock l2(lk);
			while(!w.woken) {
				l2.unlock();
				up().block("cond");
				l2.lock();
			}
		}
		l.lock();
	}
	void notifyone() override
	{
		std::scoped_lock l(lk);
		if(!waiting.empty())
			wakefirst();
	}
	void notifyall() override
	{
		std::scoped_lock l(lk);
		while(!waiting.empty())
			wakefirst();
	}
};

class Ksync final : public Sync {
public:
	std::unique_ptr<Mutex> mutex() override { return std::make_unique<Kmutex>(); }
	std::unique_ptr<RWMutex> rwmutex() override
	{
		return std::make_unique<Krwmutex>();
	}
	std::unique_ptr<Cond> cond() override { return std::make_unique<Kcond>(); }

	// What a server spawns is part of the server: it has its descriptors and lives as
	// long.
	void spawn(std::string_view name, std::function<void()> fn) override
	{
		if(!up().server) {
			kproc(name, std::move(fn));
			return;
		}
		kproc(name, [f = up().fgrp, fn = std::move(fn)]() mutable {
			up().fgrp = std::move(f);
			up().server = true;
			fn();
		});
	}
};

// A message stays as long as its request, and what it costs is counted by its size: so it
// must not stay in a Block that was made for the longest one.
Block
fitted(Block b)
{
	constexpr size_t Slack = 1024;
	if(b.empty() || b.lent != 0 || b.room().size() <= b.own() + Slack)
		return b;
	return Block::of(b.data());
}

// A pipe keeps the Blocks of several writers apart; for all else a lock does.
class Fdtransport final : public Transport {
	Ref<Chan> in;
	Ref<Chan> out;
	bool ispipe;
	const std::string name;
	QLock wlock;
	Msgreader reader;
	size_t max = 8192 + IOHDRSZ;
	std::atomic<bool> hung{false};

	// A connection may take a message in pieces when its writer is interrupted: then the
	// rest must follow all the same, unless that was a hangup.
	void put(Block b)
	{
		if(ispipe) {
			size_t n = b.size();
			if(out->dev.bwrite(*out, std::move(b), 0) != n)
				error(Eio);
			return;
		}
		b.flatten();
		while(!b.empty()) {
			if(hung.load())
				error(Ehungup);
			size_t n = out->dev.write(*out, b.data(), 0);
			if(n == 0)
				error(Eio);
			b.consumed(n);
		}
	}

public:
	Fdtransport(Ref<Chan> i, Ref<Chan> o, std::string label)
	    : in(std::move(i)), out(std::move(o)), ispipe(out->dev.dc == U'|'),
	      name(std::move(label))
	{
	}
	Block read() override { return fitted(reader.next(*in, max)); }
	void write(Block b) override
	{
		if(ispipe)
			return put(std::move(b));
		std::scoped_lock l(wlock);
		put(std::move(b));
	}
	void msize(size_t n) override { max = n; }
	// Wakes nobody: that is for who knows who is inside.
	void hangup() override { hung = true; }
	std::string label() const override { return name; }
};
}

Sync&
kernelsync()
{
	static Ksync sync;
	return sync;
}

std::unique_ptr<Transport>
fdtransport(int infd, int outfd)
{
	return std::make_unique<Fdtransport>(fdtochan(infd, OREAD, Chkmnt::Yes),
					     fdtochan(outfd, OWRITE, Chkmnt::Yes),
					     std::to_string(infd));
}

// LP-29.  The server alone holds the /srv file that removes itself when it is closed.
void
postmountsrv(std::unique_ptr<Srv> srv, std::string_view name, std::string_view mtpt,
	     int flag, std::vector<int> fds)
{
	auto [mine, its] = pipe();
	Fd post;
	fds.insert(fds.end(), {its, 2});
	if(!name.empty()) {
		post = create("/srv/" + std::string(name), OWRITE | ORCLOSE | OCEXEC,
			      0600);
		write(post, std::to_string(int(mine)));
		fds.push_back(post);
	}
	if(!srv->log)
		srv->log = [](std::string_view line) {
			fprint(2, std::string(line) + "\n");
		};
	std::string proc = srv->name;
	spawnserver(proc, fds, [s = std::shared_ptr<Srv>(std::move(srv)), fd = int(its)] {
		std::unique_ptr<Transport> t = fdtransport(fd, fd);
		s->serve(*t);
	});
	close(std::move(its));
	close(std::move(post));
	if(!mtpt.empty())
		mount(mine, -1, mtpt, flag, "");
	else
		close(std::move(mine));
}

void
postfd(std::string_view name, Fd fd)
{
	Fd post = create("/srv/" + std::string(name), OWRITE, 0600);
	write(post, std::to_string(int(fd)));
	close(std::move(post));
	close(std::move(fd));
}
}
