/* epoch.c - the epochs of epoch.h. */
#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/loop.h"
#include "kernel/moment.h"
#include "kernel/pool.h"

volatile uint64_t epoch_now = 1;
PERCORE volatile uint64_t epoch_seen;
bool epoch_waiting;

uint64_t
epoch_stamp(void)
{
	MOMENT();
	epoch_waiting = true;
	return epoch_now;
}

/* All stamps below it are over. */
static uint64_t
epoch_oldest(void)
{
	uint64_t oldest = epoch_now;

	for (unsigned i = 1; i < ncores; i++)
		if (!percore_of(core_asleep, i))
			oldest = MIN(oldest, percore_of(epoch_seen, i));
	return oldest;
}

bool
epoch_is_over(uint64_t stamp)
{
	if (ncores > 1)
		core_fence();
	return stamp < epoch_oldest();
}

void
epoch_collect(void)
{
	epoch_now++;
	percore(epoch_seen) = epoch_now;
	if (ncores > 1)
		core_fence();		/* what was unlinked is seen before we look who sleeps */
	epoch_waiting = pools_collect(epoch_oldest());
	if (epoch_waiting)
		percore(loop_wake) = true;	/* the others are awake: they pass soon */
}
