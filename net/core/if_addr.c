/* if_addr.c - the IPv4 addresses of an interface. The routes that come with one are rt_ifa_add()'s. */
#include "kernel/pool.h"
#include "net/core/if.h"
#include "net/core/net_init.h"
#include "net/ether/arp.h"
#include "net/inet/in_multi.h"
#include "net/inet/ip_var.h"
#include "net/route/route.h"

static struct pool ifaddr_pool;

static void
ifaddr_init(void)
{
	pool_init_epoch(&ifaddr_pool, "ifaddr", sizeof(struct ifaddr), 8, 16384);
}
NET_INIT(ifaddr, 10, ifaddr_init);

static bool
ifaddr_in_use(unsigned rdomain, be32_t addr)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			if (ifp->if_rdomain == rdomain && ifa->ifa_addr == addr)
				return true;
	return false;
}

const char *
if_addaddr(struct ifnet *ifp, be32_t addr, uint8_t plen, be32_t broadcast)
{
	struct ifaddr *ifa, **tail = &ifp->if_addrs;
	enum rt_error e;

	KASSERT(plen <= 32);
	if (ifaddr_in_use(ifp->if_rdomain, addr))
		return "address is in use";
	if ((ifa = pool_get(&ifaddr_pool)) == NULL)
		return "too many addresses";
	ifa->ifa_ifp = ifp;
	ifa->ifa_addr = addr;
	ifa->ifa_plen = plen;
	ifa->ifa_mask = ip4_mask(plen);
	ifa->ifa_broadcast = broadcast;
	while (*tail != NULL)
		tail = &(*tail)->ifa_next;
	*tail = ifa;
	if ((e = rt_ifa_add(ifa)) != RT_OK) {
		*tail = NULL;
		pool_put(&ifaddr_pool, ifa);
		return rt_strerror(e);
	}
	ip_addr_added(ifa);
	if (ifp->if_addrs == ifa)		/* RFC 1112 7.1: who speaks IP is one of all hosts */
		in_addmulti(ifp, IP4_ALLHOSTS);
	if (ifp->if_ether && (ifp->if_flags & IFF_RUNNING))
		arp_dad_start(ifa);
	return NULL;
}

const char *
if_deladdr(struct ifnet *ifp, be32_t addr)
{
	for (struct ifaddr **p = &ifp->if_addrs; *p != NULL; p = &(*p)->ifa_next) {
		struct ifaddr *ifa = *p;

		if (ifa->ifa_addr != addr)
			continue;
		*p = ifa->ifa_next;
		arp_dad_stop(ifa);
		rt_ifa_delete(ifa);
		ip_addr_removed(ifa);
		pool_put(&ifaddr_pool, ifa);
		if (ifp->if_addrs == NULL)
			in_delmulti(ifp, IP4_ALLHOSTS);
		return NULL;
	}
	return "Can't assign requested address";
}
