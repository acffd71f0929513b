/* hostname_nbr.c - applies the neighbours of a hostname.if(5) object, both families. As in hostname_apply.c each notes whether it is in force
 * because of its object. */
#include <string.h>

#include "net/core/hostname_var.h"
#include "net/ether/arp.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

/* With the zone of the file's interface, when it is of link scope. */
static struct in6_addr
nbr_addr(const struct hostname *h, const struct hn_nbr *n)
{
	const struct ifnet *ifp = n->hp_af == AF_IP6 && in6_is_scoped(&n->hp_addr6) ? ifunit(h->hn_ifname) : NULL;

	return ifp != NULL ? in6_embed(&n->hp_addr6, ifp->if_index) : n->hp_addr6;
}

static void
nbr_delete(const struct hostname *h, const struct hn_nbr *n)
{
	struct in6_addr a = nbr_addr(h, n);

	if (n->hp_af == AF_IP4)
		arp_delete(0, n->hp_addr);
	else if (!in6_is_scoped(&a) || in6_zone(&a) != 0)
		nd6_delete(0, &a);
}

void
withdraw_nbrs(struct hostname *old, struct hostname *new)
{
	for (unsigned i = 0; i < old->hn_nnbrs; i++) {
		struct hn_nbr *o = &old->hn_nbrs[i], *n = NULL;

		if (!o->hp_installed)
			continue;
		o->hp_installed = false;
		if (new != NULL)
			n = (struct hn_nbr *)hostname_find_nbr(new, o);
		if (n != NULL && n->hp_pub == o->hp_pub && memcmp(n->hp_lladdr, o->hp_lladdr, 6) == 0)
			n->hp_installed = true;
		else
			nbr_delete(old, o);
	}
}

/* An admin's entry on that interface; NULL: none. */
static const struct nexthop *
nbr_find(struct ifnet *ifp, const struct hn_nbr *n, const struct in6_addr *a)
{
	const struct nexthop *nh = NULL;

	if (ifp->if_ether)
		nh = n->hp_af == AF_IP4 ? nexthop_find(ifp, n->hp_addr) : nexthop_find6(ifp, a);
	return nh != NULL && (nh->nh_flags & NHF_STATIC) ? nh : NULL;
}

static bool
nbr_faced(const struct ifnet *ifp, const struct hn_nbr *n, const struct in6_addr *a, int plen)
{
	return ifp->if_rdomain == 0 && (n->hp_af == AF_IP4 ? if_faces(ifp, n->hp_addr) : if_faces6(ifp, a)) == plen;
}

/* Its host route is on the interface that faces it, or on one that does as well: two may be in one network, and which of them arp_set() and
 * nd6_set() take is a matter of who was there first. */
static bool
nbr_in_its_network(const struct hn_nbr *n, const struct in6_addr *a)
{
	struct ifnet *best = n->hp_af == AF_IP4 ? if_facing(0, n->hp_addr) : if_facing6(0, a);
	int plen = best == NULL ? -1 : n->hp_af == AF_IP4 ? if_faces(best, n->hp_addr) : if_faces6(best, a);
	const struct nexthop *nh;

	for (struct ifnet *ifp = best != NULL ? ifnet_list : NULL; ifp != NULL; ifp = ifp->if_next)
		if (nbr_faced(ifp, n, a, plen) && (nh = nbr_find(ifp, n, a)) != NULL && rt_of_neighbour(nh) != NULL)
			return true;
	return false;
}

/* It is where arp_set() or nd6_set() could put it now. An entry stays with an interface whose network has moved to another one or whose
 * Ethernet address, which made it a proxy's, has changed; its host route goes with the network, even if that comes back. */
static bool
nbr_in_place(const struct hn_nbr *n, const struct in6_addr *a)
{
	struct ifnet *proxy = NULL;
	const struct nexthop *nh;

	if (n->hp_pub)
		proxy = n->hp_af == AF_IP4 ? arp_proxy_if(0, n->hp_addr, n->hp_lladdr) : nd6_proxy_if(0, a, n->hp_lladdr);
	if (proxy == NULL)
		return nbr_in_its_network(n, a);
	nh = nbr_find(proxy, n, a);
	return nh != NULL && rt_of_neighbour(nh) == NULL;
}

static bool
nbr_error(struct config_err *ce, const struct hn_nbr *n, const char *why)
{
	char a[IN6_STRLEN];

	config_error(ce, n->hp_line, "%s %s: %s", n->hp_af == AF_IP4 ? "arp" : "ndp", af_print(a, n->hp_af, &n->hp_addr6), why);
	return false;
}

static bool
install_nbr(struct config_err *ce, const struct hostname *h, struct hn_nbr *n)
{
	unsigned flags = NHF_STATIC | (n->hp_pub ? NHF_PUBLISH : 0);
	struct in6_addr a = nbr_addr(h, n);
	const char *why;

	if (nbr_in_place(n, &a))		/* because of this object, or of another file's */
		return n->hp_installed || nbr_error(ce, n, rt_strerror(RT_EXIST));
	if (n->hp_installed)
		nbr_delete(h, n);
	n->hp_installed = false;
	why = n->hp_af == AF_IP4 ? arp_set(0, n->hp_addr, n->hp_lladdr, flags) : nd6_set(0, &a, n->hp_lladdr, flags);
	if (why != NULL)
		return nbr_error(ce, n, why);
	return n->hp_installed = true;
}

bool
install_nbrs(struct config_err *ce, struct hostname *h)
{
	for (unsigned i = 0; i < h->hn_nnbrs; i++)
		if (!install_nbr(ce, h, &h->hn_nbrs[i]))
			return false;
	return true;
}

/* Another file may take the network of an entry away and give it back, or the Ethernet address that makes it a proxy's. */
static bool
nbr_watch(struct pending *pd)
{
	struct hostname *h = container_of(pd, struct hostname, hn_nbr_watch);
	struct out sink;
	struct config_err quiet = { .ce_out = &sink, .ce_file = h->hn_ifname };

	out_init(&sink, NULL, NULL);
	for (unsigned i = 0; i < h->hn_nnbrs; i++)
		install_nbr(&quiet, h, &h->hn_nbrs[i]);
	out_free(&sink);
	return false;
}

void
watch_nbrs(struct hostname *h)
{
	h->hn_nbr_watch.pd_retry = nbr_watch;
	if (h->hn_nnbrs > 0)
		pending_add(&h->hn_nbr_watch);
}

bool
check_nbrs(struct config_err *ce, const struct hostname *h)
{
	bool ok = true;

	for (unsigned i = 0; i < h->hn_nnbrs && hostname_absentees == 0; i++) {
		struct in6_addr a = nbr_addr(h, &h->hn_nbrs[i]);

		if (!nbr_in_place(&h->hn_nbrs[i], &a))
			ok = nbr_error(ce, &h->hn_nbrs[i], rt_strerror(RT_UNREACH));
	}
	return ok;
}
