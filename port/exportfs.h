// A name space served as 9P: the tree at a Chan, with all that is mounted in it.
// The engine (lib9/9p) does the protocol; an Export is its hooks, which do on Chans
// what the system calls do, and its texts.  The rows EX-1 to EX-27.
//
// An Export may serve many connections at a time.  Every request that may sleep is
// served by a Proc of its own, so that Tflush is always read; a flush or the end of
// the connection interrupts that Proc.  What a fid is, is a Chan that stands before
// the mount on its place: open, stat and the like go through the mount, and `..'
// goes back by position (BX-20), never above the root (BX-21).

#pragma once

#include <memory>
#include <span>
#include <string>

#include "lib9/9p/srv.h"
#include "port/chan.h"
#include "port/exportopts.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/qidmap.h"

namespace p9 {

class Export final : public Srv {
	class File;
	class Working;

	const Ref<Chan> root;
	const Exportopts opts;
	Qidmap qids;
	QLock filter;	// of opts.visible

	template<class F> void work(Req& r, F fn);
	template<class F> void withfile(Req& r, F fn);
	static size_t cost(const Path& p);
	void become(Fid& f, Ref<Chan> c, size_t depth, size_t paid = 0);
	File& fileof(const Req& r) const;
	bool visible(const Chan& c, size_t depth, std::string_view elem);
	bool visiblebeside(const Chan& c, size_t depth, std::string_view elem);
	void mustwrite() const;
	Qid qidof(Chan& c);
	Dir entry(Chan& c, size_t depth);
	bool walkall(Req& r, Ref<Chan>& c, size_t depth);
	bool step(Ref<Chan>& c, size_t depth, std::string_view elem, std::string& why);
	static bool walkfrom(const Ref<Chan>& start, std::span<const std::string_view> names,
		Ref<Chan>& c, std::string& why);
	size_t readdir(Chan& c, size_t depth, Buf b, int64_t off);
	size_t hide(Chan& c, size_t depth, Buf b, size_t n);

public:
	// dir is what clients attach to: it stands before what is mounted on it; empty with
	// opts.service.
	Export(Ref<Chan> dir, Exportopts o);
	~Export() override;

	// The hooks of Srv.
	void auth(Req& r) override;
	void attach(Req& r) override;
	void walk(Req& r) override;
	void open(Req& r) override;
	void create(Req& r) override;
	void read(Req& r) override;
	void write(Req& r) override;
	void clunk(Req& r) override;
	void remove(Req& r) override;
	void stat(Req& r) override;
	void wstat(Req& r) override;
	void flush(Req& r) override;
};

// The connection of two descriptors, often one, for an Export.  Nobody else can read or
// write it from now on (CMSG), nor mount it; Transport::hangup ends it, whoever sleeps in
// it.  Ebadusefd when it is used for 9P already.
std::unique_ptr<Transport> exportconn(int infd, int outfd);
}
