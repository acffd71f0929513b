/* static_route.h - a route that an admin configured: compared, printed, put into the table and taken out of it. Routing
 * table 0. */
#ifndef NET_ROUTE_STATIC_ROUTE_H
#define NET_ROUTE_STATIC_ROUTE_H

#include "kernel/out.h"
#include "net/route/route.h"

/* A route that an admin configured. The key is (af, dest, plen, priority), and with RTF_MPATH also that flag and the gateway: one route without it
 * may stand beside any number with it. */
struct static_route {
	union { be32_t sr_dest; struct in6_addr sr_dest6; };	/* bits behind the prefix are zero */
	union { be32_t sr_gateway; struct in6_addr sr_gateway6; };
	union { be32_t sr_ifa; struct in6_addr sr_ifa6; };	/* 0: not said */
	const char	*sr_label;	/* NULL: none. An array's routes own it (static_route_keep), others borrow it */
	char		sr_zone[IFNAMSIZ];	/* of a link-local gateway: an interface, which need not exist; else "" */
	uint8_t		sr_af;		/* enum af */
	uint32_t	sr_mtu;		/* 0: the interface's */
	uint32_t	sr_flags;	/* RTF_REJECT, RTF_BLACKHOLE, RTF_MPATH */
	unsigned	sr_line;	/* of its file, for messages; 0: a command's */
	uint8_t		sr_plen;
	uint8_t		sr_priority;
	bool		sr_late;	/* its gateway could not be reached in the last turn; hostname_apply's own */
	bool		sr_installed;	/* it stands in the table because of this object; static_route_apply's own */
};

/* -1, 0, 1 by key. */
int	static_route_cmp(const struct static_route *, const struct static_route *);
bool	static_route_equal(const struct static_route *, const struct static_route *);
/* The label becomes a copy of its own (false: no memory, then it has none); that goes. Task context. */
bool	static_route_keep(struct static_route *) __must_check;
void	static_route_drop(struct static_route *);
/* "-inet 10.1.0.0/16 10.0.1.2": words that route_args_parse turns into an equal route. */
void	static_route_print(struct out *, const struct static_route *);
/* The gateway as an admin writes it, "10.0.0.1" or "fe80::1%em0". */
char	*static_route_gwtext(char buf[IN6_STRLEN], const struct static_route *);
/* For rt_add, rt_change and rt_delete in rdomain 0. The zone of an interface that does not exist is none, which nothing is reachable in.
 * Inside net_enter. */
struct rt_request static_route_request(const struct static_route *);

/* The table, inside net_enter. withdraw: takes out what stands there because of `old` and is not in `new` (may be
 * NULL); what is in both passes to new with what is installed. apply: makes it what new says; `was` is the version that
 * new took over, or NULL. Both may be repeated. */
void	static_route_withdraw(struct static_route *old, struct static_route *new);
enum rt_error static_route_apply(const struct static_route *was, struct static_route *new);
/* Withdraw on the way back from a change that failed: either version may stand in the table. Unless both are equal it goes, and
 * `former` is to be applied anew. */
void	static_route_revert(struct static_route *failed, struct static_route *former);
/* RT_OK: its gateway is on a network of ours (or it needs none), its -ifa one of our addresses. Else why it could not be added. */
enum rt_error static_route_check(const struct static_route *);

/* The interface one of whose networks holds addr, the longest prefix first, whether it is up or not. NULL: none. */
struct ifnet *if_facing(unsigned rdomain, be32_t addr);
struct ifnet *if_facing6(unsigned rdomain, const struct in6_addr *addr);
/* The length of the longest of its networks' prefixes that holds addr. -1: none does. */
int	if_faces(const struct ifnet *, be32_t addr);
int	if_faces6(const struct ifnet *, const struct in6_addr *addr);
/* The same for the gateway of a route, in rdomain 0; or the interface by which another route leads to it. */
struct ifnet *static_route_facing(const struct static_route *);

#endif
