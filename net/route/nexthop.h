/* nexthop.h - where a packet goes next: a neighbour on an interface, with its link header ready to be copied. One
 * object per (interface, address), edited in place: what holds a reference sees a changed neighbour at once. Core 0
 * writes. How a neighbour's link address is found out is its family's business: struct nexthop_ops. */
#ifndef NET_ROUTE_NEXTHOP_H
#define NET_ROUTE_NEXTHOP_H

#include "kernel/timeout.h"
#include "net/core/if.h"
#include "net/core/mbuf.h"
#include "net/inet6/in6.h"

#define NH_HDRSIZE	16

enum nh_state {
	NH_INCOMPLETE,		/* nothing known, nothing asked */
	NH_PROBING,		/* asked; packets wait */
	NH_REACHABLE,		/* nh_hdr is good */
	NH_DOWN,		/* did not answer: packets are refused, a probe a second while there is demand */
	NH_STALE,		/* ND, RFC 4861 7.3.2: nh_hdr is good, but has not been confirmed of late */
	NH_DELAY,		/* ND: the same, and somebody has used it */
	NH_PROBE,		/* ND: the same, and it is being asked by unicast */
};
/* The link address is known. */
#define NH_RESOLVED(nh)	((nh)->nh_state == NH_REACHABLE || (nh)->nh_state >= NH_STALE)

struct nexthop;
/* A family's way to find link addresses, on interfaces that have some (if_ether). Core 0. */
struct nexthop_ops {
	/* A new one, state INCOMPLETE: nh_timer. It should be forgotten when nobody asks. */
	void	(*no_init)(struct nexthop *);
	/* The last reference has gone, or it is invalidated: no timer, no waiting packets any more. */
	void	(*no_destroy)(struct nexthop *);
	/* Sends m (an IP packet, m_nh = nh, no link header) once the link address is known, or refuses it. Takes the mbuf. */
	void	(*no_resolve)(struct nexthop *, struct mbuf *m);
	/* nh_valid has become true: what waits goes out. */
	void	(*no_release)(struct nexthop *);
	/* The entry goes, an admin's too, when no gateway route uses it; else it is INCOMPLETE. nh may be gone afterwards. */
	void	(*no_forget)(struct nexthop *);
};
/* By enum af; set by the family's NET_INIT of order 10. NULL: nexthops of that family are on interfaces without link addresses only. */
extern const struct nexthop_ops *nexthop_ops[AF_COUNT];


struct nexthop {
	/* The link header, at the END of nh_hdr: Ethernet's 14 bytes are nh_hdr[2..15]. ether_output copies all 16
	 * bytes in front of the IP header in one move; those before the link header fall into the headroom. */
	uint8_t		 nh_hdr[NH_HDRSIZE] __aligned_to(16);
	uint8_t		 nh_hdrlen;		/* bytes of it; Ethernet: 14, loopback: 0 */
	bool		 nh_valid;		/* nh_hdr may be used: state REACHABLE, interface up */
	bool		 nh_used;		/* a packet has gone there since the timer looked */
	uint8_t		 nh_state;		/* enum nh_state */
	uint16_t	 nh_flags;		/* NHF_* */
	uint16_t	 nh_slot;		/* its place among those that have a tag */
	uint16_t	 nh_rdomain;
	uint8_t		 nh_af;			/* enum af */
	bool		 nh_router;		/* ND: said so in its last advertisement */
	uint32_t	 nh_generation;		/* the slot's when it took it; other cores read both until the epoch is over */
	struct ifnet	*nh_ifp;
	union {
		be32_t		nh_addr;	/* AF_IP4 */
		struct in6_addr	nh_addr6;	/* either family; without a zone: nh_ifp is it */
	};
	uint32_t	 nh_refs;		/* routes that point here; an admin's entry counts as one */

	/* the neighbour's state machine (nexthop_ops) */
	struct timeout	 nh_timer;
	uint64_t	 nh_expire;		/* uptime_ns when it is forgotten; 0: never */
	uint8_t		 nh_tries;
	uint8_t		 nh_nhold;
	struct mbuf	*nh_hold, *nh_holdtail;	/* packets that wait, by m_nextpkt; each without its link header */
	struct nexthop	*nh_holdnext, **nh_holdprevp;	/* neighbours that packets wait for; nh_hold.c's */
	uint64_t	 nh_probed;		/* uptime_ns of the last request */
	struct nexthop	*nh_next, **nh_prevp;	/* all of them */
	struct nexthop	*nh_hashnext;
};
#define NHF_STATIC	0x1			/* set by an admin, does not expire */
#define NHF_PUBLISH	0x2			/* we answer for it (proxy ARP) */
#define NHF_P2P		0x4			/* no address resolution: loopback, tunnels */

extern struct nexthop *nexthop_list;

/* The object for (ifp, addr), made when it does not exist; a reference is taken. NULL: no memory or limit. An IPv6 address may carry a
 * zone: it is taken off. */
struct nexthop *nexthop_get_af(struct ifnet *, unsigned af, const struct in6_addr *);
static inline struct nexthop *nexthop_get6(struct ifnet *ifp, const struct in6_addr *a) { return nexthop_get_af(ifp, AF_IP6, a); }
struct nexthop *nexthop_get(struct ifnet *, be32_t addr);
struct nexthop *nexthop_find(struct ifnet *, be32_t addr);	/* no reference taken; NULL: none */
struct nexthop *nexthop_find6(struct ifnet *, const struct in6_addr *);
void	nexthop_put(struct nexthop *);			/* gives the reference back */
/* A number for it that outlives it, also taken by who still has a pointer when it is gone; what it stands for: NULL when that is gone. Any
 * core; core 0. */
uint64_t nexthop_tag(const struct nexthop *);
struct nexthop *nexthop_tagged(uint64_t tag);
/* Packets may not bring the interface another neighbour of a family: it has its share (net.inet.ip.arpmax,
 * net.inet6.ip6.neighborgcthresh, or half of what memory allows), or only what is kept for the admin's is left. */
bool	nexthop_crowded(const struct ifnet *, unsigned af);
unsigned nexthop_limit(void);		/* so many there can be, of all interfaces and families */
bool	nexthop_tight(const struct ifnet *, unsigned af);	/* not yet, but soon */
/* The interface needs some for neighbours of a family: when the pass ends some go that nobody needs. Core 0. */
void	nexthop_make_room(const struct ifnet *, unsigned af);
/* m (m_nh is set, not valid) waits for its next hop's link address, or is refused. Takes the mbuf. Core 0. */
static inline void nexthop_resolve(struct mbuf *);
/* The neighbour's link address is known: REACHABLE, the 14-byte Ethernet header is built; waiting packets go out. */
void	nexthop_set_lladdr(struct nexthop *, const uint8_t *lladdr);
/* The entry goes: nexthop_ops' no_forget. */
static inline void nexthop_forget(struct nexthop *nh) { nexthop_ops[nh->nh_af]->no_forget(nh); }
void	nexthop_invalidate(struct nexthop *);		/* forgets the link address; waiting packets are dropped */
/* Ethernet: the neighbour's address as last known; meaningful while NH_RESOLVED. */
static inline const uint8_t *nexthop_lladdr(const struct nexthop *nh) { return nh->nh_hdr + NH_HDRSIZE - 14; }

/* Interface hooks: routes call them. Down: learned link addresses are forgotten, static ones rest. */
void	nexthop_if_down(struct ifnet *);
void	nexthop_if_up(struct ifnet *);
void	nexthop_if_lladdr_changed(struct ifnet *);	/* if_lladdr is new: link headers follow */

static inline void
nexthop_resolve(struct mbuf *m)
{
	nexthop_ops[m->m_nh->nh_af]->no_resolve(m->m_nh, m);
}

/* Packets can be sent now: up, running, and the link is not known to be down. */
static inline bool
nexthop_if_usable(const struct ifnet *ifp)
{
	return (ifp->if_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING) && ifp->if_link_state != LINK_STATE_DOWN;
}

#endif
