// The text of an Error, and the throwing of it.  error(10).

#include "lib9/error.h"

#include "lib9/plan9.h"
#include "lib9/quote.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr std::string_view Dots = "...";

// The end of name that takes at most max bytes when its quotes are doubled.
std::string_view
quotedend(std::string_view name, size_t max)
{
	size_t n = 0;
	for(size_t cost = 0; n < name.size(); n++) {
		cost += name[name.size() - 1 - n] == '\'' ? 2 : 1;
		if(cost > max)
			break;
	}
	return utfcutfront(name, n);
}

std::string
errtext(std::string_view reason, std::string_view name)
{
	constexpr size_t max = ERRMAX - 1;
	std::string s(reason);
	if(!name.empty()) {
		s += ": ";
		std::string q = alwaysquoted(name);
		size_t least = s.size() + 2 + Dots.size();
		if(s.size() + q.size() > max && least < max)
			q = alwaysquoted(
				std::string(Dots).append(quotedend(name, max - least)));
		s += q;
	}
	s.resize(utfcut(s, max).size());
	return s;
}
}

Error::Error(std::string_view reason, std::string_view name)
	: why(reason), thing(name), all(errtext(reason, name))
{
}

void
error(std::string_view reason)
{
	throw Error(reason);
}

void
error(std::string_view reason, std::string_view name)
{
	throw Error(reason, name);
}
}
