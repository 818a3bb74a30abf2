# The commands of fdisk, on a disk of 100 cylinders of 1 MiB.

blank d 100M
edit fdisk d <<!
a p1 0 10
a p2 20 30
a p4 . .+5
a s5 50 60
a s6 60 70
t p2 linux
t s5 fat32
A p2
p
w
p
q
!
is 'a, t, A, p, w' <<!
cylinder = 1048576 bytes
   empty                0 100       (100 cylinders, 100.00 MB) 
'  p1                   0 10        (10 cylinders, 10.00 MB) PLAN9
   empty               10 20        (10 cylinders, 10.00 MB) 
'* p2                  20 30        (10 cylinders, 10.00 MB) LINUX
'  p4                  30 35        (5 cylinders, 5.00 MB) PLAN9
   empty               35 50        (15 cylinders, 15.00 MB) 
'  s5                  50 60        (10 cylinders, 10.00 MB) FAT32
'  s6                  60 70        (10 cylinders, 10.00 MB) PLAN9
   empty               70 100       (30 cylinders, 30.00 MB) 
   p1                   0 10        (10 cylinders, 10.00 MB) PLAN9
   empty               10 20        (10 cylinders, 10.00 MB) 
 * p2                  20 30        (10 cylinders, 10.00 MB) LINUX
   p4                  30 35        (5 cylinders, 5.00 MB) PLAN9
   empty               35 50        (15 cylinders, 15.00 MB) 
   s5                  50 60        (10 cylinders, 10.00 MB) FAT32
   s6                  60 70        (10 cylinders, 10.00 MB) PLAN9
   empty               70 100       (30 cylinders, 30.00 MB) 
!
parts d >got
is 'sfdisk reads it' <<!
32 20448 39
40960 20480 83, bootable
61440 10240 39
102400 102400 5
102432 20448 b
122912 20448 39
!
edit fdisk -r d </dev/null
is 'and ours, with the names that it gives' <<!
cylinder = 1048576 bytes
   p1                   0 10        (10 cylinders, 10.00 MB) PLAN9
   empty               10 20        (10 cylinders, 10.00 MB) 
 * p2                  20 30        (10 cylinders, 10.00 MB) LINUX
   p3                  30 35        (5 cylinders, 5.00 MB) PLAN9
   empty               35 50        (15 cylinders, 15.00 MB) 
   s4                  50 60        (10 cylinders, 10.00 MB) FAT32
   s5                  60 70        (10 cylinders, 10.00 MB) PLAN9
   empty               70 100       (30 cylinders, 30.00 MB) 
!
timeout 60 "$emu" disk/fdisk -p d >got 2>&1
is 'fdisk -p: names by type, and numbers' <<!
part plan9 32 20480
part linux 40960 61440
part plan9.1 61440 71680
part dos 102432 122880
part plan9.2 122912 143360
!
timeout 60 "$emu" disk/fdisk -bp d >got 2>&1
is 'fdisk -bp: nothing' </dev/null
served d 'echo part junk 1 2 >$d/ctl; disk/fdisk -p $d/data; disk/fdisk -p $d/data >$d/ctl; ls $d'
is 'fdisk -p goes into ctl' <<!
delpart junk
part plan9 32 20480
part linux 40960 61440
part plan9.1 61440 71680
part dos 102432 122880
part plan9.2 122912 143360
/n/d/sdXX/ctl
/n/d/sdXX/data
/n/d/sdXX/dos
/n/d/sdXX/linux
/n/d/sdXX/plan9
/n/d/sdXX/plan9.1
/n/d/sdXX/plan9.2
!

# What is wrong is said behind a question mark.
blank d 100M
edit fdisk d <<!
a
a p1
20
30
a p1 40 50
a x9 40 50
a p- 40 50
a pX 40 50
a '' 40 50
a p2 100 101
a p2 -1 10
a p2 25 26
a p2 10 25
a p2 10 10
a p2 10 9
a p2 10 101
a p2 10 15 20
a p2 1/0 5
a p2 (1 5
a p2 99999999999999999999 5
d
d p7
A
A s1
A p7
t
t p7
p 1
w 1
P 1
q 1
. 1 2
z
zz
a b c d e f g h i j
d p1
q
q
!
is 'what fdisk says' <<!
cylinder = 1048576 bytes
   empty                0 100       (100 cylinders, 100.00 MB) 
?args
start cylinder: end [20..100] ?already have partition with name "p1"
?name must be pN or sN
?name must be pN or sN
?name must be pN or sN
?partition has no name
?start out of range
?start out of range
?start cylinder in partition "p1"
?end out of range
?size zero partition
?end out of range
?end out of range
?args
?division by zero
?syntax error
?number out of range
?args
?no such partition
?args
?cannot set secondary partition active
?unknown partition
?args
?unknown partition
?args
?args
?args
?args
?args
?unknown command
?
?
?changes unwritten
!
ok 'q quits with an empty status' sh -c "echo q | '$emu' disk/fdisk d >/dev/null 2>&1"
edit fdisk d <<!
a p1 1 2
!
tail -n 1 got >got2; mv got2 got
is 'the end of the input does not write' <<!
?warning: changes not written
!
printf 'a p1 1 2\nw' | edit fdisk d
ok 'half a line at the end is not run' sh -c "grep -q 'not written' got"
parts d >got
is 'and nothing was' </dev/null
edit fdisk d <<!
a p1 1 2
q
p
q
q
!
ok 'q, another command, and q is a first q again' test "$(grep -c '?changes unwritten' got)" = 2

# Expressions.
blank d 100M
edit fdisk d <<!
.
. 7*(2+1)-1
.
a p1 . .+5%
a p2 30M .+11264k
a p3 0x20+10 \$-(1+2)
a p4 \$-2 \$
.
w
p
!
is 'places are expressions' <<!
cylinder = 1048576 bytes
   empty                0 100       (100 cylinders, 100.00 MB) 
	. 0
	. 20
	. 100
   empty                0 20        (20 cylinders, 20.00 MB) 
   p1                  20 25        (5 cylinders, 5.00 MB) PLAN9
   empty               25 30        (5 cylinders, 5.00 MB) 
   p2                  30 36        (6 cylinders, 6.00 MB) PLAN9
   empty               36 42        (6 cylinders, 6.00 MB) 
   p3                  42 97        (55 cylinders, 55.00 MB) PLAN9
   empty               97 98        (1 cylinders, 1.00 MB) 
   p4                  98 100       (2 cylinders, 2.00 MB) PLAN9
!
edit fdisk d <<!
a p5 0 1
a s1 0 1
d p2
a s1 26 27
a s2 27 28
a s3 38 39
!
is 'there are four primary slots, and a run of secondary ones takes one' <<!
cylinder = 1048576 bytes
   empty                0 20        (20 cylinders, 20.00 MB) 
   p1                  20 25        (5 cylinders, 5.00 MB) PLAN9
   empty               25 30        (5 cylinders, 5.00 MB) 
   p2                  30 36        (6 cylinders, 6.00 MB) PLAN9
   empty               36 42        (6 cylinders, 6.00 MB) 
   p3                  42 97        (55 cylinders, 55.00 MB) PLAN9
   empty               97 98        (1 cylinders, 1.00 MB) 
   p4                  98 100       (2 cylinders, 2.00 MB) PLAN9
?no room for partition
?no room for partition
?warning: changes not written
!

# t asks, and lists; types that are not in the list are passed over.
edit fdisk d <<!
t p1
?
esp
t p2 nonsense
t p3 'xenix usr'
t p4 Bb
p
P
!
ok 't asks and lists the types' grep -q 'EMPTY           FAT12           XENIX           XENIX USR       $' got
grep "^'\|^part" got >got2; mv got2 got
is 'types and their names in ctl' <<!
'  p1                  20 25        (5 cylinders, 5.00 MB) ESP
'  p3                  42 97        (55 cylinders, 55.00 MB) XENIX USR
'  p4                  98 100       (2 cylinders, 2.00 MB) BB
part esp 40960 51200
part plan9 61440 73728
part xenixusr 86016 198656
part bb 200704 204800
!

# A partition is active alone; an automatic one is only when no other is.
edit fdisk d <<!
A p1
A p2
p
w
!
ok 'one partition is active' test "$(grep -c '^.\* p' got)$(grep -c '^.\* p2' got)" = 11
blank d 100M
edit fdisk d <<!
a p1 0 10
t p1 FAT16
A p1
w
!
rc 'disk/fdisk -aw d'
parts d >got
is 'fdisk -a beside what is there' <<!
32 20448 4, bootable
20480 184320 39
!
rc 'disk/fdisk -aw d'
parts d >got
ok 'fdisk -a where a Plan 9 partition is' cmp got want
blank d 100M
edit fdisk d <<!
a p1 10 20
t p1 LINUX
a p2 50 60
t p2 LINUX
w
!
rc 'disk/fdisk -aw d'
parts d >got
is 'fdisk -a takes the largest gap' <<!
20480 20480 83
102400 20480 83
122880 81920 39, bootable
!
blank d 100M
edit fdisk d <<!
a p1 0 99
t p1 LINUX
a p2 99 100
t p2 LINUX
w
!
rc 'disk/fdisk -aw d'
is 'fdisk -a on a full disk' <<!
couldn't find space or partition slot for plan 9 partition
!

# R puts back what was there.
blank d 100M
edit fdisk d <<!
a p1 0 10
a s2 10 20
a s3 20 30
w
!
cp d d.old
edit fdisk d <<!
d p1
d s2
a p4 50 60
w
R
h
!
ok 'R restores and ends' grep -q '^restored old partition tables' got
ok 'R restores the tables' cmp d d.old
served d 'disk/fdisk -p $d/data >$d/ctl; {echo d p1; echo w; echo R} | disk/fdisk $d/data >/dev/null >[2=1]
	echo $status; cat $d/ctl'
grep -v '^geom\|^inq' got >got2; mv got2 got
is 'R restores ctl, and the status says so' <<!
fdisk: restored
part data 0 204800
part plan9 32 20480
part plan9.1 20512 40960
part plan9.2 40992 61440
!

# Flags.
rc 'disk/fdisk'
is 'usage of fdisk' <<!
usage: disk/fdisk [-abfprvw] [-s sectorsize] disk
emu: usage
!
rc 'disk/fdisk nothing'
is 'a disk that is not there' <<!
cannot open disk: cannot open disk file: file does not exist: 'nothing'
emu: opendisk
!
rc 'disk/fdisk /tmp'
is 'a directory is no disk' <<!
cannot open disk: not a disk file: /tmp
emu: opendisk
!
: >empty
rc 'disk/fdisk empty'
is 'an empty file is no disk' <<!
cannot open disk: file too small to be a disk
emu: opendisk
!
truncate -s 100M e
rc 'disk/fdisk e'
is 'a disk without a table' <<!
fdisk: did not find master boot record
emu: did not find master boot record
!
blank d 100M
rc 'disk/fdisk -rw d; echo $status'
is 'fdisk -rw' <<!
?read only
fdisk: read only
!
edit fdisk -s 4096 d <<!
a p1 1 5
w
p
!
is 'fdisk -s 4096' <<!
cylinder = 8388608 bytes
   empty                0 12        (12 cylinders, 96.00 MB) 
   empty                0 1         (1 cylinders, 8.00 MB) 
   p1                   1 5         (4 cylinders, 32.00 MB) PLAN9
   empty                5 12        (7 cylinders, 56.00 MB) 
!
rc 'disk/fdisk -s 0 d'
is 'fdisk -s 0' <<!
fdisk: bad sector size
emu: bad sector size
!
mkdir c && echo 'not ours' >c/ctl && truncate -s 100M c/d
rc 'disk/mbr c/d; disk/fdisk -baw c/d; disk/prep -bw -a fs c/d; cat c/ctl'
ok "a ctl file that is not the disk's is left alone" grep -q '^not ours$' got
