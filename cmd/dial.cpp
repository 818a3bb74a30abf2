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

// Where the networks are that addr means: "/net.alt/tcp!host!port" is one of /net.alt's.
// Takes that off addr.
std::string
takenetdir(std::string_view& addr)
{
	size_t slash = addr.substr(0, addr.find('!')).rfind('/');
	if(slash == addr.npos)
		return "/net";
	std::string dir(addr.substr(0, slash));
	addr.remove_prefix(slash + 1);
	return dir;
}

std::vector<Way>
ways(std::string_view addr)
{
	std::vector<Way> l;
	std::string netdir = takenetdir(addr);
	Fd cs = open(netdir + "/cs", ORDWR);
	write(cs, addr);
	seek(cs, 0, 0);
	for(;;) {
		std::array<std::byte, 1024> buf;
		size_t n = read(cs, buf);
		if(n == 0)
			break;
		auto f = tokenize(textof(Bytes(buf).first(n)));
		if(f.size() == 2 && f[0].starts_with("/net/"))
			l.push_back({netdir + f[0].substr(4), f[1]});
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

static bool
isfile(const std::string& s)
{
	return s.find('/') != s.npos && s.find('!') == s.npos;
}

std::string
serveraddr(const std::string& s, std::string_view defservice)
{
	return isfile(s) ? s : netmkaddr(s, "net", defservice);
}

Fd
connection(const std::string& addr)
{
	if(isfile(addr))
		return open(addr, ORDWR);
	Netcall c = dial(addr);
	close(std::move(c.ctl));
	return std::move(c.data);
}

std::string
whynot(const Error& e, std::string_view addr)
{
	return e.name() == addr ? e.reason() : e.text();
}

std::string
netaddr(const std::string& dir)
{
	std::string s = readfile(dir + "/local");
	std::string net = dir.substr(0, dir.rfind('/'));
	return net.substr(net.rfind('/') + 1) + '!' + s.substr(0, s.find('\n'));
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
