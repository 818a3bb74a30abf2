// Redirections: how files are opened for them, and how they are carried out.

#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

namespace {

Fd
appendopen(const std::string& name)
{
	Fd fd = access(name, AEXIST) ? open(name, OWRITE) : create(name, OWRITE, 0666);
	seek(fd, 0, 2);
	return fd;
}

Fd
openfor(Rtype how, const std::string& name)
{
	switch(how) {
	case Rtype::Write: return create(name, OWRITE, 0666);
	case Rtype::Append: return appendopen(name);
	case Rtype::Rdwr: return open(name, ORDWR);
	default: return open(name, OREAD);
	}
}
}

// The file of a redirection; fails as rc does when there is none.
Fd
Shell::redirfile(const Cmdtree& t)
{
	static constexpr std::string_view arrow[] = {"<", ">", ">>", "<>", "<<"};
	std::string op(arrow[size_t(t.rtype)]);
	std::string name;
	try {
		if(t.rtype == Rtype::Here)
			return hereopen(t);
		Words w = list(t.kid[0]);
		if(w.empty())
			fail(op + " requires file");
		if(w.size() > 1)
			fail(op + " requires singleton");
		name = w[0];
		return openfor(t.rtype, name);
	} catch(const Error& e) {
		if(e.is(Eabandon) || e.is(Eintr))
			throw;
		line = t.line;
		std::string_view verb = t.rtype == Rtype::Write ? " can't create: "
			: " can't open: ";
		fail(op + std::string(verb) + name + ": " + e.text(), e.text());
	}
}

void
Shell::popredir()
{
	Redirection r = redirs.back();
	redirs.pop_back();
	if(r.kind == Redirection::Open)
		close(r.from);
}

// Closes what <{} opened since there were keep of them.
void
Shell::closepipefds(size_t keep)
{
	for(; npipefd > keep; npipefd--) {
		auto first = redirs.begin() + ptrdiff_t(redirbase);
		int fd = first->from;
		redirs.erase(first);
		close(fd);
	}
}

// Descriptor fd is about to become another file: what the list from there on has open
// as fd moves out of the way.
void
Shell::saveopen(int fd, size_t from)
{
	for(size_t i = from; i < redirs.size(); i++) {
		Redirection& r = redirs[i];
		if(r.kind == Redirection::Open && r.from == fd && r.to != fd)
			r.from = dup(fd, -1).release();
	}
}

// Carries the list out.  A descriptor that is not open stays so: no Error.
void
Shell::doredirs()
{
	for(size_t i = 0; i < redirs.size(); i++) {
		Redirection r = redirs[i];
		try {
			switch(r.kind) {
			case Redirection::None:
				break;
			case Redirection::Open:
				if(r.from == r.to)
					break;
				saveopen(r.to, i + 1);
				dup(r.from, r.to).release();
				close(r.from);
				break;
			case Redirection::Dup:
				saveopen(r.to, i + 1);
				dup(r.from, r.to).release();
				break;
			case Redirection::Close:
				saveopen(r.from, i + 1);
				close(r.from);
				break;
			}
		} catch(const Error&) {
			// As >[2=7] when 7 is not open.
		}
	}
	redirs.clear();
}

// The descriptor that will be fd when the list has been carried out, -1 for none.
int
Shell::mapfd(int fd) const
{
	for(size_t i = redirs.size(); i > 0; i--) {
		const Redirection& r = redirs[i - 1];
		if(r.kind == Redirection::Close && r.from == fd)
			return -1;
		if((r.kind == Redirection::Dup || r.kind == Redirection::Open) &&
		   r.to == fd)
			fd = r.from;
	}
	return fd;
}
}
