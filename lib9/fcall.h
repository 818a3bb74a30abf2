// 9P2000 messages.  Each is described once, by fields(): its size, packing,
// unpacking and text all follow from that.  Strings and data of an unpacked
// message point into the bytes that it came from, which must outlive it.
//
//	std::byte b[64];
//	size_t n = packM(Tread{.fid = 1, .count = 8192}, tag, b);
//	Rread r;
//	if(!unpackM(reply, r)) ...
//
// Bytes of strangers are checked whole in unpack, before anything is believed: the
// size field is the number of bytes, every field lies inside, none is left over, no
// string holds a NUL, at most MAXWELEM names.  Names, fids and entries are still
// theirs.  Nothing here throws, sleeps or (but for fmt9p) allocates.
//
// The payload of an Rread or a Twrite may lie elsewhere (Block::lent): then `lent'
// bytes count as the end of the message, without being there.  intro(5), fcall(2).

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "lib9/dir.h"
#include "lib9/endian.h"
#include "lib9/plan9.h"

namespace p9 {

enum : size_t {
	MSGHDR = 7,	// size[4] type[1] tag[2]
	RREADHDR = MSGHDR + 4,	// what stands before an Rread's data
	TWRITEHDR = MSGHDR + 16,	// what stands before a Twrite's
};

// An error of 9P2000.L: its sender speaks nothing else.
inline constexpr uint8_t RLERROR = 7;

// The fields of every message.  Requires b.size() >= MSGHDR.
inline uint32_t
msgsize(Bytes b)
{
	return getle<uint32_t>(b.data());
}
inline uint8_t
msgtype(Bytes b)
{
	return uint8_t(b[4]);
}
inline uint16_t
msgtag(Bytes b)
{
	return getle<uint16_t>(b.data() + 5);
}
inline void
setmsgtag(Buf b, uint16_t tag)
{
	putle(b.data() + 5, tag);
}

// What a message repeats at most MAXWELEM times.
template<class T> class Few {
	uint16_t n = 0;
	std::array<T, MAXWELEM> v;

public:
	size_t size() const { return n; }
	bool empty() const { return n == 0; }
	void clear() { n = 0; }
	// Answers whether there was room.
	bool add(const T& t)
	{
		if(n == MAXWELEM)
			return false;
		v[n++] = t;
		return true;
	}
	T& operator[](size_t i) { return v[i]; }
	const T& operator[](size_t i) const { return v[i]; }
	const T* begin() const { return v.data(); }
	const T* end() const { return v.data() + n; }
	const T& back() const { return v[n - 1u]; }
	operator std::span<const T>() const { return {v.data(), n}; }
};

// The messages.  text is the name and then the names of the fields, for fmt9p.

struct Tversion {
	static constexpr uint8_t type = 100;
	static constexpr std::string_view text = "Tversion msize version";
	uint32_t msize = 0;
	std::string_view version = {};
	void fields(auto& io) { io(msize, version); }
};
struct Rversion {
	static constexpr uint8_t type = 101;
	static constexpr std::string_view text = "Rversion msize version";
	uint32_t msize = 0;
	std::string_view version = {};
	void fields(auto& io) { io(msize, version); }
};
struct Tauth {
	static constexpr uint8_t type = 102;
	static constexpr std::string_view text = "Tauth afid uname aname";
	uint32_t afid = NOFID;
	std::string_view uname = {}, aname = {};
	void fields(auto& io) { io(afid, uname, aname); }
};
struct Rauth {
	static constexpr uint8_t type = 103;
	static constexpr std::string_view text = "Rauth qid";
	Qid aqid = {};
	void fields(auto& io) { io(aqid); }
};
struct Tattach {
	static constexpr uint8_t type = 104;
	static constexpr std::string_view text = "Tattach fid afid uname aname";
	uint32_t fid = 0, afid = NOFID;
	std::string_view uname = {}, aname = {};
	void fields(auto& io) { io(fid, afid, uname, aname); }
};
struct Rattach {
	static constexpr uint8_t type = 105;
	static constexpr std::string_view text = "Rattach qid";
	Qid qid = {};
	void fields(auto& io) { io(qid); }
};
struct Rerror {
	static constexpr uint8_t type = 107;
	static constexpr std::string_view text = "Rerror ename";
	std::string_view ename = {};
	void fields(auto& io) { io(ename); }
};
struct Tflush {
	static constexpr uint8_t type = 108;
	static constexpr std::string_view text = "Tflush oldtag";
	uint16_t oldtag = NOTAG;
	void fields(auto& io) { io(oldtag); }
};
struct Rflush {
	static constexpr uint8_t type = 109;
	static constexpr std::string_view text = "Rflush";
	void fields(auto&) {}
};
struct Twalk {
	static constexpr uint8_t type = 110;
	static constexpr std::string_view text = "Twalk fid newfid nwname";
	uint32_t fid = 0, newfid = 0;
	Few<std::string_view> wname = {};
	void fields(auto& io) { io(fid, newfid, wname); }
};
struct Rwalk {
	static constexpr uint8_t type = 111;
	static constexpr std::string_view text = "Rwalk nwqid";
	Few<Qid> wqid = {};
	void fields(auto& io) { io(wqid); }
};
struct Topen {
	static constexpr uint8_t type = 112;
	static constexpr std::string_view text = "Topen fid mode";
	uint32_t fid = 0;
	uint8_t mode = 0;
	void fields(auto& io) { io(fid, mode); }
};
struct Ropen {
	static constexpr uint8_t type = 113;
	static constexpr std::string_view text = "Ropen qid iounit";
	Qid qid = {};
	uint32_t iounit = 0;
	void fields(auto& io) { io(qid, iounit); }
};
struct Tcreate {
	static constexpr uint8_t type = 114;
	static constexpr std::string_view text = "Tcreate fid name perm mode";
	uint32_t fid = 0;
	std::string_view name = {};
	uint32_t perm = 0;
	uint8_t mode = 0;
	void fields(auto& io) { io(fid, name, perm, mode); }
};
struct Rcreate {
	static constexpr uint8_t type = 115;
	static constexpr std::string_view text = "Rcreate qid iounit";
	Qid qid = {};
	uint32_t iounit = 0;
	void fields(auto& io) { io(qid, iounit); }
};
struct Tread {
	static constexpr uint8_t type = 116;
	static constexpr std::string_view text = "Tread fid offset count";
	uint32_t fid = 0;
	uint64_t offset = 0;
	uint32_t count = 0;
	void fields(auto& io) { io(fid, offset, count); }
};
struct Rread {
	static constexpr uint8_t type = 117;
	static constexpr std::string_view text = "Rread count";
	Bytes data = {};	// without what is lent
	void fields(auto& io) { io.data(data); }
};
struct Twrite {
	static constexpr uint8_t type = 118;
	static constexpr std::string_view text = "Twrite fid offset count";
	uint32_t fid = 0;
	uint64_t offset = 0;
	Bytes data = {};	// without what is lent
	void fields(auto& io)
	{
		io(fid, offset);
		io.data(data);
	}
};
struct Rwrite {
	static constexpr uint8_t type = 119;
	static constexpr std::string_view text = "Rwrite count";
	uint32_t count = 0;
	void fields(auto& io) { io(count); }
};
struct Tclunk {
	static constexpr uint8_t type = 120;
	static constexpr std::string_view text = "Tclunk fid";
	uint32_t fid = 0;
	void fields(auto& io) { io(fid); }
};
struct Rclunk {
	static constexpr uint8_t type = 121;
	static constexpr std::string_view text = "Rclunk";
	void fields(auto&) {}
};
struct Tremove {
	static constexpr uint8_t type = 122;
	static constexpr std::string_view text = "Tremove fid";
	uint32_t fid = 0;
	void fields(auto& io) { io(fid); }
};
struct Rremove {
	static constexpr uint8_t type = 123;
	static constexpr std::string_view text = "Rremove";
	void fields(auto&) {}
};
struct Tstat {
	static constexpr uint8_t type = 124;
	static constexpr std::string_view text = "Tstat fid";
	uint32_t fid = 0;
	void fields(auto& io) { io(fid); }
};
struct Rstat {
	static constexpr uint8_t type = 125;
	static constexpr std::string_view text = "Rstat";
	Bytes stat = {};	// an entry with its size field; statcheck it
	void fields(auto& io) { io.stat(stat); }
};
struct Twstat {
	static constexpr uint8_t type = 126;
	static constexpr std::string_view text = "Twstat fid";
	uint32_t fid = 0;
	Bytes stat = {};
	void fields(auto& io)
	{
		io(fid);
		io.stat(stat);
	}
};
struct Rwstat {
	static constexpr uint8_t type = 127;
	static constexpr std::string_view text = "Rwstat";
	void fields(auto&) {}
};

using Fcall = std::variant<Tversion, Rversion, Tauth, Rauth, Tattach, Rattach, Rerror,
	Tflush, Rflush, Twalk, Rwalk, Topen, Ropen, Tcreate, Rcreate, Tread, Rread,
	Twrite, Rwrite, Tclunk, Rclunk, Tremove, Rremove, Tstat, Rstat, Twstat, Rwstat>;

// The three who visit fields().
namespace wire {

class Sizer {
	size_t len = MSGHDR;
	bool ok = true;

	void one(const std::unsigned_integral auto& v) { len += sizeof v; }
	void one(const Qid&) { len += QIDSZ; }
	void one(std::string_view s)
	{
		len += 2 + s.size();
		ok &= s.size() <= 0xFFFF;
	}
	template<class T> void one(const Few<T>& f)
	{
		len += 2;
		for(const T& t : f)
			one(t);
	}

public:
	bool haslent = false;	// there is a payload that may be lent

	void operator()(const auto&... f) { (one(f), ...); }
	void data(Bytes b)
	{
		len += 4 + b.size();
		haslent = true;
	}
	void stat(Bytes b)
	{
		len += 2 + b.size();
		ok &= b.size() <= 0xFFFF;
	}
	size_t size() const { return ok ? len : 0; }
};

// Trusts the Sizer: there is room for all.
class Packer {
	std::byte* p;
	size_t lent;

	void one(std::unsigned_integral auto v)
	{
		putle(p, v);
		p += sizeof v;
	}
	void one(const Qid& q) { (*this)(q.type, q.vers, q.path); }
	void one(std::string_view s)
	{
		one(uint16_t(s.size()));
		copy(s.data(), s.size());
	}
	template<class T> void one(const Few<T>& f)
	{
		one(uint16_t(f.size()));
		for(const T& t : f)
			one(t);
	}
	void copy(const void* s, size_t n)
	{
		if(n != 0)
			std::memcpy(p, s, n);
		p += n;
	}

public:
	Packer(std::byte* b, size_t l) : p(b), lent(l) {}

	void operator()(const auto&... f) { (one(f), ...); }
	void data(Bytes b)
	{
		one(uint32_t(b.size() + lent));
		copy(b.data(), b.size());
	}
	void stat(Bytes b)
	{
		one(uint16_t(b.size()));
		copy(b.data(), b.size());
	}
};

// After the first field that does not fit all are refused.
class Unpacker {
	const std::byte* p;
	const std::byte* end;
	size_t lent;
	bool ok = true;

	bool has(size_t n)
	{
		ok = ok && size_t(end - p) >= n;
		return ok;
	}
	template<std::unsigned_integral T> void one(T& v)
	{
		if(!has(sizeof v))
			return;
		v = getle<T>(p);
		p += sizeof v;
	}
	void one(Qid& q) { (*this)(q.type, q.vers, q.path); }
	void one(std::string_view& s)
	{
		uint16_t n = 0;
		one(n);
		if(!has(n))
			return;
		s = {reinterpret_cast<const char*>(p), n};
		p += n;
		ok = s.find('\0') == s.npos;
	}
	template<class T> void one(Few<T>& f)
	{
		uint16_t n = 0;
		one(n);
		ok = ok && n <= MAXWELEM;
		f.clear();
		for(T t; ok && n > 0; n--) {
			one(t);
			f.add(t);
		}
	}
	void take(Bytes& b, size_t n)
	{
		if(!has(n))
			return;
		b = {p, n};
		p += n;
	}

public:
	Unpacker(Bytes b, size_t l) : p(b.data()), end(b.data() + b.size()), lent(l) {}

	void operator()(auto&... f) { (one(f), ...); }
	void data(Bytes& b)
	{
		uint32_t n = 0;
		one(n);
		ok = ok && n >= lent;
		if(ok)
			take(b, n - lent);
		lent = 0;
	}
	void stat(Bytes& b)
	{
		uint16_t n = 0;
		one(n);
		take(b, n);
	}
	bool whole() const { return ok && p == end && lent == 0; }
};

bool goodheader(Bytes msg, size_t lent);
}

// The bytes of m as a message, without what is lent; 0 when it can be none (a string over
// 65535 bytes, over 4 GiB in all, or something lent with a message that has no data).
template<class M>
inline size_t
sizeM(const M& m, size_t lent = 0)
{
	wire::Sizer io;
	const_cast<M&>(m).fields(io);	// a Sizer and a Packer only look
	if((lent != 0 && !io.haslent) || io.size() + lent > 0xFFFFFFFF)
		return 0;
	return io.size();
}

// Writes m to b and answers the bytes written; 0 when it does not fit or sizeM is 0. With
// lent, what follows them elsewhere is counted in the size and in m's count.
template<class M>
inline size_t
packM(const M& m, uint16_t tag, Buf b, size_t lent = 0)
{
	size_t n = sizeM(m, lent);
	if(n == 0 || n > b.size())
		return 0;
	putle(b.data(), uint32_t(n + lent));
	b[4] = std::byte{M::type};
	setmsgtag(b, tag);
	wire::Packer io(b.data() + MSGHDR, lent);
	const_cast<M&>(m).fields(io);
	return n;
}
size_t pack(const Fcall& f, uint16_t tag, Buf b, size_t lent = 0);

inline bool
wire::goodheader(Bytes msg, size_t lent)
{
	return msg.size() >= MSGHDR && msgsize(msg) == msg.size() + lent;
}

// Whether msg, with lent bytes behind it, is exactly an M; m is worth nothing if not.
template<class M>
inline bool
unpackM(Bytes msg, M& m, size_t lent = 0)
{
	if(!wire::goodheader(msg, lent) || msgtype(msg) != M::type)
		return false;
	wire::Unpacker io(msg.subspan(MSGHDR), lent);
	m.fields(io);
	return io.whole();
}

// The message that msg is, of whatever type; nothing when it is none (LP-1, BM-2, BM-3).
// tag is set whenever there is a header.
std::optional<Fcall> unpack(Bytes msg, uint16_t& tag, size_t lent = 0);

// The name of a message type, "Tread", or "" of what is none.
std::string_view msgname(uint8_t type);

// fcallfmt's %F: "Tread tag 1 fid 2 offset 0 count 8192";
// data are cut to 64 bytes.
std::string fmt9p(const Fcall& f, uint16_t tag, size_t lent = 0);
// The same of a message as it lies on the wire, or of junk: "bad message (n bytes)".
std::string fmt9p(Bytes msg, size_t lent = 0);
}
