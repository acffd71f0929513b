/* if_loop.c - lo(4): what the router sends to its own addresses comes back in as received. lo0 is always there. */
#include <stdio.h>

#include "kernel/pool.h"
#include "net/core/if_clone.h"
#include "net/core/if_loop.h"
#include "net/core/net_init.h"
#include "net/inet/ip_var.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/ip6_var.h"
#include "net/route/route.h"

#define LOOP_MAX	256		/* besides lo0 */

static struct ifnet lo0;
static struct nexthop *lo0_nexthop;	/* of both families: packets have no link header here */
static struct pool loop_pool;		/* of the others */

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
		ifiq_input(&ifq->ifq_if->if_ifiqs[ifq->ifq_idx], &b);
	if (ifq->ifq_len > 0)		/* the rest in the next pass: other work gets its turn */
		ifq_restart(ifq);
}

/* A link-local address of ours lost its zone on the way here. The interface that has it: the destination, or who is to be answered. */
static struct ifnet *
loop_zone(const struct mbuf *m)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	struct ifnet *ifp;

	if (m->m_len >= sizeof(*ip6) &&
	    ((ifp = in6_ifaddr_zone(&ip6->ip6_dst)) != NULL || (ifp = in6_ifaddr_zone(&ip6->ip6_src)) != NULL))
		return ifp;
	return &lo0;
}

/* Core 0. IPv6 leaves the batch one by one. */
static void
loop_input(struct ifnet *ifp, struct batch *b)
{
	unsigned n = 0, end = b->b_n;

	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];
		struct batch one = { .b_n = 1 };

		if (m->m_data[0] >> 4 != 6) {
			b->b_m[n++] = m;
			continue;
		}
		one.b_m[0] = m;
		ip6_input(loop_zone(m), &one);
	}
	if ((b->b_n = n) > 0)
		ip_input(ifp, b);
}

static const struct if_ops loop_ops = { 0 };

static bool
loop_init(struct ifnet *ifp, unsigned unit)
{
	snprintf(ifp->if_xname, sizeof(ifp->if_xname), "lo%u", unit);
	snprintf(ifp->if_group, sizeof(ifp->if_group), "lo");
	ifp->if_flags = IFF_LOOPBACK | IFF_MULTICAST;
	ifp->if_mtu = ifp->if_hardmtu = 32768;
	ifp->if_ops = &loop_ops;
	ifp->if_input = loop_input;
	ifp->if_nqueues = 1;
	if (!if_attach(ifp))
		return false;
	ifp->if_ifqs[0].ifq_startfn = loop_start;
	return true;
}

static struct ifnet *
loop_create(const struct if_clone *ifc __unused_arg, unsigned unit)
{
	struct ifnet *ifp = pool_get(&loop_pool);

	if (ifp != NULL && !loop_init(ifp, unit)) {
		pool_put(&loop_pool, ifp);
		return NULL;
	}
	return ifp;
}

static void
loop_destroy(struct ifnet *ifp)
{
	if_detach(ifp);
	pool_put(&loop_pool, ifp);
}
IF_CLONER(lo, loop_create, loop_destroy);

/* What is nobody's address on any wire, as OpenBSD's netstart(8) has it: RFC 4291 2.5.5, RFC 3056 5.3 (6to4 of what is no address of a host),
 * RFC 3879, and scoped addresses without a zone. */
static const struct { struct in6_addr net; uint8_t plen; } loop_rejects[] = {
	{ { { { 0 } } },				96 },
	{ { { { [10] = 0xff, [11] = 0xff } } },		96 },
	{ { { { 0x20, 0x02 } } },			24 },
	{ { { { 0x20, 0x02, 0x7f } } },			24 },
	{ { { { 0x20, 0x02, 0xe0 } } },			20 },
	{ { { { 0x20, 0x02, 0xff } } },			24 },
	{ { { { 0xfe, 0x80 } } },			10 },
	{ { { { 0xfe, 0xc0 } } },			10 },
	{ { { { 0xff, 0x01 } } },			16 },
	{ { { { 0xff, 0x02 } } },			16 },
};

static bool
loop_attach6(struct ifnet *ifp)
{
	if (if_addaddr6(ifp, &in6_loopback, 128, 0, NULL) != NULL || !in6_if_enable(ifp, true))
		return false;
	for (size_t i = 0; i < nitems(loop_rejects); i++) {
		struct rt_request rq = {
			.rq_af = AF_IP6, .rq_dest6 = loop_rejects[i].net, .rq_plen = loop_rejects[i].plen,
			.rq_flags = RTF_GATEWAY | RTF_REJECT | RTF_STATIC, .rq_gateway6 = in6_loopback,
		};

		if (rt_add(&rq) != RT_OK)
			return false;
	}
	return true;
}

/* RFC 1122 3.2.1.3 (g), RFC 4291 2.5.3: 127/8 and ::1 stay inside the host. */
static void
loop_attach(void)
{
	struct ifnet *ifp = &lo0;

	pool_init_epoch(&loop_pool, "lo", sizeof(struct ifnet), CACHELINE, LOOP_MAX);
	if (!loop_init(ifp, 0))
		panic("lo0: cannot attach");
	if (!if_setup(ifp, true) || if_addaddr(ifp, IP4_LOOPBACK, 8, 0) != NULL || !loop_attach6(ifp))
		panic("lo0: no memory");
	lo0_nexthop = nexthop_get(ifp, IP4_LOOPBACK);
	KASSERT(lo0_nexthop != NULL);
	lo0_nexthop->nh_flags |= NHF_P2P;
	lo0_nexthop->nh_state = NH_REACHABLE;
	lo0_nexthop->nh_valid = true;
}
NET_INIT(loop, 30, loop_attach);
