/* nh_hold.h - packets that wait until their neighbour has answered: a few for each, and a limit for all of a family. Core 0. */
#ifndef NET_ROUTE_NH_HOLD_H
#define NET_ROUTE_NH_HOLD_H

#include "net/route/nexthop.h"

#define NH_HOLD		16		/* packets that wait for one neighbour */
#define NH_HOLD_ALL	512		/* for all of a family's */

struct nh_holders {
	unsigned	nhs_count;	/* packets that wait now, in all */
	struct nexthop	*nhs_first, **nhs_last;	/* by nh_holdnext; who has waited longest first */
};
#define NH_HOLDERS(id)	struct nh_holders id = { 0, NULL, &(id).nhs_first }

/* The oldest packet that waits for nh, no longer; NULL: none does. The caller's. */
struct mbuf *nh_unhold(struct nh_holders *, struct nexthop *);
/* Before nh_hold(): the packet that has to give way, as too many wait for nh, or (any) for all. NULL: there is room. The caller's to drop. */
struct mbuf *nh_hold_full(struct nh_holders *, struct nexthop *);
struct mbuf *nh_hold_full_any(struct nh_holders *);
/* m waits behind the others. Takes it. */
void	nh_hold(struct nh_holders *, struct nexthop *, struct mbuf *m);
/* nh_valid: what waits goes out. */
void	nh_hold_release(struct nh_holders *, struct nexthop *);

#endif
