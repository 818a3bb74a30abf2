# The images of 9front's build, by its recipes.

rc 'rfork n
	disk/qcowfs -n 3953131520 a.qcow2
	disk/partfs -m /n/a.qcow2 /mnt/qcow/data
	d=/n/a.qcow2/sdXX
	disk/mbr $d/data
	disk/mbr -m /386/mbr $d/data
	disk/fdisk -baw $d/data
	disk/prep -bw -a^(9fat nvram fs) $d/plan9
	cat $d/ctl'
is 'amd64.qcow2: what is printed, and ctl' <<!
9fat 204800
nvram 1
fs 7512384
inquiry partfs hard drive
geometry 7720960 512
part data 0 7720960
part plan9 63 7717248
part 9fat 63 204863
part nvram 204863 204864
part fs 204864 7717248
!
ok 'amd64.qcow2: the image is sound' qemu-img check a.qcow2
qemu-img convert -O raw a.qcow2 a.raw
parts a.raw >got
is 'amd64.qcow2: the table' <<!
63 7717185 39, bootable
!
prepped a.raw 64 >got
is "amd64.qcow2: Plan 9's table" <<!
part 9fat 0 204800
part nvram 204800 204801
part fs 204801 7717185
!
ok 'amd64.qcow2: sfdisk finds no fault' sfdisk -V a.raw
edit fdisk a.raw </dev/null
is 'amd64.qcow2: fdisk shows it' <<!
cylinder = 4128768 bytes
 * p1                    0 957        (957 cylinders, 3.67 GB) PLAN9
!
rm -f a.qcow2 a.raw

# arm PLACE: as the recipes of arm boards, on the disk that $d holds.
arm() {
	cat <<!
	{
		echo a p1 '$1'
		echo t p1 FAT32
		echo a p2 . '\$'
		echo t p2 PLAN9
		echo A p1
		echo p
		echo w
		echo q
	} | disk/fdisk -b \$d/data >[2]/dev/null
	disk/prep -bw -a^(nvram fs) \$d/plan9
	cat \$d/ctl
!
}

rc "rfork n
	disk/qcowfs -n 3953131520 b.qcow2
	disk/partfs -m /n/d /mnt/qcow/data
	d=/n/d/sdXX
	disk/mbr \$d/data
	$(arm '4M 100M')"
is 'arm64.qcow2' <<!
   empty                 0 957        (957 cylinders, 3.67 GB) 
   empty                 0 1          (1 cylinders, 3.93 MB) 
'* p1                    1 25         (24 cylinders, 94.50 MB) FAT32
'  p2                   25 957        (932 cylinders, 3.58 GB) PLAN9
nvram 1
fs 7515644
inquiry partfs hard drive
geometry 7720960 512
part data 0 7720960
part dos 8064 201600
part plan9 201600 7717248
part nvram 201602 201603
part fs 201603 7717247
!
qemu-img convert -O raw b.qcow2 b.raw
parts b.raw >got
is 'arm64.qcow2: the table' <<!
8064 193536 b, bootable
201600 7515648 39
!
rm -f b.qcow2 b.raw

# raw IMAGE TEXT: a raw image of 1886 MiB, as dd makes it for mb=1885.
raw() {
	rc "rfork n
		dd -if /dev/zero -of $1 -bs 1048576 -oseek 1885 -count 1 -quiet 1
		disk/partfs -m /n/d $1
		d=/n/d/sdXX
		disk/mbr \$d/data
		$2"
}
raw c.img 'disk/fdisk -baw $d/data; disk/prep -bw -a^(9fat nvram fs) $d/plan9; cat $d/ctl'
is 'a raw image' <<!
9fat 204800
nvram 1
fs 3653760
inquiry partfs hard drive
geometry 3862528 512
part data 0 3862528
part plan9 63 3858624
part 9fat 63 204863
part nvram 204863 204864
part fs 204864 3858624
!
ok 'a raw image: its size' test "$(stat -c %s c.img)" = 1977614336
parts c.img >got
is 'a raw image: the table' <<!
63 3858561 39, bootable
!
rm -f c.img
raw pi.img "$(arm '. .+100M')"
parts pi.img >got
is 'pi.img, pi3.img: the table' <<!
63 201537 b, bootable
201600 3657024 39
!
prepped pi.img 201601 >got
is "pi.img, pi3.img: Plan 9's table" <<!
part nvram 2 3
part fs 3 3657023
!
rm -f pi.img
raw reform.img "$(arm '4M 100M')"
parts reform.img >got
is 'reform.img: the table' <<!
8064 193536 b, bootable
201600 3657024 39
!
rc 'dd -trunc 0 -bs 1024 -oseek 33 -if noise -of reform.img -count 100 -quiet 1'
parts reform.img >got2
ok 'reform.img: the boot loader is put before the partitions' cmp got2 want
rm -f reform.img

# The ISO that boots from USB: the last cylinder is an EFI system partition.
blank iso 400M
served iso '{echo a p1 '\''$-1'\'' '\''$'\''; echo t p1 ESP; echo A p1; echo w; echo q} |
	disk/fdisk -b $d/data >/dev/null >[2=1]; cat $d/ctl'
is 'a hybrid ISO' <<!
inquiry partfs hard drive
geometry 819200 512
part data 0 819200
part esp 817152 819200
!
