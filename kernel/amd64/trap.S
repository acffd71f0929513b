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
 * interrupts off. True: the task that was interrupted is preempted. */
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
	testb	%al, %al
	jnz	intr_preempt
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

/* Interrupts are off, rbp points at what intr_entry pushed: rbp, vector, then rip, cs, rflags, rsp, ss. All of it moves to
 * the task's stack, below the red zone, as the next interrupt uses this IST again; then the vector state, which
 * intr_entry has left alone. intr_preempted() comes back when the task has its next turn. vectorcheck.sh stops here. */
	.globl	intr_preempt
intr_preempt:
	movq	%rbp, %rsi
	movq	40(%rsi), %rsp
	subq	$128, %rsp
	andq	$-16, %rsp
	pushq	48(%rsi)
	pushq	40(%rsi)
	pushq	32(%rsi)
	pushq	24(%rsi)
	pushq	16(%rsi)
	pushq	(%rsi)
	movq	%rsp, %rbp		/* a frame as the backtrace wants it */
	pushq	-8(%rsi)
	pushq	-16(%rsi)
	pushq	-24(%rsi)
	pushq	-32(%rsi)
	pushq	-40(%rsi)
	pushq	-48(%rsi)
	pushq	-56(%rsi)
	pushq	-64(%rsi)
	pushq	-72(%rsi)
	movl	cpu_xsave_size, %ecx	/* 0: no XSAVE */
	testl	%ecx, %ecx
	jz	1f
	subq	%rcx, %rsp
	andq	$-64, %rsp
	xorl	%edx, %edx
	.set	off, 512		/* SDM 1, 13.4.2: XRSTOR wants the header's reserved bytes zero */
	.rept	8
	movq	%rdx, off(%rsp)
	.set	off, off + 8
	.endr
	movl	$CPU_XCR0, %eax
	xsave64	(%rsp)
	fninit				/* the loop's C code expects an empty x87 stack */
	call	intr_preempted
	movl	$CPU_XCR0, %eax
	xorl	%edx, %edx
	xrstor64 (%rsp)
	jmp	2f
1:	subq	$512, %rsp
	andq	$-16, %rsp
	fxsave64 (%rsp)
	fninit
	call	intr_preempted
	fxrstor64 (%rsp)
2:	leaq	-72(%rbp), %rsp
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
	iretq
