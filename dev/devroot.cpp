// The root device: the directories that a name space begins with, the programs
// as files of one line, and the files that are built in.  The tree is made once
// and never changes; a qid's path is the index of its node.  root(3).

#include <map>
#include <string>

#include "lib9/error.h"
#include "port/cmdtab.h"
#include "port/dev.h"

namespace p9 {

namespace {

constexpr std::string_view Dirs[] = {"bin", "dev", "env", "fd", "lib", "man", "mnt", "n",
	"net", "proc", "rc", "srv", "tmp", "usr"};

struct Node {
	std::string name;
	uint32_t perm;	// with DMDIR
	std::string text;
	uint64_t parent;
	std::map<std::string, uint64_t, std::less<>> kids;
};

class Root final : public Gendev {
	std::vector<Node> nodes;

	uint64_t add(
		uint64_t in, std::string_view elem, uint32_t perm, std::string_view text);
	void addfile(std::string_view path, uint32_t perm, std::string_view text);
	Dir entry(uint64_t path) const;

public:
	Root();

	Ref<Chan> attach(std::string_view spec) override;
	std::vector<Dir> list(const Chan& c) override;
	std::optional<Dir> lookup(Chan& c, std::string_view elem) override;
	Dir parent(const Chan& c) override { return entry(nodes[c.qid.path].parent); }
	Dir self(Chan& c) override { return entry(c.qid.path); }
	size_t read(Chan& c, Buf buf, int64_t off) override;
};

Root::Root() : Gendev(U'/', "root")
{
	nodes.push_back({"/", DMDIR | 0555, {}, 0, {}});
	for(std::string_view d : Dirs)
		add(0, d, DMDIR | 0555, {});
	for(const Program& p : cmdtab()) {
		std::string line = "#!emu " + std::string(p.name) + "\n";
		addfile("/bin/" + std::string(p.name), 0555, line);
	}
	for(const Rootfile& f : rootfiles())
		addfile(f.path, 0444, f.text);
}

// A second file or directory of one name is the first.
uint64_t
Root::add(uint64_t in, std::string_view elem, uint32_t perm, std::string_view text)
{
	uint64_t path = nodes.size();
	auto [kid, isnew] = nodes[in].kids.emplace(elem, path);
	if(!isnew)
		return kid->second;
	nodes.push_back({std::string(elem), perm, std::string(text), in, {}});
	return path;
}

void
Root::addfile(std::string_view path, uint32_t perm, std::string_view text)
{
	uint64_t in = 0;
	while(path.starts_with('/'))
		path.remove_prefix(1);
	for(size_t i; (i = path.find('/')) != path.npos; path.remove_prefix(i + 1))
		in = add(in, path.substr(0, i), DMDIR | 0555, {});
	add(in, path, perm, text);
}

Dir
Root::entry(uint64_t path) const
{
	const Node& n = nodes[path];
	if(n.perm & DMDIR)
		return dir(path, n.name, n.perm & 0777);
	return file(path, n.name, n.perm, n.text.size());
}

// `#/bin' is no file of ours but a spec, and surely a mistake: `#//bin' is the file.
Ref<Chan>
Root::attach(std::string_view spec)
{
	if(!spec.empty())
		error(Ebadspec);
	return devattach(*this, spec);
}

std::vector<Dir>
Root::list(const Chan& c)
{
	std::vector<Dir> l;
	for(auto& [kid, path] : nodes[c.qid.path].kids)
		l.push_back(entry(path));
	return l;
}

std::optional<Dir>
Root::lookup(Chan& c, std::string_view elem)
{
	auto& kids = nodes[c.qid.path].kids;
	auto kid = kids.find(elem);
	if(kid == kids.end())
		return {};
	return entry(kid->second);
}

size_t
Root::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	return readstr(buf, off, nodes[c.qid.path].text);
}
}

Dev&
rootdev()
{
	static Root dev;
	return dev;
}
}
