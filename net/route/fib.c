/* fib.c - changes of the trie of fib.h: its nodes, and the way to a prefix. Core 0. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/route/fib_var.h"

/* Room for so many entries. The last kind of node is FIB_DIRECT; the others and what the pool adds are whole cache lines. */
static const uint16_t node_room[] = { 6, 14, 22, 30, 46, 62, 78, 94, 126, FIB_SLOTS };
static const char *const node_name[] = { "fib6", "fib14", "fib22", "fib30", "fib46", "fib62", "fib78", "fib94", "fib126", "fib256" };
_Static_assert(nitems(node_room) - 1 == CLASS_DIRECT, "the last kind");
static struct pool node_pool[nitems(node_room)];

/* While a table fills, its nodes grow all at the same time. Those of which too much of a page would be lost keep their own. */
void
fib_pool(struct pool *pr, const char *name, size_t size, bool node)
{
	if (node)
		pool_init_epoch(pr, name, size, CACHELINE, 0);
	else
		pool_init(pr, name, size, 8, 0);
	if (size < PAGE_SIZE / 4 && (PAGE_SIZE - CACHELINE) % pr->pr_size < PAGE_SIZE / 8)
		pool_share_pages(pr);
}

static void
fib_init(void)
{
	for (size_t i = 0; i < nitems(node_room); i++)
		fib_pool(&node_pool[i], node_name[i], sizeof(struct fib_node) + node_room[i] * sizeof(uintptr_t), true);
	fib_own_init();
}
NET_INIT(fib, 10, fib_init);

/* ---- nodes ---- */

static uintptr_t
fib_tagged(const struct fib_node *n)
{
	return (uintptr_t)n | FIB_NODE | (n->n_class == CLASS_DIRECT ? FIB_DIRECT : 0) | (n->n_byte >= 8 ? FIB_LOW : 0);
}

static void
fib_store(uintptr_t *at, uintptr_t v)
{
	__atomic_store_n(at, v, __ATOMIC_RELEASE);
}

/* ---- what a node holds, while it changes ---- */

/* Entries of runs, in the order of their slots; bit i of start: slot i begins one. */
struct fib_runs {
	uint64_t	fr_start[4];
	unsigned	fr_n;
	uintptr_t	fr_v[FIB_SLOTS];
};
struct fib_range { unsigned r_lo, r_hi; };		/* slots; the second is behind them */

static unsigned
fib_nvalues(const struct fib_node *n)
{
	return n->n_class == CLASS_DIRECT ? FIB_SLOTS : (unsigned)fib_run(n, FIB_SLOTS - 1, false) + 1;
}

/* Slots from t on hold v, up to where the next ones are added. */
static void
runs_add(struct fib_runs *fr, unsigned t, uintptr_t v)
{
	if (fr->fr_n > 0 && fr->fr_v[fr->fr_n - 1] == v)
		return;
	fr->fr_start[t / 64] |= (uint64_t)1 << t % 64;
	fr->fr_v[fr->fr_n++] = v;
}

/* What a node holds, with `to` in the slots of the range that hold `from`. */
static void
runs_edit(struct fib_runs *fr, const struct fib_node *n, struct fib_range r, uintptr_t from, uintptr_t to)
{
	bool direct = n->n_class == CLASS_DIRECT;
	const uintptr_t *v = n->n_value - 1;

	memset(fr->fr_start, 0, sizeof(fr->fr_start));
	fr->fr_n = 0;
	for (unsigned w = 0; w < 4; w++) {
		uint64_t start = direct ? ~(uint64_t)0 : n->n_start[w], at = start;

		at |= r.r_lo / 64 == w ? (uint64_t)1 << r.r_lo % 64 : 0;
		at |= r.r_hi / 64 == w ? (uint64_t)1 << r.r_hi % 64 : 0;
		for (; at != 0; at &= at - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(at), t = w * 64 + bit;

			v += start >> bit & 1;
			runs_add(fr, t, *v == from && t >= r.r_lo && t < r.r_hi ? to : *v);
		}
	}
}

/* A node like another that holds this; NULL: no memory. The first octets have few nodes, and all look-ups pass them. */
static struct fib_node *
fib_build(const struct fib_node *like, const struct fib_runs *fr)
{
	uint8_t class = like->n_byte < 2 ? CLASS_DIRECT : fib_class(node_room, fr->fr_n);
	struct fib_node *n = pool_get(&node_pool[class]);
	unsigned before = 0, i = 0;

	if (n == NULL)
		return NULL;
	memcpy(n, like, sizeof(*n));
	n->n_class = class;
	if (class == CLASS_DIRECT) {
		for (unsigned t = 0; t < FIB_SLOTS; t++) {
			i += (unsigned)(fr->fr_start[t / 64] >> t % 64 & 1);
			n->n_value[t] = fr->fr_v[i - 1];
		}
		return n;
	}
	for (unsigned w = 0; w < 4; w++) {
		n->n_start[w] = fr->fr_start[w];
		n->n_before[w] = (uint8_t)before;
		before += popcount64(fr->fr_start[w]);
	}
	memcpy(n->n_value, fr->fr_v, fr->fr_n * sizeof(fr->fr_v[0]));
	return n;
}

static void
fib_put(struct fib_node *n)
{
	pool_put(&node_pool[n->n_class], n);
}

static void
fib_swap(uintptr_t *at, struct fib_node *new)
{
	struct fib_node *old = fib_node(*at);

	fib_store(at, fib_tagged(new));
	fib_put(old);
}

/* ---- the way to a prefix ---- */

unsigned
fib_path(uintptr_t *top, const struct fib_key *key, unsigned byte, struct fib_hop path[FIB_DEPTH])
{
	uintptr_t *at = top;
	unsigned n = 0;

	while (*at & FIB_NODE) {
		struct fib_node *node = fib_node(*at);

		if (node->n_byte > byte || fib_slot(node, key) >= FIB_SLOTS)
			break;
		path[n++] = (struct fib_hop){ at, node };
		if (node->n_byte == byte)
			break;
		at = fib_at(node, (unsigned)fib_slot(node, key));
	}
	return n;
}

/* Another entry for one slot, so that it no longer is what its neighbours are. */
static bool
fib_set_slot(const struct fib_hop *h, unsigned t, uintptr_t e)
{
	struct fib_node *new, *old = h->h_n;
	struct fib_runs fr;

	if (old->n_class == CLASS_DIRECT) {
		fib_store(&old->n_value[t], e);
		return true;
	}
	runs_edit(&fr, old, (struct fib_range){ t, t + 1 }, *fib_at(old, t), e);
	if ((new = fib_build(old, &fr)) == NULL)
		return false;
	fib_swap(h->h_at, new);
	return true;
}

/* An empty node instead of a route or nothing. */
static bool
fib_add_leaf(uintptr_t *at, const struct fib_hop *above, const struct fib_key *key, unsigned byte)
{
	uint8_t shift = fib_shift(byte);
	struct fib_node *n, like = { .n_key = key->k[byte / 8] >> shift >> 8 << 8 << shift, .n_route = *at,
	    .n_shift = shift, .n_byte = (uint8_t)byte };
	struct fib_runs fr;

	fr.fr_n = 0;
	memset(fr.fr_start, 0, sizeof(fr.fr_start));
	runs_add(&fr, 0, 0);
	if ((n = fib_build(&like, &fr)) == NULL)
		return false;
	if (above == NULL) {
		fib_store(at, fib_tagged(n));
		return true;
	}
	if (fib_set_slot(above, (unsigned)fib_slot(above->h_n, key), fib_tagged(n)))
		return true;
	fib_put(n);
	return false;
}

/* A node of an octet that another, which hangs in *at, has left out: that hangs in it from now on. A copy of it: others may be on their way to
 * the one that has its route from the slot above. */
static bool
fib_add_fork(uintptr_t *at, unsigned byte)
{
	struct fib_node *old = fib_node(*at), *fork, *child, like = *old;
	uint8_t shift = fib_shift(byte);
	unsigned t;
	struct fib_runs fr;

	like.n_route = 0;
	runs_edit(&fr, old, (struct fib_range){ 0, 0 }, 0, 0);
	if ((child = fib_build(&like, &fr)) == NULL)
		return false;
	like = (struct fib_node){ .n_key = old->n_key >> shift >> 8 << 8 << shift, .n_route = old->n_route, .n_shift = shift, .n_byte = (uint8_t)byte };
	t = (unsigned)((old->n_key ^ like.n_key) >> shift);
	fr = (struct fib_runs){ .fr_n = 0 };
	runs_add(&fr, 0, t == 0 ? fib_tagged(child) : 0);
	runs_add(&fr, t, fib_tagged(child));
	if (t < FIB_SLOTS - 1)
		runs_add(&fr, t + 1, 0);
	if ((fork = fib_build(&like, &fr)) == NULL) {
		fib_put(child);
		return false;
	}
	fib_swap(at, fork);
	return true;
}

/* One more node on the way to the one of that octet. */
static bool
fib_extend(unsigned af, uintptr_t *top, const struct fib_key *key, unsigned byte, const struct fib_hop *path, unsigned n)
{
	const struct fib_hop *above = n > 0 ? &path[n - 1] : NULL;
	uintptr_t *at = n > 0 ? fib_at(above->h_n, (unsigned)fib_slot(above->h_n, key)) : top;
	const struct fib_node *below;
	unsigned next = n > 0 ? above->h_n->n_byte + 1u : 0, fork;
	uint64_t differ;

	if (next < FIB_WHOLE(af))
		byte = next;
	else if (byte >= 8 && next < 8)
		byte = 7;
	if (!(*at & FIB_NODE))
		return fib_add_leaf(at, above, key, byte);
	below = fib_node(*at);
	fork = MIN(byte, (unsigned)below->n_byte);
	differ = key->k[byte / 8] ^ below->n_key;
	if (differ != 0)
		fork = MIN(fork, (byte & 8) + (unsigned)__builtin_clzll(differ) / 8);
	KASSERT(fork < below->n_byte);
	return fib_add_fork(at, fork);
}

static unsigned
fib_children(const struct fib_node *n, uintptr_t *only)
{
	unsigned count = 0;

	for (unsigned i = 0, end = fib_nvalues(n); i < end; i++)
		if (n->n_value[i] & FIB_NODE) {
			*only = n->n_value[i];
			count++;
		}
	return count;
}

/* Nodes at the end of a way that neither end a prefix nor divide any go. Without memory the entry above is changed in place: that costs its runs
 * a little room until the next change. */
static void
fib_prune(unsigned af, uintptr_t *top, const struct fib_key *key, unsigned byte)
{
	struct fib_hop path[FIB_DEPTH];
	unsigned n = fib_path(top, key, byte, path), children;
	uintptr_t only = 0;

	for (; n > 0 && path[n - 1].h_n->n_own == NULL; n--) {
		uintptr_t *at = path[n - 1].h_at;
		struct fib_node *node = path[n - 1].h_n;

		if ((children = fib_children(node, &only)) > 1)
			return;
		if (children == 1) {
			if (node->n_byte < FIB_WHOLE(af) || ((only ^ *at) & FIB_LOW))
				return;
			fib_store(&fib_node(only)->n_route, node->n_route);
			fib_store(at, only);
			fib_put(node);
			return;
		}
		if (n == 1 || !fib_set_slot(&path[n - 2], (unsigned)fib_slot(path[n - 2].h_n, key), node->n_route))
			fib_store(at, node->n_route);
		else
			path[n - 2].h_n = fib_node(*path[n - 2].h_at);
		fib_put(node);
	}
}

/* Where the node of an octet hangs, made when there is none. NULL: no memory. */
static uintptr_t *
fib_make(unsigned af, uintptr_t *top, const struct fib_key *key, unsigned byte)
{
	struct fib_hop path[FIB_DEPTH];
	unsigned n;

	for (;;) {
		n = fib_path(top, key, byte, path);
		if (n > 0 && path[n - 1].h_n->n_byte == byte)
			return path[n - 1].h_at;
		if (!fib_extend(af, top, key, byte, path, n)) {
			fib_prune(af, top, key, byte);
			return NULL;
		}
	}
}

struct fib_hop
fib_find(uintptr_t *top, const struct fib_key *key, unsigned plen)
{
	struct fib_hop path[FIB_DEPTH], none = { NULL, NULL };
	unsigned n = fib_path(top, key, fib_byte(plen), path);

	if (n == 0 || path[n - 1].h_n->n_byte != fib_byte(plen) || fib_own_find(path[n - 1].h_n->n_own, fib_code(key, plen)) == 0)
		return none;
	return path[n - 1];
}

/* ---- changes ---- */

/* A prefix's slots. */
static struct fib_range
fib_range(unsigned code)
{
	unsigned lo = code >> 4;

	return (struct fib_range){ lo, lo + (256u >> (code & 15)) };
}

/* A slot's route becomes v where it was old: the entry itself, or that of the node that hangs there. */
static void
fib_allot_entry(uintptr_t *at, uintptr_t old, uintptr_t v)
{
	uintptr_t *route = *at & FIB_NODE ? &fib_node(*at)->n_route : at;

	if (*route == old)
		fib_store(route, v);
}

/* All slots of a range, in a node that has runs for it. */
static void
fib_allot_here(struct fib_node *n, struct fib_range r, uintptr_t old, uintptr_t v)
{
	size_t i, end;

	if (n->n_class == CLASS_DIRECT) {
		i = r.r_lo;
		end = r.r_hi;
	} else {
		i = fib_run(n, r.r_lo, false);
		end = fib_run(n, r.r_hi - 1, false) + 1;
	}
	for (; i < end; i++)
		fib_allot_entry(&n->n_value[i], old, v);
}

/* The same for any node, with `own` from now on; that of *at may be another then. False: no memory. */
static bool
fib_allot(uintptr_t *at, struct fib_own *own, struct fib_range r, uintptr_t old, uintptr_t v)
{
	struct fib_node *new, *n = fib_node(*at);
	struct fib_runs fr;

	if (n->n_class == CLASS_DIRECT) {
		n->n_own = own;
		fib_allot_here(n, r, old, v);
		return true;
	}
	runs_edit(&fr, n, r, old, v);
	if ((new = fib_build(n, &fr)) == NULL)
		return false;
	new->n_own = own;
	fib_allot_here(new, r, old, v);		/* only what hangs there has not got it yet */
	fib_swap(at, new);
	return true;
}

/* A node of the kind without runs becomes a smaller one, if there is memory for that. Few prefixes: else it is not worth looking. */
static void
fib_shrink(uintptr_t *at)
{
	struct fib_node *new, *n = fib_node(*at);
	struct fib_runs fr;

	if (n->n_class != CLASS_DIRECT || n->n_byte < 2 || fib_own_count(n->n_own) > FIB_SLOTS / 8)
		return;
	runs_edit(&fr, n, (struct fib_range){ 0, 0 }, 0, 0);
	if (fib_class(node_room, fr.fr_n) < CLASS_DIRECT - 1 && (new = fib_build(n, &fr)) != NULL)
		fib_swap(at, new);
}

bool
fib_insert(unsigned af, uintptr_t *top, const struct in6_addr *dest, unsigned plen, struct rtentry *rt)
{
	struct fib_key key = fib_key(dest);
	unsigned code = fib_code(&key, plen);
	uintptr_t *at = fib_make(af, top, &key, fib_byte(plen));
	struct fib_own *own, *more;

	if (at == NULL)
		return false;
	own = fib_node(*at)->n_own;
	KASSERT(fib_own_find(own, code) == 0);
	if ((more = fib_own_with_room(own)) == NULL)
		goto fail;
	if (!fib_allot(at, more, fib_range(code), fib_own_cover(own, code), (uintptr_t)rt)) {
		if (more != own)
			fib_own_put(more);
		goto fail;
	}
	fib_own_insert(more, code, (uintptr_t)rt);
	if (own != NULL && more != own)
		fib_own_put(own);
	return true;
fail:
	fib_prune(af, top, &key, fib_byte(plen));
	return false;
}

void
fib_replace(uintptr_t *top, const struct in6_addr *dest, unsigned plen, struct rtentry *rt)
{
	struct fib_key key = fib_key(dest);
	unsigned code = fib_code(&key, plen);
	struct fib_node *n = fib_find(top, &key, plen).h_n;
	uint64_t *own;

	KASSERT(n != NULL);
	own = &n->n_own->o_e[fib_own_pos(n->n_own, code)];
	fib_allot_here(n, fib_range(code), OWN_ROUTE(*own), (uintptr_t)rt);
	*own = fib_own_entry(code, (uintptr_t)rt);
}

void
fib_remove(unsigned af, uintptr_t *top, const struct in6_addr *dest, unsigned plen)
{
	struct fib_key key = fib_key(dest);
	unsigned code = fib_code(&key, plen);
	struct fib_hop h = fib_find(top, &key, plen);
	uintptr_t rt, cover;

	KASSERT(h.h_n != NULL);
	rt = fib_own_find(h.h_n->n_own, code);
	cover = fib_own_cover(h.h_n->n_own, code);
	h.h_n->n_own = fib_own_remove(h.h_n->n_own, code);
	if (!fib_allot(h.h_at, h.h_n->n_own, fib_range(code), rt, cover))
		fib_allot_here(h.h_n, fib_range(code), rt, cover);	/* it has runs of its own */
	fib_shrink(h.h_at);
	fib_prune(af, top, &key, fib_byte(plen));
}
