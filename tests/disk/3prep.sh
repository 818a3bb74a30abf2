# The commands of prep, on a partition of 200000 sectors.

rm -f d; truncate -s 102400000 d
edit prep d <<!
a 9fat 0 100
a nvram . .+1
a fs 50000 10M+50000
a other 50% \$
p
w
p
q
!
is 'a, p, w' <<!
no plan9 partition table found
  empty                0 200000    (200000 sectors, 97.65 MB)
' 9fat                 0 100       (100 sectors, 50.00 KB)
' nvram              100 101       (1 sectors, 512 B )
  empty              101 50000     (49899 sectors, 24.36 MB)
' fs               50000 70480     (20480 sectors, 10.00 MB)
  empty            70480 100000    (29520 sectors, 14.41 MB)
' other           100000 200000    (100000 sectors, 48.82 MB)
  9fat                 0 100       (100 sectors, 50.00 KB)
  nvram              100 101       (1 sectors, 512 B )
  empty              101 50000     (49899 sectors, 24.36 MB)
  fs               50000 70480     (20480 sectors, 10.00 MB)
  empty            70480 100000    (29520 sectors, 14.41 MB)
  other           100000 200000    (100000 sectors, 48.82 MB)
!
prepped d 1 >got
is 'the table' <<!
part 9fat 0 100
part nvram 100 101
part fs 50000 70480
part other 100000 200000
!
edit prep d <<!
a fs 1 2
a x 1 2
a a/b 200 300
a 'a b' 200 300
a y 60000 60001
a y 200 60000
a y 100000 200000
d z
A fs
t fs
R
d nvram
a x 100 101
P
w
!
is 'what prep says' <<!
  9fat                 0 100       (100 sectors, 50.00 KB)
  nvram              100 101       (1 sectors, 512 B )
  empty              101 50000     (49899 sectors, 24.36 MB)
  fs               50000 70480     (20480 sectors, 10.00 MB)
  empty            70480 100000    (29520 sectors, 14.41 MB)
  other           100000 200000    (100000 sectors, 48.82 MB)
?already have partition with name "fs"
?start sector in partition "9fat"
?bad character in name
?bad character in name
?start sector in partition "fs"
?end out of range
?start sector in partition "other"
?no such partition
?unknown command
?unknown command
?unknown command
part 9fat 0 100
part x 100 101
part fs 50000 70480
part other 100000 200000
!
edit prep -b d <<!
a x 0 5
a x 1 5
a x 2 5
p
!
is 'the first two sectors are 9fat or nothing' <<!
  empty                0 200000    (200000 sectors, 97.65 MB)
?overlaps with the pbs and/or the partition table
?overlaps with the pbs and/or the partition table
  empty                0 2         (2 sectors, 1.00 KB)
' x                    2 5         (3 sectors, 1.50 KB)
  empty                5 200000    (199995 sectors, 97.65 MB)
?warning: changes not written
!
rc 'disk/prep -w -a fs -a nvram d'
is 'prep -a where there are partitions' <<!
partitions already exist; not repartitioning
!
rc 'disk/prep -bw -a fs -a fs d'
ok 'prep -a twice the same' grep -q '^you said -a fs more than once.' got
rc 'disk/prep -bw -a foo d; echo $status'
is 'prep -a of an unknown name' <<!
don't know how to create automatic partition foo
usage: disk/prep [-bcfnprw] [-a partname]... [-s sectorsize] disk
prep: usage
!
prepped d 1 >got
rc 'disk/prep -bw -a fossil -a arenas -a nvram d; echo $status'
is 'prep -a on a disk that is too small' <<!
ran out of disk space during autoxpartition.
prep: ran out of disk space during autoxpartition.
!
ok 'and the table stays' sh -c "dd if=d bs=512 skip=1 count=1 2>/dev/null | grep -aq '^part other 100000 200000'"
rc 'disk/prep -rw d; echo $status'
is 'prep -rw' <<!
?read only
prep: read only
!
rc 'disk/prep -s 4096 -bwcn -a nvram d'
is 'prep -s 4096' <<!
nvram 1
!
ok 'its table is in the second sector of that size' \
	sh -c 'test "$(dd if=d bs=4096 skip=1 count=1 2>/dev/null | tr -d "\0")" = "part nvram 2 3"'
truncate -s 512 tiny
rc 'disk/prep -bw tiny; echo $status'
is 'a disk of one sector' <<!
?the disk has no second sector
prep: the disk has no second sector
!

# Inside a disk, the ctl file is told the sectors of the whole disk.
blank d 100M
served d 'disk/fdisk -baw $d/data
	{echo a a 100 200; echo a b 200 300; echo w; echo d a; echo P; echo w} | disk/prep -b $d/plan9 >[2]/dev/null
	cat $d/ctl'
is 'prep tells ctl of what was added and deleted' <<!
  empty                0 204768    (204768 sectors, 99.98 MB)
delpart a
part b 232 332
inquiry partfs hard drive
geometry 204800 512
part data 0 204800
part plan9 32 204800
part b 232 332
!
served d 'disk/fdisk -p $d/data >$d/ctl; disk/prep -p $d/plan9 >/tmp/x; cat /tmp/x; cat /tmp/x >$d/ctl; cat $d/ctl'
is 'prep -p' <<!
part b 232 332
inquiry partfs hard drive
geometry 204800 512
part data 0 204800
part plan9 32 204800
part b 232 332
!

# A table as large as its sector, and one too many.
rm -f d; truncate -s 100M d
for i in $(seq 10 40); do
	echo "a $(printf '%0115d' $i) $i $((i + 1))"
done >cmds
{ head -n 5 cmds; echo w; } | edit prep d
ok 'a table that does not fit is not written' \
	grep -q '?the partition table does not fit in a sector' got
prepped d 1 >got
is 'at all' </dev/null
for i in $(seq 10 43); do
	echo "a p$i $i $((i + 1))"
done | edit prep d
ok 'there are 32 partitions' test "$(grep -c '?too many partitions' got)" = 2

# What is in the way.
printf '\353\074\220' | dd of=d bs=512 seek=1 conv=notrunc 2>/dev/null
rc 'disk/prep -bw d; echo $status'
ok 'a FAT where the table would go' grep -q '^prep: fat partition$' got
