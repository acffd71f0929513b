/* rt_ifa.c - the routes that come and go with an interface's addresses and state. */
#include "net/ether/arp.h"
#include "net/route/rt_msg.h"
#include "net/route/rt_var.h"

/* Where it stands beside others of the same prefix (two addresses in one network), the younger one is behind. */
static bool
rt_ifa_make(struct ifaddr *ifa, be32_t dest, uint8_t plen, unsigned priority, uint32_t flags, struct rtentry **out)
{
	struct ifnet *ifp = ifa->ifa_ifp;
	struct nexthop *nh = NULL;
	struct rtentry *rt, model = {
		.rt_dest = dest, .rt_plen = plen, .rt_priority = (uint8_t)priority, .rt_rdomain = ifp->if_rdomain,
		.rt_flags = flags | (plen == 32 ? RTF_HOST : 0), .rt_ifp = ifp,
		.rt_gateway = ifa->ifa_addr, .rt_ifa = ifa->ifa_addr,
	};

	if ((flags & RTF_CONNECTED) && !ifp->if_ether) {	/* nobody to ask for a link address */
		model.rt_flags &= ~RTF_CLONING;
		if ((nh = nexthop_get(ifp, IP4_ANY)) == NULL)
			return false;
	}
	if ((rt = rt_make(&model, *out, nh)) == NULL)
		return false;
	*out = rt;
	return true;
}

/* The address itself. Somebody else's local route for it: it is in use. */
static enum rt_error
rt_ifa_local(struct ifaddr *ifa, struct rtentry **local)
{
	struct ifnet *ifp = ifa->ifa_ifp;

	for (struct rtentry *rt = rtable_lookup(ifp->if_rdomain, ifa->ifa_addr, 32); rt != NULL; rt = rt->rt_next)
		if (rt->rt_flags & RTF_LOCAL)
			return RT_EXIST;
	*local = NULL;
	if (!rt_ifa_make(ifa, ifa->ifa_addr, 32, RTP_LOCAL, RTF_LOCAL | (ifp->if_ether ? RTF_LLINFO : 0), local))
		return RT_NOMEM;
	return RT_OK;
}

/* Its network. What of 127/8 is not ours never leaves: RFC 1122 3.2.1.3 (g). */
static enum rt_error
rt_ifa_network(struct ifaddr *ifa, struct rtentry *local)
{
	be32_t net = ifa->ifa_addr & ifa->ifa_mask;
	unsigned prio = ifa->ifa_ifp->if_priority;
	struct rtentry *rt = NULL;

	if (ifa->ifa_ifp->if_flags & IFF_LOOPBACK) {
		for (rt = rtable_lookup(ifa->ifa_ifp->if_rdomain, net, ifa->ifa_plen); rt != NULL; rt = rt->rt_next)
			if (rt->rt_flags & RTF_REJECT)
				return RT_OK;
		rt = local;
		return rt_ifa_make(ifa, net, ifa->ifa_plen, RTP_STATIC + prio, RTF_GATEWAY | RTF_REJECT | RTF_STATIC, &rt) ?
		    RT_OK : RT_NOMEM;
	}
	if (!rt_ifa_make(ifa, net, ifa->ifa_plen, RTP_CONNECTED + prio, RTF_CLONING | RTF_CONNECTED, &rt))
		return RT_NOMEM;
	rt_flush_clones(rt);
	return RT_OK;
}

enum rt_error
rt_ifa_add(struct ifaddr *ifa)
{
	struct rtentry *local, *rt = NULL;
	enum rt_error e;

	KASSERT(ifa->ifa_plen <= 32 && ifa->ifa_mask == ip4_mask(ifa->ifa_plen));
	if ((e = rt_ifa_local(ifa, &local)) != RT_OK)
		return e;
	if (ifa->ifa_plen < 32 && (e = rt_ifa_network(ifa, local)) != RT_OK)
		goto fail;
	if (ifa->ifa_plen < 31 && ifa->ifa_broadcast != 0 && ifa->ifa_broadcast != ifa->ifa_addr && ifa->ifa_ifp->if_ether &&
	    !rt_ifa_make(ifa, ifa->ifa_broadcast, 32, RTP_LOCAL, RTF_BROADCAST, &rt)) {
		e = RT_NOMEM;
		goto fail;
	}
	rt_msg_addr(RTM_NEWADDR, ifa);
	rt_retry(ifa->ifa_ifp->if_rdomain, ifa->ifa_addr & ifa->ifa_mask, ifa->ifa_plen);
	return RT_OK;
fail:
	rt_ifa_delete(ifa);
	return e;
}

void
rt_ifa_delete(struct ifaddr *ifa)
{
	struct rtentry **list = &rt_iflist[ifa->ifa_ifp->if_index], *rt = *list, *c;

	rt_msg_addr(RTM_DELADDR, ifa);
	while (rt != NULL) {
		if (rt->rt_ifa != ifa->ifa_addr || !(rt->rt_flags & (RTF_LOCAL | RTF_CONNECTED | RTF_BROADCAST))) {
			rt = rt->rt_sibling;
			continue;
		}
		for (c = rt->rt_children; c != NULL; c = c->rt_sibling)
			if ((c->rt_flags & RTF_REJECT) && c->rt_plen == ifa->ifa_plen &&
			    c->rt_dest == (ifa->ifa_addr & ifa->ifa_mask))
				break;
		if (c != NULL)		/* 127/8 */
			rt_destroy(c);
		rt_destroy(rt);
		rt = *list;		/* from the start: others of the list may have gone with it */
	}
	rt_retry(ifa->ifa_ifp->if_rdomain, ifa->ifa_addr & ifa->ifa_mask, ifa->ifa_plen);
}

/* Neighbours that nothing refers to are forgotten with the link. */
static void
rt_if_forget_clones(struct rtentry *cloning)
{
	struct rtentry *next;

	for (struct rtentry *c = cloning->rt_children; c != NULL; c = next) {
		next = c->rt_sibling;
		if ((c->rt_flags & RTF_CLONED) && c->rt_refs == 0)
			rt_destroy(c);
	}
}

void
rt_if_down(struct ifnet *ifp)
{
	nexthop_if_down(ifp);
	rt_msg_if(ifp);
	for (struct rtentry *rt = rt_iflist[ifp->if_index]; rt != NULL; rt = rt->rt_sibling) {
		rt_refresh(rt);
		rt_if_forget_clones(rt);
	}
}

void
rt_if_up(struct ifnet *ifp)
{
	nexthop_if_up(ifp);
	rt_msg_if(ifp);
	for (struct rtentry *rt = rt_iflist[ifp->if_index]; rt != NULL; rt = rt->rt_sibling)
		rt_refresh(rt);
}

void
rt_if_detach(struct ifnet *ifp)
{
	struct rtentry *next;
	struct nexthop *nextnh;

	while (rt_iflist[ifp->if_index] != NULL)
		rt_destroy(rt_iflist[ifp->if_index]);
	for (struct rtentry *rt = rt_waiting[ifp->if_rdomain]; rt != NULL; rt = next) {
		next = rt->rt_sibling;
		if (rt->rt_ifp == ifp)
			rt_destroy(rt);
	}
	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nextnh) {	/* an admin's entries outlive their routes */
		nextnh = nh->nh_next;
		if (nh->nh_ifp == ifp && (nh->nh_flags & (NHF_STATIC | NHF_PUBLISH)))
			arp_forget(nh);
	}
}
