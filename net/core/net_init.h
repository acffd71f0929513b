/* net_init.h - what the stack's files set up once at boot, before any device attaches: each registers its own. */
#ifndef NET_CORE_NET_INIT_H
#define NET_CORE_NET_INIT_H

#include "kernel/cdefs.h"
#include "kernel/set.h"

struct net_init { int ni_order; void (*ni_func)(void); };
SET_DECLARE(const struct net_init, net_inits);
/* order: 10 pools, 20 tables, 30 interfaces */
#define NET_INIT(name, order, fn)						\
	static const struct net_init net_init_##name = { order, fn }; SET_ADD(net_inits, net_init_##name)

/* Core 0: mbufs by the size of memory, the rings among the cores that there will be, then all of the set. False: no memory. */
bool	net_init(void);
/* Each other core, or core 0 as that core: its mbufs and its table of flows. False: no memory. */
bool	net_core_init(void);

#endif
