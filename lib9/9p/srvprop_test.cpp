// The engine against random clients: one whose every answer a small model foretells,
// and one that sends nonsense.

#include <map>
#include <random>

#include "tests/treesrv.h"

namespace p9 {

namespace {

// What a client may expect of a Treesrv that only it uses, everything permitted.
class Model {
	struct Mfile {
		bool dir = false;
		std::string text;
	};
	struct Mfid {
		int file = 0;
		int omode = -1;
	};
	std::map<int, Mfile> files{{0, {true, {}}}};
	std::map<std::string, int> names; // "3/name" in directory 3
	std::map<int, std::string> where; // of a file that still has a name
	std::map<uint32_t, Mfid> fids;
	int nextfile = 1;

	static std::string key(int dir, std::string_view name)
	{
		return std::to_string(dir) + "/" + std::string(name);
	}

public:
	using Answer = std::string; // "" is success, else the error's text

	Answer attach(uint32_t fid)
	{
		return fids.try_emplace(fid, Mfid{}).second ? "" : "duplicate fid";
	}
	Answer walk(uint32_t fid, uint32_t newfid, std::string_view name)
	{
		if(!fids.contains(fid))
			return "unknown fid";
		Mfid f = fids[fid];
		if(f.omode != -1)
			return "cannot clone open fid";
		if(!name.empty() && !files[f.file].dir)
			return "walk in non-directory";
		if(newfid != fid && fids.contains(newfid))
			return "duplicate fid";
		if(!name.empty()) {
			auto it = names.find(key(f.file, name));
			if(it == names.end())
				return "file not found";
			f.file = it->second;
		}
		fids[newfid] = f;
		return "";
	}
	Answer create(uint32_t fid, std::string_view name, bool dir)
	{
		if(!fids.contains(fid))
			return "unknown fid";
		Mfid& f = fids[fid];
		if(f.omode != -1)
			return "9P protocol botch";
		if(!files[f.file].dir)
			return "create in non-directory";
		if(f.file != 0 && !where.contains(f.file))
			return "create in deleted directory";
		std::string k = key(f.file, name);
		if(names.contains(k))
			return "file already exists";
		files[nextfile].dir = dir;
		names[k] = nextfile;
		where[nextfile] = k;
		f = {nextfile++, dir ? OREAD : ORDWR};
		return "";
	}
	Answer open(uint32_t fid, int mode)
	{
		if(!fids.contains(fid))
			return "unknown fid";
		Mfid& f = fids[fid];
		if(f.omode != -1)
			return "9P protocol botch";
		if(files[f.file].dir && mode != OREAD)
			return "file is a directory";
		if(mode & OTRUNC)
			files[f.file].text.clear();
		f.omode = mode;
		return "";
	}
	Answer write(uint32_t fid, size_t off, std::string_view s)
	{
		if(!fids.contains(fid))
			return "unknown fid";
		Mfid f = fids[fid];
		if(f.omode == -1 || (f.omode & 3) == OREAD || files[f.file].dir)
			return "9P protocol botch";
		std::string& t = files[f.file].text;
		t.resize(std::max(t.size(), off + s.size()));
		t.replace(off, s.size(), s);
		return "";
	}
	Answer read(uint32_t fid, size_t off, size_t n, std::string& s)
	{
		if(!fids.contains(fid))
			return "unknown fid";
		Mfid f = fids[fid];
		if(f.omode == -1 || (f.omode & 3) == OWRITE)
			return "9P protocol botch";
		if(files[f.file].dir)
			return off == 0 ? "dir" : "bad offset";
		const std::string& t = files[f.file].text;
		s = off < t.size() ? t.substr(off, n) : "";
		return "";
	}
	Answer remove(uint32_t fid)
	{
		if(!fids.contains(fid))
			return "unknown fid";
		int file = fids[fid].file;
		fids.erase(fid);
		if(file == 0)
			return "remove /: cannot remove root";
		if(!where.contains(file))
			return "permission denied";
		std::string k = where[file];
		std::string name = k.substr(k.find('/') + 1);
		for(auto& [kid, at] : where)
			if(at.starts_with(std::to_string(file) + "/"))
				return "remove " + name + ": has children";
		names.erase(k);
		where.erase(file);
		return "";
	}
	Answer clunk(uint32_t fid) { return fids.erase(fid) ? "" : "unknown fid"; }
};

constexpr std::string_view Name[] = {"a", "b", "c"};

using Twoanswers = std::pair<std::string, std::string>; // the server's, the model's

// One random request to both.
Twoanswers
step(Testclient& c, Model& m, std::mt19937& rnd)
{
	auto pick = [&](uint32_t n) { return uint32_t(rnd() % n); };
	uint32_t fid = pick(6);
	uint32_t other = pick(6);
	std::string_view name = Name[pick(3)];
	std::string text(pick(300), char('a' + pick(26)));
	size_t off = pick(500);
	switch(pick(10)) {
	case 0:
		return {c.err(Tattach{.fid = fid, .uname = "glenda"}), m.attach(fid)};
	case 1:
		return {c.walk(fid, other, {}), m.walk(fid, other, {})};
	case 2:
	case 3:
		return {c.walk(fid, other, {name}), m.walk(fid, other, name)};
	case 4: {
		bool dir = pick(3) == 0;
		return {c.err(Tcreate{.fid = fid,
				      .name = name,
				      .perm = dir ? DMDIR | 0777 : 0666,
				      .mode = uint8_t(dir ? OREAD : ORDWR)}),
			m.create(fid, name, dir)};
	}
	case 5: {
		int mode = std::array{+OREAD, +OWRITE, +ORDWR, ORDWR | OTRUNC}[pick(4)];
		return {c.err(Topen{.fid = fid, .mode = uint8_t(mode)}),
			m.open(fid, mode)};
	}
	case 6:
		return {c.err(Twrite{.fid = fid,
				     .offset = off,
				     .data = std::as_bytes(std::span(text))}),
			m.write(fid, off, text)};
	case 7: {
		std::string want;
		std::string why = m.read(fid, off, 200, want);
		if(why == "dir")
			return {};
		if(!why.empty())
			return {c.err(Tread{.fid = fid, .offset = off, .count = 200}),
				why};
		return {c.read(fid, off, 200), want};
	}
	case 8:
		return {c.err(Tremove{.fid = fid}), m.remove(fid)};
	}
	return {c.err(Tclunk{.fid = fid}), m.clunk(fid)};
}
}

TEST(lib9p, random_requests_are_answered_as_a_model_says)
{
	for(unsigned seed = 1; seed <= 20 && !testing::Test::HasFailure(); seed++) {
		SCOPED_TRACE(seed);
		std::mt19937 rnd(seed);
		Treesrv s;
		s.tree = std::make_unique<Tree>("glenda", "sys", 0777);
		Testclient c(s);
		c.version();
		Model m;
		for(int i = 0; i < 1000 && !testing::Test::HasFailure(); i++) {
			auto [got, want] = step(c, m, rnd);
			EXPECT_EQ(got, want);
		}
	}
}

// Messages with good headers and any bytes in them: each is answered, or ends the
// session.
TEST(lib9p, nonsense_is_answered_or_ends_the_session)
{
	std::mt19937 rnd(1);
	for(int i = 0; i < 500; i++) {
		Treesrv s;
		Attached c(s);
		for(int n = 0; n < 20; n++) {
			size_t len = 7 + rnd() % 40;
			Block b = Block::alloc(len);
			for(size_t k = 0; k < len; k++)
				b.room()[k] = std::byte(rnd() % 4 ? 0 : rnd());
			putle(b.room().data(), uint32_t(len));
			b.room()[4] = std::byte(100 + 2 * (rnd() % 14));
			b.produced(len);
			c.sendraw(std::move(b));
			if(c.recvblock().empty())
				break;
		}
	}
}
}
