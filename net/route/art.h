/* art.h - the tree of one routing table: an allotment routing table (D. Knuth's and Y. Hariguchi's scheme) with a
 * stride of 8 bits, so that a look-up reads one word a level, four levels at most. The route of a prefix is the head of
 * its list of routes. Core 0 writes, every core looks up. */
#ifndef NET_ROUTE_ART_H
#define NET_ROUTE_ART_H

#include "kernel/cdefs.h"
#include "kernel/endian.h"

struct rtentry;

/* A table of one level is a complete binary tree in heap order: slot i is a prefix of floor(log2 i) bits of this
 * level's octet, slots 256 to 511 are the octet's values. Each slot holds the route of its longest prefix within this
 * table, so a look-up reads one slot. A table of the next level stands in its slot with bit 0 set, and has that slot's
 * route in its own slot 1 (not allotted downwards, so that a change is never more than one level deep). Slot 0 counts
 * the prefixes and tables that hang here. */
#define ART_SLOTS	512
#define ART_FRINGE	256
#define ART_TABLE	1ul
struct art { uintptr_t a_slot[ART_SLOTS]; };

struct art *art_create(void);			/* NULL: no memory */
void	art_destroy(struct art *);		/* must be empty */
bool	art_insert(struct art *, be32_t dest, unsigned plen, struct rtentry *);	/* prefix must be new. False: no memory */
void	art_replace(struct art *, be32_t dest, unsigned plen, struct rtentry *);	/* prefix must exist */
void	art_remove(struct art *, be32_t dest, unsigned plen);	/* prefix must exist */
struct rtentry *art_exact(const struct art *, be32_t dest, unsigned plen);
/* The first prefix that comes after (dest, plen) in the order of address, then length; plen -1: the very first. NULL:
 * none. At most some thousand steps. (dest, plen) itself need not exist. */
struct rtentry *art_next(const struct art *, be32_t dest, int plen);
static inline bool art_is_empty(const struct art *t) { return t->a_slot[0] == 0; }

/* The longest prefix that holds dst; NULL: none. */
static inline struct rtentry *
art_match(const struct art *t, be32_t dst)
{
	uintptr_t best = 0, e;

	while ((e = t->a_slot[ART_FRINGE + (uint8_t)dst]) & ART_TABLE) {
		t = (const struct art *)(e - ART_TABLE);
		best = t->a_slot[1] != 0 ? t->a_slot[1] : best;
		dst >>= 8;		/* memory order: the next octet */
	}
	return (struct rtentry *)(e != 0 ? e : best);
}

#endif
