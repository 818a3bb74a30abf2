# Disk images, made by our mk:
#
#	emu mk demo.qcow2	an image for QEMU
#	emu mk demo.img	the same disk, raw
#	emu mk clean
#
# Each has a master boot record and one Plan 9 partition, which holds $parts.  The
# size is in MiB: emu mk mb=4096 demo.qcow2.  What is mounted goes with the name space
# of the recipe, and what was written is in the image before emu ends.

mb=1024
mbr=/386/mbr
parts=9fat nvram fs
d=/n/disk/sdXX

all:V: demo.qcow2

%.qcow2:D:
	@{rfork n
	disk/qcowfs -n $mb^m $target
	disk/partfs -m /n/disk /mnt/qcow/data
	disk/mbr -m $mbr $d/data
	disk/fdisk -baw $d/data
	disk/prep -bw -a^($parts) $d/plan9
	}

# A million blocks of $mb bytes are $mb MiB.
%.img:D:
	@{rfork n
	dd -quiet 1 -if /dev/zero -of $target -bs $mb -oseek 1048575 -count 1
	disk/partfs -m /n/disk $target
	disk/mbr -m $mbr $d/data
	disk/fdisk -baw $d/data
	disk/prep -bw -a^($parts) $d/plan9
	}

clean:V:
	rm -f demo.qcow2 demo.img
