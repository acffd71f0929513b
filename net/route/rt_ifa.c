/* rt_ifa.c - the routes that come and go with an interface's addresses and state. */
#include "net/inet6/in6_ifaddr.h"
#include "net/route/rt_msg.h"
#include "net/route/rt_var.h"

/* What the routes of an address are made from, of either family. */
struct rt_ifa {
	struct ifnet	*i_ifp;
	struct in6_addr	 i_addr;
	uint8_t		 i_af, i_plen;
};

static struct rt_ifa
rt_ifa4(const struct ifaddr *ifa)
{
	return (struct rt_ifa){ ifa->ifa_ifp, in6_of_ip4(ifa->ifa_addr), AF_IP4, ifa->ifa_plen };
}

static struct rt_ifa
rt_ifa6(const struct in6_ifaddr *ia)
{
	return (struct rt_ifa){ ia->ia_ifp, ia->ia_addr, AF_IP6, ia->ia_plen };
}

/* Where it stands beside others of the same prefix (two addresses in one network), the younger one is behind. */
static bool
rt_ifa_make(const struct rt_ifa *i, const struct in6_addr *dest, uint8_t plen, unsigned priority, uint32_t flags,
    struct rtentry **out)
{
	struct ifnet *ifp = i->i_ifp;
	struct nexthop *nh = NULL;
	struct rt_via via = { .v_gateway6 = i->i_addr, .v_ifa6 = i->i_addr };
	struct rtentry *rt, model = {
		.rt_af = i->i_af, .rt_dest6 = *dest, .rt_plen = plen, .rt_priority = (uint8_t)priority, .rt_rdomain = (uint8_t)ifp->if_rdomain,
		.rt_flags = flags | (plen == af_bits(i->i_af) ? RTF_HOST : 0), .rt_ifidx = ifp->if_index,
		.rt_via = &via,
	};

	if ((flags & RTF_CONNECTED) && !ifp->if_ether) {	/* nobody to ask for a link address */
		model.rt_flags &= ~RTF_CLONING;
		if ((nh = nexthop_get_af(ifp, i->i_af, &in6_any)) == NULL)
			return false;
	}
	if ((rt = rt_make(&model, *out, nh)) == NULL)
		return false;
	*out = rt;
	return true;
}

/* The address itself. Somebody else's local route for it: it is in use. */
static enum rt_error
rt_ifa_local(const struct rt_ifa *i, struct rtentry **local)
{
	struct ifnet *ifp = i->i_ifp;
	uint8_t bits = (uint8_t)af_bits(i->i_af);
	struct rtentry *rt;

	for (rt = rtable_lookup_af(i->i_af, ifp->if_rdomain, &i->i_addr, bits); rt != NULL; rt = rt->rt_next)
		if (rt->rt_flags & RTF_LOCAL)
			return RT_EXIST;
	*local = NULL;
	if (!rt_ifa_make(i, &i->i_addr, bits, RTP_LOCAL, RTF_LOCAL | (ifp->if_ether ? RTF_LLINFO : 0), local))
		return RT_NOMEM;
	return RT_OK;
}

/* Its network. What of 127/8 is not ours never leaves: RFC 1122 3.2.1.3 (g). */
static enum rt_error
rt_ifa_network(const struct rt_ifa *i, struct rtentry *local)
{
	struct in6_addr net = in6_masked(&i->i_addr, i->i_plen);
	unsigned prio = i->i_ifp->if_priority;
	struct rtentry *rt = NULL;

	if (i->i_ifp->if_flags & IFF_LOOPBACK) {
		for (rt = rtable_lookup_af(i->i_af, i->i_ifp->if_rdomain, &net, i->i_plen); rt != NULL; rt = rt->rt_next)
			if (rt->rt_flags & RTF_REJECT)
				return RT_OK;
		rt = local;
		return rt_ifa_make(i, &net, i->i_plen, RTP_STATIC + prio, RTF_GATEWAY | RTF_REJECT | RTF_STATIC, &rt) ?
		    RT_OK : RT_NOMEM;
	}
	if (!rt_ifa_make(i, &net, i->i_plen, RTP_CONNECTED + prio, RTF_CLONING | RTF_CONNECTED, &rt))
		return RT_NOMEM;
	rt_flush_clones(rt);
	return RT_OK;
}

static void rt_ifa_remove(const struct rt_ifa *);

enum rt_error
rt_ifa_add(struct ifaddr *ifa)
{
	struct rtentry *local, *rt = NULL;
	struct rt_ifa i = rt_ifa4(ifa);
	struct in6_addr broadcast = in6_of_ip4(ifa->ifa_broadcast);
	enum rt_error e;

	KASSERT(ifa->ifa_plen <= 32 && ifa->ifa_mask == ip4_mask(ifa->ifa_plen));
	if ((e = rt_ifa_local(&i, &local)) != RT_OK)
		return e;
	if (ifa->ifa_plen < 32 && (e = rt_ifa_network(&i, local)) != RT_OK)
		goto fail;
	if (ifa->ifa_plen < 31 && ifa->ifa_broadcast != 0 && ifa->ifa_broadcast != ifa->ifa_addr && ifa->ifa_ifp->if_ether &&
	    !rt_ifa_make(&i, &broadcast, 32, RTP_LOCAL, RTF_BROADCAST, &rt)) {
		e = RT_NOMEM;
		goto fail;
	}
	rt_msg_addr(RTM_NEWADDR, i.i_ifp, i.i_af, &i.i_addr, i.i_plen);
	rt_retry(i.i_af, i.i_ifp->if_rdomain);
	return RT_OK;
fail:
	rt_ifa_remove(&i);
	return e;
}

/* RFC 4291 2.7: the groups of the interface's own scope and of its link are on this interface. With each link-local address. */
static enum rt_error
rt_ifa_groups(const struct rt_ifa *i)
{
	for (uint8_t scope = 1; scope <= 2; scope++) {
		struct in6_addr net = { { { 0xff, scope } } };
		struct rtentry *rt = NULL;

		net = in6_embed(&net, i->i_ifp->if_index);
		if (!rt_ifa_make(i, &net, 32, RTP_CONNECTED + i->i_ifp->if_priority, RTF_MULTICAST, &rt))
			return RT_NOMEM;
	}
	return RT_OK;
}

enum rt_error
rt_ifa_add6(struct in6_ifaddr *ia)
{
	struct rt_ifa i = rt_ifa6(ia);
	struct rtentry *local;
	enum rt_error e;

	KASSERT(ia->ia_plen <= 128);
	if ((e = rt_ifa_local(&i, &local)) != RT_OK)
		return e;
	if (ia->ia_plen < 128 && !(ia->ia_ifp->if_flags & IFF_LOOPBACK))
		e = rt_ifa_network(&i, local);
	if (e == RT_OK && IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr))
		e = rt_ifa_groups(&i);
	if (e != RT_OK) {
		rt_ifa_remove(&i);
		return e;
	}
	rt_msg_addr(RTM_NEWADDR, i.i_ifp, i.i_af, &i.i_addr, i.i_plen);
	rt_retry(i.i_af, i.i_ifp->if_rdomain);
	return RT_OK;
}

static void
rt_ifa_remove(const struct rt_ifa *i)
{
	struct rtentry **list = &rt_iflist[i->i_ifp->if_index], *rt = *list, *c;
	struct in6_addr net = in6_masked(&i->i_addr, i->i_plen);

	while (rt != NULL) {
		if (rt->rt_af != i->i_af || !in6_equal(&rt->rt_via->v_ifa6, &i->i_addr) ||
		    !(rt->rt_flags & (RTF_LOCAL | RTF_CONNECTED | RTF_BROADCAST | RTF_MULTICAST))) {
			rt = rt->rt_sibling;
			continue;
		}
		for (c = rt_children(rt); c != NULL; c = c->rt_sibling)
			if ((c->rt_flags & RTF_REJECT) && c->rt_plen == i->i_plen && in6_equal(&c->rt_dest6, &net))
				break;
		if (c != NULL)		/* 127/8 */
			rt_destroy(c);
		rt_destroy(rt);
		rt = *list;		/* from the start: others of the list may have gone with it */
	}
}

void
rt_ifa_delete(struct ifaddr *ifa)
{
	struct rt_ifa i = rt_ifa4(ifa);

	rt_msg_addr(RTM_DELADDR, i.i_ifp, i.i_af, &i.i_addr, i.i_plen);
	rt_ifa_remove(&i);
	rt_retry(i.i_af, i.i_ifp->if_rdomain);
	rt_expire_useless();
}

void
rt_ifa_delete6(struct in6_ifaddr *ia)
{
	struct rt_ifa i = rt_ifa6(ia);

	rt_msg_addr(RTM_DELADDR, i.i_ifp, i.i_af, &i.i_addr, i.i_plen);
	rt_ifa_remove(&i);
	rt_retry(i.i_af, i.i_ifp->if_rdomain);
	rt_expire_useless();
}

static void
rt_if_refresh(struct ifnet *ifp)
{
	rt_msg_if(ifp);
	for (struct rtentry *rt = rt_iflist[ifp->if_index]; rt != NULL; rt = rt->rt_sibling)
		rt_refresh(rt);
	rt_follow_some();
}

void
rt_if_down(struct ifnet *ifp)
{
	nexthop_if_down(ifp);
	rt_if_refresh(ifp);
}

void
rt_if_up(struct ifnet *ifp)
{
	nexthop_if_up(ifp);
	rt_if_refresh(ifp);
}

/* A route to a loopback address may show another interface, that of its source address (rt_request.c): no longer this one. */
static void
rt_if_unshow(const struct ifnet *ifp)
{
	for (const struct ifnet *lo = ifnet_list; lo != NULL; lo = lo->if_next)
		for (struct rtentry *rt = lo->if_flags & IFF_LOOPBACK ? rt_iflist[lo->if_index] : NULL; rt != NULL; rt = rt->rt_sibling)
			for (struct rtentry *c = rt_children(rt); c != NULL; c = c->rt_sibling)
				if (rt_ifp(c) == ifp)
					c->rt_ifidx = rt->rt_ifidx;
}

void
rt_if_detach(struct ifnet *ifp)
{
	struct ifnet *lo = ifunit("lo0");
	struct rtentry *rt, *next;
	struct nexthop *nextnh;

	while ((rt = rt_iflist[ifp->if_index]) != NULL)
		rt_destroy(rt);
	rt_follow_all();		/* nobody stands on what has gone */
	while ((rt = rt_nowhere[ifp->if_index]) != NULL) {
		if (lo == NULL || ifp == lo) {
			rt_destroy(rt);
			continue;
		}
		rt_set_ifp(rt, lo);		/* an admin's way to nowhere does not need this one */
		rt_rehang(rt, NULL, NULL);
	}
	/* Whose gateway was there wait on: it may come back. */
	for (unsigned af = 0; af < AF_COUNT; af++)
		for (rt = rt_waiting[af][ifp->if_rdomain]; rt != NULL; rt = next) {
			next = rt->rt_sibling;
			if (rt_ifp(rt) != ifp)
				continue;
			if (rt->rt_flags & RTF_RECURSION)
				rt_recursion_detach(rt, ifp == lo ? NULL : lo);
			else if (lo == NULL || ifp == lo)
				rt_destroy(rt);
			else
				rt_set_ifp(rt, lo);
		}
	rt_follow_all();		/* of those that have moved from here, too, nobody may be late */
	rt_if_unshow(ifp);
	rt_expire_useless();
	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nextnh) {	/* an admin's entries outlive their routes */
		nextnh = nh->nh_next;
		if (nh->nh_ifp == ifp && (nh->nh_flags & (NHF_STATIC | NHF_PUBLISH)))
			nexthop_forget(nh);
	}
}
