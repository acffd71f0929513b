/* net_init.c - the stack's start. */
#include "kernel/machine.h"
#include "net/core/flow.h"
#include "net/core/handoff.h"
#include "net/core/mbuf.h"
#include "net/core/net_init.h"

#define MBUFS_MIN	1024		/* core 0's */
#define MBUFS_MIN_OTHER	512
#define MBUFS_MAX	16384		/* of a core */
#define MBUFS_ROUND	256

/* All cores have a sixth of memory together, each within bounds that fill the rings of several cards. */
static unsigned
mbufs_for_memory(size_t min)
{
	size_t n = page_total() / 6 * PAGE_SIZE / (MCLBYTES + sizeof(struct mbuf)) / machine_cores();

	n = MAX(n, min);
	return (unsigned)roundup2(MIN(n, (size_t)MBUFS_MAX), (size_t)MBUFS_ROUND);
}

bool
net_core_init(void)
{
	if (!mbuf_init(mbufs_for_memory(MBUFS_MIN_OTHER)))
		return false;
	flow_core_init();
	return true;
}

bool
net_init(void)
{
	mbuf_all = mbufs_for_memory(MBUFS_MIN) + (machine_cores() - 1) * mbufs_for_memory(MBUFS_MIN_OTHER);
	if (!mbuf_init(mbufs_for_memory(MBUFS_MIN)))
		return false;
	flow_core_init();
	if (machine_cores() > 1 && !(mbuf_share_init(machine_cores()) && handoff_init(machine_cores())))
		return false;
	for (int order = 0; order < 100; order++)
		SET_FOREACH(const struct net_init, ni, net_inits)
			if (ni->ni_order == order)
				ni->ni_func();
	return true;
}
