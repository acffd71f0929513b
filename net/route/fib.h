/* fib.h - where packets look routes up, of either family: a trie of one octet a step, with nodes that hold a run of equal entries once; in IPv6
 * octets at which nothing divides or ends are left out. Core 0 writes, every core looks up; tests/bench/README.md has the figures for this choice.
 *
 * What packets read (a node) and what core 0 alone needs to change it (fib_own: the prefixes themselves) lie apart. */
#ifndef NET_ROUTE_FIB_H
#define NET_ROUTE_FIB_H

#include "kernel/bits.h"
#include "net/inet6/in6.h"

struct rtentry;
struct fib_own;

/* An entry, one word, that is read and written whole: 0, a route, or a node with these bits. */
#define FIB_NODE	1ul
#define FIB_DIRECT	2ul		/* n_value has all 256 */
#define FIB_LOW		4ul		/* the node's octet is one of the second eight */
#define FIB_TAGS	7ul
#define FIB_WHOLE(af)	((af) == AF_IP4 ? 4u : 2u)

/* A node divides by one octet of the address. Each slot holds the route of its longest prefix that ends in this octet, or the next node, which
 * then has that route in n_route: so a change of one prefix touches one node and what hangs in it, never more. Octets in front that have been left
 * out are compared in n_key, those of the same half of the address; between the halves there is always a node of octet 7. The first octets,
 * FIB_WHOLE of them, are never left out. A node is never changed but for single entries and n_route: another takes its place, and it is
 * freed by an epoch. */
struct fib_node {
	uint64_t	 n_start[4];	/* not FIB_DIRECT: bit i of all: slot i begins a run. Bit 0 is set */
	uint64_t	 n_key;		/* host order; zero from the octet on */
	uintptr_t	 n_route;	/* of the slot in which this node hangs; 0: none */
	struct fib_own	*n_own;		/* core 0's: prefixes that end in this octet; NULL: none */
	uint8_t		 n_before[4];	/* runs that begin in the words in front */
	uint8_t		 n_shift;	/* brings the octet to the end of its half */
	uint8_t		 n_byte;	/* which octet it is */
	uint8_t		 n_class;	/* its pool */
	uintptr_t	 n_value[];	/* one for each run */
} __aligned_to(CACHELINE);
_Static_assert(sizeof(struct fib_node) == CACHELINE, "one line, then the values");

/* An address in host order, an IPv4 one in front: octet 0 is the highest. */
struct fib_key { uint64_t k[2]; };

static inline struct fib_key
fib_key(const struct in6_addr *a)
{
	return (struct fib_key){ { __builtin_bswap64(a->s6_addr64[0]), __builtin_bswap64(a->s6_addr64[1]) } };
}

/* A table is its top entry; 0: empty. Bits of keys behind the prefix are zero. Each change is seen by other cores at once and whole. */
bool	fib_insert(unsigned af, uintptr_t *top, const struct in6_addr *, unsigned plen, struct rtentry *);	/* must be new. False: no memory, nothing has changed */
void	fib_replace(uintptr_t *top, const struct in6_addr *, unsigned plen, struct rtentry *);	/* must exist */
void	fib_remove(unsigned af, uintptr_t *top, const struct in6_addr *, unsigned plen);			/* must exist; needs no memory */
struct rtentry *fib_exact(uintptr_t top, const struct in6_addr *, unsigned plen);
/* The longest prefix shorter than plen (129: any) that holds the address; NULL: none. */
struct rtentry *fib_shorter(uintptr_t top, const struct in6_addr *, unsigned plen);
/* The first prefix that comes after (address, plen) in the order of address, then length; plen -1: the very first. NULL: none. At most some
 * thousand steps. The prefix itself need not exist. */
struct rtentry *fib_next(uintptr_t top, const struct in6_addr *, int plen);

static inline struct fib_node *
fib_node(uintptr_t e)
{
	return (struct fib_node *)(e & ~FIB_TAGS);
}

/* Which of a node's runs slot t (0 to 255) is in; with the processor's own bit count, or without. */
static inline size_t
fib_run(const struct fib_node *n, size_t t, bool popcnt)
{
	uint64_t begun = n->n_start[t / 64] << (~t & 63);

	return (size_t)n->n_before[t / 64] + (popcnt ? (size_t)__builtin_popcountll(begun) : popcount64(begun)) - 1;
}

/* What stands for an empty table in look-ups. */
extern const struct fib_node fib_empty;
#define FIB_EMPTY	((uintptr_t)&fib_empty + (FIB_NODE | FIB_DIRECT))

/* The longest prefix that holds dst; NULL: none. top: not 0. Never inline, so that a loop that looks up now and then keeps its registers. Any core. */
extern struct rtentry *(*fib_match4)(uintptr_t top, be32_t dst);
extern struct rtentry *(*fib_match6)(uintptr_t top, const struct in6_addr *dst);
/* For tests: the ones for processors with or without a bit count. */
void	fib_match_choose(bool popcnt);

#endif
