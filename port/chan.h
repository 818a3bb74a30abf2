// Channels: a Chan is a file that a Proc has reached, open or not.  See chan(10).
//
// Borrow with Chan&, keep with Ref<Chan>.  close(Ref<Chan>) tells the device and
// may sleep; a last drop anywhere else puts the Chan on the close queue, which
// kprocs serve.  ~Chan only checks that it was closed.
//
// Lock order: Pgrp::ns, Chan::lock, Mnt::lk, Queue::lk, Proc::lk.
// No Ref<Chan> is dropped under any.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib9/dir.h"
#include "lib9/plan9.h"
#include "lib9/ref.h"
#include "port/path.h"
#include "port/qlock.h"

namespace p9 {

class Dev;
class Mnt;
class Mountlist;

enum : unsigned {
	COPEN = 0x0001,	   // for i/o
	CMSG = 0x0002,	   // the message channel for a mount: no i/o by programs
	CCEXEC = 0x0008,   // close on exec; kept in the Fgrp, here for create(2)'s way
	CRCLOSE = 0x0020,  // remove on close
	CCACHE = 0x0080,   // its mount allows caching
	CREMOVED = 0x0100, // its file was removed, and the device's part of it: no
			   // Dev::close
};

class Chan final : public Counted {
public:
	Dev& dev;
	uint32_t devno = 0; // which instance of the device: stat's dev
	Qid qid;
	int mode = -1; // OREAD OWRITE ORDWR once open
	std::atomic<unsigned> flag{0};
	size_t iounit = 0; // 0: no limit is known
	Ref<Path> path;
	Ref<Counted> aux; // the device's own

	Lock lock;	       // guards offset and path's swap
	int64_t offset = 0;    // of the next read or write
	int64_t devoffset = 0; // in a directory, what the device has seen

	// Directories.  rdlock is held over a whole directory read, and sleeps.
	QLock rdlock;
	Ref<const Mountlist> umh; // the union that this Chan is the first element of
	size_t uri = 0;		  // which element is being read
	Ref<Chan> umc;		  // that element, open
	std::vector<Dir> dirrock; // entries rewritten that did not fit
	bool ismtpt = false;

	// The mount driver's.
	Ref<Chan> mchan; // the connection of the server that this file is on
	uint32_t fid = 0;
	Ref<Counted> mux;    // on a connection: its Mnt
	std::string srvname; // the name it was posted by, for ns
	Ref<Counted> ahead;  // on a file that may be cached, open: its reads ahead

	explicit Chan(Dev& d);

	template <class T> T& as() const
	{
		assert(!testmode || dynamic_cast<T*>(aux.get()));
		return static_cast<T&>(*aux.get());
	}
	bool isdir() const { return qid.type & QTDIR; }
	std::string_view name() const { return path ? std::string_view(path->s) : "?"; }

	void lastdrop() noexcept override;

	// Live Chans: tests end with none.
	static long live();

private:
	friend class Closeq;
	friend void close(Ref<Chan>);

	Chan* nextclose = nullptr; // on the close queue
	static void finish(Chan* c);
	~Chan() override;
};

// Gives the reference up; if it was the last, closes: tells the device, which may
// sleep.  What the device throws is dropped, as close(2) does.
void close(Ref<Chan> c);

// Waits until the close queue is empty: for the end of a machine, and tests.
void drainclose();

// The same file?  Versions are not compared (NS-34).
bool eqchan(const Chan& a, const Chan& b);

// A Chan of its own for the same file, not open, with the same path.  Sleeps.
Ref<Chan> cclone(Chan& c);
}
