/* epoch.h - when what core 0 has taken out of a table may be used anew: when every core has passed the end of a loop since, or sleeps. So
 * a pointer that a look-up gave is good until the end of the pass on any core, and no longer. Pools do it (pool_init_epoch). */
#ifndef KERNEL_EPOCH_H
#define KERNEL_EPOCH_H

#include "kernel/cdefs.h"
#include "kernel/percore.h"

extern volatile uint64_t epoch_now;	/* core 0's; grows when something waits */
extern volatile uint64_t epoch_seen;	/* PERCORE: epoch_now as of the end of its last pass */
extern bool epoch_waiting;		/* core 0's: there are stamps that are not over */

/* For what has just been unlinked; core 0. */
uint64_t epoch_stamp(void);
/* Every core has passed since that stamp, or sleeps. Core 0. */
bool	epoch_is_over(uint64_t stamp);
/* Core 0 looks how far the others are and lets pools take back what is over. */
void	epoch_collect(void);

/* The end of each pass of each core. */
static inline void
epoch_pass(void)
{
	percore(epoch_seen) = epoch_now;
	if (unlikely(epoch_waiting) && core_id() == 0)
		epoch_collect();
}

#endif
