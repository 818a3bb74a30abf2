// Here documents.  The text goes through a pipe: a short one fits in, a long one is
// written by a Proc of its own.

#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

enum { Fitspipe = 4096 };

// $name becomes the variable's value, $$ a dollar, and a ^ behind a name goes.
std::string
Shell::substitute(std::string_view body)
{
	std::string s;
	while(!body.empty()) {
		size_t n = body.find('$');
		s += body.substr(0, n);
		if(n == body.npos)
			break;
		body.remove_prefix(n + 1);
		if(body.starts_with('$')) {
			s += '$';
			body.remove_prefix(1);
			continue;
		}
		for(n = 0; n < body.size() && idchr(static_cast<unsigned char>(body[n]));
		    n++)
			;
		Val v = variable(body.substr(0, n));
		s += joined(words(v));
		body.remove_prefix(n);
		if(body.starts_with('^'))
			body.remove_prefix(1);
	}
	return s;
}

static void
writeall(int fd, std::string_view s)
{
	while(!s.empty())
		s.remove_prefix(write(fd, s.substr(0, Fitspipe)));
}

Fd
Shell::hereopen(const Cmdtree& t)
{
	std::string body = t.kid[0]->quoted ? t.str : substitute(t.str);
	auto [r, w] = pipe();
	int fd = w;
	if(body.size() <= Fitspipe)
		writeall(fd, body);
	else
		spawnserver("rc here", {fd}, [fd, body] {
			try {
				writeall(fd, body);
			} catch(const Error&) {
				// The reader has had enough.
			}
		});
	close(std::move(w));
	return std::move(r);
}
}
