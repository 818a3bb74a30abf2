// Quoting.  quote(2), getfields(2).

#include "lib9/quote.h"

#include <algorithm>

namespace p9 {

namespace {

// What rc reads as more than itself, beside blanks and control characters.
constexpr std::string_view Rcspecial = "`^#*[]=|\\?${}()'<>&;";
constexpr std::string_view Blanks = " \t\r\n";

bool
isblank(char c)
{
	return Blanks.find(c) != Blanks.npos;
}

bool
needsquote(std::string_view s, std::string_view special)
{
	for(char c : s)
		if(uint8_t(c) <= ' ' || special.find(c) != special.npos)
			return true;
	return s.empty();
}
}

std::string
alwaysquoted(std::string_view s)
{
	std::string q = "'";
	for(char c : s) {
		if(c == '\'')
			q += c;
		q += c;
	}
	q += '\'';
	return q;
}

std::string
quoted(std::string_view s)
{
	return needsquote(s, "'") ? alwaysquoted(s) : std::string(s);
}

std::string
rcquoted(std::string_view s)
{
	return needsquote(s, Rcspecial) ? alwaysquoted(s) : std::string(s);
}

std::vector<std::string>
tokenize(std::string_view s, size_t max)
{
	std::vector<std::string> f;
	for(size_t i = 0; f.size() < max;) {
		while(i < s.size() && isblank(s[i]))
			i++;
		if(i == s.size())
			break;
		std::string w;
		bool quoting = false;
		for(; i < s.size() && (quoting || !isblank(s[i])); i++) {
			if(s[i] != '\'') {
				w += s[i];
			} else if(quoting && i + 1 < s.size() && s[i + 1] == '\'') {
				w += s[++i];
			} else {
				quoting = !quoting;
			}
		}
		f.push_back(std::move(w));
	}
	return f;
}

std::vector<std::string_view>
getfields(std::string_view s, std::string_view seps, Seps how, size_t max)
{
	std::vector<std::string_view> f;
	while(f.size() < max) {
		if(how == Seps::Runs) {
			s.remove_prefix(std::min(s.find_first_not_of(seps), s.size()));
			if(s.empty())
				break;
		}
		size_t n = f.size() + 1 == max ? s.npos : s.find_first_of(seps);
		f.push_back(s.substr(0, n));
		if(n == s.npos)
			break;
		s.remove_prefix(n + 1);
	}
	return f;
}

std::string_view
trim(std::string_view s)
{
	while(!s.empty() && isblank(s.front()))
		s.remove_prefix(1);
	while(!s.empty() && isblank(s.back()))
		s.remove_suffix(1);
	return s;
}
}
