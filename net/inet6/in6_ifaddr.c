/* in6_ifaddr.c - the IPv6 addresses of interfaces. The routes that come with one are rt_ifa_add6()'s. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/core/pending.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

#define IN6_IFADDR_MAX	16384

static struct pool in6_ifaddr_pool;

static void
in6_ifaddr_init(void)
{
	pool_init_epoch(&in6_ifaddr_pool, "in6_ifaddr", sizeof(struct in6_ifaddr), 8, IN6_IFADDR_MAX);
}
NET_INIT(in6_ifaddr, 10, in6_ifaddr_init);

struct in6_ifaddr *
in6_ifaddr_find(const struct ifnet *ifp, const struct in6_addr *addr)
{
	struct in6_addr a = in6_embed(addr, ifp->if_index);
	struct in6_ifaddr *ia = ifp->if_addrs6;

	while (ia != NULL && !in6_equal(&ia->ia_addr, &a))
		ia = ia->ia_next;
	return ia;
}

/* Each has a local route of its own, which knows its interface. */
struct in6_ifaddr *
in6_ifaddr_ours(unsigned rdomain, const struct in6_addr *addr)
{
	for (const struct rtentry *rt = rtable_lookup6(rdomain, addr, 128); rt != NULL; rt = rt->rt_next)
		if (rt->rt_flags & RTF_LOCAL)
			return in6_ifaddr_find(rt_ifp(rt), addr);
	return NULL;
}

struct in6_ifaddr *
in6_ifaddr_linklocal(const struct ifnet *ifp)
{
	struct in6_ifaddr *ia = ifp->if_addrs6;

	while (ia != NULL && (!IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr) || (ia->ia_flags & IN6_IFF_DUPLICATED)))
		ia = ia->ia_next;
	return ia;
}

struct ifnet *
in6_ifaddr_zone(const struct in6_addr *addr)
{
	struct ifnet *ifp = IN6_IS_ADDR_LINKLOCAL(addr) ? ifnet_list : NULL;

	while (ifp != NULL && in6_ifaddr_find(ifp, addr) == NULL)
		ifp = ifp->if_next;
	return ifp;
}

/* At the end; what the interface has made itself stands in front, behind ::1, also when it is made anew. */
static void
in6_ifaddr_link(struct in6_ifaddr *ia)
{
	bool first = ia->ia_flags & IN6_IFF_AUTOLL;
	struct in6_ifaddr **p = &ia->ia_ifp->if_addrs6;

	while (*p != NULL && (!first || IN6_IS_ADDR_LOOPBACK(&(*p)->ia_addr)))
		p = &(*p)->ia_next;
	ia->ia_next = *p;
	__atomic_store_n(p, ia, __ATOMIC_RELEASE);
}

static void
in6_ifaddr_unlink(struct in6_ifaddr *ia)
{
	struct in6_ifaddr **p = &ia->ia_ifp->if_addrs6;

	while (*p != ia)
		p = &(*p)->ia_next;
	__atomic_store_n(p, ia->ia_next, __ATOMIC_RELEASE);
}

const char *
if_addaddr6(struct ifnet *ifp, const struct in6_addr *addr, uint8_t plen, unsigned flags, struct in6_ifaddr **out)
{
	struct in6_addr a = in6_embed(addr, ifp->if_index);
	struct in6_ifaddr *ia;
	enum rt_error e;

	OWNER(0);
	KASSERT(plen <= 128);
	if (in6_ifaddr_ours(ifp->if_rdomain, &a) != NULL)
		return "address is in use";
	if ((ia = pool_get(&in6_ifaddr_pool)) == NULL)
		return "too many addresses";
	ia->ia_ifp = ifp;
	ia->ia_addr = a;
	ia->ia_plen = plen;
	ia->ia_flags = (uint16_t)flags;
	ia->ia_created = uptime_ns();
	ia->ia_preferred = ia->ia_valid = IN6_LIFETIME_INFINITE;
	in6_ifaddr_link(ia);
	if ((e = rt_ifa_add6(ia)) != RT_OK) {
		in6_ifaddr_unlink(ia);
		pool_put(&in6_ifaddr_pool, ia);
		return rt_strerror(e);
	}
	SET_FOREACH(const struct in6_watch, iw, in6_watches)
		if (iw->iw_addr_added != NULL)
			iw->iw_addr_added(ia);
	if (out != NULL)
		*out = ia;
	return NULL;
}

void
in6_ifaddr_delete(struct in6_ifaddr *ia)
{
	OWNER(0);
	in6_ifaddr_unlink(ia);
	SET_FOREACH(const struct in6_watch, iw, in6_watches)
		if (iw->iw_addr_going != NULL)
			iw->iw_addr_going(ia);
	KASSERT(!timeout_pending(&ia->ia_timer));
	rt_ifa_delete6(ia);
	pool_put(&in6_ifaddr_pool, ia);
}

const char *
if_deladdr6(struct ifnet *ifp, const struct in6_addr *addr)
{
	struct in6_ifaddr *ia = in6_ifaddr_find(ifp, addr);

	if (ia == NULL)
		return "Can't assign requested address";
	in6_ifaddr_delete(ia);
	return NULL;
}

/* ---- the link-local address that an interface makes itself ---- */

/* RFC 4291 2.5.6 with appendix A or RFC 7217; a loopback interface has fe80::1. */
static struct in6_addr
in6_autoll(const struct ifnet *ifp)
{
	struct in6_addr a = { { { 0xfe, 0x80, [15] = 1 } } };

	if (ifp->if_ether)
		in6_make_iid(&a, ifp, ifp->if_nd != NULL ? ifp->if_nd->nd_lldad : 0);
	return in6_embed(&a, ifp->if_index);
}

/* Those of ifp that have any of the flags go, all but one. */
static void
in6_ifaddr_purge(struct ifnet *ifp, unsigned flags, const struct in6_addr *but)
{
	struct in6_ifaddr *next;

	for (struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = next) {
		next = ia->ia_next;
		if ((ia->ia_flags & flags) && (but == NULL || !in6_equal(&ia->ia_addr, but)))
			in6_ifaddr_delete(ia);
	}
}

static bool
in6_has_other_linklocal(const struct ifnet *ifp)
{
	const struct in6_ifaddr *ia = ifp->if_addrs6;

	while (ia != NULL && (!IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr) || (ia->ia_flags & IN6_IFF_AUTOLL)))
		ia = ia->ia_next;
	return ia != NULL;
}

bool
in6_if_enable(struct ifnet *ifp, bool on)
{
	struct in6_addr a = in6_autoll(ifp);

	if (!on) {
		in6_ifaddr_purge(ifp, IN6_IFF_AUTOLL | IN6_IFF_AUTOCONF, NULL);
		return true;
	}
	if (in6_has_other_linklocal(ifp)) {
		in6_ifaddr_purge(ifp, IN6_IFF_AUTOLL, NULL);
		return true;
	}
	in6_ifaddr_purge(ifp, IN6_IFF_AUTOLL, &a);
	return in6_ifaddr_find(ifp, &a) != NULL || if_addaddr6(ifp, &a, 64, IN6_IFF_AUTOLL, NULL) == NULL;
}

void
in6_autoll_again(struct in6_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifp;

	if (!(ia->ia_flags & IN6_IFF_AUTOLL) || !in6_soii(ifp) || ifp->if_nd == NULL || ifp->if_nd->nd_lldad >= SOII_TRIES)
		return;
	ifp->if_nd->nd_lldad++;
	in6_if_enable(ifp, true);
	pending_retry();		/* the link's neighbours that an admin has said */
}

/* ---- what happens to interfaces ---- */

#define TELL(fn, ifp)	SET_FOREACH(const struct in6_watch, iw, in6_watches) if (iw->fn != NULL) iw->fn(ifp)

void
in6_if_up(struct ifnet *ifp)
{
	TELL(iw_if_up, ifp);
}

void
in6_if_down(struct ifnet *ifp)
{
	TELL(iw_if_down, ifp);
}

void
in6_if_detach(struct ifnet *ifp)
{
	while (ifp->if_addrs6 != NULL)
		in6_ifaddr_delete(ifp->if_addrs6);
	TELL(iw_if_detach, ifp);
}

void
in6_forwarding_changed(void)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		TELL(iw_if_forwarding, ifp);
}

void
in6_if_changed(struct ifnet *ifp)
{
	const struct in6_ifaddr *ia = ifp->if_addrs6;

	while (ia != NULL && !(ia->ia_flags & IN6_IFF_AUTOLL))
		ia = ia->ia_next;
	if (ia != NULL)
		in6_if_enable(ifp, true);
	TELL(iw_if_changed, ifp);
}
