// 9P messages: random ones come back, broken ones are refused.

#include "lib9/fcall.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace p9 {
namespace {

using Raw = std::vector<std::byte>;

// Fills the fields of a message with anything that the wire can carry.
class Anything {
	std::mt19937_64& rnd;
	std::vector<std::string>& pool;	// what the strings and data point into

	std::string& text(size_t max)
	{
		std::string s(rnd() % (max + 1), 0);
		for(char& c : s)
			c = char(1 + rnd() % 255);
		return pool.emplace_back(std::move(s));
	}
	void one(std::unsigned_integral auto& v)
	{
		v = std::remove_reference_t<decltype(v)>(rnd());
	}
	void one(Qid& q) { (*this)(q.path, q.vers, q.type); }
	void one(std::string_view& s) { s = text(30); }
	template<class T> void one(Few<T>& f)
	{
		T t;
		for(size_t n = rnd() % (MAXWELEM + 1); n > 0; n--) {
			one(t);
			f.add(t);
		}
	}

public:
	Anything(std::mt19937_64& r, std::vector<std::string>& p) : rnd(r), pool(p)
	{
		pool.reserve(64);
	}
	void operator()(auto&... f) { (one(f), ...); }
	void data(Bytes& b) { b = std::as_bytes(std::span(text(300))); }
	void stat(Bytes& b) { data(b); }
};

template<class M>
Raw
raw(const M& m, uint16_t tag = 1, size_t lent = 0)
{
	Raw b(sizeM(m, lent));
	EXPECT_EQ(packM(m, tag, b, lent), b.size());
	return b;
}

// Calls fn with a fresh M of each type.
template<size_t i = 0>
void
eachtype(auto fn)
{
	if constexpr(i < std::variant_size_v<Fcall>) {
		fn(std::variant_alternative_t<i, Fcall>());
		eachtype<i + 1>(fn);
	}
}

std::optional<Fcall>
unpacked(Bytes b, size_t lent = 0)
{
	uint16_t tag;
	return unpack(b, tag, lent);
}

template<class M>
void
roundtrip(std::mt19937_64& rnd)
{
	std::vector<std::string> pool;
	M m;
	Anything any(rnd, pool);
	m.fields(any);
	uint16_t tag = uint16_t(rnd());
	Raw b = raw(m, tag);
	ASSERT_EQ(msgsize(b), b.size());
	ASSERT_EQ(msgtype(b), M::type);
	ASSERT_EQ(msgtag(b), tag);
	M back;
	ASSERT_TRUE(unpackM(b, back));
	ASSERT_EQ(raw(back, tag), b);
	uint16_t gottag = 0;
	std::optional<Fcall> f = unpack(b, gottag);
	ASSERT_TRUE(f && std::holds_alternative<M>(*f));
	ASSERT_EQ(gottag, tag);
	Raw again(b.size());
	ASSERT_EQ(pack(*f, tag, again), b.size());
	ASSERT_EQ(again, b);
	ASSERT_EQ(packM(m, tag, Buf(again).first(b.size() - 1)), 0u);

	// Cut short anywhere, with its size field left alone or set right; or one byte
	// longer.
	for(size_t n = 0; n < b.size(); n++) {
		Raw cut(b.begin(), b.begin() + std::ptrdiff_t(n));
		ASSERT_FALSE(unpacked(cut));
		if(n >= 4)
			putle(cut.data(), uint32_t(n));
		ASSERT_FALSE(unpacked(cut)) << M::text << " cut to " << n;
	}
	b.push_back({});
	ASSERT_FALSE(unpacked(b));
	putle(b.data(), uint32_t(b.size()));
	ASSERT_FALSE(unpacked(b)) << M::text << " with a byte behind it";
}

TEST(fcall, random_messages_come_back_and_broken_ones_do_not)
{
	std::mt19937_64 rnd(2000);
	for(int i = 0; i < 30; i++)
		eachtype([&](auto m) { roundtrip<decltype(m)>(rnd); });
}

TEST(fcall, a_Tread_lies_as_in_read_5)
{
	Raw b = raw(Tread{.fid = 0x01020304,
			    .offset = 0x1112131415161718,
			    .count = 0x21222324},
		0x3132);
	const unsigned char want[] = {23, 0, 0, 0, 116, 0x32, 0x31, 4, 3, 2, 1, 0x18,
		0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x24, 0x23, 0x22, 0x21};
	ASSERT_EQ(b.size(), sizeof want);
	EXPECT_EQ(std::memcmp(b.data(), want, b.size()), 0);
}

TEST(fcall, a_Rwalk_has_the_type_of_a_qid_first)
{
	Rwalk m;
	m.wqid.add({1, 2, QTDIR});
	const unsigned char want[] = {
		22, 0, 0, 0, 111, 1, 0, 1, 0, 0x80, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
	Raw b = raw(m);
	ASSERT_EQ(b.size(), sizeof want);
	EXPECT_EQ(std::memcmp(b.data(), want, b.size()), 0);
}

TEST(fcall, LP_3_types_that_are_no_message_are_refused)
{
	for(int t = 0; t < 256; t++) {
		Raw b(MSGHDR);
		putle(b.data(), uint32_t(b.size()));
		b[4] = std::byte(t);
		setmsgtag(b, 77);
		uint16_t tag = 0;
		bool empty = t == Rflush::type || t == Rclunk::type ||
			t == Rremove::type || t == Rwstat::type;
		EXPECT_EQ(unpack(b, tag).has_value(), empty) << t;
		EXPECT_EQ(tag, 77);
		EXPECT_EQ(msgname(uint8_t(t)).empty(), t < 100 || t > 127 || t == 106)
			<< t;
	}
}

TEST(fcall, BM_2_sizes_below_the_header_or_absurd_are_refused)
{
	Raw b = raw(Rclunk());
	for(uint32_t size : {0u, 4u, 6u, 8u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
		putle(b.data(), size);
		EXPECT_FALSE(unpacked(b)) << size;
	}
}

TEST(fcall, BM_3_a_Rread_shorter_than_its_header_is_refused)
{
	for(size_t n = 7; n < RREADHDR; n++) {
		Raw b(n);
		putle(b.data(), uint32_t(n));
		b[4] = std::byte{Rread::type};
		Rread r;
		EXPECT_FALSE(unpackM(b, r)) << n;
		EXPECT_FALSE(unpacked(b)) << n;
	}
}

TEST(fcall, LP_1_counts_beyond_the_message_are_refused)
{
	const char text[] = "data";
	Raw b = raw(Rread{.data = std::as_bytes(std::span(text))});
	for(uint32_t n : {0u, 4u, 6u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
		putle(b.data() + 7, n);
		EXPECT_FALSE(unpacked(b)) << n;
	}
	b = raw(Tversion{.msize = 8192, .version = VERSION9P});
	for(uint16_t n : {uint16_t(0), uint16_t(5), uint16_t(7), uint16_t(0xFFFF)}) {
		putle(b.data() + 11, n);
		EXPECT_FALSE(unpacked(b)) << n;
	}
}

TEST(fcall, LP_1_a_NUL_in_a_string_is_refused)
{
	Raw b = raw(Rerror{.ename = "abc"});
	b[10] = {};
	EXPECT_FALSE(unpacked(b));
	Twalk m;
	m.wname.add("a");
	m.wname.add("b");
	b = raw(m);
	b.back() = {};
	EXPECT_FALSE(unpacked(b));
}

TEST(fcall, LP_1_more_names_or_qids_than_MAXWELEM_are_refused)
{
	for(uint16_t n : {uint16_t(16), uint16_t(17), uint16_t(0xFFFF)}) {
		Raw b(MSGHDR + 10u + 2u * n);
		putle(b.data(), uint32_t(b.size()));
		b[4] = std::byte{Twalk::type};
		putle(b.data() + 15, n);
		EXPECT_EQ(unpacked(b).has_value(), n == 16) << n;
		b = Raw(MSGHDR + 2u + QIDSZ * n);
		putle(b.data(), uint32_t(b.size()));
		b[4] = std::byte{Rwalk::type};
		putle(b.data() + 7, n);
		EXPECT_EQ(unpacked(b).has_value(), n == 16) << n;
	}
	Few<Qid> f;
	for(size_t i = 0; i < MAXWELEM; i++)
		EXPECT_TRUE(f.add({i, 0, 0}));
	EXPECT_FALSE(f.add({}));
	EXPECT_EQ(f.size(), MAXWELEM);
	EXPECT_EQ(f.back().path, MAXWELEM - 1);
}

TEST(fcall, strings_and_entries_longer_than_their_count_are_not_packed)
{
	std::string s(65536, 'x');
	Raw b(100000);
	EXPECT_EQ(packM(Rerror{.ename = s}, 1, b), 0u);
	EXPECT_EQ(sizeM(Rerror{.ename = s}), 0u);
	EXPECT_EQ(packM(Rstat{.stat = std::as_bytes(std::span(s))}, 1, b), 0u);
	s.pop_back();
	EXPECT_EQ(packM(Rerror{.ename = s}, 1, b), MSGHDR + 2 + s.size());
}

TEST(fcall, a_payload_may_lie_elsewhere)
{
	Raw b = raw(Rread(), 5, 8192);
	EXPECT_EQ(b.size(), RREADHDR);
	EXPECT_EQ(msgsize(b), RREADHDR + 8192u);
	EXPECT_EQ(getle<uint32_t>(b.data() + 7), 8192u);
	Rread r;
	EXPECT_TRUE(unpackM(b, r, 8192));
	EXPECT_TRUE(r.data.empty());
	EXPECT_FALSE(unpackM(b, r));
	EXPECT_FALSE(unpackM(b, r, 8191));

	const char text[] = {'a', 'b', 'c'};
	Twrite m{.fid = 1, .offset = 2, .data = std::as_bytes(std::span(text))};
	b = raw(m, 5, 100);
	EXPECT_EQ(b.size(), TWRITEHDR + 3);
	EXPECT_EQ(getle<uint32_t>(b.data() + 19), 103u);
	std::optional<Fcall> f = unpacked(b, 100);
	ASSERT_TRUE(f);
	EXPECT_EQ(std::get<Twrite>(*f).data.size(), 3u);
	putle(b.data() + 19, uint32_t(99));
	EXPECT_FALSE(unpacked(b, 100));
}

TEST(fcall, only_messages_with_data_can_lend)
{
	Raw b(100);
	EXPECT_EQ(packM(Tclunk(), 1, b, 10), 0u);
	EXPECT_EQ(packM(Rread(), 1, b, 0xFFFFFFFF), 0u);
	b = raw(Tclunk());
	putle(b.data(), uint32_t(b.size() + 10));
	EXPECT_FALSE(unpacked(b, 10));
}

TEST(fcall, an_error_of_9P2000_L_is_told_from_ours)
{
	Raw b(11);
	putle(b.data(), uint32_t(b.size()));
	b[4] = std::byte{RLERROR};
	EXPECT_FALSE(unpacked(b));
	EXPECT_EQ(msgtype(b), RLERROR);
}

TEST(fcall, LP_32_text_is_that_of_fcallfmt)
{
	auto text = [](const Fcall& f) { return fmt9p(f, 3); };
	EXPECT_EQ(text(Tversion{8216, "9P2000"}),
		"Tversion tag 3 msize 8216 version '9P2000'");
	EXPECT_EQ(text(Tauth{1, "u", "a"}), "Tauth tag 3 afid 1 uname u aname a");
	EXPECT_EQ(text(Tattach{1, NOFID, "u", ""}),
		"Tattach tag 3 fid 1 afid -1 uname u aname ");
	EXPECT_EQ(
		text(Rattach{{1, 2, QTDIR}}), "Rattach tag 3 qid (0000000000000001 2 d)");
	EXPECT_EQ(text(Rerror{"no"}), "Rerror tag 3 ename no");
	EXPECT_EQ(text(Tflush{9}), "Tflush tag 3 oldtag 9");
	EXPECT_EQ(text(Rflush()), "Rflush tag 3");
	Twalk w{1, 2, {}};
	EXPECT_EQ(text(w), "Twalk tag 3 fid 1 newfid 2 nwname 0 ");
	w.wname.add("a");
	w.wname.add("b");
	EXPECT_EQ(text(w), "Twalk tag 3 fid 1 newfid 2 nwname 2 0:a 1:b ");
	Rwalk q;
	q.wqid.add({1, 2, 0});
	EXPECT_EQ(text(q), "Rwalk tag 3 nwqid 1 0:(0000000000000001 2 ) ");
	EXPECT_EQ(text(Topen{1, OTRUNC}), "Topen tag 3 fid 1 mode 16");
	EXPECT_EQ(text(Ropen{{1, 2, 0}, 8192}),
		"Ropen tag 3 qid (0000000000000001 2 ) iounit 8192 ");
	EXPECT_EQ(text(Tcreate{1, "n", DMDIR | 0755, 1}),
		"Tcreate tag 3 fid 1 name n perm 020000000755 mode 1");
	EXPECT_EQ(text(Tread{1, UINT64_MAX, 5}), "Tread tag 3 fid 1 offset -1 count 5");
	EXPECT_EQ(text(Rwrite{5}), "Rwrite tag 3 count 5");
}

TEST(fcall, data_are_shown_as_text_or_hexadecimal)
{
	auto bytes = [](std::string_view s) { return std::as_bytes(std::span(s)); };
	EXPECT_EQ(fmt9p(Rread{bytes("a\nb")}, 3), "Rread tag 3 count 3 'a\nb'");
	EXPECT_EQ(fmt9p(Rread{}, 3), "Rread tag 3 count 0 ''");
	EXPECT_EQ(fmt9p(Rread{}, 3, 10), "Rread tag 3 count 10 <no data>");
	EXPECT_EQ(fmt9p(Twrite{1, 2, bytes("\x01zzz\xFF")}, 3),
		"Twrite tag 3 fid 1 offset 2 count 5 '017a7a7a ff'");
	std::string big(100, 'x');
	EXPECT_EQ(fmt9p(Rread{bytes(big)}, 3),
		"Rread tag 3 count 100 '" + std::string(64, 'x') + "'");
	Dir d;
	d.name = "n";
	Raw e(sizeD2M(d));
	convD2M(d, e);
	EXPECT_EQ(fmt9p(Twstat{1, e}, 3),
		"Twstat tag 3 fid 1 stat 'n' '' '' '' q (0000000000000000 0 ) m 0 at 0 "
		"mt 0 "
		"l 0 t 0 d 0");
	EXPECT_EQ(fmt9p(Rstat{bytes("xx")}, 3), "Rstat tag 3 stat(2 bytes)");
}

TEST(fcall, junk_has_a_text_too)
{
	EXPECT_EQ(fmt9p(Bytes()), "bad message (0 bytes)");
	Raw b = raw(Rflush(), 4);
	EXPECT_EQ(fmt9p(Bytes(b)), "Rflush tag 4");
	b[4] = std::byte{99};
	EXPECT_EQ(fmt9p(Bytes(b)), "unknown type 99");
	b[4] = std::byte{Tread::type};
	EXPECT_EQ(fmt9p(Bytes(b)), "bad message (7 bytes)");
}

TEST(fcall, random_bytes_are_refused_or_are_what_they_say)
{
	std::mt19937_64 rnd(1);
	for(int i = 0; i < 200000; i++) {
		Raw b(MSGHDR + rnd() % 40);
		for(std::byte& c : b)
			c = rnd() % 2 ? std::byte(rnd()) : std::byte{0};
		putle(b.data(), uint32_t(b.size()));
		b[4] = std::byte(100 + rnd() % 28);
		uint16_t tag;
		if(std::optional<Fcall> f = unpack(b, tag)) {
			Raw again(b.size());
			ASSERT_EQ(pack(*f, tag, again), b.size());
			ASSERT_EQ(again, b);
			fmt9p(*f, tag);
		}
	}
}
}
}
