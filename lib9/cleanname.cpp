// Path names as text.  cleanname(2).

#include "lib9/cleanname.h"

#include <vector>

#include "lib9/quote.h"

namespace p9 {

std::string
cleanname(std::string_view name)
{
	bool rooted = name.starts_with('/');
	std::vector<std::string_view> kept;
	for(std::string_view e : getfields(name, "/", Seps::Runs)) {
		if(e == ".")
			continue;
		if(e != "..")
			kept.push_back(e);
		else if(!kept.empty() && kept.back() != "..")
			kept.pop_back();
		else if(!rooted)
			kept.push_back(e);
	}
	std::string s = rooted ? "/" : "";
	for(size_t i = 0; i < kept.size(); i++) {
		if(i > 0)
			s += '/';
		s += kept[i];
	}
	if(s.empty())
		return ".";
	// A device's name only if it was the first thing.
	if(s[0] == '#' && kept[0].data() != name.data())
		s.insert(0, "./");
	return s;
}

std::string_view
basename(std::string_view name)
{
	while(name.size() > 1 && name.ends_with('/'))
		name.remove_suffix(1);
	if(name == "/")
		return name;
	return name.substr(name.rfind('/') + 1);
}

std::string_view
dirname(std::string_view name)
{
	while(name.size() > 1 && name.ends_with('/'))
		name.remove_suffix(1);
	size_t i = name.rfind('/');
	if(i == name.npos)
		return ".";
	while(i > 0 && name[i - 1] == '/')
		i--;
	return i == 0 ? name.substr(0, 1) : name.substr(0, i);
}

std::string
joinname(std::string_view dir, std::string_view name)
{
	if(dir.empty() || name.starts_with('/'))
		return std::string(name);
	std::string s(dir);
	if(!name.empty() && !s.ends_with('/'))
		s += '/';
	return s.append(name);
}
}
