// Directory entries.  stat(5), fcall(2).

#include "lib9/dir.h"

#include <fmt/format.h>

#include "lib9/endian.h"

namespace p9 {

namespace {

// Writes forward; the room has been checked.
class Put {
	std::byte* p;

public:
	explicit Put(std::byte* b) : p(b) {}
	void operator()(std::unsigned_integral auto v)
	{
		putle(p, v);
		p += sizeof v;
	}
	void operator()(std::string_view s)
	{
		(*this)(uint16_t(s.size()));
		if(!s.empty())
			std::memcpy(p, s.data(), s.size());
		p += s.size();
	}
};

// Reads forward within b; after the first field that is bad all are empty.
class Get {
	Bytes b;
	bool ok = true;

public:
	explicit Get(Bytes bytes) : b(bytes) {}
	template<std::unsigned_integral T> T num()
	{
		ok = ok && b.size() >= sizeof(T);
		if(!ok)
			return 0;
		T v = getle<T>(b.data());
		b = b.subspan(sizeof v);
		return v;
	}
	std::string_view str()
	{
		size_t n = num<uint16_t>();
		ok = ok && b.size() >= n;
		if(!ok)
			return {};
		std::string_view s(reinterpret_cast<const char*>(b.data()), n);
		ok = s.find('\0') == s.npos;
		b = b.subspan(n);
		return s;
	}
	bool whole() const { return ok && b.empty(); }
};
}

Dir
Dir::dontcare()
{
	Dir d;
	d.type = 0xFFFF;
	d.dev = 0xFFFFFFFF;
	d.qid = {~uint64_t(0), 0xFFFFFFFF, 0xFF};
	d.mode = d.atime = d.mtime = 0xFFFFFFFF;
	d.length = ~uint64_t(0);
	return d;
}

Dir
Dirview::dir() const
{
	return {type, dev, qid, mode, atime, mtime, length, std::string(name),
		std::string(uid), std::string(gid), std::string(muid)};
}

size_t
sizeD2M(const Dir& d)
{
	return STATFIXLEN + d.name.size() + d.uid.size() + d.gid.size() + d.muid.size();
}

size_t
convD2M(const Dir& d, Buf b)
{
	size_t n = sizeD2M(d);
	if(n > STATMAX || b.size() < 2)
		return 0;
	putle(b.data(), uint16_t(n - 2));
	if(n > b.size())
		return 0;
	Put put(b.data() + 2);
	put(d.type);
	put(d.dev);
	put(d.qid.type);
	put(d.qid.vers);
	put(d.qid.path);
	put(d.mode);
	put(d.atime);
	put(d.mtime);
	put(d.length);
	put(d.name);
	put(d.uid);
	put(d.gid);
	put(d.muid);
	return n;
}

std::optional<Dirview>
viewM2D(Bytes b)
{
	Get get(b);
	if(get.num<uint16_t>() + 2u != b.size())
		return {};
	Dirview d;
	d.type = get.num<uint16_t>();
	d.dev = get.num<uint32_t>();
	d.qid.type = get.num<uint8_t>();
	d.qid.vers = get.num<uint32_t>();
	d.qid.path = get.num<uint64_t>();
	d.mode = get.num<uint32_t>();
	d.atime = get.num<uint32_t>();
	d.mtime = get.num<uint32_t>();
	d.length = get.num<uint64_t>();
	d.name = get.str();
	d.uid = get.str();
	d.gid = get.str();
	d.muid = get.str();
	if(!get.whole())
		return {};
	return d;
}

bool
statcheck(Bytes b)
{
	return viewM2D(b).has_value();
}

std::optional<Dir>
convM2D(Bytes b)
{
	if(std::optional<Dirview> d = viewM2D(b))
		return d->dir();
	return {};
}

Bytes
takeentry(Bytes& b)
{
	if(b.size() < 2)
		return {};
	size_t n = getle<uint16_t>(b.data()) + 2u;
	if(n > b.size())
		return {};
	Bytes e = b.first(n);
	b = b.subspan(n);
	return e;
}

std::string
fmtmode(uint32_t mode)
{
	std::string s = "--rwxrwxrwx";
	if(mode & DMDIR)
		s[0] = 'd';
	else if(mode & DMAPPEND)
		s[0] = 'a';
	else if(mode & DMAUTH)
		s[0] = 'A';
	if(mode & DMEXCL)
		s[1] = 'l';
	for(size_t i = 0; i < 9; i++)
		if(!(mode & 0400u >> i))
			s[2 + i] = '-';
	return s;
}

std::string
fmtqid(const Qid& q)
{
	std::string type;
	if(q.type & QTDIR)
		type += 'd';
	if(q.type & QTAPPEND)
		type += 'a';
	if(q.type & QTEXCL)
		type += 'l';
	if(q.type & QTAUTH)
		type += 'A';
	return fmt::format("({:016x} {} {})", q.path, q.vers, type);
}

std::string
fmtdir(const Dirview& d)
{
	return fmt::format("'{}' '{}' '{}' '{}' q {} m {:#o} at {} mt {} l {} t {} d {}",
		d.name, d.uid, d.gid, d.muid, fmtqid(d.qid), d.mode, d.atime, d.mtime,
		d.length, d.type, d.dev);
}
}
