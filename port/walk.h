// A walk from Chan to Chan through mounts; what names are made of is its caller's
// business (namec.cpp).  It sleeps in the devices that it asks and holds no lock
// meanwhile.  Errors of devices come out of it with nerror set.

#pragma once

#include <string_view>

#include "port/dev.h"
#include "port/mount.h"
#include "port/path.h"

namespace p9 {

enum class Mounts { Cross, Ignore };

class Walk {
public:
	Ref<Chan> c;
	Ref<const Mountlist> mh; // c is its first element: the mount has been crossed
	Mounts mounts;
	size_t nerror = 0;    // how many elements to show when it fails
	std::string_view why; // of the last failure

	Walk(Ref<Chan> start, bool fresh, Mounts m)
	    : c(std::move(start)), mounts(m), mine(fresh), path(c->path)
	{
		if(!path)
			path = mk<Path>("?");
	}

	// Walks by all names or answers false with why and nerror set; it is then
	// somewhere on the way.  One name that is not there leaves it in its directory.
	bool to(Names names);
	// Over the mount that stands here, if one does.
	void cross();
	// c, to be changed or opened by the caller alone, with the path that was walked.
	Ref<Chan> unique();
	// c as it stands, perhaps shared, with that path.
	Ref<Chan> here();
	// A copy of d with the path that was walked.
	Ref<Chan> named(Chan& d);

private:
	// The file that answered a step, for looking up mounts on what it found.
	struct By {
		char32_t dc;
		uint32_t devno;
	};

	bool mine;	     // nobody else has c
	bool mypath = false; // nobody else has path
	Ref<Path> path;

	Path& pathtochange();
	bool fail(size_t n, std::string_view reason);
	bool dotdot();
	bool step(Names part, size_t have, size_t& n);
	Walkqid ask(Names part, By& by);
	Walkqid askunion(Names part, By& by);
	Ref<const Mountlist> firstmount(const Walkqid& wq, size_t max, By by, size_t& n);
	void move(Ref<Chan> next, bool fresh);
};
}
