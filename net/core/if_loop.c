/* if_loop.c - lo0: what the router sends to its own addresses comes back in as received. */
#include <stdio.h>

#include "net/core/if.h"
#include "net/core/if_loop.h"
#include "net/core/net_init.h"
#include "net/inet/ip_var.h"
#include "net/route/route.h"

static struct ifnet lo0;
static struct nexthop *lo0_nexthop;

struct nexthop *
loop_nexthop(void)
{
	return lo0_nexthop;
}

static void
loop_start(struct ifqueue *ifq)
{
	struct batch b = { 0 };
	struct mbuf *m;

	while (b.b_n < BATCH_MAX && (m = ifq_dequeue(ifq)) != NULL)
		batch_add(&b, m);
	if (b.b_n > 0)
		ifiq_input(&lo0.if_ifiqs[ifq->ifq_idx], &b);
	if (ifq->ifq_len > 0)		/* the rest in the next pass: other work gets its turn */
		ifq_restart(ifq);
}

static const struct if_ops loop_ops = { 0 };

/* RFC 1122 3.2.1.3 (g): 127/8 stays inside the host. */
static void
loop_attach(void)
{
	struct ifnet *ifp = &lo0;

	snprintf(ifp->if_xname, sizeof(ifp->if_xname), "lo0");
	snprintf(ifp->if_group, sizeof(ifp->if_group), "lo");
	ifp->if_flags = IFF_LOOPBACK | IFF_MULTICAST;
	ifp->if_mtu = ifp->if_hardmtu = 32768;
	ifp->if_ops = &loop_ops;
	ifp->if_input = ip_input;
	ifp->if_nqueues = 1;
	if (!if_attach(ifp))
		panic("lo0: cannot attach");
	ifp->if_ifqs[0].ifq_startfn = loop_start;
	if (!if_setup(ifp, true) || if_addaddr(ifp, IP4_LOOPBACK, 8, 0) != NULL)
		panic("lo0: no memory");
	lo0_nexthop = nexthop_get(ifp, IP4_LOOPBACK);
	KASSERT(lo0_nexthop != NULL);
	lo0_nexthop->nh_flags |= NHF_P2P;
	lo0_nexthop->nh_state = NH_REACHABLE;
	lo0_nexthop->nh_valid = true;
}
NET_INIT(loop, 30, loop_attach);
