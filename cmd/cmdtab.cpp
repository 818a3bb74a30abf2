// Every program by name.  A new one is a line here, a line in cmds.h and a page
// of the manual.

#include "port/cmdtab.h"

#include "cmd/cmds.h"
#include "cmd/prog.h"
#include "cmd/rc/rc.h"

namespace p9 {

namespace {

// The last border: what a program did not expect ends it, with its name before the
// Error.
template<void (*fn)(Argv)>
void
program(Argv argv)
{
	std::string name = argv.empty() ? "" : argv[0];
	try {
		fn(std::move(argv));
	} catch(const Error& e) {
		fprint(2, name + ": " + e.text() + "\n");
		exits(e.text());
	}
}
}

std::span<const Program>
cmdtab()
{
	static constexpr Program tab[] = {
		{"9p", program<ninep>},
		{"[", program<test>},
		{"aux/listen", program<listen>},
		{"aux/listen1", program<listen1>},
		{"basename", program<basename>},
		{"bind", program<bind>},
		{"cat", program<cat>},
		{"cleanname", program<cleanname>},
		{"cmp", program<cmp>},
		{"cp", program<cp>},
		{"date", program<date>},
		{"dd", program<dd>},
		{"diff", program<diff>},
		{"disk/fdisk", program<fdisk>},
		{"disk/mbr", program<mbr>},
		{"disk/partfs", program<partfs>},
		{"disk/prep", program<prep>},
		{"disk/qcowfs", program<qcowfs>},
		{"du", program<du>},
		{"echo", program<echo>},
		{"exportfs", program<exportfs>},
		{"grep", program<grep>},
		{"gunzip", program<gunzip>},
		{"gzip", program<gzip>},
		{"import", program<import>},
		{"kill", program<kill>},
		{"lc", program<lc>},
		{"listen", program<listen>},
		{"listen1", program<listen1>},
		{"ls", program<ls>},
		{"man", program<man>},
		{"md5sum", program<md5sum>},
		{"mk", program<mk>},
		{"mkdir", program<mkdir>},
		{"mntgen", program<mntgen>},
		{"mount", program<mount>},
		{"mv", program<mv>},
		{"namespace", program<nspace>},
		{"ns", program<ns>},
		{"pc", program<pc>},
		{"ps", program<ps>},
		{"pwd", program<pwd>},
		{"qcowfs", program<qcowfs>},
		{"ramfs", program<ramfs>},
		{"rc", program<rc>},
		{"read", program<read>},
		{"rm", program<rm>},
		{"sed", program<sed>},
		{"seq", program<seq>},
		{"sha1sum", program<sha1sum>},
		{"sleep", program<sleep>},
		{"sort", program<sort>},
		{"srv", program<srv>},
		{"sum", program<sum>},
		{"tail", program<tail>},
		{"tee", program<tee>},
		{"srvfs", program<srvfs>},
		{"test", program<test>},
		{"time", program<time>},
		{"touch", program<touch>},
		{"tr", program<tr>},
		{"uniq", program<uniq>},
		{"unmount", program<unmount>},
		{"wc", program<wc>},
		{"xd", program<xd>},
	};
	return tab;
}
}
