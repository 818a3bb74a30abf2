// Errors are exceptions of one class.  The reason comes from the table below
// (Plan 9's texts, which programs match), the name of the thing stands apart:
// errstr joins them, an Rerror carries the reason alone.  See error(10).

#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace p9 {

class Error : public std::exception {
	std::string why;	// the reason
	std::string thing;	// the name, or empty
	std::string all;	// text()

public:
	explicit Error(std::string_view reason, std::string_view name = {});

	const std::string& reason() const { return why; }
	const std::string& name() const { return thing; }

	// reason: 'name', at most ERRMAX-1 bytes: a long name is cut at its front to
	// ... and its end, never inside a UTF-8 sequence.
	const std::string& text() const { return all; }

	const char* what() const noexcept override { return all.c_str(); }
	bool is(std::string_view reason) const { return why == reason; }
};

// The only places that throw an Error.
[[noreturn]] void error(std::string_view reason);
[[noreturn]] void error(std::string_view reason, std::string_view name);

// One row an error: name, text.
#define P9_ERRORS(X) \
	X(Emount, "inconsistent mount") \
	X(Eunmount, "not mounted") \
	X(Eismtpt, "is a mount point") \
	X(Eunion, "not in union") \
	X(Emountrpc, "mount rpc error") \
	X(Eshutdown, "device shut down") \
	X(Enocreate, "mounted directory forbids creation") \
	X(Enonexist, "file does not exist") \
	X(Eexist, "file already exists") \
	X(Ebadsharp, "unknown device in # filename") \
	X(Enotdir, "not a directory") \
	X(Eisdir, "file is a directory") \
	X(Ebadchar, "bad character in file name") \
	X(Efilename, "file name syntax") \
	X(Eperm, "permission denied") \
	X(Ebadusefd, "inappropriate use of fd") \
	X(Ebadarg, "bad arg in system call") \
	X(Einuse, "device or object already in use") \
	X(Eio, "i/o error") \
	X(Etoobig, "read or write too large") \
	X(Etoosmall, "read or write too small") \
	X(Ehungup, "i/o on hungup channel") \
	X(Ebadctl, "bad process or channel control request") \
	X(Enodev, "no free devices") \
	X(Eprocdied, "process exited") \
	X(Enochild, "no living children") \
	X(Ebadfd, "fd out of range or not open") \
	X(Enofd, "no free file descriptors") \
	X(Eisstream, "seek on a stream") \
	X(Ebadexec, "exec header invalid") \
	X(Etimedout, "connection timed out") \
	X(Econrefused, "connection refused") \
	X(Eintr, "interrupted") \
	X(Enomem, "kernel allocate failed") \
	X(Eshort, "i/o count too small") \
	X(Egreg, "the front fell off") \
	X(Ebadspec, "bad attach specifier") \
	X(Enoattach, "mount/attach disallowed") \
	X(Eshortstat, "stat buffer too small") \
	X(Ebadstat, "malformed stat buffer") \
	X(Enegoff, "negative i/o offset") \
	X(Ecmdargs, "wrong #args in control message") \
	X(Edirseek, "seek in directory") \
	X(Etoolong, "name too long") \
	X(Echange, "media or partition has changed") \
	X(Eemptyname, "empty file name") \
	X(Eexecdir, "cannot exec directory") \
	X(Enotdirect, "create without DMDIR") \
	X(Estack, "stack overflow") \
	X(Enospace, "file system is full") \
	X(Erofs, "read only file system") \
	X(Eexcl, "exclusive use file already open") \
	X(Enotempty, "directory is not empty") \
	X(Ecrossdev, "Invalid cross-device link") \
	X(Eloop, "Too many levels of symbolic links") \
	X(Enoprocs, "no free processes")

#define P9_X(name, text) inline constexpr std::string_view name = text;
P9_ERRORS(P9_X)
#undef P9_X
}
