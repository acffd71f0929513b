/* trap.h - what trap.S pushes and trap.c reads. */
#ifndef KERNEL_AMD64_TRAP_H
#define KERNEL_AMD64_TRAP_H

#define SEL_CODE	0x08
#define SEL_DATA	0x10
#define SEL_TSS		0x18

/* Interrupt stack table, entries 1 to 7 of the TSS: traps that must not run on the stack they met. */
#define IST_DOUBLE	1
#define IST_NMI		2
#define IST_MCHECK	3
#define IST_FAULT	4		/* page fault and all other traps: none of them returns */
#define IST_INTR	5		/* interrupts: Debian's libraries use the red zone below rsp */
#define IST_N		5

#define CPU_XCR0	7		/* x87, SSE, AVX: what XSAVE keeps of a preempted task */

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

struct trapframe {			/* in the order of memory */
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

extern char trap_stubs[], intr_stubs[];		/* 16 and 8 bytes each; vectors 0..31 and 32..255 */
void	trap(const struct trapframe *);		/* from trap.S */
/* From trap.S, general registers only. True: the interrupted task gives way to the loop (task_preempt_due()). */
bool	interrupt(unsigned vector);
/* From trap.S, on the task's stack, its state saved, interrupts off; returns so when the task has its next turn. */
void	intr_preempted(void);
#endif

#endif
