/* fib_match.c - look-ups in the trie of fib.h, with the processor's own bit count where it has one. Any core. */
#include "net/core/net_init.h"
#include "net/route/fib.h"

/* From a node to the next entry; 0 also when the address is not below this node. d: that half of the address which the node divides. */
static __inline_fn uintptr_t
fib_step(uintptr_t e, uint64_t d, uintptr_t *best, bool popcnt)
{
	const struct fib_node *n = fib_node(e);
	uintptr_t rt = __atomic_load_n(&n->n_route, __ATOMIC_RELAXED);
	uint64_t t = (d ^ n->n_key) >> n->n_shift;

	if (rt != 0)
		*best = rt;
	if (t > 255)
		return 0;
	return __atomic_load_n(&n->n_value[e & FIB_DIRECT ? (unsigned)t : fib_run(n, (unsigned)t, popcnt)], __ATOMIC_ACQUIRE);
}

static __inline_fn struct rtentry *
fib_find4(uintptr_t e, be32_t dst, bool popcnt)
{
	uint64_t d = (uint64_t)be32_host(dst) << 32;
	uintptr_t best = 0;

	while (e & FIB_NODE)
		e = fib_step(e, d, &best, popcnt);
	return (struct rtentry *)(e != 0 ? e : best);
}

static __inline_fn struct rtentry *
fib_find6(uintptr_t e, const struct in6_addr *dst, bool popcnt)
{
	uint64_t d = __builtin_bswap64(dst->s6_addr64[0]);
	uintptr_t best = 0;

	while ((e & (FIB_NODE | FIB_LOW)) == FIB_NODE)
		e = fib_step(e, d, &best, popcnt);
	d = __builtin_bswap64(dst->s6_addr64[1]);
	while (e & FIB_NODE)
		e = fib_step(e, d, &best, popcnt);
	return (struct rtentry *)(e != 0 ? e : best);
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
	__builtin_cpu_init();
	fib_match_choose(__builtin_cpu_supports("popcnt"));
}
NET_INIT(fib_match, 10, fib_match_init);
