/* art.c - changes and walks of the tree of art.h. */
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/route/route.h"

#define ART_DEPTH	4

static struct pool art_pool;

static void
art_init(void)
{
	pool_init_epoch(&art_pool, "art", sizeof(struct art), CACHELINE, 0);
}
NET_INIT(art, 10, art_init);

struct art *
art_create(void)
{
	return pool_get(&art_pool);
}

void
art_destroy(struct art *t)
{
	KASSERT(art_is_empty(t));
	pool_put(&art_pool, t);
}

static inline struct art *
art_sub(const struct art *t, unsigned i)
{
	uintptr_t e = t->a_slot[i];

	return e & ART_TABLE ? (struct art *)(e - ART_TABLE) : NULL;
}

/* Where slot i's route stands: in the slot, or in slot 1 of the table that has taken its place. */
static inline uintptr_t *
art_slot(struct art *t, unsigned i)
{
	struct art *sub = art_sub(t, i);

	return sub != NULL ? &sub->a_slot[1] : &t->a_slot[i];
}

static inline uintptr_t
art_value(const struct art *t, unsigned i)
{
	return *art_slot((struct art *)t, i);
}

/* What slot i holds when it has no prefix of its own. Slot 1 is a prefix of this table in the root only. */
static inline uintptr_t
art_inherited(const struct art *t, unsigned depth, unsigned i)
{
	if (i == 1 || (i <= 3 && depth > 0))
		return 0;
	return t->a_slot[i >> 1];
}

/* Slot i's prefix exists itself: each prefix has a route of its own, so it differs from the shorter prefix's. */
static inline bool
art_own(const struct art *t, unsigned depth, unsigned i)
{
	uintptr_t v = art_value(t, i);

	return v != 0 && v != art_inherited(t, depth, i);
}

/* Slot i and all below it that hold the same now hold v. A store is one word, seen whole by the other cores. */
static void
art_allot(struct art *t, unsigned i, uintptr_t old, uintptr_t v)
{
	uintptr_t *slot = art_slot(t, i);

	if (*slot != old)
		return;
	__atomic_store_n(slot, v, __ATOMIC_RELEASE);
	if (i < ART_FRINGE) {
		art_allot(t, 2 * i, old, v);
		art_allot(t, 2 * i + 1, old, v);
	}
}

static inline unsigned
art_octet(be32_t dest, unsigned depth)
{
	return (uint8_t)(dest >> 8 * depth);
}

/* The slot of a prefix that ends in the table at this depth: plen 8 * depth (+ 1 but for the root) to 8 * depth + 8. */
static inline unsigned
art_index(be32_t dest, unsigned plen, unsigned depth)
{
	unsigned bits = plen - 8 * depth;

	return 1u << bits | art_octet(dest, depth) >> (8 - bits);
}

/* The depth of the table in which a prefix ends. */
static inline unsigned
art_depth(unsigned plen)
{
	return plen == 0 ? 0 : (plen - 1) / 8;
}

/* Tables from the root to where the prefix ends. Returns how many of them exist. */
static unsigned
art_path(const struct art *root, be32_t dest, unsigned plen, struct art *path[ART_DEPTH])
{
	unsigned depth = 0, end = art_depth(plen);

	path[0] = (struct art *)root;
	while (depth < end && (path[depth + 1] = art_sub(path[depth], ART_FRINGE + art_octet(dest, depth))) != NULL)
		depth++;
	return depth + 1;
}

/* Takes away empty tables at the end of a path of n. */
static void
art_prune(be32_t dest, struct art *path[ART_DEPTH], unsigned n)
{
	while (n-- > 1 && art_is_empty(path[n])) {
		uintptr_t *slot = &path[n - 1]->a_slot[ART_FRINGE + art_octet(dest, n - 1)];

		__atomic_store_n(slot, path[n]->a_slot[1], __ATOMIC_RELEASE);
		path[n - 1]->a_slot[0]--;
		art_destroy(path[n]);
	}
}

bool
art_insert(struct art *root, be32_t dest, unsigned plen, struct rtentry *rt)
{
	struct art *path[ART_DEPTH];
	unsigned n = art_path(root, dest, plen, path), end = art_depth(plen) + 1, i;

	for (; n < end; n++) {
		uintptr_t *slot = &path[n - 1]->a_slot[ART_FRINGE + art_octet(dest, n - 1)];

		if ((path[n] = art_create()) == NULL) {
			art_prune(dest, path, n);
			return false;
		}
		path[n]->a_slot[1] = *slot;
		__atomic_store_n(slot, (uintptr_t)path[n] | ART_TABLE, __ATOMIC_RELEASE);
		path[n - 1]->a_slot[0]++;
	}
	i = art_index(dest, plen, n - 1);
	KASSERT(!art_own(path[n - 1], n - 1, i));
	art_allot(path[n - 1], i, art_value(path[n - 1], i), (uintptr_t)rt);
	path[n - 1]->a_slot[0]++;
	return true;
}

void
art_replace(struct art *root, be32_t dest, unsigned plen, struct rtentry *rt)
{
	struct art *path[ART_DEPTH];
	unsigned n = art_path(root, dest, plen, path), i = art_index(dest, plen, art_depth(plen));

	KASSERT(n == art_depth(plen) + 1 && art_own(path[n - 1], n - 1, i));
	art_allot(path[n - 1], i, art_value(path[n - 1], i), (uintptr_t)rt);
}

void
art_remove(struct art *root, be32_t dest, unsigned plen)
{
	struct art *path[ART_DEPTH];
	unsigned n = art_path(root, dest, plen, path), i = art_index(dest, plen, art_depth(plen));
	struct art *t = path[n - 1];

	KASSERT(n == art_depth(plen) + 1 && art_own(t, n - 1, i));
	art_allot(t, i, art_value(t, i), art_inherited(t, n - 1, i));
	t->a_slot[0]--;
	art_prune(dest, path, n);
}

struct rtentry *
art_exact(const struct art *root, be32_t dest, unsigned plen)
{
	struct art *path[ART_DEPTH];
	unsigned n = art_path(root, dest, plen, path), i = art_index(dest, plen, art_depth(plen));

	if (n != art_depth(plen) + 1 || !art_own(path[n - 1], n - 1, i))
		return NULL;
	return (struct rtentry *)art_value(path[n - 1], i);
}

static struct rtentry *art_first_below(const struct art *, unsigned depth, unsigned i);

/* The first prefix at or below slot i. */
static struct rtentry *
art_first(const struct art *t, unsigned depth, unsigned i)
{
	if (art_own(t, depth, i))
		return (struct rtentry *)art_value(t, i);
	return art_first_below(t, depth, i);
}

/* The first prefix that is longer than slot i's and within it. A table is never empty, so the way down does not come
 * back. */
static struct rtentry *
art_first_below(const struct art *t, unsigned depth, unsigned i)
{
	struct rtentry *rt;

	if (i >= ART_FRINGE) {
		if ((t = art_sub(t, i)) == NULL)
			return NULL;
		i = 1;
		depth++;
	}
	if ((rt = art_first(t, depth, 2 * i)) == NULL)
		rt = art_first(t, depth, 2 * i + 1);
	return rt;
}

/* The first prefix behind all of slot i, in this table. */
static struct rtentry *
art_first_behind(const struct art *t, unsigned depth, unsigned i)
{
	struct rtentry *rt;

	for (; i > 1; i >>= 1)
		if (!(i & 1) && (rt = art_first(t, depth, i + 1)) != NULL)
			return rt;
	return NULL;
}

struct rtentry *
art_next(const struct art *root, be32_t dest, int plen)
{
	struct art *path[ART_DEPTH];
	struct rtentry *rt = NULL;
	unsigned n, i;

	if (plen < 0)
		return art_first(root, 0, 1);
	n = art_path(root, dest, (unsigned)plen, path);
	if (n == art_depth((unsigned)plen) + 1) {
		i = art_index(dest, (unsigned)plen, n - 1);
		rt = art_first_below(path[n - 1], n - 1, i);
	} else
		i = ART_FRINGE + art_octet(dest, n - 1);	/* its table does not exist: nothing is there */
	while (rt == NULL) {
		rt = art_first_behind(path[n - 1], n - 1, i);
		if (--n == 0)
			break;
		i = ART_FRINGE + art_octet(dest, n - 1);
	}
	return rt;
}
