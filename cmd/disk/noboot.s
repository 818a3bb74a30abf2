# What mbr(8) installs without -m: it says that the disk cannot be booted, and halts.
# tests/disk/run assembles this and compares with bootcode.cpp.

.code16
.globl _start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ss
	movw	$0x7C00, %sp
	movw	%ax, %ds
	sti
	movw	$0x7C00 + (text - _start), %si
1:	lodsb
	testb	%al, %al
	jz	2f
	movb	$0x0E, %ah
	movw	$7, %bx
	int	$0x10
	jmp	1b
2:	hlt
	jmp	2b

text:	.asciz	"emu: this disk cannot be booted\r\n"
