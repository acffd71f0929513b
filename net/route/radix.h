/* radix.h - the tree of one IPv6 routing table: binary, with paths compressed (D. Morrison's PATRICIA), so that a prefix costs two nodes at most
 * wherever it lies: who makes us learn neighbours all over a /64 takes no more memory for each than for a route. Core 0 writes, every core looks up. */
#ifndef NET_ROUTE_RADIX_H
#define NET_ROUTE_RADIX_H

#include "kernel/cdefs.h"
#include "net/inet6/in6.h"

struct rtentry;

/* A prefix; what hangs below continues it by a 0 or by a 1. It has a route, or two below it, or both. */
struct radix_node {
	struct in6_addr		 rn_key;	/* bits behind the prefix are zero */
	struct in6_addr		 rn_mask;
	struct radix_node	*rn_child[2];
	struct rtentry		*rn_route;	/* NULL: only a fork */
	uint8_t			 rn_plen;
	uint8_t			 rn_byte, rn_bit;	/* the bit of an address that chooses the child; plen 128: any, there is none */
} __aligned_to(CACHELINE);
_Static_assert(sizeof(struct radix_node) == CACHELINE, "a line for each step of a look-up");

/* A tree is a pointer to its top node; NULL: empty. Keys: bits behind the prefix are zero. */
bool	radix_insert(struct radix_node **, const struct in6_addr *, unsigned plen, struct rtentry *);	/* must be new. False: no memory */
void	radix_replace(struct radix_node **, const struct in6_addr *, unsigned plen, struct rtentry *);	/* must exist */
void	radix_remove(struct radix_node **, const struct in6_addr *, unsigned plen);			/* must exist */
struct rtentry *radix_exact(const struct radix_node *, const struct in6_addr *, unsigned plen);
/* The longest prefix shorter than plen (129: any) that holds key; NULL: none. */
struct rtentry *radix_shorter(const struct radix_node *, const struct in6_addr *, unsigned plen);
/* The first prefix that comes after (key, plen) in the order of address, then length; plen -1: the very first. NULL: none. At most 128 steps
 * down and as many up. (key, plen) itself need not exist. */
struct rtentry *radix_next(const struct radix_node *, const struct in6_addr *, int plen);

/* The longest prefix that holds dst; NULL: none. What does not cover it at a node, does not below. */
static inline struct rtentry *
radix_match(const struct radix_node *rn, const struct in6_addr *dst)
{
	uint64_t d0 = dst->s6_addr64[0], d1 = dst->s6_addr64[1];
	struct rtentry *best = NULL;

	while (rn != NULL) {
		struct rtentry *rt = rn->rn_route;

		if (rt != NULL) {
			if ((((d0 ^ rn->rn_key.s6_addr64[0]) & rn->rn_mask.s6_addr64[0]) |
			    ((d1 ^ rn->rn_key.s6_addr64[1]) & rn->rn_mask.s6_addr64[1])) != 0)
				break;
			best = rt;
		}
		rn = rn->rn_child[(dst->s6_addr[rn->rn_byte] & rn->rn_bit) != 0];
	}
	return best;
}

#endif
