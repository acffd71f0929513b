/* if_multi.c - the link-level groups of an interface, and promiscuous mode: what the card's filter lets in. */
#include <string.h>

#include "kernel/pool.h"
#include "net/core/if.h"
#include "net/core/net_init.h"

static struct pool ifmulti_pool;

static void
ifmulti_init(void)
{
	pool_init(&ifmulti_pool, "ifmulti", sizeof(struct ifmulti), 8, 4096);
}
NET_INIT(ifmulti, 10, ifmulti_init);

static void
if_rxfilter(struct ifnet *ifp)
{
	if (ifp->if_ops->ifo_rxfilter != NULL && (ifp->if_flags & IFF_RUNNING))
		ifp->if_ops->ifo_rxfilter(ifp);
}

static struct ifmulti **
ifmulti_find(struct ifnet *ifp, const uint8_t *lladdr)
{
	struct ifmulti **p = &ifp->if_multi;

	while (*p != NULL && memcmp((*p)->ifm_lladdr, lladdr, 6) != 0)
		p = &(*p)->ifm_next;
	return p;
}

bool
if_addmulti(struct ifnet *ifp, const uint8_t *lladdr)
{
	struct ifmulti **p = ifmulti_find(ifp, lladdr), *ifm = *p;

	if (ifm != NULL) {
		ifm->ifm_refs++;
		return true;
	}
	if ((ifm = pool_get(&ifmulti_pool)) == NULL)
		return false;
	memcpy(ifm->ifm_lladdr, lladdr, 6);
	ifm->ifm_refs = 1;
	*p = ifm;
	if_rxfilter(ifp);
	return true;
}

void
if_delmulti(struct ifnet *ifp, const uint8_t *lladdr)
{
	struct ifmulti **p = ifmulti_find(ifp, lladdr), *ifm = *p;

	if (ifm == NULL || --ifm->ifm_refs > 0)
		return;
	*p = ifm->ifm_next;
	pool_put(&ifmulti_pool, ifm);
	if_rxfilter(ifp);
}

void
if_setpromisc(struct ifnet *ifp, bool on)
{
	if (on == !!(ifp->if_flags & IFF_PROMISC))
		return;
	ifp->if_flags ^= IFF_PROMISC;
	if_rxfilter(ifp);
}
