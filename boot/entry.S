/* entry.S - from the loader's hand-over (32-bit protected mode, no paging) to kernel_main() in 64-bit mode, on core 0.
 *
 * Multiboot 1 and 2: eax = magic, ebx = information. PVH: ebx = hvm_start_info; its magic is put into eax here. */

#define PVH_MAGIC	0x336ec578

#define CR0_SET		0x80010023		/* PG WP NE MP PE */
#define CR4_SET		0x00000620		/* OSXMMEXCPT OSFXSR PAE */
#define MSR_EFER	0xc0000080
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101
#define EFER_LME	0x100
#define COM1		0x3f8

	.section .boot.text, "ax"
	.code32
	.globl	pvh_start
pvh_start:
	movl	$PVH_MAGIC, %eax
	.globl	boot_start
boot_start:
	cli
	cld
	movl	$boot_stack_top, %esp
	movl	%eax, %edi			/* kernel_main(magic, info) */
	movl	%ebx, %esi

	/* Long mode: CPUID 8000_0001 edx bit 29. A processor without that leaf has none. */
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	no_long_mode
	movl	$0x80000001, %eax
	cpuid
	testl	$1 << 29, %edx
	jz	no_long_mode

	/* Identity map of the first 4 GB in 2 MB pages, until pmap_init(). */
	movl	$boot_pdpt + 3, boot_pml4
	xorl	%ecx, %ecx
1:	movl	%ecx, %eax
	shll	$12, %eax
	addl	$boot_pd + 3, %eax
	movl	%eax, boot_pdpt(, %ecx, 8)
	incl	%ecx
	cmpl	$4, %ecx
	jne	1b
	xorl	%ecx, %ecx
2:	movl	%ecx, %eax
	shll	$21, %eax
	orl	$0x83, %eax			/* 2 MB, writable, present */
	movl	%eax, boot_pd(, %ecx, 8)
	incl	%ecx
	cmpl	$2048, %ecx
	jne	2b

	movl	%cr4, %eax
	orl	$CR4_SET, %eax
	movl	%eax, %cr4
	movl	$boot_pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	$CR0_SET, %eax
	movl	%eax, %cr0
	lgdt	boot_gdtr
	ljmp	$0x08, $boot_start64

	/* No 64-bit mode: say so on COM1 as it stands, and stop. */
no_long_mode:
	movl	$no_long_mode_text, %esi
3:	movl	$0x10000, %ecx
4:	movw	$COM1 + 5, %dx			/* LSR: room to send; bounded */
	inb	%dx, %al
	testb	$0x20, %al
	loopz	4b
	lodsb
	testb	%al, %al
	jz	5f
	movw	$COM1, %dx
	outb	%al, %dx
	jmp	3b
5:	hlt
	jmp	5b
no_long_mode_text:
	.asciz	"sluice: this processor has no 64-bit mode\r\n"

	.code64
boot_start64:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$boot_stack_top, %esp		/* also clears the upper half */
	movl	%edi, %edi
	movl	%esi, %esi

	/* %gs: percore_delta[0] = 0. %fs:0x28: the stack protector's canary, random from the first C function on. */
	xorl	%edx, %edx
	movl	$MSR_GS_BASE, %ecx
	wrmsr
	movl	$core0_tls, %eax
	movl	$MSR_FS_BASE, %ecx
	wrmsr
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movabsq	$0x9e3779b97f4a7c15, %r8
	imulq	%rax, %r8
	movl	$1, %eax
	cpuid					/* changes ebx, ecx, edx; edi and esi stay */
	testl	$1 << 30, %ecx			/* RDRAND */
	jz	6f
	rdrand	%rax
	jnc	6f
	xorq	%rax, %r8
6:	xorb	%r8b, %r8b			/* a string that overflows stops at the canary's zero */
	movq	%r8, core0_tls + 0x28

	xorl	%ebp, %ebp			/* the end of every backtrace */
	call	kernel_main
	ud2

	.balign	8
	.globl	boot_gdt
boot_gdt:
	.quad	0
	.quad	0x00af9a000000ffff		/* 0x08: code, 64-bit */
	.quad	0x00cf92000000ffff		/* 0x10: data */
boot_gdtr:
	.word	. - boot_gdt - 1
	.quad	boot_gdt

	.bss
	.balign	4096
	.globl	boot_pml4
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_pd:
	.skip	4 * 4096
/* Core 0's stack: the loop runs on it for ever. pmap_init() unmaps the page below. */
	.globl	boot_stack_guard
boot_stack_guard:
	.skip	4096
	.skip	32768
boot_stack_top:
	.balign	64
	.globl	core0_tls
core0_tls:
	.skip	64
