/* empty.S - the empty kernel that boot times are compared with: prints one line on COM1 and halts. Multiboot 1,
 * ELF32. */
	.section .text
	.balign	4
	.long	0x1badb002, 0, -0x1badb002

	.globl	_start
_start:
	movl	$text, %esi
1:	movw	$0x3fd, %dx		/* LSR: room to send */
2:	inb	%dx, %al
	testb	$0x20, %al
	jz	2b
	lodsb
	testb	%al, %al
	jz	3f
	movw	$0x3f8, %dx
	outb	%al, %dx
	jmp	1b
3:	cli
	hlt
	jmp	3b
text:
	.asciz	"empty\r\n"
	.section .note.GNU-stack, "", @progbits
