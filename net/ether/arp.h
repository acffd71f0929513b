/* arp.h - address resolution (RFC 826, RFC 5227, RFC 1027 proxy). */
#ifndef NET_ETHER_ARP_H
#define NET_ETHER_ARP_H

#include "net/ether/ether.h"
#include "net/route/nexthop.h"

/* ARP for IPv4 over Ethernet, RFC 826. */
struct ether_arp {
	be16_t	ar_hrd;			/* ARPHRD_ETHER */
	be16_t	ar_pro;			/* ETHERTYPE_IP */
	uint8_t	ar_hln, ar_pln;		/* 6, 4 */
	be16_t	ar_op;
	uint8_t	arp_sha[ETHER_ADDR_LEN];
	be32_t	arp_spa;
	uint8_t	arp_tha[ETHER_ADDR_LEN];
	be32_t	arp_tpa;
} __attribute__((packed, may_alias));
_Static_assert(sizeof(struct ether_arp) == 28, "RFC 826");
#define ARPHRD_ETHER	1
#define ARPOP_REQUEST	1
#define ARPOP_REPLY	2

/* Sends m (an IP packet, m_nh = nh, no link header) once nh's link address is known: asks for it, lets m wait, or
 * refuses m with an ICMP host unreachable. Takes the mbuf. */
void	arp_resolve(struct nexthop *, struct mbuf *m);
/* Announces an address of the interface (gratuitous ARP). */
void	arp_announce(struct ifnet *, be32_t addr);

/* arp_dad.c: is an address of ours somebody else's? Announces it and asks (RFC 5227), while it serves already. Starts
 * anew when it runs or has run. Stop: before the ifaddr goes. */
void	arp_dad_start(struct ifaddr *);
void	arp_dad_stop(struct ifaddr *);

void	arp_nexthop_init(struct nexthop *);	/* a new one on an Ethernet: its timer; forgotten when nobody asks */
void	arp_nexthop_destroy(struct nexthop *);	/* the last reference has gone, or it is invalidated: timer, waiting packets */

/* arp_hold.c: packets that wait for an answer. */
void	arp_hold(struct nexthop *, struct mbuf *);	/* takes the mbuf */
void	arp_release(struct nexthop *);		/* nh_valid: what waits goes out */
void	arp_hold_refuse(struct nexthop *);	/* host unreachable to the source of each */
void	arp_hold_purge(struct nexthop *);	/* the entry goes: they are dropped */

/* The neighbour has told its link address: entry filled or renewed, lifetime started anew (unless static). */
void	arp_learn(struct nexthop *, const uint8_t *lladdr);
/* Sends one frame, padded with zeroes to 60 bytes. False: interface not usable or no mbuf (counted); the caller counts
 * those sent. */
bool	arp_transmit(struct ifnet *, uint16_t op, const uint8_t *dst, const uint8_t *sha, be32_t spa, const uint8_t *tha,
	    be32_t tpa);
/* The interface's address that faces addr, or its first; NULL: it has none. */
struct ifaddr *arp_ifa(struct ifnet *, be32_t addr);

/* arp(8)'s work; makes or changes the neighbour's host route. flags: NHF_STATIC, NHF_PUBLISH. NULL: done, else the
 * reason. Published with the address of one of our own interfaces the entry is for proxy ARP on that interface only
 * (RFC 1027): no route is made, and packets to addr go where the routes say. Static entries are kept when their network
 * goes, and serve again when it returns. */
const char *arp_set(unsigned rdomain, be32_t addr, const uint8_t *lladdr, unsigned flags);
const char *arp_delete(unsigned rdomain, be32_t addr);
/* The interface for which lladdr is our own address: entries published with it are for proxy ARP. The one whose network holds addr where there
 * are several; NULL: none. */
struct ifnet *arp_proxy_if(unsigned rdomain, be32_t addr, const uint8_t *lladdr);
void	arp_flush(unsigned rdomain);			/* all but static ones */

/* The entry goes, an admin's too, when no gateway route uses it; else it is INCOMPLETE. nh may be gone afterwards. */
void	arp_forget(struct nexthop *nh);

extern int arpt_keep;		/* net.inet.ip.arptimeout: seconds that an entry lives */

#endif
