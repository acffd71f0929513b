/* percore.h - variables of which each core has its own.
 *
 *	static PERCORE uint64_t ips_total;	the definition is core 0's copy; all copies start as zero
 *	percore(ips_total)++;			this core's, one instruction on amd64 (%gs:symbol)
 *	percore_of(ips_total, 3)		core 3's; for sums and for core 0's bookkeeping
 *
 * Core n's copy stands percore_delta[n] bytes behind the definition. %gs holds that delta (0 on core 0, so this works
 * from the first instruction on). On the host the machine keeps the current virtual core's delta in a variable. */
#ifndef KERNEL_PERCORE_H
#define KERNEL_PERCORE_H

#include "kernel/cdefs.h"

#define MAXCORES	64

#define PERCORE		__attribute__((section("percore")))

extern unsigned		ncores;			/* cores that run; 1 until the others have started */
extern ptrdiff_t	percore_delta[MAXCORES];

#ifdef SLUICE_HOST
extern ptrdiff_t	percore_cur;		/* percore_delta[] of the virtual core that runs */
#define percore(v)	(*(__typeof__(v) *)((char *)&(v) + percore_cur))
#define percore_ptr(v)	((__typeof__(v) *)((char *)&(v) + percore_cur))
#else
#define percore(v)	(*(__typeof__(v) __seg_gs *)(uintptr_t)&(v))
extern ptrdiff_t	percore_self;		/* PERCORE: this core's own delta */
#define percore_ptr(v)	((__typeof__(v) *)((char *)&(v) + percore(percore_self)))
#endif

/* The asm hides from the compiler which object this is: it must not conclude that a static that nobody seems to write is zero. */
#define percore_of(v, core) (*({						\
	char *pc_; __asm__("" : "=r"(pc_) : "0"(&(v)));				\
	(__typeof__(v) *)(pc_ + percore_delta[core]); }))

extern unsigned percore_id;			/* PERCORE */
/* The number of the core that runs this, 0 to ncores - 1. */
static inline unsigned core_id(void) { return percore(percore_id); }

#endif
