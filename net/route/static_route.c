/* static_route.c - routes that an admin configured, and what the routing table has of them. */
#include "net/route/static_route.h"

int
static_route_cmp(const struct static_route *a, const struct static_route *b)
{
	uint32_t x = be32_host(a->sr_dest), y = be32_host(b->sr_dest);

	if (x != y)
		return x < y ? -1 : 1;
	if (a->sr_plen != b->sr_plen)
		return a->sr_plen < b->sr_plen ? -1 : 1;
	if (a->sr_priority != b->sr_priority)
		return a->sr_priority < b->sr_priority ? -1 : 1;
	return 0;
}

bool
static_route_equal(const struct static_route *a, const struct static_route *b)
{
	return static_route_cmp(a, b) == 0 && a->sr_gateway == b->sr_gateway && a->sr_ifa == b->sr_ifa &&
	    a->sr_mtu == b->sr_mtu && a->sr_flags == b->sr_flags;
}

void
static_route_print(struct out *o, const struct static_route *sr)
{
	char a[IP4_STRLEN], g[IP4_STRLEN];

	out_printf(o, "-inet ");
	if (sr->sr_flags & RTF_REJECT)
		out_printf(o, "-reject ");
	if (sr->sr_flags & RTF_BLACKHOLE)
		out_printf(o, "-blackhole ");
	if (sr->sr_priority != RTP_STATIC)
		out_printf(o, "-priority %u ", sr->sr_priority);
	if (sr->sr_mtu != 0)
		out_printf(o, "-mtu %u ", (unsigned)sr->sr_mtu);
	if (sr->sr_ifa != 0)
		out_printf(o, "-ifa %s ", ip4_print(a, sr->sr_ifa));
	if (sr->sr_plen == 0)
		out_printf(o, "default %s", ip4_print(g, sr->sr_gateway));
	else
		out_printf(o, "%s/%u %s", ip4_print(a, sr->sr_dest), sr->sr_plen, ip4_print(g, sr->sr_gateway));
}

struct rt_request
static_route_request(const struct static_route *sr)
{
	struct rt_request rq = {
		.rq_dest = sr->sr_dest,
		.rq_plen = sr->sr_plen,
		.rq_priority = sr->sr_priority,
		.rq_flags = RTF_GATEWAY | RTF_STATIC | sr->sr_flags | (sr->sr_plen == 32 ? RTF_HOST : 0),
		.rq_gateway = sr->sr_gateway,
		.rq_ifa = sr->sr_ifa,
		.rq_mtu = sr->sr_mtu,
	};

	return rq;
}

struct ifnet *
if_facing(unsigned rdomain, be32_t addr)
{
	struct ifnet *best = NULL;
	int plen = -1;

	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next) {
			bool p2p = (ifp->if_flags & IFF_POINTOPOINT) && ifa->ifa_broadcast == addr;

			if (ifp->if_rdomain != rdomain || (!p2p && ((addr ^ ifa->ifa_addr) & ifa->ifa_mask) != 0))
				continue;
			if ((p2p ? 32 : ifa->ifa_plen) > plen) {
				plen = p2p ? 32 : ifa->ifa_plen;
				best = ifp;
			}
		}
	return best;
}

void
static_route_withdraw(struct static_route *old, struct static_route *new)
{
	if (!old->sr_installed)
		return;
	if (new != NULL) {
		new->sr_installed = true;
	} else {
		struct rt_request rq = static_route_request(old);

		rt_delete(&rq);		/* not there any more: gone with its interface */
	}
	old->sr_installed = false;
}

void
static_route_revert(struct static_route *failed, struct static_route *former)
{
	struct rt_request rq = { .rq_dest = failed->sr_dest, .rq_plen = failed->sr_plen, .rq_priority = failed->sr_priority };

	if (former != NULL && static_route_equal(failed, former)) {
		static_route_withdraw(failed, former);
	} else if (failed->sr_installed) {
		rt_delete(&rq);
		failed->sr_installed = false;
	}
}

/* Another version of this route stands in the table. */
static enum rt_error
replace(const struct static_route *was, struct static_route *new)
{
	struct rt_request rq = static_route_request(new), old = static_route_request(was);
	enum rt_error e;

	if (was->sr_flags == new->sr_flags && was->sr_ifa == new->sr_ifa && (new->sr_mtu != 0 || was->sr_mtu == 0))
		return rt_change(&rq);	/* in place: flows stay; it cannot take an mtu or ifa away */
	rt_delete(&old);
	if ((e = rt_add(&rq)) != RT_OK)
		new->sr_installed = rt_add(&old) == RT_OK;
	return e;
}

static bool
is_ours(be32_t addr)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			if (ifa->ifa_addr == addr && ifp->if_rdomain == 0)
				return true;
	return false;
}

enum rt_error
static_route_check(const struct static_route *sr)
{
	const struct ifnet *ifp;

	if (sr->sr_ifa != 0 && !is_ours(sr->sr_ifa))
		return RT_INVAL;
	if (sr->sr_flags & (RTF_REJECT | RTF_BLACKHOLE))
		return RT_OK;
	for (const struct rtentry *rt = rtable_lookup(0, sr->sr_gateway, 32); rt != NULL; rt = rt->rt_next)
		if (rt->rt_flags & (RTF_LOCAL | RTF_BROADCAST))
			return (rt->rt_flags & RTF_LOCAL) && (rt->rt_ifp->if_flags & IFF_LOOPBACK) ? RT_OK : RT_UNREACH;
	ifp = if_facing(0, sr->sr_gateway);
	return ifp != NULL && !(ifp->if_flags & IFF_LOOPBACK) ? RT_OK : RT_UNREACH;
}

enum rt_error
static_route_apply(const struct static_route *was, struct static_route *new)
{
	struct rt_request rq = static_route_request(new);
	enum rt_error e;

	if (!new->sr_installed) {
		if ((e = rt_add(&rq)) == RT_OK)
			new->sr_installed = true;
		return e;
	}
	if (was != NULL && !static_route_equal(was, new))
		return replace(was, new);
	return RT_OK;
}
