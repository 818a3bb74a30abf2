#include "tests/runprog.h"

#include "cmd/cmds.h"
#include "port/sys.h"

namespace p9 {

namespace {

// What was written to the pipe so far.  A server that the program left behind may hold
// its other end, so there is no end of file to wait for.
std::string
drain(int r, int w)
{
	constexpr std::string_view mark = "\1end\1";
	write(w, mark);
	std::string s;
	char buf[4096];
	while(!s.ends_with(mark))
		s.append(buf, read(r, std::as_writable_bytes(std::span(buf))));
	s.resize(s.size() - mark.size());
	return s;
}

// fd becomes n in this Proc.
void
move(int fd, int n)
{
	dup(fd, n).release();
}
}

Ran
run(Argv argv, std::string_view in)
{
	auto [inr, inw] = pipe();
	auto [outr, outw] = pipe();
	auto [errr, errw] = pipe();
	rfork(RFFDG, [argv, fds = std::vector<int>{inr, outw, errw}, max = int(errw)] {
		for(int i = 0; i < 3; i++)
			move(fds[size_t(i)], i);
		for(int i = 3; i <= max; i++)
			try {
				close(i);
			} catch(const Error&) {
				continue;	// there was none of that number
			}
		exec("/bin/" + argv[0], argv);
	});
	close(std::move(inr));
	if(!in.empty())
		write(inw, in);
	close(std::move(inw));
	Ran r;
	r.status = wait().msg;
	r.out = drain(outr, outw);
	r.err = drain(errr, errw);
	if(size_t i = r.status.find(": "); i != r.status.npos)
		r.status.erase(0, i + 2);
	return r;
}

void
stdns()
{
	// Descriptors 0 to 2 are taken, so that those of run() are not.
	for(int i = 0; i < 3; i++)
		open("#/", OREAD).release();
	bind("#d", "/fd", MREPL);
	bind("#e", "/env", MREPL | MCREATE);
	bind("#p", "/proc", MREPL);
	bind("#s", "/srv", MREPL | MCREATE);
	mntgen({"mntgen", "/n"});
	mntgen({"mntgen", "/mnt"});
	ramfs({"ramfs"});
}

void
netns()
{
	stdns();
	bind("#I", "/net", MREPL);
}

std::string
readline(int fd)
{
	std::string s;
	for(char c = 0; c != '\n';) {
		if(read(fd, std::as_writable_bytes(std::span(&c, 1))) == 0)
			break;
		s += c;
	}
	return s;
}
}
