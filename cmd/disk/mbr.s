# The master boot record that /386/mbr is: it boots the active partition.  It moves
# out of the way to 0:0600, looks for the entry marked 0x80, reads the first sector of
# that partition to 0:7C00, by LBA where the BIOS can and else by its CHS, and jumps
# there with the drive in dl and the entry at ds:si.  What fails is said on the screen.
# tests/disk/run assembles this and compares with bootcode.cpp.

.code16
.set table, 0x600 + 446
.globl _start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ss
	movw	$0x7C00, %sp
	movw	%ax, %ds
	movw	%ax, %es
	sti
	movw	%sp, %si
	movw	$0x600, %di
	movw	$256, %cx
	rep movsw
	ljmp	$0, $0x600 + (find - _start)

find:
	movw	$table, %si
	movb	$4, %cl
1:	testb	$0x80, (%si)
	jnz	found
	addw	$16, %si
	decb	%cl
	jnz	1b
	movw	$0x600 + (none - _start), %si
	jmp	fail

found:
	movb	%dl, drive		# the BIOS says which drive
	movb	$0x41, %ah
	movw	$0x55AA, %bx
	int	$0x13
	jc	chs
	cmpw	$0xAA55, %bx
	jne	chs
	testb	$1, %cl
	jz	chs
	pushl	$0			# the address packet, from its end
	pushl	8(%si)
	pushl	$0x7C00
	pushl	$0x00010010
	movb	$0x42, %ah
	movw	%si, %bp
	movw	%sp, %si
	movb	drive, %dl
	int	$0x13
	movw	%bp, %si
	jmp	2f
chs:
	movw	$0x0201, %ax
	movw	$0x7C00, %bx
	movb	drive, %dl
	movb	1(%si), %dh
	movw	2(%si), %cx
	int	$0x13
2:	jnc	loaded
	movw	$0x600 + (bad - _start), %si
	jmp	fail

loaded:
	cmpw	$0xAA55, 0x7DFE
	jne	empty
	movb	drive, %dl
	ljmp	$0, $0x7C00
empty:
	movw	$0x600 + (nothing - _start), %si

fail:
	lodsb
	testb	%al, %al
	jz	halt
	movb	$0x0E, %ah
	movw	$7, %bx
	int	$0x10
	jmp	fail
halt:
	hlt
	jmp	halt

.set drive, 0x7B7		# a byte of the copy that nothing else uses
none:	.asciz	"emu mbr: no partition is active\r\n"
bad:	.asciz	"emu mbr: the active partition cannot be read\r\n"
nothing:.asciz	"emu mbr: the active partition has no boot sector\r\n"
