/* in6_src.c - which of our addresses a packet leaves with (RFC 6724 5). */
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

/* RFC 4007 scopes as numbers of RFC 4291 2.7; unique local addresses count as global (RFC 4193 3.3). */
static unsigned
in6_scope(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_MULTICAST(a))
		return IN6_MC_SCOPE(a);
	if (IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_LOOPBACK(a))
		return 2;
	return IN6_IS_ADDR_SITELOCAL(a) ? 5 : 14;
}

/* RFC 6724 2.1, the default table, as labels. */
static unsigned
in6_label(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_LOOPBACK(a))
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(a))
		return 4;
	if (a->s6_addr16[0] == BE16(0x2002))
		return 2;
	if (a->s6_addr32[0] == BE32(0x20010000))
		return 5;
	if (IN6_IS_ADDR_ULA(a))
		return 13;
	if (IN6_IS_ADDR_SITELOCAL(a))
		return 11;
	if (a->s6_addr16[0] == BE16(0x3ffe))
		return 12;
	return a->s6_addr64[0] == 0 && a->s6_addr32[2] == 0 ? 3 : 1;
}

/* True: a is the better one for dst by way of ifp. One rule a line, RFC 6724 5's numbers; 4 is about mobile nodes. */
static bool
in6_src_better(const struct in6_ifaddr *a, const struct in6_ifaddr *b, const struct in6_addr *dst, const struct ifnet *ifp)
{
	unsigned sa = in6_scope(&a->ia_addr), sb = in6_scope(&b->ia_addr), sd = in6_scope(dst), la = in6_label(&a->ia_addr),
	    lb = in6_label(&b->ia_addr), ld = in6_label(dst);
	bool da = a->ia_flags & IN6_IFF_DEPRECATED, db = b->ia_flags & IN6_IFF_DEPRECATED;
	bool ta = a->ia_flags & IN6_IFF_TENTATIVE, tb = b->ia_flags & IN6_IFF_TENTATIVE;
	bool pa = a->ia_flags & IN6_IFF_TEMPORARY, pb = b->ia_flags & IN6_IFF_TEMPORARY;

	if (in6_equal(&a->ia_addr, dst) != in6_equal(&b->ia_addr, dst))
		return in6_equal(&a->ia_addr, dst);		/* 1: the same address */
	if (sa != sb)
		return sa < sb ? sa >= sd : sb < sd;		/* 2: appropriate scope */
	if (da != db)
		return db;					/* 3: no deprecated ones */
	if (ta != tb)
		return tb;					/* RFC 4429 3.1: optimistic ones are deprecated, sort of */
	if ((a->ia_ifp == ifp) != (b->ia_ifp == ifp))
		return a->ia_ifp == ifp;			/* 5: the outgoing interface */
	if ((la == ld) != (lb == ld))
		return la == ld;				/* 6: matching label */
	if (pa != pb)
		return pa;					/* 7: temporary ones */
	return MIN(in6_common(&a->ia_addr, dst), (unsigned)a->ia_plen) > MIN(in6_common(&b->ia_addr, dst), (unsigned)b->ia_plen);	/* 8 */
}

static bool
in6_src_usable(const struct in6_ifaddr *ia)
{
	return !(ia->ia_flags & (IN6_IFF_DUPLICATED | IN6_IFF_ANYCAST | IN6_IFF_DETACHED));
}

/* The better of best and the addresses of one interface. */
static struct in6_ifaddr *
in6_src_of_if(struct in6_ifaddr *best, const struct ifnet *of, const struct in6_addr *dst, const struct ifnet *out)
{
	for (struct in6_ifaddr *ia = of->if_addrs6; ia != NULL; ia = ia->ia_next)
		if (in6_src_usable(ia) && (best == NULL || in6_src_better(ia, best, dst, out)))
			best = ia;
	return best;
}

struct in6_ifaddr *
in6_srcaddr(unsigned rdomain, const struct in6_addr *dst, struct ifnet *ifp)
{
	struct in6_addr d = ifp != NULL ? in6_embed(dst, ifp->if_index) : *dst;
	struct in6_ifaddr *best;
	const struct rtentry *rt;

	/* RFC 6724 4: to link scope and groups only the interface's own. */
	if (ifp == NULL || !(in6_is_scoped(dst) || IN6_IS_ADDR_MULTICAST(dst))) {
		if ((rt = rtable_own6(rdomain, &d)) == NULL || rt_ifp(rt) == NULL)
			return NULL;
		ifp = rt_ifp(rt);
	}
	best = in6_src_of_if(NULL, ifp, &d, ifp);
	if (in6_is_scoped(dst) || IN6_IS_ADDR_MULTICAST(dst))
		return best;
	for (const struct ifnet *i = ifnet_list; i != NULL; i = i->if_next)
		if (i != ifp && i->if_rdomain == rdomain)
			best = in6_src_of_if(best, i, &d, ifp);
	return best != NULL && in6_scope(&best->ia_addr) < in6_scope(&d) && IN6_IS_ADDR_LINKLOCAL(&best->ia_addr) && best->ia_ifp != ifp ?
	    NULL : best;
}

struct in6_ifaddr *
in6_ifa_facing(const struct ifnet *ifp, const struct in6_addr *addr)
{
	struct in6_addr a = in6_embed(addr, ifp->if_index);

	for (struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		if (in6_src_usable(ia) && ia->ia_plen < 128 && in6_covers(&ia->ia_addr, ia->ia_plen, &a))
			return ia;
	return in6_ifaddr_linklocal(ifp);
}
