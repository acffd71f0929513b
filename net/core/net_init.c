/* net_init.c - the stack's start. */
#include "kernel/machine.h"
#include "net/core/mbuf.h"
#include "net/core/net_init.h"

#define MBUFS_MIN	1024
#define MBUFS_MAX	16384

/* A sixth of memory, within bounds that fill the rings of several cards. */
static unsigned
mbufs_for_memory(void)
{
	size_t n = page_total() / 6 * PAGE_SIZE / (MCLBYTES + sizeof(struct mbuf));

	n = MAX(n, (size_t)MBUFS_MIN);
	return (unsigned)MIN(n, (size_t)MBUFS_MAX);
}

bool
net_init(void)
{
	if (!mbuf_init(mbufs_for_memory()))
		return false;
	for (int order = 0; order < 100; order++)
		SET_FOREACH(const struct net_init, ni, net_inits)
			if (ni->ni_order == order)
				ni->ni_func();
	return true;
}
