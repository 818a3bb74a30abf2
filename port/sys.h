// The system calls: all that a program sees of the kernel.  Sections 2 of the
// manual describe them; here they throw Error instead of answering -1, and
// every one of them may sleep.  A descriptor is a plain number in the Proc's
// Fgrp; Fd owns one.
//
// A program is a function of its arguments.  It has no globals: two copies run
// side by side.  rfork with RFPROC takes the function that the new Proc runs;
// memory is always shared.  exits, exec and a fatal note unwind the Proc by a
// type of their own, which nobody catches.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib9/args.h"
#include "lib9/block.h"
#include "lib9/completion.h"
#include "lib9/dir.h"
#include "lib9/error.h"
#include "lib9/plan9.h"
#include "lib9/sync.h"
#include "port/exportopts.h"
#include "port/idle.h"

namespace p9 {

class Srv;
class Transport;

// Owns a descriptor of this Proc's Fgrp.  The destructor does not sleep: it hands
// the channel to the close queue.  Call close() where the end of the file matters
// (what was written, a pipe's other side) or where an error must be seen.
class Fd {
	int n = -1;

public:
	Fd() = default;
	explicit Fd(int fd) : n(fd) {}
	Fd(Fd&& f) noexcept : n(f.release()) {}
	Fd& operator=(Fd&& f) noexcept
	{
		std::swap(n, f.n);
		return *this;
	}
	~Fd();

	operator int() const { return n; }
	int release()
	{
		int f = n;
		n = -1;
		return f;
	}
	explicit operator bool() const = delete;
	bool isopen() const { return n >= 0; }
};

// open(2).  Name is resolved in this Proc's name space.
Fd open(std::string_view name, int omode);
Fd create(std::string_view name, int omode, uint32_t perm);
void close(Fd);	// sleeps until the device has closed; drops its error as close(2) does
void close(int fd);
bool access(std::string_view name, int amode);	// AEXIST AREAD AWRITE AEXEC; no Error
void remove(std::string_view name);
std::pair<Fd, Fd> pipe();

// dup(2): newfd -1 is any.
Fd dup(int oldfd, int newfd = -1);

// read(2).  Fewer bytes than asked is no Error; 0 is the end of the file.
size_t read(int fd, Buf);
size_t pread(int fd, Buf, int64_t off);
size_t readn(int fd, Buf);	// until all, or the end
size_t write(int fd, Bytes);
size_t write(int fd, std::string_view);
size_t pwrite(int fd, Bytes, int64_t off);
int64_t seek(int fd, int64_t off, int whence);	// whence 0 start, 1 here, 2 end

// Whole Blocks, without a copy where the device can (pipes).  An empty one is the end.
Block bread(int fd, size_t n);
size_t bwrite(int fd, Block);

// The whole of a small file, at most max bytes, or an Error.
std::string readfile(std::string_view name, size_t max = 16 << 20);
void writefile(std::string_view name, std::string_view text);	// creates, truncates, closes

// stat(2)
Dir stat(std::string_view name);
Dir fstat(int fd);
std::optional<Dir> trystat(std::string_view name);	// no Error: nothing when it fails
void wstat(std::string_view name, const Dir&);	// Dir::dontcare() fields stay
void fwstat(int fd, const Dir&);

// The next entries of a directory, one read's worth; empty at the end.
std::vector<Dir> dirread(int fd);
std::vector<Dir> dirreadall(std::string_view name);

std::string fd2path(int fd);
void chdir(std::string_view name);
std::string getwd();

// bind(2).  mount closes fd when it succeeds; afd -1 is none.
int bind(std::string_view name, std::string_view old, int flag);
int mount(Fd& fd, int afd, std::string_view old, int flag, std::string_view spec);
void unmount(std::string_view name, std::string_view old);	// name may be empty
int fversion(int fd, int msize, std::string& version);
Fd fauth(int fd, std::string_view aname);

// fork(2).  Without RFPROC: changes this Proc's groups.
void rfork(int flags);
// With RFPROC (implied): the new Proc runs fn and exits with "" when it returns, or with
// the text of an Error that it lets out.  Answers its pid.
int rfork(int flags, std::function<void()> fn);
// A kernel process for a file server: belongs to no program, has a copy of the caller's
// name space and the descriptors listed, and is not waited for.
int spawnserver(std::string_view name, std::vector<int> fds, std::function<void()> fn);

[[noreturn]] void exits(std::string_view status = {});
// Runs the program of the file name in this Proc: a `#!emu NAME' line names a function of
// cmdtab, `#!interp args' a script.  Error when it cannot be; never returns else.
[[noreturn]] void exec(std::string_view name, Argv argv);
// As exec, but in place: what exec would run, or an Error.  For `emu PROGRAM' and tests.
std::function<void()> resolveexec(std::string_view name, Argv argv);

struct Waitmsg {
	int pid = 0;
	unsigned long time[3] = {};	// user, system, real: milliseconds
	std::string msg;	// "" or "name pid: reason"
};
// wait(2): the next child that ended; Enochild when there is none.
Waitmsg wait();

int getpid();
int getppid();
std::string getuser();
std::string sysname();

// The name that ps and messages show; set by exec.
void procsetname(std::string_view text);

// notify(2).  The handler is called with the note's text when the Proc next looks
// (pollnotes, or a call that is interrupted throws Eintr first); true means handled
// (NCONT), false lets the default happen (NDFLT): the Proc exits with the note's text.
using Notify = std::function<bool(const std::string& note)>;
void notify(Notify);
// Runs what notes are pending.  Programs that loop without system calls look once a
// command or a line.
void pollnotes();
void postnote(int pid, std::string_view note);
void postnotepg(int pid, std::string_view note);	// to all of pid's note group

// What Tab asks for while this Proc reads the console: fn runs in a Proc of its own that
// has the name space and the environment, and is interrupted when nobody waits for it any
// more.  Without one, and again after exec, a tab is a character.
void completer(Completer fn);

void* rendezvous(void* tag, void* val);
void sleep(int64_t ms);
int64_t nsec();	// since 1970
// alarm(2): the note "alarm" after ms; 0 cancels; answers what was left.
int64_t alarm(int64_t ms);

// env(3), by way of /env.  Lists are separated by NULs.
std::optional<std::string> getenv(std::string_view name);
void putenv(std::string_view name, std::string_view value);

// errstr of this Proc, as %r shows it: set by the border when an Error crosses it.
std::string errstr();
void werrstr(std::string_view text);

// Prints on descriptor fd; Errors of the write are dropped as fprint's are.
void fprint(int fd, std::string_view text);

// Raises Estack when little of the Proc's stack is left: what recurses on input calls it.
void stackcheck();

// What a library of lib9 needs in a Proc: locks and Procs; a 9P connection over fds.
Sync& kernelsync();
std::unique_ptr<Transport> fdtransport(int infd, int outfd);

// 9p(2).  Serves srv in a Proc of its own: posts it as /srv/name unless name is empty and
// mounts it on mtpt unless that is empty.  Returns when it serves.  The Proc has a copy of
// the descriptors keep, by the same numbers.
void postmountsrv(std::unique_ptr<Srv> srv, std::string_view name, std::string_view mtpt,
	int flag, std::vector<int> keep = {});
// Posts fd as /srv/name and closes it.
void postfd(std::string_view name, Fd fd);

// Serves the tree at dir, as this Proc's name space shows it, on the connection that infd
// and outfd are (often one), until its client goes.  Clients reach none of the Proc's
// descriptors; binds that others make in the name space are seen.  From then on the
// descriptors can be used for nothing else: they are CMSG.  Error: dir is not there,
// Ebadusefd for a connection that is used for 9P already.  EX-1.
void exportfs(int infd, int outfd, std::string_view dir, Exportopts opts = {});
}
