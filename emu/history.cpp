// The lock is flock's, on the file itself.  Who has it looks whether the name still
// leads to the file that he has locked: another may have renamed a new one there.

#include "emu/history.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "emu/oshandle.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

// All that is looked at: as many lines as are kept, each as long as they come.
constexpr int64_t Maxbytes = int64_t(Historyfile::Maxlines * Historyfile::Maxline);
constexpr int Tries = 100; // for a file that is not renamed at this moment

std::string
hostvar(const char* name)
{
	const char* v = getenv(name);
	return v ? v : "";
}

bool
samefile(int fd, const std::string& name)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && stat(name.c_str(), &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

// The file, or -1: a plain one only, for others may wait or never end.
Osfd
openfile(const std::string& name, int flags)
{
	Osfd fd(::open(name.c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
	struct stat st;
	if(fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)))
		return Osfd(-1);
	return fd;
}

void
makedirs(const std::string& path)
{
	for(size_t i = path.find('/', 1); i != path.npos; i = path.find('/', i + 1))
		mkdir(path.substr(0, i).c_str(), 0700);
}

bool
writewhole(int fd, std::string_view s)
{
	while(!s.empty()) {
		ssize_t n = ::write(fd, s.data(), s.size());
		if(n > 0)
			s.remove_prefix(size_t(n));
		else if(n == 0 || errno != EINTR)
			return false;
	}
	return true;
}

// The end of the file, from the beginning of a line on.
std::string
readtail(int fd)
{
	struct stat st;
	if(fstat(fd, &st) != 0)
		return {};
	int64_t off = std::max<int64_t>(st.st_size - Maxbytes, 0);
	std::string s(size_t(st.st_size - off), '\0');
	size_t have = 0;
	while(have < s.size()) {
		ssize_t n = pread(fd, s.data() + have, s.size() - have,
				  off + int64_t(have));
		if(n <= 0)
			break;
		have += size_t(n);
	}
	s.resize(have);
	if(off > 0)
		s.erase(0, std::min(s.find('\n'), s.size() - 1) + 1);
	return s;
}

size_t
countlines(std::string_view s)
{
	return size_t(std::ranges::count(s, '\n'));
}

// The last n lines; an unfinished one at the end is no line.
std::string_view
lastlines(std::string_view s, size_t n)
{
	for(size_t have = countlines(s); have > n; have--)
		s.remove_prefix(s.find('\n') + 1);
	return s;
}

// What libedit can show of s: whole runes.
std::string
onlytext(std::string_view s)
{
	std::string good;
	for(char32_t r; !s.empty();) {
		size_t n = decode(s, r);
		bool bad = (r == Runeerror && n == 1) || r == 0;
		if(!bad)
			good += s.substr(0, n);
		s.remove_prefix(n);
	}
	return good;
}
}

// The file, or -1, and whether it is locked.
struct Historyfile::Locked {
	Osfd fd;
	bool has = false;
};

// Nobody waits long for a history: false when another keeps the lock.
bool
Historyfile::lock(int fd)
{
	for(int ms = 0;; ms++) {
		if(flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if(errno != EWOULDBLOCK && errno != EINTR)
			return false;
		if(ms >= patience) {
			patience = 0;
			return false;
		}
		poll(nullptr, 0, 1);
	}
}

Historyfile::Locked
Historyfile::openlocked(int flags)
{
	for(int i = 0; i < Tries; i++) {
		Locked f{openfile(path, flags)};
		if(f.fd < 0)
			return f;
		f.has = lock(f.fd);
		if(!f.has || samefile(f.fd, path))
			return f;
	}
	return {Osfd(-1)};
}

std::string
Historyfile::place()
{
	std::string dir = hostvar("XDG_STATE_HOME");
	if(!dir.starts_with('/')) {
		dir = hostvar("HOME");
		if(!dir.starts_with('/'))
			return {};
		dir += "/.local/state";
	}
	std::string name = dir + "/emu/history";
	// Who has made the file a link keeps the link.
	if(char* real = realpath(name.c_str(), nullptr)) {
		name = real;
		free(real);
	}
	return name;
}

std::vector<std::string>
Historyfile::load()
{
	std::vector<std::string> lines;
	if(path.empty())
		return lines;
	Osfd fd = openfile(path, O_RDONLY);
	if(fd < 0)
		return lines;
	std::string text = readtail(fd);
	nlines = countlines(text);
	std::string_view s = lastlines(text, Maxlines);
	while(!s.empty()) {
		size_t n = std::min(s.find('\n'), s.size());
		if(std::string l = onlytext(s.substr(0, n)); !l.empty())
			lines.push_back(std::move(l));
		s.remove_prefix(std::min(n + 1, s.size()));
	}
	if(nlines > Maxlines)
		trim();
	return lines;
}

void
Historyfile::append(std::string_view line)
{
	if(path.empty() || line.empty() || line.size() > Maxline)
		return;
	constexpr int flags = O_RDWR | O_APPEND | O_CREAT;
	Locked f = openlocked(flags);
	if(f.fd < 0) {
		makedirs(path);
		f = openlocked(flags);
	}
	if(f.fd < 0)
		return;
	std::string text(line);
	text += '\n';
	// A line that was cut off, by a full disk perhaps, keeps to itself.
	struct stat st;
	char last = '\n';
	if(fstat(f.fd, &st) == 0 && st.st_size > 0 &&
	   pread(f.fd, &last, 1, st.st_size - 1) == 1 && last != '\n')
		text.insert(0, 1, '\n');
	if(writewhole(f.fd, text) && ++nlines > 2 * Maxlines) {
		f = {Osfd(-1)};
		trim();
	}
}

// A file that is cut in place could be lost half way.
void
Historyfile::trim()
{
	Locked f = openlocked(O_RDWR);
	if(f.fd < 0 || !f.has)
		return;
	std::string text = readtail(f.fd);
	std::string_view keep = lastlines(text, Maxlines);
	nlines = countlines(keep);
	std::string other = path + ".new";
	unlink(other.c_str());
	Osfd nf = openfile(other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
	if(nf < 0)
		return;
	if(!writewhole(nf, keep) || fsync(nf) != 0 ||
	   rename(other.c_str(), path.c_str()) != 0)
		unlink(other.c_str());
}
}
