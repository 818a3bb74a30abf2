// A 9P file server is a class: derive it from Srv, override what it serves, and
// give it a Transport.  The engine does the protocol: fids, tags, flushes, limits,
// checks, permissions of file trees.  As 9p(2) of Plan 9, whose names these are,
// but an open session is not the Srv: one Srv may serve many at a time.
//
//	class Hello : public Srv {
//		using Srv::Srv;
//		void read(Req& r) override
//		{
//			readstr(r, "hello\n");
//			r.respond();
//		}
//		...
//
// A hook answers its Req, now or later and from any Proc, exactly once, with
// respond() or responderror(); or it throws an Error, which answers with its
// reason.  Once answered, a Req is gone for who does not hold a Ref.
// Hooks of one session run one at a time, unless srvrelease says otherwise.
//
// The client is a stranger: nothing that it sends ends in an assertion, and what a
// hook is given has been checked as 9p(2) says.  See 9p(2), 9pfid(2), 9pfile(2).

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib9/9p/file.h"
#include "lib9/9p/limits.h"
#include "lib9/block.h"
#include "lib9/error.h"
#include "lib9/fcall.h"
#include "lib9/sync.h"

namespace p9 {

class Req;
struct Cmdbuf;
class Session;
class Srv;

// A connection that carries whole messages.
class Transport {
public:
	std::string peer;	// who is at its other end, for people

	virtual ~Transport() = default;

	// The next message; empty at the end.  An Error is an end too.  Called by one
	// Proc at a time.
	virtual Block read() = 0;
	// Sends one message, in one piece whoever else writes.  Error when the peer has
	// gone.
	virtual void write(Block) = 0;
	// No message read from now on may be longer.  At first 8192+IOHDRSZ.
	virtual void msize(size_t) {}
	// Ends it from this side: who reads or writes gets the end or an Error, now and from now
	// on.  Any Proc calls it; does not sleep.
	virtual void hangup() {}
	// What a transcript calls it: the descriptor's number, as a rule.
	virtual std::string label() const { return {}; }
};

// A client's handle on a file.  fid, uid, file and aux stay as they were when the Fid
// became known; a walk or a create makes a new Fid, even for the same number.
class Fid final : public Counted {
public:
	Session& session;
	uint32_t fid = NOFID;
	Qid qid;
	int omode = -1;	// the mode of the open or create, with its flags; -1: not open
	std::string uid;
	Ref<File> file;	// with file trees
	Ref<Counted> aux;	// the server's own
	size_t memory = 0;	// bytes that the server keeps for it, set by the hook that made it

	template<class T> T& as() const
	{
		assert(dynamic_cast<T*>(aux.get()));
		return static_cast<T&>(*aux.get());
	}
	bool isopen() const { return omode != -1; }
	bool isdir() const { return qid.type & QTDIR; }

	void lastdrop() noexcept override;	// destroyfid

private:
	friend class Session;
	friend class Srv;
	template<class Gen> friend void dirread9p(Req&, Gen);
	explicit Fid(Session& s) : session(s) {}
	~Fid() override = default;

	Fid* next = nullptr;	// in the list of free ones
	// Guarded by the Session's lock, as qid and omode while it is being opened.
	bool known = false;	// a client may name it
	bool opening = false;
	size_t charged = 0;	// of memory, to the Session
	uint64_t diroff = 0;	// where the last directory read ended
	uint32_t dircount = 0;	// and how much it asked for

	uint64_t dirseq = 0;	// the entry that the next directory read begins with
};

// A request.  Strings of ifcall lie in the message, which lives until the answer.
class Req final : public Counted {
public:
	Session& session;
	uint8_t type = 0;	// Topen::type ...
	uint16_t tag = 0;
	Ref<Fid> fid;
	Ref<Fid> afid;	// Tauth, Tattach; empty without
	Ref<Fid> newfid;	// Twalk, Tcreate: what the fid becomes
	Ref<Req> oldreq;	// Tflush: never empty in the hook
	Ref<Counted> aux;	// the server's own

	struct {
		uint64_t offset = 0;
		uint32_t count = 0;	// Tread, Twrite
		uint32_t perm = 0;
		uint8_t mode = 0;
		std::string_view name;	// Tcreate
		std::string_view uname;
		std::string_view aname;
		Few<std::string_view> wname;
	} ifcall;

	struct {
		Qid qid;	// of auth, attach, open, create; before the hook the fid's
		uint32_t iounit = 0;
		uint32_t count = 0;	// of what was read or written
		Few<Qid> wqid;
	} ofcall;
	Dir d;	// Tstat: to be filled; Twstat: the changes

	Srv& srv() const;

	// Answers the request.
	void respond();
	void responderror(std::string_view text);
	void responderror(const Error& e) { responderror(e.reason()); }

	// Tread: room for ifcall.count bytes, to be filled before respond; then set
	// ofcall.count.  It may be the reader's own memory if the Srv is direct.
	Buf readroom();
	// Twrite: the ifcall.count bytes.  Eintr when the writer took them back.
	Bytes data();

	// A Tflush of this request, or the end of the session, came.
	bool flushed() const { return wasflushed.load(); }

	void lastdrop() noexcept override;	// destroyreq

private:
	friend class Session;
	friend class Srv;
	friend void readbuf(Req&, Bytes);
	friend void srvrelease(Req&);
	friend void srvacquire(Req&);
	explicit Req(Session& s) : session(s) {}
	~Req() override = default;

	enum State : uint8_t { Pending, Answering, Responded, Answered };

	Block in;	// the message
	Block out;	// an Rread's room
	Bytes stat;	// Twstat's entry
	Bytes payload;	// Twrite's, once data() was asked for
	size_t lent = 0;	// bytes of the Rread in the loan
	bool claimed = false;	// the loan, until the reply
	bool internal = false;	// no reply is written
	bool released = false;	// its hook runs beside the others
	bool locked = false;	// its hook holds Session::hooks
	bool opening = false;	// it is this Topen that opens the fid
	// The fid's when the request came: an open that runs beside it changes them.
	Qid qid;
	int omode = -1;
	uint64_t diroff = 0;
	bool filling = false;	// it asks for less of a directory than the one before
	std::string why;	// an error that the engine had to compose
	uint64_t seq = 0;	// how many came before it
	int64_t began = 0;	// by Srv::clock
	size_t room = 0;	// Tread: the most that its reply may have
	size_t charged = 0;	// bytes, to the Session; guarded by its lock
	size_t sent = 0;	// bytes of the reply
	std::atomic<bool> wasflushed{false};
	std::atomic<State> state{Pending};

	// Guarded by the Session's lock.
	bool ready = false;	// a Tflush whose hook has responded
	bool draining = false;	// somebody answers the flushes
	Req* flushes = nullptr;	// that wait for this one, in order of arrival
	Req* next = nullptr;	// in such a list, or the list of free ones
};

// What the engine says when it refuses.
struct Srvtexts {
	std::string_view duptag = "duplicate tag";
	std::string_view dupfid = "duplicate fid";
	std::string_view unknownfid = "unknown fid";
	std::string_view unknownmsg = "unknown message";
	std::string_view cloneopen = "cannot clone open fid";
	std::string_view walknodir = "walk in non-directory";
	std::string_view notfound = "file not found";
	std::string_view createnodir = "create in non-directory";
	std::string_view toomanyreqs = "too many requests";
	std::string_view toomanyfids = "too many fids";
	std::string_view toomanyconns = "too many connections";
	std::string_view toomuchmem = "too much memory";
	std::string_view toobig = "reply does not fit in a message";
	std::string_view smallmsize = "version: message size too small";
	std::string_view openopen = "9P protocol botch";	// Topen, Tcreate of an open fid
	std::string_view readmode = "9P protocol botch";	// of a fid not open for it
	std::string_view writemode = "9P protocol botch";
	std::string_view writedir = "9P protocol botch";
	std::string_view writeoffset = "9P protocol botch";
	std::string_view negoffset = "bad offset";
	std::string_view diroffset = "bad offset";
	std::string_view bigcount;	// empty: what is too much is cut
	std::string_view noversion;	// empty: messages before the first Tversion are served
};

// What a connection is doing, for people.
struct Srvstat {
	std::string peer;
	size_t fids = 0;
	size_t reqs = 0;	// outstanding, with flushes
	size_t memory = 0;	// bytes, as Srvlimits counts them
	uint64_t in = 0;	// bytes of requests
	uint64_t out = 0;	// of replies
	std::string_view oldest;	// the type of the oldest request, "Tread"; empty without one
	uint16_t tag = 0;	// its
	int64_t since = 0;	// by Srv::clock
};

class Srv {
public:
	Sync& sync;
	std::string name = "srv";	// argv0, in messages
	std::unique_ptr<Tree> tree;	// attach answers its root
	Srvtexts texts;
	// Hooks do not sleep on other Procs between readroom() or data() and their
	// respond: then these may be the client's own memory.  It waits for us, even when
	// interrupted.
	bool direct = false;
	// A flushed request that fails is not answered, as exportfs does.
	bool quietflush = false;
	size_t maxmsize = MAXMSIZE;	// no session settles on more; at least 256
	Srvlimits limits;	// not changed while it serves
	int64_t (*clock)() = nullptr;	// for Srvstat::since; may be null
	int chatty = 0;	// 1: every message goes to log
	std::function<void(std::string_view)> log;	// lines for people; may be empty

	explicit Srv(Sync& s);
	virtual ~Srv();
	Srv(const Srv&) = delete;

	// Serves one connection in the calling Proc until it ends, all of its requests
	// have been answered, and all of its Fids and Reqs are gone.  A connection too many is
	// told so and that is its end.
	void serve(Transport&);
	// The connections that are being served.
	std::vector<Srvstat> status();
	// Hangs all of them up, and whoever comes from now on.
	void hangup();

	// The hooks.  In brackets what they do when not overridden; [tree]: with a file
	// tree.

	virtual void start() {}
	virtual void end() {}
	// These two may run beside another hook.
	virtual void destroyfid(Fid&) {}
	virtual void destroyreq(Req&) {}

	// [NAME: authentication not required]  Fills r.afid, ofcall.qid.
	virtual void auth(Req& r);
	// [respond]  Fills r.fid->aux and ofcall.qid.
	virtual void attach(Req& r);
	// [walkandclone over the next two]  Not called with a tree.  Fills r.newfid->aux
	// and ofcall.wqid; respond() with fewer than were asked for is right.
	virtual void walk(Req& r);
	// Moves fid, which nobody else sees yet, to name and answers the new qid, or
	// nothing when there is no such file.
	virtual std::optional<Qid> walk1(Fid& fid, std::string_view elem);
	// nf becomes of where it begins.  [the same aux]
	virtual void clone(Fid& of, Fid& nf);
	// [respond]
	virtual void open(Req& r);
	// [create prohibited]  r.fid is the directory, r.newfid becomes the file: its
	// file and aux are to be filled (it is a clone of r.fid), and ofcall.qid.
	virtual void create(Req& r);
	// [no srv->read]  [tree] not called for directories.
	virtual void read(Req& r);
	// [write prohibited]  Sets ofcall.count.
	virtual void write(Req& r);
	// [remove prohibited; tree: respond, then the file is removed]  Also for a Tclunk
	// of what was opened ORCLOSE, whatever it answers.
	virtual void remove(Req& r);
	// [respond]  A Tclunk of what was open.  The client sees no error, and has
	// nothing to name r.fid by.  Not at the end of a session.
	virtual void clunk(Req& r);
	// [respond]  Hurries r.oldreq along; Rflush waits for its answer in any case.  A
	// server that does not answer from its hooks at once needs it, or a session never
	// ends.  The end of a session comes as a flush too.
	virtual void flush(Req& r);
	// [stat prohibited; tree: respond]  Fills r.d.
	virtual void stat(Req& r);
	// [wstat prohibited]  [tree] permissions have been checked.
	virtual void wstat(Req& r);

private:
	friend class Session;
	std::atomic<size_t> ncommon{0};	// requests that connections have beyond their shares

	const std::unique_ptr<Sync::Mutex> smu;	// guards what follows
	bool closed = false;
	std::vector<Session*> sessions;

	enum class Entry { Open, Full, Closed };
	Entry enter(Session& s);
};

// Answers a Tread with what lies at its offset in all; sets ofcall.count, does not
// respond.
void readbuf(Req& r, Bytes all);
void readstr(Req& r, std::string_view all);

// Answers r with `reason: "the message"', as cmderror of lib9/parse.h raises it.
void respondcmderror(Req& r, const Cmdbuf& cb, std::string_view reason);

// Answers a Tread of a directory.  gen(n) answers the n-th entry as std::optional<Dir>,
// nothing behind the last.  Does not respond.  Error Eshort when not one entry fits.
template<class Gen>
void
dirread9p(Req& r, Gen gen)
{
	Fid& f = *r.fid;
	Buf room = r.readroom();
	size_t n = 0;
	if(r.ifcall.offset == 0)
		f.dirseq = 0;
	while(std::optional<Dir> d = gen(size_t(f.dirseq))) {
		size_t len = convD2M(*d, room.subspan(n));
		if(len == 0) {
			if(n == 0)
				error(Eshort);
			break;
		}
		n += len;
		f.dirseq++;
	}
	r.ofcall.count = uint32_t(n);
}

// The hook that called it sleeps or works long: until it returns or calls srvacquire,
// other requests are read and their hooks run beside it.
void srvrelease(Req& r);
void srvacquire(Req& r);

// For a hook that was released and has taken r.fid from the client (Tclunk, Tremove): waits
// until no other request uses it.  They are not hurried along; the client may flush them.
void srvalone(Req& r);

// From now on the server keeps so many more bytes for fid, until it is gone.  False when
// that is too much for the connection.
bool srvcharge(Fid& fid, size_t bytes);
}
