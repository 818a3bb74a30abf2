#include "lib9/disk/filestore.h"

#include "lib9/error.h"

namespace p9 {

void
Filestore::begin()
{
	onhost = fstat().type == 'U';
	syncs = true;
	try {
		flush();
	} catch(const Error& e) {
		// Nothing has been written yet: what fails now is the request itself.
		if(onhost || e.is(Eio) || e.is(Enospace))
			throw;
		syncs = false;
	}
}

size_t
Filestore::read(Buf b, uint64_t off)
{
	size_t n = 0;
	while(n < b.size()) {
		size_t k = pread(b.subspan(n), off + n);
		if(k == 0)
			break;
		n += k;
	}
	return n;
}

void
Filestore::write(Bytes b, uint64_t off)
{
	for(size_t n = 0; n < b.size();) {
		size_t k = pwrite(b.subspan(n), off + n);
		if(k == 0)
			error(Eio);
		n += k;
	}
}

void
Filestore::flush()
{
	if(syncs)
		fwstat(Dir::dontcare());
}

void
Filestore::truncate(uint64_t n)
{
	Dir d = Dir::dontcare();
	d.length = n;
	fwstat(d);
}

void
Filestore::lockwriter()
{
	if(!onhost)
		return;
	Dir d = Dir::dontcare();
	d.mode = fstat().mode | DMEXCL;
	fwstat(d);
}
}
