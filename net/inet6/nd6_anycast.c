/* nd6_anycast.c - anycast addresses of ours: others have them, too, so that answers are spread over a second (RFC 4861 7.2.7). */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/ip6_var.h"
#include "net/inet6/nd6.h"

#define LATE_MAX	64u		/* answers that wait; more go out at once */
#define LATE_MS		1000u		/* MAX_ANYCAST_DELAY_TIME */

struct nd_late {
	struct nd_late	*l_next, **l_prevp;
	struct timeout	 l_timer;
	uint16_t	 l_ifidx;
	bool		 l_to_all, l_lladdr_known;
	uint8_t		 l_lladdr[ETHER_ADDR_LEN];
	be32_t		 l_flags;
	struct in6_addr	 l_target, l_to;	/* without zone */
};
static struct nd_late *nd_late_list;
static struct pool nd_late_pool;

static void
nd_late_init(void)
{
	pool_init(&nd_late_pool, "ndlate", sizeof(struct nd_late), 8, LATE_MAX);
}
NET_INIT(nd_late, 10, nd_late_init);

/* We are a router of the subnet whose anycast address that is (RFC 4291 2.6.1). */
static bool
subnet_router(const struct ifnet *ifp, const struct in6_addr *target)
{
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		struct in6_addr net = in6_masked(&ia->ia_addr, ia->ia_plen);

		if ((ia->ia_flags & IN6_IFF_ROUTER) && in6_equal(&net, target))
			return ip6_forwarding;
	}
	return false;
}

bool
nd6_anycast(const struct ifnet *ifp, const struct in6_addr *target)
{
	const struct in6_ifaddr *ia = in6_ifaddr_find(ifp, target);

	return ia != NULL ? ia->ia_flags & IN6_IFF_ANYCAST : subnet_router(ifp, target);
}

static void
nd_late_free(struct nd_late *l)
{
	timeout_del(&l->l_timer);
	if ((*l->l_prevp = l->l_next) != NULL)
		l->l_next->l_prevp = l->l_prevp;
	pool_put(&nd_late_pool, l);
}

static void
nd_late_timer(void *arg)
{
	struct nd_late *l = arg;
	struct ifnet *ifp = if_get(l->l_ifidx);

	if (nd6_anycast(ifp, &l->l_target))		/* still */
		nd6_advertise(ifp, &l->l_target, ifp->if_lladdr, l->l_flags, l->l_to_all ? NULL : &l->l_to,
		    l->l_lladdr_known ? l->l_lladdr : NULL);
	nd_late_free(l);
}

/* Who asks again while he waits gets one answer. */
static bool
nd_late_waits(const struct ifnet *ifp, const struct in6_addr *target, const struct in6_addr *to)
{
	for (const struct nd_late *l = nd_late_list; l != NULL; l = l->l_next)
		if (l->l_ifidx == ifp->if_index && in6_equal(&l->l_target, target) &&
		    (to == NULL ? l->l_to_all : !l->l_to_all && in6_equal(&l->l_to, to)))
			return true;
	return false;
}

void
nd6_advertise_late(struct ifnet *ifp, const struct in6_addr *target, be32_t flags, const struct in6_addr *to, const uint8_t *to_lladdr)
{
	struct nd_late *l;
	uint32_t r;

	if (nd_late_waits(ifp, target, to))
		return;
	if ((l = pool_get(&nd_late_pool)) == NULL) {
		nd6_advertise(ifp, target, ifp->if_lladdr, flags, to, to_lladdr);
		return;
	}
	l->l_ifidx = ifp->if_index;
	l->l_target = *target;
	l->l_flags = flags;
	l->l_to_all = to == NULL;
	if (to != NULL)
		l->l_to = *to;
	if ((l->l_lladdr_known = to_lladdr != NULL))
		memcpy(l->l_lladdr, to_lladdr, ETHER_ADDR_LEN);
	if ((l->l_next = nd_late_list) != NULL)
		nd_late_list->l_prevp = &l->l_next;
	l->l_prevp = &nd_late_list;
	nd_late_list = l;
	timeout_set(&l->l_timer, nd_late_timer, l);
	random_bytes(&r, sizeof(r));
	timeout_add_msec(&l->l_timer, r % (LATE_MS + 1));
}

/* Nobody there hears an answer any more. */
static void
nd_late_if_gone(struct ifnet *ifp)
{
	struct nd_late *next;

	for (struct nd_late *l = nd_late_list; l != NULL; l = next) {
		next = l->l_next;
		if (l->l_ifidx == ifp->if_index)
			nd_late_free(l);
	}
}
static const struct in6_watch nd_late_watch = { .iw_if_down = nd_late_if_gone, .iw_if_detach = nd_late_if_gone };
IN6_WATCH(nd_late_watch);
