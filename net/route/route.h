/* route.h - routes and routing tables (rdomains), as rtentry and rtable of OpenBSD. Core 0 writes, every core looks up.
 *
 * Both families. Where a field is a union, its IPv4 name is the first four bytes of the other, and the rest of those are zero: code for either
 * family uses the names with a 6 (in6.h). IPv6 addresses of link-local scope carry their zone in all of a route, and in what is looked up.
 *
 * A connected network (RTF_CLONING) makes a host route (RTF_CLONED, RTF_LLINFO) for each neighbour that is spoken to; gateway routes point to
 * their gateway's neighbour object, so a look-up ends at one nexthop whichever way it went. */
#ifndef NET_ROUTE_ROUTE_H
#define NET_ROUTE_ROUTE_H

#include "net/inet/in.h"
#include "net/route/nexthop.h"

#define RTF_UP		0x000001
#define RTF_GATEWAY	0x000002
#define RTF_HOST	0x000004
#define RTF_REJECT	0x000008	/* answered by an ICMP error */
#define RTF_DYNAMIC	0x000010
#define RTF_MODIFIED	0x000020
#define RTF_CLONING	0x000100
#define RTF_MULTICAST	0x000200
#define RTF_LLINFO	0x000400
#define RTF_STATIC	0x000800
#define RTF_BLACKHOLE	0x001000	/* dropped in silence */
#define RTF_CLONED	0x010000
#define RTF_CACHED	0x020000	/* a gateway route uses it */
#define RTF_MPATH	0x040000
#define RTF_LOCAL	0x200000
#define RTF_BROADCAST	0x400000
#define RTF_CONNECTED	0x800000
#define RTF_TIMED	0x1000000	/* ours: it ends at a time (rt_expire.c) */
#define RTF_SHARES	0x2000000	/* ours: added with RTF_MPATH: others of its prefix and priority may stand beside it */
#define RTF_RECURSES	0x8000000	/* ours: its gateway may be reached by another gateway route (rq_recurse) */
#define RTF_OWNIFA	0x10000000	/* ours: its source address was asked for, and is not its interface's */
#define RTF_RECURSION	0x4000000	/* ours: a gateway that another route leads to, of no table (rt_recurse.c) */
#define RTF_MOVES	0x20000000	/* ours: it will soon have another gateway, and another route may have its own already (rt_moves) */
#define RTF_GONE	0x40000000	/* ours: of no table any more; what stands on it is going (rt_follow.c) */
/* What keeps a packet from simply being forwarded. */
#define RTF_SPECIAL	(RTF_REJECT | RTF_BLACKHOLE | RTF_LOCAL | RTF_BROADCAST | RTF_CLONING | RTF_MULTICAST)

/* Priorities, route(8). An interface's if_priority is added to those of its routes. */
#define RTP_LOCAL	1
#define RTP_NEIGHBOUR	3		/* cloned host routes: RTP_CONNECTED - 1 */
#define RTP_CONNECTED	4
#define RTP_STATIC	8
#define RTP_MAX		63

#define RT_TABLEID_MAX	255
#define RT_LABEL_MAX	32		/* bytes of a label, with its NUL */

/* What a route shows of its way; one object for all routes that show the same, never changed. */
struct rt_via {
	union { be32_t v_gateway; struct in6_addr v_gateway6; };	/* RTF_GATEWAY: its address; else our own on its interface (0: none) */
	union { be32_t v_ifa; struct in6_addr v_ifa6; };		/* our source address for it; IPv6 chooses among all (RFC 6724) */
	uint32_t	 v_refs;
	uint64_t	 v_seed;	/* of the gateway: rt_path_seed() */
	struct rt_via	*v_hashnext;
	char		 v_label[RT_LABEL_MAX];	/* an admin's name for it, for pf.conf; "": none */
};

/* There may be a million: what packets need stands in front, what gateway routes never have at the end, and is not allocated for them. */
struct rtentry {
	uint32_t	 rt_flags;
	uint8_t		 rt_af;		/* enum af */
	uint8_t		 rt_plen;
	uint8_t		 rt_priority;
	uint8_t		 rt_rdomain;
	uint16_t	 rt_mtu;	/* 0: the interface's */
	uint16_t	 rt_serial;	/* among those of its prefix: older ones have a smaller one */
	uint16_t	 rt_ifidx;	/* rt_ifp() */
	uint16_t	 rt_parentid;	/* rt_parent() */
	struct nexthop	*rt_nh;		/* NULL: LOCAL, BROADCAST, CLONING, REJECT, BLACKHOLE */
	uint64_t	 rt_use;	/* look-ups that found it */
	struct rt_via	*rt_via;
	union { be32_t rt_dest; struct in6_addr rt_dest6; };	/* bits behind the prefix are zero */
	struct rtentry	*rt_next;	/* same prefix: without RTF_UP, or worse priority, or younger */

	struct rtentry	*rt_sibling, **rt_siblingp;	/* others of the same parent; free for the pool once it stands on nothing */
	uint32_t	 rt_refs;		/* how many stand on it: rt_refcount() */
	uint16_t	 rt_id;			/* by which others name it as theirs */
	bool		 rt_again;		/* it has changed once more since they began to follow */
	struct rtentry	*rt_children_;		/* those that stand on it: rt_children() */
	/* rt_follow.c */
	struct rtentry	*rt_behind;		/* the first of them that does not follow it yet, and all behind; NULL: none */
	struct rtentry	*rt_follownext, **rt_followprevp;	/* others that are followed; NULL: it is not among them */
};
_Static_assert(offsetof(struct rtentry, rt_refs) == 80, "of a million routes a gigabyte is soon full");
/* netstat's Refs. */
static inline uint32_t
rt_refcount(const struct rtentry *rt)
{
	return rt->rt_flags & RTF_GATEWAY ? 0 : rt->rt_refs;
}
/* Its interface; NULL: none (a route to nowhere). */
static inline struct ifnet *rt_ifp(const struct rtentry *rt) { return if_table[rt->rt_ifidx]; }
static inline void rt_set_ifp(struct rtentry *rt, const struct ifnet *ifp) { rt->rt_ifidx = ifp != NULL ? ifp->if_index : 0; }
/* What it stands on. A cloned route: the network that made it; a gateway route: its gateway's host or local route, or its RTF_RECURSION; NULL: the
 * interface itself, or nothing at present (a gateway route whose gateway is on no connected network: it waits, without RTF_UP and rt_nh). Core 0. */
extern struct rtentry **rt_ids;		/* those on which others may stand, by rt_id; 0 is nobody's */
static inline struct rtentry *
rt_parent(const struct rtentry *rt)
{
	return rt->rt_parentid != 0 ? rt_ids[rt->rt_parentid] : NULL;
}
static inline void rt_set_parent(struct rtentry *rt, const struct rtentry *parent) { rt->rt_parentid = parent != NULL ? parent->rt_id : 0; }
/* The routes that stand on it. Nothing stands on a gateway route. */
static inline struct rtentry *
rt_children(const struct rtentry *rt)
{
	return rt->rt_flags & RTF_GATEWAY ? NULL : rt->rt_children_;
}

/* The longest IP packet that may take a route with an interface; what an admin sets can only be shorter. */
static inline uint32_t
rt_pathmtu(const struct rtentry *rt)
{
	uint32_t mtu = rt_ifp(rt)->if_mtu;

	return likely(rt->rt_mtu == 0) ? mtu : MIN(mtu, (uint32_t)rt->rt_mtu);
}
/* A packet of len > 0 bytes may take it to nh, which is its next hop; rt_mtu less one is large when there is none. */
static inline bool
rt_path_takes(const struct rtentry *rt, const struct nexthop *nh, uint32_t len)
{
	return len <= nh->nh_ifp->if_mtu && len - 1 <= (uint32_t)rt->rt_mtu - 1;
}
/* A packet may go to rt_nh. False: special, or down (then there is no usable route). */
#define RT_FORWARDS(rt)	(((rt)->rt_flags & (RTF_SPECIAL | RTF_UP)) == RTF_UP)

enum rt_error { RT_OK, RT_EXIST, RT_NOTFOUND, RT_UNREACH, RT_NOMEM, RT_INVAL, RT_TOOMANY };
const char *rt_strerror(enum rt_error);	/* OpenBSD's words: "File exists", "No such process", "Network is unreachable"... */

/* What is asked for; unused fields zero. */
struct rt_request {
	uint16_t	rq_rdomain;
	uint8_t		rq_af;		/* enum af */
	union { be32_t rq_dest; struct in6_addr rq_dest6; };
	uint8_t		rq_plen;
	uint8_t		rq_priority;	/* 0: add: RTP_STATIC; delete: any */
	uint32_t	rq_flags;	/* RTF_GATEWAY, RTF_STATIC, RTF_REJECT, RTF_BLACKHOLE, RTF_HOST, RTF_MPATH... */
	/* Change, delete: only a route that was added with or without RTF_MPATH, as rq_flags say; with it, of this gateway. Add: without it, too, the
	 * route may stand beside those that have it, so that it does not matter which comes first. */
	bool		rq_exact;
	bool		rq_recurse;
	/* With RTF_GATEWAY: must be reachable directly, or (rq_recurse) by another gateway route that is not the default one; link-local with its
	 * zone. Delete: 0 or must match. */
	union { be32_t rq_gateway; struct in6_addr rq_gateway6; };
	struct ifnet	*rq_ifp;	/* without RTF_GATEWAY: the interface */
	union { be32_t rq_ifa; struct in6_addr rq_ifa6; };	/* 0: the interface's address that faces the gateway */
	uint32_t	rq_mtu;
	const char	*rq_label;	/* of less than RT_LABEL_MAX bytes; NULL: none, or (change) as it is */
	uint32_t	rq_lifetime;	/* seconds; 0: for ever. With RTF_DYNAMIC only */
};
/* Routes of a prefix and a priority: all but one have RTF_MPATH, and each its own gateway; so many at most. */
#define RT_PATHS_MAX	32u
enum rt_error rt_add(const struct rt_request *);
enum rt_error rt_delete(const struct rt_request *);
enum rt_error rt_change(const struct rt_request *);	/* new gateway, mtu of an existing route */
/* An rt_change() with that gateway is going to come for it: until then another route may be added that has its present one. When it has that
 * gateway already none will. No such route: nothing happens. rq_exact. */
void	rt_moves(const struct rt_request *);

/* The best route for dst; NULL: none. One without RTF_UP is returned when its prefix has no better: then nothing is
 * usable, shorter prefixes are not tried (as in OpenBSD). Any core. No reference: good within this pass. */
static inline struct rtentry *rtable_match(unsigned rdomain, be32_t dst);
static inline struct rtentry *rtable_match6(unsigned rdomain, const struct in6_addr *dst);
static inline struct rtentry *rtable_match_af(unsigned af, unsigned rdomain, const struct in6_addr *dst);
/* It, or one of the routes that share its prefix and priority, leads out by that interface. Any core. */
bool	rt_path_leads(const struct rtentry *head, const struct ifnet *);
/* Of the routes that share head's prefix and priority (head has RTF_MPATH; any other route is given back) the one that packets from src to dst take.
 * Our own packets choose by dst alone, src being zero: their source address follows from the way. Any core, as above. */
struct rtentry *rt_path4(struct rtentry *head, be32_t src, be32_t dst);
struct rtentry *rt_path6(struct rtentry *head, const struct in6_addr *src, const struct in6_addr *dst);
/* The route that packets of our own to dst take, as rtable_match. */
static inline struct rtentry *rtable_own(unsigned rdomain, be32_t dst);
static inline struct rtentry *rtable_own6(unsigned rdomain, const struct in6_addr *dst);
/* The best route of exactly this prefix (bits behind it zero); NULL: none. */
struct rtentry *rtable_lookup(unsigned rdomain, be32_t dest, unsigned plen);
struct rtentry *rtable_lookup6(unsigned rdomain, const struct in6_addr *dest, unsigned plen);
struct rtentry *rtable_lookup_af(unsigned af, unsigned rdomain, const struct in6_addr *dest, unsigned plen);
/* The next route in the order of address, then length, then rt_next: for walks that pause. The cursor is the caller's,
 * zeroed but for rc_af at the start, and stays meaningful when routes come and go. NULL: the end. Costs a bounded number of steps. */
struct rt_cursor { struct in6_addr rc_dest6; unsigned rc_af; int rc_plen; int rc_priority; bool rc_started; int rc_nth; };
struct rtentry *rtable_next(unsigned rdomain, struct rt_cursor *);
bool	rtable_exists(unsigned rdomain);

/* The neighbour behind a cloning route: finds or makes dst's host route. NULL: no memory or limit. Loop of core 0. */
struct rtentry *rt_clone(struct rtentry *cloning, be32_t dst);
struct rtentry *rt_clone6(struct rtentry *cloning, const struct in6_addr *dst);
/* The same on an admin's behalf (a gateway, a permanent entry): room that packets may not take is his. */
struct rtentry *rt_clone_admin(struct rtentry *cloning, be32_t dst);
struct rtentry *rt_clone_admin6(struct rtentry *cloning, const struct in6_addr *dst);
/* The cloning route that holds addr, whether it is up or not, whatever more specific gateway routes say; NULL: none. */
struct rtentry *rt_connected(unsigned rdomain, be32_t addr);
struct rtentry *rt_connected6(unsigned rdomain, const struct in6_addr *addr);
/* The interface by which another gateway route leads to a gateway; NULL: none does, or only the default route. */
struct ifnet *rt_recursive_facing(unsigned af, unsigned rdomain, const struct in6_addr *gateway);
/* The host route (RTF_LLINFO, cloned or an admin's) of a neighbour; NULL: nobody has made one. */
struct rtentry *rt_of_neighbour(const struct nexthop *);
/* The neighbour is no longer of interest: removes its host route, and with it nh. False: a gateway route or an admin
 * wants it, it stays. */
bool	rt_forget(struct nexthop *nh);

/* rt_expire.c. The neighbour does not answer, or is no router: routes through it that redirects have made go (RFC 1122 3.3.1.4, RFC 4861 7.3.3),
 * not the one that slaac.c has chosen. All of a family that were made so in a routing domain go. */
void	rt_gateway_down(const struct nexthop *);
void	rt_flush_dynamic(unsigned rdomain, unsigned af);
/* uptime_ns when it goes; 0: never. */
uint64_t rt_expires(const struct rtentry *);

/* Interface hooks. The caller has already changed the flags, and the ifaddr is (or has been) in the list. */
/* Down: neighbours forgotten at once; its routes lose RTF_UP, up: gain it: some now, the others pass by pass (rt_follow.c). What goes to one that does
 * not know yet is dropped, and counted, where its neighbour is. Idempotent. */
void	rt_if_down(struct ifnet *);
void	rt_if_up(struct ifnet *);
void	rt_if_detach(struct ifnet *);		/* for ever: all routes that name it go */
/* The routes of an address: local, network, broadcast (RFC 3021: none for /31). Gateway routes that waited for the
 * network come up. Not RT_OK: nothing was added. */
enum rt_error rt_ifa_add(struct ifaddr *);
/* They go, with the neighbours; gateway routes through them wait (rt_parent() NULL) until an rt_ifa_add brings their gateway back: many through one
 * gateway some now, the others pass by pass. */
void	rt_ifa_delete(struct ifaddr *);
/* The same for IPv6: local route; network (none for /128, nor on loopback interfaces); for a link-local address the groups of ff01::%if/32 and
 * ff02::%if/32 (RTF_MULTICAST: they lead to the interface, not to a next hop). */
struct in6_ifaddr;
enum rt_error rt_ifa_add6(struct in6_ifaddr *);
void	rt_ifa_delete6(struct in6_ifaddr *);

#include "net/route/fib.h"

/* The top of a table's trie, by family and rdomain; 0: empty, or it does not exist. */
extern uintptr_t rtable_fib[AF_COUNT][RT_TABLEID_MAX + 1];

/* Where look-ups begin, good within this pass: for many of them. */
static inline uintptr_t
rtable_root(unsigned af, unsigned rdomain)
{
	uintptr_t top = __atomic_load_n(&rtable_fib[af][(uint8_t)rdomain], __ATOMIC_ACQUIRE);

	return likely(top != 0) ? top : FIB_EMPTY;
}

static inline struct rtentry *
rtable_match(unsigned rdomain, be32_t dst)
{
	return fib_match4(rtable_root(AF_IP4, rdomain), dst);
}

static inline struct rtentry *
rtable_match6(unsigned rdomain, const struct in6_addr *dst)
{
	return fib_match6(rtable_root(AF_IP6, rdomain), dst);
}

static inline struct rtentry *
rtable_match_af(unsigned af, unsigned rdomain, const struct in6_addr *dst)
{
	return af == AF_IP4 ? rtable_match(rdomain, dst->s6_addr32[0]) : rtable_match6(rdomain, dst);
}

static inline struct rtentry *
rtable_own(unsigned rdomain, be32_t dst)
{
	struct rtentry *rt = rtable_match(rdomain, dst);

	return rt != NULL && (rt->rt_flags & RTF_MPATH) ? rt_path4(rt, IP4_ANY, dst) : rt;
}

static inline struct rtentry *
rtable_own6(unsigned rdomain, const struct in6_addr *dst)
{
	struct rtentry *rt = rtable_match6(rdomain, dst);

	return rt != NULL && (rt->rt_flags & RTF_MPATH) ? rt_path6(rt, &in6_any, dst) : rt;
}

#endif
