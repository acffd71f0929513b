/* context.c - a new context's stack, as context_switch() in context.S would have left it, and the end of an interrupt that
 * preempts one. At the stack's top: the context's own state of libc (errno, what printf of doubles keeps). */
#include <reent.h>

#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/trap.h"
#include "kernel/machine.h"
#include "kernel/task.h"

#define MXCSR_DEFAULT	0x1f80u
#define X87CW_DEFAULT	0x037fu

struct context_frame {
	uint32_t	cf_mxcsr, cf_x87cw;
	struct _reent	*cf_reent;
	uint64_t	cf_r15, cf_r14, cf_r13, cf_r12, cf_rbx, cf_rbp, cf_rip;
	uint64_t	cf_none;	/* here rsp is aligned at the first call */
};

void	context_start(void);		/* context.S */
void	context_ended(void);

static struct _reent *
context_reent(void *base, size_t size)
{
	return (struct _reent *)(((uintptr_t)base + size - sizeof(struct _reent)) & ~(uintptr_t)15);
}

void
context_init(struct context *c, void *base, size_t size, void (*fn)(void *), void *arg)
{
	struct _reent *r = context_reent(base, size);
	struct context_frame *cf = (struct context_frame *)((uintptr_t)r - 16 - offsetof(struct context_frame, cf_none));

	_REENT_INIT_PTR(r);
	*cf = (struct context_frame){ .cf_mxcsr = MXCSR_DEFAULT, .cf_x87cw = X87CW_DEFAULT, .cf_reent = r,
	    .cf_r12 = (uintptr_t)arg, .cf_rbx = (uintptr_t)fn, .cf_rip = (uintptr_t)context_start };
	c->sp = cf;
}

void
context_free(void *base, size_t size)
{
	_reclaim_reent(context_reent(base, size));
}

void
context_ended(void)
{
	panic("a context's function returned");
}

void
intr_preempted(void)
{
	do {
		irq_enable();
		task_preempted();
		irq_disable();
		percore(task_hold)--;
	} while (task_preempt_due());
}
