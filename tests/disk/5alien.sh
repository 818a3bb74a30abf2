# Tables of others, and tables that nobody should have written.

rm -f d; truncate -s 1G d
sfdisk -q d >log 2>&1 <<!
label: dos
start=2048, size=204800, type=7
start=206848, size=1048576, type=83, bootable
start=1255424, type=5
start=1257472, size=102400, type=82
start=1361920, size=102400, type=b
start=1466368, size=630784, type=39
!
cp d d.sfdisk
timeout 60 "$emu" disk/fdisk -p d >got 2>&1
is "sfdisk's table, with logical partitions" <<!
part ntfs 2048 206848
part linux 206848 1255424
part linuxswap 1257472 1359872
part dos 1361920 1464320
part plan9 1466368 2097152
!
edit fdisk d <<!
w
!
parts d >got
is 'written by ours, sfdisk sees the same partitions' <<!
2048 204800 7
206848 1048576 83, bootable
1255424 841728 5
1257472 102400 82
1361920 102400 b
1466368 630784 39
!
ok 'sfdisk finds no fault in it' sfdisk -q -V d
cp d.sfdisk d
edit fdisk d <<!
d s4
d p2
A p1
w
a p9 200 300
t p9 FAT32
a s9 350 400
w
!
parts d >got
is 'two are deleted, two added' <<!
2048 204800 7, bootable
409600 204800 b
716800 1380352 5
716832 102368 39
1257472 102400 82
1466368 630784 39
!
ok 'sfdisk finds no fault in that' sfdisk -q -V d
edit fdisk d <<!
d s3
d s4
d s5
w
!
parts d >got
is 'an extended partition goes with its last one' <<!
2048 204800 7, bootable
409600 204800 b
!

# Forty logical partitions: an editor holds 32.
rm -f d; truncate -s 1G d
{
	echo 'label: dos'
	echo 'start=2048, type=5'
	for i in $(seq 40); do
		echo "start=$((i * 40960)), size=20480, type=83"
	done
} | sfdisk -q d >log 2>&1
edit fdisk -r d </dev/null
ok '40 logical partitions: 32 of them' test "$(grep -c '^   s' got)" = 32
ok 'and it says so' test "$(grep -c '^adding partition: too many partitions' got)" = 8

rm -f d; truncate -s 100M d
echo 'label: gpt' | sfdisk -q d >log 2>&1
rc 'disk/fdisk d'
is 'a GPT is refused' <<!
disk uses GPT partition format
emu: gptformat
!
edit fdisk -b d <<!
a p1 0 10
w
!
parts d >got2
sfdisk -q --wipe always -d d 2>/dev/null | grep -c 'type=39' >got
is 'but not with -b' <<!
1
!

# table FILE SECTOR TYPE,START,SIZE...: a table as it is, sound or not.
table() {
	python3 - "$@" <<!
import struct, sys
b = b''
for e in sys.argv[3:]:
    t, lba, size = (int(x, 0) for x in e.split(','))
    b += struct.pack('<B3xB3xII', 0, t, lba, size)
with open(sys.argv[1], 'r+b') as f:
    f.seek(int(sys.argv[2]) * 512 + 446)
    f.write(b.ljust(64, b'\0') + b'\x55\xaa')
!
}
# shown NAME: what fdisk -r says of d, without the gaps.
shown() {
	edit fdisk -r d </dev/null
	grep -v 'empty\|^cylinder' got >got2
	mv got2 got
	is "$1"
}
rm -f d; truncate -s 100M d
table d 0 0x05,2048,100000 0x39,40960,2048
table d 2048 0x83,32,4064 0x05,4096,100
table d 6144 0x82,32,2016 0x05,0,100
shown 'a chain that loops' <<!
partition table at sector 2048: the chain of tables is a loop
   s1                   1 3         (2 cylinders, 2.00 MB) LINUX
   s2                   3 4         (1 cylinders, 1.00 MB) LINUXSWAP
   p3                  20 21        (1 cylinders, 1.00 MB) PLAN9
!
edit fdisk d <<!
w
!
shown 'is none any more when written' <<!
   s1                   1 3         (2 cylinders, 2.00 MB) LINUX
   s2                   3 4         (1 cylinders, 1.00 MB) LINUXSWAP
   p3                  20 21        (1 cylinders, 1.00 MB) PLAN9
!
ok 'and sfdisk finds no fault' sfdisk -q -V d
table d 0 0x05,0,100000
shown 'an extended partition that is the disk itself' <<!
partition table at sector 0: the chain of tables is a loop
!
table d 0 0x05,4294967295,1 0x0f,204800,1 0x85,204799,1
shown 'extended partitions beyond the end, and an empty one' <<!
partition table at sector 4294967295: beyond the end of the disk
partition table at sector 204800: beyond the end of the disk
!
table d 0 0x39,4294967295,4294967295 0x84,100,0 0x83,2048,409600
shown 'partitions beyond the end' <<!
   p2                   0 1         (1 cylinders, 1.00 MB) type 132
   p3                   1 201       (200 cylinders, 200.00 MB) LINUX
   p1             2097151 4194304   (2097153 cylinders, 2.00 TB) PLAN9
!
cp d d.old
edit fdisk d <<!
w
!
ok 'what makes no sense is not written' grep -q '^?bad partition boundaries$' got
ok 'at all' cmp d d.old
served d 'disk/fdisk -p $d/data >$d/ctl; echo $status'
is 'nor told to the ctl file' <<!
adding part failed: linux: bad partition boundaries: "part linux 2048 411648"
adding part failed: plan9: bad partition boundaries: "part plan9 4294967295 8589934590"
?some messages could not be written
fdisk: some messages could not be written
!
table d 0 0x39,32,20448 0x83,10000,20000 0x05,40960,20000
table d 40960 0x83,32,100 0x83,200,100
shown 'partitions that overlap, and a table of two' <<!
   p1                   0 10        (10 cylinders, 10.00 MB) PLAN9
   p2                   4 15        (11 cylinders, 11.00 MB) LINUX
   s3                  20 21        (1 cylinders, 1.00 MB) LINUX
   s4                  20 21        (1 cylinders, 1.00 MB) LINUX
!
edit fdisk d <<!
a p9 9 10
a p9 18 21
w
d s4
w
!
is 'are seen by a, and not written when one would go' <<!
cylinder = 1048576 bytes
   p1                   0 10        (10 cylinders, 10.00 MB) PLAN9
   p2                   4 15        (11 cylinders, 11.00 MB) LINUX
   empty               15 20        (5 cylinders, 5.00 MB) 
   s3                  20 21        (1 cylinders, 1.00 MB) LINUX
   s4                  20 21        (1 cylinders, 1.00 MB) LINUX
   empty               21 100       (79 cylinders, 79.00 MB) 
?start cylinder in partition "p1"
?end out of range
?partitions overlap or leave the extended partition
!

# Noise everywhere.
crashed=
for i in $(seq 30); do
	head -c 1048576 /dev/urandom >d
	printf '\125\252' | dd of=d bs=1 seek=510 conv=notrunc 2>/dev/null
	case $((i % 3)) in
	1) printf '\005' | dd of=d bs=1 seek=450 conv=notrunc 2>/dev/null ;;
	2) printf '\000\000\000\001\000\000\000' | dd of=d bs=1 seek=451 conv=notrunc 2>/dev/null ;;
	esac
	printf 'p\nP\na p9 0 1\nd p1\nw\nq\nq\n' >cmds
	for p in fdisk prep; do
		timeout 60 "$emu" disk/$p d <cmds >got 2>&1
		case $? in
		0 | 1) ;;
		*) crashed="$crashed $p $i" ;;
		esac
	done
done
ok 'disks of noise' test -z "$crashed"
head -c 104857600 /dev/zero | tr '\0' '\377' >d
rc 'disk/fdisk d'
ok 'a disk of ones has no table' grep -q 'did not find master boot record' got
rc 'disk/mbr d; disk/fdisk -baw d >[2]/dev/null; disk/prep -bw -a nvram d'
parts d >got
is 'until it is partitioned from blank' <<!
63 193473 39, bootable
!

# Hostile tables of Plan 9's.
put() {
	rm -f d; truncate -s 100M d
	printf "$1" | dd of=d bs=512 seek=1 conv=notrunc 2>/dev/null
	edit prep -r d </dev/null
	grep -v empty got >got2
	mv got2 got
}
put 'part a 2 3\npart a/../b 3 4\npart c 4\npart d 5 5\npart e -1 9\npart f 9 99999999999999999999\npart g 0x10 020\npart h 10 20\n'
is 'lines that make no sense' <<!
syntax error reading partition
  a                    2 3         (1 sectors, 512 B )
  h                   10 20        (10 sectors, 5.00 KB)
!
put 'part a 2 3\npart b 2 3\npart c 1000000 2000000\n'
is 'partitions that overlap or lie beyond the end' <<!
  a                    2 3         (1 sectors, 512 B )
  b                    2 3         (1 sectors, 512 B )
  c              1000000 2000000   (1000000 sectors, 488.28 MB)
!
put 'part a 2 3\npart a 4 5\n'
is 'a name twice' <<!
?already have partition with name "a": not continuing
emu: partition
!
put "$(for i in $(seq 40); do printf 'part p%s 2 3\\n' "$i"; done)"
ok '40 partitions' grep -q '^?too many partitions: not continuing' got
put 'part \033[2Jx 2 3\npart \377\376 3 4\n'
is 'names of control characters' <<!
syntax error reading partition
$(printf '  \377\376                   3 4         (1 sectors, 512 B )')
!
rm -f d; truncate -s 100M d
printf 'part %01000d 2 3' 1 | head -c 512 | dd of=d bs=512 seek=1 conv=notrunc 2>/dev/null
edit prep -r d </dev/null
ok 'a sector without an end' grep -q '^syntax error reading partition' got

# A disk that the table cannot reach the end of.
rm -f d; truncate -s 3T d
rc 'disk/mbr d; disk/fdisk -baw d'
parts d >got
is 'a disk of 3 TB: what 32 bits can say' <<!
63 4294961622 39, bootable
!
edit fdisk d <<!
a p2 \$-1000 \$
w
!
ok 'and no more' grep -q '^?partition too large for the table$' got
rm -f d
