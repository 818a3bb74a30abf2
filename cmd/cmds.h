// The programs.  Each is what its manual page says, and ends its Proc by exits or by
// returning; an Error that it lets out is printed and becomes its status.

#pragma once

#include "lib9/args.h"

namespace p9 {

void basename(Argv argv);
void bind(Argv argv);
void cat(Argv argv);
void cleanname(Argv argv);
void cmp(Argv argv);
void cp(Argv argv);
void date(Argv argv);
void dd(Argv argv);
void du(Argv argv);
void diff(Argv argv);
void echo(Argv argv);
void fdisk(Argv argv);
void exportfs(Argv argv);
void grep(Argv argv);
void gunzip(Argv argv);
void gzip(Argv argv);
void import(Argv argv);
void kill(Argv argv);
void lc(Argv argv);
void listen(Argv argv);
void listen1(Argv argv);
void ls(Argv argv);
void man(Argv argv);
void mbr(Argv argv);
void md5sum(Argv argv);
void mk(Argv argv);
void mkdir(Argv argv);
void mntgen(Argv argv);
void mount(Argv argv);
void mv(Argv argv);
void ninep(Argv argv);
void ns(Argv argv);
void nspace(Argv argv);
void partfs(Argv argv);
void pc(Argv argv);
void prep(Argv argv);
void ps(Argv argv);
void pwd(Argv argv);
void qcowfs(Argv argv);
void ramfs(Argv argv);
void read(Argv argv);
void rm(Argv argv);
void sed(Argv argv);
void seq(Argv argv);
void sha1sum(Argv argv);
void sleep(Argv argv);
void sort(Argv argv);
void srv(Argv argv);
void sum(Argv argv);
void tail(Argv argv);
void tee(Argv argv);
void srvfs(Argv argv);
void test(Argv argv);
void time(Argv argv);
void touch(Argv argv);
void tr(Argv argv);
void uniq(Argv argv);
void unmount(Argv argv);
void wc(Argv argv);
void xd(Argv argv);
}
