/* trap.S - entries of traps and interrupts. */
#include "kernel/amd64/trap.h"

	.text
/* Traps 0..31: vector and error code (0 where the processor pushes none), all registers, trap(frame). It does not
 * return. */
	.balign	16
	.globl	trap_stubs
trap_stubs:
	.set	v, 0
	.rept	32
	.balign	16
	/* 8, 10-14, 17, 21, 29, 30 push an error code: Intel SDM 3A, table 6-1; AMD APM 2, 8.2 */
	.if	(0x60227d00 >> v & 1) == 0
	pushq	$0
	.endif
	pushq	$v
	jmp	trap_entry
	.set	v, v + 1
	.endr

trap_entry:
	cld
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	xorl	%ebp, %ebp
	andq	$-16, %rsp
	call	trap
	ud2

/* Interrupts 32..255. The stub pushes the vector less 128, which fits a byte; interrupt(vector) runs on IST_INTR with
 * interrupts off. The frame that the processor left lies at the top of that IST: who wants to switch stacks copies it
 * off first. */
	.balign	8
	.globl	intr_stubs
intr_stubs:
	.set	v, 32
	.rept	224
	.balign	8
	pushq	$(v - 128)
	jmp	intr_entry
	.set	v, v + 1
	.endr

	.globl	intr_entry
intr_entry:
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	cld			/* 40 + 8 + 80 bytes down from the IST's top: rsp is aligned to 16 */
	movl	8(%rbp), %edi
	addl	$128, %edi
	call	interrupt
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	popq	%rbp
	addq	$8, %rsp
	iretq
