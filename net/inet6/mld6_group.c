/* mld6_group.c - the groups of an interface: joined as often as left. */
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/mld6.h"

static struct pool in6_multi_pool;

static void
in6_multi_init(void)
{
	pool_init(&in6_multi_pool, "in6multi", sizeof(struct in6_multi), 8, 16384);
}
NET_INIT(in6_multi, 10, in6_multi_init);

static struct in6_multi *
in6_multi_find(const struct nd_ifinfo *nd, const struct in6_addr *group)
{
	struct in6_multi *i6m = nd->nd_multi;

	while (i6m != NULL && !in6_equal(&i6m->i6m_addr, group))
		i6m = i6m->i6m_next;
	return i6m;
}

bool
mld6_member(const struct ifnet *ifp, const struct in6_addr *group)
{
	const struct in6_multi *i6m;

	if (in6_equal(group, &in6addr_linklocal_allnodes) || in6_equal(group, &in6addr_intfacelocal_allnodes))
		return ifp->if_addrs6 != NULL;
	return ifp->if_nd != NULL && (i6m = in6_multi_find(ifp->if_nd, group)) != NULL && i6m->i6m_refs > 0;
}

bool
mld6_join(struct ifnet *ifp, const struct in6_addr *group)
{
	struct nd_ifinfo *nd = nd6_if(ifp);
	struct in6_multi *i6m;
	uint8_t lladdr[6];

	OWNER(0);
	if (nd == NULL)
		return false;
	in6_multi_lladdr(group, lladdr);
	if ((i6m = in6_multi_find(nd, group)) == NULL) {
		if ((i6m = pool_get(&in6_multi_pool)) == NULL)
			return false;
		i6m->i6m_addr = *group;
		i6m->i6m_next = nd->nd_multi;
		nd->nd_multi = i6m;
	}
	if (i6m->i6m_refs == 0) {
		if (ifp->if_ether && !if_addmulti(ifp, lladdr)) {
			mld6_free(ifp, i6m);
			return false;
		}
		mld6_joined(ifp, i6m);
	}
	i6m->i6m_refs++;
	return true;
}

void
mld6_free(struct ifnet *ifp, struct in6_multi *i6m)
{
	struct in6_multi **p = &ifp->if_nd->nd_multi;

	while (*p != i6m)
		p = &(*p)->i6m_next;
	*p = i6m->i6m_next;
	pool_put(&in6_multi_pool, i6m);
}

void
mld6_leave(struct ifnet *ifp, const struct in6_addr *group)
{
	struct in6_multi *i6m = ifp->if_nd != NULL ? in6_multi_find(ifp->if_nd, group) : NULL;
	uint8_t lladdr[6];

	if (i6m == NULL || i6m->i6m_refs == 0 || --i6m->i6m_refs > 0)
		return;
	in6_multi_lladdr(group, lladdr);
	if (ifp->if_ether)
		if_delmulti(ifp, lladdr);
	if (!mld6_left(ifp, i6m))
		mld6_free(ifp, i6m);
}

void
mld6_ifdetach(struct ifnet *ifp)
{
	struct in6_multi *i6m;
	uint8_t lladdr[6];

	mld6_if_down(ifp);
	while ((i6m = ifp->if_nd->nd_multi) != NULL) {
		in6_multi_lladdr(&i6m->i6m_addr, lladdr);
		if (ifp->if_ether && i6m->i6m_refs > 0)
			if_delmulti(ifp, lladdr);
		mld6_free(ifp, i6m);
	}
}
