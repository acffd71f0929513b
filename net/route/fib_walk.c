/* fib_walk.c - look-ups of one prefix, and walks through all, in a trie of fib.h. Core 0. */
#include "net/route/fib_var.h"

struct rtentry *
fib_exact(uintptr_t top, const struct in6_addr *dest, unsigned plen)
{
	struct fib_key key = fib_key(dest);
	struct fib_node *n = fib_find(&top, &key, plen).h_n;

	return n != NULL ? (struct rtentry *)fib_own_find(n->n_own, fib_code(&key, plen)) : NULL;
}

struct rtentry *
fib_shorter(uintptr_t top, const struct in6_addr *addr, unsigned plen)
{
	struct fib_hop path[FIB_DEPTH];
	struct fib_key key = fib_key(addr);
	uintptr_t v = 0;
	unsigned n;

	if (plen == 0)
		return NULL;
	for (n = fib_path(&top, &key, fib_byte(plen - 1), path); v == 0 && n > 0; n--) {
		const struct fib_node *node = path[n - 1].h_n;
		unsigned end = MIN(8u, plen - 1 - 8u * node->n_byte), octet = (unsigned)fib_slot(node, &key);

		if ((v = fib_own_find(node->n_own, CODE(octet & (0xff00u >> end), end))) == 0)
			v = fib_own_cover(node->n_own, CODE(octet, end));
	}
	return (struct rtentry *)v;
}

/* The first own prefix or node of a node behind a code, as the code of an entry; what it is in *e. False: none. */
static bool
fib_item(struct fib_node *n, unsigned after, bool from_start, unsigned *code, uintptr_t *e)
{
	unsigned i = from_start ? 0 : fib_own_pos(n->n_own, after + 1);
	bool own = i < fib_own_count(n->n_own);
	unsigned t = from_start ? 0 : (after >> 4) + ((after & 15) >= CODE_CHILD), end = own ? OWN_CODE(n->n_own->o_e[i]) : ~0u;

	for (; t < FIB_SLOTS && CODE(t, CODE_CHILD) < end; t++)
		if ((*e = *fib_at(n, t)) & FIB_NODE) {
			*code = CODE(t, CODE_CHILD);
			return true;
		}
	if (!own)
		return false;
	*code = end;
	*e = OWN_ROUTE(n->n_own->o_e[i]);
	return true;
}

/* The first prefix of a node or below it. A node is never empty, so the way down ends at one. */
static struct rtentry *
fib_first(uintptr_t e)
{
	unsigned code;

	while (e & FIB_NODE)
		if (!fib_item(fib_node(e), 0, true, &code, &e))
			return NULL;
	return (struct rtentry *)e;
}

/* The node that hangs where the path ends, of which none of the path is part: all of it lies behind the key, or all in front. */
static bool
fib_is_behind(const struct fib_node *n, const struct fib_key *key)
{
	return n->n_key >> n->n_shift >= key->k[n->n_byte / 8] >> n->n_shift >> 8 << 8;
}

struct rtentry *
fib_next(uintptr_t top, const struct in6_addr *dest, int plen)
{
	struct fib_hop path[FIB_DEPTH];
	struct fib_key key = fib_key(dest);
	unsigned n, byte, after;
	uintptr_t e;

	if (plen < 0)
		return fib_first(top);
	byte = fib_byte((unsigned)plen);
	n = fib_path(&top, &key, byte, path);
	if (n == 0 || path[n - 1].h_n->n_byte < byte) {		/* its node does not exist: what is in its place? */
		e = n == 0 ? top : *fib_at(path[n - 1].h_n, (unsigned)fib_slot(path[n - 1].h_n, &key));
		if ((e & FIB_NODE) && fib_is_behind(fib_node(e), &key))
			return fib_first(e);
	}
	for (; n > 0; n--) {
		struct fib_node *node = path[n - 1].h_n;

		after = node->n_byte == byte ? fib_code(&key, (unsigned)plen) : CODE((unsigned)fib_slot(node, &key), CODE_CHILD);
		if (fib_item(node, after, false, &after, &e))
			return fib_first(e);
	}
	return NULL;
}
