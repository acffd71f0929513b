/* rt_recurse.c - gateways that are on no network of ours, but reached by another gateway route: their routes take that one's next hop, and follow it.
 * Core 0.
 *
 * Such a gateway is a host route of no table (RTF_RECURSION), one for all routes that have it. It stands on what the route to it stands on:
 * a neighbour, or another such gateway; they stand on it. What may lead to it has changed: it is looked up anew when the pass ends. */
#include "kernel/loop.h"
#include "net/core/counter.h"
#include "net/core/owner.h"
#include "net/route/rt_msg.h"
#include "net/route/rt_var.h"

COUNTER(nhs_loops, nexthop, 20, INFO, "route%s passed over that would lead to their own gateway");

#define RECURSIONS_MAX	1024u		/* each change of a route looks at all of them */
#define DEPTH_MAX	8u		/* of gateways that are reached by gateways */
#define LOOK_UPS	64u		/* at the end of a pass */

static struct rtentry *recursions;	/* by rt_next */
static unsigned nrecursions;
static struct loop_end recursions_end = { .le_func = rt_recursion_renew };

/* rt stands on the gateway `on`, or too far from the ground. */
static bool
rt_leads_to(const struct rtentry *rt, const struct rtentry *on)
{
	unsigned depth = 0;

	for (; rt != NULL && depth < DEPTH_MAX; depth++, rt = rt_parent(rt))
		if (rt == on)
			return true;
	return depth == DEPTH_MAX;
}

/* Of the routes that share head's prefix and priority the one that a gateway's own number chooses, whichever came first. */
static struct rtentry *
rt_towards_by(struct rtentry *head, const struct in6_addr *gateway, const struct rtentry *self)
{
	struct rtentry *best = NULL;
	uint64_t most = 0;

	for (struct rtentry *rt = head; rt != NULL && rt->rt_priority == head->rt_priority; rt = rt->rt_next) {
		uint64_t share = rt_path_share(rt, gateway);

		if (((rt->rt_flags ^ head->rt_flags) & (RTF_UP | RTF_GATEWAY)) || (self != NULL && rt_leads_to(rt_parent(rt), self)) ||
		    (best != NULL && share <= most))
			continue;
		best = rt;
		most = share;
	}
	return best;
}

/* The route that leads to a gateway; `self`: that gateway, or NULL while it is nobody's yet. The default route is none: what is not known to be
 * anywhere is a mistake. */
static struct rtentry *
rt_towards(unsigned af, unsigned rdomain, const struct in6_addr *gateway, const struct rtentry *self)
{
	unsigned plen = af_bits(af) + 1;
	struct rtentry *head, *rt;

	for (; (head = rtable_shorter(af, rdomain, gateway, plen)) != NULL && head->rt_plen > 0; plen = head->rt_plen) {
		if (!(head->rt_flags & RTF_GATEWAY) || (head->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)))
			return NULL;
		if ((rt = rt_towards_by(head, gateway, self)) != NULL)
			return rt;
		counter_inc(nhs_loops);
	}
	return NULL;
}

static struct rtentry *
recursion_find(unsigned af, unsigned rdomain, const struct in6_addr *gateway)
{
	struct rtentry *g = recursions;

	while (g != NULL && !(in6_equal(&g->rt_dest6, gateway) && g->rt_af == af && g->rt_rdomain == rdomain))
		g = g->rt_next;
	return g;
}

struct ifnet *
rt_recursive_facing(unsigned af, unsigned rdomain, const struct in6_addr *gateway)
{
	const struct rtentry *rt = rt_towards(af, rdomain, gateway, recursion_find(af, rdomain, gateway));

	return rt != NULL ? rt_ifp(rt) : NULL;
}

/* Without memory for that the source address stays what it was. */
bool
rt_recursion_pass_on(const struct rtentry *g, struct rtentry *c)
{
	const struct in6_addr *source = rt_source(c, g->rt_via);
	struct nexthop *old = c->rt_nh;
	struct rt_via *via;

	if (old == g->rt_nh && c->rt_ifidx == g->rt_ifidx && in6_equal(&c->rt_via->v_ifa6, source))
		return false;
	via = rt_via_get(&c->rt_via->v_gateway6, source, c->rt_via->v_label);
	if (g->rt_nh == NULL)		/* a route with RTF_UP always has its next hop */
		rt_take_down(c);
	if ((c->rt_nh = g->rt_nh) != NULL)
		c->rt_nh->nh_refs++;
	c->rt_ifidx = g->rt_ifidx;
	if (via != NULL) {
		rt_via_put(c->rt_via);
		c->rt_via = via;
	}
	if (!(c->rt_flags & RTF_RECURSION))
		rt_msg_route(RTM_CHANGE, c);
	if (old != NULL)
		nexthop_put(old);
	return true;
}

/* It stands on something else from now on, or has another source address (own: not that of what it stands on); with nh's reference. NULL: on nothing;
 * nh NULL: that waits itself. */
static void
recursion_move(struct rtentry *g, struct rtentry *parent, struct nexthop *nh, const struct in6_addr *ifa, bool own)
{
	struct rt_via *via = parent != NULL ? rt_via_get(&g->rt_dest6, ifa, "") : NULL;
	struct nexthop *old = g->rt_nh;

	if (via != NULL) {
		rt_via_put(g->rt_via);
		g->rt_via = via;
		g->rt_flags = (g->rt_flags & ~RTF_OWNIFA) | (own ? RTF_OWNIFA : 0);
	}
	rt_unhang(g);
	rt_hang(g, parent);
	g->rt_nh = nh;
	g->rt_ifidx = parent != NULL ? parent->rt_ifidx : g->rt_ifidx;
	rt_refresh(g);
	if (old != NULL)
		nexthop_put(old);
}

void
rt_recursion_lost(struct rtentry *g)
{
	recursion_move(g, NULL, NULL, NULL, false);
	rt_recursion_touch(g->rt_af, g->rt_rdomain, &g->rt_dest6, af_bits(g->rt_af));
}

/* Looks where it is. False: no memory. */
static bool
recursion_renew(struct rtentry *g)
{
	struct rtentry *old = rt_parent(g), *parent = NULL, *led, *rt;
	const struct in6_addr *ifa = NULL;
	struct nexthop *nh = NULL;
	bool own = false;
	enum rt_error e = rt_resolve_direct(g->rt_af, g->rt_rdomain, &g->rt_dest6, &parent, &nh);

	if (e == RT_NOMEM)
		return false;
	if (e == RT_OK) {
		ifa = &parent->rt_via->v_ifa6;
	} else if ((rt = rt_towards(g->rt_af, g->rt_rdomain, &g->rt_dest6, g)) != NULL) {
		parent = rt_parent(rt);
		led = parent != NULL && (parent->rt_flags & RTF_RECURSION) ? parent : rt;	/* which rt may have yet to follow */
		ifa = rt_source(rt, led->rt_via);
		own = rt->rt_flags & RTF_OWNIFA;
		if ((nh = led->rt_nh) != NULL)
			nh->nh_refs++;
	}
	if (parent != old || nh != g->rt_nh || (ifa != NULL && !in6_equal(ifa, &g->rt_via->v_ifa6)))
		recursion_move(g, parent, nh, ifa, own);
	else if (nh != NULL)
		nexthop_put(nh);
	if (old != NULL && old != rt_parent(g))
		rt_release(old);
	return true;
}

/* One may take others with it: the next is looked for from the start. Without memory it stays as it is until something changes. */
void
rt_recursion_renew(void)
{
	struct rtentry *g;

	for (unsigned n = 0; n < LOOK_UPS; n++) {
		for (g = recursions; g != NULL && !(g->rt_flags & RTF_MODIFIED);)
			g = g->rt_next;
		if (g == NULL)
			break;
		g->rt_flags &= ~RTF_MODIFIED;
		recursion_renew(g);
	}
	if (g != NULL) {
		loop_at_end(&recursions_end);
		percore(loop_wake) = true;
	}
}

/* RTF_MODIFIED: it is to be looked up. */
void
rt_recursion_touch(unsigned af, unsigned rdomain, const struct in6_addr *dest, unsigned plen)
{
	for (struct rtentry *g = recursions; g != NULL; g = g->rt_next)
		if (g->rt_af == af && g->rt_rdomain == rdomain && !(g->rt_flags & RTF_MODIFIED) && in6_covers(dest, plen, &g->rt_dest6)) {
			g->rt_flags |= RTF_MODIFIED;
			loop_at_end(&recursions_end);
		}
}

void
rt_recursion_release(struct rtentry *g)
{
	struct rtentry *parent = rt_parent(g), **p = &recursions;

	KASSERT(g->rt_refs == 0);
	while (*p != g)
		p = &(*p)->rt_next;
	*p = g->rt_next;
	nrecursions--;
	rt_unhang(g);
	rt_free(g);
	rt_release(parent);
}

void
rt_recursion_detach(struct rtentry *g, struct ifnet *lo)
{
	struct rtentry *c;

	rt_set_ifp(g, lo);
	if (lo != NULL) {
		rt_follow(g);
		return;
	}
	g->rt_refs++;			/* the last that goes does not take it along */
	while ((c = rt_children(g)) != NULL) {
		if (c->rt_flags & RTF_RECURSION)
			rt_recursion_detach(c, NULL);
		else
			rt_destroy(c);
	}
	g->rt_refs--;
	rt_recursion_release(g);
}

/* The gateway's object; a new one stands on nothing yet, and shows that interface. NULL: no memory, or too many. */
static struct rtentry *
recursion_make(unsigned af, unsigned rdomain, const struct in6_addr *gateway, uint16_t ifidx)
{
	struct rt_via via = { .v_gateway6 = *gateway };
	struct rtentry model = { .rt_af = (uint8_t)af, .rt_rdomain = (uint8_t)rdomain, .rt_plen = (uint8_t)af_bits(af), .rt_dest6 = *gateway,
	    .rt_flags = RTF_HOST | RTF_RECURSION, .rt_via = &via, .rt_ifidx = ifidx };
	struct rtentry *g = recursion_find(af, rdomain, gateway);

	OWNER(0);
	if (g != NULL || nrecursions >= RECURSIONS_MAX || (g = rt_copy(&model)) == NULL)
		return g;
	g->rt_next = recursions;
	recursions = g;
	nrecursions++;
	rt_hang(g, NULL);
	return g;
}

void
rt_recursion_adopt(struct rtentry *rt)
{
	struct rtentry *g;

	if ((g = recursion_make(rt->rt_af, rt->rt_rdomain, &rt->rt_via->v_gateway6, rt->rt_ifidx)) == NULL)
		return;
	if (g->rt_nh != NULL)
		g->rt_nh->nh_refs++;
	rt->rt_ifidx = g->rt_ifidx;
	rt_rehang(rt, g, g->rt_nh);
	rt_recursion_touch(g->rt_af, g->rt_rdomain, &g->rt_dest6, g->rt_plen);
}

enum rt_error
rt_recursion_get(unsigned af, unsigned rdomain, const struct in6_addr *gateway, struct rtentry **parent, struct nexthop **nh)
{
	struct rtentry *g = recursion_find(af, rdomain, gateway);
	const struct rtentry *rt = rt_towards(af, rdomain, gateway, g);

	if (g == NULL && rt == NULL)
		return RT_UNREACH;
	if (g == NULL && (g = recursion_make(af, rdomain, gateway, rt->rt_ifidx)) == NULL)
		return RT_NOMEM;
	if (!recursion_renew(g)) {
		if (g->rt_refs == 0)
			rt_recursion_release(g);
		return RT_NOMEM;
	}
	if ((*nh = g->rt_nh) != NULL)
		(*nh)->nh_refs++;
	*parent = g;
	return RT_OK;
}
