/* route.c - routes: what they stand on, how they come and go. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "net/core/flow.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/route/rt_msg.h"
#include "net/route/rt_var.h"

static struct pool rtentry_pool, rtbase_pool;	/* gateway routes, of which there are many; those on which others may stand */
struct rtentry *rt_iflist[IF_MAX], *rt_nowhere[IF_MAX];
struct rtentry *rt_waiting[AF_COUNT][RT_TABLEID_MAX + 1];

/* ---- numbers of those on which others may stand: a quarter of what a pointer needs, a million times ---- */

#define RT_IDS_MAX	65536u
#define RT_IDS_MEMORY	512			/* so many at most that their table takes this part of memory */

struct rtentry **rt_ids;
static unsigned rt_nids, rt_ids_used;		/* that there are; that have been somebody's */
static uint16_t rt_id_free;			/* who has given his back last; the others by the places' values */

static void
rt_id_init(void)
{
	size_t n = MIN(page_total() / RT_IDS_MEMORY, RT_IDS_MAX * sizeof(*rt_ids) / PAGE_SIZE);

	rt_ids = page_take(MAX(n, 1u));
	rt_nids = rt_ids != NULL ? (unsigned)(MAX(n, 1u) * PAGE_SIZE / sizeof(*rt_ids)) : 0;
	rt_ids_used = 1;
	rt_id_free = 0;
}

/* False: there is none left. */
static bool
rt_id_get(struct rtentry *rt)
{
	if (rt_id_free == 0 && rt_ids_used >= rt_nids)
		return false;
	if (rt_id_free == 0)
		rt->rt_id = (uint16_t)rt_ids_used++;
	else {
		rt->rt_id = rt_id_free;
		rt_id_free = (uint16_t)(uintptr_t)rt_ids[rt->rt_id];
	}
	rt_ids[rt->rt_id] = rt;
	return true;
}

static void
rt_id_put(const struct rtentry *rt)
{
	rt_ids[rt->rt_id] = (struct rtentry *)(uintptr_t)rt_id_free;
	rt_id_free = rt->rt_id;
}

static void
rt_init(void)
{
	size_t late = offsetof(struct rtentry, rt_sibling);

	rt_id_init();
	pool_init_epoch_at(&rtentry_pool, "rtentry", offsetof(struct rtentry, rt_refs), 8, 0, late);
	pool_init_epoch_at(&rtbase_pool, "rtbase", sizeof(struct rtentry), 8, 0, late);
}
NET_INIT(rtentry, 10, rt_init);

const char *
rt_strerror(enum rt_error e)
{
	static const char *const text[] = {
		[RT_OK] = "Undefined error: 0",
		[RT_EXIST] = "File exists",
		[RT_NOTFOUND] = "No such process",
		[RT_UNREACH] = "Network is unreachable",
		[RT_NOMEM] = "Cannot allocate memory",
		[RT_INVAL] = "Invalid argument",
		[RT_TOOMANY] = "Too many routes of one prefix",
	};

	return text[e];
}

/* ---- those who remember routes ---- */

uint32_t rt_generation;

void
rt_changed(void)
{
	flow_changed(&rt_generation);
}

/* A flow may remember it: only one that leads to a neighbour who has been heard of once. */
static bool
rt_followed(const struct rtentry *rt)
{
	return rt->rt_nh != NULL && rt->rt_nh->nh_hdrlen != 0;
}

/* A new route takes flows from others. Not that of a neighbour to whom no route led yet: those come and go all the time. */
static bool
rt_overrides(const struct rtentry *model)
{
	const struct rtentry *rt;

	if (model->rt_plen < af_bits(model->rt_af))
		return true;
	rt = rtable_match_af(model->rt_af, model->rt_rdomain, &model->rt_dest6);
	return rt != NULL && RT_FORWARDS(rt);
}

/* Gateways that a route leads to may be elsewhere. Neighbours are looked up as such: what they say has no part in it. */
static void
rt_touch(const struct rtentry *rt)
{
	if (!(rt->rt_flags & RTF_CLONED))
		rt_recursion_touch(rt->rt_af, rt->rt_rdomain, &rt->rt_dest6, rt->rt_plen);
}

/* ---- what a route stands on ---- */

void
rt_hang(struct rtentry *rt, struct rtentry *parent)
{
	struct rtentry **list = parent != NULL ? &parent->rt_children_ :
	    rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE) ? &rt_nowhere[rt->rt_ifidx] :
	    rt->rt_flags & (RTF_GATEWAY | RTF_RECURSION) ? &rt_waiting[rt->rt_af][rt->rt_rdomain] : &rt_iflist[rt->rt_ifidx];

	rt_set_parent(rt, parent);
	if ((rt->rt_sibling = *list) != NULL)
		(*list)->rt_siblingp = &rt->rt_sibling;
	*list = rt;
	rt->rt_siblingp = list;
	if (parent != NULL) {
		parent->rt_refs++;
		if (rt->rt_flags & (RTF_GATEWAY | RTF_RECURSION))
			parent->rt_flags |= RTF_CACHED;
	}
}

void
rt_unhang(struct rtentry *rt)
{
	struct rtentry *parent = rt_parent(rt);

	rt_follow_unhang(rt);
	if ((*rt->rt_siblingp = rt->rt_sibling) != NULL)
		rt->rt_sibling->rt_siblingp = rt->rt_siblingp;
	rt_set_parent(rt, NULL);
	if (parent != NULL && --parent->rt_refs == 0)
		parent->rt_flags &= ~RTF_CACHED;
}

/* There is a way to a gateway. */
static bool
rt_stands(const struct rtentry *parent)
{
	while (parent != NULL && (parent->rt_flags & RTF_RECURSION))
		parent = rt_parent(parent);
	return parent != NULL && nexthop_if_usable(rt_ifp(parent));
}

static bool
rt_usable(const struct rtentry *rt)
{
	if (rt->rt_flags & (RTF_LOCAL | RTF_REJECT | RTF_BLACKHOLE))
		return true;
	if (rt->rt_flags & (RTF_GATEWAY | RTF_RECURSION))
		return rt->rt_nh != NULL && rt_stands(rt_parent(rt));
	return nexthop_if_usable(rt_ifp(rt));
}

static bool
rt_set_up(struct rtentry *rt, bool up)
{
	if (up == !!(rt->rt_flags & RTF_UP))
		return false;
	rt->rt_flags ^= RTF_UP;
	if (!(rt->rt_flags & RTF_RECURSION)) {
		rtable_reorder(rt);
		rt_touch(rt);
	}
	return true;
}

bool
rt_refresh_one(struct rtentry *rt)
{
	return rt_set_up(rt, rt_usable(rt));
}

bool
rt_take_down(struct rtentry *rt)
{
	return rt_set_up(rt, false);
}

void
rt_refresh(struct rtentry *rt)
{
	if (rt_refresh_one(rt))
		rt_changed();
	rt_follow(rt);
}

void
rt_release(struct rtentry *host)
{
	if (host != NULL && (host->rt_flags & RTF_GONE))		/* goes by itself */
		return;
	if (host != NULL && (host->rt_flags & RTF_RECURSION) && host->rt_refs == 0)
		rt_recursion_release(host);
	else if (host != NULL && (host->rt_flags & RTF_CLONED) && host->rt_refs == 0 && host->rt_nh->nh_state == NH_INCOMPLETE)
		rt_destroy(host);
}

static struct pool *
rt_pool(const struct rtentry *rt)
{
	return rt->rt_flags & RTF_GATEWAY ? &rtentry_pool : &rtbase_pool;
}

static void
rt_put(struct rtentry *rt)
{
	if (!(rt->rt_flags & RTF_GATEWAY)) {
		rt_follow_end(rt);
		rt_id_put(rt);
	}
	rt_via_put(rt->rt_via);
	pool_put(rt_pool(rt), rt);
}

struct rtentry *
rt_copy(const struct rtentry *model)
{
	struct rtentry *rt = pool_get(rt_pool(model));

	if (rt == NULL)
		return NULL;
	memcpy(rt, model, offsetof(struct rtentry, rt_refs));
	if (!(rt->rt_flags & RTF_GATEWAY) && !rt_id_get(rt))
		goto fail;
	if ((rt->rt_via = rt_via_get(&model->rt_via->v_gateway6, &model->rt_via->v_ifa6, model->rt_via->v_label)) != NULL)
		return rt;
	if (!(rt->rt_flags & RTF_GATEWAY))
		rt_id_put(rt);
fail:
	pool_put(rt_pool(rt), rt);
	return NULL;
}

void
rt_free(struct rtentry *rt)
{
	if (rt->rt_nh != NULL)
		nexthop_put(rt->rt_nh);
	rt_put(rt);
}

struct rtentry *
rt_make(const struct rtentry *model, struct rtentry *parent, struct nexthop *nh)
{
	struct rtentry *rt = rt_copy(model);

	OWNER(0);
	if (rt != NULL) {
		bool overrides = rt_overrides(model);

		rt->rt_nh = nh;
		rt_set_parent(rt, parent);		/* for rt_usable */
		rt->rt_flags &= ~RTF_UP;
		if (rt_usable(rt))
			rt->rt_flags |= RTF_UP;
		if (rtable_insert(rt)) {
			if (overrides)
				rt_changed();
			rt_hang(rt, parent);
			rt_touch(rt);
			rt_msg_route(RTM_ADD, rt);
			return rt;
		}
		rt_put(rt);
	}
	if (nh != NULL)
		nexthop_put(nh);
	return NULL;
}

/* It stands on something else from now on: parent and nh NULL when its gateway's host route is going, then it waits. */
void
rt_rehang(struct rtentry *rt, struct rtentry *parent, struct nexthop *nh)
{
	struct nexthop *old = rt->rt_nh;

	OWNER(0);
	rt_unhang(rt);
	rt_hang(rt, parent);
	if (nh == NULL && !(rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)))	/* a route with RTF_UP always has its next hop */
		rt_take_down(rt);
	rt->rt_nh = nh;
	rt_refresh_one(rt);
	rt_changed();
	rt_touch(rt);
	rt_msg_route(RTM_CHANGE, rt);
	if (old != NULL)
		nexthop_put(old);
}

#define RT_AT_ONCE	64u		/* so many gateway routes lose their gateway in one go */

/* So many that only few of them can be told at a time. */
static bool
rt_gateway_of_many(const struct rtentry *rt)
{
	return !(rt->rt_flags & (RTF_GATEWAY | RTF_CLONING)) && rt->rt_refs > RT_AT_ONCE;
}

static void
rt_drop_children(struct rtentry *rt)
{
	struct rtentry *c;

	while ((c = rt_children(rt)) != NULL) {
		if (c->rt_flags & RTF_RECURSION)
			rt_recursion_lost(c);
		else if (c->rt_flags & RTF_GATEWAY)
			rt_rehang(c, NULL, NULL);
		else
			rt_destroy(c);
	}
}

void
rt_destroy(struct rtentry *rt)
{
	bool many = rt_gateway_of_many(rt);

	OWNER(0);
	if (!many)
		rt_drop_children(rt);
	rt_msg_route(RTM_DELETE, rt);
	rt_expire_clear(rt);
	rt_unhang(rt);
	rtable_remove(rt);
	if (rt_followed(rt))
		rt_changed();
	rt_touch(rt);
	if (many)
		rt_follow_gone(rt);
	else
		rt_free(rt);
}

void
rt_remove(struct rtentry *rt)
{
	struct rtentry *parent = rt->rt_flags & RTF_GATEWAY ? rt_parent(rt) : NULL;

	rt_destroy(rt);
	rt_release(parent);
}

/* ---- neighbours ---- */

static struct rtentry *
rt_connected_af(unsigned af, unsigned rdomain, const struct in6_addr *addr)
{
	unsigned plen = af_bits(af) + 1;
	struct rtentry *head;

	for (; (head = rtable_shorter(af, rdomain, addr, plen)) != NULL; plen = head->rt_plen)
		for (struct rtentry *rt = head; rt != NULL; rt = rt->rt_next)
			if (rt->rt_flags & RTF_CLONING)
				return rt;
	return NULL;
}

struct rtentry *
rt_connected(unsigned rdomain, be32_t addr)
{
	struct in6_addr a = in6_of_ip4(addr);

	return rt_connected_af(AF_IP4, rdomain, &a);
}

struct rtentry *
rt_connected6(unsigned rdomain, const struct in6_addr *addr)
{
	return rt_connected_af(AF_IP6, rdomain, addr);
}

static struct rtentry *
rt_host(unsigned af, unsigned rdomain, const struct in6_addr *addr)
{
	return rtable_lookup_af(af, rdomain, addr, af_bits(af));
}

static struct rtentry *
rt_find_clone(const struct rtentry *cloning, const struct in6_addr *dst)
{
	struct rtentry *rt = rt_host(cloning->rt_af, cloning->rt_rdomain, dst);

	while (rt != NULL && rt_parent(rt) != cloning)
		rt = rt->rt_next;
	return rt;
}

struct rtentry *
rt_clone_admin6(struct rtentry *cloning, const struct in6_addr *dst)
{
	unsigned af = cloning->rt_af;
	struct rt_via via = { .v_gateway6 = cloning->rt_via->v_ifa6, .v_ifa6 = cloning->rt_via->v_ifa6 };
	struct rtentry *rt = rt_find_clone(cloning, dst), model = {
		.rt_af = (uint8_t)af, .rt_dest6 = *dst, .rt_plen = (uint8_t)af_bits(af),
		.rt_priority = (uint8_t)(cloning->rt_priority - 1), .rt_rdomain = cloning->rt_rdomain,
		.rt_flags = RTF_HOST | RTF_LLINFO, .rt_ifidx = cloning->rt_ifidx,
		.rt_via = &via,
	};
	struct nexthop *nh;

	OWNER(0);
	if (rt != NULL)
		return rt;
	if (nexthop_tight(rt_ifp(cloning), af))
		nexthop_make_room(rt_ifp(cloning), af);
	if ((nh = nexthop_get_af(rt_ifp(cloning), af, dst)) != NULL) {
		model.rt_flags |= nh->nh_flags & NHF_STATIC ? RTF_STATIC : RTF_CLONED;
		if ((rt = rt_make(&model, cloning, nh)) != NULL)
			return rt;
	}
	nexthop_make_room(rt_ifp(cloning), af);
	return NULL;
}

struct rtentry *
rt_clone6(struct rtentry *cloning, const struct in6_addr *dst)
{
	struct rtentry *rt = rt_find_clone(cloning, dst);

	if (rt != NULL || !nexthop_crowded(rt_ifp(cloning), cloning->rt_af))
		return rt != NULL ? rt : rt_clone_admin6(cloning, dst);
	nexthop_make_room(rt_ifp(cloning), cloning->rt_af);
	return NULL;
}

struct rtentry *
rt_clone_admin(struct rtentry *cloning, be32_t dst)
{
	struct in6_addr a = in6_of_ip4(dst);

	return rt_clone_admin6(cloning, &a);
}

struct rtentry *
rt_clone(struct rtentry *cloning, be32_t dst)
{
	struct in6_addr a = in6_of_ip4(dst);

	return rt_clone6(cloning, &a);
}

struct rtentry *
rt_of_neighbour(const struct nexthop *nh)
{
	struct in6_addr a = nh->nh_af == AF_IP4 ? nh->nh_addr6 : in6_embed(&nh->nh_addr6, nh->nh_ifp->if_index);
	struct rtentry *rt = rt_host(nh->nh_af, nh->nh_rdomain, &a);

	while (rt != NULL && !(rt->rt_nh == nh && (rt->rt_flags & RTF_LLINFO)))
		rt = rt->rt_next;
	return rt;
}

bool
rt_forget(struct nexthop *nh)
{
	struct rtentry *rt = rt_of_neighbour(nh);

	if (rt == NULL || !(rt->rt_flags & RTF_CLONED) || rt->rt_refs > 0)
		return false;
	rt_destroy(rt);
	return true;
}

/* The clones of one cloning route that fall into a newer prefix. */
static void
rt_flush_clones_of(struct rtentry *cloning, const struct rtentry *newer)
{
	struct rtentry *next;

	for (struct rtentry *c = rt_children(cloning); c != NULL; c = next) {
		next = c->rt_sibling;
		if ((c->rt_flags & RTF_CLONED) && (c->rt_refs == 0 || (newer->rt_flags & RTF_CLONING)) &&
		    in6_covers(&newer->rt_dest6, newer->rt_plen, &c->rt_dest6))
			rt_destroy(c);
	}
}

void
rt_flush_clones(const struct rtentry *newer)
{
	unsigned plen = newer->rt_plen;
	struct rtentry *head;

	for (; (head = rtable_shorter(newer->rt_af, newer->rt_rdomain, &newer->rt_dest6, plen)) != NULL; plen = head->rt_plen)
		for (struct rtentry *rt = head; rt != NULL; rt = rt->rt_next)
			if (rt->rt_flags & RTF_CLONING)
				rt_flush_clones_of(rt, newer);
}

/* ---- gateways ---- */

/* What a gateway route stands on: the host route of a neighbour, or the local route of a loopback address. NULL: not
 * directly reachable, or (then *nomem) no memory. */
static struct rtentry *
rt_gateway_route(unsigned af, unsigned rdomain, const struct in6_addr *gw, bool *nomem)
{
	struct rtentry *rt;

	*nomem = false;
	for (rt = rt_host(af, rdomain, gw); rt != NULL; rt = rt->rt_next) {
		if (rt->rt_flags & RTF_LOCAL)
			return rt_ifp(rt)->if_flags & IFF_LOOPBACK ? rt : NULL;
		if (rt->rt_flags & RTF_BROADCAST)
			return NULL;
		if (rt->rt_flags & RTF_LLINFO)
			return rt;
	}
	if ((rt = rt_connected_af(af, rdomain, gw)) == NULL)
		return NULL;
	rt = rt_clone_admin6(rt, gw);
	*nomem = rt == NULL;
	return rt;
}

enum rt_error
rt_resolve_direct(unsigned af, unsigned rdomain, const struct in6_addr *gateway, struct rtentry **parent, struct nexthop **nh)
{
	bool nomem;

	*nh = NULL;
	if ((*parent = rt_gateway_route(af, rdomain, gateway, &nomem)) == NULL)
		return nomem ? RT_NOMEM : RT_UNREACH;
	if ((*nh = nexthop_get_af(rt_ifp((*parent)), af, gateway)) == NULL) {
		rt_release(*parent);
		return RT_NOMEM;
	}
	return RT_OK;
}

enum rt_error
rt_resolve(const struct rt_request *rq, struct rtentry **parent, struct nexthop **nh)
{
	enum rt_error e = rt_resolve_direct(rq->rq_af, rq->rq_rdomain, &rq->rq_gateway6, parent, nh);

	return e == RT_UNREACH && rq->rq_recurse ? rt_recursion_get(rq->rq_af, rq->rq_rdomain, &rq->rq_gateway6, parent, nh) : e;
}

enum rt_error
rt_set_gateway(struct rtentry *rt, const struct rt_request *rq)
{
	const struct in6_addr *gateway = &rq->rq_gateway6;
	struct rtentry *parent;
	struct rt_via *via;
	struct nexthop *nh;
	enum rt_error e;

	if ((e = rt_resolve(rq, &parent, &nh)) != RT_OK)
		return e;
	if ((via = rt_via_get(gateway, rt_source(rt, parent->rt_via), rt->rt_via->v_label)) == NULL) {
		if (nh != NULL)
			nexthop_put(nh);
		rt_release(parent);
		return RT_NOMEM;
	}
	rt_via_put(rt->rt_via);
	rt->rt_via = via;
	rt->rt_ifidx = parent->rt_ifidx;
	rt_rehang(rt, parent, nh);
	return RT_OK;
}

void
rt_find_way(struct rtentry *rt)
{
	struct rt_request rq = { .rq_af = rt->rt_af, .rq_rdomain = rt->rt_rdomain, .rq_gateway6 = rt->rt_via->v_gateway6 };

	if (rt_set_gateway(rt, &rq) == RT_UNREACH && (rt->rt_flags & RTF_RECURSES))
		rt_recursion_adopt(rt);			/* or it waits on */
}
