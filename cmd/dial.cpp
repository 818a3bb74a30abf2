#include "cmd/dial.h"

#include <array>
#include <optional>

#include "cmd/prog.h"
#include "lib9/quote.h"

namespace p9 {

namespace {

// A way to an address, as cs tells it: what to write to which clone file.
struct Way {
	std::string clone;
	std::string addr;
};

std::vector<Way>
ways(std::string_view addr)
{
	std::vector<Way> l;
	Fd cs = open("/net/cs", ORDWR);
	write(cs, addr);
	seek(cs, 0, 0);
	for(;;) {
		std::array<std::byte, 1024> buf;
		size_t n = read(cs, buf);
		if(n == 0)
			break;
		auto f = tokenize(textof(Bytes(buf).first(n)));
		if(f.size() == 2)
			l.push_back({f[0], f[1]});
	}
	close(std::move(cs));
	return l;
}

// The conversation's directory, from the number that its ctl reads as.
std::string
convdir(int ctl, const std::string& clone)
{
	std::array<std::byte, 32> buf;
	size_t n = pread(ctl, buf, 0);
	std::string dir = clone.substr(0, clone.rfind('/') + 1);
	return dir + std::string(textof(Bytes(buf).first(n)));
}

// Tries the ways in turn, with a new conversation each; the last one's Error is told.
template<class F>
auto
trying(std::string_view addr, F fn)
{
	std::optional<Error> why;
	for(const Way& w : ways(addr))
		try {
			return fn(w, open(w.clone, ORDWR));
		} catch(const Error& e) {
			if(e.is(Eintr))
				throw;
			why = e;
		}
	error(why ? std::string_view(why->reason()) : Enonexist, addr);
}
}

std::string
netmkaddr(std::string_view addr, std::string_view defnet, std::string_view defservice)
{
	std::string s(addr);
	if(s.starts_with("unix!"))
		return s;
	size_t bang = s.find('!');
	if(bang == s.npos)
		return std::string(defnet) + '!' + s + '!' + std::string(defservice);
	if(s.find('!', bang + 1) == s.npos)
		return s + '!' + std::string(defservice);
	return s;
}

Netcall
dial(std::string_view addr)
{
	return trying(addr, [](const Way& w, Fd ctl) {
		write(ctl, "connect " + quoted(w.addr));
		Netcall c{convdir(ctl, w.clone), std::move(ctl), {}};
		c.data = open(c.dir + "/data", ORDWR);
		return c;
	});
}

Announced
announce(std::string_view addr, Reach reach)
{
	return trying(addr, [&](const Way& w, Fd ctl) {
		std::string msg = "announce " + quoted(w.addr);
		if(reach == Reach::Others)
			msg += " insecure";
		write(ctl, msg);
		return Announced{convdir(ctl, w.clone), std::move(ctl)};
	});
}

Netcall
listen(const Announced& a)
{
	Netcall c;
	c.ctl = open(a.dir + "/listen", ORDWR);
	c.dir = convdir(c.ctl, a.dir);
	c.data = open(c.dir + "/data", ORDWR);
	return c;
}
}
