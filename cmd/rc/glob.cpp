// Names for a pattern.  Each element of it that holds no pattern is walked without
// reading the directory.

#include <algorithm>

#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

// The names in directory dir, or nothing when it cannot be read.
static std::vector<Dir>
entries(const std::string& dir)
{
	std::string name = dir.empty() ? "." : dir;
	if(!access(name, AEXIST))
		return {};
	try {
		return dirreadall(name);
	} catch(const Error&) {
		return {};
	}
}

// . and .. match only what begins with a dot itself.
static bool
matchname(std::string_view s, std::string_view p)
{
	if((s == "." || s == "..") && !p.starts_with('.'))
		return false;
	return match(s, p, '/');
}

static void
globdir(std::string name, std::string_view pattern, Words& out)
{
	stackcheck();
	while(pattern.starts_with('/')) {
		name = makepath(name.empty() ? "/" : name, "/");
		pattern.remove_prefix(1);
	}
	if(pattern.empty()) {
		out.push_back(std::move(name));
		return;
	}
	size_t meta = pattern.find(GLOB);
	if(meta == pattern.npos) {
		name = makepath(name, pattern);
		if(access(name, AEXIST))
			out.push_back(std::move(name));
		return;
	}
	size_t slash = pattern.rfind('/', meta);
	if(slash != pattern.npos) {
		name = makepath(name, pattern.substr(0, slash));
		pattern.remove_prefix(slash + 1);
		meta -= slash + 1;
	}
	slash = pattern.find('/', meta);
	std::string_view rest = slash == pattern.npos ? "" : pattern.substr(slash);
	for(const Dir& d : entries(name))
		if((rest.empty() || d.mode & DMDIR) && matchname(d.name, pattern))
			globdir(makepath(name, d.name), rest, out);
}

void
glob(const std::string& word, Words& out)
{
	Words found;
	globdir("", word, found);
	if(found.empty()) {
		out.push_back(deglob(word));
		return;
	}
	std::ranges::sort(found);
	out.insert(out.end(), found.begin(), found.end());
}
}
