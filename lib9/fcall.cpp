// What needs to know all of the messages: unpacking by type, and their text.
// intro(5), fcall(2).

#include "lib9/fcall.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace p9 {

namespace {

using Unpack = std::optional<Fcall> (*)(Bytes, size_t lent);

struct Row {
	Unpack unpack = nullptr;
	std::string_view name;
};

// Made in place: an empty Fcall would be zeroed first, all 272 bytes of it.
template<size_t i>
std::optional<Fcall>
unpackas(Bytes msg, size_t lent)
{
	std::optional<Fcall> f(std::in_place, std::in_place_index<i>);
	if(!unpackM(msg, *std::get_if<i>(&*f), lent))
		f.reset();
	return f;
}

// By type, from the list of all messages.
template<size_t... i>
constexpr std::array<Row, 256>
mktable(std::index_sequence<i...>)
{
	std::array<Row, 256> t{};
	((t[std::variant_alternative_t<i, Fcall>::type] =
		{unpackas<i>, std::variant_alternative_t<i, Fcall>::text}), ...);
	return t;
}
constexpr std::array<Row, 256> rows =
	mktable(std::make_index_sequence<std::variant_size_v<Fcall>>());

// Takes the first word off s.
std::string_view
takeword(std::string_view& s)
{
	std::string_view w = s.substr(0, s.find(' '));
	s.remove_prefix(std::min(w.size() + 1, s.size()));
	return w;
}

// At most 64 bytes of b in quotes: as they are if they can be printed, else in
// hexadecimal, a blank every four.
std::string
dumpsome(Bytes b)
{
	b = b.first(std::min(b.size(), size_t(64)));
	bool printable = true;
	for(std::byte c : b)
		printable &= (c >= std::byte{' '} && c < std::byte{127}) ||
			c == std::byte{'\n'} || c == std::byte{'\t'};
	std::string s = "'";
	for(size_t i = 0; i < b.size(); i++) {
		if(printable) {
			s += char(b[i]);
			continue;
		}
		if(i > 0 && i % 4 == 0)
			s += ' ';
		s += fmt::format("{:02x}", unsigned(b[i]));
	}
	return s + '\'';
}

class Printer {
	std::string_view words;	// the names of the fields to come
	size_t lent;

	void one(std::string_view s)
	{
		std::string_view w = takeword(words);
		std::string_view q = w == "version" ? "'" : "";
		out += fmt::format(" {} {}{}{}", w, q, s, q);
	}
	void one(std::unsigned_integral auto v)
	{
		std::string_view w = takeword(words);
		if(w == "perm")
			out += fmt::format(" {} 0{:o}", w, v);
		else if(w.ends_with("fid") && v == NOFID)
			out += fmt::format(" {} -1", w);
		else
			out += fmt::format(" {} {}", w, v);
		if(w == "iounit")
			out += ' ';
	}
	void one(uint64_t off)
	{
		out += fmt::format(" {} {}", takeword(words), int64_t(off));
	}
	void one(const Qid& q)
	{
		out += fmt::format(" {} {}", takeword(words), fmtqid(q));
	}
	static std::string_view text(std::string_view s) { return s; }
	static std::string text(const Qid& q) { return fmtqid(q); }
	template<class T> void one(const Few<T>& f)
	{
		out += fmt::format(" {} {} ", takeword(words), f.size());
		for(size_t i = 0; i < f.size(); i++)
			out += fmt::format("{}:{} ", i, text(f[i]));
	}

public:
	std::string out;

	Printer(std::string_view t, uint16_t tag, size_t l) : words(t), lent(l)
	{
		out = fmt::format("{} tag {}", takeword(words), tag);
	}
	void operator()(const auto&... f) { (one(f), ...); }
	void data(Bytes b)
	{
		one(uint32_t(b.size() + lent));
		out += b.empty() && lent > 0 ? " <no data>" : ' ' + dumpsome(b);
	}
	void stat(Bytes b)
	{
		std::optional<Dirview> d = viewM2D(b);
		out += d ? " stat " + fmtdir(*d)
			 : fmt::format(" stat({} bytes)", b.size());
	}
};
}

size_t
pack(const Fcall& f, uint16_t tag, Buf b, size_t lent)
{
	return std::visit([&](const auto& m) { return packM(m, tag, b, lent); }, f);
}

std::optional<Fcall>
unpack(Bytes msg, uint16_t& tag, size_t lent)
{
	if(msg.size() < MSGHDR)
		return std::nullopt;
	tag = msgtag(msg);
	Unpack fn = rows[msgtype(msg)].unpack;
	return fn ? fn(msg, lent) : std::nullopt;
}

std::string_view
msgname(uint8_t type)
{
	std::string_view s = rows[type].name;
	return takeword(s);
}

std::string
fmt9p(const Fcall& f, uint16_t tag, size_t lent)
{
	return std::visit(
		[&](auto m) {
			Printer io(m.text, tag, lent);
			m.fields(io);
			return std::move(io.out);
		},
		f);
}

std::string
fmt9p(Bytes msg, size_t lent)
{
	uint16_t tag = NOTAG;
	if(std::optional<Fcall> f = unpack(msg, tag, lent))
		return fmt9p(*f, tag, lent);
	if(msg.size() >= MSGHDR && !rows[msgtype(msg)].unpack)
		return fmt::format("unknown type {}", msgtype(msg));
	return fmt::format("bad message ({} bytes)", msg.size());
}
}
