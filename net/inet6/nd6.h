/* nd6.h - neighbour discovery (RFC 4861): link addresses, duplicates, redirects. Core 0. */
#ifndef NET_INET6_ND6_H
#define NET_INET6_ND6_H

#include "kernel/timeout.h"
#include "net/ether/ether.h"
#include "net/inet6/icmp6.h"
#include "net/route/nexthop.h"

struct rtentry;
struct in6_ifaddr;

/* ---- messages ---- */

struct nd_neighbor {		/* solicitation and advertisement: RFC 4861 4.3, 4.4 */
	uint8_t		nd_type, nd_code;
	uint16_t	nd_cksum;
	be32_t		nd_flags;	/* ND_NA_*, advertisements only */
	struct in6_addr	nd_target;
} __attribute__((packed, aligned(2), may_alias));
_Static_assert(sizeof(struct nd_neighbor) == 24, "RFC 4861 4.3");
#define ND_NA_ROUTER	BE32(0x80000000)
#define ND_NA_SOLICITED	BE32(0x40000000)
#define ND_NA_OVERRIDE	BE32(0x20000000)

struct nd_redirect {		/* RFC 4861 4.5 */
	uint8_t		rd_type, rd_code;
	uint16_t	rd_cksum;
	be32_t		rd_reserved;
	struct in6_addr	rd_target, rd_dst;
} __attribute__((packed, aligned(2), may_alias));

struct nd_opt { uint8_t ndo_type, ndo_len; } __attribute__((packed, aligned(2), may_alias));	/* len: 8-byte units, these two included */
struct nd_opt_lladdr { uint8_t ndo_type, ndo_len, ndo_lladdr[ETHER_ADDR_LEN]; } __attribute__((packed, aligned(2), may_alias));
struct nd_opt_nonce { uint8_t ndo_type, ndo_len, ndo_nonce[6]; } __attribute__((packed, aligned(2), may_alias));
#define ND_OPT_SLLA	1
#define ND_OPT_TLLA	2
#define ND_OPT_PREFIX	3
#define ND_OPT_REDIRECTED 4
#define ND_OPT_MTU	5
#define ND_OPT_NONCE	14	/* RFC 3971 5.3.2, for RFC 7527 */
#define ND_OPT_RDNSS	25	/* RFC 8106 */
#define ND_OPT_DNSSL	31

/* The options of a message, each NULL when it is not there; of those that may stand there more than once the walk is nd6_opt_next(). */
struct nd_opts {
	const struct nd_opt_lladdr *no_slla, *no_tlla;
	const uint8_t	*no_mtu;
	const uint8_t	*no_first;		/* all of them */
	unsigned	 no_len;
};
#define ND_OPTS_MAX	32
/* Checks all (RFC 4861 4.6): none of length 0, none that reaches beyond the end, not too many, those that we read long enough. False: counted,
 * the caller drops. */
bool	nd6_opts_parse(struct nd_opts *, const uint8_t *, unsigned len);
/* The next option of a type behind `o` (NULL: the first) in parsed options; NULL: no more. */
const struct nd_opt *nd6_opt_next(const struct nd_opts *, const struct nd_opt *, uint8_t type);

/* Nobody else's who speaks on this interface: a group, zero, or our own, which whoever sent to would get back. */
static inline bool
nd6_lladdr_bad(const struct ifnet *ifp, const uint8_t *a)
{
	return (a[0] & 1) || (load32(a) | load16(a + 4)) == 0 ||
	    (load32(a) == load32(ifp->if_lladdr) && load16(a + 4) == load16(ifp->if_lladdr + 4));
}

/* A message of ours. */
struct nd_send {
	const struct in6_addr *ns_src, *ns_dst;
	const uint8_t	*ns_lladdr;	/* where to; NULL: the Ethernet group of ns_dst */
	const uint8_t	*ns_hbh;	/* 8 bytes of hop-by-hop header (MLD: then the hop limit is 1), or NULL (then 255) */
	const void	*ns_msg;	/* from the ICMPv6 header on; the checksum is filled in */
	unsigned	 ns_len;
};
/* False: interface not usable or no mbuf (counted); the caller counts those made, what pf does not let out included. */
bool	nd6_transmit(struct ifnet *, const struct nd_send *);
bool	nd6_transmit_to(struct nexthop *, const struct nd_send *);	/* to a neighbour whose link address may have to be asked for */

/* ---- what is known of a link: if_nd ---- */

struct in6_multi;
struct slaac;
struct nd_ifinfo {
	uint32_t	nd_basereachable_ms;	/* RFC 4861 6.3.2 */
	uint32_t	nd_reachable_ms;	/* a random part of it, anew every few hours */
	uint32_t	nd_retrans_ms;
	uint8_t		nd_hlim;		/* CurHopLimit; 0: no router has told */
	uint8_t		nd_lldad;	/* of the link-local address: RFC 7217's DAD_Counter */
	bool		nd_allrouters;		/* we are one of them: RFC 4291 2.8 */
	uint64_t	nd_recalc;		/* uptime_ns when nd_reachable_ms is drawn again */
	struct slaac	*nd_slaac;		/* slaac.c; NULL: the interface does not listen to routers */
	struct in6_multi *nd_multi;		/* groups: mld6.c */
	struct timeout	nd_mld;			/* the next report */
	uint64_t	nd_mldv1;		/* uptime_ns until which a querier of MLDv1 counts as present */
};
/* Made on first use. NULL: no memory. Core 0. */
struct nd_ifinfo *nd6_if(struct ifnet *);
void	nd6_if_defaults(struct nd_ifinfo *);	/* how it is while no router has told otherwise */
uint32_t nd6_reachable_ms(struct ifnet *);
uint32_t nd6_retrans_ms(struct ifnet *);
uint8_t	nd6_hlim(const struct ifnet *);		/* of unicast packets of ours that leave by it, where nobody asks for another */
void	nd6_ifdetach(struct ifnet *);		/* it goes, with its groups */

/* ---- nd6.c: the state machine ---- */

/* A neighbour says or shows its link address. confirmed: it has answered us (REACHABLE), else STALE. Static entries stay as they are. */
void	nd6_learn(struct nexthop *, const uint8_t *lladdr, bool confirmed);
/* It has answered, and the address that we know is right. */
void	nd6_confirm(struct nexthop *);
void	nd6_stale(struct nexthop *);		/* what we know may be wrong: it is asked when it is used */
void	nd6_forget(struct nexthop *);		/* the entry goes, an admin's too */
/* The entry of a neighbour that has spoken to us: made when addr is on this link, and there is room. NULL: none. */
struct nexthop *nd6_make_entry(struct ifnet *, const struct in6_addr *addr);
bool	nd6_onlink(struct ifnet *, const struct in6_addr *addr);
/* Asks without a packet that waits, when nothing is known or asked yet. */
void	nd6_probe_new(struct nexthop *);
uint64_t nd6_expires(const struct nexthop *);	/* uptime_ns when its state ends; 0: it does not */

/* in6_src.c: our address on the interface that addr is a neighbour of, or the link-local one; NULL: none. */
struct in6_ifaddr *in6_ifa_facing(const struct ifnet *, const struct in6_addr *addr);

/* nd6_hold.c: packets that wait for an answer. */
void	nd6_hold(struct nexthop *, struct mbuf *);	/* takes the mbuf */
void	nd6_release(struct nexthop *);		/* nh_valid: what waits goes out */
void	nd6_hold_refuse(struct nexthop *);	/* address unreachable to the source of each */
void	nd6_hold_purge(struct nexthop *);	/* the entry goes: they are dropped */

/* nd6_nbr.c. Tells a neighbour, or all (to NULL), of an address of ours. */
void	nd6_advertise(struct ifnet *, const struct in6_addr *target, const uint8_t *lladdr, be32_t flags, const struct in6_addr *to,
	    const uint8_t *to_lladdr);	/* NULL: it is asked for */

/* nd6_anycast.c. An anycast address of ours on this link: an admin's, or that of a subnet of which we are a router. */
bool	nd6_anycast(const struct ifnet *, const struct in6_addr *target);
/* As nd6_advertise() with the interface's own link address, within a second, if it is ours then: others have the address, too (RFC 4861 7.2.7). */
void	nd6_advertise_late(struct ifnet *, const struct in6_addr *target, be32_t flags, const struct in6_addr *to, const uint8_t *to_lladdr);

/* The interface has another Ethernet address: all neighbours hear of it, for each address that is ours for sure (RFC 4861 7.2.6). */
void	nd6_announce(struct ifnet *);

/* nd6_dad.c: is an address of ours somebody else's, too? RFC 4862 5.4, used meanwhile (RFC 4429). Joins its solicited-node group as well. Starts
 * anew when it has run. Stop: before the address goes. */
void	nd6_dad_start(struct in6_ifaddr *);
void	nd6_dad_stop(struct in6_ifaddr *);
bool	nd6_dad_looped(const struct in6_ifaddr *, const struct nd_opts *);	/* a solicitation from :: is our own that came back: RFC 7527 */
void	nd6_dad_heard(struct in6_ifaddr *, const uint8_t *lladdr);	/* somebody else has it, or asks for it, too */

/* nd6_redirect.c. m leaves where it came in: tells its sender of the better way (RFC 4861 8.2). True: sent. */
bool	nd6_redirect_output(const struct mbuf *m, const struct rtentry *rt);

/* ndp(8)'s work; makes or changes the neighbour's host route. flags: NHF_STATIC, NHF_PUBLISH; published with an address of our own interface:
 * proxy on that interface only. NULL: done, else the reason. addr with its zone. */
const char *nd6_set(unsigned rdomain, const struct in6_addr *addr, const uint8_t *lladdr, unsigned flags);
const char *nd6_delete(unsigned rdomain, const struct in6_addr *addr);
/* The interface for which lladdr is our own address: entries published with it are for proxying there. The one that addr (with its zone) is a
 * neighbour of, of several; NULL: none. */
struct ifnet *nd6_proxy_if(unsigned rdomain, const struct in6_addr *addr, const uint8_t *lladdr);
void	nd6_flush(unsigned rdomain);			/* all but static ones */

#endif
