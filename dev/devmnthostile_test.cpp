// The mount driver against a server that is honest but for one reply: cut short, of a
// wrong size, type or tag, with any byte changed, or sent twice.  Every call ends, with
// an answer within bounds or an Error; nothing hangs and nothing is left.

#include <gtest/gtest.h>

#include <optional>

#include "lib9/endian.h"
#include "lib9/error.h"
#include "port/dev.h"
#include "port/mnt.h"
#include "tests/attempt.h"
#include "tests/scripted.h"
#include "tests/test.h"

namespace p9 {

namespace {

constexpr uint32_t Msize = 1024;

// What an honest server says to t.
Block
honest(const Block& t)
{
	uint16_t tag = 0;
	Fcall f = unpack(t.data(), tag, t.lent).value();
	auto say = [&](const auto& r) { return Script::message(tag, r); };
	std::byte b[256];
	Dir d;
	d.name = d.uid = d.gid = d.muid = "name";
	Bytes entry(b, convD2M(d, b));
	if(std::get_if<Tversion>(&f))
		return say(Rversion{Msize, VERSION9P});
	if(std::get_if<Tauth>(&f))
		return say(Rauth{{9, 0, QTAUTH}});
	if(std::get_if<Tattach>(&f))
		return say(Rattach{{1, 0, QTDIR}});
	if(auto* m = std::get_if<Twalk>(&f)) {
		Rwalk r;
		for(std::string_view s : m->wname)
			r.wqid.add({2, 0, s == "dir" ? uint8_t(QTDIR) : uint8_t(QTFILE)});
		return say(r);
	}
	if(std::get_if<Topen>(&f))
		return say(Ropen{{2, 0, QTFILE}, 500});
	if(std::get_if<Tcreate>(&f))
		return say(Rcreate{{3, 0, QTFILE}, 500});
	if(auto* m = std::get_if<Tread>(&f)) {
		bool end = m->offset >= entry.size() || m->count < entry.size();
		return say(Rread{end ? Bytes{} : entry});
	}
	if(auto* m = std::get_if<Twrite>(&f))
		return say(Rwrite{uint32_t(m->data.size() + t.lent)});
	if(std::get_if<Tstat>(&f))
		return say(Rstat{entry});
	if(std::get_if<Tclunk>(&f))
		return say(Rclunk{});
	if(std::get_if<Tremove>(&f))
		return say(Rremove{});
	if(std::get_if<Twstat>(&f))
		return say(Rwstat{});
	return say(Rflush{});
}

constexpr uint8_t requests[] = {Tversion::type, Tauth::type, Tattach::type, Twalk::type,
	Topen::type, Tcreate::type, Tread::type, Twrite::type, Tstat::type, Tclunk::type,
	Tremove::type, Twstat::type};

// What the server does in the place of a reply r; Gone is to hang up then.
enum After { Goon, Gone };
using Evil = std::function<After(Script& s, Bytes r)>;

// Every kind of call once, whatever comes of those before.
void
life(Ref<Chan> conn, int flags)
{
	std::byte b[700] = {};
	attempt([&] { close(mntauth(conn, "")); });
	attempt([&] {
		Ref<Chan> root = mntattach(conn, {}, "", flags);
		auto use = [&](std::string_view name, auto fn) {
			attempt([&] {
				Ref<Chan> c = walkto(*root, {name});
				fn(c);
				if(c)
					close(std::move(c));
			});
		};
		use("file", [&](Ref<Chan>& c) {
			attempt([&] { c = c->dev.open(c, ORDWR); });
			attempt([&] { EXPECT_LE(c->dev.read(*c, b, 0), sizeof b); });
			attempt([&] { EXPECT_LE(c->dev.write(*c, b, 0), sizeof b); });
			attempt([&] { c->dev.stat(*c); });
			attempt([&] { c->dev.wstat(*c, Dir::dontcare()); });
		});
		use("dir", [&](Ref<Chan>& c) {
			attempt([&] { c = c->dev.open(c, OREAD); });
			attempt([&] { EXPECT_LE(c->dev.read(*c, b, 0), sizeof b); });
		});
		use("dir", [&](Ref<Chan>& c) {
			attempt([&] { c = c->dev.create(c, "new", ORDWR, 0666); });
		});
		use("file", [&](Ref<Chan>& c) {
			attempt([&] { chanremove(std::move(c)); });
		});
		close(std::move(root));
	});
	close(std::move(conn));
}

// A server that does evil once, at its first reply to a request of that type.
void
against(uint8_t type, const Evil& evil, int flags)
{
	Scripted srv([&](Script& s) {
		bool done = false;
		attempt([&] {
			for(;;) {
				Block t = s.recv();
				if(t.empty())
					return;
				Block r = honest(t);
				if(done || msgtype(t.data()) != type)
					s.raw(std::move(r));
				else if(done = true; evil(s, r.data()) == Gone)
					return;
			}
		});
	});
	life(srv.chan(), flags);
	srv.end();
}

// evil at each type of request, n from 0 on until it says that there is no more: for
// replies of any length.
void
againsteach(std::function<std::optional<After>(Script& s, Bytes r, size_t n)> evil)
{
	for(uint8_t type : requests)
		for(int flags : {0, int(MCACHE)}) {
			bool more = true;
			for(size_t n = 0; more; n++) {
				more = false;
				against(type, [&](Script& s, Bytes r) {
					auto a = evil(s, r, n);
					more = a.has_value();
					if(!more)
						s.raw(r);
					return a.value_or(Goon);
				}, flags);
			}
		}
}

std::string
copied(Bytes r)
{
	return {reinterpret_cast<const char*>(r.data()), r.size()};
}

std::string
withsize(Bytes r, uint32_t n)
{
	std::string s = copied(r);
	putle(reinterpret_cast<std::byte*>(s.data()), n);
	return s;
}
}

PTEST(mnthostile, DM_32_death_after_every_byte_of_every_reply)
{
	againsteach([](Script& s, Bytes r, size_t n) -> std::optional<After> {
		if(n >= r.size())
			return {};
		if(n > 0)
			s.raw(r.first(n));
		return Gone;
	});
}

PTEST(mnthostile, DM_30_BM_2_BM_3_every_reply_cut_short_that_says_so)
{
	againsteach([](Script& s, Bytes r, size_t n) -> std::optional<After> {
		if(n + 4 >= r.size())
			return {};
		s.raw(bytes(withsize(r, uint32_t(n + 4)).substr(0, n + 4)));
		return Goon;
	});
}

PTEST(mnthostile, DM_30_BM_2_every_size_that_is_wrong)
{
	againsteach([](Script& s, Bytes r, size_t n) -> std::optional<After> {
		uint32_t right = uint32_t(r.size());
		uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 7, right - 1, right + 1, Msize, Msize + 1,
			0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
		if(n >= std::size(sizes))
			return {};
		s.raw(bytes(withsize(r, sizes[n])));
		return Gone;
	});
}

PTEST(mnthostile, DM_24_every_type_but_the_right_one)
{
	againsteach([](Script& s, Bytes r, size_t n) -> std::optional<After> {
		if(n >= 256)
			return {};
		std::string m = copied(r);
		m[4] = char(n);
		s.raw(bytes(m));
		return Goon;
	});
}

PTEST(mnthostile, every_byte_of_every_reply_is_something_else)
{
	againsteach([](Script& s, Bytes r, size_t n) -> std::optional<After> {
		constexpr size_t Ways = 5;
		size_t at = MSGHDR + n / Ways;
		if(at >= r.size())
			return {};
		std::string m = copied(r);
		char changed[Ways] = {0, char(0xFF), char(m[at] ^ 0x80), char(m[at] + 1), '/'};
		m[at] = changed[n % Ways];
		s.raw(bytes(m));
		return Goon;
	});
}

PTEST(mnthostile, an_error_with_every_byte_something_else)
{
	againsteach([](Script& s, Bytes r, size_t n) -> std::optional<After> {
		Block b = Script::message(msgtag(r), Rerror{"no"});
		size_t at = 4 + n / 2;
		if(at >= b.size())
			return {};
		if(at != 5 && at != 6) // an answer to nobody would be waited for
			b.mut()[at] = std::byte(n & 1 ? 0xFF : 0);
		s.raw(std::move(b));
		return Goon;
	});
}

// But a tag of nobody's is dropped, and what follows counts.
PTEST(mnthostile, DM_28_wrong_tags_and_replies_that_come_twice)
{
	againsteach([](Script& s, Bytes r, size_t n) -> std::optional<After> {
		uint16_t right = msgtag(r);
		uint16_t tags[] = {uint16_t(right + 1), uint16_t(right + 300), 0, NOTAG, right};
		if(n >= std::size(tags))
			return {};
		if(right == NOTAG)
			return {}; // an Rversion comes alone
		std::string m = copied(r);
		putle(reinterpret_cast<std::byte*>(m.data()) + 5, tags[n]);
		if(tags[n] != right)
			s.raw(bytes(m));
		s.raw(r);
		if(tags[n] == right)
			s.raw(r);
		return Goon;
	});
}

// Counts and numbers of things above what was asked.
PTEST(mnthostile, DM_15_DM_19_more_than_was_asked)
{
	againsteach([](Script& s, Bytes r, size_t n) -> std::optional<After> {
		if(n > 1)
			return {};
		uint16_t tag = msgtag(r);
		std::byte junk[900] = {};
		Rwalk walked;
		while(walked.wqid.size() < MAXWELEM)
			walked.wqid.add({5, 0, QTFILE});
		switch(msgtype(r)) {
		case Rread::type:
			s.reply(tag, Rread{Bytes(junk).first(n ? 701 : 900)});
			break;
		case Rwrite::type:
			s.reply(tag, Rwrite{n ? 501 : 0xFFFFFFFF});
			break;
		case Rwalk::type:
			s.reply(tag, walked);
			break;
		case Ropen::type:
			s.reply(tag, Ropen{{2, 0, QTFILE}, n ? 0xFFFFFFFF : 0});
			break;
		case Rcreate::type:
			s.reply(tag, Rcreate{{2, 0, QTFILE}, n ? 0xFFFFFFFF : 1});
			break;
		case Rversion::type:
			s.reply(tag, Rversion{n ? 0xFFFFFFFF : 257, VERSION9P});
			break;
		default:
			s.raw(r);
		}
		return Goon;
	});
}
}
