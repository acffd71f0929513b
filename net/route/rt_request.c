/* rt_request.c - routes as an admin asks for them: add, delete, change. */
#include "net/route/rt_msg.h"
#include "net/route/rt_var.h"

#define RT_USERFLAGS	(RTF_GATEWAY | RTF_REJECT | RTF_BLACKHOLE | RTF_STATIC | RTF_DYNAMIC | RTF_MODIFIED)
#define RT_NOWAY	(RTF_REJECT | RTF_BLACKHOLE)
#define RT_OURS		(RTF_LOCAL | RTF_BROADCAST | RTF_CONNECTED)	/* come and go with an address only */

static bool
rt_request_valid(const struct rt_request *rq)
{
	return rq->rq_plen <= 32 && rq->rq_rdomain <= RT_TABLEID_MAX && rq->rq_priority <= RTP_MAX &&
	    (rq->rq_plen == 32 || !(rq->rq_flags & RTF_HOST));
}

static struct ifnet *
rt_ifwithaddr(unsigned rdomain, be32_t addr)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			if (ifp->if_rdomain == rdomain && ifa->ifa_addr == addr)
				return ifp;
	return NULL;
}

/* A route that leads nowhere stands on the loopback interface, and on its gateway's local route where there is one (as
 * OpenBSD shows it). */
static enum rt_error
rt_add_noway(struct rtentry *model, struct rtentry **parent)
{
	struct ifnet *ifp = ifnet_list;

	while (ifp != NULL && !((ifp->if_flags & IFF_LOOPBACK) && ifp->if_rdomain == model->rt_rdomain))
		ifp = ifp->if_next;
	if (model->rt_ifp == NULL && (model->rt_ifp = ifp) == NULL)
		return RT_UNREACH;
	for (struct rtentry *rt = rtable_lookup(model->rt_rdomain, model->rt_gateway, 32); rt != NULL; rt = rt->rt_next)
		if ((model->rt_flags & RTF_GATEWAY) && (rt->rt_flags & RTF_LOCAL)) {
			*parent = rt;
			model->rt_ifp = rt->rt_ifp;
			model->rt_ifa = rt->rt_ifa;
		}
	return RT_OK;
}

/* All of the network is directly on the interface. */
static enum rt_error
rt_add_onlink(struct rtentry *model, struct nexthop **nh)
{
	struct ifnet *ifp = model->rt_ifp;

	if (ifp == NULL || (ifp->if_flags & IFF_LOOPBACK))
		return RT_INVAL;
	if (model->rt_ifa == 0 && ifp->if_addrs != NULL)
		model->rt_ifa = ifp->if_addrs->ifa_addr;
	model->rt_gateway = model->rt_ifa;
	if (ifp->if_ether) {
		model->rt_flags |= RTF_CLONING;
		return RT_OK;
	}
	return (*nh = nexthop_get(ifp, IP4_ANY)) != NULL ? RT_OK : RT_NOMEM;
}

/* Another route of the same prefix and priority is in the way. */
static bool
rt_add_conflicts(const struct rtentry *model, bool mpath)
{
	for (struct rtentry *rt = rtable_lookup(model->rt_rdomain, model->rt_dest, model->rt_plen); rt != NULL; rt = rt->rt_next)
		if (rt->rt_priority == model->rt_priority &&
		    (!mpath || (rt->rt_gateway == model->rt_gateway && rt->rt_ifp == model->rt_ifp)))
			return true;
	return false;
}

enum rt_error
rt_add(const struct rt_request *rq)
{
	struct rtentry *rt, *parent = NULL, model = {
		.rt_dest = rq->rq_dest & ip4_mask(MIN(rq->rq_plen, 32)), .rt_plen = rq->rq_plen,
		.rt_priority = rq->rq_priority, .rt_rdomain = rq->rq_rdomain, .rt_flags = rq->rq_flags & RT_USERFLAGS, .rt_ifp = rq->rq_ifp,
		.rt_gateway = rq->rq_gateway, .rt_ifa = rq->rq_ifa, .rt_mtu = rq->rq_mtu,
	};
	struct nexthop *nh = NULL;
	enum rt_error e;

	if (!rt_request_valid(rq) || (rq->rq_ifa != 0 && rt_ifwithaddr(rq->rq_rdomain, rq->rq_ifa) == NULL))
		return RT_INVAL;
	if (rq->rq_plen == 32)
		model.rt_flags |= RTF_HOST;
	if (model.rt_flags & RT_NOWAY)
		e = rt_add_noway(&model, &parent);
	else if (model.rt_flags & RTF_GATEWAY)
		e = rt_resolve(&model, &parent, &nh);
	else
		e = rt_add_onlink(&model, &nh);
	if (e != RT_OK)
		return e;
	if (rq->rq_ifa != 0)
		model.rt_ifa = rq->rq_ifa;
	if (model.rt_priority == 0)
		model.rt_priority = (uint8_t)(RTP_STATIC + model.rt_ifp->if_priority);
	if (rt_add_conflicts(&model, rq->rq_flags & RTF_MPATH)) {
		if (nh != NULL)
			nexthop_put(nh);
		rt_release(parent);
		return RT_EXIST;
	}
	if ((rt = rt_make(&model, parent, nh)) == NULL) {
		rt_release(parent);
		return RT_NOMEM;
	}
	if (rq->rq_lifetime != 0)
		rt_expire_set(rt, rq->rq_lifetime);
	rt_flush_clones(rt);
	if (rt->rt_flags & RTF_CLONING)
		rt_retry(rt->rt_rdomain, rt->rt_dest, rt->rt_plen);
	return RT_OK;
}

/* The route that is meant; an admin's own before one that was cloned. *e: why there is none. */
static struct rtentry *
rt_request_find(const struct rt_request *rq, be32_t gateway, enum rt_error *e)
{
	struct rtentry *clone = NULL;

	*e = RT_NOTFOUND;
	for (struct rtentry *rt = rtable_lookup(rq->rq_rdomain, rq->rq_dest & ip4_mask(rq->rq_plen), rq->rq_plen); rt != NULL;
	    rt = rt->rt_next) {
		if ((rq->rq_priority != 0 && rt->rt_priority != rq->rq_priority) ||
		    (gateway != 0 && rt->rt_gateway != gateway))
			continue;
		if (rt->rt_flags & RTF_CLONED)
			clone = rt;
		else if (rt->rt_flags & (RT_OURS | RTF_LLINFO))
			*e = RT_INVAL;
		else
			return rt;
	}
	return clone;
}

enum rt_error
rt_delete(const struct rt_request *rq)
{
	struct rtentry *rt;
	enum rt_error e;

	if (!rt_request_valid(rq))
		return RT_INVAL;
	if ((rt = rt_request_find(rq, rq->rq_gateway, &e)) == NULL)
		return e;
	if (rt->rt_flags & RTF_CLONED) {
		if (!rt_forget(rt->rt_nh))
			nexthop_invalidate(rt->rt_nh);
		return RT_OK;
	}
	rt_remove(rt);
	if (rq->rq_plen < 32)		/* gateway routes that stood on it (an interface route) may have another way */
		rt_retry(rq->rq_rdomain, rq->rq_dest & ip4_mask(rq->rq_plen), rq->rq_plen);
	return RT_OK;
}

static enum rt_error
rt_change_gateway(struct rtentry *rt, be32_t gateway)
{
	struct rtentry *parent, *old = rt->rt_parent, model = *rt;
	struct nexthop *nh;
	enum rt_error e;

	if (!(rt->rt_flags & RTF_GATEWAY) || (rt->rt_flags & RT_NOWAY))
		return RT_INVAL;
	model.rt_gateway = gateway;
	if ((e = rt_resolve(&model, &parent, &nh)) != RT_OK)
		return e;
	rt->rt_gateway = gateway;
	rt->rt_ifp = model.rt_ifp;
	rt->rt_ifa = model.rt_ifa;
	rt_rehang(rt, parent, nh);
	rt_release(old);
	return RT_OK;
}

enum rt_error
rt_change(const struct rt_request *rq)
{
	struct ifnet *ifp = NULL;
	struct rtentry *rt;
	enum rt_error e;

	if (!rt_request_valid(rq) || (rq->rq_ifa != 0 && (ifp = rt_ifwithaddr(rq->rq_rdomain, rq->rq_ifa)) == NULL))
		return RT_INVAL;
	if ((rt = rt_request_find(rq, 0, &e)) == NULL)
		return e;
	if (rt->rt_flags & RTF_CLONED)
		return RT_INVAL;
	if (rq->rq_gateway != 0 && rq->rq_gateway != rt->rt_gateway && (e = rt_change_gateway(rt, rq->rq_gateway)) != RT_OK)
		return e;
	if (rq->rq_ifa != 0) {
		rt->rt_ifa = rq->rq_ifa;
		if (rt->rt_parent != NULL && (rt->rt_parent->rt_flags & RTF_LOCAL))
			rt->rt_ifp = ifp;	/* as OpenBSD shows it; packets follow rt_nh */
	}
	if (rq->rq_mtu != 0)
		rt->rt_mtu = rq->rq_mtu;
	if (rq->rq_lifetime != 0)
		rt_expire_set(rt, rq->rq_lifetime);
	rt_msg_route(RTM_CHANGE, rt);
	if (rt->rt_flags & RTF_DYNAMIC)		/* whoever changes it, it is not what was learned first */
		rt->rt_flags |= RTF_MODIFIED;
	return RT_OK;
}
