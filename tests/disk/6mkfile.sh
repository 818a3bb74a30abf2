# The mkfile of the tree, run by our mk, and the manual's examples.

mk() {
	rc "mk -f /n/host$top/mkfile $*"
}
mk -s demo.qcow2 demo.img
ok 'mk demo.qcow2: the image is sound' qemu-img check demo.qcow2
ok 'mk demo.img: its size' test "$(stat -c %s demo.img)" = 1073741824
ok 'both are the same disk' qemu-img compare demo.qcow2 demo.img
parts demo.img >got
is 'with one partition' <<!
32 2097120 39, bootable
!
ok 'sfdisk finds no fault in it' sfdisk -q -V demo.img
prepped demo.img 33 >got
is 'of three' <<!
part 9fat 0 204800
part nvram 204800 204801
part fs 204801 2097120
!
boots "demo.qcow2: the BIOS runs its boot record" demo.qcow2 \
	'emu mbr: the active partition has no boot sector'
mk demo.qcow2
is 'what is there is up to date' <<!
mk: 'demo.qcow2' is up to date
!
mk "'mb=2048' 'parts=9fat nvram fossil arenas'" x.img
prepped x.img 64 >got
is 'sizes and partitions are variables' <<!
part 9fat 0 204800
part nvram 204800 204801
part fossil 204801 869537
part arenas 869537 4193217
!
rm -f x.img
rm -f x.qcow2
mk "'parts=nosuch'" x.qcow2
ok 'a failure leaves no image' test ! -e x.qcow2
ok 'and says so' grep -q "^mk: .*deleting 'x.qcow2'" got
mk clean
ok 'mk clean' test ! -e demo.qcow2 -a ! -e demo.img

# As qcowfs(8) of 9front has it, where the last line asks what to do.
size=1073741824
{
	cat <<!
disk/qcowfs -n \$size image.qcow2
disk/partfs /mnt/qcow/data
disk/mbr -m /386/mbr /dev/sdXX/data
disk/fdisk -baw /dev/sdXX/data
disk/prep /dev/sdXX/plan9
!
} >example
printf 'a fs 2 $\nw\nq\n' | timeout 60 "$emu" -c "size=$size; . example" >got 2>&1
ok 'the example of qcowfs(8)' sh -c 'tail -n 1 got | grep -q "^>>> >>> >>> $"'
ok 'its image is sound' qemu-img check image.qcow2
qemu-img convert -O raw image.qcow2 x.raw
prepped x.raw 33 >got
is 'its table' <<!
part fs 2 2097120
!
rm -f image.qcow2 x.raw

# The examples of our own pages.
examples() {
	sed -n '/^\.SH EXAMPLES/,/^\.SH SOURCE/p' "$top/man/8/$1" |
		sed -n '/^\.EX/,/^\.EE/{/^\./!p}' | sed 's/^\.B //'
}
rc 'touch /tmp/image'
{
	echo 'dd -quiet 1 -if /dev/zero -of /tmp/image -bs 1048576 -oseek 499 -count 1'
	examples prep
	echo 'cat /dev/sdXX/ctl'
} >example
timeout 60 "$emu" example >got 2>err </dev/null
sed -n '/^inquiry/,$p' got >got2 && mv got2 got
is 'the examples of prep(8), one after the other' <<!
inquiry partfs hard drive
geometry 1024000 512
part data 0 1024000
part dos 32 204800
part plan9 204800 1024000
!
examples partfs >example
echo 'cat /dev/sdXX/ctl' >>example
timeout 60 "$emu" example >got 2>&1 </dev/null
is 'the example of partfs(8)' <<!
inquiry partfs hard drive
geometry 8388608 512
part data 0 8388608
part plan9 63 8385930
!
ok 'its image is sound' qemu-img check image.qcow2
rm -f image.qcow2
examples qcowfs >example
timeout 60 "$emu" example >got 2>&1 </dev/null
is 'the example of our qcowfs(8)' <<!
fs 8385864
!
ok 'its image is sound' qemu-img check image.qcow2

# In the manner of 9front's mkfile: recipes that call mk again, with what they set.
mkdir dist && cd dist || exit 1
cat >mkfile <<'!'
%.amd64.qcow2:
	@{
	mb=377
	mk $target.$pid.disk
	mv $target.$pid.disk $target
	}

%.pi.img:
	@{
	mb=400
	mk $target.$pid.disk
	mv $target.$pid.disk $target
	}

%.disk:D:
	@{rfork n
	rm -f $target
	s=`{basename $target}
	if(~ $target *.qcow2.*){
		disk/qcowfs -n `{echo $mb '*1048576' | pc} $target
		disk/partfs -m /n/$s /mnt/qcow/data
	}
	if not {
		dd -if /dev/zero -of $target -bs 1048576 -oseek $mb -count 1 -quiet 1
		disk/partfs -m /n/$s $target
	}
	d=/n/$s/sdXX
	disk/mbr $d/data
	if(~ $target *.pi.img.*){
		{
			echo 'a p1 . .+100M'
			echo 't p1 FAT32'
			echo 'a p2 . $'
			echo 'A p1'
			echo 'p'
			echo 'w'
			echo 'q'
		} | disk/fdisk -b $d/data
	}
	if not
		disk/fdisk -baw $d/data
	disk/prep -bw -a^(nvram fs) $d/plan9
	exit ''
	}
!
rc 'mk x.amd64.qcow2 x.pi.img'
cp got ../log2; ls | grep x >got
is 'recipes within recipes leave what they make' <<!
x.amd64.qcow2
x.pi.img
!
ok 'an image that is sound' qemu-img check x.amd64.qcow2
qemu-img convert -O raw x.amd64.qcow2 x.raw
parts x.raw >got
is 'of its size' <<!
32 772064 39, bootable
!
parts x.pi.img >got
is 'and another, a MiB larger than mb says, as dd makes it' <<!
32 204768 b, bootable
204800 616448 39
!
cd ..
