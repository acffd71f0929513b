/* context.c - a new context's stack, as context_switch() in context.S would have left it. */
#include "kernel/machine.h"

#define MXCSR_DEFAULT	0x1f80u
#define X87CW_DEFAULT	0x037fu

struct context_frame {
	uint32_t	cf_mxcsr, cf_x87cw;
	uint64_t	cf_r15, cf_r14, cf_r13, cf_r12, cf_rbx, cf_rbp, cf_rip;
	uint64_t	cf_top[2];	/* keeps rsp aligned at the first call */
};
_Static_assert(sizeof(struct context_frame) % 16 == 0, "stack alignment");

void	context_start(void);		/* context.S */
void	context_ended(void);

void
context_init(struct context *c, void *base, size_t size, void (*fn)(void *), void *arg)
{
	struct context_frame *cf = (struct context_frame *)(((uintptr_t)base + size) & ~(uintptr_t)15) - 1;

	*cf = (struct context_frame){ .cf_mxcsr = MXCSR_DEFAULT, .cf_x87cw = X87CW_DEFAULT, .cf_r12 = (uintptr_t)arg,
	    .cf_rbx = (uintptr_t)fn, .cf_rip = (uintptr_t)context_start };
	c->sp = cf;
}

void
context_ended(void)
{
	panic("a context's function returned");
}
