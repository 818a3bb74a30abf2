// The connections of exports.

#include <algorithm>
#include <vector>

#include "lib9/9p/srv.h"
#include "lib9/error.h"
#include "port/exportfs.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/sys.h"
#include "port/sysfile.h"
#include "port/walk.h"

namespace p9 {

namespace {

// One that can be ended from this side, whoever sleeps in it.
class Endable final : public Transport {
	const std::unique_ptr<Transport> t;

	Lock lk;	// guards what follows
	bool hung = false;
	std::vector<Proc*> inside;

	// While up() uses the connection.  The interrupt of a hangup goes no further.
	class Inside {
		Endable& e;

	public:
		explicit Inside(Endable& en) : e(en)
		{
			{
				std::scoped_lock l(e.lk);
				if(!e.hung) {
					e.inside.push_back(&up());
					return;
				}
			}
			error(Ehungup);
		}
		~Inside()
		{
			std::scoped_lock l(e.lk);
			std::erase(e.inside, &up());
			if(e.hung)
				up().takenote();
		}
	};

public:
	explicit Endable(std::unique_ptr<Transport> conn) : t(std::move(conn)) {}
	Block read() override
	{
		Inside now(*this);
		return t->read();
	}
	void write(Block b) override
	{
		Inside now(*this);
		t->write(std::move(b));
	}
	void msize(size_t n) override { t->msize(n); }
	void hangup() override
	{
		std::scoped_lock l(lk);
		hung = true;
		t->hangup();	// before the interrupts, which end but one write each
		for(Proc* p : inside)
			p->interrupt();
	}
};

// For us alone.  Others may want them at the same time, and one gets them.
void
claim(Chan& in, Chan& out)
{
	if(in.flag.fetch_or(CMSG) & CMSG)
		error(Ebadusefd);
	if(&in != &out && out.flag.fetch_or(CMSG) & CMSG) {
		in.flag &= ~CMSG;
		error(Ebadusefd);
	}
}

// What says the file remote beside data of a connection of ip(3); else c's name.
std::string
peername(Chan& c)
{
	std::string name(c.name());
	if(c.dev.dc != U'I' || !name.ends_with("/data"))
		return name;
	std::array<std::byte, 128> buf;
	try {
		static constexpr std::string_view steps[] = {"..", "remote"};
		Walkqid w = c.dev.walk(c, steps);
		if(!w.clone)
			return name;
		Ref<Chan> f = chanopen(std::move(w.clone), OREAD);
		size_t n = chanread(*f, buf);
		close(std::move(f));
		std::string_view s{reinterpret_cast<const char*>(buf.data()), n};
		return std::string(s.substr(0, s.find('\n')));
	} catch(const Error&) {
		return name;	// no such connection
	}
}
}

std::unique_ptr<Transport>
exportconn(int infd, int outfd)
{
	auto t = std::make_unique<Endable>(fdtransport(infd, outfd));
	Ref<Chan> in = fdtochan(infd, -1, Chkmnt::Yes);
	Ref<Chan> out = fdtochan(outfd, -1, Chkmnt::Yes);
	t->peer = peername(*in);
	claim(*in, *out);
	close(std::move(in));
	close(std::move(out));
	return t;
}
}
