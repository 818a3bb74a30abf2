// Files of the host as entries: qids from device and inode, versions from times,
// names for user and group numbers, and file names that Plan 9 would refuse.

#include "emu/osstat.h"

#include <grp.h>
#include <pwd.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib9/args.h"
#include "lib9/utf.h"
#include "port/osfile.h"
#include "port/proc.h"

namespace p9 {

namespace {

constexpr int Inobits = 48;
constexpr char32_t Escape = 0xF000; // the first of 256 runes for single bytes

// As a mixing function: every bit of x counts in every bit of the answer.
uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
	x = (x ^ x >> 27) * 0x94D049BB133111EB;
	return x ^ x >> 31;
}

// A small number for each device that was seen.
uint64_t
devindex(uint64_t dev)
{
	static std::mutex lk;
	static std::unordered_map<uint64_t, uint64_t> seen;
	static uint64_t lastdev, lastindex;
	std::scoped_lock l(lk);
	if(seen.empty() || dev != lastdev) {
		lastindex = seen.try_emplace(dev, seen.size() + 1).first->second;
		lastdev = dev;
	}
	return lastindex;
}

// Inode numbers beyond 48 bits are hashed into the whole word.
uint64_t
qidpath(const struct statx& s)
{
	uint64_t index = devindex(makedev(s.stx_dev_major, s.stx_dev_minor));
	if(s.stx_ino >> Inobits || index >> (63 - Inobits))
		return mix(s.stx_ino ^ mix(index)) | uint64_t(1) << 63;
	return index << Inobits | s.stx_ino;
}

uint64_t
nsof(const statx_timestamp& t)
{
	return uint64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

uint32_t
seconds(const statx_timestamp& t)
{
	if(t.tv_sec < 0)
		return 0;
	return t.tv_sec > UINT32_MAX ? UINT32_MAX : uint32_t(t.tv_sec);
}

// Names by number, remembered: asking may mean asking another machine.
class Idnames {
	using Ask = std::optional<std::string> (*)(unsigned id);
	const Ask ask;
	std::mutex lk;
	std::map<unsigned, std::string> names; // guarded by lk

public:
	explicit Idnames(Ask a) : ask(a) {}
	std::string get(unsigned id)
	{
		{
			std::scoped_lock l(lk);
			if(auto it = names.find(id); it != names.end())
				return it->second;
		}
		std::string n;
		{
			Oscall o;
			n = ask(id).value_or(std::to_string(id));
		}
		std::scoped_lock l(lk);
		return names.emplace(id, std::move(n)).first->second;
	}
};

std::optional<std::string>
askuser(unsigned id)
{
	std::vector<char> buf(16384);
	passwd pw;
	passwd* found = nullptr;
	if(getpwuid_r(id, &pw, buf.data(), buf.size(), &found) != 0 || !found)
		return {};
	return std::string(found->pw_name);
}

std::optional<std::string>
askgroup(unsigned id)
{
	std::vector<char> buf(65536);
	group gr;
	group* found = nullptr;
	if(getgrgid_r(id, &gr, buf.data(), buf.size(), &found) != 0 || !found)
		return {};
	return std::string(found->gr_name);
}

std::string
username(unsigned id)
{
	static Idnames& names = *new Idnames(askuser);
	return names.get(id);
}

std::string
groupname(unsigned id)
{
	static Idnames& names = *new Idnames(askgroup);
	return names.get(id);
}

uint32_t
modeof(const struct statx& s)
{
	if(S_ISLNK(s.stx_mode))
		return 0; // it leads nowhere
	uint32_t m = s.stx_mode & 0777u;
	if(S_ISDIR(s.stx_mode))
		m |= DMDIR;
	if(s.stx_attributes & STATX_ATTR_APPEND && !S_ISDIR(s.stx_mode))
		m |= DMAPPEND;
	return m;
}

bool
needsescape(char32_t r, size_t len, std::string_view at)
{
	bool bad = r == Runeerror && !(len == 3 && at.starts_with("\xEF\xBF\xBD"));
	return bad || r < 0x20 || r == 0x7F || (r >= Escape && r < Escape + 256);
}
}

Dir
dirof(const struct statx& s)
{
	Dir d;
	d.type = 'U';
	d.mode = modeof(s);
	d.qid.path = qidpath(s);
	d.qid.vers = uint32_t(mix(nsof(s.stx_mtime) ^ mix(nsof(s.stx_ctime))));
	d.qid.type = uint8_t(d.mode >> 24);
	d.atime = seconds(s.stx_atime);
	d.mtime = seconds(s.stx_mtime);
	d.length = S_ISREG(s.stx_mode) ? s.stx_size : 0;
	d.uid = username(s.stx_uid);
	d.gid = groupname(s.stx_gid);
	d.muid = d.uid;
	return d;
}

std::optional<unsigned>
gidof(std::string_view name)
{
	Oscall o;
	std::vector<char> buf(65536);
	group gr;
	group* found = nullptr;
	std::string s(name);
	if(getgrnam_r(s.c_str(), &gr, buf.data(), buf.size(), &found) == 0 && found)
		return found->gr_gid;
	auto n = parseint(name);
	if(!n || *n < 0 || *n >= UINT32_MAX)
		return {};
	return unsigned(*n);
}

std::string
shownname(std::string_view host)
{
	std::string s;
	for(size_t i = 0; i < host.size();) {
		char32_t r;
		size_t n = decode(host.substr(i), r);
		if(!needsescape(r, n, host.substr(i)))
			s += host.substr(i, n);
		else
			for(size_t k = 0; k < n; k++)
				encode(Escape + static_cast<unsigned char>(host[i + k]),
				       s);
		i += n;
	}
	return s;
}

std::optional<std::string>
hostname(std::string_view shown)
{
	std::string s;
	for(size_t i = 0; i < shown.size();) {
		char32_t r;
		size_t n = decode(shown.substr(i), r);
		if(r >= Escape && r < Escape + 256)
			s += char(r - Escape);
		else
			s += shown.substr(i, n);
		i += n;
	}
	if(s.empty() || s == "." || s == ".." || s.find('/') != s.npos ||
	   s.find('\0') != s.npos)
		return {};
	return s;
}

std::string
hostuser()
{
	return askuser(geteuid()).value_or(std::to_string(geteuid()));
}

std::string
hostsysname()
{
	char buf[256] = {};
	if(gethostname(buf, sizeof buf - 1) != 0 || buf[0] == 0)
		return "emu";
	std::string_view s(buf);
	return std::string(s.substr(0, s.find('.')));
}
}
