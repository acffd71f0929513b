/* rt_request.c - routes as an admin asks for them: add, delete, change. */
#include <string.h>

#include "net/inet6/in6_ifaddr.h"
#include "net/route/rt_msg.h"
#include "net/route/rt_var.h"

#define RT_USERFLAGS	(RTF_GATEWAY | RTF_REJECT | RTF_BLACKHOLE | RTF_STATIC | RTF_DYNAMIC | RTF_MODIFIED)
#define RT_NOWAY	(RTF_REJECT | RTF_BLACKHOLE)
#define RT_OURS		(RTF_LOCAL | RTF_BROADCAST | RTF_CONNECTED | RTF_MULTICAST)	/* come and go with an address only */

static bool
rt_request_valid(const struct rt_request *rq)
{
	return (rq->rq_label == NULL || strlen(rq->rq_label) < RT_LABEL_MAX) && rq->rq_af < AF_COUNT && rq->rq_plen <= af_bits(rq->rq_af) &&
	    rq->rq_rdomain <= RT_TABLEID_MAX && rq->rq_priority <= RTP_MAX && rq->rq_mtu <= UINT16_MAX && (rq->rq_plen == af_bits(rq->rq_af) || !(rq->rq_flags & RTF_HOST));
}

/* Whose address it is: each has a local route. NULL: nobody's. */
static struct rtentry *
rt_local(unsigned af, unsigned rdomain, const struct in6_addr *addr)
{
	struct rtentry *rt = rtable_lookup_af(af, rdomain, addr, af_bits(af));

	while (rt != NULL && !(rt->rt_flags & RTF_LOCAL))
		rt = rt->rt_next;
	return rt;
}

/* A route that leads nowhere stands on the loopback interface, and on its gateway's local route where there is one (as
 * OpenBSD shows it). */
static enum rt_error
rt_add_noway(struct rtentry *model, struct rtentry **parent)
{
	struct ifnet *ifp = ifnet_list;

	while (ifp != NULL && !((ifp->if_flags & IFF_LOOPBACK) && ifp->if_rdomain == model->rt_rdomain))
		ifp = ifp->if_next;
	if (rt_ifp(model) == NULL)
		rt_set_ifp(model, ifp);
	if (rt_ifp(model) == NULL)
		return RT_UNREACH;
	if ((model->rt_flags & RTF_GATEWAY) &&
	    (*parent = rt_local(model->rt_af, model->rt_rdomain, &model->rt_via->v_gateway6)) != NULL) {
		model->rt_ifidx = (*parent)->rt_ifidx;
		model->rt_via->v_ifa6 = (*parent)->rt_via->v_ifa6;
	}
	return RT_OK;
}

/* The interface of a route through `parent` with the source address whose route is `local`, by which OpenBSD shows one to a loopback's address;
 * packets follow rt_nh. */
static struct ifnet *
rt_shown_ifp(const struct rtentry *parent, const struct rtentry *local, struct ifnet *ifp)
{
	return parent != NULL && (parent->rt_flags & RTF_LOCAL) ? rt_ifp(local) : ifp;
}

/* The address that the interface shows in a family; its link-local one where there is no other. */
static struct in6_addr
rt_onlink_ifa(const struct ifnet *ifp, unsigned af)
{
	const struct in6_ifaddr *ia = ifp->if_addrs6;

	if (af == AF_IP4)
		return in6_of_ip4(ifp->if_addrs != NULL ? ifp->if_addrs->ifa_addr : IP4_ANY);
	while (ia != NULL && IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr))
		ia = ia->ia_next;
	if (ia == NULL)
		ia = in6_ifaddr_linklocal(ifp);
	return ia != NULL ? ia->ia_addr : in6_any;
}

/* All of the network is directly on the interface. */
static enum rt_error
rt_add_onlink(struct rtentry *model, struct nexthop **nh)
{
	struct ifnet *ifp = rt_ifp(model);

	if (ifp == NULL || (ifp->if_flags & IFF_LOOPBACK))
		return RT_INVAL;
	if (in6_is_any(&model->rt_via->v_ifa6))
		model->rt_via->v_ifa6 = rt_onlink_ifa(ifp, model->rt_af);
	model->rt_via->v_gateway6 = model->rt_via->v_ifa6;
	if (ifp->if_ether) {
		model->rt_flags |= RTF_CLONING;
		return RT_OK;
	}
	return (*nh = nexthop_get_af(ifp, model->rt_af, &in6_any)) != NULL ? RT_OK : RT_NOMEM;
}

static enum rt_error
rt_add_gateway(const struct rt_request *rq, struct rtentry *model, struct rtentry **parent, struct nexthop **nh)
{
	enum rt_error e = rt_resolve(rq, parent, nh);

	if (e == RT_OK) {
		model->rt_ifidx = (*parent)->rt_ifidx;
		model->rt_via->v_ifa6 = (*parent)->rt_via->v_ifa6;
	}
	return e;
}

/* Whether another route of the same prefix and priority is in the way: to a way to nowhere each is, as which one counts would depend on the order. */
static enum rt_error
rt_add_conflicts(const struct rtentry *model, bool exact)
{
	const struct rtentry *rt = rtable_lookup_af(model->rt_af, model->rt_rdomain, &model->rt_dest6, model->rt_plen);
	unsigned n = 0;

	for (; rt != NULL; rt = rt->rt_next) {
		if (rt->rt_priority != model->rt_priority)
			continue;
		n++;
		if (((rt->rt_flags | model->rt_flags) & RT_NOWAY) || !((exact ? rt->rt_flags | model->rt_flags : model->rt_flags) & RTF_SHARES) ||
		    (in6_equal(&rt->rt_via->v_gateway6, &model->rt_via->v_gateway6) && rt_ifp(rt) == rt_ifp(model) && !(rt->rt_flags & RTF_MOVES)))
			return RT_EXIST;
	}
	return n < RT_PATHS_MAX ? RT_OK : RT_TOOMANY;
}

enum rt_error
rt_add(const struct rt_request *rq)
{
	struct rt_via via = { .v_gateway6 = rq->rq_gateway6, .v_ifa6 = rq->rq_ifa6 };
	struct rtentry *rt, *parent = NULL, model = {
		.rt_af = rq->rq_af, .rt_plen = rq->rq_plen, .rt_priority = rq->rq_priority, .rt_rdomain = (uint8_t)rq->rq_rdomain, 
		.rt_flags = rq->rq_flags & RT_USERFLAGS, .rt_ifidx = rq->rq_ifp != NULL ? rq->rq_ifp->if_index : 0,
		.rt_mtu = (uint16_t)rq->rq_mtu, .rt_via = &via,
	};
	const struct rtentry *local = NULL;
	struct nexthop *nh = NULL;
	enum rt_error e;

	if (!rt_request_valid(rq) ||
	    (!in6_is_any(&rq->rq_ifa6) && (local = rt_local(rq->rq_af, rq->rq_rdomain, &rq->rq_ifa6)) == NULL))
		return RT_INVAL;
	if (rq->rq_label != NULL)
		memcpy(via.v_label, rq->rq_label, strlen(rq->rq_label));
	model.rt_dest6 = in6_masked(&rq->rq_dest6, rq->rq_plen);
	if (rq->rq_plen == af_bits(rq->rq_af))
		model.rt_flags |= RTF_HOST;
	if (rq->rq_flags & RTF_MPATH)
		model.rt_flags |= RTF_SHARES;
	if (rq->rq_recurse)
		model.rt_flags |= RTF_RECURSES;
	if (model.rt_flags & RT_NOWAY)
		e = rt_add_noway(&model, &parent);
	else if (model.rt_flags & RTF_GATEWAY)
		e = rt_add_gateway(rq, &model, &parent, &nh);
	else
		e = rt_add_onlink(&model, &nh);
	if (e != RT_OK)
		return e;
	if (local != NULL) {
		model.rt_flags |= RTF_OWNIFA;
		via.v_ifa6 = rq->rq_ifa6;
		rt_set_ifp(&model, rt_shown_ifp(parent, local, rt_ifp(&model)));
	}
	if (model.rt_priority == 0)
		model.rt_priority = (uint8_t)(RTP_STATIC + rt_ifp(&model)->if_priority);
	if ((e = rt_add_conflicts(&model, rq->rq_exact)) != RT_OK) {
		if (nh != NULL)
			nexthop_put(nh);
		rt_release(parent);
		return e;
	}
	if ((rt = rt_make(&model, parent, nh)) == NULL) {
		rt_release(parent);
		return RT_NOMEM;
	}
	if (rq->rq_lifetime != 0 && !rt_expire_set(rt, rq->rq_lifetime)) {
		rt_remove(rt);
		return RT_NOMEM;
	}
	rt_flush_clones(rt);
	if (rt->rt_flags & RTF_CLONING)
		rt_retry(rt->rt_af, rt->rt_rdomain);
	return RT_OK;
}

/* rq_exact holds for it. */
static bool
rt_request_exact(const struct rt_request *rq, const struct rtentry *rt)
{
	if (!rq->rq_exact)
		return true;
	if (!(rq->rq_flags & RTF_MPATH))
		return !(rt->rt_flags & RTF_SHARES);
	return (rt->rt_flags & RTF_SHARES) && in6_equal(&rt->rt_via->v_gateway6, &rq->rq_gateway6);
}

/* The route that is meant; an admin's own before one that was cloned. *e: why there is none. */
static struct rtentry *
rt_request_find(const struct rt_request *rq, const struct in6_addr *gateway, enum rt_error *e)
{
	struct in6_addr dest = in6_masked(&rq->rq_dest6, rq->rq_plen);
	struct rtentry *clone = NULL, *rt;

	*e = RT_NOTFOUND;
	for (rt = rtable_lookup_af(rq->rq_af, rq->rq_rdomain, &dest, rq->rq_plen); rt != NULL; rt = rt->rt_next) {
		if ((rq->rq_priority != 0 && rt->rt_priority != rq->rq_priority) ||
		    (!in6_is_any(gateway) && !in6_equal(&rt->rt_via->v_gateway6, gateway)) || !rt_request_exact(rq, rt))
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
	bool network;
	enum rt_error e;

	if (!rt_request_valid(rq))
		return RT_INVAL;
	if ((rt = rt_request_find(rq, &rq->rq_gateway6, &e)) == NULL)
		return e;
	if (rt->rt_flags & RTF_CLONED) {
		if (!rt_forget(rt->rt_nh))
			nexthop_invalidate(rt->rt_nh);
		return RT_OK;
	}
	network = rt->rt_flags & RTF_CLONING;
	rt_remove(rt);
	if (network)
		rt_retry(rq->rq_af, rq->rq_rdomain);	/* what stood on it may have another way */
	else
		rt_recursion_renew();
	return RT_OK;
}

/* By one that shares its prefix and priority. */
static bool
rt_gateway_taken(const struct rtentry *rt, const struct in6_addr *gateway)
{
	const struct rtentry *o = rtable_lookup_af(rt->rt_af, rt->rt_rdomain, &rt->rt_dest6, rt->rt_plen);

	while (o != NULL && (o == rt || o->rt_priority != rt->rt_priority || !in6_equal(&o->rt_via->v_gateway6, gateway)))
		o = o->rt_next;
	return o != NULL;
}

static enum rt_error
rt_change_gateway(struct rtentry *rt, const struct rt_request *rq)
{
	struct rtentry *old = rt_parent(rt);
	enum rt_error e;

	if (!(rt->rt_flags & RTF_GATEWAY) || (rt->rt_flags & RT_NOWAY))
		return RT_INVAL;
	if (rt_gateway_taken(rt, &rq->rq_gateway6))
		return RT_EXIST;
	if ((e = rt_set_gateway(rt, rq)) == RT_OK) {
		rt->rt_flags &= ~RTF_MOVES;
		rt_release(old);
	}
	return e;
}

void
rt_moves(const struct rt_request *rq)
{
	enum rt_error e;
	struct rtentry *rt = rt_request_find(rq, &in6_any, &e);

	if (rt == NULL || (rt->rt_flags & RTF_CLONED))
		return;
	rt->rt_flags &= ~RTF_MOVES;
	if (!in6_equal(&rt->rt_via->v_gateway6, &rq->rq_gateway6))
		rt->rt_flags |= RTF_MOVES;
}

/* Source address and label. `local` is the source address's route; NULL: that stays. */
static enum rt_error
rt_change_via(struct rtentry *rt, const struct rt_request *rq, const struct rtentry *local)
{
	struct rt_via *via = rt_via_get(&rt->rt_via->v_gateway6, local != NULL ? &rq->rq_ifa6 : &rt->rt_via->v_ifa6,
	    rq->rq_label != NULL ? rq->rq_label : rt->rt_via->v_label);

	if (via == NULL)
		return RT_NOMEM;
	rt_via_put(rt->rt_via);
	rt->rt_via = via;
	if (local != NULL) {
		rt->rt_flags |= RTF_OWNIFA;
		rt_set_ifp(rt, rt_shown_ifp(rt_parent(rt), local, rt_ifp(rt)));
		rt_recursion_touch(rt->rt_af, rt->rt_rdomain, &rt->rt_dest6, rt->rt_plen);
	}
	return RT_OK;
}

enum rt_error
rt_change(const struct rt_request *rq)
{
	bool ifa = !in6_is_any(&rq->rq_ifa6);
	struct rtentry *rt, *local = NULL;
	enum rt_error e;

	if (!rt_request_valid(rq) || (ifa && (local = rt_local(rq->rq_af, rq->rq_rdomain, &rq->rq_ifa6)) == NULL))
		return RT_INVAL;
	if ((rt = rt_request_find(rq, &in6_any, &e)) == NULL)
		return e;
	if (rt->rt_flags & RTF_CLONED)
		return RT_INVAL;
	if (!in6_is_any(&rq->rq_gateway6) && !in6_equal(&rq->rq_gateway6, &rt->rt_via->v_gateway6) &&
	    (e = rt_change_gateway(rt, rq)) != RT_OK)
		return e;
	if ((ifa || rq->rq_label != NULL) && (e = rt_change_via(rt, rq, local)) != RT_OK)
		return e;
	if (rq->rq_mtu != 0)
		rt->rt_mtu = (uint16_t)rq->rq_mtu;
	rt_changed();
	if (rq->rq_lifetime != 0 && !rt_expire_set(rt, rq->rq_lifetime))
		return RT_NOMEM;
	rt_msg_route(RTM_CHANGE, rt);
	if (rt->rt_flags & RTF_DYNAMIC)		/* whoever changes it, it is not what was learned first */
		rt->rt_flags |= RTF_MODIFIED;
	return RT_OK;
}
