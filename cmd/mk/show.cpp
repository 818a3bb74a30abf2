// Recipes as people see them.

#include "cmd/mk/mkfile.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

// How much of s a quote that begins it takes, with the quote at its end.
size_t
quotelength(std::string_view s)
{
	size_t end = s.find('\'', 1);
	return end == s.npos ? s.size() : end + 1;
}

// The same of `{...}: to the first } that is not in quotes.
size_t
backquotelength(std::string_view s)
{
	size_t i = 1;
	while(i < s.size()) {
		if(s[i] == '}')
			return i + 1;
		i += s[i] == '\'' ? quotelength(s.substr(i)) : 1;
	}
	return s.size();
}

// Appends the value of the variable at the start of s; answers how much of s it was.
size_t
variable(std::string_view s, const Mkvars& vars, std::string& out)
{
	std::string_view name;
	size_t n;
	if(s.substr(1).starts_with('{')) {
		size_t end = s.find('}');
		name = s.substr(2, end == s.npos ? s.npos : end - 2);
		n = end == s.npos ? s.size() : end + 1;
	} else {
		name = s.substr(1, namelength(s.substr(1)));
		n = 1 + name.size();
	}
	if(const Wordlist* w = vars.shown(name))
		out += quotewords(*w);
	else
		out += s.substr(0, n);
	return n;
}
}

std::string
showrecipe(std::string_view recipe, const Mkvars& vars)
{
	std::string out;
	while(!recipe.empty()) {
		size_t n = 1;
		if(recipe[0] == '$') {
			n = variable(recipe, vars, out);
		} else {
			if(recipe[0] == '\'')
				n = quotelength(recipe);
			else if(recipe[0] == '`')
				n = backquotelength(recipe);
			out += recipe.substr(0, n);
		}
		recipe.remove_prefix(n);
	}
	return out;
}

// Every separator ends a field, so that a newline at the end leaves a blank more, as in
// Plan 9.
std::string
recipefront(std::string_view shown)
{
	std::vector<std::string_view> f = getfields(shown, " \t\n", Seps::Each);
	if(f.size() > 5) {
		f[3] = "...";
		f[4] = f.back();
		f.resize(5);
	}
	std::string s;
	for(std::string_view w : f) {
		s += w;
		s += ' ';
	}
	return s;
}
}
