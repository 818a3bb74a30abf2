// Scripts and clients of one file, for tests of the mount driver's reads and writes.

#pragma once

#include <string>

#include "port/dev.h"
#include "tests/scripted.h"

namespace p9 {

inline constexpr Qid Plain{7, 1, QTFILE};

inline void
servewalk(Script& s, Qid qid)
{
	Rwalk r;
	r.wqid.add(qid);
	s.answer<Twalk>(r);
}

inline void
servestat(Script& s, Qid qid, uint64_t length)
{
	Dir d;
	d.qid = qid;
	d.length = length;
	d.name = "file";
	d.uid = d.gid = d.muid = "glenda";
	std::byte b[256];
	s.answer<Tstat>(Rstat{.stat = {b, convD2M(d, b)}});
}

// Walk and open, and the Tstat that a plain file's first open is followed by.
inline void
serveopen(Script& s, Qid qid = Plain)
{
	servewalk(s, qid);
	s.answer<Topen>(Ropen{.qid = qid, .iounit = 0});
}

inline void
servenew(Script& s, Qid qid = Plain, uint64_t length = 1000)
{
	serveopen(s, qid);
	servestat(s, qid, length);
}

inline void
serveread(Script& s, std::string_view text)
{
	s.answer<Tread>(Rread{bytes(text)});
}

inline void
serveclunk(Script& s)
{
	s.answer<Tclunk>(Rclunk{});
}

inline Ref<Chan>
openfile(Chan& root, int omode = OREAD)
{
	Ref<Chan> c = walkto(root, {"file"});
	Dev& d = c->dev;
	return d.open(std::move(c), omode);
}

inline std::string
readstring(Chan& c, size_t n, int64_t off)
{
	std::string s(n, '-');
	s.resize(c.dev.read(c, std::as_writable_bytes(std::span(s)), off));
	return s;
}

inline size_t
writestring(Chan& c, std::string_view s, int64_t off)
{
	return c.dev.write(c, bytes(s), off);
}
}
