// Names: eight elements through four mount points, and a union.

#include "lib9/9p/srv.h"
#include "port/mount.h"
#include "port/namec.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/sys.h"
#include "tests/bench/bench.h"
#include "tests/memdev.h"

namespace p9 {

namespace {

constexpr std::string_view Deep = "/a/b/c/d/e/f/g/h";

// Where a file system begins, and what it has.
struct Part {
	std::string_view at;
	std::string_view dirs;
};
constexpr Part parts[] = {
	{"/", "a"},
	{"/a", "b/c"},
	{"/a/b/c", "d/e"},
	{"/a/b/c/d/e", "f/g"},
	{"/a/b/c/d/e/f/g", "h"},
};

class Dirserver final : public Srv {
public:
	Dirserver(Sync& s, std::string_view dirs) : Srv(s)
	{
		tree = std::make_unique<Tree>("bench", "bench", DMDIR | 0777);
		Ref<File> at = tree->root;
		for(char elem : dirs)
			if(elem != '/')
				at = tree->createfile(*at, std::string(1, elem), "bench", DMDIR | 0777);
	}
};

double
accessus(std::string_view name)
{
	double ns = percall(20000, [&] { close(nameaccess(name)); });
	return ns / 1000;
}
}

Figure
nameclocal()
{
	Figure f{0, 0, 0.7};
	inmachine([&] {
		memworld().mkdir("a");
		for(uint32_t i = 1; i < std::size(parts); i++) {
			Memdev& m = freshmem(i);
			m.mkdir(parts[i].dirs);
			cmount(*up().pgrp, m.attach({}), namemount(parts[i].at), {}, MREPL, {});
		}
		f.ours = accessus(Deep);
	});
	return f;
}

Figure
namec9p()
{
	Figure f{0, 0, 2};
	inmachine([&] {
		auto server = [](std::string_view dirs) {
			return std::make_unique<Dirserver>(kernelsync(), dirs);
		};
		postmountsrv(server(parts[0].dirs), "", "/n", MREPL);
		Ref<Chan> root = nameaccess("/n");
		root->path = mk<Path>("/");
		close(up().poke(&Proc::slash, std::move(root)));
		for(size_t i = 1; i < std::size(parts); i++)
			postmountsrv(server(parts[i].dirs), "", parts[i].at, MREPL);
		f.ours = accessus(Deep);
	});
	return f;
}

Figure
namecunion()
{
	Figure f;
	inmachine([&] {
		Memdev& m = memworld();
		m.mkdir("one");
		m.mkdir("all");
		m.mkfile("7/name");
		bind("/7", "/one", MREPL);
		for(int i = 0; i < 8; i++) {
			std::string dir = std::to_string(i);
			m.mkdir(dir);
			p9::bind("/" + dir, "/all", i == 0 ? MREPL : MAFTER);
		}
		f.peers = accessus("/one/name");
		f.ours = accessus("/all/name");
	});
	f.goal = 4 * f.peers;
	return f;
}
}
