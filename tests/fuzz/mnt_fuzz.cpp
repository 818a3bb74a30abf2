// Any bytes as a server's replies: each call of the mount driver ends, with an
// answer or an Error, and nothing is left over.
//
// The input is a row of pieces, each one reply: a byte of flags, a byte of length,
// that many bytes.  Flags: 1 puts the right size in front, 2 the right tag, 4 sends
// the piece in two halves, 8 posts a note to the caller before.  After the last
// piece the server hangs up; so it does when nothing has moved for a second, which
// takes no time here.  A session begins with a right Rversion and Rattach unless the
// first byte is odd; with 2 in it the files are cached.

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "lib9/endian.h"
#include "lib9/error.h"
#include "lib9/fcall.h"
#include "port/boot.h"
#include "port/dev.h"
#include "port/mnt.h"
#include "port/proc.h"
#include "port/sysfile.h"
#include "tests/attempt.h"

using namespace p9;

namespace {

struct Server {
	Ref<Chan> c;
	Bytes input;
	bool right;
	int client;
	Msgreader in;

	void run();
	void piece(uint16_t tag);
	void send(Bytes b)
	{
		if(!b.empty())
			c->dev.bwrite(*c, Block::of(b), 0);
	}
	template<class R> void say(uint16_t tag, const R& r)
	{
		std::byte b[64];
		send(Bytes(b).first(packM(r, tag, b)));
	}
};

void
Server::piece(uint16_t tag)
{
	unsigned flags = unsigned(input[0]);
	size_t n = std::min(size_t(input[1]), input.size() - 2);
	std::byte b[256];
	std::ranges::copy(input.subspan(2, n), b);
	input = input.subspan(2 + n);
	if((flags & 1) && n >= 4)
		putle(b, uint32_t(n));
	if((flags & 2) && n >= MSGHDR)
		setmsgtag(b, tag);
	if(flags & 8)
		if(Ref<Proc> p = procbypid(client))
			p->post("interrupt");
	size_t half = flags & 4 ? n / 2 : n;
	send(Bytes(b).first(half));
	send(Bytes(b, n).subspan(half));
}

void
Server::run()
{
	for(;;) {
		Block b = in.next(*c, MAXMSIZE);
		if(b.empty())
			return;
		uint8_t type = msgtype(b.data());
		uint16_t tag = msgtag(b.data());
		if(right && type == Tversion::type)
			say(tag, Rversion{8192, VERSION9P});
		else if(right && type == Tattach::type)
			say(tag, Rattach{{1, 0, QTDIR}});
		else if(input.size() < 2)
			return;
		else
			piece(tag);
	}
}

void
serve(Server& s)
{
	try {
		s.run();
	} catch(const Error&) {
	}
	close(std::move(s.c));
}

void
client(Ref<Chan> conn, int flags)
{
	attempt([&] {
		Ref<Chan> root = mntattach(conn, {}, "", flags);
		std::byte b[3000] = {};
		attempt([&] { root->dev.stat(*root); });
		attempt([&] { root->dev.read(*root, b, 0); });
		std::string_view names[] = {"a", "b"};
		Ref<Chan> c;
		attempt([&] { c = root->dev.walk(*root, names).clone; });
		attempt([&] { root->dev.wstat(*root, Dir::dontcare()); });
		if(c) {
			attempt([&] { c = c->dev.open(c, ORDWR); });
			attempt([&] { c->dev.read(*c, b, 0); });
			attempt([&] { c->dev.write(*c, b, 0); });
			close(std::move(c));
		}
		attempt([&] { c = root->dev.walk(*root, {names, 1}).clone; });
		if(c) {
			attempt([&] { c = c->dev.create(c, "new", ORDWR | ORCLOSE, 0666); });
			attempt([&] { c->dev.read(*c, b, 5); });
			attempt([&] { c->dev.read(*c, b, 3005); });
			close(std::move(c));
		}
		attempt([&] { c = root->dev.walk(*root, {names, 1}).clone; });
		if(c)
			attempt([&] { chanremove(std::move(c)); });
		close(std::move(root));
	});
	attempt([&] { close(mntauth(conn, "")); });
	close(std::move(conn));
}

Ref<Chan>
pipeend(Chan& dir, std::string_view name)
{
	return dir.dev.open(dir.dev.walk(dir, {&name, 1}).clone, ORDWR);
}
}

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
	if(size == 0)
		return 0;
	Bytes input = std::as_bytes(std::span(data, size));
	Bootcfg cfg;
	cfg.test = true;
	cfg.deadlock = [](const std::string& who) {
		fputs(who.c_str(), stderr);
		std::abort();
	};
	boot(cfg, [&] {
		Ref<Chan> dir = devbyletter(U'|')->attach({});
		Ref<Chan> ours = pipeend(*dir, "data");
		bool right = (unsigned(input[0]) & 1) == 0;
		Server s{pipeend(*dir, "data1"), input.subspan(1), right, up().pid, {}};
		close(std::move(dir));
		Ref<Proc> server(kproc("server", [&s] { serve(s); }));
		kproc("patience", [server] {
			tsleep(1000);
			server->post("interrupt");
		});
		client(std::move(ours), unsigned(input[0]) & 2 ? MCACHE : 0);
		while(s.c)
			yield();
	});
	if(Chan::live() != 0 || Block::live() != 0)
		std::abort();
	return 0;
}
