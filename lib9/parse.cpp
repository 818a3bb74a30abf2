// Control messages.  9p(2).

#include "lib9/parse.h"

#include "lib9/args.h"
#include "lib9/error.h"
#include "lib9/quote.h"
#include "lib9/utf.h"

namespace p9 {

int64_t
Cmdbuf::num(size_t i) const
{
	std::optional<int64_t> n;
	if(i < f.size())
		n = parseint(f[i]);
	if(!n)
		cmderror(*this, Ebadarg);
	return *n;
}

Cmdbuf
parsecmd(std::string_view msg)
{
	return {tokenize(msg)};
}

Cmdbuf
parsecmd(Bytes msg)
{
	const void* p = msg.data();
	return parsecmd(std::string_view(static_cast<const char*>(p), msg.size()));
}

const Cmdtab&
lookupcmd(const Cmdbuf& cb, std::span<const Cmdtab> tab)
{
	if(cb.f.empty())
		error("empty control message");
	for(const Cmdtab& t : tab) {
		if(t.cmd != "*" && t.cmd != cb.f[0])
			continue;
		if(t.narg != 0 && t.narg != cb.f.size())
			cmderror(cb, "bad # args to command");
		return t;
	}
	cmderror(cb, "unknown control message");
}

std::string
cmderrtext(const Cmdbuf& cb, std::string_view reason)
{
	std::string s;
	for(const std::string& f : cb.f) {
		if(!s.empty())
			s += ' ';
		s += quoted(f);
	}
	constexpr std::string_view around = ": \"\"";
	size_t max = ERRMAX - 1 - around.size();
	size_t room = max > reason.size() ? max - reason.size() : 0;
	return std::string(reason).append(": \"").append(utfcut(s, room)).append("\"");
}

void
cmderror(const Cmdbuf& cb, std::string_view reason)
{
	error(cmderrtext(cb, reason));
}
}
