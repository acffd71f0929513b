/* fib_match.c - look-ups in the trie of fib.h, with the processor's own bit count where it has one. Any core. */
#include "kernel/machine.h"
#include "net/core/net_init.h"
#include "net/route/fib.h"

#define FIB_FIRST	(FIB_NODE | FIB_DIRECT)		/* nodes of the first two octets */

const struct fib_node fib_empty = { .n_value = { [255] = 0 } };

/* What an entry with those tags points to: no mask, and one addition that is part of each access. */
static __inline_fn const struct fib_node *
fib_below(uintptr_t e, uintptr_t tags)
{
	return (const struct fib_node *)(e - tags);
}

static __inline_fn uintptr_t
fib_value(uintptr_t e, uintptr_t tags, size_t i)
{
	const uintptr_t *v = (const uintptr_t *)(e - tags + sizeof(struct fib_node));

	return __atomic_load_n(&v[i], __ATOMIC_ACQUIRE);
}

/* From a node to the entry of octet t, with the route of the slot in which the node hangs if there is one. tags: but for FIB_DIRECT. */
static __inline_fn uintptr_t
fib_next_entry(uintptr_t e, uintptr_t tags, size_t t, uintptr_t *best, bool popcnt)
{
	uintptr_t rt;

	if (e & FIB_DIRECT) {
		rt = __atomic_load_n(&fib_below(e, tags | FIB_DIRECT)->n_route, __ATOMIC_RELAXED);
		*best = rt != 0 ? rt : *best;
		return fib_value(e, tags | FIB_DIRECT, t);
	}
	rt = __atomic_load_n(&fib_below(e, tags)->n_route, __ATOMIC_RELAXED);
	*best = rt != 0 ? rt : *best;
	return fib_value(e, tags, fib_run(fib_below(e, tags), t, popcnt));
}

static __inline_fn struct rtentry *
fib_result(uintptr_t e, uintptr_t best)
{
	return (struct rtentry *)(e != 0 ? e : best);
}

static __inline_fn struct rtentry *
fib_find4(uintptr_t e, be32_t dst, bool popcnt)
{
	uintptr_t best;

	if (!((e = fib_value(e, FIB_FIRST, dst & 0xff)) & FIB_NODE))
		return (struct rtentry *)e;
	best = fib_below(e, FIB_FIRST)->n_route;
	e = fib_value(e, FIB_FIRST, dst >> 8 & 0xff);
	for (dst >>= 16; e & FIB_NODE; dst >>= 8)		/* memory order: the next octet */
		e = fib_next_entry(e, FIB_NODE, dst & 0xff, &best, popcnt);
	return fib_result(e, best);
}

/* 0 also when the address is not below this node. d: that half of the address which the node divides. */
static __inline_fn uintptr_t
fib_step(uintptr_t e, uintptr_t tags, uint64_t d, uintptr_t *best, bool popcnt)
{
	const struct fib_node *n = fib_node(e);
	uint64_t t = (d ^ n->n_key) >> n->n_shift;
	uintptr_t rt = __atomic_load_n(&n->n_route, __ATOMIC_RELAXED);

	if (t <= 255)
		return fib_next_entry(e, tags, t, best, popcnt);
	*best = rt != 0 ? rt : *best;
	return 0;
}

static __inline_fn struct rtentry *
fib_find6(uintptr_t e, const struct in6_addr *dst, bool popcnt)
{
	uintptr_t best;
	uint64_t d;

	if (!((e = fib_value(e, FIB_FIRST, dst->s6_addr[0])) & FIB_NODE))
		return (struct rtentry *)e;
	best = fib_below(e, FIB_FIRST)->n_route;
	e = fib_value(e, FIB_FIRST, dst->s6_addr[1]);
	d = __builtin_bswap64(dst->s6_addr64[0]);
	while ((e & (FIB_NODE | FIB_LOW)) == FIB_NODE)
		e = fib_step(e, FIB_NODE, d, &best, popcnt);
	d = __builtin_bswap64(dst->s6_addr64[1]);
	while (e & FIB_NODE)
		e = fib_step(e, FIB_NODE | FIB_LOW, d, &best, popcnt);
	return fib_result(e, best);
}

static struct rtentry *fib_match4_any(uintptr_t top, be32_t dst) { return fib_find4(top, dst, false); }
static struct rtentry *fib_match6_any(uintptr_t top, const struct in6_addr *dst) { return fib_find6(top, dst, false); }

static __attribute__((target("popcnt"))) struct rtentry *
fib_match4_popcnt(uintptr_t top, be32_t dst)
{
	return fib_find4(top, dst, true);
}

static __attribute__((target("popcnt"))) struct rtentry *
fib_match6_popcnt(uintptr_t top, const struct in6_addr *dst)
{
	return fib_find6(top, dst, true);
}

struct rtentry *(*fib_match4)(uintptr_t, be32_t) = fib_match4_any;
struct rtentry *(*fib_match6)(uintptr_t, const struct in6_addr *) = fib_match6_any;

void
fib_match_choose(bool popcnt)
{
	fib_match4 = popcnt ? fib_match4_popcnt : fib_match4_any;
	fib_match6 = popcnt ? fib_match6_popcnt : fib_match6_any;
}

static void
fib_match_init(void)
{
	fib_match_choose(machine_popcnt());
}
NET_INIT(fib_match, 10, fib_match_init);
