/* cores.S - the other cores' way from SIPI (real mode, below 1 MB) to core_main() in 64-bit mode. Which core it is, it finds by its APIC
 * number; what it needs stands in cores.c's tables. */

#define CR0_SET		0x80010023		/* as entry.S */
#define CR4_SET		0x00000620
#define MSR_EFER	0xc0000080
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101
#define EFER_LME	0x100

/* Copied to a page below 1 MB (core_trampoline to core_trampoline_end); cs:0 is its start. From real mode straight into long
 * mode: the tables of the boot map that page and the kernel alike. */
	.section .rodata
	.code16
	.globl core_trampoline, core_trampoline_end
core_trampoline:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	core_gdtr - core_trampoline
	movl	$CR4_SET, %eax
	movl	%eax, %cr4
	movl	$boot_pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	$CR0_SET, %eax
	movl	%eax, %cr0
	ljmpl	$0x08, $core_start64
core_gdtr:
	.word	23
	.long	boot_gdt
core_trampoline_end:

	.text
	.code64
core_start64:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$MSR_EFER, %ecx			/* core 0's, for NXE, before its tables */
	movl	core_efer, %eax
	xorl	%edx, %edx
	wrmsr
	movq	core_cr3, %rax
	movq	%rax, %cr3

	movl	$1, %eax
	cpuid
	shrl	$24, %ebx			/* SDM 2A, CPUID 01H: initial APIC number */
	movl	$1, %edi
1:	cmpl	core_count, %edi
	jae	2f
	cmpb	%bl, core_apicid(%rdi)
	je	3f
	incl	%edi
	jmp	1b
2:	cli					/* nobody that we know */
	hlt
	jmp	2b

3:	movq	percore_delta(, %rdi, 8), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	movl	$MSR_GS_BASE, %ecx
	wrmsr
	movl	$core0_tls, %eax		/* the canary, the same for all */
	xorl	%edx, %edx
	movl	$MSR_FS_BASE, %ecx
	wrmsr
	movq	core_stack(, %rdi, 8), %rsp
	xorl	%ebp, %ebp
	call	core_main
	ud2
