// The machine: every device, in the order in which they are reset.  A new device
// is one line in each list.  Programs are listed in cmd/cmdtab.cpp.

#include "port/dev.h"

namespace p9 {

Dev& rootdev();	// #/ the first directories, the programs
Dev& pipedev();	// #|
Dev& envdev();	// #e the environment
Dev& dupdev();	// #d descriptors
Dev& srvdev();	// #s what is posted
Dev& procdev();	// #p Procs
Dev& consdev();	// #c the console, clocks, who and where
Dev& mntdev();	// #M files of 9P servers; only mount(2) attaches it
Dev& fsdev();	// #U files of the host
Dev& qcowdev();	// #Q disk images
Dev& ipdev();	// #I the host's network
Dev& exportdev();	// #X trees given to others

std::span<Dev* const>
devtab()
{
	static Dev* const tab[] = {
		&rootdev(),
		&pipedev(),
		&envdev(),
		&dupdev(),
		&srvdev(),
		&procdev(),
		&consdev(),
		&mntdev(),
		&fsdev(),
		&qcowdev(),
		&ipdev(),
		&exportdev(),
	};
	return tab;
}
}
