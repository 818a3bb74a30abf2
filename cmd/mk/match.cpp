// Metarules: % and &.

#include "cmd/mk/mkfile.h"

namespace p9 {

std::optional<std::string>
matchstem(std::string_view name, std::string_view pattern)
{
	size_t i = pattern.find_first_of("%&");
	if(i == pattern.npos)
		return {};
	std::string_view front = pattern.substr(0, i);
	std::string_view back = pattern.substr(i + 1);
	if(name.size() < front.size() + back.size() || !name.starts_with(front) ||
		!name.ends_with(back))
		return {};
	name.remove_prefix(front.size());
	name.remove_suffix(back.size());
	if(pattern[i] == '&' && name.find_first_of("./") != name.npos)
		return {};
	return std::string(name);
}

std::string
substem(std::string_view stem, std::string_view pattern)
{
	std::string s;
	for(char c : pattern)
		if(c == '%' || c == '&')
			s += stem;
		else
			s += c;
	return s;
}
}
