// The mount table.  What is mounted at a place is an immutable snapshot, the
// Mountlist: a walk holds one list for one step, never a lock and never the
// whole table, while it talks to a server.  See namespace(6), mount(10), NS-30
// to NS-41.
//
// References: a Mountlist holds the Chan that is mounted on and the Chans mounted;
// a Pgrp's table (port/mtab.h) holds Mountlists.  A copied Pgrp shares the table
// until one side changes.

#pragma once

#include <string>
#include <vector>

#include "port/chan.h"

namespace p9 {

class Pgrp;

struct Mount {
	uint64_t id; // global sequence; a copied group keeps it (NS-38)
	Ref<Chan> to;
	int flag; // MCREATE, MCACHE, and for ns MBEFORE or MAFTER
	std::string spec;
};

// What is mounted at one place, first to last; never changes and is never empty.
class Mountlist final : public Counted {
public:
	Ref<Chan> from; // what is mounted on
	std::vector<Mount> m;
};

// The place of a mount: the file whatever its version (NS-34).
struct Mkey {
	char32_t dc = 0;
	uint32_t devno = 0;
	uint64_t path = 0;

	Mkey(char32_t letter, uint32_t no, uint64_t qpath)
	    : dc(letter), devno(no), path(qpath)
	{
	}
	explicit Mkey(const Chan& c);
	bool operator==(const Mkey&) const = default;
};

// Finds what is mounted on c in p's table; empty when nothing is.  Does not sleep.
Ref<const Mountlist> findmount(Pgrp& p, const Mkey& k);
inline Ref<const Mountlist>
findmount(Pgrp& p, const Chan& c)
{
	return findmount(p, Mkey(c));
}

// As bind(2) and mount(2): c becomes what old shows.  Answers the mount id.
uint64_t cmount(Pgrp& p, Ref<Chan> c, Ref<Chan> old, Ref<const Mountlist> cunion,
		int flag, std::string_view spec);
// As unmount(2): mounted may be empty.
void cunmount(Pgrp& p, Ref<Chan> old, Ref<Chan> mounted);

// The element of a union that allows creation, or Enocreate.
Ref<Chan> createdir(const Mountlist& l);
}
