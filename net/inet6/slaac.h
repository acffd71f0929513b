/* slaac.h - what an interface with "inet6 autoconf" has learned from routers (RFC 4861 6.3, RFC 4862, RFC 8981, RFC 8106). Core 0. */
#ifndef NET_INET6_SLAAC_H
#define NET_INET6_SLAAC_H

#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"

#define SLAAC_ROUTERS	8		/* of a link; more are not believed */
#define SLAAC_PREFIXES	16
#define SLAAC_DNS	8
#define SLAAC_SEARCH	6		/* resolv.conf(5) */
#define SLAAC_DOMAIN	256		/* bytes of a domain's name with its NUL: RFC 1035 2.3.4 */
#define SLAAC_PRIORITY	12		/* of the routes: behind an admin's */
#define SLAAC_SECOND	1000000000ull

struct nd_ra {				/* RFC 4861 4.2 */
	uint8_t		ra_type, ra_code;
	uint16_t	ra_cksum;
	uint8_t		ra_hlim, ra_flags;
	be16_t		ra_lifetime;	/* seconds */
	be32_t		ra_reachable, ra_retrans;	/* ms */
} __attribute__((packed, aligned(2), may_alias));
_Static_assert(sizeof(struct nd_ra) == 16, "RFC 4861 4.2");
#define RA_MANAGED	0x80
#define RA_OTHER	0x40
#define RA_PREF(flags)	((int8_t)((flags) << 3) >> 6)	/* RFC 4191 2.1: 1 high, 0 medium, -1 low, -2 none of them */

struct nd_opt_prefix {			/* RFC 4861 4.6.2 */
	uint8_t		op_type, op_len, op_plen, op_flags;
	be32_t		op_valid, op_preferred, op_reserved;
	struct in6_addr	op_prefix;
} __attribute__((packed, aligned(2), may_alias));
_Static_assert(sizeof(struct nd_opt_prefix) == 32, "RFC 4861 4.6.2");
#define PI_ONLINK	0x80
#define PI_AUTO		0x40

struct ra_router {
	struct in6_addr	rr_addr;	/* link-local, with its zone */
	uint64_t	rr_expire;	/* uptime_ns; the same below; UINT64_MAX: never */
	uint64_t	rr_heard;
	uint64_t	rr_probe;	/* not asked for before */
	int8_t		rr_pref;
	uint8_t		rr_hlim, rr_flags;
	uint16_t	rr_lifetime;
	uint32_t	rr_mtu;		/* 0: not said */
};
struct ra_prefix {
	struct in6_addr	rp_addr;
	uint8_t		rp_plen;
	bool		rp_onlink, rp_auto;
	bool		rp_route;	/* a route of its own makes it on-link */
	uint64_t	rp_valid, rp_preferred;
	unsigned	rp_tries;	/* temporary addresses that were duplicates */
	unsigned	rp_dad;		/* the others: RFC 7217's DAD_Counter */
};
/* Both begin with when they end. */
struct ra_dns { uint64_t rd_expire; struct in6_addr rd_addr; };			/* link-local: with its zone */
struct ra_search { uint64_t rs_expire; char rs_name[SLAAC_DOMAIN]; };		/* in lower case, the rest of it zero */

struct slaac {
	struct ifnet	*sl_ifp;
	struct timeout	 sl_timer;	/* something ends */
	struct timeout	 sl_rs;		/* the next solicitation */
	uint64_t	 sl_rs_ms;	/* the interval of the last; RFC 7559 */
	unsigned	 sl_nrouters, sl_nprefixes, sl_ndns, sl_nsearch;
	struct ra_router sl_router[SLAAC_ROUTERS];
	struct ra_prefix sl_prefix[SLAAC_PREFIXES];
	struct ra_dns	 sl_dns[SLAAC_DNS];	/* in the order in which they were heard of */
	struct ra_search sl_search[SLAAC_SEARCH];	/* the same */
	bool		 sl_routed;	/* our default route stands, */
	struct in6_addr	 sl_gateway;	/* by this router, */
	uint32_t	 sl_mtu;	/* with this MTU */
};

/* What an interface knows; NULL: it does not listen. */
static inline struct slaac *slaac_of(const struct ifnet *ifp) { return ifp->if_nd != NULL ? ifp->if_nd->nd_slaac : NULL; }
void	slaac_stop(struct ifnet *);	/* forgets all, addresses and routes with it */
/* The neighbour (without a zone) has said that it is no router: RFC 4861 7.2.5. */
void	slaac_router_gone(struct ifnet *, const struct in6_addr *);

/* slaac_prefix.c, for slaac.c. until: uptime_ns of so many seconds from now. */
void	slaac_prefix_learn(struct slaac *, const struct nd_opt_prefix *);
void	slaac_prefix_expire(struct slaac *, uint64_t now);
uint64_t slaac_prefix_next(const struct slaac *, uint64_t now);	/* when something ends; UINT64_MAX: nothing does */
void	slaac_prefix_forget(struct slaac *);
void	slaac_prefix_renumber(struct slaac *);	/* what identifiers are made of has changed, or whether there are temporary ones */
uint64_t slaac_until(uint32_t seconds);

/* slaac_dns.c, for slaac.c. An RDNSS or a DNSSL option of an advertisement; what ends goes. */
void	slaac_dns_servers(struct slaac *, const struct nd_opt *);
void	slaac_dns_search(struct slaac *, const struct nd_opt *);
void	slaac_dns_expire(struct slaac *, uint64_t now);

#endif
