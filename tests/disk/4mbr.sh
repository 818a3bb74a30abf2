# disk/mbr, and QEMU running what it writes.

for b in mbr noboot; do
	as --32 -o $b.o "$top/cmd/disk/$b.s" 2>log &&
		objcopy -O binary -j .text $b.o $b.bin 2>>log
	size=$(stat -c %s $b.bin)
	truncate -s 100M d
	if [ $b = mbr ]; then
		rc 'disk/mbr -m /386/mbr d'
	else
		rc 'disk/mbr d'
	fi
	ok "the bytes of $b are its source" cmp -n "$size" $b.bin d
	rm d
done

truncate -s 100M d; sectors d 0 200
cp d old
rc 'disk/mbr d'
ok 'mbr keeps the table' cmp -i 446 -n 64 d old
ok 'and what is behind it' cmp -i 512 d old
ok 'and puts 55 AA' test "$(dd if=d bs=1 skip=510 count=2 2>/dev/null | od -An -tx1)" = ' 55 aa'
head -c 446 noise >boot
rc 'disk/mbr -m boot d'
ok 'mbr -m' cmp -n 446 boot d
ok 'and it keeps the table too' cmp -i 446 -n 64 d old
ok 'and the sectors behind' cmp -i 512 d old
head -c 1300 noise >boot
rc 'disk/mbr -m boot d'
ok 'code of three sectors' cmp -i 512 -n 788 boot d
ok 'up to their end' cmp -i 1536 d old
ok 'with zeros' cmp -n 236 -i 1300:0 d /dev/zero
cp d old
head -c 16385 noise >boot
rc 'disk/mbr -m boot d; echo $status'
is 'code larger than a track' <<!
mbr: master boot record too large: more than 16384 bytes
mbr: master boot record too large: more than 16384 bytes
!
ok 'is not written' cmp d old
: >boot
rc 'disk/mbr -m boot d'
ok 'no code at all' cmp -n 446 d /dev/zero
rc 'disk/mbr -m nothing d'
is 'code that is not there' <<!
mbr: file does not exist: 'nothing'
emu: file does not exist: 'nothing'
!
rc 'disk/mbr; disk/mbr -x d; disk/mbr nothing'
is 'usage of mbr' <<!
usage: disk/mbr [-9] [-m mbrfile] disk
usage: disk/mbr [-9] [-m mbrfile] disk
mbr: nothing: cannot open disk file: file does not exist: 'nothing'
emu: nothing: cannot open disk file: file does not exist: 'nothing'
!
truncate -s 100M d9
rc 'disk/mbr -9 d9'
parts d9 >got
is 'mbr -9' <<!
32 204768 39, bootable
!

# boots NAME IMAGE TEXT: QEMU runs the image and prints the text.
boots() {
	if ! command -v qemu-system-x86_64 >/dev/null; then
		ok "$1 (no qemu-system-x86_64)" false
		return
	fi
	: >screen
	qemu-system-x86_64 -nographic -no-reboot -net none -m 32 -snapshot -drive \
		"file=$2,format=${2##*.}" </dev/null >screen 2>&1 &
	pid=$!
	n=0
	until grep -aq "$3" screen || [ $n = 600 ] || ! kill -0 $pid 2>/dev/null; do
		sleep 0.1
		n=$((n + 1))
	done
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
	ok "QEMU: $1" grep -aq "$3" screen
}
mkboot() {	# FILE TEXT: a boot sector that prints it
	cat >b.s <<!
	.code16
	xorw %ax, %ax
	movw %ax, %ds
	movw \$0x7C00 + text, %si
1:	lodsb
	movb \$0x0E, %ah
	movw \$7, %bx
	int \$0x10
	testb %al, %al
	jnz 1b
2:	hlt
	jmp 2b
text:	.asciz "$2 from drive and place\\r\\n"
	.org 510
	.word 0xAA55
!
	as --32 -o b.o b.s && objcopy -O binary -j .text b.o "$1"
}
mkboot sector 'the plan9 partition'
mv d x.raw
rc 'disk/mbr x.raw'
boots 'the disk without -m says what it is' x.raw 'emu: this disk cannot be booted'
rm -f x.raw; truncate -s 100M x.raw
rc 'disk/mbr -m /386/mbr x.raw'
boots 'no active partition' x.raw 'emu mbr: no partition is active'
rc 'disk/fdisk -baw x.raw'
boots 'an active partition without a boot sector' x.raw \
	'emu mbr: the active partition has no boot sector'
served x.raw 'disk/fdisk -p $d/data >$d/ctl; dd -if sector -of $d/plan9 -trunc 0 -quiet 1'
boots 'the active partition is booted' x.raw 'the plan9 partition from drive and place'
rm -f x.qcow2
rc 'rfork n
	disk/qcowfs -n 9g x.qcow2
	disk/partfs -m /n/d /mnt/qcow/data
	d=/n/d/sdXX
	disk/mbr -m /386/mbr $d/data
	{echo a p1 0 1; echo a p2 '\''$-100'\'' '\''$'\''; echo A p2; echo w} | disk/fdisk -b $d/data >[2]/dev/null
	dd -if sector -of $d/plan9.1 -trunc 0 -quiet 1'
boots 'a partition behind 8 GB, by LBA' x.qcow2 'the plan9 partition from drive and place'
printf '\377' | dd of=x.raw bs=1 seek=457 conv=notrunc 2>/dev/null
boots 'an active partition beyond the end' x.raw 'emu mbr: the active partition cannot be read'
