/* fib_var.h - what the files that change and walk a trie (fib.h) share. Core 0. */
#ifndef NET_ROUTE_FIB_VAR_H
#define NET_ROUTE_FIB_VAR_H

#include "kernel/pool.h"
#include "net/route/fib.h"

#define FIB_SLOTS	256
#define FIB_DEPTH	16		/* octets of an address */
#define CLASS_DIRECT	9u		/* n_class of a FIB_DIRECT node */

/* The first kind that has room for n. */
static inline uint8_t
fib_class(const uint16_t *room, unsigned n)
{
	uint8_t c = 0;

	while (room[c] < n)
		c++;
	return c;
}
/* fib.c: sets up a pool of nodes, or of what they point to. */
void	fib_pool(struct pool *, const char *name, size_t size, bool node);

/* ---- the prefixes of a node: fib_own.c ---- */

/* The prefixes that end in one node's octet, sorted: a code (the octet, then the bits of it that count) above the route's address, which
 * has 48 bits at most. The order of codes is that of addresses, then lengths. */
struct fib_own {
	uint16_t	o_n;
	uint16_t	o_class;
	uint64_t	o_e[];
};
#define OWN_SHIFT	48
#define OWN_CODE(e)	((unsigned)((e) >> OWN_SHIFT))
#define OWN_ROUTE(e)	((uintptr_t)((e) & (((uint64_t)1 << OWN_SHIFT) - 1)))
#define CODE(octet, bits) ((octet) << 4 | (bits))	/* bits: 0 in the first octet only, to 8 */
#define CODE_CHILD	9u				/* stands for the bits of what hangs in a slot: behind all its own prefixes */

static inline unsigned
fib_own_count(const struct fib_own *o)
{
	return o != NULL ? o->o_n : 0;
}
void	fib_own_init(void);
/* The first entry whose code is not less. */
unsigned fib_own_pos(const struct fib_own *, unsigned code);
/* 0: there is none of that code. */
uintptr_t fib_own_find(const struct fib_own *, unsigned code);
uint64_t fib_own_entry(unsigned code, uintptr_t route);
/* The longest of the prefixes that hold the code's, without itself; 0: none. */
uintptr_t fib_own_cover(const struct fib_own *, unsigned code);
/* One with room for one more: o itself, or a copy. NULL: no memory. */
struct fib_own *fib_own_with_room(struct fib_own *o);
void	fib_own_put(struct fib_own *);
/* There is room, and none of that code. */
void	fib_own_insert(struct fib_own *, unsigned code, uintptr_t route);
/* That code is there. Returns what is left; NULL: nothing. It becomes smaller when there is memory for that and it does by two kinds, so that a route
 * that comes and goes does not copy the others each time. */
struct fib_own *fib_own_remove(struct fib_own *, unsigned code);

/* ---- nodes ---- */

static inline unsigned
fib_byte(unsigned plen)
{
	return plen == 0 ? 0 : (plen - 1) / 8;
}

static inline uint8_t
fib_shift(unsigned byte)
{
	return (uint8_t)(56 - byte % 8 * 8);
}

/* The prefix's code in a node of octet fib_byte(plen). */
static inline unsigned
fib_code(const struct fib_key *key, unsigned plen)
{
	unsigned byte = fib_byte(plen), bits = plen - 8 * byte;

	return CODE((unsigned)(key->k[byte / 8] >> fib_shift(byte)) & 0xff & (0xff00u >> bits), bits);
}

/* The slot of an address in a node; above 255: it is not below this node. */
static inline uint64_t
fib_slot(const struct fib_node *n, const struct fib_key *key)
{
	return (key->k[n->n_byte / 8] ^ n->n_key) >> n->n_shift;
}

static inline uintptr_t *
fib_at(struct fib_node *n, unsigned t)
{
	return &n->n_value[n->n_class == CLASS_DIRECT ? t : fib_run(n, t, false)];
}

/* ---- the way to a prefix: fib.c ---- */

struct fib_hop {
	uintptr_t	*h_at;		/* the entry that is this node */
	struct fib_node	*h_n;
};
/* The nodes above and of an octet that hold the key. Returns how many. */
unsigned fib_path(uintptr_t *top, const struct fib_key *, unsigned byte, struct fib_hop path[FIB_DEPTH]);
/* The node that the prefix ends in. NULL: there is no such prefix. */
struct fib_hop fib_find(uintptr_t *top, const struct fib_key *, unsigned plen);

#endif
