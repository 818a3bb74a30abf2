#include "port/path.h"

#include <algorithm>

#include "port/chan.h"

namespace p9 {

namespace {
// How much of s is the root, which .. never takes away: "/", "#/", "#s".
size_t
rootlen(std::string_view s)
{
	if(s.empty() || s[0] != '#')
		return s.starts_with('/') ? 1 : 0;
	if(s.starts_with("#/"))
		return 2;
	return std::min(s.find('/'), s.size());
}

size_t
nelems(std::string_view s)
{
	size_t n = 0;
	bool inelem = false;
	for(char ch : s.substr(rootlen(s))) {
		if(ch != '/' && !inelem)
			n++;
		inelem = ch != '/';
	}
	return n;
}
}

Path::Path(std::string_view text) : s(text), mtpt(nelems(text) + 1) {}

Path::~Path() = default;

Ref<Path>
Path::copy(size_t more) const
{
	auto p = mk<Path>(Sized{s.size(), mtpt.size() + more});
	p->s = s;
	p->mtpt = mtpt;
	return p;
}

Path::Path(Sized n)
{
	s.reserve(n.text + 32);
	mtpt.reserve(n.elems);
}

Ref<Path>
Path::add(std::string_view elem, Ref<Chan> from) const
{
	auto p = copy(1);
	p->append(elem, std::move(from));
	return p;
}

void
Path::append(std::string_view elem, Ref<Chan> from)
{
	if(elem == "..") {
		up();
		return;
	}
	if(!s.empty() && s.back() != '/')
		s += '/';
	s += elem;
	mtpt.push_back(std::move(from));
}

void
Path::up()
{
	size_t root = rootlen(s);
	size_t slash = s.rfind('/');
	s.resize(slash == s.npos ? root : std::max(slash, root));
	if(mtpt.size() > 1)
		mtpt.pop_back();
}
}
