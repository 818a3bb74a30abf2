// Who the machine belongs to.

#include "port/dev.h"
#include "port/proc.h"

namespace p9 {

namespace {

Lock evelk;	// guards evename
std::string evename = "glenda";
}

std::string
eve()
{
	std::scoped_lock l(evelk);
	return evename;
}

void
seteve(std::string_view user)
{
	std::string name(user);
	std::scoped_lock l(evelk);
	evename.swap(name);
}

bool
iseve()
{
	return up().user == eve();
}
}
