/* context.S - context_switch(save, load): what a C function must preserve (System V ABI), MXCSR and the x87 control
 * word, and which errno and other state of libc belongs to the context. */

	.text
	.globl	context_switch
context_switch:
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%gs:sys_reent
	subq	$8, %rsp
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movq	%rsp, (%rdi)
	movq	(%rsi), %rsp
	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	popq	%gs:sys_reent
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

/* Where a new context starts: fn in rbx, its argument in r12. */
	.globl	context_start
context_start:
	xorl	%ebp, %ebp
	movq	%r12, %rdi
	call	*%rbx
	call	context_ended
	ud2
