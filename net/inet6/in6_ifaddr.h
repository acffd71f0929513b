/* in6_ifaddr.h - the IPv6 addresses of interfaces: several of each prefix and scope, with their state and lifetimes (RFC 4862, RFC 8981). Core 0
 * writes, every core reads (ifnet's if_addrs6). */
#ifndef NET_INET6_IN6_IFADDR_H
#define NET_INET6_IN6_IFADDR_H

#include "kernel/set.h"
#include "kernel/timeout.h"
#include "net/core/if.h"
#include "net/inet6/in6.h"

/* ia_flags, OpenBSD's values */
#define IN6_IFF_ANYCAST		0x01
#define IN6_IFF_TENTATIVE	0x02	/* duplicate address detection runs; optimistic (RFC 4429): in use all the same */
#define IN6_IFF_DUPLICATED	0x04	/* it found somebody: not in use */
#define IN6_IFF_DETACHED	0x08
#define IN6_IFF_DEPRECATED	0x10	/* RFC 4862 5.5.4: not for what is new */
#define IN6_IFF_AUTOCONF	0x40	/* learned from a router: not configuration */
#define IN6_IFF_TEMPORARY	0x80	/* RFC 8981 */
#define IN6_IFF_ROUTER		0x200	/* ours: the group of its subnet-router anycast address has been joined */
#define IN6_IFF_AUTOLL		0x100	/* ours: the link-local address that an interface makes itself */
#define IN6_LIFETIME_INFINITE	UINT64_MAX

struct in6_ifaddr {
	struct in6_ifaddr *ia_next;
	struct ifnet	*ia_ifp;
	struct in6_addr	 ia_addr;	/* link-local: with its zone */
	uint8_t		 ia_plen;
	uint16_t	 ia_flags;	/* IN6_IFF_*; core 0 alone changes them */
	uint64_t	 ia_created;	/* uptime_ns */
	uint64_t	 ia_preferred, ia_valid;	/* uptime_ns when they end; IN6_LIFETIME_INFINITE */
	uint64_t	 ia_preferred_most;	/* IN6_IFF_TEMPORARY: ia_preferred never ends later */
	struct timeout	 ia_timer;	/* duplicate address detection's (whoever watches, below) */
	unsigned	 ia_probes;
	uint8_t		 ia_nonce[6];	/* in its solicitations: RFC 7527 */
};

/* Adds it, with its routes, at the end of the interface's list, and tells who watches. A link-local one may come without its zone. flags: what of
 * IN6_IFF_* it starts with. Lifetimes infinite. NULL: done (*out, unless NULL, is it), else the reason. Core 0. */
const char *if_addaddr6(struct ifnet *, const struct in6_addr *, uint8_t plen, unsigned flags, struct in6_ifaddr **out);
/* NULL: done, else the reason. */
const char *if_deladdr6(struct ifnet *, const struct in6_addr *);
void	in6_ifaddr_delete(struct in6_ifaddr *);

/* The interface's address; NULL: it has none such. addr of link-local scope with or without a zone. */
struct in6_ifaddr *in6_ifaddr_find(const struct ifnet *, const struct in6_addr *);
/* Whose address it is, of any interface of the routing domain; link-local with its zone. NULL: nobody's. */
struct in6_ifaddr *in6_ifaddr_ours(unsigned rdomain, const struct in6_addr *);
/* The first link-local address of the interface that is no duplicate; NULL: none. */
struct in6_ifaddr *in6_ifaddr_linklocal(const struct ifnet *);
/* For a packet of our own that has lost the zone of addr: the (first) interface that has this link-local address. NULL: none. */
struct ifnet *in6_ifaddr_zone(const struct in6_addr *addr);

/* The interface speaks IPv6, or no longer: it has a link-local address of its own making (EUI-64 of if_lladdr, RFC 4291 appendix A) unless it has
 * another. Off: that address goes, and those that were learned. Idempotent. False: no memory. Follows a changed if_lladdr when called anew. */
bool	in6_if_enable(struct ifnet *, bool on);

/* in6_soii.c. The interface's identifiers are opaque (RFC 7217). */
bool	in6_soii(const struct ifnet *);
/* Fills in the last eight bytes behind a prefix (of link scope without its zone): opaque, or the EUI-64. dad: how many before this one were
 * duplicates. */
void	in6_make_iid(struct in6_addr *, const struct ifnet *, unsigned dad);
#define SOII_TRIES	3		/* RFC 7217 6: IDGEN_RETRIES */
/* The link-local address that an interface has made is a duplicate: another one takes its place, if that can be. */
void	in6_autoll_again(struct in6_ifaddr *);

/* Who must know of addresses and interfaces: duplicate address detection, groups, advertisements. Each may be NULL. Core 0. */
struct in6_watch {
	void	(*iw_addr_added)(struct in6_ifaddr *);		/* it is in the list, its routes are there */
	void	(*iw_addr_going)(struct in6_ifaddr *);		/* it is not in the list any more; ia_timer must not be pending afterwards */
	void	(*iw_if_up)(struct ifnet *);			/* packets can be sent now */
	void	(*iw_if_down)(struct ifnet *);			/* they cannot; also when they could not before */
	void	(*iw_if_detach)(struct ifnet *);		/* for ever; its addresses have gone */
	void	(*iw_if_changed)(struct ifnet *);		/* if_lladdr, if_mtu, if_xflags */
	void	(*iw_if_forwarding)(struct ifnet *);	/* net.inet6.ip6.forwarding */
};
SET_DECLARE(const struct in6_watch, in6_watches);
#define IN6_WATCH(id) SET_ADD(in6_watches, id)
/* The interface's side tells them: if.c. */
void	in6_if_up(struct ifnet *);
void	in6_if_down(struct ifnet *);
void	in6_if_detach(struct ifnet *);
void	in6_if_changed(struct ifnet *);
void	in6_forwarding_changed(void);

#endif
