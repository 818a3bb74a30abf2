// From word trees to lists of words.

#include <algorithm>

#include "cmd/prog.h"
#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

Words
Shell::patterns(const Treeref& t)
{
	Words w;
	if(t)
		eval(*t, w);
	return w;
}

Words
Shell::list(const Treeref& t)
{
	Words w = patterns(t);
	if(!t || !t->glob)
		return w;
	Words found;
	for(std::string& s : w)
		if(s.find(GLOB) == s.npos)
			found.push_back(std::move(s));
		else
			glob(s, found);
	return found;
}

Words
Shell::names(const Treeref& t)
{
	Words w = patterns(t);
	if(t && t->glob)
		for(std::string& s : w)
			s = deglob(s);
	return w;
}

std::string
Shell::one(const Treeref& t, std::string_view what)
{
	Words w = names(t);
	if(w.size() != 1)
		fail(what);
	return std::move(w[0]);
}

// $apids, unless it is set: the processes of & whose end no wait has seen.
Words
Shell::asyncpids() const
{
	Words w;
	for(const Kid& k : kids)
		if(k.async)
			w.push_back(std::to_string(k.pid));
	return w;
}

Val
Shell::variable(std::string_view name)
{
	int n = number(name);
	if(n < 1) {
		Val v = vars.get(name);
		return v || name != "apids" ? v : value(asyncpids());
	}
	Val star = vars.get("*");
	if(size_t(n) > words(star).size())
		return {};
	return value({words(star)[size_t(n) - 1]});
}

// Words are evaluated from the last to the first, as rc has always done; what is
// appended backwards is turned round in the end.
void
Shell::evalgroup(const Cmdtree& t, Words& out)
{
	if(t.kid.size() == 1)
		return eval(*t.kid[0], out);
	auto from = [&](size_t n) { return out.begin() + ptrdiff_t(n); };
	size_t start = out.size();
	for(size_t i = t.kid.size(); i > 0; i--) {
		size_t at = out.size();
		eval(*t.kid[i - 1], out);
		std::reverse(from(at), out.end());
	}
	std::reverse(from(start), out.end());
}

void
Shell::evalvar(const Cmdtree& t, Words& out)
{
	if(t.op == Op::Sub) {
		std::string name = one(t.kid[0], "$() variable name not singleton!");
		Words subs = names(t.kid[1]);
		Val v = vars.get(name);
		subscript(words(v), subs, out);
		return;
	}
	bool count = t.op == Op::Count;
	std::string name = one(t.kid[0], count ? "$# variable name not singleton!"
		: "$ variable name not singleton!");
	Val v = variable(name);
	const Words& w = words(v);
	if(count)
		out.push_back(std::to_string(w.size()));
	else if(t.op == Op::Join)
		out.push_back(joined(w));
	else
		out.insert(out.end(), w.begin(), w.end());
}

// All that can be read from fd.
static std::string
readall(Shell& sh, int fd)
{
	std::string s;
	std::vector<std::byte> buf(32 << 10);	// not on the stack: `{} stands in `{}
	for(;;) {
		size_t n = 0;
		try {
			n = read(fd, buf);
		} catch(const Error& e) {
			if(!e.is(Eintr))
				return s;
			sh.traps();
			continue;
		}
		if(n == 0)
			return s;
		s += textof(Bytes(buf).first(n));
	}
}

void
Shell::evalbackq(const Cmdtree& t, Words& out)
{
	Words w;
	if(t.kid[0]) {
		w = names(t.kid[0]);
	} else {
		Val ifs = vars.get("ifs");
		w = words(ifs);
	}
	std::string seps = joined(w);
	auto [r, wr] = pipe();
	int pid = fork(0, [body = t.kid[1], rfd = int(r), wfd = int(wr)](Shell& sh) {
		close(rfd);
		sh.pushredir({Redirection::Open, wfd, 1});
		sh.eflag = false;
		sh.run(body, Yes);
	});
	close(std::move(wr));
	split(readall(*this, r), seps, out);
	close(std::move(r));
	waitstatus(pid);
}

// The command's other end stays open until its command ends: its redirection is the
// first of the innermost Frame.
void
Shell::evalpipefd(const Cmdtree& t, Words& out)
{
	auto [mine, its] = pipe();
	bool in = t.rtype != Rtype::Write;	// we read what it writes
	int from = in ? 1 : 0;
	fork(0, [body = t.kid[0], m = int(mine), i = int(its), from](Shell& sh) {
		close(m);
		sh.pushredir({Redirection::Open, i, from});
		sh.run(body, Yes);
	});
	close(std::move(its));
	int fd = mine.release();
	redirs.insert(redirs.begin() + ptrdiff_t(redirbase), {Redirection::Open, fd, fd});
	npipefd++;
	out.push_back("/fd/" + std::to_string(fd));
}

void
Shell::eval(const Cmdtree& t, Words& out)
{
	stackcheck();
	line = t.line;
	switch(t.op) {
	case Op::Word:
		out.push_back(t.str);
		return;
	case Op::Dollar:
	case Op::Join:
	case Op::Count:
	case Op::Sub:
		evalvar(t, out);
		return;
	case Op::Backq:
		evalbackq(t, out);
		return;
	case Op::Pipefd:
		evalpipefd(t, out);
		return;
	case Op::Conc: {
		Words a, b;
		eval(*t.kid[1], b);
		eval(*t.kid[0], a);
		std::string_view why = conc(a, b, out);
		if(!why.empty())
			fail(why);
		return;
	}
	default:	// Paren, Group, Simple
		evalgroup(t, out);
		return;
	}
}
}
