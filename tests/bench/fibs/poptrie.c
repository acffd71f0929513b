/* poptrie.c - Poptrie with direct pointing by 18 bits: a node says by one word which of its 64 slots lead on, and by another where runs of equal leaves
 * begin; counting bits finds the place in the arrays. A change builds anew what hangs in the words by the first 18 bits, beside what is there. */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/fibs/fibs.h"

#ifndef VALUE				/* poptrier.c has others */
#define VALUE		uint16_t
#define VALUE_OF(p)	((p)->p_nh)
#define NAME(x)		poptrie_##x
#endif

#define DIRECT_BITS	18u
#define LEAF		0x80000000u	/* a word of direct: a next hop, not a node */
#define STRIDE		6u
#define SLOTS		64u
#define ROOM		(1u << 24)	/* nodes and leaves at most */

struct node { uint64_t n_vector, n_leafvec; uint32_t n_leaves, n_children; };
_Static_assert(sizeof(struct node) == 24, "as in the paper");

/* Parts of an array, of 1 to 64 elements: what was given back goes to who asks for as many. */
struct arena { uint32_t a_used, a_nfree[SLOTS + 1], a_freesize[SLOTS + 1], *a_free[SLOTS + 1]; };

static uint32_t *direct;
static struct node *nodes;
static VALUE *leaves;
static struct arena node_arena, leaf_arena;

static uint32_t
part_get(struct arena *a, unsigned n)
{
	uint32_t at = a->a_used;

	if (n == 0)
		return 0;
	if (a->a_nfree[n] > 0)
		return a->a_free[n][--a->a_nfree[n]];
	if ((a->a_used += n) > ROOM)
		abort();
	return at;
}

static void
part_put(struct arena *a, uint32_t at, unsigned n)
{
	if (n == 0)
		return;
	if (a->a_nfree[n] == a->a_freesize[n]) {
		a->a_freesize[n] = a->a_freesize[n] * 2 + 8;
		if ((a->a_free[n] = realloc(a->a_free[n], a->a_freesize[n] * sizeof(uint32_t))) == NULL)
			abort();
	}
	a->a_free[n][a->a_nfree[n]++] = at;
}

static unsigned
count(uint64_t w)
{
	return (unsigned)__builtin_popcountll(w);
}

static void
node_free(const struct node *n)
{
	for (unsigned i = 0; i < count(n->n_vector); i++)
		node_free(&nodes[n->n_children + i]);
	part_put(&node_arena, n->n_children, count(n->n_vector));
	part_put(&leaf_arena, n->n_leaves, count(n->n_leafvec));
}

/* Bits of an address from `depth` on; 36 bits are divided by three nodes. */
static unsigned
slot_of(uint32_t addr, unsigned depth)
{
	return (unsigned)((uint64_t)addr << 32 << depth >> (64 - STRIDE));
}

/* The leaves of a node, and where each of its slots' longer prefixes begin in the list (from == to: there are none). */
struct slots { VALUE s_leaf[SLOTS]; unsigned s_from[SLOTS], s_to[SLOTS]; };

/* Prefixes `from` to `to` are in the node at `depth`; those that are not longer than that have had their say. */
static void
slots_fill(struct slots *s, unsigned from, unsigned to, unsigned depth, VALUE above)
{
	memset(s->s_from, 0, sizeof(s->s_from));
	memset(s->s_to, 0, sizeof(s->s_to));
	for (unsigned i = 0; i < SLOTS; i++)
		s->s_leaf[i] = above;
	for (unsigned i = from; i < to; i++) {
		const struct prefix *p = &prefixes[i];
		unsigned at = slot_of(p->p_addr, depth), n;

		if (p->p_nh == 0 || p->p_plen <= depth)
			continue;
		if (p->p_plen > depth + STRIDE) {
			if (s->s_to[at] == 0)
				s->s_from[at] = i;
			s->s_to[at] = i + 1;
			continue;
		}
		n = 1u << (depth + STRIDE - p->p_plen);
		while (n-- > 0)
			s->s_leaf[at + n] = VALUE_OF(p);
	}
}

static void
node_build(struct node *n, unsigned from, unsigned to, unsigned depth, VALUE above)
{
	struct slots s;
	unsigned k = 0, last = SLOTS;
	struct node *child;

	memset(n, 0, sizeof(*n));
	slots_fill(&s, from, to, depth, above);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (s.s_to[i] != 0)
			n->n_vector |= 1ull << i;
		else if (last == SLOTS || s.s_leaf[i] != s.s_leaf[last]) {
			n->n_leafvec |= 1ull << i;
			last = i;
		}
	}
	n->n_leaves = part_get(&leaf_arena, count(n->n_leafvec));
	for (uint64_t w = n->n_leafvec; w != 0; w &= w - 1)
		leaves[n->n_leaves + k++] = s.s_leaf[__builtin_ctzll(w)];
	n->n_children = part_get(&node_arena, count(n->n_vector));
	child = &nodes[n->n_children];
	for (uint64_t w = n->n_vector; w != 0; w &= w - 1, child++) {
		unsigned i = (unsigned)__builtin_ctzll(w);

		node_build(child, s.s_from[i], s.s_to[i], depth + STRIDE, s.s_leaf[i]);
	}
}

/* A word of direct, anew; what it had goes when nobody can look at it any more (at once, here). */
static void
direct_build(uint32_t d, unsigned from, unsigned to, VALUE above)
{
	uint32_t old = direct[d], at;
	bool longer = false;

	for (unsigned i = from; i < to; i++)
		if (prefixes[i].p_nh != 0 && prefixes[i].p_plen > DIRECT_BITS)
			longer = true;
		else if (prefixes[i].p_nh != 0)
			above = VALUE_OF(&prefixes[i]);
	if (longer) {
		at = part_get(&node_arena, 1);
		node_build(&nodes[at], from, to, DIRECT_BITS, above);
		direct[d] = at;
	} else
		direct[d] = LEAF | above;
	if (!(old & LEAF)) {
		node_free(&nodes[old]);
		part_put(&node_arena, old, 1);
	}
}

/* Words d to d + n - 1. */
static void
directs_build(uint32_t d, uint32_t n)
{
	const unsigned shift = 32 - DIRECT_BITS;
	unsigned from = prefixes_from(d << shift);

	for (; n > 0; d++, n--) {
		const struct prefix *p = prefixes_shorter(d << shift, DIRECT_BITS);
		unsigned to = from;

		while (to < nprefixes && prefixes[to].p_addr >> shift == d)
			to++;
		direct_build(d, from, to, p != NULL ? VALUE_OF(p) : 0);
		from = to;
	}
}

void
NAME(make)(void)
{
	direct = calloc(1u << DIRECT_BITS, sizeof(*direct));
	nodes = calloc(ROOM, sizeof(*nodes));
	leaves = calloc(ROOM, sizeof(*leaves));
	if (direct == NULL || nodes == NULL || leaves == NULL)
		abort();
	for (uint32_t d = 0; d < 1u << DIRECT_BITS; d++)
		direct[d] = LEAF;
	directs_build(0, 1u << DIRECT_BITS);
}

void
NAME(changed)(const struct prefix *p)
{
	directs_build(p->p_addr >> (32 - DIRECT_BITS), p->p_plen < DIRECT_BITS ? 1u << (DIRECT_BITS - p->p_plen) : 1);
}

static inline __attribute__((always_inline, target("popcnt"))) uint32_t
walk(uint32_t addr, touch_fn *told)
{
	uint32_t at = direct[addr >> (32 - DIRECT_BITS)];
	const struct node *n;
	unsigned depth = DIRECT_BITS;

	if (told != NULL)
		told(&direct[addr >> (32 - DIRECT_BITS)]);
	if (at & LEAF)
		return at & ~LEAF;
	for (;; depth += STRIDE) {
		unsigned v = slot_of(addr, depth);
		uint64_t upto = (2ull << v) - 1;

		n = &nodes[at];
		if (told != NULL) {
			told(n);
			told((const char *)(n + 1) - 1);
		}
		if (!(n->n_vector >> v & 1)) {
			at = n->n_leaves + (uint32_t)__builtin_popcountll(n->n_leafvec & upto) - 1;
			break;
		}
		at = n->n_children + (uint32_t)__builtin_popcountll(n->n_vector & upto) - 1;
	}
	if (told != NULL)
		told(&leaves[at]);
	return leaves[at];
}

__attribute__((target("popcnt"))) uint32_t NAME(find)(uint32_t addr) { return walk(addr, NULL); }
__attribute__((target("popcnt"))) uint32_t NAME(find_told)(uint32_t addr, touch_fn *told) { return walk(addr, told); }

size_t
NAME(memory)(void)
{
	return (sizeof(*direct) << DIRECT_BITS) + node_arena.a_used * sizeof(*nodes) + leaf_arena.a_used * sizeof(*leaves);
}
