// Process groups: name space, descriptors, environment, rendezvous.  Counted
// objects that Procs share until rfork copies or clears them.  NS-50 to NS-57.

#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "port/chan.h"
#include "port/mount.h"

namespace p9 {

class Mtab; // port/mtab.h

class Pgrp final : public Counted {
public:
	Lock ns;	      // guards mtab and devmask; never held over a sleep
	Ref<const Mtab> mtab; // empty: no mounts
	uint64_t devmask =
		~uint64_t{0}; // bit i: devtab()[i] may be attached; only shrinks

	Pgrp();
	// RFNAMEG: the same mounts with the same ids; keeps the device mask.
	Ref<Pgrp> copy();
	// RFCNAMEG: no mounts; keeps the device mask.
	Ref<Pgrp> cleared();

	bool devallowed(char32_t dc);
	// As the chdev message of #c/drivers: keeps only, or drops, the letters listed.
	void devkeep(std::u32string_view letters);
	void devdrop(std::u32string_view letters);

	// Drops every mount (outside of the lock).
	void unmountall();

private:
	~Pgrp() override;
};

// One line of /proc/n/ns, without its newline, in the order of mount ids; the caller
// adds the cd line.  B6.
std::vector<std::string> nslines(Pgrp&);

class Fgrp final : public Counted {
public:
	Fgrp() = default;
	// RFFDG: the same Chans, close-on-exec flags too.
	Ref<Fgrp> copy();

	// The lowest free descriptor, or Enofd above 5000.
	int add(Ref<Chan>, bool cexec = false);
	std::pair<int, int> addpair(Ref<Chan>, Ref<Chan>);
	// Puts c at fd; answers what was there.  Ebadfd when fd is too far (DELTAFD 20).
	Ref<Chan> put(int fd, Ref<Chan> c);
	Ref<Chan> get(int fd); // Ebadfd
	// Takes it out; the caller closes.  Ebadfd.
	Ref<Chan> take(int fd);
	// As take, without an Error: empty when there is none.
	Ref<Chan> detach(int fd) noexcept;
	void closeexec(); // sleeps: closes what exec closes
	void closeall();  // sleeps
	std::vector<std::pair<int, Ref<Chan>>> all();

private:
	Lock lk;
	struct Slot {
		Ref<Chan> c;
		bool cexec = false;
	};
	std::vector<Slot> fd;
	size_t lowest = 0; // no descriptor below is free

	int place(Ref<Chan>& c, bool cexec);
	void closesome(bool all);
	~Fgrp() override;
};

// NS-43: the Chan of fd if it is open in that mode; Ebadusefd for message channels unless
// chkmnt is no.  mode -1 is any.
enum class Chkmnt { No, Yes };
Ref<Chan> fdtochan(int fd, int mode, Chkmnt);

struct Evalue {
	std::string name;
	std::string value;
	uint64_t path;
	uint32_t vers = 0;
};
class Egrp final : public Counted {
public:
	Lock lk;
	std::map<std::string, Evalue, std::less<>> vars; // guarded by lk
	uint64_t nextpath = 1;
	uint32_t vers = 0;
	size_t size = 0; // bytes of values

	Ref<Egrp> copy();
};

class Rgrp final : public Counted {
public:
	Lock lk;
	struct Waiting;
	std::vector<Waiting*> waiting;
};
}
