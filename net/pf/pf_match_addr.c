/* pf_match_addr.c - whether an interface is one that a rule names, and an address one that a rule says: as interfaces, tables and routes are now. */
#include <string.h>

#include "net/core/if_group.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/pf/pf_engine.h"
#include "net/route/route.h"

/* ---- interfaces ---- */

bool
pf_if_matches(const char name[IFNAMSIZ], const struct ifnet *ifp)
{
	static const char all[IFNAMSIZ] = "all", egress[IFNAMSIZ] = "egress", any[IFNAMSIZ] = "any";

	if (pf_name_equal(name, ifp->if_xname) || pf_name_equal(name, ifp->if_group))
		return true;
	for (unsigned i = 0; i < IF_GROUPS && ifp->if_ingroup[i][0] != '\0'; i++)
		if (pf_name_equal(name, ifp->if_ingroup[i]))
			return true;
	if (pf_name_equal(name, any))		/* but loopback: pf.conf(5) */
		return !(ifp->if_flags & IFF_LOOPBACK);
	return pf_name_equal(name, all) || (pf_name_equal(name, egress) && if_is_egress(ifp));
}

/* ---- addresses ---- */

static bool
in_prefix(const struct pf_addr *pa, unsigned full, const struct in6_addr *addr, unsigned ifplen, const struct in6_addr *a)
{
	unsigned plen = pa->pa_plen != PF_PLEN_NONE ? pa->pa_plen : pa->pa_dyn & PF_DYN_NETWORK ? ifplen : full;

	return in6_covers(addr, plen, a);
}

static bool
if_has_addr4(const struct ifnet *ifp, const struct pf_addr *pa, const struct in6_addr *a)
{
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next) {
		struct in6_addr addr = in6_of_ip4(pa->pa_dyn & (PF_DYN_BROADCAST | PF_DYN_PEER) ? ifa->ifa_broadcast : ifa->ifa_addr);

		if ((addr.s6_addr32[0] != 0 && in_prefix(pa, 32, &addr, ifa->ifa_plen, a)))
			return true;
		if (pa->pa_dyn & PF_DYN_NOALIAS)
			break;
	}
	return false;
}

static bool
if_has_addr6(const struct ifnet *ifp, const struct pf_addr *pa, const struct in6_addr *a)
{
	if (pa->pa_dyn & (PF_DYN_BROADCAST | PF_DYN_PEER))
		return false;
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		struct in6_addr addr = in6_unembed(&ia->ia_addr);

		if ((pa->pa_dyn & (PF_DYN_NOALIAS | PF_DYN_NETWORK)) && IN6_IS_ADDR_LINKLOCAL(&addr))	/* every link has that network */
			continue;
		if (in_prefix(pa, 128, &addr, ia->ia_plen, a))
			return true;
		if (pa->pa_dyn & PF_DYN_NOALIAS)
			break;
	}
	return false;
}

/* (em0), (group:network) ...: the addresses of now, so there is nothing that must follow a change. */
static __apart_fn bool
dyn_matches(const struct pf_addr *pa, unsigned pf_family, const struct in6_addr *a)
{
	char name[IFNAMSIZ] = { 0 };

	memcpy(name, pa->pa_name, strnlen(pa->pa_name, IFNAMSIZ - 1));
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (pf_if_matches(name, ifp) && (pf_family == PF_INET ? if_has_addr4(ifp, pa, a) : if_has_addr6(ifp, pa, a)))
			return true;
	return false;
}

static const struct rtentry *
route_to(const struct pf_pdesc *pd, const struct in6_addr *a)
{
	const struct ifnet *ifp = pd->pd_ifp;
	struct in6_addr zoned;

	if (pd->pd_af == PF_INET)
		return rtable_match(ifp->if_rdomain, a->s6_addr32[0]);
	zoned = in6_embed(a, ifp->if_index);
	return rtable_match6(ifp->if_rdomain, &zoned);
}

bool
pf_addr_matches(const struct pf_pdesc *pd, const struct pf_addr *pa, const struct pf_ktable *kt, const struct in6_addr *a)
{
	const struct rtentry *rt;

	if (pa->pa_af != PF_AF_ANY && pa->pa_af != pd->pd_af)
		return false;
	switch (pa->pa_type) {
	case PF_ADDR_ANY:
		return true;
	case PF_ADDR_NET:
		return in6_covers(&pa->pa_addr, pa->pa_plen, a);
	case PF_ADDR_RANGE:
		return in6_cmp(&pa->pa_addr, a) <= 0 && in6_cmp(a, &pa->pa_end) <= 0;
	case PF_ADDR_DYN:
		return dyn_matches(pa, pd->pd_af, a);
	case PF_ADDR_TABLE:
		return kt != NULL && pf_table_match(kt, pf_af(pd->pd_af), a);
	case PF_ADDR_NOROUTE:
		return route_to(pd, a) == NULL;
	case PF_ADDR_URPF:
		rt = route_to(pd, a);
		return rt == NULL || !rt_path_leads(rt, pd->pd_ifp);
	case PF_ADDR_RTLABEL:
		rt = route_to(pd, a);
		return rt != NULL && strcmp(rt->rt_via->v_label, pa->pa_name) == 0;
	default:
		return false;
	}
}
