#include "cmd/exportctl.h"

#include <array>

#include "cmd/prog.h"
#include "lib9/quote.h"

namespace p9 {

Exportctl::Exportctl() : ctl(open("#X/export/clone", ORDWR)) {}

void
Exportctl::ask(std::string_view what) const
{
	write(ctl, what);
}

void
Exportctl::ask(std::string_view what, std::string_view arg) const
{
	write(ctl, std::string(what) + " " + quoted(arg));
}

void
Exportctl::serve(int infd, int outfd) const
{
	write(ctl, "serve " + std::to_string(infd) + " " + std::to_string(outfd));
}

void
Exportctl::start(int fd) const
{
	write(ctl, "start " + std::to_string(fd));
}

void
Exportctl::watch() const
{
	std::array<std::byte, 32> buf;
	size_t n = pread(ctl, buf, 0);
	std::string dir = "#X/export/" + std::string(textof(Bytes(buf).first(n)));
	Fd log = open(dir + "/log", OREAD);
	rfork(RFPROC | RFFDG, [from = int(log)] {
		close(0);
		close(1);
		std::array<std::byte, 8192> b;
		while(size_t got = read(from, b))
			write(2, Bytes(b).first(got));
	});
}
}
