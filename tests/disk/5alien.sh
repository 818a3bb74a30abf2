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
cp d.sfdisk d
edit fdisk d <<!
d s4
w
!
parts d >got
sed -n '$p' got >got2; mv got2 got
