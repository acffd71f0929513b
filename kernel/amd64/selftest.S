/* selftest.S - vector_round(in, out, spins, avx): loads all registers from *in, counts down, stores them to *out. The layout is struct
 * vector_state's (selftest.c). */

	.text
	.globl	vector_round
vector_round:
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	/* below rsp, as a function of a library may keep it */
	.set	i, 0
	.rept	16
	movq	712 + 8 * i(%rdi), %rax
	movq	%rax, -128 + 8 * i(%rsp)
	.set	i, i + 1
	.endr
	testl	%ecx, %ecx
	jz	1f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovups	32 * \i(%rdi), %ymm\i
	.endr
	jmp	2f
1:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	32 * \i(%rdi), %xmm\i
	.endr
2:	fninit
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	fldt	512 + 16 * \i(%rdi)
	.endr
	ldmxcsr	704(%rdi)
	fldcw	708(%rdi)
	.irp	i, 8, 9, 10, 11, 12, 13, 14, 15
	movq	640 - 64 + 8 * \i(%rdi), %r\i
	.endr

3:	decq	%rdx
	jnz	3b

	.irp	i, 8, 9, 10, 11, 12, 13, 14, 15
	movq	%r\i, 640 - 64 + 8 * \i(%rsi)
	.endr
	stmxcsr	704(%rsi)
	fnstcw	708(%rsi)
	.irp	i, 7, 6, 5, 4, 3, 2, 1, 0
	fstpt	512 + 16 * \i(%rsi)
	.endr
	testl	%ecx, %ecx
	jz	4f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovups	%ymm\i, 32 * \i(%rsi)
	.endr
	vzeroupper
	jmp	5f
4:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	%xmm\i, 32 * \i(%rsi)
	.endr
5:	.set	i, 0
	.rept	16
	movq	-128 + 8 * i(%rsp), %rax
	movq	%rax, 712 + 8 * i(%rsi)
	.set	i, i + 1
	.endr
	pushq	$0x037f			/* as the ABI has them */
	fninit
	fldcw	(%rsp)
	movl	$0x1f80, (%rsp)
	ldmxcsr	(%rsp)
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
