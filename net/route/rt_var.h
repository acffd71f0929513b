/* rt_var.h - what the files of net/route share among themselves. */
#ifndef NET_ROUTE_RT_VAR_H
#define NET_ROUTE_RT_VAR_H

#include "net/route/route.h"

/* rtable.c: a prefix's list of routes. Insert: false without memory. Reorder: RTF_UP or the priority has changed. */
bool	rtable_insert(struct rtentry *);
void	rtable_remove(struct rtentry *);
void	rtable_reorder(struct rtentry *);
/* The best route of the longest prefix shorter than plen (one more than the family's most: any) that holds addr; NULL: none. */
struct rtentry *rtable_shorter(unsigned af, unsigned rdomain, const struct in6_addr *addr, unsigned plen);

/* route.c. What the table says, or a route of it, is another: the flows look (net/core/flow.h). After the change. */
void	rt_changed(void);
/* route.c. A route like the model (whose rt_via may be anywhere) that is in the table and hangs on `parent`, or (NULL) on its interface; its RTF_UP
 * is worked out. NULL: no memory. The nexthop's reference becomes the route's, in any case. */
struct rtentry *rt_make(const struct rtentry *model, struct rtentry *parent, struct nexthop *);
/* Out of the table and freed, with the cloned routes that stand on it; gateway routes that do go waiting, many of them later (rt_follow_gone). */
void	rt_destroy(struct rtentry *);
/* The same for a route of its own: its gateway's host route is released. */
void	rt_remove(struct rtentry *);
/* rt_expire.c. It goes after so many seconds (false: no memory, it has no end); it never does, or goes now. */
bool	rt_expire_set(struct rtentry *, uint32_t seconds) __must_check;
void	rt_expire_clear(struct rtentry *);
void	rt_expire_useless(void);	/* those that lead nowhere any more go: they would hide the shorter prefix that was asked before */
/* rt_path.c: what a gateway's share of the flows is chosen by. */
uint64_t rt_path_seed(const struct in6_addr *gateway);
/* By which the gateway `to` chooses among gateway routes that share a prefix: it takes the one with most. */
uint64_t rt_path_share(const struct rtentry *, const struct in6_addr *to);
/* The source address of a route whose way has that of `way`. */
static inline const struct in6_addr *
rt_source(const struct rtentry *rt, const struct rt_via *way)
{
	return rt->rt_flags & RTF_OWNIFA ? &rt->rt_via->v_ifa6 : &way->v_ifa6;
}
/* rt_via.c: the object for both addresses and the label, with a reference; NULL: no memory. Gives one back. */
struct rt_via *rt_via_get(const struct in6_addr *gateway, const struct in6_addr *ifa, const char *label);
void	rt_via_put(struct rt_via *);
/* Finds what a route through a gateway on a network of ours would stand on, and its nexthop, with a reference. */
enum rt_error rt_resolve_direct(unsigned af, unsigned rdomain, const struct in6_addr *gateway, struct rtentry **parent, struct nexthop **nh);
/* Through any gateway that rq allows; a nexthop of NULL: it waits. */
enum rt_error rt_resolve(const struct rt_request *rq, struct rtentry **parent, struct nexthop **nh);
/* A gateway route goes another way, or finds its own again: next hop, interface, source address. Not RT_OK: nothing has changed. */
enum rt_error rt_set_gateway(struct rtentry *, const struct rt_request *);

/* rt_recurse.c. The gateway that is reached by another gateway route, made for who is first to stand on it. */
enum rt_error rt_recursion_get(unsigned af, unsigned rdomain, const struct in6_addr *gateway, struct rtentry **parent, struct nexthop **nh);
/* A route with RTF_RECURSES waits for its gateway's network: it follows other routes to its gateway meanwhile. Without memory it waits on. */
void	rt_recursion_adopt(struct rtentry *);
/* Gateways that may be elsewhere are looked up now, not when the pass ends. */
void	rt_recursion_renew(void);
void	rt_recursion_lost(struct rtentry *);		/* what it stands on is going */
void	rt_recursion_release(struct rtentry *);		/* nobody stands on it any more: it goes */
/* Its interface goes for ever. lo: instead; NULL: there is none, all that stands on it goes, too. */
void	rt_recursion_detach(struct rtentry *, struct ifnet *lo);
/* The way of what stands on a gateway becomes the gateway's own. False: it was. */
bool	rt_recursion_pass_on(const struct rtentry *g, struct rtentry *);
/* A route of that prefix has changed: gateways within may be elsewhere. */
void	rt_recursion_touch(unsigned af, unsigned rdomain, const struct in6_addr *dest, unsigned plen);
/* route.c, for rt_recurse.c: a copy with a reference to its rt_via of its own (NULL: no memory); gives back what it holds, and itself. On and off
 * the list of what it stands on. */
struct rtentry *rt_copy(const struct rtentry *model);
void	rt_free(struct rtentry *);
void	rt_hang(struct rtentry *, struct rtentry *parent);
void	rt_unhang(struct rtentry *);
/* Lets it stand on parent, with nh (its reference becomes the route's); both NULL: it waits. */
void	rt_rehang(struct rtentry *, struct rtentry *parent, struct nexthop *);
/* The host route of a gateway (or NULL) may have lost its last user: a neighbour that was never spoken to goes at once,
 * others when their time is up. */
void	rt_release(struct rtentry *host);
/* RTF_UP again of it, and (rt_follow) of all that stand on it. */
void	rt_refresh(struct rtentry *);
/* The same of it alone. True: it was not so; rt_changed() is the caller's. */
bool	rt_refresh_one(struct rtentry *);
/* It is not up any more, and may lose its next hop. True: it was up; rt_changed() is the caller's. */
bool	rt_take_down(struct rtentry *);

/* rt_follow.c. It has changed, and is so already: what stands on it follows. */
void	rt_follow(struct rtentry *);
/* Some of what has to follow does, so few that it is soon done; the others when the pass ends, and the next ones. */
void	rt_follow_some(void);
void	rt_follow_all(void);			/* all do; takes as long as it takes: an interface goes for ever */
void	rt_follow_unhang(const struct rtentry *);	/* it is going off the list of what it stands on */
void	rt_follow_end(struct rtentry *);		/* it goes: nothing stands on it */
/* It is out of the table and its children are many: they let go of it as they follow, then it is freed. Until then they go the way they went. */
void	rt_follow_gone(struct rtentry *);
/* There are other networks: gateway routes that wait look for their way, some now, the others when the pass ends, and the next ones. */
void	rt_retry(unsigned af, unsigned rdomain);
/* route.c. One that waits does. */
void	rt_find_way(struct rtentry *);
/* Neighbours within a new prefix that a shorter cloning route has made go: the new one decides about them. Those that gateway routes use
 * go when the new one is a network itself; the caller lets the gateway routes find their way (rt_retry). */
void	rt_flush_clones(const struct rtentry *newer);
/* Routes that hang on the interface itself: those of its addresses; those that lead nowhere, of which there may be many, and do not mind its state. */
extern struct rtentry *rt_iflist[IF_MAX];
extern struct rtentry *rt_nowhere[IF_MAX];
/* Gateway routes that wait, by family and rdomain. */
extern struct rtentry *rt_waiting[AF_COUNT][RT_TABLEID_MAX + 1];

#endif
