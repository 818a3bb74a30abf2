// mntgen(4): a directory in which every name is an empty directory as soon as
// somebody walks to it, and is listed while somebody has it.

#include <map>

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "lib9/9p/srv.h"

namespace p9 {

namespace {

class Mntgen final : public Srv {
	// A name that somebody has walked to.  It stays known, with its qid, for a mount
	// looks for the qid again.
	struct Place final : Counted {
		std::string name;
		uint64_t path;	// of the qid
		int users = 0;	// Fids that stand there; guarded by lk
	};
	const std::string user = getuser();
	const uint32_t born = uint32_t(nsec() / 1'000'000'000);
	std::unique_ptr<Sync::Mutex> lk = kernelsync().mutex();	// guards places
	std::map<std::string, Ref<Place>, std::less<>> places;

	Dir entry(uint64_t path, const std::string& elem) const;
	Ref<Place> find(std::string_view elem);
	void settle(Fid& f, Ref<Place> p);

public:
	Mntgen() : Srv(kernelsync()) { name = "mntgen"; }

	void attach(Req& r) override;
	std::optional<Qid> walk1(Fid& fid, std::string_view elem) override;
	void clone(Fid& of, Fid& nf) override;
	void read(Req& r) override;
	void stat(Req& r) override;
	void destroyfid(Fid& f) override { settle(f, {}); }
};

Dir
Mntgen::entry(uint64_t path, const std::string& elem) const
{
	Dir d;
	d.name = elem;
	d.uid = d.gid = d.muid = user;
	d.mode = DMDIR | 0555;
	d.qid = {path, 0, QTDIR};
	d.atime = d.mtime = born;
	return d;
}

Ref<Mntgen::Place>
Mntgen::find(std::string_view elem)
{
	std::scoped_lock l(*lk);
	auto it = places.find(elem);
	if(it == places.end()) {
		auto p = mk<Place>();
		p->name = elem;
		p->path = places.size() + 1;
		it = places.emplace(p->name, p).first;
	}
	return it->second;
}

// f stands at p, or in the root when there is none.
void
Mntgen::settle(Fid& f, Ref<Place> p)
{
	std::scoped_lock l(*lk);
	if(p)
		p->users++;
	if(f.aux)
		f.as<Place>().users--;
	f.aux = std::move(p);
}

void
Mntgen::attach(Req& r)
{
	r.ofcall.qid = {0, 0, QTDIR};
	r.respond();
}

std::optional<Qid>
Mntgen::walk1(Fid& fid, std::string_view elem)
{
	if(elem == "..") {
		settle(fid, {});
		return Qid{0, 0, QTDIR};
	}
	if(fid.aux)
		return {};
	settle(fid, find(elem));
	return Qid{fid.as<Place>().path, 0, QTDIR};
}

void
Mntgen::clone(Fid& of, Fid& nf)
{
	settle(nf, of.aux ? Ref<Place>(of.as<Place>()) : Ref<Place>());
}

void
Mntgen::read(Req& r)
{
	std::vector<Dir> l;
	if(!r.fid->aux) {
		std::scoped_lock g(*lk);
		for(auto& [elem, p] : places)
			if(p->users > 0)
				l.push_back(entry(p->path, elem));
	}
	dirread9p(r, [&](size_t i) {
		return i < l.size() ? std::optional(l[i]) : std::nullopt;
	});
	r.respond();
}

void
Mntgen::stat(Req& r)
{
	if(!r.fid->aux)
		r.d = entry(0, "/");
	else
		r.d = entry(r.fid->as<Place>().path, r.fid->as<Place>().name);
	r.respond();
}
}

void
mntgen(Argv argv)
{
	Cmdline a(argv, "[-s srvname] [mtpt]");
	std::string srvname;
	std::string mtpt = "/n";
	while(char32_t f = a.flag())
		switch(f) {
		case 's': srvname = a.earg(); break;
		case 'D': break;
		default: a.usage();
		}
	if(a.argc() > 1)
		a.usage();
	if(a.argc() == 1)
		mtpt = a.rest()[0];
	try {
		postmountsrv(std::make_unique<Mntgen>(), srvname, mtpt, MAFTER);
	} catch(const Error& e) {
		a.fatal(e.text());
	}
}
}
