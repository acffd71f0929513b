/* arp_table.c - entries as arp(8) sets and deletes them. */
#include "net/ether/arp.h"
#include "net/route/rt_var.h"

struct ifnet *
arp_proxy_if(unsigned rdomain, be32_t addr, const uint8_t *lladdr)
{
	struct ifnet *found = NULL;

	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		const struct ifaddr *ifa = arp_ifa(ifp, addr);

		if (!ifp->if_ether || ifp->if_rdomain != rdomain || load32(ifp->if_lladdr) != load32(lladdr) ||
		    load16(ifp->if_lladdr + 4) != load16(lladdr + 4))
			continue;
		if (ifa != NULL && ((ifa->ifa_addr ^ addr) & ifa->ifa_mask) == 0)
			return ifp;
		if (found == NULL)
			found = ifp;
	}
	return found;
}

/* The neighbour's host route follows: permanent or cloned. */
static void
arp_mark_route(const struct nexthop *nh)
{
	for (struct rtentry *rt = rtable_lookup(nh->nh_rdomain, nh->nh_addr, 32); rt != NULL; rt = rt->rt_next)
		if (rt->rt_nh == nh && (rt->rt_flags & RTF_LLINFO)) {
			rt->rt_flags &= ~(RTF_STATIC | RTF_CLONED);
			rt->rt_flags |= nh->nh_flags & NHF_STATIC ? RTF_STATIC : RTF_CLONED;
		}
}

/* An entry that an admin has made has a reference of its own. */
static void
arp_admin_flags(struct nexthop *nh, unsigned flags)
{
	bool had = nh->nh_flags & (NHF_STATIC | NHF_PUBLISH), has = flags & (NHF_STATIC | NHF_PUBLISH);

	nh->nh_flags = (uint16_t)((nh->nh_flags & ~(NHF_STATIC | NHF_PUBLISH)) | flags);
	arp_mark_route(nh);
	if (has && !had)
		nh->nh_refs++;
	else if (had && !has)
		nexthop_put(nh);
}

const char *
arp_set(unsigned rdomain, be32_t addr, const uint8_t *lladdr, unsigned flags)
{
	struct nexthop *nh;
	struct rtentry *rt;
	struct ifnet *ifp = NULL;

	KASSERT((flags & ~(NHF_STATIC | NHF_PUBLISH)) == 0);
	if ((lladdr[0] & 1) || (load32(lladdr) | load16(lladdr + 4)) == 0)
		return "not an address of a single station";
	if (ip4_is_multicast(addr) || ip4_is_experimental(addr) || ip4_is_zeronet(addr) || ip4_is_loopback(addr))
		return "not the address of a neighbour";
	for (rt = rtable_lookup(rdomain, addr, 32); rt != NULL; rt = rt->rt_next)
		if (rt->rt_flags & (RTF_LOCAL | RTF_BROADCAST))
			return rt->rt_flags & RTF_LOCAL ? "is our own address" : "is a broadcast address";
	for (struct ifnet *i = ifnet_list; i != NULL; i = i->if_next)
		for (const struct ifaddr *ifa = i->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			if (i->if_rdomain == rdomain && ifa_is_network(ifa, addr))
				return "is the address of a network";
	if (flags & NHF_PUBLISH)
		ifp = arp_proxy_if(rdomain, addr, lladdr);
	if (ifp == NULL) {
		if ((rt = rt_connected(rdomain, addr)) == NULL)
			return rt_strerror(RT_UNREACH);
		if ((rt = rt_clone_admin(rt, addr)) == NULL)
			return rt_strerror(RT_NOMEM);
		nh = rt->rt_nh;
		nh->nh_refs++;
	} else if ((nh = nexthop_get(ifp, addr)) == NULL)
		return rt_strerror(RT_NOMEM);
	arp_admin_flags(nh, flags);
	arp_learn(nh, lladdr);
	nexthop_put(nh);		/* what arp_admin_flags and the route hold stays */
	return NULL;
}

void
arp_forget(struct nexthop *nh)
{
	nh->nh_refs++;
	arp_admin_flags(nh, 0);
	if (!rt_forget(nh))
		nexthop_invalidate(nh);
	nexthop_put(nh);
}

const char *
arp_delete(unsigned rdomain, be32_t addr)
{
	bool found = false;

	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		struct nexthop *nh = ifp->if_rdomain == rdomain && ifp->if_ether ? nexthop_find(ifp, addr) : NULL;

		if (nh == NULL)
			continue;
		found = true;
		arp_forget(nh);
	}
	return found ? NULL : "no entry";
}

void
arp_flush(unsigned rdomain)
{
	struct nexthop *next;

	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = next) {
		next = nh->nh_next;
		if (nh->nh_af == AF_IP4 && nh->nh_rdomain == rdomain && !(nh->nh_flags & (NHF_STATIC | NHF_P2P)))
			arp_forget(nh);
	}
}
