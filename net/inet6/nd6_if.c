/* nd6_if.c - what is known of a link: how long answers are good, how often is asked (RFC 4861 6.3.2, 10). */
#include "kernel/machine.h"
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/inet6/ip6_var.h"
#include "net/inet6/mld6.h"
#include "net/inet6/slaac.h"

#define REACHABLE_MS	30000		/* REACHABLE_TIME */
#define RETRANS_MS	1000		/* RETRANS_TIMER */
#define RECALC_NS	(2 * 3600 * 1000000000ull)

static struct pool nd_ifinfo_pool;

static void
nd_ifinfo_init(void)
{
	pool_init(&nd_ifinfo_pool, "ndif", sizeof(struct nd_ifinfo), 8, IF_MAX);
}
NET_INIT(nd_ifinfo, 10, nd_ifinfo_init);

void
nd6_if_defaults(struct nd_ifinfo *nd)
{
	nd->nd_basereachable_ms = REACHABLE_MS;
	nd->nd_reachable_ms = 0;
	nd->nd_retrans_ms = RETRANS_MS;
	nd->nd_hlim = 0;
}

struct nd_ifinfo *
nd6_if(struct ifnet *ifp)
{
	struct nd_ifinfo *nd = ifp->if_nd;

	if (nd == NULL && (nd = ifp->if_nd = pool_get(&nd_ifinfo_pool)) != NULL)
		nd6_if_defaults(nd);
	return nd;
}

uint32_t
nd6_retrans_ms(struct ifnet *ifp)
{
	return ifp->if_nd != NULL ? ifp->if_nd->nd_retrans_ms : RETRANS_MS;
}

uint8_t
nd6_hlim(const struct ifnet *ifp)
{
	return ifp->if_nd != NULL && ifp->if_nd->nd_hlim != 0 ? ifp->if_nd->nd_hlim : (uint8_t)ip6_defhlim;
}

/* Between half and three halves of the base. */
uint32_t
nd6_reachable_ms(struct ifnet *ifp)
{
	struct nd_ifinfo *nd = nd6_if(ifp);
	uint64_t now = uptime_ns();
	uint32_t r;

	if (nd == NULL)
		return REACHABLE_MS;
	if (nd->nd_reachable_ms == 0 || now >= nd->nd_recalc) {
		random_bytes(&r, sizeof(r));
		nd->nd_reachable_ms = nd->nd_basereachable_ms / 2 + r % (nd->nd_basereachable_ms + 1);
		nd->nd_recalc = now + RECALC_NS;
	}
	return nd->nd_reachable_ms;
}

void
nd6_ifdetach(struct ifnet *ifp)
{
	if (ifp->if_nd == NULL)
		return;
	slaac_stop(ifp);
	mld6_ifdetach(ifp);
	pool_put(&nd_ifinfo_pool, ifp->if_nd);
	ifp->if_nd = NULL;
}
