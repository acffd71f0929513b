/* nd6_table.c - entries as ndp(8) sets and deletes them. */
#include "kernel/log.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/mld6.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

struct ifnet *
nd6_proxy_if(unsigned rdomain, const struct in6_addr *addr, const uint8_t *lladdr)
{
	struct ifnet *found = NULL;

	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		const struct in6_ifaddr *ia = in6_ifa_facing(ifp, addr);

		if (!ifp->if_ether || ifp->if_rdomain != rdomain || load32(ifp->if_lladdr) != load32(lladdr) ||
		    load16(ifp->if_lladdr + 4) != load16(lladdr + 4))
			continue;
		if (in6_zone(addr) != 0 && in6_zone(addr) != ifp->if_index)
			continue;
		if (in6_zone(addr) != 0 || (ia != NULL && in6_covers(&ia->ia_addr, ia->ia_plen, addr)))
			return ifp;
		if (found == NULL)
			found = ifp;
	}
	return found;
}

/* Whoever asks for it asks the group. */
static void
nd6_proxy_group(struct nexthop *nh, bool join)
{
	struct in6_addr group = in6_solicited_node(&nh->nh_addr6);

	if (!join)
		mld6_leave(nh->nh_ifp, &group);
	else if (!mld6_join(nh->nh_ifp, &group))
		log_printf("%s: no memory for the group of a published address\n", nh->nh_ifp->if_xname);
}

/* An entry that an admin has made has a reference of its own; the neighbour's host route follows: permanent or cloned. */
static void
nd6_admin_flags(struct nexthop *nh, unsigned flags)
{
	bool had = nh->nh_flags & (NHF_STATIC | NHF_PUBLISH), has = flags & (NHF_STATIC | NHF_PUBLISH);
	struct rtentry *rt = rt_of_neighbour(nh);

	if ((flags ^ nh->nh_flags) & NHF_PUBLISH)
		nd6_proxy_group(nh, flags & NHF_PUBLISH);
	nh->nh_flags = (uint16_t)((nh->nh_flags & ~(NHF_STATIC | NHF_PUBLISH)) | flags);
	if (rt != NULL) {
		rt->rt_flags &= ~(RTF_STATIC | RTF_CLONED);
		rt->rt_flags |= flags & NHF_STATIC ? RTF_STATIC : RTF_CLONED;
	}
	if (has && !had)
		nh->nh_refs++;
	else if (had && !has)
		nexthop_put(nh);
}

const char *
nd6_set(unsigned rdomain, const struct in6_addr *addr, const uint8_t *lladdr, unsigned flags)
{
	struct ifnet *ifp = flags & NHF_PUBLISH ? nd6_proxy_if(rdomain, addr, lladdr) : NULL;
	struct nexthop *nh;
	struct rtentry *rt;

	KASSERT((flags & ~(NHF_STATIC | NHF_PUBLISH)) == 0);
	if ((lladdr[0] & 1) || (load32(lladdr) | load16(lladdr + 4)) == 0)
		return "not an address of a single station";
	if (IN6_IS_ADDR_MULTICAST(addr) || IN6_IS_ADDR_UNSPECIFIED(addr) || IN6_IS_ADDR_LOOPBACK(addr) || IN6_IS_ADDR_V4MAPPED(addr))
		return "not the address of a neighbour";
	if (in6_ifaddr_ours(rdomain, addr) != NULL)
		return "is our own address";
	if (ifp == NULL) {
		if ((rt = rt_connected6(rdomain, addr)) == NULL)
			return rt_strerror(RT_UNREACH);
		if ((rt = rt_clone_admin6(rt, addr)) == NULL)
			return rt_strerror(RT_NOMEM);
		nh = rt->rt_nh;
		nh->nh_refs++;
	} else if ((nh = nexthop_get6(ifp, addr)) == NULL)
		return rt_strerror(RT_NOMEM);
	nd6_admin_flags(nh, flags);
	nd6_learn(nh, lladdr, true);
	nexthop_put(nh);		/* what nd6_admin_flags and the route hold stays */
	return NULL;
}

void
nd6_forget(struct nexthop *nh)
{
	nh->nh_refs++;
	nd6_admin_flags(nh, 0);
	if (!rt_forget(nh))
		nexthop_invalidate(nh);
	nexthop_put(nh);
}

const char *
nd6_delete(unsigned rdomain, const struct in6_addr *addr)
{
	bool found = false;

	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		struct nexthop *nh = ifp->if_rdomain == rdomain && ifp->if_ether &&
		    (in6_zone(addr) == 0 || in6_zone(addr) == ifp->if_index) ? nexthop_find6(ifp, addr) : NULL;

		if (nh == NULL)
			continue;
		found = true;
		nd6_forget(nh);
	}
	return found ? NULL : "no entry";
}

void
nd6_flush(unsigned rdomain)
{
	struct nexthop *next;

	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = next) {
		next = nh->nh_next;
		if (nh->nh_af == AF_IP6 && nh->nh_rdomain == rdomain && !(nh->nh_flags & (NHF_STATIC | NHF_P2P)))
			nd6_forget(nh);
	}
}
