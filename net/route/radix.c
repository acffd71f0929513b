/* radix.c - changes and walks of the tree of radix.h. Each change shows itself to the other cores by one store of a pointer. */
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/route/radix.h"

static struct pool radix_pool;

static void
radix_init(void)
{
	pool_init_epoch(&radix_pool, "radix", sizeof(struct radix_node), CACHELINE, 0);
}
NET_INIT(radix, 10, radix_init);

static struct radix_node *
radix_node(const struct in6_addr *key, unsigned plen, struct rtentry *rt)
{
	struct radix_node *rn = pool_get(&radix_pool);

	if (rn == NULL)
		return NULL;
	rn->rn_mask = in6_mask(plen);
	rn->rn_key = in6_masked(key, plen);
	rn->rn_route = rt;
	rn->rn_plen = (uint8_t)plen;
	if (plen < 128) {
		rn->rn_byte = (uint8_t)(plen / 8);
		rn->rn_bit = (uint8_t)(0x80 >> plen % 8);
	}
	return rn;
}

static inline unsigned
radix_side(const struct radix_node *rn, const struct in6_addr *key)
{
	return (key->s6_addr[rn->rn_byte] & rn->rn_bit) != 0;
}

static inline void
radix_link(struct radix_node **p, struct radix_node *rn)
{
	__atomic_store_n(p, rn, __ATOMIC_RELEASE);
}

/* The node that is a shorter or the same prefix goes on to the next; *p is where (key, plen) hangs or would hang. */
static struct radix_node **
radix_find(struct radix_node **p, const struct in6_addr *key, unsigned plen)
{
	struct radix_node *rn;

	while ((rn = *p) != NULL && rn->rn_plen < plen && in6_covers(&rn->rn_key, rn->rn_plen, key))
		p = &rn->rn_child[radix_side(rn, key)];
	return p;
}

static bool
radix_is(const struct radix_node *rn, const struct in6_addr *key, unsigned plen)
{
	return rn != NULL && rn->rn_plen == plen && in6_equal(&rn->rn_key, key);
}

bool
radix_insert(struct radix_node **top, const struct in6_addr *key, unsigned plen, struct rtentry *rt)
{
	struct radix_node **p = radix_find(top, key, plen), *at = *p, *rn, *fork;
	unsigned common;

	if (radix_is(at, key, plen)) {		/* a fork until now */
		KASSERT(at->rn_route == NULL);
		__atomic_store_n(&at->rn_route, rt, __ATOMIC_RELEASE);
		return true;
	}
	if ((rn = radix_node(key, plen, rt)) == NULL)
		return false;
	if (at == NULL) {
		radix_link(p, rn);
		return true;
	}
	common = MIN(in6_common(key, &at->rn_key), plen);	/* no more than at has: radix_find would have gone on */
	if (common == plen) {			/* at lies within it */
		rn->rn_child[radix_side(rn, &at->rn_key)] = at;
		radix_link(p, rn);
		return true;
	}
	if ((fork = radix_node(key, common, NULL)) == NULL) {
		pool_put(&radix_pool, rn);
		return false;
	}
	fork->rn_child[radix_side(fork, key)] = rn;
	fork->rn_child[radix_side(fork, &at->rn_key)] = at;
	radix_link(p, fork);
	return true;
}

void
radix_replace(struct radix_node **top, const struct in6_addr *key, unsigned plen, struct rtentry *rt)
{
	struct radix_node *rn = *radix_find(top, key, plen);

	KASSERT(radix_is(rn, key, plen) && rn->rn_route != NULL);
	__atomic_store_n(&rn->rn_route, rt, __ATOMIC_RELEASE);
}

/* A node that neither has a route nor forks goes; what is below it, if anything, takes its place. */
static bool
radix_prune(struct radix_node **p)
{
	struct radix_node *rn = *p;

	if (rn->rn_route != NULL || (rn->rn_child[0] != NULL && rn->rn_child[1] != NULL))
		return false;
	radix_link(p, rn->rn_child[0] != NULL ? rn->rn_child[0] : rn->rn_child[1]);
	pool_put(&radix_pool, rn);
	return true;
}

void
radix_remove(struct radix_node **top, const struct in6_addr *key, unsigned plen)
{
	struct radix_node **p = top, **above = NULL, *rn;

	while ((rn = *p) != NULL && rn->rn_plen < plen) {
		above = p;
		p = &rn->rn_child[radix_side(rn, key)];
	}
	KASSERT(radix_is(rn, key, plen) && rn->rn_route != NULL);
	__atomic_store_n(&rn->rn_route, NULL, __ATOMIC_RELEASE);
	if (radix_prune(p) && above != NULL && *p == NULL)
		radix_prune(above);
}

struct rtentry *
radix_exact(const struct radix_node *top, const struct in6_addr *key, unsigned plen)
{
	struct radix_node *t = (struct radix_node *)top, *rn = *radix_find(&t, key, plen);

	return radix_is(rn, key, plen) ? rn->rn_route : NULL;
}

struct rtentry *
radix_shorter(const struct radix_node *rn, const struct in6_addr *key, unsigned plen)
{
	struct rtentry *best = NULL;

	for (; rn != NULL && rn->rn_plen < plen && in6_covers(&rn->rn_key, rn->rn_plen, key); rn = rn->rn_child[radix_side(rn, key)])
		if (rn->rn_route != NULL)
			best = rn->rn_route;
	return best;
}

/* The first prefix of a subtree. */
static struct rtentry *
radix_first(const struct radix_node *rn)
{
	while (rn != NULL && rn->rn_route == NULL)
		rn = rn->rn_child[0];		/* a node without a route has both */
	return rn != NULL ? rn->rn_route : NULL;
}

/* Going down towards the key, the last subtree on the right that was passed by is what comes next when nothing does below. */
struct rtentry *
radix_next(const struct radix_node *rn, const struct in6_addr *key, int plen)
{
	const struct radix_node *later = NULL;

	if (plen < 0)
		return radix_first(rn);
	while (rn != NULL) {
		unsigned side;

		if (in6_common(key, &rn->rn_key) < rn->rn_plen)		/* all of it is on one side of the key */
			return radix_first(in6_cmp(key, &rn->rn_key) < 0 ? rn : later);
		if (rn->rn_plen > plen)			/* within the key's prefix */
			return radix_first(rn);
		if (rn->rn_plen == plen) {
			if (rn->rn_child[0] == NULL && rn->rn_child[1] == NULL)
				break;
			return radix_first(rn->rn_child[rn->rn_child[0] == NULL]);
		}
		side = radix_side(rn, key);
		if (side == 0 && rn->rn_child[1] != NULL)
			later = rn->rn_child[1];
		rn = rn->rn_child[side];
	}
	return radix_first(later);
}
