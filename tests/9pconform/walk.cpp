// Walk(5).

#include "tests/9pconform/check.h"

namespace p9 {

CHECK_ROOT(walk, clone)
{
	same(c.call<Rwalk>(Client::walkmsg(Root, 1, {})).wqid.size(), 0u, "the qids of a clone");
	same(c.stat(1).qid, c.stat(Root).qid, "the qid of a clone");
	c.clunk(1);
	c.stat(Root);
}

CHECK_ROOT(walk, clone_to_itself)
{
	c.walk(Root, Root, {});
	c.stat(Root);
}

CHECK_ROOT(walk, unknown_fid)
{
	c.refused(Client::walkmsg(Unknown, 1, {}),
		{.lib9p = "unknown fid", .exportfs = "no such fid"});
	c.refused(Client::walkmsg(Unknown, Unknown, {"a"}));
	c.refused(Tstat{.fid = 1});
}

CHECK_ROOT(walk, newfid_in_use)
{
	c.walk(Root, 1, {});
	c.refused(Client::walkmsg(Root, 1, {}),
		{.lib9p = "duplicate fid", .exportfs = "fid in use"});
	c.stat(1);
	c.stat(Root);
}

CHECK_WORK(walk, newfid_in_use_and_names)
{
	c.file(Work, 2, "f", "text");
	c.walk(Work, 3, {});
	c.refused(Client::walkmsg(Work, 3, {"f"}));
	must(c.stat(3).qid.type & QTDIR, "the old file by newfid");
}

CHECK_ROOT(walk, open_fid)
{
	c.walk(Root, 1, {});
	c.open(1, OREAD);
	Texts t{.lib9p = "cannot clone open fid", .exportfs = "walk of open fid"};
	c.refused(Client::walkmsg(1, 2, {}), t);
	c.refused(Client::walkmsg(1, 1, {".."}), t);
	c.refused(Tstat{.fid = 2});
	c.list(1);
}

CHECK_ROOT(walk, missing)
{
	c.refused(Client::walkmsg(Root, 1, {"no such file, surely"}),
		{.lib9p = "file not found"});
	c.refused(Tstat{.fid = 1});
	c.walk(Root, 1, {});
}

CHECK_WORK(walk, partial)
{
	c.mkdir(Work, 2, "d");
	Qid d = c.stat(2).qid;
	const Rwalk& r = c.call<Rwalk>(Client::walkmsg(Work, 3, {"d", "nobody", "x"}));
	same(r.wqid.size(), 1u, "the qids of a walk whose second name is not there");
	same(r.wqid[0], d, "the first qid");
	c.refused(Tstat{.fid = 3});
	c.walk(Work, 3, {"d"});
}

CHECK_WORK(walk, partial_to_itself)
{
	c.mkdir(Work, 2, "d");
	c.walk(Work, 3, {});
	same(c.call<Rwalk>(Client::walkmsg(3, 3, {"d", "nobody"})).wqid.size(), 1u, "the qids");
	same(c.stat(3).qid.path, c.stat(Work).qid.path, "the file of a fid that was not moved");
	c.refused(Client::walkmsg(3, 3, {"nobody"}));
	same(c.stat(3).qid.path, c.stat(Work).qid.path, "the file of a fid that was not moved");
}

CHECK_WORK(walk, to_itself)
{
	c.file(Work, 2, "f", "text");
	Qid f = c.stat(2).qid;
	c.walk(Work, 3, {});
	same(c.walk(3, 3, {"f"}), f, "the qid of the walk");
	same(c.stat(3).qid, f, "the qid of the fid");
}

CHECK_WORK(walk, from_a_file)
{
	c.file(Work, 2, "f");
	Texts t{.lib9p = "walk in non-directory", .exportfs = "not a directory"};
	c.refused(Client::walkmsg(2, 3, {"x"}), t);
	c.refused(Client::walkmsg(2, 3, {".."}), t);
	c.refused(Client::walkmsg(2, 2, {".."}), t);
	c.refused(Tstat{.fid = 3});
	c.walk(2, 3, {});
	same(c.stat(3).name, "f", "the name");
}

CHECK_WORK(walk, through_a_file)
{
	c.file(Work, 2, "f");
	same(c.call<Rwalk>(Client::walkmsg(Work, 3, {"f", "x"})).wqid.size(), 1u, "the qids");
	same(c.call<Rwalk>(Client::walkmsg(Work, 3, {"f", "..", "f"})).wqid.size(), 1u,
		"the qids of a walk by .. from a file");
	c.refused(Tstat{.fid = 3});
}

CHECK_WORK(walk, sixteen)
{
	c.walk(Work, 2, {});
	for(int i = 0; i < 16; i++) {
		c.create(2, 2, "d", DMDIR | 0777, OREAD);
		c.clunk(2);
		Twalk m = Client::walkmsg(Work, 2, {});
		for(int j = 0; j <= i; j++)
			m.wname.add("d");
		same(c.call<Rwalk>(m).wqid.size(), size_t(i + 1), "the qids of a walk");
		if(i < 15)
			continue;
		Reply r = c.ask(Client::walkmsg(Work, 4, {"d", "d", "d", "d", "d", "d", "d", "d",
			"d", "d", "d", "d", "d", "d", "d", "d"}));
		for(size_t k = 1; k < 16; k++)
			must(r.as<Rwalk>()->wqid[k] != r.as<Rwalk>()->wqid[k - 1],
				"qids of their own");
	}
	must(c.known(4), "a fid at the end of sixteen names");
}

// Seventeen names are no message: an Rerror, or the end.
CHECK_ROOT(walk, seventeen)
{
	Message b = Client::message(Client::walkmsg(Root, 1, {}));
	for(int i = 0; i < 17; i++)
		for(char x : {'\1', '\0', 'd'})
			b.push_back(std::byte(x));
	putle(b.data(), uint32_t(b.size()));
	putle(b.data() + MSGHDR + 8, uint16_t(17));
	c.write(b);
	std::optional<Reply> r = c.tryrecv();
	must(!r || r->error(), "an Rerror or the end");
}

CHECK_ROOT(walk, dotdot_at_the_root)
{
	uint64_t root = c.stat(Root).qid.path;
	same(c.walk(Root, 1, {".."}).path, root, "the qid path of ..");
	same(c.walk(Root, 2, {"..", "..", "..", "..", "..", "..", "..", "..", "..", "..",
		"..", "..", "..", "..", "..", ".."}).path, root, "the qid path of many ..");
	same(c.stat(2).qid.path, root, "the qid path of the fid");
	same(c.stat(2).name, "/", "the name");
	c.walk(Root, Root, {".."});
	same(c.stat(Root).qid.path, root, "the qid path of the root that walked itself");
}

CHECK_WORK(walk, dotdot)
{
	c.mkdir(Work, 2, "d");
	c.mkdir(2, 3, "e");
	Qid work = c.stat(Work).qid;
	same(c.walk(3, 4, {"..", ".."}).path, work.path, "the qid path of ../..");
	same(c.walk(Work, 5, {"d", "..", "d", "e", ".."}), c.stat(2).qid, "the qid of a long walk");
	same(c.stat(5).name, "d", "the name");
}

// Not used in the protocol: refused, or where the fid is.
CHECK_ROOT(walk, dot)
{
	Reply r = c.ask(Client::walkmsg(Root, 1, {"."}));
	if(!r.error())
		same(r.as<Rwalk>()->wqid[0].path, c.stat(Root).qid.path, "the qid path of .");
}

// The same.
CHECK_ROOT(walk, empty_name)
{
	Reply r = c.ask(Client::walkmsg(Root, 1, {""}));
	if(!r.error())
		same(r.as<Rwalk>()->wqid[0].path, c.stat(Root).qid.path, "the qid path of the name");
}

// A name is one element: no slash leads anywhere.
CHECK_WORK(walk, slashes)
{
	c.mkdir(Work, 2, "d");
	c.file(2, 3, "f");
	for(std::string_view s : {"d/f", "d/", "/d", "/", "//", "d/..", "d/../d", "../..", "./d",
		"../../../../../../../../../../etc"}) {
		c.refused(Client::walkmsg(Work, 4, {s}));
		same(c.call<Rwalk>(Client::walkmsg(Work, 4, {"d", s})).wqid.size(), 1u,
			"the qids of a walk with a slash in a name");
	}
	c.refused(Tstat{.fid = 4});
}

// A NUL is in no string: an Rerror, or the end.
CHECK_ROOT(walk, nul)
{
	c.send(Client::walkmsg(Root, 1, {std::string_view("a\0b", 3)}));
	std::optional<Reply> r = c.tryrecv();
	must(!r || r->error(), "an Rerror or the end");
}

CHECK_RAW(walk, long_names)
{
	Client c(o, Client::Begin::Attach, 256 * 1024);
	for(size_t n : {255u, 256u, 4095u, 4096u, 32768u, 65535u}) {
		if(n + 100 > c.maxmsg())
			continue;
		c.refused(Client::walkmsg(Root, 1, {std::string(n, 'x')}));
		c.refused(Client::walkmsg(Root, Root, {std::string(n, '.')}));
	}
	c.stat(Root);
}

CHECK_ROOT(walk, odd_bytes)
{
	for(std::string_view s : {"\xff\xfe", "\xc0\x80", "\x01", "a\nb", "\x7f", "...", "~", "*", "\xed\xa0\x80"})
		c.refused(Client::walkmsg(Root, 1, {s}));
	c.stat(Root);
}

CHECK_WORK(walk, qids_are_stable)
{
	c.mkdir(Work, 2, "d");
	c.file(2, 3, "f", "x");
	Reply r = c.ask(Client::walkmsg(Work, 4, {"d", "f"}));
	must(r.as<Rwalk>() && r.as<Rwalk>()->wqid.size() == 2, "two qids");
	same(r.as<Rwalk>()->wqid[0], c.stat(2).qid, "the qid of the directory");
	same(r.as<Rwalk>()->wqid[1], c.stat(3).qid, "the qid of the file");
	same(c.walk(Work, 5, {"d", "..", "d", "f"}), c.stat(3).qid, "the qid by another way");
	same(c.open(5, OREAD).qid, c.stat(3).qid, "the qid of open");
	must(c.stat(2).qid.path != c.stat(3).qid.path, "different qids of different files");
	must(c.stat(2).qid.path != c.stat(Work).qid.path, "different qids of different files");
}
}
