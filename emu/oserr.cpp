// One table from the host's error numbers to Plan 9's texts.

#include "emu/oserr.h"

#include <cerrno>
#include <cstring>

#include "lib9/error.h"

namespace p9 {

namespace {

struct Row {
	int err;
	std::string_view text;
};

constexpr Row rows[] = {
	{EPERM, Eperm},
	{EACCES, Eperm},
	{ENOENT, Enonexist},
	{ENXIO, Enonexist}, // a device file without its device
	{ENODEV, Enonexist},
	{EINTR, Eintr},
	{EIO, Eio},
	{E2BIG, Etoobig},
	{EBADF, Ebadfd},
	{ECHILD, Enochild},
	{ENOMEM, Enomem},
	{EFAULT, Ebadarg},
	{EINVAL, Ebadarg},
	{EBUSY, Einuse},
	{ETXTBSY, Einuse},
	{EAGAIN, Einuse},
	{EEXIST, Eexist},
	{EXDEV, Ecrossdev},
	{ENOTDIR, Enotdir},
	{EISDIR, Eisdir},
	{ENOTEMPTY, Enotempty},
	{EMFILE, Enofd},
	{ENFILE, Enofd},
	{EFBIG, "file too big"},
	{EOVERFLOW, "file too big"},
	{ENOSPC, Enospace},
	{EDQUOT, Enospace},
	{ESPIPE, Eisstream},
	{EROFS, Erofs},
	{EPIPE, Ehungup},
	{ECONNRESET, Ehungup},
	{ENOTCONN, Ehungup},
	{ECONNREFUSED, Econrefused},
	{ETIMEDOUT, Etimedout},
	{EADDRINUSE, "address in use"},
	{ELOOP, Eloop},
	{ENAMETOOLONG, Etoolong},
	{ESTALE, Echange},
	{EOPNOTSUPP, "Operation not supported"},
	{ENOTTY, Ebadctl},
};
}

std::string_view
oserrtext(int err)
{
	for(const Row& r : rows)
		if(r.err == err)
			return r.text;
	const char* s = strerrordesc_np(err);
	return s ? s : "unknown host error";
}

void
oserror(int err)
{
	error(oserrtext(err));
}

void
oserror(int err, std::string_view name)
{
	error(oserrtext(err), name);
}

[[gnu::noinline]] int64_t
neg(int64_t r)
{
	return r < 0 ? -errno : r;
}
}
